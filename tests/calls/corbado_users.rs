//! Corbado's users and login identifiers, typed: each operation on the wire, its reply, and what its errors mean.

use auth_challenge::{
    Error, ErrorKind, Field, SendState,
    corbado::{Corbado, Filter, ListQuery, types},
};
use serde_json::{Value, json};
use tracing::{Level, instrument::WithSubscriber as _};

use crate::support::{
    Server,
    canaries::{assert_no_canary, assert_silent_error, canaries, shown},
    client,
    log::Log,
    typed::{Called, as_read, body},
    vendors::corbado::{AUTHORIZATION, about, typed},
};

/// An operation: the name by which errors call it, a call with ids that hold a text, what that is sent as, and a reply.
struct Row {
    name: &'static str,
    call: fn(Corbado, &'static str) -> Called,
    method: &'static str,
    path: &'static str,
    body: Option<Value>,
    reply: Value,
}

fn query(value: &str) -> ListQuery {
    let filter =
        vec![Filter::equal("status", "active"), Filter::greater("created", "2021-07-20T00:00:00"), Filter::less("name", format!("{value}:eq:b & c+d=é"))];
    ListQuery { filter, sort: Some("created:desc".into()), page: Some(2), page_size: Some(20) }
}

const LISTED: &str = "?filter%5B%5D=status%3Aeq%3Aactive&filter%5B%5D=created%3Agt%3A2021-07-20T00%3A00%3A00&filter%5B%5D=name%3Alt%3A1%3Aeq%3Ab+%26+c%2Bd%3D%C3%A9\
                      &page=2&pageSize=20&sort=created%3Adesc";

fn user() -> Value {
    let updated = 1_795_514_400_000_i64;
    json!({ "userID": "usr-1", "fullName": "Jane Doe", "status": "active", "explicitWebauthnID": "jane", "updated": "2026-11-24T10:00:00Z", "updatedMs": updated })
}

fn identifier(id: &str, kind: &str, value: &str) -> Value {
    json!({ "identifierID": id, "type": kind, "value": value, "status": "pending", "userID": "usr-1" })
}

fn paging() -> Value {
    json!({ "page": 2, "totalPages": 3, "totalItems": 41 })
}

/// A user as a list has it, with every member that the document has.
fn whole_user() -> Value {
    let mut whole = user();
    whole["created"] = "2026-11-23T10:00:00Z".into();
    whole["createdMS"] = 1_795_428_000_000_i64.into();
    whole["emailIdentifiers"] = json!([identifier("ide-1", "email", "jane@doe.com")]);
    whole["phoneNumberIdentifiers"] = json!([identifier("ide-2", "phone", "+64270000000")]);
    whole["usernameIdentifiers"] = json!([identifier("ide-3", "username", "jane")]);
    whole["socialAccounts"] = json!([{
        "socialAccountID": "soc-1", "providerType": "github", "identifierValue": "jane@doe.com", "userID": "usr-1", "foreignID": "53150919",
        "avatarURL": "https://avatars.githubusercontent.com/u/53150919?v=4", "fullName": "Jane Doe",
    }]);
    whole
}

fn rows() -> Vec<Row> {
    let done =
        json!({ "httpStatusCode": 200, "message": "OK", "requestData": { "requestID": "req-557", "link": "https://my.corbado.com/1" }, "runtime": 0.0625 });
    let identifiers = json!({ "identifiers": [identifier("ide-1", "email", "jane@doe.com")], "paging": paging() });
    vec![
        Row {
            name: "UserCreate",
            call: |at, text| {
                let status = types::UserStatus::Active;
                let new = types::UserCreateReq { status, full_name: Some(format!("Jane {text}").into()), explicit_webauthn_id: Some(text.into()) };
                Box::pin(async move { at.user_create(&new).await.map(as_read) })
            },
            method: "POST",
            path: "/v2/users",
            body: Some(json!({ "status": "active", "fullName": "Jane 1", "explicitWebauthnID": "1" })),
            reply: user(),
        },
        Row {
            name: "UserCreate",
            call: |at, _| Box::pin(async move { at.user_create(&body(json!({ "status": "pending" }))).await.map(as_read) }),
            method: "POST",
            path: "/v2/users",
            body: Some(json!({ "status": "pending" })),
            reply: json!({ "userID": "usr-1" }),
        },
        Row {
            name: "UserList",
            call: |at, _| Box::pin(async move { at.user_list(&ListQuery::default()).await.map(as_read) }),
            method: "GET",
            path: "/v2/users",
            body: None,
            reply: json!({ "users": [whole_user()], "paging": paging() }),
        },
        Row {
            name: "UserList",
            call: |at, text| Box::pin(async move { at.user_list(&query(text)).await.map(as_read) }),
            method: "GET",
            path: "/v2/users",
            body: None,
            reply: json!({ "users": [] }),
        },
        Row {
            name: "UserGet",
            call: |at, text| Box::pin(async move { at.user_get(&format!("usr-{text}")).await.map(as_read) }),
            method: "GET",
            path: "/v2/users/usr-1",
            body: None,
            reply: user(),
        },
        Row {
            name: "UserUpdate",
            call: |at, text| {
                let change = types::UserUpdateReq { full_name: Some(format!("Jane {text}").into()), status: Some(types::UserStatus::Disabled) };
                Box::pin(async move { at.user_update(&format!("usr-{text}"), &change).await.map(as_read) })
            },
            method: "PATCH",
            path: "/v2/users/usr-1",
            body: Some(json!({ "fullName": "Jane 1", "status": "disabled" })),
            reply: user(),
        },
        Row {
            name: "UserUpdate",
            call: |at, text| Box::pin(async move { at.user_update(&format!("usr-{text}"), &body(json!({}))).await.map(as_read) }),
            method: "PATCH",
            path: "/v2/users/usr-1",
            body: Some(json!({})),
            reply: user(),
        },
        Row {
            name: "UserDelete",
            call: |at, text| Box::pin(async move { at.user_delete(&format!("usr-{text}")).await.map(as_read) }),
            method: "DELETE",
            path: "/v2/users/usr-1",
            body: None,
            reply: done.clone(),
        },
        Row {
            name: "IdentifierCreate",
            call: |at, text| {
                let (kind, status) = (types::IdentifierType::Email, types::IdentifierStatus::Pending);
                let new = types::IdentifierCreateReq { identifier_type: kind, identifier_value: format!("jane+{text}@doe.com").into(), status };
                Box::pin(async move { at.identifier_create(&format!("usr-{text}"), &new).await.map(as_read) })
            },
            method: "POST",
            path: "/v2/users/usr-1/identifiers",
            body: Some(json!({ "identifierType": "email", "identifierValue": "jane+1@doe.com", "status": "pending" })),
            reply: identifier("ide-1", "email", "jane@doe.com"),
        },
        Row {
            name: "IdentifierUpdate",
            call: |at, text| {
                let change = types::IdentifierUpdateReq { status: types::IdentifierStatus::Verified };
                Box::pin(async move { at.identifier_update(&format!("usr-{text}"), &format!("ide-{text}"), &change).await.map(as_read) })
            },
            method: "PATCH",
            path: "/v2/users/usr-1/identifiers/ide-1",
            body: Some(json!({ "status": "verified" })),
            reply: identifier("ide-1", "phone", "+64270000000"),
        },
        Row {
            name: "IdentifierDelete",
            call: |at, text| Box::pin(async move { at.identifier_delete(&format!("usr-{text}"), &format!("ide-{text}")).await.map(as_read) }),
            method: "DELETE",
            path: "/v2/users/usr-1/identifiers/ide-1",
            body: None,
            reply: done,
        },
        Row {
            name: "IdentifierList",
            call: |at, text| Box::pin(async move { at.identifier_list(&query(text)).await.map(as_read) }),
            method: "GET",
            path: "/v2/identifiers",
            body: None,
            reply: identifiers,
        },
    ]
}

fn at(server: &Server) -> Corbado {
    typed(client(), &format!("http://{}", server.address)).expect("a client")
}

#[tokio::test]
async fn every_operation_goes_out_as_the_document_has_it_and_its_reply_is_read_whole() {
    for row in rows() {
        let server = Server::answering(200, &[], &row.reply.to_string()).await;
        let read = (row.call)(at(&server), "1").await.unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!(read, row.reply, "{}", row.name);
        let seen = server.only_request();
        let (path, listed) = seen.path.split_at(seen.path.find('?').unwrap_or(seen.path.len()));
        assert_eq!((seen.method.as_str(), path), (row.method, row.path), "{}", row.name);
        assert!(listed.is_empty() || listed == LISTED, "{}: {listed}", row.name);
        assert_eq!(seen.header("authorization"), AUTHORIZATION, "{}", row.name);
        assert_eq!((seen.header("accept"), seen.header("api-version")), (vec!["application/json"], vec![]), "{}", row.name);
        match row.body {
            Some(body) => assert_eq!(seen.content(), body, "{}", row.name),
            None => assert!(seen.body.is_empty() && seen.header("content-type").is_empty(), "{}: {seen:?}", row.name),
        }
    }
    let listed = rows().into_iter().filter(|row| row.name.ends_with("List"));
    for (row, expected) in listed.zip(["", LISTED, LISTED]) {
        let server = Server::answering(200, &[], &row.reply.to_string()).await;
        (row.call)(at(&server), "1").await.expect("a list");
        assert_eq!(server.only_request().path, format!("{}{expected}", row.path));
    }
}

#[tokio::test]
async fn an_error_names_its_operation_and_kind_and_no_operation_is_made_again() {
    let already = |status| (status, json!({ "error": { "type": "already_exists", "details": "x" } }));
    for (status, body, kind, state) in [
        (400, about("userID", "does not exist"), ErrorKind::NotFound, SendState::Refused),
        (400, about("identifierID", "does not exist."), ErrorKind::NotFound, SendState::Refused),
        (404, json!({ "error": { "type": "not_found" } }), ErrorKind::NotFound, SendState::Refused),
        (already(409).0, already(409).1, ErrorKind::Conflict, SendState::Refused),
        (already(400).0, already(400).1, ErrorKind::Conflict, SendState::Refused),
        (already(422).0, already(422).1, ErrorKind::Conflict, SendState::Refused),
        (already(408).0, already(408).1, ErrorKind::Timeout, SendState::Unknown),
        (400, about("status", "must be a valid value"), ErrorKind::InvalidRequest, SendState::Refused),
        (401, json!({ "error": { "type": "login_error" } }), ErrorKind::Authentication, SendState::Refused),
        (429, json!({ "error": { "type": "rate_limited" } }), ErrorKind::RateLimited, SendState::Refused),
        (500, json!({ "error": { "type": "internal_error" } }), ErrorKind::Unavailable, SendState::Unknown),
        (200, json!([]), ErrorKind::UnexpectedReply, SendState::Accepted),
    ] {
        for row in rows() {
            let server = Server::answering(status, &[("retry-after", "0")], &body.to_string()).await;
            let error = (row.call)(at(&server), "1").await.expect_err(row.name);
            assert_eq!((error.kind(), error.send_state()), (kind, state), "{} {status} {body}: {error}", row.name);
            assert_eq!((error.operation(), error.status()), (Some(row.name), Some(status)), "{error}");
            assert_eq!(server.requests().len(), 1, "{} {status}", row.name);
        }
    }
}

#[tokio::test]
async fn a_refused_login_identifier_is_the_persons_and_an_unknown_one_is_not() {
    let refused = async |body: Value| {
        let server = Server::answering(400, &[], &body.to_string()).await;
        let new = json!({ "identifierType": "email", "identifierValue": "jane@doe.com", "status": "pending" });
        at(&server).identifier_create("usr-1", &body_of(new)).await.expect_err("refused")
    };
    let fields =
        |error: &Error| error.violations().iter().map(|violation| (violation.field(), violation.vendor_field().map(str::to_owned))).collect::<Vec<_>>();
    let bad = refused(about("identifierValue", "must be a valid email address")).await;
    assert_eq!(fields(&bad), [(Some(Field::To), Some("identifierValue".to_owned()))]);
    assert_eq!(bad.advice().key(), "fix_input");
    let unknown = refused(about("identifierID", "does not exist")).await;
    assert_eq!(fields(&unknown), [(None, Some("identifierID".to_owned()))]);
    assert_eq!(unknown.advice().key(), "our_fault");
}

fn body_of(json: Value) -> types::IdentifierCreateReq {
    body(json)
}

#[tokio::test]
async fn an_id_that_would_not_stay_one_segment_is_refused_before_any_io() {
    let server = Server::answering(200, &[], &user().to_string()).await;
    let at = at(&server);
    let status = types::IdentifierUpdateReq { status: types::IdentifierStatus::Primary };
    for odd in ["", ".", "..", "canary/7", "canary\\7", "canary\n"] {
        let alone = [
            at.user_get(odd).await.expect_err(odd),
            at.user_update(odd, &body(json!({}))).await.expect_err(odd),
            at.user_delete(odd).await.expect_err(odd),
            at.identifier_update(odd, "ide-1", &status).await.expect_err(odd),
            at.identifier_delete("usr-1", odd).await.expect_err(odd),
            at.identifier_delete(odd, odd).await.expect_err(odd),
        ];
        let names = [&["userID"][..], &["userID"], &["userID"], &["userID"], &["identifierID"], &["userID", "identifierID"]];
        for (error, names) in alone.iter().zip(names) {
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::NotSent), "{odd:?}: {error}");
            assert_eq!(error.violations().iter().filter_map(|violation| violation.vendor_field()).collect::<Vec<_>>(), names, "{odd:?}");
            assert_silent_error("an odd id", error);
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_list_that_is_not_there_is_no_empty_list_and_entries_that_name_nobody_are_none() {
    let listed = async |body: Value| {
        let server = Server::answering(200, &[], &body.to_string()).await;
        at(&server).identifier_list(&ListQuery::default()).await.map(|list| list.into_inner().identifiers.len())
    };
    for nothing in [json!({}), json!({ "identifiers": null, "paging": paging() }), json!({ "identifiers": "none" })] {
        assert_eq!(listed(nothing.clone()).await.expect_err("no list").kind(), ErrorKind::UnexpectedReply, "{nothing}");
    }
    let odd = json!([identifier("ide-1", "email", "jane@doe.com"), { "identifierID": "ide-2" }, 7, { "userID": "usr-2", "identifierID": "ide-3", "type": 7 }]);
    assert_eq!(listed(json!({ "identifiers": odd })).await.expect("a list"), 2);
}

#[tokio::test]
async fn no_id_value_or_name_of_a_call_is_told_or_logged() {
    let log = Log::default();
    for row in rows() {
        let server = Server::answering(200, &[], &row.reply.to_string()).await;
        (row.call)(at(&server), "canary7x").with_subscriber(log.hears(Level::TRACE)).await.expect(row.name);
        let seen = server.only_request();
        let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
        let asked: Vec<String> = url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned()).collect();
        let submitted = serde_json::from_slice(&seen.body).map(|body| canaries(&body).into_keys().collect::<Vec<_>>()).unwrap_or_default();
        let parts = path.split('/').map(str::to_owned).chain(asked).chain(submitted).filter(|part| shown(part).is_some());
        let parts: Vec<String> = parts.collect();
        let whole = format!("{} {} {}", seen.path, parts.join(" and "), String::from_utf8_lossy(&seen.body));
        for (status, text) in [400, 404, 409, 500, 200].into_iter().flat_map(|status| parts.iter().chain([&whole]).map(move |text| (status, text))) {
            let error = json!({
                "message": text, "requestData": { "requestID": text },
                "error": { "type": text, "details": text, "validation": [{ "field": text, "message": text }] },
            });
            // Of a success, the request id alone is told.
            let reply = if status == 200 { row.reply.clone() } else { error };
            let server = Server::answering(status, &[("x-request-id", text), ("location", "/v2/users?filter%5B%5D=canary7x")], &reply.to_string()).await;
            let outcome = (row.call)(at(&server), "canary7x").with_subscriber(log.hears(Level::TRACE)).await;
            if let Err(error) = outcome {
                assert_silent_error(&format!("{} {status}", row.name), &error);
            }
        }
        let logged = log.take();
        assert!(logged.contains("vendor call") && logged.contains("hyper_util"), "{}: {logged}", row.name);
        assert_no_canary(row.name, &logged);
    }
}
