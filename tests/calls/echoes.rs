//! What a vendor says back of a call is masked in the error, in whatever form and place it stands.

use std::net::SocketAddr;

use auth_challenge::{ChallengeProviderExt, Http};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{
    Reserved, Server, Step,
    canaries::{assert_silent, assert_silent_error, canaries, shown},
    client, reply,
    vendors::{self, Vendor},
};

/// What a create of canaries sends, as a vendor could name it: each value of the body, and the whole of it with the head.
async fn submitted(vendor: &Vendor, http: &Http) -> (Vec<String>, String) {
    let server = Server::answering(400, &[], "{}").await;
    let provider = vendor.canary_config(&format!("http://{}", server.address), "").with_http(http.clone()).build().expect("a provider");
    provider.create(&(vendor.secrecy.request)()).await.expect_err("a refusal");
    let request = server.only_request();
    let authorization = request.header("authorization").first().copied().unwrap_or_default().to_owned();
    // The credentials as they came, and as a vendor that read them could name them.
    let read = authorization.rsplit(' ').next().and_then(|pair| STANDARD.decode(pair).ok()).and_then(|pair| String::from_utf8(pair).ok());
    let segments = request.path.split('/').filter(|segment| shown(segment).is_some()).map(str::to_owned);
    let values: Vec<String> = canaries(&request.content()).into_keys().chain(segments).collect();
    let section = (vendor.section.canaries)();
    let credentials = section.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str()).filter(|_| !authorization.is_empty());
    let credentials: Vec<&str> = credentials.collect();
    let whole = [&authorization, &read.unwrap_or_default(), &request.path, &values.join(" "), &credentials.join(" and ")].map(String::as_str).join(" ");
    (values, format!("{whole} {}", String::from_utf8_lossy(&request.body)))
}

/// A create and a verify of canaries at a vendor that answers this.
async fn assert_masked(vendor: &Vendor, http: &Http, status: u16, headers: &[(&str, &str)], body: &Value) {
    let server = Server::start(vec![Step::Answer(reply(status, headers, &body.to_string()))]).await;
    let provider = vendor.canary_config(&format!("http://{}", server.address), "").with_http(http.clone()).build().expect("a provider");
    let error = provider.create(&(vendor.secrecy.request)()).await.expect_err("the reply is an error, or not a challenge");
    let what = format!("{vendor:?} {status}");
    assert_eq!(error.status(), Some(status), "{what}: {error}");
    assert_silent_error(&format!("{what} create"), &error);
    if status != 200 {
        assert!(error.vendor_message().is_some_and(|message| message.contains("***")), "{what}: {error:?}");
    }
    if let Some((_, credentials)) = server.requests()[0].header("authorization").first().and_then(|value| value.split_once(' ')) {
        let told = format!("{error:?}");
        assert!(!told.contains(&credentials[credentials.len() / 2..]), "{what} shows the encoded credentials: {told}");
    }
}

#[tokio::test]
async fn what_a_vendor_echoes_of_a_create_is_masked_in_the_error() {
    let http = client();
    for vendor in vendors::all() {
        let (values, whole) = submitted(vendor, &http).await;
        assert!(!values.is_empty(), "{vendor:?} is sent something that must not be seen");
        for status in [200, 400, 401, 403, 404, 409, 422, 429, 500, 503] {
            assert_masked(vendor, &http, status, &[], &(vendor.secrecy.echo)(&whole)).await;
            for value in &values {
                assert_masked(vendor, &http, status, &[("x-request-id", value)], &(vendor.secrecy.echo)(value)).await;
            }
        }
    }
}

#[tokio::test]
async fn what_a_vendor_echoes_of_a_verify_is_masked() {
    let http = client();
    for vendor in vendors::all() {
        let (mut heard, answer) = ("nothing yet".to_owned(), (vendor.verify.answer)("canary7code"));
        for status in [400, 200, 400, 401, 404, 422, 429, 500] {
            let server = Server::answering(status, &[], &(vendor.secrecy.echo)(&heard).to_string()).await;
            let provider = vendor.canary_config(&format!("http://{}", server.address), "").with_http(http.clone()).build().expect("a provider");
            match provider.verify(&vendor.canary_handle(), &answer).await {
                Ok(verification) => assert_silent(vendor.name, &verification),
                Err(error) => assert_silent_error(vendor.name, &error),
            }
            let request = server.only_request();
            heard = format!("{:?} {} {}", request.headers, request.path, String::from_utf8_lossy(&request.body));
            assert!(shown(&heard).is_some(), "{vendor:?} is sent something that must not be seen");
        }
    }
}

