//! No secret and nothing personal is printed: every type that holds some is filled with canaries and searched for them.
#![cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns", feature = "toml"))]

use std::{collections::BTreeMap, error::Error, fmt::Debug, sync::Arc, time::Duration};

use auth_challenge::{
    Answer, BasicCredentials, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt as _, ChallengeRequest, ClientContext, Config,
    CredentialAnswer, CredentialKind, Http, Kept, Method, Personal, ProviderId, Registration, RegistrationUser, Rejected, RelyingParty, Router, Secret,
    Verification, Verified, Violation,
    authsignal::{self, Authsignal, AuthsignalConfig, ChallengeQuery},
    corbado::{self, Corbado, CorbadoConfig},
    dfns::{self, Dfns, DfnsConfig},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

type Outcome = Result<(), Box<dyn Error>>;

const CANARY: &str = "canary";

/// Fails where a value shows a canary, plain or spread over lines.
fn assert_silent(what: &str, value: &dyn Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.is_empty() && !text.to_ascii_lowercase().contains(CANARY), "{what} shows a canary: {text}");
    }
}

/// Fails where an error or one of its causes shows a canary.
fn assert_silent_error(what: &str, error: &auth_challenge::Error) {
    assert_silent(what, error);
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!text.to_ascii_lowercase().contains(CANARY), "{what}: {text}");
        }
        next = error.source();
    }
    let told = [error.request_id(), error.vendor_code(), error.vendor_message()].into_iter().flatten();
    let violations = error.violations().iter().flat_map(|violation| [violation.field(), violation.vendor_field(), Some(violation.message())]).flatten();
    for text in told.chain(violations) {
        assert!(!text.to_ascii_lowercase().contains(CANARY), "{what}: {text}");
    }
}

/// Every secret and personal member in a JSON text, as the build lists them.
struct Vendor {
    name: &'static str,
    spec: Value,
    masked: &'static [&'static str],
}

fn vendor(name: &'static str) -> Vendor {
    let (spec, masked): (&str, &[&str]) = match name {
        "corbado" => (include_str!(concat!(env!("OUT_DIR"), "/corbado.spec.json")), include!(concat!(env!("OUT_DIR"), "/corbado_sensitive.rs"))),
        "authsignal" => (include_str!(concat!(env!("OUT_DIR"), "/authsignal.spec.json")), include!(concat!(env!("OUT_DIR"), "/authsignal_sensitive.rs"))),
        _ => (include_str!(concat!(env!("OUT_DIR"), "/dfns.spec.json")), include!(concat!(env!("OUT_DIR"), "/dfns_sensitive.rs"))),
    };
    Vendor { name, spec: serde_json::from_str(spec).expect("the build writes JSON"), masked }
}

/// Members that carry a masked name and are neither secret nor personal where they stand: (vendor, schema, member).
const HARMLESS: &[(&str, &str, &str)] = &[
    ("dfns", "RelyingParty", "id"),
    ("dfns", "RelyingParty", "name"),
    ("dfns", "PublicKeyCredentialDescriptor", "id"),
    ("dfns", "AllowCredential", "id"),
    ("dfns", "AllowPasswordProtectedKey", "id"),
    ("dfns", "Credential", "name"),
    ("dfns", "ApiError", "id"),
];

impl Vendor {
    /// A document of a schema with every member filled in: canaries where the build masks, the first value of an enum, else something harmless.
    fn example(&self, schema: &str) -> Value {
        self.fill(schema, "", &json!({ "$ref": format!("#/components/schemas/{schema}") }))
    }

