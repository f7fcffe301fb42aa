//! Replies as the faults that keep them readable HTTP bend them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::reply::HttpReply;
use crate::testing::faults::FaultKind;

/// Bends a reply as a fault wants it; the same reply for faults of the connection. `enumerations` are the members whose values are enumerated.
pub(super) fn bend(fault: &FaultKind, reply: HttpReply, enumerations: &BTreeSet<String>) -> HttpReply {
    match fault {
        FaultKind::Garbage => reply.with_body(b"\x00\xff{]garbage".to_vec()),
        FaultKind::WrongContentType => reply.with_header("content-type", "text/plain"),
        FaultKind::UnknownFields => {
            bent(reply, |body| each_object(body, &|members| drop(members.insert("brandNew".into(), json!({ "list": [1, "two", null] })))))
        }
        FaultKind::UnknownEnumValues => bent(reply, |body| each_object(body, &|members| unknown_values(members, enumerations))),
        FaultKind::MissingField(name) => bent(reply, |body| each_object(body, &|members| drop(members.remove(name)))),
        FaultKind::MissingFields => bent(reply, |body| *body = json!({})),
        _ => reply,
    }
}

fn bent(reply: HttpReply, bend: impl FnOnce(&mut Value)) -> HttpReply {
    match serde_json::from_slice(&reply.body) {
        Ok(mut body) => {
            bend(&mut body);
            let body = body.to_string().into_bytes();
            reply.with_body(body)
        }
        Err(_) => reply,
    }
}

fn each_object(value: &mut Value, change: &dyn Fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|member| each_object(member, change));
            change(members);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        _ => {}
    }
}

fn unknown_values(members: &mut Map<String, Value>, enumerations: &BTreeSet<String>) {
    for (_, value) in members.iter_mut().filter(|(name, value)| enumerations.contains(*name) && value.is_string()) {
        *value = "brand_new".into();
    }
}
