//! No type prints what is secret or personal: each that holds some is filled with canaries and searched for them.

use std::{error::Error, sync::Arc, time::Duration};

use auth_challenge::{
    Answer, Challenge, ChallengeHandle, ChallengeRequest, ClientContext, CredentialAnswer, CredentialKind, ErrorKind, Field, Http, Kept, Method, Personal,
    ProviderId, Registration, RegistrationUser, Rejected, Router, RouterBuilder, Secret, Verification, Verified, Violation,
};
use serde_json::json;

use crate::support::{
    canaries::{CANARY, Examples, assert_silent, assert_silent_error, shown},
    vendors,
};

type Outcome = Result<(), Box<dyn Error>>;

#[test]
fn a_canary_is_found_in_any_form() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    for text in ["a Canary", "+64270000777", "<+64270000777>", "y2+canary"] {
        assert!(shown(text).is_some(), "{text}");
        for before in ["", "x", "xy", "xyz"] {
            assert!(shown(&format!("Basic {}", STANDARD.encode(format!("{before}{}:more", text.to_lowercase())))).is_some(), "{before}{text}");
        }
    }
    for text in ["", "***", "can ary", "+64270000778"] {
        assert_eq!(shown(text), None, "{text}");
    }
}

#[test]
fn no_type_of_a_vendor_prints_what_it_holds() {
    for vendor in vendors::all() {
        let examples = Examples::of(vendor);
        for (schema, check) in vendor.secrecy.types {
            check(&format!("{vendor:?} {schema}"), &examples.example(schema));
        }
        let http = Http::builder().build().expect("a client");
        for (what, value) in (vendor.secrecy.values)(&http) {
            assert_silent(what, &*value);
        }
    }
}

#[test]
fn the_values_themselves_are_not_printed() -> Outcome {
    assert_silent("Secret", &Secret::new(CANARY));
    assert_silent("Personal", &Personal::new(CANARY));
    assert_silent("Kept", &Kept::from(json!({ "canary": ["canary"] })));
    assert_eq!(serde_json::to_value(Secret::new(CANARY))?, CANARY);
    assert_eq!(serde_json::to_value(Personal::new(CANARY))?, CANARY);
    assert_eq!(serde_json::to_value(Kept::from(json!([CANARY])))?, json!([CANARY]));
    Ok(())
}

fn client() -> Result<ClientContext, serde_json::Error> {
    let client: ClientContext = serde_json::from_value(json!({
        "user_agent": "agent-canary", "device_id": "device-canary", "fingerprint": "fingerprint-canary", "environment": "environment-canary",
    }))?;
    Ok(client.with_ip([203, 0, 113, 7]))
}

fn request(method: Method) -> Result<ChallengeRequest, Box<dyn Error>> {
    let metadata = json!({ "canary-key": "canary-value" }).as_object().cloned().ok_or("an object")?;
    let request = ChallengeRequest::new(method)
        .with_user_id("usr-canary")
        .with_user_id_at(ProviderId::AUTHSIGNAL, "user-canary")
        .with_action("login")
        .with_action_key("group-canary")
        .with_client(client()?)
        .with_scope("add:authenticators")
        .with_lifetime(Duration::from_secs(60))
        .with_metadata(metadata);
    Ok(match method {
        Method::Credential(_) => request.with_code("code-canary"),
        method if method.is_to_phone() => request.with_recipient("+canary"),
        _ => request.with_recipient("jane.canary@doe.com"),
    })
}

fn handle(provider: ProviderId, method: Method) -> ChallengeHandle {
    ChallengeHandle::new(provider, method, "id-canary").with_user_id("usr-canary").with_recipient("to-canary").with_text_to_sign("text-canary")
}

fn registration() -> Result<Registration, Box<dyn Error>> {
    let options = json!({ "canary-key": "canary-value" }).as_object().cloned().ok_or("an object")?;
    let user = RegistrationUser { id: "us-canary".into(), name: "canary".into(), display_name: "Canary".into() };
    assert_silent("RegistrationUser", &user);
    Ok(Registration::new(CredentialKind::Fido2, "challenge-canary").with_user(user).with_options(options).with_algorithms(vec![-7]))
}

fn credential(kind: CredentialKind) -> CredentialAnswer {
    CredentialAnswer::new(kind, "laptop", "cred-1", "data-canary", "proof-canary").with_encrypted_private_key("key-canary")
}