    fn fill(&self, schema: &str, member: &str, definition: &Value) -> Value {
        if let Some(name) = definition["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/components/schemas/")) {
            return self.fill(name, member, &self.spec["components"]["schemas"][name]);
        }
        if let Some(all) = definition["allOf"].as_array() {
            let parts = all.iter().filter_map(|part| self.fill(schema, member, part).as_object().cloned());
            return Value::Object(parts.flatten().collect());
        }
        if let Some(one) = definition["oneOf"].get(0) {
            return self.fill(schema, member, one);
        }
        if let Some(value) = definition["enum"].get(0) {
            return value.clone();
        }
        let is_masked = self.masked.contains(&member) && !HARMLESS.contains(&(self.name, schema, member));
        match definition["type"].as_str() {
            Some("string") if is_masked => json!(format!("canary-{member}")),
            Some("string") => json!("text"),
            Some("number" | "integer") => json!(7),
            Some("boolean") => json!(true),
            Some("array") => json!([self.fill(schema, "", &definition["items"])]),
            _ => {
                let members = definition["properties"].as_object().into_iter().flatten();
                Value::Object(members.map(|(name, definition)| (name.clone(), self.fill(schema, name, definition))).collect())
            }
        }
    }

    /// Reads an example of a schema as its type, searches the type, and checks that it goes out as it came in.
    fn check<T: DeserializeOwned + Serialize + Debug>(&self, schema: &str, example: &Value) -> Outcome {
        let what = format!("{} {schema}", self.name);
        let value: T = serde_json::from_value(example.clone()).map_err(|error| format!("{what}: {error} in {example}"))?;
        assert_silent(&what, &value);
        let written = serde_json::to_value(&value)?;
        assert_eq!(canaries(&written), canaries(example), "{what}: wire types carry what they hold");
        Ok(())
    }
}

/// The canaries in a document, with how often each is there.
fn canaries(value: &Value) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) if text.contains(CANARY) => *found.entry(text.clone()).or_default() += 1,
            Value::Array(items) => rest.extend(items),
            Value::Object(members) => rest.extend(members.values()),
            _ => {}
        }
    }
    found
}

/// Checks a list of types, each by the name of its schema, and that no schema with a masked member is left out.
macro_rules! check_all {
    ($vendor:literal, $types:path, [$($name:ident = $schema:literal),+ $(,)?]) => {{
        use $types as types;
        let vendor = vendor($vendor);
        $(vendor.check::<types::$name>($schema, &vendor.example($schema))?;)+
        let checked = [$($schema),+];
        for (schema, definition) in vendor.spec["components"]["schemas"].as_object().into_iter().flatten() {
            let is_enum = !definition["enum"].is_null();
            let has_canary = !canaries(&vendor.example(schema)).is_empty();
            assert!(is_enum || !has_canary || checked.contains(&schema.as_str()), "{} {schema} holds what is masked and is not checked", $vendor);
        }
    }};
}

#[test]
fn no_type_of_corbado_prints_what_it_holds() -> Outcome {
    check_all!(
        "corbado",
        corbado::types,
        [
            ChallengeCreateReq = "challengeCreateReq",
            ChallengeUpdateReq = "challengeUpdateReq",
            Challenge = "challenge",
            ClientInformation = "clientInformation",
            ErrorRsp = "errorRsp",
        ]
    );
    Ok(())
}

#[test]
fn no_type_of_authsignal_prints_what_it_holds() -> Outcome {
    check_all!(
        "authsignal",
        authsignal::types,
        [
            ChallengeRequest = "ChallengeRequest",
            ChallengeResponse = "ChallengeResponse",
            VerifyRequest = "VerifyRequest",
            VerifyResponse = "VerifyResponse",
            ClaimRequest = "ClaimRequest",
            ClaimResponse = "ClaimResponse",
            ValidateRequest = "ValidateRequest",
            ValidateResponse = "ValidateResponse",
            ActiveChallenge = "ActiveChallenge",
        ]
    );
    Ok(())
}

