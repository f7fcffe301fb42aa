//! Passkeys: how a browser makes one.
//!
//! A one-time code (how it is issued and reaches the person is told at [`sign_up`](super::sign_up#dfns)) gives a challenge. The browser makes a passkey that
//! signs it, and the vendor checks the signature. The W3C has given both halves a form in JSON, and this crate reads and writes those.
//!
//! # On the server
//!
//! ```
//! use auth_challenge::*;
//!
//! /// POST /passkey/start, with the code that the person typed. The handle goes into the session, the JSON to the browser.
//! async fn start(auth: &dyn ChallengeProvider, code: &str) -> Result<(ChallengeHandle, serde_json::Value), Error> {
//!     let challenge = auth.create(&ChallengeRequest::credential(CredentialKind::Fido2, code)).await?;
//!     let options = challenge.registration().and_then(|registration| registration.to_webauthn_json(None));
//!     Ok((challenge.handle().clone(), options.expect("a challenge for a passkey has options for a browser")))
//! }
//!
//! /// POST /passkey/check?name=…, with the body as it came, which is the browser's JSON, and a name by which the person knows the passkey.
//! async fn check(auth: &dyn ChallengeProvider, handle: &ChallengeHandle, json: &str, name: &str) -> Result<Verification, Error> {
//!     auth.verify(handle, &Answer::from_webauthn_json(json, name)?).await
//! }
//!
//! /// What the browser gets instead, with a status of 4xx or 5xx, for the `advice()` of an error or of a rejected answer.
//! fn refusal(advice: Advice) -> serde_json::Value {
//!     serde_json::json!({ "sentence": advice.sentence() })
//! }
//! # use auth_challenge::testing::{DfnsDouble, Passkey};
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let vendor = DfnsDouble::start().await;
//! # let auth = vendor.provider();
//! # let code = vendor.issue_code();
//!
//! // In a test, `Passkey` stands in for the browser, and refuses what a browser refuses.
//! let browser = Passkey::new("http://localhost:3000");
//! let (handle, options) = start(&*auth, &code).await?;
//! let made = browser.answer(&options)?;
//! let Verification::Verified(proof) = check(&*auth, &handle, &made.to_string(), "laptop").await? else { return Err("rejected".into()) };
//! assert_eq!(proof.credential().map(Credential::kind), Some("Fido2"));
//!
//! // The code is used up.
//! let error = start(&*auth, &code).await.expect_err("an old code");
//! assert_eq!(refusal(error.advice())["sentence"], error.advice().sentence());
//! # vendor.violations().assert_none();
//! # Ok(()) }
//! ```
//!
//! # In the browser
//!
//! ```js
//! async function post(path, body) {
//!     const reply = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
//!     const answer = await reply.json().catch(() => ({}));           // no body, or a page of a proxy's
//!     if (!reply.ok) throw new Error(answer.sentence ?? "That did not work. Please try again.");
//!     return answer;
//! }
//!
//! async function register(code, name) {
//!     const options = await post("/passkey/start", { code });
//!     const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
//!     const credential = await navigator.credentials.create({ publicKey });
//!     return post(`/passkey/check?${new URLSearchParams({ name })}`, credential.toJSON());
//! }
//! ```
//!
//! Call it from a click, on a page that is served by `https` (or from `localhost`). The message of an `Error` of `post` is for the page; without a connection `fetch` throws a
//! `TypeError`. `create` throws `NotAllowedError` where the person closes the dialogue or takes too long: the same options may be tried again for as long as the challenge lives, so keep
//! them, for the code is used up. It throws `InvalidStateError` where the device has a passkey of this user already. Browsers from before 2025 may lack `parseCreationOptionsFromJSON` and `toJSON`; there the page decodes and encodes base64url itself: `challenge`,
//! `user.id` and the `id` of each of `excludeCredentials` one way, `id`, `response.clientDataJSON` and `response.attestationObject` the other.
//!
//! # The relying party
//!
//! A passkey belongs to a domain, and the browser makes one only on pages of that domain or below it. Which domain that is, in this order: the argument of
//! [`to_webauthn_json`](crate::Registration::to_webauthn_json), `rp_id` and `rp_name` in the config, what the vendor says.
//!
//! ```toml
//! [dfns]
//! rp_id = "example.org"
//! rp_name = "Example"
//! ```
//!
//! # What is rejected
//!
//! A passkey that signed something else is [`Rejected`](crate::Rejected) where the vendor's words say so, and an error where they could mean something else: see the
//! table at [`dfns`](crate::dfns). JSON that lacks a member is an error that names each, before anything is sent. After any of them the person needs a new
//! code, since the old one was traded for the challenge.
