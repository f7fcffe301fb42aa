//! Names of members that look like those of secrets or of personal values.

/// What a member's name has in it that is, or may be, a secret or tells who somebody is.
const SMELLS: &[&str] = &[
    "attestationdata",
    "challenge",
    "clientdata",
    "code",
    "deviceid",
    "deviceip",
    "displayname",
    "email",
    "fingerprint",
    "handle",
    "ipaddress",
    "key",
    "otp",
    "password",
    "payee",
    "phonenumber",
    "remoteaddress",
    "secret",
    "signature",
    "token",
    "useraction",
    "userid",
    "url",
    "value",
];

/// Says whether a member's name smells.
pub(crate) fn smells(member: &str) -> bool {
    let name = member.to_ascii_lowercase();
    SMELLS.iter().any(|smell| name.contains(smell))
}