#[test]
fn no_type_of_dfns_prints_what_it_holds() -> Outcome {
    check_all!(
        "dfns",
        dfns::types,
        [
            CodeInitRequest = "CodeInitRequest",
            CredentialChallenge = "CredentialChallenge",
            CredentialChallenge = "Fido2Challenge",
            CredentialChallenge = "KeyChallenge",
            CredentialChallenge = "PasswordProtectedKeyChallenge",
            CredentialChallenge = "RecoveryKeyChallenge",
            CredentialChallenge = "PasswordChallenge",
            CredentialChallenge = "TotpChallenge",
            ChallengeUser = "ChallengeUser",
            CodeVerifyRequest = "CodeVerifyRequest",
            CodeVerifyRequest = "Fido2Credential",
            CodeVerifyRequest = "KeyCredential",
            CodeVerifyRequest = "PasswordProtectedKeyCredential",
            CodeVerifyRequest = "RecoveryKeyCredential",
            CodeVerifyRequest = "PasswordCredential",
            CodeVerifyRequest = "TotpCredential",
            AttestedCredentialInfo = "AttestedCredentialInfo",
            PasswordCredentialInfo = "PasswordCredentialInfo",
            TotpCredentialInfo = "TotpCredentialInfo",
            CredentialCode = "CredentialCode",
            UserActionInitRequest = "UserActionInitRequest",
            UserActionChallenge = "UserActionChallenge",
            AllowCredentials = "AllowCredentials",
            AllowPasswordProtectedKey = "AllowPasswordProtectedKey",
            UserActionRequest = "UserActionRequest",
            FirstFactor = "FirstFactor",
            SecondFactor = "SecondFactor",
            FirstFactor = "Fido2Assertion",
            FirstFactor = "KeyAssertion",
            SecondFactor = "PasswordProtectedKeyAssertion",
            FirstFactor = "PasswordFactor",
            SecondFactor = "TotpFactor",
            Fido2AssertionInfo = "Fido2AssertionInfo",
            KeyAssertionInfo = "KeyAssertionInfo",
            UserActionResponse = "UserActionResponse",
        ]
    );
    Ok(())
}

#[test]
fn what_this_release_does_not_know_is_kept_and_not_printed() -> Outcome {
    let vendor = vendor("dfns");
    let unknown = json!({ "kind": "Levitation", "challenge": "canary-1", "deep": { "list": ["canary-2"] } });
    vendor.check::<dfns::types::CredentialChallenge>("an unknown variant", &unknown)?;
    vendor.check::<dfns::types::FirstFactor>("an unknown factor", &unknown)?;
    let answer = json!({ "credentialKind": "Levitation", "credentialInfo": { "secret": "canary-3" } });
    vendor.check::<dfns::types::CodeVerifyRequest>("an unknown credential", &answer)?;

    for schema in ["Fido2Challenge", "KeyChallenge", "PasswordProtectedKeyChallenge", "RecoveryKeyChallenge", "PasswordChallenge", "TotpChallenge"] {
        let mut example = vendor.example(schema);
        example["later"] = json!({ "deep": ["canary-later"] });
        example["user"]["later"] = json!("canary-user-later");
        example["rp"]["later"] = json!("canary-rp-later");
        vendor.check::<dfns::types::CredentialChallenge>(schema, &example)?;
    }
    Ok(())
}

#[test]
fn reading_a_wrong_document_does_not_print_it() {
    let wrong = json!({ "kind": "Fido2", "challengeIdentifier": "canary", "challenge": ["canary"] });
    assert!(serde_json::from_value::<dfns::types::CredentialChallenge>(wrong).is_err_and(|error| !error.to_string().contains(CANARY)));
}

#[test]
fn the_values_themselves_are_not_printed() -> Outcome {
    assert_silent("Secret", &Secret::new(CANARY));
    assert_silent("Personal", &Personal::new(CANARY));
    assert_silent("Kept", &Kept::from(json!({ "canary": ["canary"] })));
    assert_silent("BasicCredentials", &BasicCredentials::new("canary-user", "canary-password"));
    assert_eq!(serde_json::to_value(Secret::new(CANARY))?, CANARY);
    assert_eq!(serde_json::to_value(Personal::new(CANARY))?, CANARY);
    assert_eq!(serde_json::to_value(Kept::from(json!([CANARY])))?, json!([CANARY]));
    Ok(())
}

fn client() -> Result<ClientContext, serde_json::Error> {
    serde_json::from_value(json!({
        "ip": "203.0.113.7", "user_agent": "agent-canary", "device_id": "device-canary", "fingerprint": "fingerprint-canary", "environment": "environment-canary",
    }))
}

fn request(method: Method) -> Result<ChallengeRequest, Box<dyn Error>> {
    let metadata = json!({ "canary-key": "canary-value" }).as_object().cloned().ok_or("an object")?;
    let request = ChallengeRequest::new(method)
        .user_id("usr-canary")
        .user_id_at(ProviderId::AUTHSIGNAL, "user-canary")
        .action("login")
        .action_key("group-canary")
        .client(client()?)
        .scope("add:authenticators")
        .lifetime(Duration::from_secs(60))
        .metadata(metadata);
    Ok(match method {
        Method::Credential(_) => request.code("code-canary"),
        method if method.is_to_phone() => request.to("+canary"),
        _ => request.to("jane.canary@doe.com"),
    })
}

