//! Authsignal's document, made of the Server API's reference pages: the vendor publishes none.

use super::{Vendor, personal, replies, secrets};
use crate::rewrites::{accept_any_success, drop_error_replies, drop_required_alternatives, keep_untyped, name_operations};

pub(crate) const AUTHSIGNAL: Vendor = Vendor {
    name: "authsignal",
    replies: &["ChallengeResponse", "VerifyResponse", "ClaimResponse", "ValidateResponse", "ActiveChallenge", "ErrorResponse"],
    essential: &[("ChallengeResponse", "challengeId"), ("VerifyResponse", "isVerified"), ("ClaimResponse", "token"), ("ValidateResponse", "isValid")],
    secrets: &[
        ("ChallengeRequest", "challengeId"),
        ("ChallengeResponse", "challengeId"),
        ("VerifyRequest", "challengeId"),
        ("VerifyRequest", "verificationCode"),
        ("ClaimRequest", "challengeId"),
        ("ClaimResponse", "token"),
        ("ValidateRequest", "token"),
        ("ActiveChallenge", "challengeId"),
    ],
    personal: &[
        ("ChallengeRequest", "phoneNumber"),
        ("ChallengeRequest", "email"),
        ("ChallengeRequest", "userId"),
        ("ChallengeRequest", "ipAddress"),
        ("ChallengeRequest", "deviceId"),
        ("VerifyResponse", "phoneNumber"),
        ("VerifyResponse", "email"),
        ("ClaimRequest", "userId"),
        ("ValidateRequest", "userId"),
        ("ValidateResponse", "userId"),
        ("ActiveChallenge", "phoneNumber"),
        ("ActiveChallenge", "email"),
    ],
    opaque: &[("ChallengeRequest", "custom")],
    unions: &[],
    alike: &[],
    harmless: &[
        ("ChallengeRequest", "idempotencyKey", "groups challenges; grants nothing"),
        ("ChallengeResponse", "idempotencyKey", "groups challenges; grants nothing"),
        ("ValidateResponse", "idempotencyKey", "groups challenges; grants nothing"),
        ("ValidateResponse", "actionCode", "the name of an action"),
        ("ValidateResponse", "errorCode", "the code of an error"),
        ("ErrorResponse", "errorCode", "the code of an error"),
    ],
    untagged: &[],
    rewrites: &[
        ("name_operations", |_, spec| {
            name_operations(
                spec,
                &[
                    ("post", "/challenge", "challenge"),
                    ("post", "/verify", "verify"),
                    ("post", "/claim", "claim"),
                    ("post", "/validate", "validate"),
                    ("get", "/challenges", "get_challenge"),
                ],
            )
        }),
        ("drop_error_replies", |_, spec| drop_error_replies(spec)),
        ("accept_any_success", |_, spec| accept_any_success(spec)),
        ("drop_required_alternatives", |_, spec| drop_required_alternatives(spec, &["ChallengeRequest"])),
        ("relax_replies", replies),
        ("keep_untyped", |_, spec| keep_untyped(spec, &[("ActiveChallenge", "action")])),
        ("mark secrets", secrets),
        ("mark personal", personal),
    ],
};
