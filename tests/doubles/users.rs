//! The double of Corbado keeps users and login identifiers as the vendor does.

use std::time::Duration;

use auth_challenge::{
    ChallengeProviderExt as _, Error, ErrorKind,
    corbado::{Corbado, Filter, ListQuery, types},
    testing::{Clock, CorbadoDouble, Double, DoubleEntry, Fault, Operation, Seed, StateFile},
};
use serde_json::json;

use crate::support::{self, client, config::Folder, typed::body, vendors::corbado::typed};

fn client_of(double: &Double) -> Corbado {
    typed(client(), &double.base_url()).expect("a client")
}

async fn made(corbado: &Corbado, name: &str) -> types::User {
    corbado.user_create(&body(json!({ "status": "active", "fullName": name }))).await.expect("a user").into_inner()
}

async fn identified(corbado: &Corbado, user: &str, kind: &str, value: &str) -> Result<types::Identifier, Error> {
    let new = json!({ "identifierType": kind, "identifierValue": value, "status": "pending" });
    corbado.identifier_create(user, &body(new)).await.map(auth_challenge::Reply::into_inner)
}

/// What an error has against which fields.
fn told(error: &Error) -> Vec<String> {
    error.violations().iter().map(|violation| format!("{} {}", violation.vendor_field().unwrap_or("?"), violation.message())).collect()
}

/// The names of the users that a list holds.
async fn names(corbado: &Corbado, query: &ListQuery) -> Vec<String> {
    let users = corbado.user_list(query).await.expect("a list").into_inner().users;
    users.iter().map(|user| user.full_name.as_ref().map_or("", |name| name.as_str()).to_owned()).collect()
}

#[tokio::test]
async fn a_user_lives_from_its_making_to_its_deletion_and_is_challenged_meanwhile() {
    let double = CorbadoDouble::start().await;
    let corbado = client_of(&double);
    let new = types::UserCreateReq { status: types::UserStatus::Pending, full_name: Some("Jane Doe".into()), explicit_webauthn_id: Some("jane".into()) };
    let jane = corbado.user_create(&new).await.expect("a user").into_inner();
    let id = jane.user_id.as_str();
    assert!(id.starts_with("usr-") && jane.full_name == new.full_name && jane.explicit_webauthn_id == new.explicit_webauthn_id);
    assert_eq!(jane.status, Some(types::UserStatus::Pending));

    double.clock().advance(Duration::from_secs(60));
    let change = types::UserUpdateReq { full_name: None, status: Some(types::UserStatus::Active) };
    let changed = corbado.user_update(id, &change).await.expect("a user").into_inner();
    assert_eq!((changed.status, changed.full_name), (Some(types::UserStatus::Active), new.full_name));
    assert!(changed.updated_ms.zip(jane.updated_ms).is_some_and(|(after, before)| after - before >= 60_000));
    assert_eq!(corbado.user_get(id).await.expect("a user").updated_ms, changed.updated_ms);

    let request = double.person("joe@doe.com").with_user_id_at(auth_challenge::ProviderId::CORBADO, id);
    let challenge = corbado.create(&request).await.expect("a challenge");
    corbado.user_delete(id).await.expect("deleted");
    for error in [
        corbado.create(&request).await.expect_err("nobody"),
        corbado.verify(challenge.handle(), &double.right_answer(&challenge)).await.expect_err("nobody"),
        corbado.user_get(id).await.expect_err("nobody"),
        corbado.user_update(id, &change).await.expect_err("nobody"),
        corbado.user_delete(id).await.expect_err("nobody"),
        identified(&corbado, id, "email", "jane@doe.com").await.expect_err("nobody"),
    ] {
        assert_eq!((error.kind(), error.status(), told(&error)), (ErrorKind::NotFound, Some(400), vec!["userID does not exist".to_owned()]));
    }
    double.violations().assert_none();
}

