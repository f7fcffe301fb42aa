//! Handles: what was kept comes back whole, in this release and the next, and what is no handle is refused before anything is sent.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, CredentialKind, ErrorKind, Method, ProviderId, Router,
    Secret, SendState, Verification, async_trait,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Reserved, vendors};

type Outcome = Result<(), Box<dyn Error>>;

/// The name and the kind that a handle of a method has in its stored form.
fn stored(method: Method) -> (&'static str, Option<&'static str>) {
    (method.as_str(), method.credential_kind().map(CredentialKind::as_str))
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// All that a handle tells.
fn told(handle: &ChallengeHandle) -> (String, Method, String, Option<SystemTime>, [Option<String>; 4]) {
    (
        handle.provider().to_string(),
        handle.method(),
        handle.challenge_id().expose().to_owned(),
        handle.expires_at(),
        [handle.user_id(), handle.recipient(), handle.locale(), handle.text_to_sign().map(Secret::expose)].map(|text| text.map(str::to_owned)),
    )
}

#[test]
fn a_handle_of_every_method_is_kept_in_the_documented_form_and_comes_back() -> Outcome {
    for method in Method::ALL {
        let (name, kind) = stored(method);
        let handle = ChallengeHandle::new(ProviderId::new("corbado-2"), method, "chl-1")
            .with_user_id("usr-1")
            .with_recipient("jane@doe.com")
            .with_locale("de")
            .with_expires_at(at(1_700_000_000))
            .with_text_to_sign("to sign");
        let mut expected = json!({
            "v": 1, "provider": "corbado-2", "method": name, "challenge_id": "chl-1", "user_id": "usr-1", "to": "jane@doe.com", "locale": "de", "expires_at": 1_700_000_000, "to_sign": "to sign",
        });
        if let Some(kind) = kind {
            expected["kind"] = kind.into();
        }
        let kept = serde_json::to_value(&handle)?;
        assert_eq!(kept, expected, "{method}");
        let back: ChallengeHandle = serde_json::from_value(kept)?;
        assert_eq!(told(&back), told(&handle), "{method}");
    }
    Ok(())
}

#[test]
fn a_handle_of_few_words_has_no_empty_members() -> Outcome {
    let handle = ChallengeHandle::new(ProviderId::AUTHSIGNAL, Method::SmsOtp, "id");
    assert_eq!(serde_json::to_value(&handle)?, json!({ "v": 1, "provider": "authsignal", "method": "sms_otp", "challenge_id": "id" }));
    Ok(())
}

#[test]
fn an_expiry_is_kept_in_whole_seconds() -> Outcome {
    let handle = ChallengeHandle::new(ProviderId::AUTHSIGNAL, Method::SmsOtp, "id").with_expires_at(at(1_700_000_000) + Duration::from_millis(999));
    let back: ChallengeHandle = serde_json::from_str(&serde_json::to_string(&handle)?)?;
    assert_eq!(back.expires_at(), Some(at(1_700_000_000)));
    Ok(())
}

#[test]
fn an_expiry_that_is_nobodys_is_dropped_and_the_handle_still_reads() -> Outcome {
    for expires_at in [0, 253_402_300_800, u64::MAX] {
        let handle: ChallengeHandle =
            serde_json::from_value(json!({ "v": 1, "provider": "dfns", "method": "sms_otp", "challenge_id": "id", "expires_at": expires_at }))?;
        assert_eq!(handle.expires_at(), None, "{expires_at}");
    }
    let before = ChallengeHandle::new(ProviderId::DFNS, Method::SmsOtp, "id").with_expires_at(SystemTime::UNIX_EPOCH - Duration::from_secs(1));
    assert!(serde_json::to_value(&before)?["expires_at"].is_null());
    Ok(())
}

#[test]
fn a_handle_of_a_later_release_reads() -> Outcome {
    for (version, more) in [(1, json!("later")), (2, json!({ "deep": [1, null] })), (u32::MAX, json!(null))] {
        let kept = json!({
            "more": more, "v": version, "provider": "authsignal", "method": "email_otp", "challenge_id": "id", "user_id": null, "hops": ["corbado"],
        });
        let handle: ChallengeHandle = serde_json::from_value(kept)?;
        assert_eq!(told(&handle), ("authsignal".to_owned(), Method::EmailOtp, "id".to_owned(), None, [const { None }; 4]), "{version}");
    }
    Ok(())
}

#[test]
fn what_is_no_handle_is_refused() {
    let good = json!({ "v": 1, "provider": "corbado", "method": "credential", "kind": "Key", "challenge_id": "id" });
    assert!(serde_json::from_value::<ChallengeHandle>(good.clone()).is_ok(), "the table starts from a handle that reads");
    let with = |member: &str, value: Value| {
        let mut bad = good.clone();
        bad[member] = value;
        bad
    };
    let mut table = vec![json!(null), json!(1), json!("corbado"), json!([]), json!({}), json!([1, "corbado", "email_otp"])];
    for member in ["v", "provider", "method", "kind", "challenge_id"] {
        let mut bad = good.clone();
        bad.as_object_mut().expect("a handle is an object").remove(member);
        table.push(bad);
    }
    for (member, values) in [
        ("v", vec![json!(0), json!(-1), json!(1.5), json!("1"), json!(null), json!(u64::MAX)]),
        ("provider", vec![json!(1), json!(null), json!(["corbado"])]),
        ("method", vec![json!("carrier_pigeon"), json!("Email_OTP"), json!(""), json!(3), json!(null)]),
        ("kind", vec![json!("Password"), json!("fido2"), json!(""), json!(1)]),
        ("challenge_id", vec![json!(""), json!(1), json!(null), json!({ "id": "id" })]),
        ("user_id", vec![json!(1), json!(["usr-1"])]),
        ("expires_at", vec![json!("soon"), json!(-1), json!(1.5)]),
        ("to_sign", vec![json!(1), json!([])]),
    ] {
        table.extend(values.into_iter().map(|value| with(member, value)));
    }
    for bad in table {
        assert!(serde_json::from_value::<ChallengeHandle>(bad.clone()).is_err(), "{bad}");
    }
    for garbage in ["", "{", "null", "\"", "\u{feff}{}", "v=1&provider=corbado", "{\"v\":1,\"v\":2}", "\0"] {
        assert!(serde_json::from_str::<ChallengeHandle>(garbage).is_err(), "{garbage:?}");
    }
}

proptest! {
    #[test]
    fn any_handle_comes_back_as_it_was(
        provider in any::<String>(),
        method in prop::sample::select(Method::ALL.as_slice()),
        challenge_id in any::<String>().prop_filter("a handle names a challenge", |id| !id.is_empty()),
        user_id in any::<Option<String>>(),
        recipient in any::<Option<String>>(),
        locale in any::<Option<String>>(),
        seconds in prop::option::of(1..=253_402_300_799_u64),
        to_sign in any::<Option<String>>(),
    ) {
        let mut handle = ChallengeHandle::new(ProviderId::new(provider), method, challenge_id);
        if let Some(id) = user_id {
            handle = handle.with_user_id(id);
        }
        if let Some(recipient) = recipient {
            handle = handle.with_recipient(recipient);
        }
        if let Some(locale) = locale {
            handle = handle.with_locale(locale);
        }
        if let Some(seconds) = seconds {
            handle = handle.with_expires_at(at(seconds));
        }
        if let Some(text) = to_sign {
            handle = handle.with_text_to_sign(text);
        }
        let back: ChallengeHandle = serde_json::from_str(&serde_json::to_string(&handle)?)?;
        prop_assert_eq!(told(&back), told(&handle));
    }

    #[test]
    fn no_text_makes_reading_a_handle_panic(text in any::<String>(), v in any::<i64>(), method in any::<String>(), expires_at in any::<i64>()) {
        prop_assert!(serde_json::from_str::<ChallengeHandle>(&text).is_err());
        let members = json!({ "v": v, "provider": &text, "method": &method, "kind": &method, "challenge_id": &text, "expires_at": expires_at });
        let known = Method::names().any(|name| name == method);
        prop_assert!(known || serde_json::from_value::<ChallengeHandle>(members).is_err());
    }
}

#[test]
fn debug_shows_provider_and_method_alone() {
    let handle = ChallengeHandle::new(ProviderId::DFNS, Method::Credential(CredentialKind::Key), "canary-id")
        .with_user_id("canary-user")
        .with_text_to_sign("canary-text")
        .with_expires_at(at(1_700_000_000));
    assert_eq!(format!("{handle:?}"), "ChallengeHandle { provider: \"dfns\", method: Credential(Key) }");
    assert!(!format!("{handle:#?}").contains("canary"));
}

/// A provider that counts nothing and answers nothing: reaching it is the mistake.
#[derive(Debug)]
struct Unreachable(ProviderId, Capabilities);

#[async_trait]
impl ChallengeProvider for Unreachable {
    fn id(&self) -> ProviderId {
        self.0.clone()
    }

    fn capabilities(&self) -> Capabilities {
        self.1.clone()
    }

    async fn create_with(&self, _: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, auth_challenge::Error> {
        Err(auth_challenge::Error::new(ErrorKind::Connect, SendState::NotSent))
    }

    async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, auth_challenge::Error> {
        Err(auth_challenge::Error::new(ErrorKind::Connect, SendState::NotSent))
    }

    async fn resend_with(&self, _: &ChallengeHandle, _: &CallOptions) -> Result<Challenge, auth_challenge::Error> {
        Err(auth_challenge::Error::new(ErrorKind::Connect, SendState::NotSent))
    }
}

fn unreachable_provider(name: &str) -> Arc<dyn ChallengeProvider> {
    Arc::new(Unreachable(ProviderId::new(name), Capabilities::new(Vec::new())))
}

fn answer(handle: &ChallengeHandle) -> Answer {
    match handle.method() {
        Method::Credential(kind) => Answer::credential(auth_challenge::CredentialAnswer::new(kind, "name", "id", "data", "proof")),
        _ => Answer::code("123456"),
    }
}

#[tokio::test]
async fn a_router_refuses_the_handle_of_a_provider_that_is_not_configured() {
    let router = Router::builder(unreachable_provider("one")).with_provider(unreachable_provider("two")).build().expect("a router");
    let strange = ChallengeHandle::new(ProviderId::new("three"), Method::EmailOtp, "id");
    let options = CallOptions::default();
    let verified = router.verify_with(&strange, &answer(&strange), &options).await.expect_err("nobody made it");
    let resent = router.resend_with(&strange, &options).await.expect_err("nobody made it");
    for (error, operation) in [(verified, "verify"), (resent, "resend")] {
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent), "{operation}");
        assert_eq!(error.operation(), Some(operation));
    }
    for name in ["one", "two"] {
        let handle = ChallengeHandle::new(ProviderId::new(name), Method::EmailOtp, "id");
        let reached = router.verify_with(&handle, &answer(&handle), &options).await.expect_err("the provider has no answer");
        assert_eq!(reached.kind(), ErrorKind::Connect, "{name} made it, so {name} is asked");
    }
}

