//! What becomes of the operations that the generator writes, and that one which is written otherwise stops the build.

use crate::{operations, routes};

/// An operation as the generator writes it, with these arms for the reply.
fn generated(path: &str, ids: &str, arms: &str) -> String {
    format!(
        "impl Client {{
            pub async fn make<'a>(&'a self, user_id: &'a str) -> Result<ResponseValue<types::User>, Error<()>> {{
                let url = format!({path:?}, self.baseurl, {ids});
                let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
                header_map.append(::reqwest::header::HeaderName::from_static(\"api-version\"), ::reqwest::header::HeaderValue::from_static(Self::api_version()));
                let mut request = self.client.get(url).headers(header_map).build()?;
                let info = OperationInfo {{ operation_id: \"make\" }};
                self.pre(&mut request, &info).await?;
                let result = self.exec(request, &info).await;
                self.post(&result, &info).await?;
                let response = result?;
                match response.status().as_u16() {{ {arms} }}
            }}
        }}"
    )
}

const ID: &str = "encode_path(&user_id.to_string())";
const READ: &str = "200..=299 => ResponseValue::from_response(response).await,";
const OTHER: &str = "_ => Err(Error::UnexpectedResponse(response)),";

/// What is made of an operation, without blanks.
fn rewritten(source: &str) -> Result<String, String> {
    let mut file = syn::parse_file(source).expect("Rust");
    operations::rewrite(&mut file)?;
    Ok(prettyplease::unparse(&file).split_whitespace().collect())
}

#[test]
fn an_operation_leaves_url_sending_and_reading_to_its_attempt() {
    let source = rewritten(&generated("{}/users/{}/challenges", ID, &format!("{READ} {OTHER}"))).expect("as the generator writes it");
    let body = r#"letsent={leturl=self.inner.url(&[user_id,"challenges"]);letmutrequest=self.client.get(url).build()?;self.inner.send(request)};letresponse=sent.await?;"#;
    assert!(source.contains(body), "{source}");
    assert!(source.contains("200..=299=>self.inner.decode(response),_=>Err(Error::UnexpectedResponse(response)),"), "{source}");
    for gone in ["header_map", "OperationInfo", "self.pre", "self.post", "baseurl"] {
        assert!(!source.contains(gone), "{gone}: {source}");
    }
}

#[test]
fn a_reply_without_a_body_is_not_decoded() {
    let source = rewritten(&generated("{}/users", "", &format!("204u16 => Ok(ResponseValue::empty(response)), {OTHER}"))).expect("as the generator writes it");
    assert!(source.contains("204u16=>Ok(ResponseValue::empty(response)),"), "{source}");
}

#[test]
fn an_operation_that_is_written_otherwise_stops_the_build() {
    let good = generated("{}/users/{}", ID, &format!("{READ} {OTHER}"));
    assert!(rewritten(&good).is_ok());
    for (what, odd) in [
        ("a segment that is more than an id", generated("{}/users/{}.json", ID, &format!("{READ} {OTHER}"))),
        ("an id that is missing", generated("{}/users/{}/{}", ID, &format!("{READ} {OTHER}"))),
        ("a path that does not begin at the base URL", generated("users/{}", ID, &format!("{READ} {OTHER}"))),
        ("a reply that is read in another way", generated("{}/users/{}", ID, &format!("200u16 => Ok(ResponseValue::stream(response)), {OTHER}"))),
        ("a step more", good.replace("let response = result?;", "self.after(&result).await?; let response = result?;")),
        ("a step less", good.replace("self.post(&result, &info).await?;", "")),
        ("no version", good.replace("api-version", "version")),
    ] {
        assert_eq!(rewritten(&odd).expect_err(what), "make is not generated as it was");
    }
}

#[test]
fn a_path_begins_with_what_stands_before_its_first_id() {
    for (path, beginning) in [("/users/{userID}/challenges", &["users"][..]), ("/auth/action", &["auth", "action"]), ("/{a}/b", &[])] {
        assert_eq!(routes::beginning(path), beginning, "{path}");
    }
}

#[test]
fn each_operation_has_its_place_in_the_list_for_a_number() {
    for built in crate::built::all() {
        let spec = built.vendor.rewrite(built.spec).expect("it is rewritten");
        let source = routes::render(&spec).expect("routes");
        let list = source.lines().last().and_then(|line| line.rsplit_once("&[")?.1.strip_suffix("];")).expect("a list").to_owned();
        for (number, name) in list.split(", ").enumerate() {
            assert!(source.contains(&format!("const {name}: crate::transport::Route = crate::transport::Route {{ number: {number}, ")), "{name}");
        }
    }
}
