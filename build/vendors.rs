//! The three vendors as the generator sees them: which rewrites each document needs, and which of its strings are masked.

use std::fmt;

use serde_json::Value;

use crate::rewrites::{
    PERSONAL, SECRET, accept_any_success, as_integers, as_openapi_3_0, drop_error_replies, drop_required_alternatives, keep_unknown_members, mark,
    move_tag_out, name_operations, relax_replies,
};

/// Members of a schema, by (schema, member).
pub(crate) type Members = &'static [(&'static str, &'static str)];

/// A rewrite as a vendor applies it; it returns how many places it changed.
type Rewrite = fn(&Vendor, &mut Value) -> usize;

/// A schema that is one of several others, told apart by a tag.
pub(crate) struct Union {
    pub(crate) name: &'static str,
    pub(crate) tag: &'static str,
}

/// One vendor's document and what is done to it.
pub(crate) struct Vendor {
    /// The name of its document, module and feature.
    pub(crate) name: &'static str,
    /// What replies are made of.
    pub(crate) replies: &'static [&'static str],
    /// Codes, tokens, keys and whatever else proves something.
    pub(crate) secrets: Members,
    /// Addresses, user ids and whatever else tells who somebody is.
    pub(crate) personal: Members,
    /// Objects whose further properties are personal or secret without a schema of their own.
    pub(crate) opaque: Members,
    pub(crate) unions: &'static [Union],
    rewrites: &'static [(&'static str, Rewrite)],
}

/// A rewrite that found nothing to do: the document has changed.
#[derive(Debug)]
pub(crate) struct Stale(pub(crate) &'static str);

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rewrite {} matches nothing any more (see build/vendors.rs)", self.0)
    }
}

impl std::error::Error for Stale {}

impl Vendor {
    /// The document with every rewrite applied; an error if one of them does not match.
    pub(crate) fn rewrite(&self, mut spec: Value) -> Result<Value, Stale> {
        for (name, rewrite) in self.rewrites {
            if rewrite(self, &mut spec) == 0 {
                return Err(Stale(name));
            }
        }
        Ok(spec)
    }

    /// The names of the members whose values are masked wherever they turn up again.
    pub(crate) fn sensitive(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> = [self.secrets, self.personal, self.opaque].concat().iter().map(|(_, member)| *member).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of this vendor's rewrites, in order.
    #[allow(dead_code, reason = "for the tests of the rewrites")]
    pub(crate) fn rewrite_names(&self) -> impl Iterator<Item = &'static str> {
        self.rewrites.iter().map(|(name, _)| *name)
    }
}

/// What stays required in a reply: without it the reply means nothing.
const ESSENTIAL: &[&str] =
    &["challengeID", "challengeId", "challengeIdentifier", "challenge", "kind", "isVerified", "isValid", "token", "userAction", "code", "credentialId"];

// A row of members that all have to be there: a stale one must not hide behind the others.
fn mark_all(spec: &mut Value, format: &str, members: Members) -> usize {
    let changed = mark(spec, format, members);
    if changed == members.len() { changed } else { 0 }
}

fn secrets(vendor: &Vendor, spec: &mut Value) -> usize {
    mark_all(spec, SECRET, vendor.secrets)
}

fn personal(vendor: &Vendor, spec: &mut Value) -> usize {
    mark_all(spec, PERSONAL, vendor.personal)
}

fn replies(vendor: &Vendor, spec: &mut Value) -> usize {
    relax_replies(spec, vendor.replies, ESSENTIAL)
}

fn tags(vendor: &Vendor, spec: &mut Value) -> usize {
    let moved: Vec<usize> = vendor.unions.iter().map(|union| move_tag_out(spec, union.name, union.tag)).collect();
    moved.iter().sum()
}

/// All vendors.
pub(crate) const ALL: [Vendor; 3] = [CORBADO, AUTHSIGNAL, DFNS];

/// <https://backendapi.cloud.corbado.io/v2/openapi.yaml>
pub(crate) const CORBADO: Vendor = Vendor {
    name: "corbado",
    replies: &["challenge", "errorRsp"],
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
    rewrites: &[
        ("drop_error_replies", |_, spec| drop_error_replies(spec)),
        ("accept_any_success", |_, spec| accept_any_success(spec)),
        ("relax_replies", replies),
        ("mark secrets", secrets),
        ("mark personal", personal),
    ],
};

/// The Server API's reference pages; the vendor publishes no document.
pub(crate) const AUTHSIGNAL: Vendor = Vendor {
    name: "authsignal",
    replies: &["ChallengeResponse", "VerifyResponse", "ClaimResponse", "ValidateResponse", "ActiveChallenge", "ErrorResponse"],
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
        ("mark secrets", secrets),
        ("mark personal", personal),
    ],
};

