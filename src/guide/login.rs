//! A login: send, check, send again.
//!
//! An application holds one provider, made once from a config, and calls it in two requests of the person: the one that asks for a code, and the one
//! that brings it. Between them it keeps the [handle](crate::ChallengeHandle).
//!
//! ```
//! use std::sync::Arc;
//! use auth_challenge::*;
//!
//! /// What your database knows of a user.
//! struct User {
//!     email: String,
//!     /// Corbado's id of the user, from the sign-up; the other vendors need none.
//!     corbado_id: Option<String>,
//! }
//!
//! /// The request that asks for a code. The handle goes into the session.
//! async fn start(auth: &dyn ChallengeProvider, user: &User, client: ClientContext) -> Result<ChallengeHandle, Error> {
//!     let challenge = auth.create(&request_for(user, client)).await?;
//!     Ok(challenge.handle().clone())
//! }
//!
//! fn request_for(user: &User, client: ClientContext) -> ChallengeRequest {
//!     let request = ChallengeRequest::email_otp(user.email.as_str()).with_action("login").with_client(client);
//!     match &user.corbado_id {
//!         Some(id) => request.with_user_id_at(ProviderId::CORBADO, id.as_str()),
//!         None => request,
//!     }
//! }
//!
//! /// The request that brings the code, with the handle out of the session. Gives who is logged in, or what the page says.
//! async fn check(auth: &dyn ChallengeProvider, handle: &ChallengeHandle, code: &str) -> Result<String, &'static str> {
//!     match auth.verify(handle, &Answer::code(code)).await {
//!         Ok(Verification::Verified(proof)) => proof.recipient().map(str::to_owned).ok_or(Advice::OurFault.sentence()),
//!         Ok(Verification::Rejected(no)) => Err(no.advice().sentence()),
//!         Err(error) => Err(error.advice().sentence()),
//!     }
//! }
//!
//! /// The button "Send again". The new handle takes the place of the old one.
//! async fn again(auth: &dyn ChallengeProvider, handle: &ChallengeHandle, user: &User, client: ClientContext) -> Result<ChallengeHandle, Error> {
//!     let challenge = auth.send_again(handle, &request_for(user, client)).await?;
//!     Ok(challenge.handle().clone())
//! }
//! # use auth_challenge::testing::{AuthsignalDouble, CorbadoDouble, Double};
//! # async fn play(vendor: &Double, user: User) -> Result<(), Error> {
//! # let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0");
//!
//! // The application's state, once:      Config::from_toml_file("auth.toml")?.build()?
//! let auth: Arc<dyn ChallengeProvider> = vendor.config().build()?;
//!
//! let handle = start(&*auth, &user, client.clone()).await?;
//! assert_eq!(check(&*auth, &handle, "not the code").await, Err("That code is not right. Please try again."));
//! let handle = again(&*auth, &handle, &user, client).await?;
//! let code = vendor.outbox().last_code().to_owned();             // the person reads it in the message
//! assert_eq!(check(&*auth, &handle, &code).await, Ok("jane@doe.com".to_owned()));
//! # vendor.violations().assert_none();
//! # Ok(()) }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let (corbado, authsignal) = (CorbadoDouble::start().await, AuthsignalDouble::start().await);
//! # play(&authsignal, User { email: "jane@doe.com".into(), corbado_id: None }).await?;
//! # let corbado_id = Some(corbado.add_user("jane@doe.com"));
//! # play(&corbado, User { email: "jane@doe.com".into(), corbado_id }).await
//! # }
//! ```
//!
//! No line of it names the vendor that is asked. What the configured one needs and was not given is one error that names every field, before
//! anything is sent; what it has no use for is [ignored](crate::Challenge::ignored). So give what you have: the crate's first page has
//! a [table](crate#vendors) of who needs what, and [`check`](crate::ChallengeProvider::check) tells both without sending, say in a test.
//!
//! # Who is asking
//!
//! [`ClientContext`](crate::ClientContext) tells the vendor about the person's browser; Corbado refuses to send without IP address and user agent.
//!
//! - **The IP address** is the peer's of the connection, or what *your own* proxy says in a header that it always overwrites. It is never read
//!   from headers or JSON by this crate: anybody can send those, and your limits count by it.
//! - **The headers** of the person's request give user agent, browser and operating system:
//!   [`with_headers`](crate::ClientContext::with_headers).
//!
//! # The handle
//!
//! It is what a key is to a lock: whoever has it may try codes, and some hold the user's id or the recipient. Keep it where the visitor can
//! neither read nor replace it: in the session on the server, or in an encrypted, authenticated cookie (`PrivateCookieJar` in axum), for which
//! [`to_compact`](crate::ChallengeHandle::to_compact) writes it as one short text. It works on any instance of your application, also one of
//! another release.
//!
//! Two ways to log the wrong person in, both by trusting the browser:
//!
//! 1. **Logging in the address of the form.** Somebody starts a challenge for an address of their own, and sends another one along with their own
//!    right code. Log in [`Verified::recipient`](crate::Verified::recipient): what the vendor says it sent to.
//! 2. **Taking the handle from the browser.** In a form field or a plain cookie it can be replaced by one of another challenge.
//!
//! When the code is right, give the session a new id, as after every login.
//!
//! # An address that nobody has
//!
//! A page that says "we do not know this address" tells everybody who your users are. The same page with no message behind it tells it too: by a cookie
//! that is not set, a reply that comes sooner, tries that never run out.
//!
//! **Send to everybody, and ask for a name after the proof.** Whether there is an account is looked up when the code was right; who has none is asked
//! for a name then. `examples/login` in the repository does it so. Strangers get messages that way: [limit](super::fleet#limits) them. With Corbado it
//! takes [`find_or_create_users`](super::sign_up#corbado), where the first message to somebody new is at least two calls slower: that can be measured,
//! unless each reply waits for a set time.
//!
//! **Where only known people may get messages**, everybody else needs a decoy, which your application makes:
//!
//! - **A cookie** like that of a handle, with the same name, attributes and size. What is encrypted still shows its length: fill all of them up to the same.
//! - **The same time** for every reply: none before a set time, which is longer than the vendor takes.
//! - **The same end.** Tries, messages and the time to live run out as they do for others. Count them on the server, since an old cookie can be sent once
//!   more. A decoy never goes to `verify`: the vendor does not know it, and says so.
//!
//! Whatever else differs tells: a call that is slower than the set time, or an outage, which only people with an account see. So prefer the first way.
//!
//! # Send again
//!
//! [`send_again`](crate::ChallengeProviderExt::send_again) sends the same challenge once more where the vendor can, and makes a new one where it
//! cannot. Each call sends a message and costs money. With a guard, [`peek`](crate::ChallengeProvider::peek) tells when the next message is allowed
//! and how many tries are left, without using up either: for a countdown on the page.
//!
//! ```
//! use auth_challenge::*;
//!
//! async fn countdown(auth: &dyn ChallengeProvider, handle: &ChallengeHandle) -> (u64, Option<u32>) {
//!     let outlook = auth.peek(handle, &CallOptions::default()).await;
//!     (outlook.next_send_in().map_or(0, |wait| wait.as_secs() + 1), outlook.tries_left())
//! }
//! # use std::sync::Arc;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let vendor = testing::AuthsignalDouble::start().await;
//! // In a config: [guard] with per_recipient = "1 per 1m" and wrong_codes = 5.
//! let limits = Limits::new().with_per_recipient("1 per 1m".parse()?).with_wrong_codes(5);
//! let auth = Guarded::new(vendor.provider(), Arc::new(LocalGuard::new(limits)));
//!
//! let challenge = auth.create(&vendor.person("jane@doe.com")).await?;
//! let (seconds, tries_left) = countdown(&auth, challenge.handle()).await;
//! assert!((50..=60).contains(&seconds) && tries_left == Some(5));
//! # Ok(()) }
//! ```
//!
//! # Other methods
//!
//! The request changes, the rest stays: [`sms_otp`](crate::ChallengeRequest::sms_otp), [`whatsapp_otp`](crate::ChallengeRequest::whatsapp_otp)
//! and [`voice_otp`](crate::ChallengeRequest::voice_otp) take a phone number in E.164 form (`+64270000000`).
//! [`email_link`](crate::ChallengeRequest::email_link) sends a link; its page hands the link's token to
//! [`Answer::link`](crate::Answer::link). A link is often opened in another browser than the one that has the session: ask there for the confirmation
//! "Was that you?", and never log in who merely opens it. Passkeys have [a page of their own](super::passkeys).
//!
//! What the page says when something fails is told at [`failures`](super::failures).
