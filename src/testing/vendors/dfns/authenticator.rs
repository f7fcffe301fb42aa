//! The right and the wrong answer to a challenge, each by a new passkey or key.

use crate::{
    model::{Answer, CredentialAnswer, CredentialKind, Registration},
    testing::{
        authenticator::{Passkey, key_answer, wrong_key_answer},
        fresh,
    },
};

pub(super) fn answer(registration: &Registration) -> Answer {
    let challenge = registration.challenge().expose();
    Answer::credential(match registration.kind() {
        CredentialKind::Fido2 => passkey(registration, challenge),
        kind => key_answer(kind, challenge),
    })
}

/// For a key the signature of something else; for a passkey, whose attestation "none" has no signature, another challenge.
pub(super) fn wrong_answer(registration: &Registration) -> Answer {
    Answer::credential(match registration.kind() {
        CredentialKind::Fido2 => passkey(registration, &fresh::alphanumeric(32)),
        kind => wrong_key_answer(kind, registration.challenge().expose()),
    })
}

/// Goes without the browser's checks: a fault may have bent what it would look at.
fn passkey(registration: &Registration, challenge: &str) -> CredentialAnswer {
    let rp_id = registration.relying_party().map_or("localhost", |relying_party| relying_party.id.as_str());
    let registered = Passkey::new(format!("https://{rp_id}")).register(rp_id, challenge);
    CredentialAnswer::new(CredentialKind::Fido2, "test passkey", registered.id, registered.client_data, registered.attestation)
}
