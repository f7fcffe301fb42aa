//! How doubles are set up.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use super::{Clock, Event, codes::Codes, observe::Listener};

/// Builds a double; `V` is what this vendor's double can be told beside what all doubles take.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// use auth_challenge::testing::{Clock, DoubleEntry};
///
/// let clock = Clock::default();
/// for entry in DoubleEntry::ALL {
///     let double = entry.builder().with_clock(clock.clone()).with_code("123456").start().await?;
///     double.violations().assert_none();
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it is started"]
pub struct DoubleBuilder<V> {
    pub(super) settings: Settings,
    pub(super) vendor: V,
}

impl<V> DoubleBuilder<V> {
    pub(super) fn of(vendor: V) -> Self {
        Self { settings: Settings::default(), vendor }
    }

    /// Sets where it listens; a free port of loopback unless told otherwise.
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.settings.address = address;
        self
    }

    /// Sets the clock that it goes by; one clock may serve several doubles.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Sets one code for all messages, instead of fresh ones. A vendor that sends none takes no notice.
    pub fn with_code(self, code: impl Into<String>) -> Self {
        self.settings.codes.set_for_all(code.into());
        self
    }

    /// Sets the code for all messages to one recipient, in whatever spelling. A vendor that sends none takes no notice.
    pub fn with_code_for(self, recipient: impl AsRef<str>, code: impl Into<String>) -> Self {
        self.settings.codes.set(recipient.as_ref(), code.into());
        self
    }

    /// Sets how many wrong codes a challenge takes; five unless told otherwise. A vendor that sends none takes no notice.
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.settings.attempts = attempts;
        self
    }

    /// Calls a function with each [`Event`] as it happens.
    pub fn with_listener(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.settings.listener = Some(Arc::new(listener));
        self
    }
}

/// What every double can be told.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) address: SocketAddr,
    pub(super) clock: Clock,
    pub(super) codes: Codes,
    pub(super) attempts: u32,
    pub(super) listener: Option<Listener>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), clock: Clock::default(), codes: Codes::default(), attempts: 5, listener: None }
    }
}

/// Shows no code.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("address", &self.address).field("clock", &self.clock).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}
