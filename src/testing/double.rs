//! What all doubles have in common.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use super::{Clock, Fault, Operation, Outbox, Requests, Violations};
use crate::{Answer, Challenge, ChallengeProvider, ChallengeRequest, Config};

/// What a test asks of a double, whichever vendor it stands for.
///
/// The doubles have all this as methods of their own too, so that the trait is needed only where a test is generic over them:
///
/// ```
/// use auth_challenge::{ChallengeProviderExt as _, Error, Verification, testing::Double};
///
/// async fn the_right_answer_logs_in<D: Double>() -> Result<(), Error> {
///     let double = D::start().await;
///     let auth = double.provider();
///     let challenge = auth.create(&double.person("jane@doe.com")).await?;
///     let wrong = auth.verify(challenge.handle(), &double.wrong_answer(&challenge)).await?;
///     assert!(matches!(wrong, Verification::Rejected(_)));
///     let right = auth.verify(challenge.handle(), &double.right_answer(&challenge)).await?;
///     assert!(matches!(right, Verification::Verified(_)));
///     double.violations().assert_none();
///     Ok(())
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// # #[cfg(feature = "corbado")] the_right_answer_logs_in::<auth_challenge::testing::CorbadoDouble>().await?;
/// # #[cfg(feature = "authsignal")] the_right_answer_logs_in::<auth_challenge::testing::AuthsignalDouble>().await?;
/// # #[cfg(feature = "dfns")] the_right_answer_logs_in::<auth_challenge::testing::DfnsDouble>().await?;
/// # Ok(()) }
/// ```
#[async_trait]
pub trait Double: fmt::Debug + Send + Sync + 'static {
    /// A double on a free port of loopback, with the documented credentials.
    ///
    /// # Panics
    ///
    /// Where no port can be bound.
    async fn start() -> Self
    where
        Self: Sized;

    /// The name of the vendor and of its section in a config.
    fn name(&self) -> &'static str;

    /// Where it is reached, with the path that the vendor's own URL ends in.
    fn base_url(&self) -> String;

    /// Its section of a config, as TOML.
    fn config_section(&self) -> String;

    /// A config that has this double as its provider.
    fn config(&self) -> Config;

    /// The provider that talks to it.
    ///
    /// # Panics
    ///
    /// Where the credentials given to the double's builder are none that a config takes.
    fn provider(&self) -> Arc<dyn ChallengeProvider>;

    /// A request that challenges a person who is known to the vendor, with all that it needs.
    ///
    /// The name is an e-mail address or a phone number. Corbado's double gets a user for it; Dfns' double gets a one-time code.
    fn person(&self, name: &str) -> ChallengeRequest;

    /// The right answer to a challenge of this double: the code that it "sent", or a new key's signature.
    ///
    /// # Panics
    ///
    /// Where the challenge is not this double's.
    fn right_answer(&self, challenge: &Challenge) -> Answer;

    /// A wrong answer to a challenge of this double, of the same form as the right one.
    ///
    /// # Panics
    ///
    /// Where the challenge is not this double's.
    fn wrong_answer(&self, challenge: &Challenge) -> Answer;

    /// What it "sent" until now.
    fn outbox(&self) -> Outbox;

    /// What came in until now.
    fn requests(&self) -> Requests;

    /// Where requests strayed from the vendor's document.
    fn violations(&self) -> Violations;

    /// The clock that it goes by.
    fn clock(&self) -> &Clock;

    /// Lets an operation go wrong, after the faults that wait already.
    fn fail(&self, operation: Operation, fault: Fault);

    /// Lets the next request go wrong, whatever it is.
    fn fail_any(&self, fault: Fault);

    /// Forgets all faults that wait.
    fn clear_faults(&self);
}

