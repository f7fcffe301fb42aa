//! The application's own people, in SQLite: what proves who somebody is, and who is signed in.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

const SCHEMA: &str = "
    PRAGMA foreign_keys = ON;
    PRAGMA journal_mode = WAL;
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
    -- Addresses and numbers that were proven, in the form in which they count.
    CREATE TABLE IF NOT EXISTS recipients (recipient TEXT PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts) STRICT;
    CREATE TABLE IF NOT EXISTS passkeys (
        id TEXT PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts, name TEXT NOT NULL, key BLOB NOT NULL, counter INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts, ends INTEGER NOT NULL) STRICT;
    -- What passkeys are to sign: each is good once.
    CREATE TABLE IF NOT EXISTS challenges (challenge TEXT PRIMARY KEY, ends INTEGER NOT NULL) STRICT;
";

/// How long somebody stays signed in.
pub const SESSION: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a passkey has for its signature.
pub const CHALLENGE: Duration = Duration::from_secs(300);

/// Keeps people; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Connection>>);

/// Somebody with an account.
#[derive(Clone)]
pub struct Account {
    pub id: i64,
    pub name: String,
}

/// A passkey of somebody's.
pub struct StoredPasskey {
    pub id: String,
    pub account: Account,
    /// The public key, as COSE writes it.
    pub key: Vec<u8>,
    /// How often the passkey says that it was used; 0 where it does not count.
    pub counter: u32,
}

/// What an account is entered by.
pub enum Proof {
    /// An address or a number that a vendor's reply names.
    Recipient(String),
    Passkey(NewPasskey),
}

/// A passkey that is not anybody's yet.
pub struct NewPasskey {
    pub id: String,
    pub name: String,
    pub key: Vec<u8>,
    pub counter: u32,
}

/// Tells that the database could not be used.
#[derive(Debug)]
pub struct StoreError(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database: {}", self.0)
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.into())
    }
}

/// Gives the form in which a recipient counts, so that one person has one account however the address is written.
///
/// Only ASCII letters are folded: other rules would make one of two that a mail server tells apart (the Kelvin sign K and k).
pub fn counted(recipient: &str) -> String {
    recipient.trim().to_ascii_lowercase()
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default()
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account { id: row.get("account")?, name: row.get("account_name")? })
}

impl Store {
    /// Opens a file, or keeps all in memory.
    pub fn open(file: Option<&Path>) -> Result<Self, StoreError> {
        let connection = match file {
            Some(file) => Connection::open(file)?,
            None => Connection::open_in_memory()?,
        };
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Finds the account of a recipient that was proven.
    pub async fn account_of(&self, recipient: &str) -> Result<Option<Account>, StoreError> {
        let recipient = counted(recipient);
        self.run(move |connection| {
            let query = "SELECT account, accounts.name AS account_name FROM recipients JOIN accounts ON accounts.id = account WHERE recipient = ?1";
            connection.query_row(query, [recipient], account).optional()
        })
        .await
    }

    /// Opens an account that is entered by this proof; none where another account has it already.
    pub async fn open_account(&self, name: &str, proof: Proof) -> Result<Option<Account>, StoreError> {
        let name = name.to_owned();
        self.run(move |connection| {
            let all = connection.transaction()?;
            all.execute("INSERT INTO accounts (name) VALUES (?1)", [&name])?;
            let account = Account { id: all.last_insert_rowid(), name };
            let is_new = add(&all, account.id, proof)?;
            if is_new {
                all.commit()?;
            }
            Ok(is_new.then_some(account))
        })
        .await
    }

    /// Adds a passkey to an account; says whether it was anybody's before.
    pub async fn add_passkey(&self, account: i64, passkey: NewPasskey) -> Result<bool, StoreError> {
        self.run(move |connection| add(connection, account, Proof::Passkey(passkey))).await
    }

    /// Lists the addresses and numbers of an account.
    pub async fn recipients_of(&self, account: i64) -> Result<Vec<String>, StoreError> {
        self.texts("SELECT recipient FROM recipients WHERE account = ?1 ORDER BY recipient", account).await
    }

    /// Lists the names of an account's passkeys.
    pub async fn passkeys_of(&self, account: i64) -> Result<Vec<String>, StoreError> {
        self.texts("SELECT name FROM passkeys WHERE account = ?1 ORDER BY rowid", account).await
    }

    /// Finds a passkey by its id.
    pub async fn passkey(&self, id: &str) -> Result<Option<StoredPasskey>, StoreError> {
        let id = id.to_owned();
        self.run(move |connection| {
            let query = "SELECT passkeys.*, accounts.name AS account_name FROM passkeys JOIN accounts ON accounts.id = account WHERE passkeys.id = ?1";
            let read = |row: &Row<'_>| Ok(StoredPasskey { id: row.get("id")?, account: account(row)?, key: row.get("key")?, counter: row.get("counter")? });
            connection.query_row(query, [id], read).optional()
        })
        .await
    }

    /// Notes how often a passkey was used.
    pub async fn count_passkey(&self, id: &str, counter: u32) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.run(move |connection| connection.execute("UPDATE passkeys SET counter = ?2 WHERE id = ?1", params![id, counter]).map(drop)).await
    }

