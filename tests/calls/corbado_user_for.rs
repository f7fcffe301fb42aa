//! The user of a person at Corbado, found or made by one call: that may come again and at the same time, over a network that loses replies, from a vendor
//! that passes filters over.

use std::time::Duration;

use auth_challenge::{
    Answer, CallOptions, ChallengeProviderExt as _, ChallengeRequest, ClientContext, Error, ErrorKind, Field, Personal, ProviderId, SendState, Verification,
    corbado::{Corbado, ListQuery, types},
    testing::{CorbadoDouble, Fault, Operation},
};
use serde_json::{Value, json};

use crate::support::{
    self, Server, Step,
    canaries::assert_silent_error,
    client, reply,
    vendors::corbado::{about, typed},
};

fn client_of(double: &CorbadoDouble) -> Corbado {
    typed(client(), &double.base_url()).expect("a client")
}

/// All users that the double has.
async fn users(corbado: &Corbado) -> Vec<types::UserAggregate> {
    corbado.user_list(&ListQuery { page_size: Some(1_000), ..ListQuery::default() }).await.expect("a list").into_inner().users
}

#[tokio::test]
async fn a_new_person_gets_an_active_user_whose_login_identifier_nobody_has_proven_and_who_can_be_challenged_at_once() {
    for (recipient, kind) in [("jane+7@doe.com", "email"), ("+64270000000", "phone")] {
        let double = CorbadoDouble::start().await;
        let corbado = client_of(&double);
        let id = corbado.user_for(recipient).await.expect("a user");
        let encoded = recipient.replace('+', "%2B").replace('@', "%40");
        let seen: Vec<_> = double.requests().iter().map(|seen| (seen.method().to_owned(), seen.path().to_owned(), seen.query().map(str::to_owned))).collect();
        let expected = [
            ("GET", "/v2/identifiers".to_owned(), Some(format!("filter%5B%5D=identifierValue%3Aeq%3A{encoded}"))),
            ("POST", "/v2/users".to_owned(), None),
            ("POST", format!("/v2/users/{}/identifiers", id.as_str()), None),
        ];
        assert_eq!(seen, expected.map(|(method, path, query)| (method.to_owned(), path, query)));
        let bodies: Vec<Value> = double.requests().iter().skip(1).map(|seen| seen.json()).collect();
        assert_eq!(bodies, [json!({ "status": "active" }), json!({ "identifierType": kind, "identifierValue": recipient, "status": "pending" })]);

        let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0");
        let request = if kind == "email" { ChallengeRequest::email_otp(recipient) } else { ChallengeRequest::sms_otp(recipient) };
        let challenge = corbado.create(&request.with_user_id_at(ProviderId::CORBADO, id.clone()).with_client(client)).await.expect("a challenge");
        let answer = Answer::code(double.outbox().to(recipient).last_code());
        let Verification::Verified(proof) = corbado.verify(challenge.handle(), &answer).await.expect("an answer") else { panic!("rejected") };
        assert_eq!(proof.user_id(), Some(id.as_str()));
        let [user] = <[_; 1]>::try_from(users(&corbado).await).expect("one user");
        assert_eq!((user.user_id, user.status), (id, Some(types::UserStatus::Active)));
        double.violations().assert_none();
    }
}