#[tokio::test]
async fn a_vendor_asks_its_server_about_its_own_handle() {
    // What is sent to nobody ends as `Connect`.
    let nobody = Reserved::new();
    for vendor in vendors::all() {
        let provider = vendor.provider(nobody.address());
        let error = provider.verify_with(&vendor.handle(), &vendor.answer(), &CallOptions::default()).await.expect_err("nobody listens");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{vendor:?}: {error}");
    }
}

#[tokio::test]
async fn a_vendor_refuses_the_handle_of_every_other_instance_before_any_io() {
    let nobody = Reserved::new();
    for vendor in vendors::all() {
        let provider = vendor.provider(nobody.address());
        let second = format!("{}-2", vendor.name);
        let others = vendors::all().into_iter().map(|other| other.name).filter(|name| *name != vendor.name);
        for other in others.chain([second.as_str(), ""]) {
            let strange = vendor.handle_with("provider", other.into());
            let error = provider.verify_with(&strange, &vendor.answer(), &CallOptions::default()).await.expect_err("it is another's");
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent), "{vendor:?} of {other}");
            assert_eq!((error.provider().map(ProviderId::as_str), error.operation()), (Some(vendor.name), Some("verify")), "{vendor:?} of {other}");
            let error = provider.resend_with(&strange, &CallOptions::default()).await.expect_err("it is another's");
            let expected = if vendor.can_resend { ErrorKind::Handle } else { ErrorKind::Unsupported };
            assert_eq!((error.kind(), error.send_state()), (expected, SendState::NotSent), "{vendor:?} of {other}");
        }
    }
}

