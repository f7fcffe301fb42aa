//! What the store sees of an intent: names, fingerprints and sealed challenges, all made with the key.

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Generate as _, Payload},
};
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::record::Token;
use crate::model::{
    Challenge, ChallengeHandle, ChallengeStatus, Secret,
    digest::{hex, hmac},
};

/// Hashes and seals with one key.
pub(super) struct Seal {
    names: Hmac<Sha256>,
    fingerprints: Hmac<Sha256>,
    challenges: XChaCha20Poly1305,
}

/// What is kept of a challenge, under the seal.
#[derive(Serialize, Deserialize)]
struct Sealed {
    handle: ChallengeHandle,
    status: String,
    request_id: Option<String>,
}

const NONCE: usize = 24;

impl Seal {
    /// Derives a key for each use, so that none says anything of another.
    pub(super) fn new(key: &Secret) -> Self {
        let derived = |purpose: &str| -> [u8; 32] { mac(hmac(key.expose().as_bytes()), &[purpose]) };
        Self {
            names: hmac(&derived("auth-challenge send-once names 1")),
            fingerprints: hmac(&derived("auth-challenge send-once fingerprints 1")),
            challenges: XChaCha20Poly1305::new(&derived("auth-challenge send-once challenges 1").into()),
        }
    }

    /// Gives the name under which an intent is kept.
    pub(super) fn name(&self, intent: &Secret) -> String {
        hex(&mac(self.names.clone(), &[intent.expose()]))
    }

    /// Gives what tells one request from another, under one name: those of two names are unlike, so that nobody reads which are about the same person.
    pub(super) fn fingerprint(&self, name: &str, parts: &[String]) -> [u8; 16] {
        let parts: Vec<&str> = std::iter::once(name).chain(parts.iter().map(String::as_str)).collect();
        let whole = mac(self.fingerprints.clone(), &parts);
        std::array::from_fn(|index| whole.get(index).copied().unwrap_or_default())
    }

    /// Gives a token for a reservation; none where the system has no randomness to give.
    pub(super) fn token(&self) -> Option<Token> {
        XNonce::try_generate().ok()?.first_chunk().copied()
    }

    /// Seals a challenge, for this name and request alone; none where the system has no randomness to give.
    pub(super) fn close(&self, name: &str, fingerprint: &[u8; 16], challenge: &Challenge) -> Option<Vec<u8>> {
        let (handle, status) = (challenge.handle().clone(), challenge.status().as_str().to_owned());
        let sealed = Sealed { handle, status, request_id: challenge.request_id().map(str::to_owned) };
        let plain = Secret::new(serde_json::to_string(&sealed).ok()?);
        let nonce = XNonce::try_generate().ok()?;
        let closed = self.challenges.encrypt(&nonce, Payload { msg: plain.expose().as_bytes(), aad: &bound(name, fingerprint) }).ok()?;
        Some([nonce.as_slice(), &closed].concat())
    }

    /// Opens what was sealed for this name and request.
    pub(super) fn open(&self, name: &str, fingerprint: &[u8; 16], sealed: &[u8]) -> Option<Challenge> {
        let (nonce, closed) = sealed.split_first_chunk::<NONCE>()?;
        let plain = self.challenges.decrypt(&XNonce::from(*nonce), Payload { msg: closed, aad: &bound(name, fingerprint) }).ok()?;
        let plain = Secret::new(String::from_utf8(plain).ok()?);
        let Sealed { handle, status, request_id } = serde_json::from_slice(plain.expose().as_bytes()).ok()?;
        let challenge = Challenge::new(handle).with_status(ChallengeStatus::from(status.as_str()));
        Some(match request_id {
            Some(id) => challenge.with_request_id(id),
            None => challenge,
        })
    }
}

/// Gives what a seal is bound to.
fn bound(name: &str, fingerprint: &[u8; 16]) -> Vec<u8> {
    [name.as_bytes(), fingerprint].concat()
}

fn mac<T: AsRef<str>>(mut mac: Hmac<Sha256>, parts: &[T]) -> [u8; 32] {
    for part in parts {
        let part = part.as_ref();
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Method, ProviderId};

    fn seal(key: &str) -> Seal {
        Seal::new(&Secret::new(key))
    }

    #[test]
    fn a_sealed_challenge_opens_with_its_key_and_under_its_name_alone() {
        let handle = ChallengeHandle::new(ProviderId::new("my-provider"), Method::SmsOtp, "chal-1").with_recipient("+64270000000");
        let challenge = Challenge::new(handle).with_status("completed".into()).with_request_id("req-1".to_owned());
        let sealed = seal("one").close("name", &[7; 16], &challenge).expect("randomness");
        let opened = seal("one").open("name", &[7; 16], &sealed).expect("the challenge");
        assert_eq!(opened.handle().to_compact(), challenge.handle().to_compact());
        assert_eq!((opened.status(), opened.request_id()), (challenge.status(), Some("req-1")));
        assert!(seal("two").open("name", &[7; 16], &sealed).is_none());
        assert!(seal("one").open("other", &[7; 16], &sealed).is_none());
        assert!(seal("one").open("name", &[8; 16], &sealed).is_none());
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(seal("one").open("name", &[7; 16], &changed).is_none(), "{index}");
            assert!(seal("one").open("name", &[7; 16], &sealed[..index]).is_none(), "{index}");
        }
        assert_ne!(seal("one").close("name", &[7; 16], &challenge).expect("randomness"), sealed, "two seals of one challenge are not alike");
    }

    #[test]
    fn no_two_reservations_have_one_token() {
        let seal = seal("one");
        assert_ne!(seal.token().expect("randomness"), seal.token().expect("randomness"));
    }

    #[test]
    fn a_sealed_challenge_tells_nothing() {
        let handle = ChallengeHandle::new(ProviderId::new("my-provider"), Method::SmsOtp, "chal-1").with_recipient("+64270000000");
        let sealed = seal("one").close("name", &[7; 16], &Challenge::new(handle)).expect("randomness");
        for plain in ["chal-1", "+64270000000", "my-provider", "sms_otp"] {
            assert!(!sealed.windows(plain.len()).any(|window| window == plain.as_bytes()), "{plain}");
        }
    }

    #[test]
    fn names_and_fingerprints_depend_on_the_key_and_on_where_a_part_ends() {
        let parts = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        assert_eq!(seal("one").name(&Secret::new("a")), seal("one").name(&Secret::new("a")));
        assert_ne!(seal("one").name(&Secret::new("a")), seal("two").name(&Secret::new("a")));
        assert_eq!(seal("one").name(&Secret::new("a")).len(), 64);
        let fingerprint = |key: &str, name: &str, of: &[&str]| seal(key).fingerprint(name, &parts(of));
        assert_eq!(fingerprint("one", "name", &["ab"]), fingerprint("one", "name", &["ab"]));
        assert_ne!(fingerprint("one", "name", &["ab", ""]), fingerprint("one", "name", &["a", "b"]));
        assert_ne!(fingerprint("one", "name", &["ab"]), fingerprint("two", "name", &["ab"]));
        assert_ne!(fingerprint("one", "name", &["ab"]), fingerprint("one", "other", &["ab"]));
    }
}
