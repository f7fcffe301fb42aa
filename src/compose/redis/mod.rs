//! One connection to a Redis or Valkey server, which gives each answer a time, and knows whether the server is away.

mod outage;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::{
    Client, Cmd, FromRedisValue, RedisError, ServerErrorKind,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;

use crate::model::{Error, ErrorKind, ProviderHealth, Secret, SendState, Violation};
use outage::Outages;
pub(super) use outage::{LEFT_ALONE, Outage};

/// What all keys begin with: one hash tag, so that a cluster keeps them in one place.
pub(super) const PREFIX: &str = "{auth-challenge}:";

/// Time for one answer, unless told otherwise.
const TIME: Duration = Duration::from_millis(250);

/// A script, which the server is told by its hash where it knows it.
pub(super) struct Script(redis::Script, &'static str);

impl Script {
    pub(super) fn new(source: &'static str) -> Self {
        Self(redis::Script::new(source), source)
    }
}

/// Runs scripts on a server, all over one connection.
pub(super) struct Link {
    client: Client,
    /// Comes back by itself; taken away where the server does not answer on it.
    connection: Mutex<Option<ConnectionManager>>,
    pub(super) time: Duration,
    outages: Outages,
}

impl Link {
    /// Knows the server by its URL; does not connect yet. `store` is what the log and `health` call it.
    pub(super) fn open(url: &Secret, store: &'static str) -> Result<Self, Violation> {
        match Client::open(url.expose()) {
            Ok(client) => Ok(Self { client, connection: Mutex::new(None), time: TIME, outages: Outages::new(store) }),
            Err(_) => {
                let expected = "expected a URL such as \"redis://host:6379\", or \"rediss://host:6379\" with the feature rustls";
                Err(Violation::at_key("redis_url", expected))
            }
        }
    }

    /// Runs a script on a key, within its time; not at all while the server is known to be away. `tell` adds its arguments.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &Script, key: &str, tell: impl Fn(&mut Cmd)) -> Result<T, Outage> {
        let question = self.outages.may_ask()?;
        let failure = match timeout(self.time, self.invoke(script, key, tell)).await {
            Ok(Ok(value)) => {
                self.outages.end(question);
                return Ok(value);
            }
            Ok(Err(error)) => {
                tracing::debug!(kind = ?error.kind(), "a store failed");
                // The client has the same time, and may be the first to see that it is up.
                if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Connect }
            }
            Err(_) => ErrorKind::Timeout,
        };
        if self.outages.begin(question, failure) {
            // It may hang on that connection alone.
            self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        Err(Outage)
    }

    async fn invoke<T: FromRedisValue>(&self, script: &Script, key: &str, tell: impl Fn(&mut Cmd)) -> Result<T, RedisError> {
        let mut connection = self.connection()?;
        let call = |command, script: &str| {
            let mut call = redis::cmd(command);
            call.arg(script).arg(1).arg(key);
            tell(&mut call);
            call
        };
        match call("EVALSHA", script.0.get_hash()).query_async(&mut connection).await {
            // The script goes along: between loading it and running it, it could be flushed once more.
            Err(error) if error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoScript) => call("EVAL", script.1).query_async(&mut connection).await,
            answered => answered,
        }
    }

    fn connection(&self) -> Result<ConnectionManager, RedisError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new().set_connection_timeout(Some(self.time)).set_response_timeout(Some(self.time)).set_number_of_retries(0);
        Ok(connection.insert(ConnectionManager::new_lazy_with_config(self.client.clone(), config)?).clone())
    }

    /// Tells of an outage, while there is one.
    pub(super) fn health(&self) -> Option<ProviderHealth> {
        self.outages.tell()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("time", &self.time).finish_non_exhaustive()
    }
}

/// Gathers mistakes of a config.
pub(super) fn refused(mistakes: Vec<Violation>) -> Error {
    Error::new(ErrorKind::Config, SendState::NotSent).with_violations(mistakes)
}