/// <https://docs.dfns.co/openapi.yaml>
pub(crate) const DFNS: Vendor = Vendor {
    name: "dfns",
    replies: &["CredentialChallenge", "Credential", "CredentialCode", "UserActionChallenge", "UserActionResponse", "ErrorResponse"],
    secrets: &[
        ("CodeInitRequest", "code"),
        ("Fido2Challenge", "challengeIdentifier"),
        ("Fido2Challenge", "challenge"),
        ("Fido2Challenge", "temporaryAuthenticationToken"),
        ("KeyChallenge", "challengeIdentifier"),
        ("KeyChallenge", "challenge"),
        ("KeyChallenge", "temporaryAuthenticationToken"),
        ("PasswordProtectedKeyChallenge", "challengeIdentifier"),
        ("PasswordProtectedKeyChallenge", "challenge"),
        ("PasswordProtectedKeyChallenge", "temporaryAuthenticationToken"),
        ("RecoveryKeyChallenge", "challengeIdentifier"),
        ("RecoveryKeyChallenge", "challenge"),
        ("RecoveryKeyChallenge", "temporaryAuthenticationToken"),
        ("PasswordChallenge", "challengeIdentifier"),
        ("PasswordChallenge", "temporaryAuthenticationToken"),
        ("TotpChallenge", "challengeIdentifier"),
        ("TotpChallenge", "temporaryAuthenticationToken"),
        ("TotpChallenge", "otpUrl"),
        ("Fido2Credential", "challengeIdentifier"),
        ("KeyCredential", "challengeIdentifier"),
        ("PasswordProtectedKeyCredential", "challengeIdentifier"),
        ("PasswordProtectedKeyCredential", "encryptedPrivateKey"),
        ("RecoveryKeyCredential", "challengeIdentifier"),
        ("RecoveryKeyCredential", "encryptedPrivateKey"),
        ("PasswordCredential", "challengeIdentifier"),
        ("TotpCredential", "challengeIdentifier"),
        ("AttestedCredentialInfo", "clientData"),
        ("AttestedCredentialInfo", "attestationData"),
        ("PasswordCredentialInfo", "password"),
        ("TotpCredentialInfo", "otpCode"),
        ("CredentialCode", "code"),
        ("UserActionInitRequest", "userActionPayload"),
        ("UserActionChallenge", "challenge"),
        ("UserActionChallenge", "challengeIdentifier"),
        ("UserActionChallenge", "externalAuthenticationUrl"),
        ("AllowPasswordProtectedKey", "encryptedPrivateKey"),
        ("UserActionRequest", "challengeIdentifier"),
        ("Fido2AssertionInfo", "clientData"),
        ("Fido2AssertionInfo", "signature"),
        ("KeyAssertionInfo", "clientData"),
        ("KeyAssertionInfo", "signature"),
        ("PasswordFactor", "password"),
        ("TotpFactor", "otpCode"),
        ("UserActionResponse", "userAction"),
    ],
    personal: &[("ChallengeUser", "id"), ("ChallengeUser", "displayName"), ("ChallengeUser", "name"), ("Fido2AssertionInfo", "userHandle")],
    opaque: &[],
    unions: &[
        Union { name: "CredentialChallenge", tag: "kind" },
        Union { name: "CodeVerifyRequest", tag: "credentialKind" },
        Union { name: "FirstFactor", tag: "kind" },
        Union { name: "SecondFactor", tag: "kind" },
    ],
    rewrites: &[
        ("as_openapi_3_0", |_, spec| as_openapi_3_0(spec)),
        ("name_operations", |_, spec| {
            name_operations(
                spec,
                &[
                    ("post", "/auth/credentials/code/init", "credential_code_init"),
                    ("post", "/auth/credentials/code/verify", "credential_code_verify"),
                    ("post", "/auth/credentials/code", "credential_code_create"),
                    ("post", "/auth/action/init", "user_action_init"),
                    ("post", "/auth/action", "user_action_sign"),
                ],
            )
        }),
        ("drop_error_replies", |_, spec| drop_error_replies(spec)),
        ("accept_any_success", |_, spec| accept_any_success(spec)),
        ("move_tag_out", tags),
        ("relax_replies", replies),
        ("as_integers", |_, spec| as_integers(spec, &[("PublicKeyCredentialParameters", "alg")])),
        ("keep_unknown_members", |_, spec| {
            keep_unknown_members(
                spec,
                &[
                    "Fido2Challenge",
                    "KeyChallenge",
                    "PasswordProtectedKeyChallenge",
                    "RecoveryKeyChallenge",
                    "PasswordChallenge",
                    "TotpChallenge",
                    "ChallengeUser",
                    "RelyingParty",
                    "AuthenticatorSelection",
                    "PublicKeyCredentialParameters",
                    "PublicKeyCredentialDescriptor",
                ],
            )
        }),
        ("mark secrets", secrets),
        ("mark personal", personal),
    ],
};
