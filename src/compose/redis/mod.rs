//! One connection to a Redis or Valkey server, which gives each answer a time, and knows whether the server is away.

mod outage;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::{
    Client, FromRedisValue, RedisError, ScriptInvocation,
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

    /// Runs one script, within its time; not at all while the server is known to be away.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Outage> {
        self.outages.may_ask()?;
        let failure = match timeout(self.time, self.invoke(script)).await {
            Ok(Ok(value)) => {
                self.outages.end();
                return Ok(value);
            }
            Ok(Err(error)) => {
                tracing::debug!(kind = ?error.kind(), "a store failed");
                ErrorKind::Connect
            }
            Err(_) => ErrorKind::Timeout,
        };
        if self.outages.begin(failure) {
            // It may hang on that connection alone.
            self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        Err(Outage)
    }

    async fn invoke<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, RedisError> {
        let mut connection = self.connection()?;
        script.invoke_async(&mut connection).await
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
