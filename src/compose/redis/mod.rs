//! One connection to a Redis or Valkey server, which gives each answer a time, and knows whether the server is away.

mod outage;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::{
    Client, Cmd, ConnectionAddr, FromRedisValue, RedisError, ServerErrorKind,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;

use crate::model::{Error, ErrorKind, ProviderHealth, Secret, Violation};
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

/// Finds what is wrong with the URL of a server.
pub(crate) fn problem_of_url(url: &Secret) -> Option<&'static str> {
    client(url).err()
}

fn client(url: &Secret) -> Result<Client, &'static str> {
    match Client::open(url.expose()) {
        Ok(client) if is_over_tls(&client) && !can_encrypt() => {
            Err("needs cryptography for TLS: rustls has none, or several and no default; install one by rustls' install_default")
        }
        Ok(client) => Ok(client),
        Err(_) => Err("expected a URL such as \"redis://host:6379\", or \"rediss://host:6379\" with the feature rustls"),
    }
}

/// Runs scripts on a server, all over one connection.
pub(super) struct Link {
    client: Client,
    /// Taken away where an outage begins: the server may hang on it alone. One that ended is made again by its manager.
    connection: Mutex<Option<ConnectionManager>>,
    pub(super) time: Duration,
    outages: Outages,
}

impl Link {
    /// Knows the server by its URL; does not connect yet. `store` is what the log and `health` call it.
    pub(super) fn open(url: &Secret, store: &'static str) -> Result<Self, Violation> {
        let client = client(url).map_err(|problem| Violation::at_key("redis_url", problem))?;
        Ok(Self { client, connection: Mutex::new(None), time: TIME, outages: Outages::new(store) })
    }

    /// Runs a script on a key, within its time; not at all while the server is known to be away. `tell` adds its arguments. Where the connection has
    /// ended, it may run twice: what is not the same then, or stricter, is for [`run_once`](Self::run_once).
    pub(super) async fn run<T: FromRedisValue>(&self, script: &Script, key: &str, tell: impl Fn(&mut Cmd)) -> Result<T, Outage> {
        self.within_time(async || self.invoke(script, key, &tell).await).await
    }

    /// Runs a script as [`run`](Self::run) does, and never twice.
    pub(super) async fn run_once<T: FromRedisValue>(&self, script: &Script, key: &str, tell: impl Fn(&mut Cmd)) -> Result<T, Outage> {
        self.within_time(async || Self::invoke_on(self.connection()?, script, key, &tell).await).await
    }

    async fn within_time<T>(&self, invoke: impl AsyncFnOnce() -> Result<T, RedisError>) -> Result<T, Outage> {
        let question = self.outages.may_ask()?;
        let failure = match timeout(self.time, invoke()).await {
            Ok(Ok(value)) => {
                self.outages.end(question);
                return Ok(value);
            }
            Ok(Err(error)) => Failed::of(&error),
            Err(_) => Failed { kind: ErrorKind::Timeout, code: None },
        };
        if self.outages.begin(question, failure) {
            // It may hang on that connection alone.
            self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        Err(Outage)
    }

    async fn invoke<T: FromRedisValue>(&self, script: &Script, key: &str, tell: &impl Fn(&mut Cmd)) -> Result<T, RedisError> {
        match Self::invoke_on(self.connection()?, script, key, tell).await {
            // Servers end connections that are idle, which is no outage; one that is away refuses the next one, which the manager makes.
            Err(error) if error.is_connection_dropped() => Self::invoke_on(self.connection()?, script, key, tell).await,
            answered => answered,
        }
    }

    async fn invoke_on<T: FromRedisValue>(mut on: ConnectionManager, script: &Script, key: &str, tell: &impl Fn(&mut Cmd)) -> Result<T, RedisError> {
        let call = |command, script: &str| {
            let mut call = redis::cmd(command);
            call.arg(script).arg(1).arg(key);
            tell(&mut call);
            call
        };
        match call("EVALSHA", script.0.get_hash()).query_async(&mut on).await {
            // The script goes along: between loading it and running it, it could be flushed once more.
            Err(error) if error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoScript) => call("EVAL", script.1).query_async(&mut on).await,
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

/// How a server failed.
struct Failed {
    kind: ErrorKind,
    /// What the server calls it, say `NOREPLICAS`.
    code: Option<String>,
}

impl Failed {
    fn of(error: &RedisError) -> Self {
        use redis::ErrorKind::{AuthenticationFailed, Extension, Server};

        let code = error.code().map(str::to_owned);
        let kind = match (error.kind(), code.as_deref()) {
            // The client has the same time, and may be the first to see that it is up.
            _ if error.is_timeout() => ErrorKind::Timeout,
            (AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => ErrorKind::Authentication,
            // Whoever gave no password is not even heard out.
            _ if error.detail().is_some_and(|detail| detail.contains("unauthenticated")) => ErrorKind::Authentication,
            (_, Some("NOPERM")) => ErrorKind::Permission,
            (Server(_) | Extension, _) => ErrorKind::Unavailable,
            _ => ErrorKind::Connect,
        };
        Self { kind, code }
    }
}

fn is_over_tls(client: &Client) -> bool {
    matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. })
}

/// Says whether rustls knows whose cryptography to use; where it does not, connecting panics.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn can_encrypt() -> bool {
    rustls::crypto::CryptoProvider::get_default().is_some() || std::panic::catch_unwind(rustls::ClientConfig::builder).is_ok()
}

/// A URL with TLS is refused before, where there is none.
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn can_encrypt() -> bool {
    true
}

/// Gathers mistakes of a config.
pub(super) fn refused(mistakes: Vec<Violation>) -> Error {
    Error::of_config(mistakes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_quarter_of_a_second_and_a_link_shows_no_url() {
        let link = Link::open(&Secret::new("redis://user:secret@127.0.0.1:1"), "guard").map_err(|_| "no URL").expect("a URL");
        assert_eq!(link.time, Duration::from_millis(250));
        assert_eq!(format!("{link:?}"), "Link { time: 250ms, .. }");
    }
}
