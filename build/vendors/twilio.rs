//! Twilio's document "Twilio - Verify", <https://github.com/twilio/twilio-oai>.

use super::{Members, Vendor, all, personal, replies, secrets};
use crate::rewrites::{accept_any_success, add_enum_values, as_enum, as_json_text, drop_error_replies, drop_text_constraints, drop_text_formats, keep_untyped};

/// Members whose values stand in the prose of the document.
const STATUSES: Members = &[("Verification", "status"), ("VerificationCheck", "status")];
const CHANNELS: Members = &[("CreateVerificationRequest", "Channel")];

/// Members of replies that have no form in the document.
const UNTYPED: Members =
    &[("Verification", "lookup"), ("Verification", "send_code_attempts"), ("Verification", "sna"), ("VerificationCheck", "sna_attempts_error_codes")];

/// The same of requests; the vendor's libraries send JSON there.
const JSON_TEXT: Members = &[("CreateVerificationRequest", "RateLimits"), ("CreateVerificationRequest", "ChannelConfiguration")];

pub(crate) const TWILIO: Vendor = Vendor {
    name: "twilio",
    replies: &["Verification", "VerificationCheck", "ErrorResponse"],
    // Nothing is required in the document. A verification without its id cannot be checked, cancelled or resumed; a check without a status says
    // neither yes nor no (`valid` is superseded by it).
    essential: &[("Verification", "sid"), ("VerificationCheck", "status")],
    secrets: &[
        ("CreateVerificationRequest", "CustomCode"),
        ("CreateVerificationCheckRequest", "Code"),
        ("CreateVerificationCheckRequest", "VerificationSid"),
        ("CreateVerificationCheckRequest", "SnaClientToken"),
        ("Verification", "sid"),
        // It ends with the id.
        ("Verification", "url"),
        ("VerificationCheck", "sid"),
    ],
    personal: &[
        ("CreateVerificationRequest", "To"),
        // An extension may be one person's.
        ("CreateVerificationRequest", "SendDigits"),
        ("CreateVerificationRequest", "DeviceIp"),
        // The vendor treats payments as sensitive data of the person.
        ("CreateVerificationRequest", "Amount"),
        ("CreateVerificationRequest", "Payee"),
        // Free content: a name in a message, an address or a user id to count by.
        ("CreateVerificationRequest", "CustomMessage"),
        ("CreateVerificationRequest", "TemplateCustomSubstitutions"),
        ("CreateVerificationRequest", "RateLimits"),
        ("CreateVerificationRequest", "ChannelConfiguration"),
        ("CreateVerificationRequest", "Tags"),
        ("CreateVerificationCheckRequest", "To"),
        ("CreateVerificationCheckRequest", "Amount"),
        ("CreateVerificationCheckRequest", "Payee"),
        ("Verification", "to"),
        ("Verification", "amount"),
        ("Verification", "payee"),
        ("VerificationCheck", "to"),
        ("VerificationCheck", "amount"),
        ("VerificationCheck", "payee"),
    ],
    // The owner and carrier of a number; an address that proves who opens it. Attempts and their errors name no one.
    opaque: &[("Verification", "lookup"), ("Verification", "sna")],
    unions: &[],
    alike: &[],
    harmless: &[],
    untagged: &[],
    rewrites: &[
        ("drop_error_replies", |_, spec| drop_error_replies(spec)),
        ("accept_any_success", |_, spec| accept_any_success(spec)),
        ("as_enum VerificationStatus", |_, spec| {
            let values = ["pending", "approved", "canceled", "max_attempts_reached", "deleted", "failed", "expired"];
            all(as_enum(spec, "VerificationStatus", &values, STATUSES), STATUSES.len())
        }),
        ("as_enum Channel", |_, spec| as_enum(spec, "Channel", &["email", "sms", "whatsapp", "call", "sna", "auto"], CHANNELS)),
        ("add_enum_values", |_, spec| add_enum_values(spec, "VerificationChannel", &["rcs"])),
        ("keep_untyped", |_, spec| all(keep_untyped(spec, UNTYPED), UNTYPED.len())),
        ("as_json_text", |_, spec| all(as_json_text(spec, JSON_TEXT), JSON_TEXT.len())),
        ("mark secrets", secrets),
        ("mark personal", personal),
        ("relax_replies", replies),
        ("drop_text_formats", |_, spec| drop_text_formats(spec)),
        ("drop_text_constraints", |_, spec| drop_text_constraints(spec)),
    ],
};
