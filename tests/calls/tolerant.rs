//! A member that is not essential loses nothing but itself, whatever stands in it: in every reply of every vendor's client.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{
    Told,
    oddities::{Oddity, odd_values, places},
    vendors::{self, Vendor},
};

/// The schemas of all replies that say that something was done; of a union, those of its forms.
fn replies(vendor: &Vendor) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(vendor.secrecy.document).expect("the build writes JSON");
    let named = |reference: &Value| reference["$ref"].as_str().and_then(|name| name.strip_prefix("#/components/schemas/")).map(str::to_owned);
    let resolved = |reply: &Value| match reply["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).cloned().expect("a reply that is referred to"),
        None => reply.clone(),
    };
    let operations = document["paths"].as_object().into_iter().flatten().flat_map(|(_, path)| path.as_object().into_iter().flatten());
    let responses = operations.flat_map(|(_, operation)| operation["responses"].as_object().into_iter().flatten());
    let schemas =
        responses.filter(|(status, _)| status.starts_with('2')).filter_map(|(_, reply)| named(&resolved(reply)["content"]["application/json"]["schema"]));
    let forms = |name: String| match document["components"]["schemas"][&name]["oneOf"].as_array() {
        Some(forms) => forms.iter().filter_map(named).collect(),
        None => vec![name],
    };
    schemas.flat_map(forms).collect()
}

#[test]
fn every_reply_of_a_vendors_document_is_read_in_a_test() {
    for vendor in vendors::all() {
        let read: BTreeSet<String> = vendor.typed.iter().map(|typed| typed.reply.to_owned()).collect();
        assert_eq!(read, replies(vendor), "{vendor:?}");
    }
}

#[tokio::test]
async fn a_member_that_is_not_essential_loses_nothing_but_itself_whatever_stands_in_it() {
    let told = Told::start().await;
    let odd_values = odd_values();
    for vendor in vendors::all() {
        for typed in vendor.typed {
            let good = typed.good(&told, vendor).await;
            // An element is like the one before it.
            for place in places(&good.document).into_iter().filter(|place| !place.contains("/1/")) {
                for oddity in odd_values.iter().flat_map(|odd| Oddity::all(odd)).chain([Oddity::Missing]) {
                    typed.assert_read(&told, &good, &place, oddity).await;
                }
            }
        }
    }
}
