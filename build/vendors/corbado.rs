//! Corbado's document, <https://backendapi.cloud.corbado.io/v2/openapi.yaml>.

use super::{Vendor, personal, replies, secrets};
use crate::rewrites::{accept_any_success, drop_error_replies};

pub(crate) const CORBADO: Vendor = Vendor {
    name: "corbado",
    replies: &["challenge", "user", "userList", "identifier", "identifierList", "genericRsp", "errorRsp"],
    // A list without its entries says nothing: it must not be taken for one that is empty.
    essential: &[
        ("challenge", "challengeID"),
        ("user", "userID"),
        ("userList", "users"),
        ("userAggregate", "userID"),
        ("identifier", "identifierID"),
        ("identifier", "userID"),
        ("identifierList", "identifiers"),
    ],
    secrets: &[("challenge", "challengeID"), ("challenge", "value"), ("challengeUpdateReq", "value")],
    personal: &[
        ("challengeCreateReq", "identifierValue"),
        ("challenge", "identifierValue"),
        ("clientInformation", "remoteAddress"),
        ("clientInformation", "clientEnvHandle"),
        ("clientInformation", "javascriptFingerprint"),
        ("userCreateReq", "fullName"),
        // Whom an authenticator says that it belongs to.
        ("userCreateReq", "explicitWebauthnID"),
        ("userUpdateReq", "fullName"),
        ("user", "userID"),
        ("user", "fullName"),
        ("user", "explicitWebauthnID"),
        ("userAggregate", "userID"),
        ("userAggregate", "fullName"),
        ("userAggregate", "explicitWebauthnID"),
        ("socialAccount", "socialAccountID"),
        ("socialAccount", "identifierValue"),
        ("socialAccount", "userID"),
        ("socialAccount", "foreignID"),
        // A picture of the person, at an address that mostly holds the foreign id.
        ("socialAccount", "avatarURL"),
        ("socialAccount", "fullName"),
        ("identifierCreateReq", "identifierValue"),
        ("identifier", "identifierID"),
        ("identifier", "value"),
        ("identifier", "userID"),
    ],
    opaque: &[("challengeCreateReq", "challengeMetadata")],
    unions: &[],
    alike: &[],
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
