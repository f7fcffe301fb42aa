//! `auth-challenge verify`.

use std::path::PathBuf;

use auth_challenge::{Answer, ChallengeHandle, ChallengeProviderExt, Method, Verification, dfns};
use clap::Args;
use serde_json::json;

use crate::{
    config,
    handle::HandleArguments,
    output::{Failed, Outcome, text_of, unusable},
};

/// Check an answer.
#[derive(Args)]
pub(crate) struct Verify {
    /// The config file; the handle's provider must be in it.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    handle: HandleArguments,
    /// The code, or the new credential as JSON; - reads it from standard input.
    #[arg(long, value_name = "ANSWER")]
    answer: Option<String>,
    /// A file with the answer.
    #[arg(long, conflicts_with = "answer", value_name = "FILE")]
    answer_file: Option<PathBuf>,
    /// A private key in PEM form that makes the answer to a challenge for a key.
    #[arg(long, conflicts_with_all = ["answer", "answer_file"], value_name = "FILE")]
    key: Option<PathBuf>,
    /// The new credential's name, for people to read.
    #[arg(long, value_name = "NAME")]
    credential_name: Option<String>,
    /// A file with the private key as you encrypted it, for the vendor to keep.
    #[arg(long, value_name = "FILE")]
    encrypted_private_key_file: Option<PathBuf>,
}

impl Verify {
    pub(crate) async fn run(self) -> Result<Outcome, Failed> {
        if self.handle.is_standard_input() && self.answer.as_deref() == Some("-") {
            return Err(unusable("answer", "expected another source: the handle is read from standard input"));
        }
        let provider = config::read(&self.config)?.build()?;
        let handle = self.handle.read("verify")?;
        let answer = self.answer(&handle).map_err(|failed| failed.at(handle.provider(), "verify"))?;
        Ok(match provider.verify(&handle, &answer).await? {
            Verification::Verified(proof) => Outcome::done(json!({
                "outcome": "verified",
                "reason": null,
                "advice": null,
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
                    "advice": no.advice().key(),
                    "provider": handle.provider().as_str(),
                    "may_try_again": no.may_try_again(),
                    "request_id": no.request_id(),
                }),
                exit: 1,
            },
        })
    }

    fn answer(&self, handle: &ChallengeHandle) -> Result<Answer, Failed> {
        if let Some(path) = &self.key {
            return self.signed(handle, path);
        }
        let Some(text) = text_of(if self.answer_file.is_some() { "answer_file" } else { "answer" }, self.answer.as_deref(), self.answer_file.as_deref())?
        else {
            return Err(unusable("answer", "is required: --answer, --answer-file or --key"));
        };
        match handle.method() {
            Method::Credential(_) if text.contains("\"attestationObject\"") => {
                Ok(Answer::from_webauthn_json(&text, self.credential_name.as_deref().unwrap_or_default())?)
            }
            Method::Credential(_) => Ok(dfns::answer_from_json(&text)?),
            Method::EmailLink => Ok(Answer::link(text)),
            _ => Ok(Answer::code(text)),
        }
    }

    fn signed(&self, handle: &ChallengeHandle, path: &std::path::Path) -> Result<Answer, Failed> {
        let pem = text_of("key", None, Some(path))?.unwrap_or_default();
        let answer = dfns::key::Key::from_pem(&pem)?.answer_to(handle, self.credential_name.as_deref().unwrap_or_default())?;
        Ok(Answer::credential(match text_of("encrypted_private_key_file", None, self.encrypted_private_key_file.as_deref())? {
            Some(blob) => answer.with_encrypted_private_key(blob),
            None => answer,
        }))
    }
}
