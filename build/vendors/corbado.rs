//! Corbado's document, <https://backendapi.cloud.corbado.io/v2/openapi.yaml>.

use super::{Vendor, personal, replies, secrets};
use crate::rewrites::{accept_any_success, drop_error_replies};

pub(crate) const CORBADO: Vendor = Vendor {
    name: "corbado",
    replies: &["challenge", "errorRsp"],
    essential: &[("challenge", "challengeID")],
    secrets: &[("challenge", "challengeID"), ("challenge", "value"), ("challengeUpdateReq", "value")],
    personal: &[
        ("challengeCreateReq", "identifierValue"),
        ("challenge", "identifierValue"),
        ("clientInformation", "remoteAddress"),
        ("clientInformation", "clientEnvHandle"),
        ("clientInformation", "javascriptFingerprint"),
    ],
    opaque: &[("challengeCreateReq", "challengeMetadata")],
    unions: &[],
    harmless: &[],
    untagged: &[],
    rewrites: &[
        ("drop_error_replies", |_, spec| drop_error_replies(spec)),
        ("accept_any_success", |_, spec| accept_any_success(spec)),
        ("relax_replies", replies),
        ("mark secrets", secrets),
        ("mark personal", personal),
    ],
};
