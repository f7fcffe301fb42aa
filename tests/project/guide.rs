//! The guide and the crate's first page say what the code does.

use std::{collections::BTreeSet, time::Duration};

use auth_challenge::{Advice, Error, ErrorKind, Field, Reason, Rejected, SendState, Violation};

use crate::support::markdown;

const OPERATIONS: [&str; 3] = ["create", "resend", "verify"];

fn failures(head: &str) -> Vec<Vec<String>> {
    markdown::table(&markdown::documentation_of("src/guide/failures.rs"), head)
}

/// The name in a cell that has one in code.
fn code(cell: &str) -> &str {
    cell.trim_matches('`')
}

fn kinds() -> Vec<ErrorKind> {
    use ErrorKind::*;
    vec![
        Config,
        Handle,
        Unsupported,
        InvalidRequest,
        Authentication,
        Permission,
        NotFound,
        Conflict,
        RateLimited,
        Throttled,
        Connect,
        Timeout,
        Interrupted,
        Unavailable,
        UnexpectedReply,
    ]
}

#[test]
fn every_kind_is_listed() {
    assert_eq!(kinds(), ErrorKind::ALL);
}

#[test]
fn the_table_of_kinds_is_what_errors_advise() {
    let rows = failures("| kind | what happened | create | resend | verify |");
    assert_eq!(rows.iter().map(|row| code(&row[0])).collect::<Vec<_>>(), kinds().iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
    for (kind, row) in kinds().into_iter().zip(rows) {
        for (operation, told) in OPERATIONS.into_iter().zip(&row[2..]) {
            for state in [SendState::NotSent, SendState::Refused] {
                let bare = || Error::new(kind, state).with_operation(operation);
                let mine = || bare().with_violations(vec![Violation::new(Field::To, "is odd")]);
                let (told, has_end) = (code(told), kind == ErrorKind::Throttled);
                let with_end = bare().with_retry_after(Duration::from_secs(7));
                assert_eq!(if has_end { with_end } else { bare() }.advice().key(), told, "{operation} {kind:?} {state:?}");
                // What stands below the table.
                if has_end {
                    assert_eq!((bare().advice(), mine().advice()), (Advice::OurFault, Advice::FixInput), "{operation} {state:?}");
                } else {
                    let expected = if told == "our_fault" { "fix_input" } else { told };
                    assert_eq!(mine().advice().key(), expected, "{operation} {kind:?} {state:?} with a field of the person's");
                }
            }
        }
    }
}

#[test]
fn the_table_of_send_states_is_what_errors_advise() {
    let rows = failures("| send state | means | advice on create | advice on resend | advice on verify |");
    assert_eq!(rows.iter().map(|row| code(&row[0])).collect::<Vec<_>>(), SendState::ALL.map(SendState::as_str));
    for (state, row) in SendState::ALL.into_iter().zip(rows) {
        for (operation, told) in OPERATIONS.into_iter().zip(&row[2..]) {
            let advised: BTreeSet<&str> = kinds().into_iter().map(|kind| Error::new(kind, state).with_operation(operation).advice().key()).collect();
            match told.as_str() {
                "by kind, below" => assert!(advised.len() > 1, "{state:?} {operation}"),
                told => assert_eq!(advised.into_iter().collect::<Vec<_>>(), [code(told)], "{state:?} {operation}"),
            }
        }
    }
}

#[test]
fn the_table_of_reasons_is_what_rejected_answers_advise() {
    let reasons = [Reason::WrongOrExpiredCode, Reason::Expired, Reason::TooManyAttempts, Reason::AlreadyUsed, Reason::Other];
    assert_eq!(reasons, Reason::ALL);
    let rows = failures("| reason | what happened | advice |");
    let expected: Vec<[&str; 2]> = reasons.iter().map(|reason| [reason.as_str(), Rejected::new(*reason).advice().key()]).collect();
    assert_eq!(rows.iter().map(|row| [code(&row[0]), code(&row[2])]).collect::<Vec<_>>(), expected);
}

#[test]
fn the_table_of_advice_has_every_advice() {
    let rows = failures("| advice | the page | beside it |");
    assert_eq!(rows.iter().map(|row| code(&row[0])).collect::<Vec<_>>(), Advice::ALL.map(Advice::key));
}

#[test]
fn the_guides_first_page_leads_to_every_page() {
    let told = markdown::table(&markdown::documentation_of("src/guide/mod.rs"), "| page | tells |");
    let mut told: Vec<String> =
        told.iter().map(|row| format!("src/guide/{}.rs", row[0].trim_matches(['[', ']', '`']))).chain(["src/guide/mod.rs".to_owned()]).collect();
    told.sort();
    assert_eq!(told, markdown::pages_of_the_guide());
}

#[test]
fn the_crates_first_page_says_what_every_item_of_its_root_is_for() {
    let source = markdown::text_of("src/lib.rs");
    let exported =
        source.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next()).map(|path| path.rsplit_once("::").map_or(path, |(_, names)| names));
    let names = exported.flat_map(|names| names.trim_matches(['{', '}']).split(',')).map(str::trim).filter(|name| !name.is_empty() && *name != "*");
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 50, "{names:?}");
    let page: String = markdown::table(&markdown::documentation_of("src/lib.rs"), "| you want to | take |").concat().concat();
    for name in names.iter().chain(&["Vendor", "corbado", "authsignal", "dfns", "twilio", "testing"]) {
        let is_told = ["`]", "::"].iter().any(|end| ["[`", "@"].iter().any(|begin| page.contains(&format!("{begin}{name}{end}"))));
        assert!(is_told, "the table \"What to use when\" does not name {name}");
    }
}

#[test]
fn the_crates_first_page_has_the_readmes_table_of_features() {
    let names = |text: &str| -> Vec<[String; 2]> {
        markdown::table(text, "| feature | default | gives |").into_iter().map(|row| [row[0].clone(), row[1].clone()]).collect()
    };
    assert_eq!(names(&markdown::documentation_of("src/lib.rs")), names(&markdown::text_of("README.md")));
}
