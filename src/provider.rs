//! The one trait over all vendors.

use std::{fmt, pin::Pin, sync::Arc};

use async_trait::async_trait;

use crate::model::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Field, Memory, Outlook, ProviderHealth, ProviderId,
    SendState, Verification,
};

/// Challenges people: one of the vendors, several behind one, a test double, or a provider of your own.
///
/// An application holds it as `Arc<dyn ChallengeProvider>` and calls it through [`ChallengeProviderExt`], which gives every method a
/// short form. Methods that are added later have a default body.
///
/// # Implementing it
///
/// [`Challenge::new`], [`ChallengeHandle::new`], [`Capabilities::new`], [`Verified::new`](crate::Verified::new),
/// [`Rejected::new`](crate::Rejected::new) and [`Error::new`] are there for it.
/// A create must not send twice, and every error must say through its [`SendState`](crate::SendState) whether something may have been sent. Name the
/// operation in your errors too ([`Error::with_operation`]): [`Error::advice`] goes by it.
///
/// A provider that is made of others denies `clippy::missing_trait_methods`, so that a method that is added later is passed on too.
///
/// ```
/// use auth_challenge::*;
///
/// #[derive(Debug)]
/// struct Carrier(Capabilities);
///
/// #[auth_challenge::async_trait]
/// impl ChallengeProvider for Carrier {
///     fn id(&self) -> ProviderId {
///         ProviderId::new("pigeons")
///     }
///     fn capabilities(&self) -> Capabilities {
///         self.0.clone()
///     }
///     async fn create_with(&self, request: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
///         self.check(request)?;
///         Ok(Challenge::new(ChallengeHandle::new(self.id(), request.method(), "pigeon-1")))
///     }
///     async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, _: &CallOptions) -> Result<Verification, Error> {
///         handle.require_issuer(&self.id())?;
///         match answer.as_code().map(Secret::expose) {
///             Some("123456") => Ok(Verified::new(handle.method()).with_recipient("jane@doe.com").into()),
///             _ => Ok(Rejected::new(Reason::WrongOrExpiredCode).into()),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait ChallengeProvider: fmt::Debug + Send + Sync + 'static {
    /// Gives the name of this instance. No I/O.
    fn id(&self) -> ProviderId;

    /// Tells what it can do. No I/O. Of a [`Router`](crate::Router), and so of what a [`Config`](crate::Config) with several sections builds, it is what its first provider
    /// can do: a method that another one has may be served all the same.
    fn capabilities(&self) -> Capabilities;

    /// Finds what a [`create_with`](Self::create_with) of this request would be refused for before anything is sent. No I/O.
    ///
    /// Gives the fields of the request that this provider does not take; they would be ignored.
    ///
    /// # Errors
    ///
    /// One error that names every missing or malformed field.
    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        let id = self.id();
        self.capabilities().check(&id, request).map_err(|error| error.with_provider(id))
    }

    /// Challenges a person. On success a message was handed to the vendor for sending, or, for a credential, the challenge is there.
    ///
    /// What goes over the wire is told by the vendor's module. Whoever drops the future gives up waiting, and not the message, which may be sent all the same:
    /// [`CallOptions::with_timeout`] ends a call and says what became of it.
    ///
    /// # Errors
    ///
    /// [`Error::send_state`] says whether a message may be under way in spite of the error.
    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error>;

    /// Checks an answer. Read at [`verify`](ChallengeProviderExt::verify) first how a login goes wrong.
    ///
    /// A wrong, expired or used-up code is [`Verification::Rejected`], however the vendor says it; an outage is an error. A wrong code past the
    /// handle's own expiry is rejected as expired.
    ///
    /// What each vendor's reply must say to count as rejected is told by the vendor's module; a status that this release does not know is an
    /// error, since it may be a success. A challenge that the vendor does not know is rejected as expired if the handle's expiry is past, and is
    /// [`ErrorKind::NotFound`] otherwise. A vendor that does not tell an unknown one from one that is over has it rejected as
    /// [`Reason::Other`](crate::Reason::Other); its module says so.
    ///
    /// Whoever drops the future does not take the answer back: the code may be used up.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Handle`], before any I/O, where this provider did not make the challenge. After an error whose
    /// [`send_state`](Error::send_state) is `Unknown` or `Accepted` the code may be used up: offer a new challenge. Only what provably was not
    /// processed is sent again.
    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error>;

    /// Finds what a [`resend_with`](Self::resend_with) of this challenge would be refused for before anything is sent. No I/O. A [`Guarded`](crate::Guarded) also learns by it whose handle an answer comes
    /// with, so a provider that is made of others passes it on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Handle`] where this provider did not make the challenge, [`ErrorKind::Unsupported`] where it cannot send one once more.
    fn check_resend(&self, handle: &ChallengeHandle) -> Result<(), Error> {
        let refused = |error: Error| error.at(&self.id(), "resend");
        handle.require_issuer(&self.id()).map_err(refused)?;
        if self.capabilities().can_resend() { Ok(()) } else { Err(refused(cannot_resend())) }
    }

    /// Sends an existing challenge once more, where [`Capabilities::can_resend`] says that the vendor can. Each call sends a message.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Handle`] where this provider did not make the challenge and [`ErrorKind::Unsupported`] where it cannot send one once more, before any
    /// I/O. Else [`Error::send_state`] says whether a message may be under way. A resend is not made again after a 429.
    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        let _ = (handle, options);
        Err(cannot_resend().at(&self.id(), "resend"))
    }

    /// Tells which providers and stores are in trouble: of a router each provider, by name, with whether it is passed over, for how long, and why; then
    /// each store that does not answer, as `guard` or `intents`. Empty for a provider that is made of no others. No I/O.
    ///
    /// ```
    /// # fn f(auth: &dyn auth_challenge::ChallengeProvider) {
    /// for one in auth.health().iter().filter(|one| one.is_passed_over()) {
    ///     println!("{} failed ({:?}), tried again in {:?}", one.provider(), one.failure(), one.passed_over_for());
    /// }
    /// # }
    /// ```
    fn health(&self) -> Vec<ProviderHealth> {
        Vec::new()
    }

    /// Looks, for a page, how long until this challenge may be sent once more or another one in its place, and how many tries at its code are left;
    /// uses up neither. Nothing where no guard counts. It asks the store of the guard alone, never a vendor; while that is away, it tells what the guard goes by then.
    ///
    /// ```
    /// # async fn page(auth: &dyn auth_challenge::ChallengeProvider, handle: &auth_challenge::ChallengeHandle) {
    /// let outlook = auth.peek(handle, &auth_challenge::CallOptions::default()).await;
    /// if let Some(wait) = outlook.next_send_in() {
    ///     println!("Send again in {} s", wait.as_secs() + 1);
    /// }
    /// # }
    /// ```
    async fn peek(&self, handle: &ChallengeHandle, options: &CallOptions) -> Outlook {
        let _ = (handle, options);
        Outlook::default()
    }

    /// Opens connections before the first person waits for one; call it when the application starts, and go on whatever comes of it.
    ///
    /// Each provider that calls a vendor sends one `HEAD` for its base URL, without credentials; the server may answer as it likes. What that saves the first call: the search for the
    /// server, the handshakes, and the start of the cryptography, which is done once in a process. An HTTP/2 connection is kept for 15 s without a call; over
    /// HTTP/1.1 with TLS none is kept, and the start alone is saved. The system's certificates are read too, and not again: a process may give up the right to read them afterwards.
    ///
    /// # Errors
    ///
    /// That of a server that could not be reached, of several the first by the providers' names; the others were asked all the same. Nobody is sent anything. The store of a guard or of
    /// intents is not asked.
    ///
    /// ```
    /// # async fn start(auth: &dyn auth_challenge::ChallengeProvider) {
    /// if let Err(error) = auth.warm_up(&auth_challenge::CallOptions::default()).await {
    ///     eprintln!("not reached yet: {error}");
    /// }
    /// # }
    /// ```
    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        let _ = options;
        Ok(())
    }

    /// Gives what it remembers between calls, for the provider that takes its place: the counts of its guard. No I/O.
    ///
    /// A provider that is made of others passes on theirs.
    fn memory(&self) -> Memory {
        Memory::new()
    }

    /// Goes on with what the provider before it remembers, instead of its own; [`Reloadable::replace`](crate::Reloadable::replace) calls it. No I/O.
    fn recall(&self, memory: Memory) {
        let _ = memory;
    }
}