/// The parts of a double and its builder that are the same for all vendors; each has a field `common`, and a `setup`.
macro_rules! double {
    ($double:ident, $builder:ident, $doc:literal) => {
        impl $double {
            /// A double on a free port of loopback, with the documented credentials.
            ///
            /// # Panics
            ///
            /// Where no port can be bound.
            pub async fn start() -> Self {
                match Self::builder().start().await {
                    Ok(double) => double,
                    Err(error) => panic!("a double needs a free port on loopback: {error}"),
                }
            }

            /// A double with an address, credentials or codes of your own.
            pub fn builder() -> $builder {
                $builder::default()
            }

            /// The name of the vendor and of its section in a config.
            pub fn name(&self) -> &'static str {
                self.common.name
            }

            #[doc = $doc]
            pub fn base_url(&self) -> String {
                self.common.base_url.clone()
            }

            /// Its section of a config, as TOML.
            pub fn config_section(&self) -> String {
                self.common.config_section()
            }

            /// A config that has this double as its provider.
            pub fn config(&self) -> $crate::Config {
                self.common.config()
            }

            /// The provider that talks to it.
            ///
            /// # Panics
            ///
            /// Where the credentials given to the builder are none that a config takes.
            pub fn provider(&self) -> std::sync::Arc<dyn $crate::ChallengeProvider> {
                match self.common.provider() {
                    Ok(provider) => provider,
                    Err(error) => panic!("the double's credentials are none that a config takes: {error}"),
                }
            }

            /// What it "sent" until now.
            pub fn outbox(&self) -> $crate::testing::Outbox {
                self.common.running.backstage.journal.outbox()
            }

            /// What came in until now.
            pub fn requests(&self) -> $crate::testing::Requests {
                self.common.running.backstage.journal.requests()
            }

            /// Where requests strayed from the vendor's document: none in a good test.
            pub fn violations(&self) -> $crate::testing::Violations {
                self.common.running.backstage.journal.violations()
            }

            /// The clock that it goes by.
            pub fn clock(&self) -> &$crate::testing::Clock {
                &self.common.running.clock
            }

            /// Lets an operation go wrong, after the faults that wait already.
            pub fn fail(&self, operation: $crate::testing::Operation, fault: $crate::testing::Fault) {
                self.common.running.backstage.faults.add(Some(operation), fault);
            }

            /// Lets the next request go wrong, whatever it is.
            pub fn fail_any(&self, fault: $crate::testing::Fault) {
                self.common.running.backstage.faults.add(None, fault);
            }

            /// Forgets all faults that wait.
            pub fn clear_faults(&self) {
                self.common.running.backstage.faults.clear();
            }
        }

        impl std::fmt::Debug for $double {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($double)).field("base_url", &self.common.base_url).finish_non_exhaustive()
            }
        }

        #[async_trait::async_trait]
        impl $crate::testing::Double for $double {
            async fn start() -> Self {
                $double::start().await
            }

            fn name(&self) -> &'static str {
                $double::name(self)
            }

            fn base_url(&self) -> String {
                $double::base_url(self)
            }

            fn config_section(&self) -> String {
                $double::config_section(self)
            }

            fn config(&self) -> $crate::Config {
                $double::config(self)
            }

            fn provider(&self) -> std::sync::Arc<dyn $crate::ChallengeProvider> {
                $double::provider(self)
            }

            fn person(&self, name: &str) -> $crate::ChallengeRequest {
                $double::person(self, name)
            }

            fn right_answer(&self, challenge: &$crate::Challenge) -> $crate::Answer {
                $double::right_answer(self, challenge)
            }

            fn wrong_answer(&self, challenge: &$crate::Challenge) -> $crate::Answer {
                $double::wrong_answer(self, challenge)
            }

            fn outbox(&self) -> $crate::testing::Outbox {
                $double::outbox(self)
            }

            fn requests(&self) -> $crate::testing::Requests {
                $double::requests(self)
            }

            fn violations(&self) -> $crate::testing::Violations {
                $double::violations(self)
            }

            fn clock(&self) -> &$crate::testing::Clock {
                $double::clock(self)
            }

            fn fail(&self, operation: $crate::testing::Operation, fault: $crate::testing::Fault) {
                $double::fail(self, operation, fault);
            }

            fn fail_any(&self, fault: $crate::testing::Fault) {
                $double::fail_any(self, fault);
            }

            fn clear_faults(&self) {
                $double::clear_faults(self);
            }
        }

        impl $builder {
            /// Where it listens; a free port of loopback unless told otherwise.
            pub fn address(mut self, address: std::net::SocketAddr) -> Self {
                self.setup.address = address;
                self
            }

            /// The clock that it goes by.
            pub fn clock(mut self, clock: $crate::testing::Clock) -> Self {
                self.setup.clock = clock;
                self
            }

            /// Is told of each message and violation as it happens.
            pub fn on_event(mut self, listener: impl Fn(&$crate::testing::Event) + Send + Sync + 'static) -> Self {
                self.setup.listener(listener);
                self
            }
        }
    };
}
pub(super) use double;

/// Methods of the vendors that send codes, and of their builders.
macro_rules! sends_codes {
    ($double:ident, $builder:ident) => {
        impl $double {
            /// The right answer to a challenge of this double: the code that it "sent".
            ///
            /// # Panics
            ///
            /// Where the challenge is not this double's.
            pub fn right_answer(&self, challenge: &$crate::Challenge) -> $crate::Answer {
                $crate::Answer::code(self.outbox().code_of(challenge))
            }

            /// A wrong answer to a challenge of this double, of the same form as the right one.
            ///
            /// # Panics
            ///
            /// Where the challenge is not this double's.
            pub fn wrong_answer(&self, challenge: &$crate::Challenge) -> $crate::Answer {
                $crate::Answer::code($crate::testing::fresh::other_than(self.outbox().code_of(challenge)))
            }
        }

        impl $builder {
            /// One code for all messages, instead of fresh ones.
            pub fn code(mut self, code: impl Into<String>) -> Self {
                self.setup.code = Some(code.into());
                self
            }

            /// How many wrong codes a challenge takes; five unless told otherwise.
            pub fn max_attempts(mut self, attempts: u32) -> Self {
                self.setup.attempts = attempts;
                self
            }
        }
    };
}
pub(super) use sends_codes;