fn handle(provider: ProviderId, method: Method) -> ChallengeHandle {
    ChallengeHandle::new(provider, method, "id-canary").with_user_id("usr-canary").with_text_to_sign("text-canary")
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
    for method in [Method::EmailOtp, Method::EmailLink, Method::SmsOtp, Method::WhatsAppOtp, Method::Credential(CredentialKind::Key)] {
        assert_silent("ChallengeRequest", &request(method)?);
        assert_silent("ChallengeHandle", &handle(ProviderId::DFNS, method));
    }
    assert_silent("ClientContext", &client()?);
    assert_silent("Signals", client()?.signals());
    assert_silent("Registration", &registration()?);
    for answer in [Answer::code(" canary "), Answer::link("canary"), Answer::credential(credential(CredentialKind::RecoveryKey))] {
        assert_silent("Answer", &answer);
    }
    assert_silent("CredentialAnswer", &credential(CredentialKind::Fido2));
    assert_silent("CredentialAnswer", &CredentialAnswer::new(CredentialKind::Key, "name-canary", "id-canary", "data", "proof"));

    let reply: corbado::types::Challenge = serde_json::from_value(vendor("corbado").example("challenge"))?;
    let challenge = Challenge::new(handle(ProviderId::CORBADO, Method::EmailOtp)).with_registration(registration()?).with_vendor(reply);
    assert_silent("Challenge", &challenge);
    assert_silent("Challenge's reply", challenge.vendor::<corbado::types::Challenge>().ok_or("the reply is kept")?);

    let reply: authsignal::types::VerifyResponse = serde_json::from_value(vendor("authsignal").example("VerifyResponse"))?;
    let verified = Verified::new(Method::EmailOtp).with_address("jane.canary@doe.com").with_user_id("usr-canary").with_vendor(reply);
    assert_silent("Verified", &verified);
    assert_silent("Verification", &Verification::from(verified));
    assert_silent("Rejected", &Verification::from(Rejected::new(auth_challenge::Reason::Other)));

    let query = ChallengeQuery { challenge_id: Some("canary".into()), user_id: Some("canary".into()), ..ChallengeQuery::default() };
    assert_silent("ChallengeQuery", &query);
    Ok(())
}

#[cfg(feature = "dfns-keys")]
#[test]
fn a_key_prints_its_curve_alone() -> Outcome {
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINhxBRLgafzUeog7wGQB4KjvCC9LbbgGRHZeJy+gsTSG\n-----END PRIVATE KEY-----\n";
    let key = dfns::key::Key::from_pem(pem)?;
    assert_eq!(format!("{key:?}"), "Key { curve: \"Ed25519\", .. }");
    let secret_bytes = [0xd8, 0x71, 0x05, 0x12];
    for text in [format!("{key:?}"), format!("{key:#?}")] {
        assert!(!text.contains("2HEFEu") && !text.contains(&format!("{secret_bytes:?}")[1..15]), "{text}");
    }
    Ok(())
}

const CONFIG: &str = "
provider = \"corbado\"
[corbado]
project_id = \"pro-1\"
api_secret = \"corbado1_canary\"
[staging]
vendor = \"corbado\"
project_id = \"pro-2\"
api_secret = \"corbado1_canary\"
[authsignal]
secret_key = \"key-canary\"
[dfns]
token = \"token-canary\"
[http]
proxy = \"http://user-canary:password-canary@127.0.0.1:9\"
";