#[test]
fn nothing_that_an_application_holds_prints_what_it_holds() -> Outcome {
    for method in Method::ALL {
        assert_silent("ChallengeRequest", &request(method)?);
        assert_silent("ChallengeHandle", &handle(ProviderId::DFNS, method));
    }
    assert_silent("ClientContext", &client()?);
    assert_silent("Registration", &registration()?);
    for answer in [Answer::code(" canary "), Answer::link("canary"), Answer::credential(credential(CredentialKind::RecoveryKey))] {
        assert_silent("Answer", &answer);
    }
    assert_silent("CredentialAnswer", &credential(CredentialKind::Fido2));
    assert_silent("CredentialAnswer", &CredentialAnswer::new(CredentialKind::Key, "name-canary", "id-canary", "data", "proof"));
    assert_silent("Challenge", &Challenge::new(handle(ProviderId::CORBADO, Method::EmailOtp)).with_registration(registration()?));
    let verified = Verified::new(Method::EmailOtp).with_recipient("jane.canary@doe.com").with_user_id("usr-canary");
    assert_silent("Verified", &verified);
    assert_silent("Verification", &Verification::from(verified));
    assert_silent("Rejected", &Verification::from(Rejected::new(auth_challenge::Reason::Other)));
    Ok(())
}

#[test]
fn no_config_client_or_provider_prints_its_credentials() -> Outcome {
    let proxy = "http://user-canary:password-canary@127.0.0.1:9";
    let in_config = json!({ "proxy": proxy }).to_string();
    let mut router: Option<RouterBuilder> = None;
    for vendor in vendors::all() {
        let config = vendor.canary_config("https://vendor.example", &in_config);
        assert_silent("Config", &config);
        let provider = config.build()?;
        assert_silent("what a config builds", &provider);
        router = Some(match router.take() {
            Some(router) => router.with_provider(provider),
            None => Router::builder(provider),
        });

        // Two sections, which a router stands before.
        let mut staging = (vendor.section.canaries)();
        staging["vendor"] = vendor.name.into();
        let sections = json!({ "provider": vendor.name, vendor.name: (vendor.section.canaries)(), "staging": staging, "http": { "proxy": proxy } });
        let config: auth_challenge::Config = serde_json::from_value(sections)?;
        assert_silent("Config", &config);
        assert_silent("what a config builds", &config.build()?);
    }
    assert_silent("Router", &router.map(Arc::new));

    let http = Http::builder().with_proxy(proxy.parse()?);
    assert_silent("HttpBuilder", &http);
    assert_silent("Http", &http.build()?);
    let passed_by =
        Http::builder().with_proxy(format!("socks5://canary:{}@proxy.example", "canary").parse()?).build().expect_err("a proxy that is not spoken to");
    assert_eq!(passed_by.kind(), ErrorKind::Config);
    assert_silent("a proxy of another kind", &passed_by);
    Ok(())
}

