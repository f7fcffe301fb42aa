//! `auth-challenge verify`.

use std::path::PathBuf;

use auth_challenge::{Answer, ChallengeHandle, ChallengeProviderExt, Config, Error, ErrorKind, Method, SendState, Verification, dfns};
use clap::Args;
use serde_json::{Value, json};

use crate::output::{Outcome, text_of, unusable};

/// Check an answer.
#[derive(Args)]
pub(crate) struct Verify {
    /// The config file; the handle's provider must be in it.
    #[arg(long)]
    config: PathBuf,
    /// The handle that create gave, or all that it printed, as JSON; - reads it from standard input.
    #[arg(long)]
    handle: String,
    /// The code, or the new credential as JSON; - reads it from standard input.
    #[arg(long)]
    answer: Option<String>,
    /// A file with the answer.
    #[arg(long, conflicts_with = "answer")]
    answer_file: Option<PathBuf>,
    /// A private key in PEM form that makes the answer to a challenge for a key.
    #[arg(long, conflicts_with_all = ["answer", "answer_file"])]
    key: Option<PathBuf>,
    /// The new credential's name, for people to read.
    #[arg(long)]
    credential_name: Option<String>,
    /// A file with the private key as you encrypted it, for the vendor to keep.
    #[arg(long)]
    encrypted_private_key_file: Option<PathBuf>,
}

impl Verify {
    pub(crate) async fn run(self) -> Result<Outcome, Error> {
        if self.handle == "-" && self.answer.as_deref() == Some("-") {
            return Err(unusable("answer", "expected another source: the handle is read from standard input"));
        }
        let provider = Config::from_toml_file(&self.config)?.build()?;
        let handle = text_of("handle", Some(&self.handle), None)?.unwrap_or_default();
        // The error of the reader may quote what stands there.
        let unreadable = || Error::new(ErrorKind::Handle, SendState::NotSent).with_operation("verify").with_detail("expected the JSON of a handle");
        let mut handle: Value = serde_json::from_str(&handle).map_err(|_| unreadable())?;
        // The whole of what create printed will do.
        if let Some(inner) = handle.get_mut("handle") {
            handle = inner.take();
        }
        let handle: ChallengeHandle = serde_json::from_value(handle).map_err(|_| unreadable())?;
        let answer = self.answer(&handle).map_err(|error| error.with_provider(handle.provider().clone()).with_operation("verify"))?;
        Ok(match provider.verify(&handle, &answer).await? {
            Verification::Verified(proof) => Outcome::done(json!({
                "outcome": "verified",
                "reason": null,
                "provider": handle.provider().as_str(),
                "method": proof.method().as_str(),
                "recipient": proof.recipient(),
                // The name that this had at first.
                "address": proof.recipient(),
                "user_id": proof.user_id(),
                "credential": proof.credential().map(|credential| json!({
                    "kind": credential.kind(),
                    "id": credential.id(),
                    "vendor_id": credential.vendor_id(),
                    "public_key": credential.public_key(),
                })),
                "request_id": proof.request_id(),
            })),
            Verification::Rejected(no) => Outcome {
                json: json!({
                    "outcome": "rejected",
                    "reason": no.reason().as_str(),
                    "provider": handle.provider().as_str(),
                    "may_try_again": no.may_try_again(),
                    "request_id": no.request_id(),
                }),
                exit: 1,
            },
        })
    }

    fn answer(&self, handle: &ChallengeHandle) -> Result<Answer, Error> {
        if let Some(path) = &self.key {
            return self.signed(handle, path);
        }
        let Some(text) = text_of("answer", self.answer.as_deref(), self.answer_file.as_deref())? else {
            return Err(unusable("answer", "is required: --answer, --answer-file or --key"));
        };
        match handle.method() {
            Method::Credential(_) if text.contains("\"attestationObject\"") => {
                Answer::from_webauthn_json(&text, self.credential_name.as_deref().unwrap_or_default())
            }
            Method::Credential(_) => dfns::answer_from_json(&text),
            _ => Ok(Answer::code(text)),
        }
    }

    fn signed(&self, handle: &ChallengeHandle, path: &std::path::Path) -> Result<Answer, Error> {
        let pem = text_of("key", None, Some(path))?.unwrap_or_default();
        let answer = dfns::key::Key::from_pem(&pem)?.answer_to(handle, self.credential_name.as_deref().unwrap_or_default())?;
        Ok(Answer::credential(match text_of("encrypted_private_key_file", None, self.encrypted_private_key_file.as_deref())? {
            Some(blob) => answer.with_encrypted_private_key(blob),
            None => answer,
        }))
    }
}