#[test]
fn no_config_client_or_provider_prints_its_credentials() -> Outcome {
    let config = Config::from_toml_str(CONFIG)?;
    assert_silent("Config", &config);
    assert_silent("what a config builds", &config.build()?);

    let http = Http::builder().proxy("http://user-canary:password-canary@127.0.0.1:9".parse()?);
    assert_silent("HttpBuilder", &http);
    let http = http.build()?;
    assert_silent("Http", &http);

    let (corbado, authsignal) = (CorbadoConfig::new("pro-1", "corbado1_canary"), AuthsignalConfig::new("key-canary"));
    let dfns = DfnsConfig::new().with_token("token-canary").with_relying_party(RelyingParty::new("a.example", "A"));
    assert_silent("CorbadoConfig", &corbado);
    assert_silent("AuthsignalConfig", &authsignal);
    assert_silent("DfnsConfig", &dfns);

    let (corbado, authsignal, dfns) = (Corbado::new(&corbado, http.clone())?, Authsignal::new(&authsignal, http.clone())?, Dfns::new(&dfns, http)?);
    assert_silent("Corbado", &corbado);
    assert_silent("Authsignal", &authsignal);
    assert_silent("Dfns", &dfns);
    assert_silent("Router", &Router::new(Arc::new(corbado)).with_provider(Arc::new(authsignal)).with_provider(Arc::new(dfns)));
    Ok(())
}

#[test]
fn a_config_that_cannot_be_used_is_told_without_its_secrets() -> Outcome {
    let broken = CONFIG.replace("pro-1", "").replace("key-canary", " key-canary").replace("corbado1_", "sk_").replace("http://user", "://user");
    let error = Config::from_toml_str(&broken)?.build().expect_err("it is wrong in many places");
    assert!(error.violations().len() >= 4, "{error}");
    assert_silent_error("a bad config", &error);
    for url in ["https://user:canary@api.example", "http://canary.example", "https://api.example?canary", "canary"] {
        assert_silent_error(url, &CorbadoConfig::new("pro-1", "corbado1_a").with_base_url(url).expect_err(url));
        assert_silent_error(url, &AuthsignalConfig::new("key").with_base_url(url).expect_err(url));
        assert_silent_error(url, &DfnsConfig::new().with_base_url(url).expect_err(url));
    }
    Ok(())
}

/// A vendor's client, and a method that it offers.
type Client = (Arc<dyn ChallengeProvider>, Method);

/// The three vendors at a server.
fn providers(url: &str) -> Result<Vec<Client>, Box<dyn Error>> {
    let http = Http::builder().build()?;
    Ok(vec![
        (Arc::new(Corbado::new(&CorbadoConfig::new("pro-12", "corbado1_canary").with_base_url(url)?, http.clone())?), Method::EmailOtp),
        (Arc::new(Authsignal::new(&AuthsignalConfig::new("key-canary").with_base_url(url)?, http.clone())?), Method::EmailOtp),
        (Arc::new(Dfns::new(&DfnsConfig::new().with_token("token-canary").with_base_url(url)?, http)?), Method::Credential(CredentialKind::Key)),
    ])
}

fn answer(method: Method) -> Answer {
    match method.credential_kind() {
        Some(kind) => Answer::credential(credential(kind)),
        None => Answer::code("code-canary"),
    }
}

#[tokio::test]
async fn a_request_that_is_refused_before_sending_is_not_echoed() -> Outcome {
    for (provider, method) in providers("http://127.0.0.1:9")? {
        let malformed = [
            ("a bad address", request(Method::EmailOtp)?.to("canary")),
            ("a bad number", request(Method::SmsOtp)?.to("canary")),
            ("another method", request(Method::WhatsAppOtp)?),
            ("another kind of method", request(Method::Credential(CredentialKind::Fido2))?.code("")),
            ("an unknown scope", request(method)?.scope("scope-canary")),
            ("an empty user id", request(method)?.user_id("").user_id_at(ProviderId::AUTHSIGNAL, "").to("canary").code("")),
        ];
        for (what, request) in malformed {
            let error = provider.create(&request).await.expect_err(what);
            assert_silent_error(&format!("{} {what}", provider.id()), &error);
        }
        let strange = handle(ProviderId::custom("strange"), method);
        assert_silent_error("a strange handle", &provider.verify(&strange, &answer(method)).await.expect_err("it is another's"));
        let own = handle(provider.id().clone(), method);
        let misfit = if method.credential_kind().is_some() { Answer::code("canary") } else { Answer::credential(credential(CredentialKind::Key)) };
        assert_silent_error("a misfit answer", &provider.verify(&own, &misfit).await.expect_err("it is of another form"));
    }
    for json in ["canary", r#"{"credentialKind":"canary","credentialName":"canary"}"#, r#"{"credentialKind":"Key","credentialInfo":{"credId":"canary"}}"#] {
        assert_silent_error(json, &dfns::answer_from_json(json).expect_err("it is incomplete"));
    }
    Ok(())
}