fn cannot_resend() -> Error {
    Error::new(ErrorKind::Unsupported, SendState::NotSent).with_detail("the provider cannot send a challenge once more; make a new one")
}

/// Gives every provider short forms of [`ChallengeProvider`]'s methods. Their futures are `Send`. One that is polled by reference, as in `tokio::select!`, is pinned first.
pub trait ChallengeProviderExt: ChallengeProvider {
    /// Challenges a person: [`create_with`](ChallengeProvider::create_with) with default options.
    fn create(&self, request: &ChallengeRequest) -> impl Future<Output = Result<Challenge, Error>> + Send {
        async move { self.create_with(request, &CallOptions::default()).await.map_err(|error| error.or_operation("create")) }
    }

    /// Checks an answer. **Two ways to get a login wrong**, before anything else:
    ///
    /// 1. *Logging in the address of the form.* A visitor can start a challenge for their own address, then send somebody else's address
    ///    along with their own right code. Log in [`Verified::recipient`](crate::Verified::recipient), which is what the vendor's reply names.
    /// 2. *Taking the handle from the visitor.* A visitor can put in the handle of a challenge of their own. Keep it in the server-side
    ///    session, or in an encrypted cookie.
    ///
    /// ```
    /// # use auth_challenge::*;
    /// # async fn check(auth: &dyn ChallengeProvider, handle_in_session: ChallengeHandle, code: &str) -> Result<String, Error> {
    /// match auth.verify(&handle_in_session, &Answer::code(code)).await? {
    ///     Verification::Verified(proof) => Ok(format!("welcome, {}", proof.recipient().unwrap_or("you"))),
    ///     Verification::Rejected(no) if no.may_try_again() => Ok("That code is not right.".into()),
    ///     Verification::Rejected(_) => Ok("Please ask for a new code.".into()),
    /// }
    /// # }
    /// ```
    ///
    /// This is [`verify_with`](ChallengeProvider::verify_with) with default options; there stands what counts as rejected.
    fn verify(&self, handle: &ChallengeHandle, answer: &Answer) -> impl Future<Output = Result<Verification, Error>> + Send {
        async move { self.verify_with(handle, answer, &CallOptions::default()).await.map_err(|error| error.or_operation("verify")) }
    }