#[tokio::test]
async fn a_known_person_is_found_in_whatever_case_and_white_space_and_nothing_is_made() {
    let double = CorbadoDouble::start().await;
    let corbado = client_of(&double);
    let known = double.add_user("jane@doe.com");
    let made = corbado.user_for(" JOE@doe.com").await.expect("a user");
    assert_ne!(made.as_str(), known);
    for spelling in ["jane@doe.com", " jane@doe.com\n", "Jane@Doe.COM"] {
        assert_eq!(corbado.user_for(spelling).await.expect("a user").as_str(), known, "{spelling:?}");
    }
    for spelling in ["joe@doe.com", "Joe@Doe.com", "joe@doe.com "] {
        assert_eq!(corbado.user_for(spelling).await.expect("a user"), made, "{spelling:?}");
    }
    assert_eq!(double.add_user("joe@doe.com"), made.as_str(), "the double's own way finds the same user");
    double.requests().of(Operation::USER_CREATE).assert_count(1);
    assert_eq!(users(&corbado).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_for_one_person_at_the_same_time_give_one_user_and_leave_no_other() {
    let double = CorbadoDouble::start().await;
    // Each has looked before any has made.
    double.fail(Operation::IDENTIFIER_LIST, Fault::slow(Duration::from_millis(300)).with_times(20));
    let calls: Vec<_> = (0..20).map(|_| client_of(&double)).map(|corbado| tokio::spawn(async move { corbado.user_for("jane@doe.com").await })).collect();
    let mut ids = Vec::new();
    for call in calls {
        ids.push(call.await.expect("a call that ends").expect("a user"));
    }
    let corbado = client_of(&double);
    let [user] = <[_; 1]>::try_from(users(&corbado).await).expect("one user");
    assert_eq!(user.email_identifiers.len(), 1);
    assert!(ids.iter().all(|id| *id == user.user_id), "{} calls", ids.len());
    let (made, deleted) = (double.requests().of(Operation::USER_CREATE).len(), double.requests().of(Operation::USER_DELETE).len());
    assert_eq!(made, deleted + 1);
}

#[tokio::test]
async fn what_is_no_recipient_is_refused_before_any_io() {
    let server = Server::answering(200, &[], "{}").await;
    let corbado = typed(client(), &format!("http://{}", server.address)).expect("a client");
    for bad in [
        "",
        " ",
        "canary",
        "64270000777",
        "+canary",
        "+64 27 000 0777",
        "canary@",
        "@canary",
        "a@x.com,canary@y.com",
        "canary:eq:x@y.com",
        "Jane <canary@doe.com>",
    ] {
        let error = corbado.user_for(bad).await.expect_err(bad);
        assert_eq!((error.kind(), error.send_state(), error.operation()), (ErrorKind::InvalidRequest, SendState::NotSent, Some("user_for")), "{bad:?}");
        let fields: Vec<_> = error.violations().iter().map(|violation| (violation.field(), violation.vendor_field())).collect();
        assert_eq!((fields, error.advice().key()), (vec![(Some(Field::To), Some("identifierValue"))], "fix_input"), "{bad:?}");
        assert_silent_error("a bad recipient", &error);
    }
    let late = corbado.with_options(CallOptions::default().with_timeout(Duration::ZERO)).user_for("jane@doe.com").await.expect_err("no time");
    assert_eq!((late.kind(), late.send_state()), (ErrorKind::Timeout, SendState::NotSent));
    assert_eq!(server.connections(), 0);
}

/// The entries of a list: user, type and value of each.
type Entries<'a> = &'a [(&'a str, &'a str, &'a str)];

fn list(entries: Entries<'_>, pages: Option<u32>) -> Step {
    let identifier = |(number, (user, kind, value)): (usize, &(&str, &str, &str))| json!({ "identifierID": format!("ide-{user}-{number}"), "type": kind, "value": value, "status": "verified", "userID": user });
    let identifiers: Vec<Value> = entries.iter().enumerate().map(identifier).collect();
    let paging = pages.map(|pages| json!({ "page": 1, "totalPages": pages, "totalItems": 20 }));
    Step::Answer(reply(200, &[], &json!({ "identifiers": identifiers, "paging": paging }).to_string()))
}

fn nobody() -> Step {
    list(&[], Some(0))
}

fn answer(status: u16, body: Value) -> Step {
    Step::Answer(reply(status, &[], &body.to_string()))
}

fn user(id: &str) -> Step {
    answer(200, json!({ "userID": id, "status": "active" }))
}

fn identifier(user: &str) -> Step {
    identifier_of(user, "jane@doe.com")
}

fn identifier_of(user: &str, value: &str) -> Step {
    answer(200, json!({ "identifierID": "ide-1", "type": "email", "value": value, "status": "pending", "userID": user }))
}

fn deleted() -> Step {
    answer(200, json!({ "httpStatusCode": 200, "message": "OK", "requestData": { "requestID": "req-1" }, "runtime": 0.1 }))
}

fn taken() -> Step {
    answer(409, json!({ "error": { "type": "already_exists" } }))
}

/// What becomes of a call for this recipient at a vendor that answers so, and what it asked for, in short.
async fn run(recipient: &str, script: Vec<Step>) -> (Result<Personal, Error>, Vec<String>) {
    let server = Server::start(script).await;
    let outcome = typed(client(), &format!("http://{}", server.address)).expect("a client").user_for(recipient).await;
    let short = |path: &str| path.trim_start_matches("/v2").replace("?filter%5B%5D=identifierValue%3Aeq%3A", " ");
    (outcome, server.requests().iter().map(|seen| format!("{} {}", seen.method, short(&seen.path))).collect())
}

const LOOK: &str = "GET /identifiers jane%40doe.com";
const MAKE: &str = "POST /users";
const IDENTIFY: &str = "POST /users/usr-1/identifiers";
const DELETE: &str = "DELETE /users/usr-1";

#[tokio::test]
async fn nobody_elses_id_is_given_whatever_the_list_holds_beside_what_was_asked_for() {
    let others: Entries<'_> = &[
        ("usr-2", "email", "joe@doe.com"),
        ("usr-3", "username", "jane@doe.com"),
        ("usr-4", "phone", "jane@doe.com"),
        ("usr-5", "email", "jane@doe.com.example"),
        ("usr-6", "email", "xjane@doe.com"),
        ("usr-7", "email", "jane+1@doe.com"),
        ("usr-8", "email", "jan\u{e9}@doe.com"),
        ("usr-9", "novel", "jane@doe.com"),
        ("usr-10", "email", " jane@doe.com"),
    ];
    let jane: Entries<'_> = &[("usr-11", "email", "Jane@doe.com")];
    let twice: Entries<'_> = &[("usr-11", "email", "jane@doe.com"), ("usr-11", "email", "JANE@doe.com")];
    let pages = |pages: &[u32]| pages.iter().map(|page| if *page == 1 { LOOK.to_owned() } else { format!("{LOOK}&page={page}") }).collect::<Vec<_>>();
    for (script, asked) in [
        (vec![list(jane, Some(1))], pages(&[1])),
        (vec![list(&[others, jane].concat(), Some(1))], pages(&[1])),
        (vec![list(others, Some(3)), list(jane, Some(3)), list(others, Some(3))], pages(&[1, 2, 3])),
        (vec![list(twice, Some(1))], pages(&[1])),
        // Where the list does not say how long it is, it ends with a page without entries.
        (vec![list(others, None), list(jane, None), list(&[], None)], pages(&[1, 2, 3])),
    ] {
        let (outcome, requests) = run("jane@doe.com", script).await;
        assert_eq!((outcome.expect("a user").as_str(), requests), ("usr-11", asked));
    }
    let (outcome, requests) = run("jane@doe.com", vec![list(others, Some(1)), user("usr-1"), identifier("usr-1")]).await;
    assert_eq!((outcome.expect("a user").as_str(), requests), ("usr-1", [LOOK, MAKE, IDENTIFY].map(str::to_owned).to_vec()));
    // A letter whose small form is an ASCII one: another mailbox.
    let kelvin = "\u{212a}elvin@doe.com";
    let (outcome, _) = run(kelvin, vec![list(&[("usr-2", "email", "kelvin@doe.com")], Some(1)), user("usr-1"), identifier_of("usr-1", kelvin)]).await;
    assert_eq!(outcome.expect("a user").as_str(), "usr-1");
    let (outcome, _) = run("kelvin@doe.com", vec![list(&[("usr-2", "email", kelvin)], Some(1)), user("usr-1"), identifier_of("usr-1", "kelvin@doe.com")]).await;
    assert_eq!(outcome.expect("a user").as_str(), "usr-1");
}

#[tokio::test]
async fn an_address_with_capitals_is_looked_for_in_both_spellings_and_made_with_small_letters() {
    let (outcome, requests) = run("Jane@doe.com", vec![nobody(), list(&[("usr-2", "email", "Jane@doe.com")], Some(1))]).await;
    assert_eq!(outcome.expect("a user").as_str(), "usr-2");
    assert_eq!(requests, [LOOK, "GET /identifiers Jane%40doe.com"]);

    let server = Server::start(vec![nobody(), nobody(), user("usr-1"), identifier("usr-1")]).await;
    typed(client(), &format!("http://{}", server.address)).expect("a client").user_for("Jane@doe.com").await.expect("a user");
    assert_eq!(server.requests()[3].content()["identifierValue"], "jane@doe.com");
}

#[tokio::test]
async fn a_list_that_names_several_users_nobody_or_no_end_is_an_error_and_nothing_is_made() {
    for entries in [
        &[("usr-1", "email", "jane@doe.com"), ("usr-2", "email", "Jane@doe.com")][..],
        &[("", "email", "jane@doe.com")],
        &[("..", "email", "jane@doe.com")],
        &[("usr/1", "email", "jane@doe.com")],
    ] {
        let (outcome, requests) = run("jane@doe.com", vec![list(entries, Some(1))]).await;
        let error = outcome.expect_err("no user");
        assert_eq!((error.kind(), error.operation(), requests), (ErrorKind::UnexpectedReply, Some("IdentifierList"), vec![LOOK.to_owned()]), "{entries:?}");
    }
    for pages in [Some(u32::MAX), None] {
        // The same page again and again, and others without end.
        for (users, most) in [(["usr-2"; 6], 2), (["usr-2", "usr-3", "usr-4", "usr-5", "usr-6", "usr-7"], 5)] {
            let script = users.map(|user| list(&[(user, "email", "joe@doe.com")], pages)).to_vec();
            let (outcome, requests) = run("jane@doe.com", script).await;
            assert_eq!((outcome.expect_err("no end").kind(), requests.len()), (ErrorKind::UnexpectedReply, most));
        }
    }
    let (outcome, requests) = run("jane@doe.com", vec![answer(200, json!({ "paging": {} }))]).await;
    assert_eq!((outcome.expect_err("no list").kind(), requests.len()), (ErrorKind::UnexpectedReply, 1));
}

#[tokio::test]
async fn who_is_found_is_found_however_pages_are_counted() {
    let jane = |user: &'static str| [("usr-1", "email", "jane@doe.com"), (user, "email", "joe@doe.com")];
    for paging in [json!(null), json!({}), json!({ "totalPages": "many" }), json!({ "totalPages": 1_000_000 })] {
        let page = |user| {
            let entry = |(user, kind, value)| json!({ "identifierID": format!("ide-{user}"), "type": kind, "value": value, "userID": user });
            answer(200, json!({ "identifiers": jane(user).map(entry), "paging": paging }))
        };
        for (script, most) in [(vec![page("usr-2"); 7], 2), (["usr-2", "usr-3", "usr-4", "usr-5", "usr-6", "usr-7"].map(page).to_vec(), 5)] {
            let (outcome, requests) = run("jane@doe.com", script).await;
            assert_eq!((outcome.expect("a user").as_str(), requests.len()), ("usr-1", most), "{paging}");
        }
    }
}

#[tokio::test]
async fn a_login_identifier_that_cannot_be_read_is_not_one_that_nobody_has() {
    let whole = json!({ "identifierID": "ide-1", "type": "email", "value": "jane@doe.com", "status": "verified", "userID": "usr-1" });
    let with = |name: &str, value: Value| {
        let mut entry = whole.clone();
        entry[name] = value;
        entry
    };
    let without = |name: &str| {
        let mut entry = whole.clone();
        entry.as_object_mut().expect("an object").remove(name);
        entry
    };
    let odd = [
        json!(7),
        json!(null),
        with("identifierID", json!(7)),
        with("userID", json!(null)),
        with("userID", json!("u".repeat(257))),
        with("userID", json!(" ")),
        with("value", json!(["jane@doe.com"])),
        with("value", json!(null)),
        with("type", json!({ "of": "email" })),
        without("userID"),
        without("value"),
    ];
    for entry in odd {
        for entries in [json!([entry]), json!([with("value", json!("joe@doe.com")), entry])] {
            let (outcome, requests) = run("jane@doe.com", vec![answer(200, json!({ "identifiers": entries, "paging": { "totalPages": 1 } }))]).await;
            let error = outcome.expect_err("nobody knows");
            assert_eq!((error.kind(), error.operation()), (ErrorKind::UnexpectedReply, Some("IdentifierList")), "{entry}");
            assert_eq!(requests, [LOOK], "{entry}");
        }
    }
    for entry in [without("type"), without("status"), with("status", json!([])), with("identifierID", json!("")), with("novel", json!([[]]))] {
        let (outcome, _) = run("jane@doe.com", vec![answer(200, json!({ "identifiers": [entry], "paging": { "totalPages": 1 } }))]).await;
        assert_eq!(outcome.expect("a user").as_str(), "usr-1", "{entry}");
    }
    // Without a type, what a value looks like decides.
    let (outcome, _) = run(
        "+64270000000",
        vec![answer(200, json!({ "identifiers": [without("type")], "paging": { "totalPages": 1 } })), user("usr-2"), answer(500, json!({})), nobody()],
    )
    .await;
    assert_eq!(outcome.expect_err("another's").operation(), Some("IdentifierCreate"));
}

#[tokio::test]
async fn a_reply_of_another_login_identifier_than_the_one_that_was_asked_for_is_not_taken() {
    for other in [identifier("usr-7"), identifier_of("usr-1", "joe@doe.com")] {
        let script = |rest: Step| vec![nobody(), user("usr-1"), other.clone(), rest];
        let (outcome, requests) = run("jane@doe.com", script(list(&[("usr-1", "email", "jane@doe.com")], Some(1)))).await;
        assert_eq!((outcome.expect("a user").as_str(), requests.len()), ("usr-1", 4));
        let (outcome, requests) = run("jane@doe.com", script(nobody())).await;
        let error = outcome.expect_err("nobody has it");
        assert_eq!((error.kind(), error.operation(), error.send_state()), (ErrorKind::UnexpectedReply, Some("IdentifierCreate"), SendState::Accepted));
        assert_eq!(requests, [LOOK, MAKE, IDENTIFY, LOOK]);
    }
}

#[tokio::test]
async fn where_another_call_was_faster_its_user_is_the_one_and_the_other_is_deleted() {
    let theirs = || list(&[("usr-9", "email", "jane@doe.com")], Some(1));
    for refusal in [taken(), answer(400, about("identifierValue", "is already in use")), answer(422, json!({}))] {
        // Whether it can be deleted or not.
        for end in [deleted(), answer(500, json!({})), Step::ReadAndReset] {
            let (outcome, requests) = run("jane@doe.com", vec![nobody(), user("usr-1"), refusal.clone(), theirs(), end]).await;
            assert_eq!((outcome.expect("a user").as_str(), requests), ("usr-9", [LOOK, MAKE, IDENTIFY, LOOK, DELETE].map(str::to_owned).to_vec()));
        }
    }
    // A gateway that sent it twice: the refusal is of the second one.
    let (outcome, requests) = run("jane@doe.com", vec![nobody(), user("usr-1"), taken(), list(&[("usr-1", "email", "jane@doe.com")], Some(1))]).await;
    assert_eq!((outcome.expect("a user").as_str(), requests.len()), ("usr-1", 4));
}

#[tokio::test]
async fn a_user_that_gets_no_login_identifier_is_deleted_and_an_error_says_where_that_is_not_sure() {
    let blocked = || answer(400, about("identifierValue", "is blocked"));
    let limited = || answer(429, json!({ "error": { "type": "rate_limited" } }));
    let outage = || answer(503, json!({}));
    let (refused, unknown) = (SendState::Refused, SendState::Unknown);
    for (refusal, rest, operation, kind, state) in [
        (blocked(), vec![nobody(), deleted()], "IdentifierCreate", ErrorKind::InvalidRequest, refused),
        (taken(), vec![nobody(), deleted()], "IdentifierCreate", ErrorKind::Conflict, refused),
        (blocked(), vec![nobody(), answer(204, json!({}))], "IdentifierCreate", ErrorKind::InvalidRequest, refused),
        (blocked(), vec![nobody(), answer(200, json!("no envelope"))], "IdentifierCreate", ErrorKind::InvalidRequest, refused),
        (blocked(), vec![nobody(), answer(400, about("userID", "does not exist"))], "IdentifierCreate", ErrorKind::InvalidRequest, refused),
        (blocked(), vec![nobody(), outage()], "IdentifierCreate", ErrorKind::InvalidRequest, unknown),
        (blocked(), vec![nobody(), Step::ReadAndReset], "IdentifierCreate", ErrorKind::InvalidRequest, unknown),
        // Why it was refused cannot be found out.
        (taken(), vec![limited(), deleted()], "IdentifierList", ErrorKind::RateLimited, refused),
        // Who is refused for another reason need not look.
        (limited(), vec![deleted()], "IdentifierCreate", ErrorKind::RateLimited, refused),
        (answer(401, json!({})), vec![deleted()], "IdentifierCreate", ErrorKind::Authentication, refused),
        (limited(), vec![limited()], "IdentifierCreate", ErrorKind::RateLimited, unknown),
    ] {
        let looks = rest.len() > 1;
        let (outcome, requests) = run("jane@doe.com", [vec![nobody(), user("usr-1"), refusal], rest].concat()).await;
        let error = outcome.expect_err("no user");
        assert_eq!((error.operation(), error.kind(), error.send_state()), (Some(operation), kind, state), "{requests:?}: {error}");
        let asked = if looks { vec![LOOK, MAKE, IDENTIFY, LOOK, DELETE] } else { vec![LOOK, MAKE, IDENTIFY, DELETE] };
        assert_eq!(requests, asked, "{error}");
    }
}

#[tokio::test]
async fn where_the_reply_about_a_login_identifier_is_lost_it_is_looked_for_and_nobody_is_deleted_who_may_have_it() {
    let lost = [Step::ReadAndReset, answer(502, json!({})), answer(200, json!({})), answer(408, json!({}))];
    for lost in lost {
        let start = |rest: Vec<Step>| [vec![nobody(), user("usr-1"), lost.clone()], rest].concat();
        let asked = [LOOK, MAKE, IDENTIFY, LOOK].map(str::to_owned).to_vec();
        let (outcome, requests) = run("jane@doe.com", start(vec![list(&[("usr-1", "email", "jane@doe.com")], Some(1))])).await;
        assert_eq!((outcome.expect("it was made").as_str(), requests), ("usr-1", asked.clone()));

        for nothing in [nobody(), answer(500, json!({}))] {
            let (outcome, requests) = run("jane@doe.com", start(vec![nothing])).await;
            let error = outcome.expect_err("nobody knows");
            assert!(error.send_state().may_have_acted() && error.operation() == Some("IdentifierCreate"), "{error}");
            assert_eq!(requests, asked, "it may still come about");
        }

        let (outcome, requests) = run("jane@doe.com", start(vec![list(&[("usr-9", "email", "jane@doe.com")], Some(1)), deleted()])).await;
        assert_eq!((outcome.expect("another's").as_str(), requests), ("usr-9", [LOOK, MAKE, IDENTIFY, LOOK, DELETE].map(str::to_owned).to_vec()));
    }
}

#[tokio::test]
async fn where_the_reply_about_a_user_is_lost_nothing_more_is_asked_for() {
    for lost in
        [Step::ReadAndReset, answer(500, json!({})), answer(200, json!({ "userID": "" })), answer(200, json!({ "userID": "a/b" })), answer(200, json!({}))]
    {
        let (outcome, requests) = run("jane@doe.com", vec![nobody(), lost]).await;
        let error = outcome.expect_err("no user");
        assert!(error.send_state().may_have_acted() && error.operation() == Some("UserCreate"), "{error}");
        assert_eq!(requests, [LOOK, MAKE]);
    }
    for (refusal, kind) in [(answer(401, json!({})), ErrorKind::Authentication), (answer(429, json!({})), ErrorKind::RateLimited)] {
        let (outcome, requests) = run("jane@doe.com", vec![nobody(), refusal]).await;
        let error = outcome.expect_err("no user");
        assert_eq!((error.kind(), error.send_state(), requests.len()), (kind, SendState::Refused, 2));
    }
}

#[tokio::test]
async fn a_vendor_that_hangs_ends_all_of_it_by_the_deadline_of_the_call() {
    for hangs_at in 0..3 {
        let run = async |time: Duration| {
            let script = [vec![nobody(), user("usr-1")][..hangs_at].to_vec(), vec![Step::ReadAndHang]].concat();
            let server = Server::start(script).await;
            let corbado = typed(client(), &format!("http://{}", server.address)).expect("a client").with_options(CallOptions::default().with_timeout(time));
            let error = corbado.user_for("jane@doe.com").await.expect_err("no time");
            ((error, server.requests().len()), server.hung_for())
        };
        let (error, requests) = support::with_time_enough(run).await;
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Timeout, SendState::Unknown), "{error}");
        assert_eq!((error.operation(), requests), (Some(["IdentifierList", "UserCreate", "IdentifierCreate"][hangs_at]), hangs_at + 1));
    }
}

#[tokio::test]
async fn nothing_of_the_recipient_is_told_by_an_error() {
    let echo = |text: &str| json!({ "message": text, "error": { "type": "x", "validation": [{ "field": "x", "message": text.to_uppercase() }] } });
    let asked = "identifierValue:eq:canary7mail@doe.com or filter%5B%5D=identifierValue%3Aeq%3Acanary7mail%40doe.com";
    let made = "canary7mail@doe.com for usr-canary7 at /v2/users/usr-canary7/identifiers";
    for (before, text, status) in [(0, asked, 400), (0, asked, 500), (2, made, 400), (2, made, 403), (2, made, 409), (2, made, 500)] {
        let before = [nobody(), user("usr-canary7")][..before].to_vec();
        let (outcome, _) = run("canary7mail@doe.com", [before, vec![answer(status, echo(text)), nobody(), deleted()]].concat()).await;
        assert_silent_error(&format!("{text} {status}"), &outcome.expect_err("an error"));
    }
}