/// A handle with every member, and one with those that every handle has.
fn full_and_bare() -> [ChallengeHandle; 2] {
    let bare = ChallengeHandle::new(ProviderId::new("corbado"), Method::Credential(CredentialKind::Key), "cha-1");
    let full = bare.clone().with_user_id("usr-1").with_recipient("jane@doe.com").with_locale("de").with_expires_at(at(1_900_000_000)).with_text_to_sign("text");
    [full, bare]
}

#[test]
fn a_handle_comes_back_from_any_format() -> Outcome {
    for handle in full_and_bare() {
        let back: [ChallengeHandle; 5] = [
            serde_json::from_value(serde_json::to_value(&handle)?)?,
            rmp_serde::from_slice(&rmp_serde::to_vec(&handle)?)?,
            rmp_serde::from_slice(&rmp_serde::to_vec_named(&handle)?)?,
            postcard::from_bytes(&postcard::to_allocvec(&handle)?)?,
            minicbor_serde::from_slice(&minicbor_serde::to_vec(&handle)?)?,
        ];
        for back in back {
            assert_eq!(told(&back), told(&handle));
        }
    }
    Ok(())
}

#[test]
fn what_is_no_handle_is_refused_and_not_quoted_in_any_format() -> Outcome {
    let compact = full_and_bare()[0].to_compact();
    let texts =
        [serde_json::to_string(&compact)?, "271828182".to_owned(), "2.71828182".to_owned(), "[\"271828182\"]".to_owned(), format!("\"{}\"", "71828".repeat(9))];
    for json in texts {
        let error = serde_json::from_str::<ChallengeHandle>(&json).expect_err("no handle").to_string();
        assert!(!error.contains("71828") && !error.contains(&compact[..16]), "{error}");
    }
    let texts = [rmp_serde::to_vec(&compact)?, rmp_serde::to_vec(&271_828_182)?, rmp_serde::to_vec(&["corbado", "71828"])?];
    for bytes in texts {
        let error = rmp_serde::from_slice::<ChallengeHandle>(&bytes).expect_err("no handle").to_string();
        assert!(!error.contains("71828") && !error.contains(&compact[..16]), "{error}");
    }
    Ok(())
}

