//! What becomes of the types of replies that the generator writes, and that one which is written otherwise stops the build.

use crate::{built::all, enums::pascal, replies, rewrites};

const SOURCE: &str = r#"
    pub mod types {
        #[non_exhaustive]
        #[derive(::serde::Deserialize, ::serde::Serialize, Clone)]
        pub struct User {
            #[serde(rename = "userID")]
            pub user_id: crate::model::Personal,
            pub count: i64,
            #[serde(rename = "type", skip_serializing_if = "::std::option::Option::is_none")]
            pub type_: ::std::option::Option<String>,
            #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
            pub list: ::std::vec::Vec<String>,
            #[serde(flatten)]
            pub extra: ::std::collections::BTreeMap<String, crate::model::Kept>,
        }
        #[derive(::serde::Deserialize, ::serde::Serialize)]
        pub struct UserRequest { pub name: String }
        #[derive(::serde::Deserialize)]
        pub struct Text(String);
    }
"#;

/// What is made of types of which these are of replies, without blanks.
fn rewritten(source: &str, names: &[&str]) -> Result<String, String> {
    let mut file = syn::parse_file(source).expect("Rust");
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    replies::rewrite(&mut file, &names)?;
    Ok(prettyplease::unparse(&file).split_whitespace().collect())
}

#[test]
fn a_type_of_replies_is_read_by_the_crates_own_macro_and_no_other_is() {
    let source = rewritten(SOURCE, &["User", "Text", "Gone"]).expect("as the generator writes it");
    assert!(source.contains("#[derive(::serde::Serialize,Clone)]pubstructUser{"), "{source}");
    let call = r#"crate::wire::reply!{User{user_id=essential("userID"),count=essential("count"),type_=optional("type"),list=optional("list"),}othersinextra}"#;
    assert!(source.contains(call), "{source}");
    assert_eq!(source.matches("wire::reply").count(), 1, "{source}");
    assert!(
        source.contains("#[derive(::serde::Deserialize,::serde::Serialize)]pubstructUserRequest")
            && source.contains("#[derive(::serde::Deserialize)]pubstructText"),
        "{source}"
    );
}

#[test]
fn every_struct_of_every_vendors_replies_is_read_so() {
    for built in all() {
        let rewritten = built.vendor.rewrite(built.spec.clone()).expect("a document");
        let schemas: Vec<String> = rewritten["components"]["schemas"].as_object().into_iter().flatten().map(|(name, _)| pascal(name)).collect();
        let of_replies: Vec<String> = rewrites::reachable(&rewritten, built.vendor.replies).into_iter().map(|name| pascal(&name)).collect();
        let source: String = built.source.split_whitespace().collect();
        let mut read = 0;
        for structure in source.split("pubstruct").skip(1) {
            let (name, rest) = structure.split_once(['{', '(', ';']).expect("a struct");
            if !structure[name.len()..].starts_with('{') {
                continue;
            }
            let is_read = source.contains(&format!("crate::wire::reply!{{{name}{{"));
            assert_eq!(is_read, of_replies.iter().any(|of_replies| of_replies == name), "{} {name}", built.vendor.name);
            // One that stands inline would be of no schema, and an odd value of an enum without a tag has no place of its own.
            assert!(schemas.iter().any(|schema| schema == name) || ["Client", "ClientInner"].contains(&name), "{} {name}", built.vendor.name);
            let holds = |untagged: &&&str| [',', '>'].iter().any(|end| rest.contains(&format!("{untagged}{end}")));
            assert_eq!(built.vendor.untagged.iter().find(holds).filter(|_| is_read), None, "{} {name}", built.vendor.name);
            read += usize::from(is_read);
        }
        assert!(read > 2, "{}", built.vendor.name);
    }
}

#[test]
fn a_type_that_is_written_otherwise_stops_the_build() {
    let unknown = "User: an attribute that the generator did not write when this was written";
    for odd in ["with = \"other\"", "alias = \"other\"", "default = \"other\"", "skip"] {
        let source = SOURCE.replace("#[serde(flatten)]", &format!("#[serde({odd})]"));
        assert_eq!(rewritten(&source, &["User"]).expect_err(odd), unknown, "{odd}");
        assert!(rewritten(&source, &["UserRequest"]).is_ok(), "{odd}");
    }
    let source = SOURCE.replace("#[non_exhaustive]", "#[serde(deny_unknown_fields)]");
    assert_eq!(rewritten(&source, &["User"]).expect_err("an attribute of the type"), unknown);
    assert_eq!(rewritten(&SOURCE.replace("mod types", "mod kinds"), &["User"]).expect_err("no types"), "there is no module of types");
}