#[tokio::test]
async fn a_login_identifier_is_one_users_until_it_is_deleted() {
    let double = CorbadoDouble::start().await;
    let corbado = client_of(&double);
    let (jane, joe) = (made(&corbado, "Jane").await.user_id, made(&corbado, "Joe").await.user_id);
    let (jane, joe) = (jane.as_str(), joe.as_str());
    let address = identified(&corbado, jane, "email", "jane@doe.com").await.expect("hers");
    assert!(address.identifier_id.as_str().starts_with("ide-") && address.user_id.as_str() == jane);
    assert_eq!((address.type_, address.status), (Some(types::IdentifierType::Email), Some(types::IdentifierStatus::Pending)));
    for (user, value) in [(jane, "jane@doe.com"), (joe, "jane@doe.com"), (joe, "JANE@doe.com")] {
        let error = identified(&corbado, user, "email", value).await.expect_err("hers");
        assert_eq!((error.kind(), error.status(), error.vendor_code()), (ErrorKind::Conflict, Some(409), Some("already_exists")), "{value}");
        assert_eq!(told(&error), ["identifierValue already exists"]);
    }
    identified(&corbado, joe, "username", "jane@doe.com").await.expect("another sort of name");
    identified(&corbado, jane, "phone", "+64270000000").await.expect("hers");

    let verified = types::IdentifierUpdateReq { status: types::IdentifierStatus::Verified };
    let id = address.identifier_id.as_str();
    assert_eq!(corbado.identifier_update(jane, id, &verified).await.expect("hers").status, Some(types::IdentifierStatus::Verified));
    let users = corbado.user_list(&ListQuery { filter: vec![Filter::equal("id", jane)], ..ListQuery::default() }).await.expect("a list").into_inner().users;
    let [user] = <[_; 1]>::try_from(users).expect("one user");
    let values = |of: &[types::Identifier]| of.iter().map(|one| one.value.clone().map(|value| value.as_str().to_owned())).collect::<Vec<_>>();
    assert_eq!(values(&user.email_identifiers), [Some("jane@doe.com".to_owned())]);
    assert_eq!((values(&user.phone_number_identifiers).len(), user.username_identifiers.len(), user.social_accounts.len()), (1, 0, 0));

    for (user, identifier) in [(joe, id), (jane, "ide-0")] {
        let errors = [
            corbado.identifier_update(user, identifier, &verified).await.expect_err("not theirs"),
            corbado.identifier_delete(user, identifier).await.expect_err("not theirs"),
        ];
        for error in errors {
            assert_eq!((error.kind(), told(&error)), (ErrorKind::NotFound, vec!["identifierID does not exist".to_owned()]));
        }
    }
    corbado.identifier_delete(jane, id).await.expect("deleted");
    identified(&corbado, joe, "email", "Jane@doe.com").await.expect("free");
    corbado.user_delete(joe).await.expect("deleted");
    identified(&corbado, jane, "email", "jane@doe.com").await.expect("free again");
    double.violations().assert_none();
}

#[tokio::test]
async fn what_is_wrong_with_a_value_is_told_of_its_field() {
    let double = CorbadoDouble::start().await;
    let corbado = client_of(&double);
    let jane = made(&corbado, "Jane").await.user_id;
    let long = "x".repeat(256);
    for (kind, value, problem) in [
        ("email", "", "identifierValue cannot be blank"),
        ("email", "a@", "identifierValue the length must be between 3 and 255"),
        ("username", &long, "identifierValue the length must be between 3 and 255"),
        ("email", "jane", "identifierValue must be a valid email address"),
        ("phone", "64270000000", "identifierValue must be a valid phone number"),
    ] {
        let error = identified(&corbado, jane.as_str(), kind, value).await.expect_err(problem);
        assert_eq!((error.kind(), told(&error)), (ErrorKind::InvalidRequest, vec![problem.to_owned()]));
    }
    double.violations().assert_none();
    let error = corbado.user_create(&body(json!({ "status": "active", "fullName": long }))).await.expect_err("long");
    assert_eq!(told(&error), ["fullName the length must be no more than 255"]);
    let error = identified(&corbado, jane.as_str(), "novel", "jane").await.expect_err("no such type");
    assert!(error.violations().iter().any(|violation| violation.vendor_field() == Some("identifierType")), "{error}");
    assert_eq!(double.violations().len(), 1, "the document says so too");
}

