//! Authsignal's webhooks: who signed them and when, and what they tell. That the double sends them is in `tests/doubles/webhooks.rs`.

use std::time::{Duration, SystemTime};

use auth_challenge::{
    Secret,
    authsignal::{
        types::VerificationMethod,
        webhook::{self, ChallengeLog, Delivery, Event, EventKind, MessageToSend, Verifier, WebhookError},
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Signed by `printf '%s' "1795168800.$BODY" | openssl dgst -sha256 -hmac whs_0123456789abcdef -binary | base64`, without the padding.
const SIGNATURE: &str = "zDIIHHpB8AXGpptNgkERiQh19U3UZyM6EJajdyfxAD0";
const BODY: &str = concat!(
    r#"{"version":1,"id":"0b9d3c1e-3f0a-4a53-9a3f-6d1c2b7e8f10","source":"https://authsignal.com","time":"2026-11-20T10:00:00.000Z","#,
    r#""tenantId":"5e3c0f9a-1111-4222-8333-444455556666","type":"sms.created","data":{"to":"+64270000777","code":"482913"}}"#
);
const SENT: u64 = 1_795_168_800;

fn key() -> Secret {
    Secret::new("whs_0123456789abcdef")
}

fn header() -> String {
    format!("t={SENT},v2={SIGNATURE}")
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The error of a request with the right key at the right time; none where it is accepted.
fn refusal(header: &str, body: &str) -> Option<WebhookError> {
    webhook::verify(header, body.as_bytes(), [&key()], at(SENT)).err()
}

/// The one event of a body that is signed for the purpose.
fn only(body: &Value) -> Event {
    let events = events(&body.to_string());
    let [event] = events.as_slice() else { panic!("expected one event: {events:?}") };
    event.clone()
}

fn events(body: &str) -> Vec<Event> {
    let signature = webhook::sign(&key(), body.as_bytes(), at(SENT));
    webhook::verify(&signature, body.as_bytes(), [&key()], at(SENT)).expect("events")
}

fn message(event: &Event) -> &MessageToSend {
    match &event.kind {
        EventKind::SmsCreated(message) | EventKind::EmailCreated(message) => message,
        other => panic!("expected a message: {other:?}"),
    }
}

fn log(event: &Event) -> &ChallengeLog {
    match &event.kind {
        EventKind::ChallengeLog(log) => log,
        other => panic!("expected an entry of a log: {other:?}"),
    }
}

#[test]
fn what_openssl_signed_is_accepted_and_signed_alike() {
    let events = webhook::verify(&header(), BODY.as_bytes(), [&key()], at(SENT)).expect("an event");
    let message = message(&events[0]);
    assert_eq!(message.to.as_ref().map(|to| to.as_str()), Some("+64270000777"));
    assert_eq!(message.code.as_ref().map(Secret::expose), Some("482913"));
    assert_eq!(webhook::sign(&key(), BODY.as_bytes(), at(SENT)), header());
    assert_eq!(webhook::SIGNATURE_HEADER, "X-Signature-V2".to_ascii_lowercase());
}

#[test]
fn what_was_signed_by_another_key_or_changed_on_the_way_is_refused() {
    let with = |keys: &[Secret]| webhook::verify(&header(), BODY.as_bytes(), keys, at(SENT)).err();
    for keys in [&[][..], &[Secret::new("")], &[Secret::new("whs_0123456789abcdeg")], &[Secret::new("a"), Secret::new("b")]] {
        assert_eq!(with(keys), Some(WebhookError::WrongSignature), "{} keys", keys.len());
    }
    let later = header().replace("1795168800", "1795168801");
    let spaced = BODY.replace("\":", "\": ");
    for (header, body) in [(&*header(), &BODY[..BODY.len() - 1]), (&header(), &format!("{BODY} ")), (&header(), &spaced), (&later, BODY), (&header(), "")] {
        assert_eq!(refusal(header, body), Some(WebhookError::WrongSignature), "{header} {body}");
    }
    for index in 0..SIGNATURE.len() {
        let other = if SIGNATURE.as_bytes()[index] == b'A' { "Q" } else { "A" };
        let changed = format!("t={SENT},v2={}{other}{}", &SIGNATURE[..index], &SIGNATURE[index + 1..]);
        assert_eq!(refusal(&changed, BODY), Some(WebhookError::WrongSignature), "{changed}");
    }
}

#[test]
fn an_empty_key_is_no_key_even_where_the_signature_is_made_with_it() {
    let nobody = Secret::new("");
    let signature = webhook::sign(&nobody, BODY.as_bytes(), at(SENT));
    assert_eq!(webhook::verify(&signature, BODY.as_bytes(), [&nobody], at(SENT)).err(), Some(WebhookError::WrongSignature));
}

#[test]
fn five_minutes_to_the_nanosecond_are_tolerated_in_both_directions() {
    let verify = |now| webhook::verify(&header(), BODY.as_bytes(), [&key()], now).err();
    let (nanosecond, minutes) = (Duration::from_nanos(1), Duration::from_secs(300));
    for (now, expected) in [
        (at(SENT) + minutes, None),
        (at(SENT) + minutes + nanosecond, Some(WebhookError::TooOld)),
        (at(SENT) - minutes, None),
        (at(SENT) - minutes - nanosecond, Some(WebhookError::TooNew)),
        (at(0), Some(WebhookError::TooNew)),
        (at(0) - minutes, Some(WebhookError::TooNew)),
        (at(SENT * 100), Some(WebhookError::TooOld)),
    ] {
        assert_eq!(verify(now), expected, "{now:?}");
    }
    // The signature counts first: who has no key learns nothing of clocks.
    let old = webhook::verify(&header(), b"{}", [&key()], at(SENT) + minutes * 2);
    assert_eq!(old.err(), Some(WebhookError::WrongSignature));
}

#[test]
fn a_tolerance_of_ones_own_counts_as_exactly() {
    for (tolerance, late, expected) in [
        (Duration::ZERO, Duration::ZERO, None),
        (Duration::ZERO, Duration::from_nanos(1), Some(WebhookError::TooOld)),
        (Duration::from_secs(600), Duration::from_secs(600), None),
        (Duration::MAX, Duration::from_secs(SENT), None),
    ] {
        let verifier = Verifier::new(key()).with_tolerance(tolerance);
        assert_eq!(verifier.verify(&header(), BODY.as_bytes(), at(SENT) + late).err(), expected, "{tolerance:?} {late:?}");
    }
}

#[test]
fn keys_are_exchanged_without_a_gap_at_either_side() {
    let (old, new) = (Secret::new("old"), key());
    for keys in [vec![&old, &new], vec![&new, &old], vec![&new]] {
        assert!(webhook::verify(&header(), BODY.as_bytes(), keys, at(SENT)).is_ok());
    }
    assert!(Verifier::new("old").with_key(key()).verify(&header(), BODY.as_bytes(), at(SENT)).is_ok());
    // The vendor signs with each of its keys, and one of them is known here.
    let of_old = webhook::sign(&old, BODY.as_bytes(), at(SENT));
    let of_old = of_old.split_once(",v2=").expect("a signature").1;
    for header in [format!("t={SENT},v2={of_old},v2={SIGNATURE}"), format!("t={SENT},v2={SIGNATURE},v2={of_old}"), format!("{},v2=no base64", header())] {
        assert_eq!(refusal(&header, BODY), None, "{header}");
    }
}

#[test]
fn a_header_of_another_form_is_told_from_a_wrong_signature() {
    let (malformed, wrong) = (Some(WebhookError::MalformedHeader), Some(WebhookError::WrongSignature));
    for (header, expected) in [
        (String::new(), malformed),
        (",".into(), malformed),
        ("t".into(), malformed),
        (format!("t={SENT}"), malformed),
        (format!("v2={SIGNATURE}"), malformed),
        (format!("t={SENT},v1={SIGNATURE}"), malformed),
        (format!("t={SENT},{SIGNATURE}"), malformed),
        (format!("{},", header()), malformed),
        (format!("t={SENT},{}", header()), malformed),
        (format!("t=,v2={SIGNATURE}"), malformed),
        (format!("t=-{SENT},v2={SIGNATURE}"), malformed),
        (format!("t=+{SENT},v2={SIGNATURE}"), malformed),
        (format!("t={SENT}.0,v2={SIGNATURE}"), malformed),
        (format!("t=١٢,v2={SIGNATURE}"), malformed),
        (format!("t=18446744073709551616,v2={SIGNATURE}"), malformed),
        (format!("T={SENT},V2={SIGNATURE}"), malformed),
        (format!("t={SENT},v2="), wrong),
        (format!("t={SENT},v2=!"), wrong),
        (format!("t={SENT},v2={}", &SIGNATURE[1..]), wrong),
        (format!("t={SENT},v2={SIGNATURE}AAAA"), wrong),
        (format!("t=0{SENT},v2={SIGNATURE}"), wrong),
        // What is not the vendor's spelling and means the same.
        (format!("v2={SIGNATURE},t={SENT}"), None),
        (format!("t={SENT}, v2={SIGNATURE}="), None),
        (format!("t={SENT},v1=old,v3=new,v2={SIGNATURE}"), None),
    ] {
        assert_eq!(refusal(&header, BODY), expected, "{header}");
    }
}

#[test]
fn a_signed_time_that_no_clock_shows_is_too_new() {
    // Signed with this key over 18446744073709551615.{}, by openssl.
    let header = "t=18446744073709551615,v2=mrPWB2S/JmAFdHorGEUKYUMubcuT9+hz9dNjobEfZZQ";
    assert_eq!(webhook::verify(header, b"{}", [&key()], at(SENT)).err(), Some(WebhookError::TooNew));
}

#[test]
fn a_signed_body_that_is_no_object_is_told_as_such() {
    for body in ["", "null", "7", "[]", "{", "\"{}\""] {
        let signature = webhook::sign(&key(), body.as_bytes(), at(SENT));
        assert_eq!(refusal(&signature, body), Some(WebhookError::UnreadableBody), "{body}");
    }
}

#[test]
fn every_event_of_a_batch_comes_in_its_order() {
    let record = |id: &str, log_type: &str| json!({ "id": id, "type": "challenge.log_created", "record": { "type": log_type } });
    let body = json!({ "records": [record("1", "SMS_SENT"), { "id": "2", "type": "action.log_created", "record": {} }, 7, record("3", "SMS_DELIVERED")] });
    let events = events(&body.to_string());
    let ids: Vec<_> = events.iter().map(|event| event.id.as_deref()).collect();
    assert_eq!(ids, [Some("1"), Some("2"), None, Some("3")]);
    assert_eq!((log(&events[0]).delivery(), log(&events[3]).delivery()), (Delivery::Sent, Delivery::Delivered));
    assert!(matches!(events[1].kind, EventKind::Other) && events[1].event_type == "action.log_created");
    assert_eq!(events[2].raw.value(), &json!(7));
    assert!(self::events(r#"{"records":[]}"#).is_empty());
}

#[test]
fn every_documented_member_is_there() {
    let email = only(&json!({
        "version": 1, "id": "e-1", "source": "https://authsignal.com", "time": "2026-11-20T10:00:00.250Z", "tenantId": "tenant-1", "type": "email.created",
        "data": {
            "to": "jane@doe.com", "code": "123456", "url": "https://mfa.example/?token=x", "userId": "user-1", "idempotencyKey": "key-1", "actionCode": "login",
            "userAgent": "Mozilla/5.0", "timezone": "Pacific/Auckland", "ipAddress": "203.0.113.7", "locale": "en", "verificationMethod": "EMAIL_OTP",
        },
    }));
    assert_eq!((email.id.as_deref(), email.tenant_id.as_deref()), (Some("e-1"), Some("tenant-1")));
    assert_eq!(email.time, Some(at(SENT) + Duration::from_millis(250)));
    assert!(matches!(email.kind, EventKind::EmailCreated(_)));
    let message = message(&email);
    let personal = [&message.to, &message.user_id, &message.ip_address].map(|member| member.as_ref().map(|member| member.as_str().to_owned()));
    assert_eq!(personal, ["jane@doe.com", "user-1", "203.0.113.7"].map(|text| Some(text.to_owned())));
    let secret = [&message.code, &message.url].map(|member| member.as_ref().map(|member| member.expose().to_owned()));
    assert_eq!(secret, ["123456", "https://mfa.example/?token=x"].map(|text| Some(text.to_owned())));
    let plain = [&message.idempotency_key, &message.action, &message.user_agent, &message.timezone, &message.locale];
    assert_eq!(plain.map(Option::as_deref), ["key-1", "login", "Mozilla/5.0", "Pacific/Auckland", "en"].map(Some));
    assert_eq!(message.verification_method, Some(VerificationMethod::EmailOtp));

    let entry = only(&json!({
        "type": "challenge.log_created",
        "record": {
            "tenantId": "tenant-1", "userId": "user-1", "actionCode": "login", "idempotencyKey": "key-1", "createdAt": "2026-11-20T10:00:00Z",
            "type": "SMS_SEND_DOWNSTREAM_FAILED", "verificationMethod": "SMS", "email": "jane@doe.com", "phoneNumber": "+64270000777",
            "errorDescription": "no route to +64270000777", "statusCode": "502",
        },
    }));
    let log = log(&entry);
    assert_eq!((log.created_at, log.delivery(), log.recipient()), (Some(at(SENT)), Delivery::SendFailed, Some("+64270000777")));
    let personal = [&log.user_id, &log.email, &log.error_description].map(|member| member.as_ref().map(|member| member.as_str().to_owned()));
    assert_eq!(personal, ["user-1", "jane@doe.com", "no route to +64270000777"].map(|text| Some(text.to_owned())));
    let plain = [&log.log_type, &log.idempotency_key, &log.action, &log.status_code];
    assert_eq!(plain.map(Option::as_deref), ["SMS_SEND_DOWNSTREAM_FAILED", "key-1", "login", "502"].map(Some));
    assert_eq!(log.verification_method, Some(VerificationMethod::Sms));

    let numbered =
        only(&json!({ "type": "challenge.log_created", "record": { "tenantId": "tenant-1", "type": "SMS_SEND_DOWNSTREAM_FAILED", "statusCode": 502 } }));
    assert_eq!(self::log(&numbered).status_code.as_deref(), Some("502"));
}

#[test]
fn an_entry_of_the_log_tells_where_a_message_is_or_that_it_is_about_something_else() {
    for (log_type, expected) in [
        ("SMS_SENT", Delivery::Sent),
        ("WHATSAPP_SENT", Delivery::Sent),
        ("EMAIL_OTP_SENT", Delivery::Sent),
        ("EMAIL_MAGIC_LINK_SENT", Delivery::Sent),
        ("SMS_DELIVERED", Delivery::Delivered),
        ("SMS_NOT_DELIVERED", Delivery::NotDelivered),
        ("EMAIL_OTP_SEND_DOWNSTREAM_FAILED", Delivery::SendFailed),
        ("SMS_CODE_VALID", Delivery::Other),
        ("SMS_NOT_SENT", Delivery::Other),
        ("sms_sent", Delivery::Other),
        ("", Delivery::Other),
    ] {
        let event = only(&json!({ "type": "challenge.log_created", "record": { "type": log_type } }));
        assert_eq!(log(&event).delivery(), expected, "{log_type}");
    }
}

#[test]
fn no_odd_member_takes_an_event_or_another_member_with_it() {
    for (body, event_type) in [
        (json!({}), ""),
        (json!({ "type": 7 }), ""),
        (json!({ "type": "passkey.danced", "id": "1", "data": { "new": [] } }), "passkey.danced"),
        (json!({ "type": "challenge.log_created" }), "challenge.log_created"),
        (json!({ "type": "sms.created", "data": "text" }), "sms.created"),
        (json!({ "records": { "type": "sms.created" }, "type": "sms.created" }), "sms.created"),
    ] {
        let event = only(&body);
        assert_eq!((event.event_type.as_str(), event.raw.value()), (event_type, &body));
    }
    let event = only(&json!({
        "version": "one", "id": 7, "time": "yesterday", "tenantId": null, "type": "sms.created", "surprise": true,
        "data": { "to": "+64270000777", "code": 482913, "userId": {}, "locale": [], "verificationMethod": "CARRIER PIGEON", "actionCode": false },
    }));
    assert_eq!((&event.id, &event.tenant_id, event.time), (&None, &None, None));
    let message = message(&event);
    assert_eq!(message.to.as_ref().map(|to| to.as_str()), Some("+64270000777"));
    assert!(message.code.is_none() && message.user_id.is_none() && message.locale.is_none() && message.action.is_none());
    assert_eq!(message.verification_method, Some(VerificationMethod::Unknown("CARRIER PIGEON".into())));
    assert_eq!(event.raw.value()["data"]["code"], 482913);
    // A number that no program can hold spoils itself alone.
    let events = events(r#"{"type":"sms.created","id":"1","data":{"to":"+64270000777","n":1e999}}"#);
    assert_eq!((events[0].id.as_deref(), self::message(&events[0]).to.is_some()), (Some("1"), true));
}

#[test]
fn nobody_is_named_and_no_code_is_shown() {
    let data = |name: &str| {
        json!({
            "to": "canary-to@doe.com", "code": "canary-code", "url": "https://canary-url", "userId": "canary-user", "ipAddress": "canary-ip", "email": "canary@doe.com",
            "phoneNumber": "+canary", "errorDescription": "canary-error", "type": "SMS canary@doe.com", "verificationMethod": "canary@doe.com", "statusCode": "canary",
            "unknown": "canary-unknown", "idempotencyKey": "login-canary", "userAgent": "canary", "timezone": "canary", "actionCode": name,
        })
    };
    for (event_type, shown) in
        [("sms.created", "login"), ("email.created", "login"), ("challenge.log_created", "login"), ("user.canary@doe.com", "Event"), ("other", "other")]
    {
        let event = only(&json!({ "type": event_type, "id": "canary@doe.com", "source": "canary", "tenantId": "canary", "data": data("login") }));
        for text in [format!("{event:?}"), format!("{event:#?}")] {
            assert!(text.contains(shown) && !text.contains("canary"), "{text}");
        }
    }
    let verifier = Verifier::new("canary-key").with_key("canary-older");
    let error = verifier.verify("t=1,v2=canary", b"canary", at(SENT)).expect_err("a wrong signature");
    let text = format!("{verifier:?} {error:?} {error}");
    assert!(text.contains("WrongSignature no signature fits any key") && !text.contains("canary"), "{text}");
}

proptest! {
    #[test]
    fn no_header_and_no_body_makes_it_panic_or_passes_without_the_key(
        header in prop_oneof![".*", "t=[0-9]{0,20},v2=[A-Za-z0-9+/=]{0,50}(,v[0-9]=.{0,10}){0,3}"],
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(webhook::verify(&header, &body, [&key()], at(SENT)).is_err());
    }

    #[test]
    fn whatever_is_signed_is_read_or_no_object(body in prop_oneof![
        r#"\{("(id|type|data|record|records|time)":("[a-z.0-9:-]{0,20}"|[0-9]{1,20}|\[\]|\{\}|null),?){0,5}\}"#.prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..200),
    ]) {
        let signature = webhook::sign(&key(), &body, at(SENT));
        let read = webhook::verify(&signature, &body, [&key()], at(SENT));
        prop_assert!(matches!(read, Ok(_) | Err(WebhookError::UnreadableBody)), "{:?}", read);
        let _ = format!("{read:?}");
    }
}