#[test]
fn a_config_that_cannot_be_used_is_told_without_its_secrets() -> Outcome {
    for vendor in vendors::all() {
        // Every value of the section begins with a blank, and the proxy is none.
        let mut section = (vendor.section.canaries)();
        let values = section.as_object_mut().ok_or("a section is an object")?;
        let count = values.len();
        values.values_mut().for_each(|value| *value = format!(" {}", value.as_str().unwrap_or_default()).into());
        let config = json!({ "provider": vendor.name, vendor.name: section, "http": { "proxy": "://user-canary:password-canary@127.0.0.1:9" } });
        let config: auth_challenge::Config = serde_json::from_value(config)?;
        let error = config.build().expect_err("it is wrong in many places");
        assert!(error.violations().len() > count, "{error}");
        assert_silent_error("a bad config", &error);
        for url in ["https://user:canary@api.example", "http://canary.example", "https://api.example?canary", "canary"] {
            assert_silent_error(url, &(vendor.section.typed)(url).expect_err(url));
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_refused_before_sending_is_not_echoed() -> Outcome {
    use auth_challenge::ChallengeProviderExt as _;
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    for vendor in vendors::all() {
        let provider = vendor.provider(nowhere);
        let method = vendor.request().method();
        let malformed = [
            ("a bad address", request(Method::EmailOtp)?.with_recipient("canary")),
            ("a bad number", request(Method::SmsOtp)?.with_recipient("canary")),
            ("a blank user agent and a bad number", request(Method::WhatsAppOtp)?.with_client(client()?.with_user_agent(""))),
            ("another kind of method", request(Method::Credential(CredentialKind::Fido2))?.with_code("")),
            ("an unknown scope", request(method)?.with_scope("scope-canary")),
            ("an empty user id", request(method)?.with_user_id("").with_user_id_at(provider.id().clone(), "").with_recipient("canary").with_code("")),
        ];
        for (what, request) in malformed {
            let error = provider.create(&request).await.expect_err(what);
            assert_silent_error(&format!("{vendor:?} {what}"), &error);
        }
        let strange = handle(ProviderId::new("strange"), method);
        assert_silent_error("a strange handle", &provider.verify(&strange, &(vendor.verify.answer)(CANARY)).await.expect_err("it is another's"));
        let misfit = match method.credential_kind() {
            Some(_) => Answer::code("canary"),
            None => Answer::credential(credential(CredentialKind::Key)),
        };
        assert_silent_error("a misfit answer", &provider.verify(&vendor.canary_handle(), &misfit).await.expect_err("it is of another form"));
    }
    Ok(())
}

#[test]
fn an_error_of_ones_own_prints_no_more_than_it_was_given() {
    let error = auth_challenge::Error::invalid(vec![Violation::new(Field::To, "expected an e-mail address")]).with_provider(ProviderId::CORBADO);
    assert_eq!(error.to_string(), "corbado: invalid request: to: expected an e-mail address");
    let vendors = auth_challenge::Error::new(auth_challenge::ErrorKind::InvalidRequest, auth_challenge::SendState::Refused)
        .with_vendor_message("message")
        .with_violations(vec![Violation::at_vendor(Some(Field::To), "identifierValue", "what the vendor wrote")]);
    assert_eq!(vendors.to_string(), "invalid request: to", "the vendor's words stay out of Display");
}

#[cfg(feature = "dfns")]
mod dfns {
    use auth_challenge::dfns::types;

    use super::*;
    use crate::support::canaries::reads_silently;

    #[test]
    fn what_this_release_does_not_know_is_kept_and_not_printed() {
        let unknown = json!({ "kind": "Levitation", "challenge": "canary-1", "deep": { "list": ["canary-2"] } });
        reads_silently::<types::CredentialChallenge>("an unknown variant", &unknown);
        reads_silently::<types::FirstFactor>("an unknown factor", &unknown);
        let answer = json!({ "credentialKind": "Levitation", "credentialInfo": { "secret": "canary-3" } });
        reads_silently::<types::CodeVerifyRequest>("an unknown credential", &answer);

        let examples = Examples::of(vendors::get("dfns"));
        for schema in ["Fido2Challenge", "KeyChallenge", "PasswordProtectedKeyChallenge", "RecoveryKeyChallenge", "PasswordChallenge", "TotpChallenge"] {
            let mut example = examples.example(schema);
            example["later"] = json!({ "deep": ["canary-later"] });
            example["user"]["later"] = json!("canary-user-later");
            example["rp"]["later"] = json!("canary-rp-later");
            reads_silently::<types::CredentialChallenge>(schema, &example);
        }
    }

    #[test]
    fn reading_a_wrong_document_does_not_print_it() {
        let wrong = json!({ "kind": "Fido2", "challengeIdentifier": "canary", "challenge": ["canary"] });
        assert!(serde_json::from_value::<types::CredentialChallenge>(wrong).is_err_and(|error| shown(&error.to_string()).is_none()));
        for json in ["canary", r#"{"credentialKind":"canary","credentialName":"canary"}"#, r#"{"credentialKind":"Key","credentialInfo":{"credId":"canary"}}"#] {
            assert_silent_error(json, &auth_challenge::dfns::answer_from_json(json).expect_err("it is incomplete"));
        }
    }

    #[cfg(feature = "dfns-keys")]
    #[test]
    fn a_key_prints_its_curve_alone() -> Outcome {
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINhxBRLgafzUeog7wGQB4KjvCC9LbbgGRHZeJy+gsTSG\n-----END PRIVATE KEY-----\n";
        let key = auth_challenge::dfns::key::Key::from_pem(pem)?;
        assert_eq!(format!("{key:?}"), "Key { curve: \"Ed25519\", .. }");
        let secret_bytes = [0xd8, 0x71, 0x05, 0x12];
        for text in [format!("{key:?}"), format!("{key:#?}")] {
            assert!(!text.contains("2HEFEu") && !text.contains(&format!("{secret_bytes:?}")[1..15]), "{text}");
        }
        Ok(())
    }
}