    /// Keeps what a passkey is to sign.
    pub async fn add_challenge(&self, challenge: &str) -> Result<(), StoreError> {
        let (challenge, now) = (challenge.to_owned(), SystemTime::now());
        self.run(move |connection| {
            connection.execute("DELETE FROM challenges WHERE ends <= ?1", [seconds(now)])?;
            connection.execute("INSERT INTO challenges (challenge, ends) VALUES (?1, ?2)", params![challenge, seconds(now + CHALLENGE)]).map(drop)
        })
        .await
    }

    /// Says whether a challenge waits for its signature, and lets it wait no longer.
    pub async fn use_challenge(&self, challenge: &str) -> Result<bool, StoreError> {
        let challenge = challenge.to_owned();
        self.run(move |connection| {
            let query = "DELETE FROM challenges WHERE challenge = ?1 AND ends > ?2";
            Ok(connection.execute(query, params![challenge, seconds(SystemTime::now())])? == 1)
        })
        .await
    }

    /// Signs somebody in, under a token that nobody can guess.
    pub async fn add_session(&self, token: &str, account: i64) -> Result<(), StoreError> {
        let (token, now) = (token.to_owned(), SystemTime::now());
        self.run(move |connection| {
            connection.execute("DELETE FROM sessions WHERE ends <= ?1", [seconds(now)])?;
            let query = "INSERT INTO sessions (token, account, ends) VALUES (?1, ?2, ?3)";
            connection.execute(query, params![token, account, seconds(now + SESSION)]).map(drop)
        })
        .await
    }

    /// Finds who is signed in under a token.
    pub async fn session(&self, token: &str) -> Result<Option<Account>, StoreError> {
        let token = token.to_owned();
        self.run(move |connection| {
            let query = "SELECT account, accounts.name AS account_name FROM sessions JOIN accounts ON accounts.id = account WHERE token = ?1 AND ends > ?2";
            connection.query_row(query, params![token, seconds(SystemTime::now())], account).optional()
        })
        .await
    }

    /// Signs somebody out.
    pub async fn end_session(&self, token: &str) -> Result<(), StoreError> {
        let token = token.to_owned();
        self.run(move |connection| connection.execute("DELETE FROM sessions WHERE token = ?1", [token]).map(drop)).await
    }

    async fn texts(&self, query: &'static str, account: i64) -> Result<Vec<String>, StoreError> {
        self.run(move |connection| connection.prepare_cached(query)?.query_map([account], |row| row.get(0))?.collect()).await
    }

    /// Runs a query where it keeps no other request waiting.
    async fn run<T: Send + 'static>(&self, query: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.0);
        let ran = tokio::task::spawn_blocking(move || query(&mut connection.lock().unwrap_or_else(PoisonError::into_inner)));
        Ok(ran.await.map_err(|error| StoreError(error.into()))??)
    }
}

/// Adds what an account is entered by; says whether it was nobody's before.
fn add(connection: &Connection, account: i64, proof: Proof) -> rusqlite::Result<bool> {
    let added = match proof {
        Proof::Recipient(recipient) => {
            connection.execute("INSERT INTO recipients (recipient, account) VALUES (?1, ?2) ON CONFLICT DO NOTHING", params![counted(&recipient), account])
        }
        Proof::Passkey(NewPasskey { id, name, key, counter }) => {
            let query = "INSERT INTO passkeys (id, account, name, key, counter) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
            connection.execute(query, params![id, account, name, key, counter])
        }
    };
    Ok(added? == 1)
}
