//! What doubles learned, kept in a file across restarts.

use std::{
    collections::BTreeMap,
    fmt, io,
    io::Write as _,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{sync::Notify, task::AbortHandle};

use super::{
    Double, Message,
    clock::{self, ClockSetting},
    faults::WordedFault,
    locked,
    observe::{Journal, Notice},
    seed::SeedUser,
};
use crate::{
    model::{Method, Personal, Secret},
    transport::file,
};

/// How long changes are gathered before they are written.
const GATHERED: Duration = Duration::from_millis(100);
/// The largest file that is read.
const LARGEST: usize = 256 << 20;
/// The highest number that is gone on from: far below what JSON's numbers are exact to.
const HIGHEST_NUMBER: u64 = 1 << 52;
/// The form of the file; another one is refused.
const VERSION: u32 = 3;

/// Keeps what doubles learned in a file: challenges, codes, messages, users, faults that wait, the clock.
///
/// It reads the file when it is opened, and writes it within a fraction of a second after each request and each command of the control port, whole or
/// not at all. What a program does to a double itself, say to its clock, is written with the next of them, or by [`write`](Self::write). Requests and
/// violations are not kept. The file holds codes; on Unix its owner alone reads it. One process at a time uses it.
///
/// ```
/// use auth_challenge::{ChallengeProviderExt as _, Verification, testing::{Double, StateFile}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = std::env::temp_dir().join(format!("auth-challenge-state-{}.json", std::process::id()));
/// let before = Double::start("authsignal").await;
/// let file = StateFile::open(&path, &[before.clone()])?;
/// let challenge = before.provider().create(&before.person("jane@doe.com")).await?;
/// file.write()?;
///
/// let after = Double::start("authsignal").await;
/// let _file = StateFile::open(&path, &[after.clone()])?;
/// let answer = after.right_answer(&challenge);
/// assert!(matches!(after.provider().verify(challenge.handle(), &answer).await?, Verification::Verified(_)));
/// # std::fs::remove_file(path)?;
/// # Ok(()) }
/// ```
#[must_use = "it keeps nothing once it is dropped"]
pub struct StateFile {
    kept: Arc<Kept>,
    task: AbortHandle,
}

/// The doubles, and where what they learned is kept.
struct Kept {
    path: PathBuf,
    doubles: Vec<Double>,
    /// One writes at a time, and nobody once it has ended.
    writing: Mutex<Writing>,
}

/// Whether the file is written still.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Writing {
    #[default]
    GoesOn,
    Ended,
}

impl StateFile {
    /// Gives doubles what the file holds instead of what they know, if it is there, and keeps what they learn from now on, until it is dropped.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or written, or is not one of this form.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn open(path: impl Into<PathBuf>, doubles: &[Double]) -> io::Result<Self> {
        let (path, doubles) = (path.into(), doubles.to_vec());
        // What a link leads to is written, not the link.
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        match file::read(&path, LARGEST) {
            Ok(text) => restore(&doubles, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let kept = Arc::new(Kept { path, doubles, writing: Mutex::default() });
        let changed = Arc::new(Notify::new());
        for double in &kept.doubles {
            let changed = Arc::downgrade(&changed);
            double.backstage().journal.watch(Box::new(move |notice| {
                let changed = changed.upgrade();
                if let (Some(changed), false) = (&changed, matches!(notice, Notice::Received(_))) {
                    changed.notify_one();
                }
                changed.is_some()
            }));
        }
        // After those who watch, so that nothing comes in between.
        kept.write()?;
        let writer = Arc::clone(&kept);
        let keep = async move {
            loop {
                changed.notified().await;
                tokio::time::sleep(GATHERED).await;
                let writer = Arc::clone(&writer);
                let written = tokio::task::spawn_blocking(move || writer.write()).await;
                if let Ok(Err(error)) = written {
                    tracing::error!(error = %error.kind(), "what the doubles learned cannot be written to its file");
                }
            }
        };
        Ok(Self { kept, task: tokio::spawn(keep).abort_handle() })
    }

    /// Writes the file now.
    ///
    /// # Errors
    ///
    /// Where it cannot be written; then what it held before is still there.
    pub fn write(&self) -> io::Result<()> {
        self.kept.write()
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        self.task.abort();
        // Whoever opens the file next has it alone.
        *locked(&self.kept.writing) = Writing::Ended;
    }
}

impl fmt::Debug for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateFile").field("doubles", &self.kept.doubles).finish_non_exhaustive()
    }
}

#[derive(Deserialize, Serialize)]
struct Saved {
    version: u32,
    /// The last number of all, also of what is not kept.
    last_number: u64,
    clock: Option<ClockSetting>,
    doubles: BTreeMap<String, SavedDouble>,
}