/// An answer that throws everything back that the request held, in the error form of all three vendors.
fn echo(status: u16) -> impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static {
    move |request: &Request| {
        let authorization = request.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let body = String::from_utf8_lossy(&request.body);
        // The credentials as they came, and as a vendor that read them could name them.
        let credentials = authorization.rsplit(' ').next().unwrap_or_default();
        let read = STANDARD.decode(credentials).ok().and_then(|pair| String::from_utf8(pair).ok()).unwrap_or_default();
        let heard = format!("{authorization} {read} {}", request.url);
        let values: Vec<String> = serde_json::from_slice::<Value>(&request.body).map(|body| canaries(&body).into_keys().collect()).unwrap_or_default();
        let message = format!("{heard} {} {body}", values.join(" "));
        let error = json!({
            "message": message,
            "error": {
                "type": values.first(), "details": message, "id": values.first(), "code": values.last(), "message": message,
                "validation": values.iter().map(|value| json!({ "field": value, "message": format!("{value} is wrong") })).collect::<Vec<_>>(),
            },
            "errorCode": values.first(),
            "errorDescription": message,
            "requestData": { "requestID": values.first() },
        });
        ResponseTemplate::new(status).set_body_json(error)
    }
}

#[tokio::test]
async fn what_a_vendor_echoes_is_masked_in_the_error() -> Outcome {
    for status in [200, 400, 401, 404, 422, 429, 500] {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(echo(status)).mount(&server).await;
        for (provider, method) in providers(&server.uri())? {
            let what = format!("{} {status}", provider.id());
            // Neither the user agent nor the action's group is masked: they are neither secret nor personal.
            let client = ClientContext::new([203, 0, 113, 7]).user_agent("agent").device_id("device-canary");
            let mut request = ChallengeRequest::new(method).to("jane.canary@doe.com").code("code-canary").user_id("usr-canary").action("login").client(client);
            if let Some(metadata) = json!({ "city": "canary-metadata" }).as_object() {
                request = request.metadata(metadata.clone());
            }
            let error = provider.create(&request).await.expect_err("the reply is an error, or not a challenge");
            assert_eq!(error.status(), Some(status), "{what}: {error}");
            assert_silent_error(&format!("{what} create"), &error);
            let requests = server.received_requests().await.ok_or("requests are recorded")?;
            let authorization = requests.last().and_then(|request| request.headers.get("authorization")).map(|value| value.to_str()).transpose()?;
            if let Some((_, credentials)) = authorization.and_then(|value| value.split_once(' ')) {
                let told = format!("{error:?}");
                assert!(!told.contains(&credentials[credentials.len() / 2..]), "{what} shows the encoded credentials: {told}");
            }
            let own = handle(provider.id().clone(), method);
            match provider.verify(&own, &answer(method)).await {
                Ok(verification) => assert_silent(&what, &verification),
                Err(error) => assert_silent_error(&format!("{what} verify"), &error),
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_not_reached_is_told_without_what_was_to_be_sent() -> Outcome {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let url = format!("http://{}", listener.local_addr()?);
    drop(listener);
    for (provider, method) in providers(&url)? {
        let own = handle(provider.id().clone(), method);
        let error = provider.verify(&own, &answer(method)).await.expect_err("nobody listens");
        assert_silent_error(&format!("{} verify", provider.id()), &error);
    }
    Ok(())
}

#[test]
fn an_error_of_ones_own_prints_no_more_than_it_was_given() {
    let error = auth_challenge::Error::invalid(vec![Violation::new("to", "expected an e-mail address")]).with_provider(ProviderId::CORBADO);
    assert_eq!(error.to_string(), "corbado: invalid request: to: expected an e-mail address");
    let vendors = auth_challenge::Error::new(auth_challenge::ErrorKind::InvalidRequest, auth_challenge::SendState::Refused)
        .with_vendor_message("message")
        .with_violations(vec![Violation::at_vendor(Some("to"), "identifierValue", "what the vendor wrote")]);
    assert_eq!(vendors.to_string(), "invalid request: to", "the vendor's words stay out of Display");
}