#[tokio::test]
async fn a_value_is_masked_in_other_letters_and_encoded_too() {
    let http = client();
    for vendor in vendors::all() {
        let (values, _) = submitted(vendor, &http).await;
        for value in values {
            let encoded = utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string();
            let entities: String = value.chars().map(|letter| format!("&#{};", u32::from(letter))).collect();
            let nested: String = value.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
            for form in [value.to_uppercase(), encoded.clone(), encoded.to_uppercase(), entities, nested] {
                let server = Server::answering(400, &[], &(vendor.secrecy.echo)(&format!("{form} is blocked")).to_string()).await;
                let provider = vendor.canary_config(&format!("http://{}", server.address), "").with_http(http.clone()).build().expect("a provider");
                let error = provider.create(&(vendor.secrecy.request)()).await.expect_err("a refusal");
                assert_silent_error(&form, &error);
                assert!(error.vendor_message().is_some_and(|message| message.contains("*** is blocked")), "{form}: {error:?}");
                for violation in error.violations() {
                    assert_eq!(violation.message(), "*** is blocked", "{form}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_request_id_of_a_success_is_masked_too() {
    let http = client();
    for vendor in vendors::all() {
        for value in submitted(vendor, &http).await.0 {
            let server = Server::answering(200, &[("x-request-id", &format!("req-{value}"))], &(vendor.secrecy.created)().to_string()).await;
            let provider = vendor.canary_config(&format!("http://{}", server.address), "").with_http(http.clone()).build().expect("a provider");
            if let Ok(challenge) = provider.create(&(vendor.secrecy.request)()).await {
                assert!(shown(challenge.request_id().unwrap_or_default()).is_none(), "{vendor:?}: {:?}", challenge.request_id());
            }
        }
    }
}

#[tokio::test]
async fn what_is_cut_in_the_middle_of_a_secret_shows_no_part_of_it() {
    let http = client();
    for vendor in vendors::all() {
        for value in submitted(vendor, &http).await.0 {
            let Some(end) = value.find("canary").map(|at| at + "canary".len()) else { continue };
            let long = |prefix: &str, longest: usize| format!("{prefix}{}{value}{value}", "r".repeat(longest - prefix.len() - end));
            for (status, header, text) in [(400, "x-request-id", long("", 128)), (302, "location", long("/", 256)), (500, "content-type", long("text/", 128))] {
                let server = Server::answering(status, &[(header, &text)], "<x>").await;
                let provider = vendor.canary_config(&format!("http://{}", server.address), "").with_http(http.clone()).build().expect("a provider");
                let error = provider.create(&(vendor.secrecy.request)()).await.expect_err("no challenge");
                assert_silent_error(&format!("{vendor:?} {header}"), &error);
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_is_told_without_user_info_query_and_fragment_however_it_is_written() {
    let vendor = vendors::all()[0];
    for (location, told) in [
        ("//canary:canary@elsewhere.example/x?canary#canary", Some("a redirect to //elsewhere.example/x")),
        ("/\\canary:canary@elsewhere.example/x", Some("a redirect to //elsewhere.example/x")),
        ("https://canary:canary@elsewhere.example/x", Some("a redirect to https://elsewhere.example/x")),
        ("https:canary:canary@elsewhere.example/x", Some("a redirect to https://elsewhere.example/x")),
        ("https:/canary:canary@elsewhere.example/x", Some("a redirect to https://elsewhere.example/x")),
        ("HTTPS:\\\\canary:canary@elsewhere.example/x", Some("a redirect to https://elsewhere.example/x")),
        ("http:canary:canary@elsewhere.example/x", Some("a redirect to http://elsewhere.example/x")),
        ("/v2/x?canary", Some("a redirect to /v2/x")),
        ("x;canary:@\t/canary", None),
        ("mailto:canary@doe.com", None),
        ("javascript:canary", None),
    ] {
        let server = Server::answering(307, &[("location", location)], "").await;
        let error = vendor.provider(server.address).create(&vendor.request()).await.expect_err("not followed");
        match told {
            Some(told) => {
                assert_silent_error(location, &error);
                assert!(format!("{error:?}").contains(told), "{location}: {error:?}");
            }
            None => assert!(!format!("{error:?}").contains("canary"), "{location}: {error:?}"),
        }
    }
}

/// An HTTP/2 server that closes every connection, and gives these words for a reason.
async fn closing(words: String) -> SocketAddr {
    let frame = |kind: u8, payload: &[u8]| {
        let [_, length @ ..] = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
        [&length[..], &[kind, 0, 0, 0, 0, 0], payload].concat()
    };
    const SETTINGS: u8 = 4;
    const GOAWAY: u8 = 7;
    // The last stream that was looked at is none; the code is that of an error of the server's own.
    let away = [&0_u32.to_be_bytes()[..], &2_u32.to_be_bytes(), words.as_bytes()].concat();
    let bytes = [frame(SETTINGS, &[]), frame(GOAWAY, &away)].concat();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the port");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut preface = [0; 24];
            _ = stream.read_exact(&mut preface).await;
            _ = stream.write_all(&bytes).await;
            // Until the other side closes.
            while stream.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {}
        }
    });
    address
}

#[tokio::test]
async fn what_a_server_says_when_it_closes_a_connection_is_not_told() {
    let http = Http::from_builder(reqwest::Client::builder().http2_prior_knowledge().no_proxy()).expect("a client");
    for vendor in vendors::all() {
        let values = submitted(vendor, &client()).await.0;
        for words in ["too busy".to_owned(), values[0].clone(), values.join(" and ").to_uppercase(), "jürgen@doe.com".to_owned()] {
            let address = closing(words.clone()).await;
            let provider = vendor.canary_config(&format!("http://{address}"), "").with_http(http.clone()).build().expect("a provider");
            let error = provider.create(&(vendor.secrecy.request)()).await.expect_err("the connection is closed");
            assert_silent_error(&format!("{vendor:?}"), &error);
            let told = format!("{error:?}");
            assert!(!told.contains(&words) && !told.contains("rgen@doe.com"), "{vendor:?}: {told}");
        }
    }
}

#[cfg(feature = "twilio")]
#[tokio::test]
async fn words_of_our_own_and_names_of_fields_are_not_masked() {
    let twilio = vendors::get("twilio");
    let server = Server::answering(400, &[], r#"{"code":60200,"message":"Invalid parameter `Code`"}"#).await;
    let error = twilio.provider(server.address).verify(&twilio.handle(), &auth_challenge::Answer::code("not")).await.expect_err("refused");
    assert_eq!((error.violations()[0].vendor_field(), error.violations()[0].message()), (Some("Code"), "was not accepted"));
    let tagged = twilio.request().with_metadata(serde_json::json!({ "Code": "Code" }).as_object().cloned().expect("an object"));
    let error = twilio.provider(server.address).create(&tagged).await.expect_err("refused");
    assert_eq!(error.violations()[0].vendor_field(), Some("Code"));
}

#[tokio::test]
async fn a_server_that_is_not_reached_is_told_without_what_was_to_be_sent() {
    let nobody = Reserved::new();
    for vendor in vendors::all() {
        let provider = vendor.canary_config(&format!("http://{}", nobody.address()), "").build().expect("a provider");
        let error = provider.verify(&vendor.canary_handle(), &(vendor.verify.answer)("canary7code")).await.expect_err("nobody listens");
        assert_silent_error(&format!("{vendor:?} verify"), &error);
    }
}

#[cfg(feature = "corbado")]
#[tokio::test]
async fn what_was_submitted_is_masked_wherever_it_stands_in_a_sentence() {
    let body = serde_json::json!({
        "message": "jane@doe.com (JANE%40doe.com) of usr-4693224802260150919 with cHJvLTE6 and corbado1_secret at 203.0.113.7",
        "requestData": { "requestID": "req-jane@doe.com" },
        "error": { "type": "blocked-jane@doe.com", "validation": [{ "field": "identifierValue", "message": "jane@doe.com is blocked" }] }
    });
    let corbado = vendors::get("corbado");
    let server = Server::answering(400, &[], &body.to_string()).await;
    let error = corbado.provider(server.address).create(&corbado.request()).await.expect_err("an error");
    let shown = format!("{error} {error:?} {error:#?} {:?} {:?}", error.vendor_message(), error.violations());
    for secret in ["jane", "JANE", "usr-4693224802260150919", "corbado1_secret", "203.0.113.7"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert_eq!(error.violations().first().map(|violation| violation.message()), Some("*** is blocked"));
}