#[tokio::test]
async fn a_list_comes_page_by_page_and_tells_how_long_it_is() {
    let double = CorbadoDouble::start().await;
    let corbado = client_of(&double);
    let page = async |page: Option<u32>, page_size: Option<u32>| {
        let list = corbado.user_list(&ListQuery { page, page_size, ..ListQuery::default() }).await.expect("a list").into_inner();
        let paging = list.paging.expect("paging");
        (list.users.len(), paging.page, paging.total_pages, paging.total_items)
    };
    assert_eq!(page(None, None).await, (0, Some(1), Some(0), Some(0)));
    for number in 0..25 {
        made(&corbado, &format!("user {number}")).await;
    }
    for ((number, size), expected) in [
        ((None, None), (10, Some(1), Some(3), Some(25))),
        ((Some(2), None), (10, Some(2), Some(3), Some(25))),
        ((Some(3), None), (5, Some(3), Some(3), Some(25))),
        ((Some(4), None), (0, Some(4), Some(3), Some(25))),
        ((Some(u32::MAX), Some(1_000)), (0, Some(i64::from(u32::MAX)), Some(1), Some(25))),
        ((None, Some(1)), (1, Some(1), Some(25), Some(25))),
        ((Some(5), Some(5)), (5, Some(5), Some(5), Some(25))),
        ((None, Some(1_000)), (25, Some(1), Some(1), Some(25))),
    ] {
        assert_eq!(page(number, size).await, expected, "{number:?} {size:?}");
    }
    let second = ListQuery { page: Some(2), page_size: Some(3), ..ListQuery::default() };
    assert_eq!(names(&corbado, &second).await, ["user 3", "user 4", "user 5"], "as they were made");
    double.violations().assert_none();
}