    /// Sends once more: [`resend_with`](ChallengeProvider::resend_with) with default options.
    fn resend(&self, handle: &ChallengeHandle) -> impl Future<Output = Result<Challenge, Error>> + Send {
        async move { self.resend_with(handle, &CallOptions::default()).await.map_err(|error| error.or_operation("resend")) }
    }

    /// Sends again because the person asked for it: the same challenge where the vendor can send it once more, else a new one of `request`. Keep the
    /// handle of what comes back in the place of the old one.
    fn send_again(&self, handle: &ChallengeHandle, request: &ChallengeRequest) -> impl Future<Output = Result<Challenge, Error>> + Send {
        async move { self.send_again_with(handle, request, &CallOptions::default()).await }
    }

    /// Sends again as [`send_again`](Self::send_again) does, with options: for a `SendOnce` with an intent of its own.
    fn send_again_with(
        &self,
        handle: &ChallengeHandle,
        request: &ChallengeRequest,
        options: &CallOptions,
    ) -> impl Future<Output = Result<Challenge, Error>> + Send {
        async move {
            let cannot = |error: &Error| matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Handle) && error.send_state() == SendState::NotSent;
            if self.check_resend(handle).is_err_and(|error| cannot(&error)) {
                return self.create_with(request, options).await.map_err(|error| error.or_operation("create"));
            }
            match self.resend_with(handle, options).await {
                Err(error) if cannot(&error) => self.create_with(request, options).await.map_err(|error| error.or_operation("create")),
                outcome => outcome.map_err(|error| error.or_operation("resend")),
            }
        }
    }
}

impl<P: ChallengeProvider + ?Sized> ChallengeProviderExt for P {}

/// What an asynchronous method of the trait gives.
type Pending<'f, T> = Pin<Box<dyn Future<Output = T> + Send + 'f>>;

/// Forwards every method, so that a shared or boxed provider is a provider. What the provider within gives is handed on as it is, not boxed once more.
macro_rules! forward {
    ($pointer:ident) => {
        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<P: ChallengeProvider + ?Sized> ChallengeProvider for $pointer<P> {
            fn id(&self) -> ProviderId {
                (**self).id()
            }

            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }

            fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
                (**self).check(request)
            }

            fn create_with<'a, 'b, 'c, 'f>(&'a self, request: &'b ChallengeRequest, options: &'c CallOptions) -> Pending<'f, Result<Challenge, Error>>
            where
                Self: 'f,
                'a: 'f,
                'b: 'f,
                'c: 'f,
            {
                (**self).create_with(request, options)
            }

            fn verify_with<'a, 'b, 'c, 'd, 'f>(
                &'a self,
                handle: &'b ChallengeHandle,
                answer: &'c Answer,
                options: &'d CallOptions,
            ) -> Pending<'f, Result<Verification, Error>>
            where
                Self: 'f,
                'a: 'f,
                'b: 'f,
                'c: 'f,
                'd: 'f,
            {
                (**self).verify_with(handle, answer, options)
            }

            fn check_resend(&self, handle: &ChallengeHandle) -> Result<(), Error> {
                (**self).check_resend(handle)
            }

            fn resend_with<'a, 'b, 'c, 'f>(&'a self, handle: &'b ChallengeHandle, options: &'c CallOptions) -> Pending<'f, Result<Challenge, Error>>
            where
                Self: 'f,
                'a: 'f,
                'b: 'f,
                'c: 'f,
            {
                (**self).resend_with(handle, options)
            }

            fn health(&self) -> Vec<ProviderHealth> {
                (**self).health()
            }

            fn peek<'a, 'b, 'c, 'f>(&'a self, handle: &'b ChallengeHandle, options: &'c CallOptions) -> Pending<'f, Outlook>
            where
                Self: 'f,
                'a: 'f,
                'b: 'f,
                'c: 'f,
            {
                (**self).peek(handle, options)
            }

            fn warm_up<'a, 'b, 'f>(&'a self, options: &'b CallOptions) -> Pending<'f, Result<(), Error>>
            where
                Self: 'f,
                'a: 'f,
                'b: 'f,
            {
                (**self).warm_up(options)
            }

            fn memory(&self) -> Memory {
                (**self).memory()
            }

            fn recall(&self, memory: Memory) {
                (**self).recall(memory);
            }
        }
    };
}

forward!(Arc);
forward!(Box);
