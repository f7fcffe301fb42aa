//! The enums that the crate puts in the place of the generator's: open ones (a new value never breaks a program) and tagged
//! unions (the tag decides, not the first variant that happens to fit). Written as calls of the crate's own macros.

use std::fmt::{Error, Write};

use serde_json::Value;

use crate::{paths, rewrites, vendors::Vendor};

/// Gives the macro calls for all enums of a document.
pub(crate) fn render(vendor: &Vendor, spec: &Value) -> Result<String, Error> {
    let mut out = String::new();
    for (name, values) in open_enums(spec) {
        writeln!(out, "{} {{", paths::OPEN_ENUM)?;
        writeln!(out, "    {}", doc(spec, name))?;
        writeln!(out, "    pub enum {} {{", pascal(name))?;
        for value in values {
            writeln!(out, "        {} = {value:?},", pascal(value))?;
        }
        writeln!(out, "    }}\n}}\n")?;
    }
    for union in vendor.unions {
        writeln!(out, "{} {{", paths::TAGGED_ENUM)?;
        writeln!(out, "    {}", doc(spec, union.name))?;
        let is_in_replies = rewrites::reachable(spec, vendor.replies).iter().any(|name| name == union.name);
        let (read, held) = if is_in_replies { (paths::READ_IN_REPLIES, "boxed") } else { (paths::READ_IN_REQUESTS, "plain") };
        writeln!(out, "    pub enum {} by {:?}, read by {read}, {held} {{", union.name, union.tag)?;
        for (schema, tag) in rewrites::variants(spec, union.name) {
            let tag = tag.ok_or(Error)?;
            writeln!(out, "        {}(super::generated::types::{}) = {tag:?},", pascal(&tag), pascal(&schema))?;
        }
        writeln!(out, "    }}\n}}\n")?;
    }
    Ok(out)
}

/// Gives the named enums of a document as (schema name, values).
pub(crate) fn open_enums(spec: &Value) -> Vec<(&str, Vec<&str>)> {
    let schemas = spec["components"]["schemas"].as_object().into_iter().flatten();
    schemas.filter_map(|(name, schema)| Some((name.as_str(), schema["enum"].as_array()?.iter().filter_map(Value::as_str).collect()))).collect()
}

/// `email_otp`, `EMAIL_OTP`, `cross-platform`, `challengeType` and `RecoveryKey` as Rust names types and variants.
pub(crate) fn pascal(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| {
            let shouted = word.len() > 1 && !word.chars().any(|c| c.is_ascii_lowercase());
            let mut letters = word.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters.map(|c| if shouted { c.to_ascii_lowercase() } else { c })).collect::<String>()
        })
        .collect()
}

fn doc(spec: &Value, schema: &str) -> String {
    format!("#[doc = {:?}]", spec["components"]["schemas"][schema]["description"].as_str().unwrap_or(schema))
}
