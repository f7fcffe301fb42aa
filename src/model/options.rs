//! How one call is made.

use std::{fmt, net::IpAddr, time::Duration};

use crate::model::Secret;

/// Says how one call is made.
///
/// ```
/// use std::time::Duration;
/// let options = auth_challenge::CallOptions::default().with_timeout(Duration::from_secs(5));
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    timeout: Option<Duration>,
    client_ip: Option<IpAddr>,
    intent: Option<Secret>,
    fails_over_when_unknown: bool,
    is_single_attempt: bool,
    #[cfg(vendor)]
    is_of_a_create: bool,
}

impl CallOptions {
    /// Sets the time for the whole call, instead of the config's `http.timeout`.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the IP address of the client that asks to verify or to send again, for a [`Guard`](crate::Guard); a create has it in its
    /// [`ClientContext`](crate::ClientContext).
    pub fn with_client_ip(mut self, ip: impl Into<IpAddr>) -> Self {
        self.client_ip = Some(ip.into());
        self
    }

    /// Names the one message that the call is to send, for a `SendOnce` (feature `send-once`): the same key again sends nothing again. Say the session, the step,
    /// and the number of the try; any text that is not empty. Without a `SendOnce` around the provider it does nothing, and nothing says so.
    pub fn with_intent(mut self, key: impl Into<Secret>) -> Self {
        self.intent = Some(key.into());
        self
    }

    /// Lets a [`Router`](crate::Router) ask the next provider even where the first may have sent: **the person may get two messages**. Within a `SendOnce`, whose
    /// intents send one, it does nothing.
    pub fn with_failover_when_unknown(mut self) -> Self {
        self.fails_over_when_unknown = true;
        self
    }

    #[cfg(feature = "send-once")]
    pub(crate) fn without_failover_when_unknown(mut self) -> Self {
        self.fails_over_when_unknown = false;
        self
    }

    /// Allows no waiting between attempts: the call is not made again after a failed connect or a 429, since somebody else is asked instead.
    /// What the server says that it did not process is still made again at once, twice at most.
    pub fn with_single_attempt(mut self) -> Self {
        self.is_single_attempt = true;
        self
    }

    /// Sets whether the call is a part of a create, which waits where the vendor asks for a pause.
    #[cfg(vendor)]
    #[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
    pub(crate) fn of_a_create(mut self, is_of_a_create: bool) -> Self {
        self.is_of_a_create = is_of_a_create;
        self
    }

    #[cfg(vendor)]
    pub(crate) fn is_of_a_create(&self) -> bool {
        self.is_of_a_create
    }

    /// Gives the time for the whole call.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Gives the IP address of the client.
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.client_ip
    }

    /// Gives the key of the message that the call is to send.
    pub fn intent(&self) -> Option<&Secret> {
        self.intent.as_ref()
    }

    /// Says whether another provider may be asked after an unknown outcome.
    pub fn fails_over_when_unknown(&self) -> bool {
        self.fails_over_when_unknown
    }

    /// Says whether the call is not to be made again where that takes waiting.
    pub fn is_single_attempt(&self) -> bool {
        self.is_single_attempt
    }
}

/// Shows all but the client's IP address and the intent.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("fails_over_when_unknown", &self.fails_over_when_unknown)
            .field("is_single_attempt", &self.is_single_attempt)
            .finish_non_exhaustive()
    }
}