#[derive(Deserialize, Serialize)]
struct SavedDouble {
    vendor: Value,
    seeded: Vec<SeedUser>,
    messages: Vec<SavedMessage>,
    faults: Vec<WordedFault>,
}

#[derive(Deserialize, Serialize)]
struct SavedMessage {
    number: u64,
    method: String,
    to: String,
    code: String,
    link: Option<String>,
    sent_at: SystemTime,
    challenge_id: String,
}

impl Kept {
    fn write(&self) -> io::Result<()> {
        let writing = locked(&self.writing);
        if *writing == Writing::Ended {
            return Ok(());
        }
        let saved = Saved {
            version: VERSION,
            last_number: Journal::last_number(),
            clock: self.doubles.first().map(|double| double.clock().setting()),
            doubles: self.doubles.iter().map(|double| (double.name().to_owned(), save(double))).collect(),
        };
        let text = serde_json::to_vec(&saved)?;
        let mut beside = self.path.as_os_str().to_owned();
        beside.push(".new");
        // What a process left that was ended, or somebody put there: others may read it, or it may be a link.
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(beside, &self.path)
    }
}

fn restore(doubles: &[Double], text: &[u8]) -> io::Result<()> {
    let invalid = |problem: &str| io::Error::new(io::ErrorKind::InvalidData, format!("the state of doubles: {problem}"));
    let whole: Value = serde_json::from_slice(text).unwrap_or_default();
    if whole["version"].as_u64() != Some(VERSION.into()) {
        return Err(invalid(&format!("expected JSON of version {VERSION}")));
    }
    if has_late_time(&whole) {
        return Err(invalid("expected times before the year 9900"));
    }
    // What the parser says may quote a code.
    let mut saved: Saved = serde_json::from_slice(text).map_err(|_| invalid("a member is missing, or of a wrong form"))?;
    let numbers = saved.doubles.values().flat_map(|double| &double.messages).map(|message| message.number);
    if numbers.chain([saved.last_number]).any(|number| number > HIGHEST_NUMBER) {
        return Err(invalid(&format!("expected numbers up to {HIGHEST_NUMBER}")));
    }
    let mut messages = Vec::new();
    for double in doubles {
        if let Some(saved) = saved.doubles.remove(double.name()) {
            let found = restore_one(double, saved).map_err(|problem| invalid(&format!("{}: {problem}", double.name())))?;
            messages.extend(found.into_iter().map(|(number, message)| (number, double, message)));
        }
    }
    // In the order in which they came, so that each number is the highest of its double.
    messages.sort_by_key(|(number, ..)| *number);
    Journal::go_on_from(saved.last_number);
    for (number, double, message) in messages {
        double.backstage().journal.restore(number, message);
    }
    if let (Some(setting), Some(double)) = (saved.clock, doubles.first()) {
        double.clock().set(setting);
    }
    Ok(())
}

/// Says whether a time is anywhere in it that could not be reckoned with, or shown.
fn has_late_time(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(has_late_time),
        Value::Object(members) => {
            let is_late = |(name, value): (&String, &Value)| name == "secs_since_epoch" && value.as_u64().is_none_or(|seconds| seconds > clock::LATEST_END);
            members.iter().any(is_late) || members.values().any(has_late_time)
        }
        _ => false,
    }
}

fn save(double: &Double) -> SavedDouble {
    let saved = |(number, message): (u64, Message)| SavedMessage {
        number,
        method: message.method().as_str().to_owned(),
        to: message.recipient().to_owned(),
        code: message.code().to_owned(),
        link: message.link().map(str::to_owned),
        sent_at: message.sent_at(),
        challenge_id: message.challenge_id.clone(),
    };
    SavedDouble {
        vendor: double.behaviour().save(),
        seeded: double.seeded_users(),
        messages: double.backstage().journal.messages().into_iter().map(saved).collect(),
        faults: double.waiting_faults(),
    }
}

/// Gives a double what it knew; gives the messages that it had sent.
fn restore_one(double: &Double, saved: SavedDouble) -> Result<Vec<(u64, Message)>, &'static str> {
    double.restore(&saved.vendor, saved.seeded).map_err(|_| "what its vendor knows cannot be read")?;
    for words in saved.faults {
        let (fault, meant) = words.resolve(std::slice::from_ref(double)).map_err(|_| "a fault cannot be read")?;
        meant.into_iter().for_each(|(double, operation)| double.backstage().fail(operation, fault.clone()));
    }
    let message = |saved: SavedMessage| {
        let SavedMessage { number, method, to, code, link, sent_at, challenge_id } = saved;
        let method = Method::from_name(&method, None).ok_or("a message has no known method")?;
        Ok((number, Message { method, to: Personal::new(to), code: Secret::new(code), link: link.map(Secret::new), sent_at, challenge_id }))
    };
    saved.messages.into_iter().map(message).collect()
}
