//! Where a guard's counts are kept: what every store can do, and what it is told.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use super::{Rate, limits::Rule};

/// Keeps counts. Each operation is one decision: nothing else is counted while it is made.
#[async_trait]
pub(super) trait Store: fmt::Debug + Send + Sync + 'static {
    /// Says that the store did not decide.
    type Outage: Send;

    /// Gives the key of a value, from which nobody reads the value; values of two sorts have different keys.
    fn key(&self, sort: &'static str, value: &[&str]) -> Key;

    /// Gives the keyed hash of a recipient that a list can name it by, where there is a key that a person can hash with.
    fn hash(&self, recipient: &str) -> Option<String>;

    /// Takes a place under every limit of this send; none, where one of them is full.
    async fn take(&self, send: &Message<'_>) -> Result<Vec<Count>, Self::Outage>;

    /// Notes that a message is out, under the challenge that it has now.
    async fn note(&self, send: &Message<'_>, challenge: Key) -> Result<(), Self::Outage>;

    /// Notes that a challenge was made for a recipient who is under no limit; neither is what is sent for it once more.
    async fn note_exempt(&self, challenge: Key) -> Result<(), Self::Outage>;

    /// Gives the places of a send back.
    async fn give_back(&self, send: &Message<'_>) -> Result<(), Self::Outage>;

    /// Takes a try at a challenge; none, where so many are taken. It counts as wrong until told otherwise, so that many at once are not let
    /// through. Gives how many were taken before.
    async fn take_try(&self, challenge: Key, most: u32) -> Result<u32, Self::Outage>;

    /// Gives a try back.
    async fn give_try_back(&self, challenge: Key) -> Result<(), Self::Outage>;

    /// Notes that a challenge was answered: its tries are forgotten, and no message to its recipient counts as unverified any more.
    async fn verified(&self, challenge: Key) -> Result<(), Self::Outage>;

    /// Tells what [`take`](Self::take) would, and how many tries at the challenge were taken, without taking any.
    async fn peek(&self, send: &Message<'_>) -> Result<(Vec<Count>, u32), Self::Outage>;
}

/// Stands for a value that is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) u128);

/// Says for whom a challenge was made.
#[derive(Clone, Copy, Default)]
pub(super) struct Subject {
    pub(super) recipient: Option<Key>,
    pub(super) client_ip: Option<Key>,
    pub(super) calling_code: Option<Key>,
    /// Whether it is under no limit, whomever it is for.
    pub(super) is_exempt: bool,
}

/// Describes one send, and the limits that it may fall under.
pub(super) struct Message<'a> {
    pub(super) id: u64,
    pub(super) subject: Subject,
    /// The challenge that is sent once more; it counts for those of the first send, where the store knows them.
    pub(super) challenge: Option<Key>,
    pub(super) rates: &'a [Option<Rate>; Rule::ALL.len()],
}

/// Tells how many places under a limit were taken before a send, and for how long there is none for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) rule: Rule,
    pub(super) taken: u64,
    pub(super) wait: Option<Duration>,
}

impl Subject {
    /// Gives those that a challenge sent once more counts for: those of the first send, else the recipient that the handle names, else the challenge.
    pub(super) fn again(self, first: Option<Self>, challenge: Key) -> Self {
        match first {
            Some(first) => Self { client_ip: self.client_ip.or(first.client_ip), ..first },
            None => Self { recipient: self.recipient.or(Some(challenge)), ..self },
        }
    }

    /// Gives whose count a rule looks at, and what is counted there.
    pub(super) fn place<M>(self, rule: Rule, send: M, code: impl FnOnce(Key) -> M) -> Option<(Key, M)> {
        match rule {
            _ if self.is_exempt => None,
            Rule::PerRecipient => Some((self.recipient?, send)),
            Rule::PerIp => Some((self.client_ip?, send)),
            Rule::UnverifiedPerCallingCode => Some((self.calling_code?, send)),
            Rule::CallingCodesPerIp => Some((self.client_ip?, code(self.calling_code?))),
        }
    }
}
