//! What is compared with: each vendor's packed document, the code that converts its requests and replies, and the fixtures of the tests.

/// A vendor's document and code, as texts.
pub(crate) struct Sources {
    pub(crate) vendor: &'static str,
    /// The document that the build reads.
    pub(crate) document: &'static str,
    /// The code in `src/vendors/`, by file.
    pub(crate) conversions: &'static [(&'static str, &'static str)],
    /// The double's code and the tests' fixture, by file.
    pub(crate) fixtures: &'static [(&'static str, &'static str)],
}

macro_rules! sources {
    ($($vendor:literal: [$($conversion:literal)*], [$($double:literal)*];)*) => {
        /// The sources of all vendors.
        pub(crate) const ALL: &[Sources] = &[$(Sources {
            vendor: $vendor,
            document: include_str!(concat!("../../specs/", $vendor, ".json")),
            conversions: &[$(($conversion, include_str!(concat!("../../src/vendors/", $vendor, "/", $conversion))),)*],
            fixtures: &[
                $(($double, include_str!(concat!("../../src/testing/vendors/", $vendor, "/", $double))),)*
                (concat!($vendor, ".rs"), include_str!(concat!("../../tests/support/vendors/", $vendor, ".rs"))),
            ],
        }),*];
    };
}

sources! {
    "corbado":
        ["client.rs" "config.rs" "convert.rs" "mod.rs" "query.rs" "signals.rs" "user_for.rs" "users.rs"],
        ["accounts.rs" "behaviour.rs" "listing.rs" "mod.rs" "reply.rs" "users.rs"];
    "authsignal":
        ["client.rs" "config.rs" "convert.rs" "mod.rs" "signature.rs"],
        ["behaviour.rs" "mod.rs" "webhooks.rs"];
    "dfns":
        ["client.rs" "config.rs" "convert.rs" "key.rs" "mod.rs"],
        ["action.rs" "authenticator.rs" "behaviour.rs" "cbor.rs" "cose_key.rs" "credential.rs" "mod.rs" "passkey.rs" "proof.rs" "public_key.rs"];
    "twilio":
        ["client.rs" "config.rs" "convert.rs" "mod.rs"],
        ["behaviour.rs" "mod.rs"];
}