#[tokio::test]
async fn a_list_is_filtered_and_sorted_as_the_document_says() {
    let noon = humantime::parse_rfc3339("2026-11-24T12:00:00Z").expect("a time");
    let double = CorbadoDouble::builder().with_clock(Clock::stopped_at(noon)).start().await.expect("a double");
    let corbado = client_of(&double);
    for (name, status, address) in [("Jane", "active", "jane@doe.com"), ("Anna", "disabled", "anna@doe.com"), ("Ken", "pending", "ken@other.example")] {
        let user = corbado.user_create(&body(json!({ "status": status, "fullName": name }))).await.expect("a user").into_inner();
        identified(&corbado, user.user_id.as_str(), "email", address).await.expect("an address");
        double.clock().advance(Duration::from_secs(3_600));
    }
    let jane = corbado.user_for("jane@doe.com").await.expect("Jane");
    for (filter, expected) in [
        (vec![Filter::equal("status", "active")], "Jane"),
        (vec![Filter::equal("fullName", "anna")], "Anna"),
        (vec![Filter::equal("name", "Ken")], "Ken"),
        (vec![Filter::equal("id", jane.as_str().trim_start_matches("usr-"))], "Jane"),
        (vec![Filter::equal("id", jane)], "Jane"),
        (vec![Filter::greater("name", "Anna")], "Jane Ken"),
        (vec![Filter::less("fullName", "jane")], "Anna"),
        (vec![Filter::equal("searchValue", "DOE.com")], "Jane Anna"),
        (vec![Filter::equal("searchValue", "ken")], "Ken"),
        (vec![Filter::greater("created", "2026-11-24T12:00:00")], "Anna Ken"),
        (vec![Filter::less("updated", "2026-11-24T13:00:00Z")], "Jane"),
        (vec![Filter::equal("created", "2026-11-24T13:00:00Z")], "Anna"),
        (vec![Filter::greater("created", "2026-11-24")], "Jane Anna Ken"),
        (vec![Filter::greater("created", "2026-11-24T12:30:00"), Filter::less("created", "2026-11-24T13:30:00")], "Anna"),
        (vec![Filter::equal("status", "active"), Filter::equal("status", "pending")], ""),
        (vec![Filter::equal("fullName", "a:eq:b")], ""),
    ] {
        let query = ListQuery { filter, ..ListQuery::default() };
        assert_eq!(names(&corbado, &query).await.join(" "), expected, "{query:?}");
    }
    for (sort, expected) in [
        ("fullName:asc", "Anna Jane Ken"),
        ("name:desc", "Ken Jane Anna"),
        ("created:asc", "Jane Anna Ken"),
        ("updated:desc", "Ken Anna Jane"),
        ("status:asc", "Jane Anna Ken"),
    ] {
        assert_eq!(names(&corbado, &ListQuery { sort: Some(sort.into()), ..ListQuery::default() }).await.join(" "), expected, "{sort}");
    }
    let values = async |filter: Vec<Filter>, sort: Option<&str>| {
        let query = ListQuery { filter, sort: sort.map(str::to_owned), ..ListQuery::default() };
        let list = corbado.identifier_list(&query).await.expect("a list").into_inner().identifiers;
        list.iter().filter_map(|one| Some(one.value.as_ref()?.as_str().split('@').next()?.to_owned())).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(values(vec![Filter::equal("identifierType", "email"), Filter::equal("identifierValue", "JANE@doe.com")], None).await, "jane");
    assert_eq!(values(vec![Filter::equal("identifierType", "phone")], None).await, "");
    assert_eq!(values(vec![], Some("identifierValue:desc")).await, "ken jane anna");
    double.violations().assert_none();

    for (query, problem) in [
        (ListQuery { filter: vec![Filter::equal("email", "jane@doe.com")], ..ListQuery::default() }, "filter[] not filterable by this column"),
        (ListQuery { filter: vec![Filter::greater("searchValue", "j")], ..ListQuery::default() }, "filter[] not filterable by this column"),
        (ListQuery { filter: vec![Filter::equal("created", "noon")], ..ListQuery::default() }, "filter[] must be a valid time"),
        (ListQuery { sort: Some("createdAt:desc".into()), ..ListQuery::default() }, "sort not sortable by this column"),
        (ListQuery { sort: Some("created".into()), ..ListQuery::default() }, "sort expected a field, a colon, and asc or desc"),
        (ListQuery { page: Some(0), ..ListQuery::default() }, "page must be no less than 1"),
        (ListQuery { page_size: Some(0), ..ListQuery::default() }, "pageSize must be no less than 1"),
        (ListQuery { page_size: Some(1_001), ..ListQuery::default() }, "pageSize must be no greater than 1000"),
    ] {
        let error = corbado.user_list(&query).await.expect_err(problem);
        assert_eq!((error.kind(), told(&error).join(", ").as_str()), (ErrorKind::InvalidRequest, problem), "{query:?}");
    }
}

#[tokio::test]
async fn a_query_is_held_against_the_document() {
    let double = CorbadoDouble::start().await;
    let ask = async |query: &str| {
        let head = "HTTP/1.1\r\nhost: x\r\nauthorization: Basic cHJvLTE6Y29yYmFkbzFfc2VjcmV0\r\nconnection: close\r\n\r\n";
        let reply = support::raw::ask(&double.base_url(), format!("GET /v2/users?{query} {head}").as_bytes()).await;
        let status = reply.split(' ').nth(1).map(str::to_owned);
        let found: Vec<String> = double.violations().iter().map(|found| found.pointer().to_owned()).collect();
        double.reset();
        (status.expect("a status"), found)
    };
    assert_eq!(ask("filter[]=status:eq:active&filter[]=name:eq:x").await, ("200".into(), vec![]));
    assert_eq!(ask("sort=&page=1").await, ("200".into(), vec![]), "the vendor's SDKs send an empty one");
    assert_eq!(ask("page=one").await, ("400".into(), vec!["/query/page".into()]));
    assert_eq!(ask("page=1&page=2").await, ("400".into(), vec!["/query/page".into()]));
    assert_eq!(ask("pagesize=1").await, ("200".into(), vec!["/query/pagesize".into()]));
    for bad in ["filter[]=", "filter[]=status", "filter[]=status:is:active", "page=-1", "page=99999999999999999999", "pageSize=0"] {
        assert_eq!(ask(bad).await, ("400".into(), vec![]), "{bad}");
    }
}

#[tokio::test]
async fn whoever_the_double_knows_is_listed() {
    let seed: Seed = serde_json::from_value(json!({ "users": [{ "provider": "corbado", "id": "usr-7", "name": "+64270000007" }] })).expect("a seed");
    let double = CorbadoDouble::builder().with_user("usr-1").start().await.expect("a double");
    seed.apply(&[Double::clone(&double)]).expect("a seed for this double");
    let corbado = client_of(&double);
    let (jane, word) = (double.add_user("jane@doe.com"), double.add_user("jane"));
    let list = corbado.user_list(&ListQuery::default()).await.expect("a list").into_inner().users;
    let listed: Vec<_> = list
        .iter()
        .map(|user| (user.user_id.as_str(), user.email_identifiers.len(), user.phone_number_identifiers.len(), user.username_identifiers.len()))
        .collect();
    assert_eq!(listed, [("usr-1", 0, 0, 0), ("usr-7", 0, 1, 0), (&*jane, 1, 0, 0), (&*word, 0, 0, 1)]);
    assert_eq!(corbado.user_for("+64270000007").await.expect("the seeded one").as_str(), "usr-7");

    // As the command line has it.
    let double = DoubleEntry::find("corbado").expect("an entry").builder().start().await.expect("a double");
    let corbado = client_of(&double);
    assert_eq!(corbado.user_list(&ListQuery::default()).await.expect("a list").users.len(), 1);
    identified(&corbado, "usr-9", "email", "jane@doe.com").await.expect("every user is known");
    assert_eq!(corbado.user_for("jane@doe.com").await.expect("a user").as_str(), "usr-9");
    corbado.user_delete("usr-9").await.expect("deleted");
    assert_eq!(corbado.user_get("usr-9").await.expect_err("no longer").kind(), ErrorKind::NotFound);
    assert_eq!(corbado.user_get("usr-0").await.expect_err("but one").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn users_survive_a_restart_with_a_file_and_a_reset_forgets_those_that_were_made() {
    let folder = Folder::new().expect("a folder");
    let path = folder.write("state", "").expect("a file");
    std::fs::remove_file(&path).expect("gone");
    let start = async || CorbadoDouble::builder().with_user("usr-1").start().await.expect("a double");
    let before = start().await;
    let file = StateFile::open(&path, &[Double::clone(&before)]).expect("a file");
    let corbado = client_of(&before);
    let jane = corbado.user_for("jane@doe.com").await.expect("a user");
    let gone = corbado.user_for("gone@doe.com").await.expect("a user");
    corbado.user_delete(gone.as_str()).await.expect("deleted");
    let list = async |corbado: &Corbado| serde_json::to_value(corbado.user_list(&ListQuery::default()).await.expect("a list").into_inner()).expect("JSON");
    let known = list(&corbado).await;
    file.write().expect("written");
    drop((file, before));

    let after = start().await;
    let _file = StateFile::open(&path, &[Double::clone(&after)]).expect("the file");
    let corbado = client_of(&after);
    assert_eq!(list(&corbado).await, known);
    assert_eq!(corbado.user_for("jane@doe.com").await.expect("a user"), jane);
    corbado.create(&after.person("jane@doe.com")).await.expect("a challenge");
    after.reset();
    let users = corbado.user_list(&ListQuery::default()).await.expect("a list").into_inner().users;
    assert_eq!(users.iter().map(|user| user.user_id.as_str()).collect::<Vec<_>>(), ["usr-1"]);
    assert_eq!(corbado.identifier_list(&ListQuery::default()).await.expect("a list").identifiers.len(), 0);
}

#[tokio::test]
async fn a_fault_of_one_operation_leaves_the_others_alone() {
    let double = CorbadoDouble::start().await;
    let corbado = client_of(&double);
    double.fail(Operation::CREATE, Fault::status(503));
    let jane = corbado.user_for("jane@doe.com").await.expect("no challenge");
    assert_eq!(corbado.create(&double.person("jane@doe.com")).await.expect_err("the fault").kind(), ErrorKind::Unavailable);
    for (operation, name) in
        [(Operation::USER_CREATE, "UserCreate"), (Operation::IDENTIFIER_CREATE, "IdentifierCreate"), (Operation::IDENTIFIER_LIST, "IdentifierList")]
    {
        double.fail(operation, Fault::status(429));
        corbado.create(&double.person("jane@doe.com")).await.expect("a challenge");
        let error = corbado.user_for("joe@doe.com").await.expect_err("the fault");
        assert_eq!((error.kind(), error.operation()), (ErrorKind::RateLimited, Some(name)));
        assert!(!error.send_state().may_have_acted(), "nothing is left: {error}");
    }
    let users = corbado.user_list(&ListQuery::default()).await.expect("a list").into_inner().users;
    assert_eq!(users.iter().map(|user| &user.user_id).collect::<Vec<_>>(), [&jane]);
    let names: Vec<_> = double.operations().iter().map(|operation| operation.as_str()).collect();
    assert_eq!(names[..2], ["create", "verify"]);
    assert_eq!(names.len(), 11);
}