#[test]
fn what_is_wrong_in_a_handle_is_not_quoted() {
    for (member, value) in [
        ("v", "\"271828182\""),
        ("v", "-271828182"),
        ("provider", "271828182"),
        ("method", "271828182"),
        ("kind", "271828182"),
        ("challenge_id", "271828182"),
        ("challenge_id", "2.71828182"),
        ("user_id", "271828182"),
        ("to", "271828182"),
        ("locale", "271828182"),
        ("expires_at", "\"271828182\""),
        ("expires_at", "2.71828182"),
        ("to_sign", "[271828182]"),
        ("to_sign", "{\"a\":271828182}"),
    ] {
        let mut handle = json!({ "v": 1, "provider": "authsignal", "method": "credential", "kind": "Key", "challenge_id": "c" });
        handle[member] = serde_json::from_str(value).expect("JSON");
        let error = serde_json::from_str::<ChallengeHandle>(&handle.to_string()).expect_err("no handle").to_string();
        assert!(!error.contains("71828"), "{error}");
    }
}

#[test]
fn a_compact_handle_has_the_documented_size_and_reads_back() {
    for vendor in vendors::all() {
        let (handle, most) = (vendor.verify.longest_handle)();
        let handle = handle.with_expires_at(at(1_900_000_000));
        let text = handle.to_compact();
        assert!(text.len() <= most, "{} bytes for {handle:?}", text.len());
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        let back = ChallengeHandle::from_compact(&text).expect("the handle");
        assert_eq!(serde_json::to_value(&back).expect("JSON"), serde_json::to_value(&handle).expect("JSON"));
    }
    for text in ["", "x", "e30", "!!", "ä", "bm8", "eyJ2IjoxfQ=="] {
        let error = ChallengeHandle::from_compact(text).expect_err("no handle");
        assert_eq!(error.kind(), auth_challenge::ErrorKind::Handle);
    }
}
