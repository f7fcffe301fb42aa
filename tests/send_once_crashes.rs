//! Processes that are killed at every step of a send, on a real Redis: no intent sends twice. `CRASHES` says how many for each step.
#![cfg(all(feature = "send-once", feature = "redis", unix))]

#[allow(dead_code, unreachable_pub, missing_docs, reason = "other tests use the rest")]
#[path = "support/redis.rs"]
mod redis;

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write as _,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Error, ErrorKind, FoundIntent, IntentStore, ProviderId,
    RedisIntents, SendOnce, SendState, Verification, testing::Scripted,
};
use redis::Redis;

const KEY: &str = "a key of thirty-two characters, or a few more";
/// Where a process may die, in the order of a send, and what the same intent gives in the next process: a new challenge, the first one, or nobody knows.
const STEPS: [(&str, After); 6] = [
    ("before it reserves", After { sends: 1, is_known: true }),
    ("when it has reserved", After { sends: 0, is_known: false }),
    ("when it is to send", After { sends: 0, is_known: false }),
    ("when it has sent", After { sends: 1, is_known: false }),
    ("before it keeps the challenge", After { sends: 1, is_known: false }),
    ("when it has kept the challenge", After { sends: 1, is_known: true }),
];

struct After {
    sends: usize,
    is_known: bool,
}

/// What a process is told by its parent.
#[derive(Clone)]
struct Task {
    url: String,
    /// Where the vendor notes what it sends.
    sent: PathBuf,
    dies: String,
    intents: Vec<String>,
    /// For each call.
    time: Duration,
}

/// A reservation that is left behind is known to be so a second later.
const TIME_TO_DIE: Duration = Duration::from_secs(2);
const TIME_TO_ASK: Duration = Duration::from_secs(120);

impl Task {
    fn from_env() -> Option<Self> {
        let told = |name: &str| env::var(format!("CRASH_{name}")).ok();
        let intents = told("INTENTS")?.split(',').map(str::to_owned).collect();
        Some(Self { url: told("URL")?, sent: told("SENT")?.into(), dies: told("DIES")?, intents, time: TIME_TO_DIE })
    }

    /// Starts a process of its own for this.
    fn start(&self) -> Child {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.args(["--exact", "a_process_sends_each_of_its_intents_once"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("CRASH_URL", &self.url).env("CRASH_SENT", &self.sent).env("CRASH_DIES", &self.dies).env("CRASH_INTENTS", self.intents.join(","));
        command.spawn().expect("a process")
    }

    fn step(&self, step: &str) {
        if self.dies == step {
            let _ = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            loop {
                std::thread::park();
            }
        }
    }

    /// Sends each intent, one after the other.
    async fn work(&self, service: &SendOnce) -> Vec<Result<Challenge, Error>> {
        let mut outcomes = Vec::new();
        for intent in &self.intents {
            // The vendor is told the intent, and so its log has it.
            let request = ChallengeRequest::email_otp("jane@doe.com").with_action(intent);
            let options = CallOptions::default().with_intent(intent.as_str()).with_timeout(self.time);
            outcomes.push(service.create_with(&request, &options).await);
        }
        outcomes
    }

    fn service(&self) -> SendOnce {
        let intents = RedisIntents::new(self.url.as_str()).expect("a URL").with_timeout(TIME_TO_ASK);
        SendOnce::new(Arc::new(Vendor(self.clone())), Arc::new(Watched(self.clone(), intents)), KEY).expect("a key")
    }
}

/// Notes each message in a file, where it outlives the process.
struct Vendor(Task);

impl std::fmt::Debug for Vendor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vendor")
    }
}

#[auth_challenge::async_trait]
impl ChallengeProvider for Vendor {
    fn id(&self) -> ProviderId {
        ProviderId::new("vendor")
    }

    fn capabilities(&self) -> Capabilities {
        Scripted::new().capabilities()
    }

    async fn create_with(&self, request: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
        self.0.step("when it is to send");
        let intent = request.action().unwrap_or_default();
        let mut sent = fs::OpenOptions::new().append(true).create(true).open(&self.0.sent).expect("the vendor's log");
        sent.write_all(format!("{intent}\n").as_bytes()).expect("a line");
        self.0.step("when it has sent");
        Ok(Challenge::new(ChallengeHandle::new(self.id(), request.method(), format!("{intent} by {}", std::process::id()))))
    }

    async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        Err(Error::new(ErrorKind::Unsupported, SendState::NotSent))
    }
}

/// The store, and the steps around it.
struct Watched(Task, RedisIntents);

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watched")
    }
}

#[auth_challenge::async_trait]
impl IntentStore for Watched {
    async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
        self.0.step("before it reserves");
        let found = self.1.reserve(name, record, time).await;
        self.0.step("when it has reserved");
        found
    }

    async fn settle(&self, name: &str, reserved: &[u8], record: &[u8]) -> Result<(), Error> {
        self.0.step("before it keeps the challenge");
        let settled = self.1.settle(name, reserved, record).await;
        self.0.step("when it has kept the challenge");
        settled
    }

    async fn release(&self, name: &str, reserved: &[u8]) -> Result<(), Error> {
        self.1.release(name, reserved).await
    }
}

fn crashes() -> usize {
    env::var("CRASHES").ok().and_then(|crashes| crashes.parse().ok()).unwrap_or(4)
}

/// Counts the messages of each intent.
fn sent(log: &Path) -> BTreeMap<String, usize> {
    let mut sent = BTreeMap::new();
    for line in fs::read_to_string(log).unwrap_or_default().lines() {
        *sent.entry(line.to_owned()).or_default() += 1;
    }
    sent
}

/// Asks for each of the intents in this process, all at once: the id of its challenge, or none where nobody knows.
fn asked(task: &Task) -> BTreeMap<String, Option<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let task = Task { time: TIME_TO_ASK, ..task.clone() };
    runtime.block_on(async {
        let service = Arc::new(task.service());
        let calls = task.intents.iter().map(|intent| {
            let (service, one) = (Arc::clone(&service), Task { intents: vec![intent.clone()], ..task.clone() });
            tokio::spawn(async move { one.work(&service).await.pop() })
        });
        let mut ids = BTreeMap::new();
        for (intent, call) in task.intents.iter().zip(calls.collect::<Vec<_>>()) {
            let id = match call.await.expect("no panic").expect("one outcome") {
                Ok(challenge) => Some(challenge.handle().challenge_id().expose().to_owned()),
                Err(error) => {
                    assert_eq!(error.send_state(), SendState::Unknown, "{error}");
                    None
                }
            };
            ids.insert(intent.clone(), id);
        }
        ids
    })
}

/// Runs as many processes at once as this machine has a use for.
fn run(tasks: &[Task]) {
    for some in tasks.chunks(8) {
        let mut running: Vec<Child> = some.iter().map(Task::start).collect();
        for process in &mut running {
            assert_eq!(process.wait().expect("its end").signal(), Some(9), "it was to be killed");
        }
    }
}

#[test]
fn a_process_sends_each_of_its_intents_once() {
    let (task, server, _folder) = match Task::from_env() {
        Some(task) => (task, None, None),
        None => {
            let Some(server) = Redis::start() else { return };
            let folder = Folder::new("one");
            (
                Task { url: server.url(), sent: folder.0.join("sent"), dies: String::new(), intents: vec!["a".to_owned(), "b".to_owned()], time: TIME_TO_ASK },
                Some(server),
                Some(folder),
            )
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let service = task.service();
        task.work(&service).await;
        task.work(&service).await;
    });
    if server.is_some() {
        assert_eq!(sent(&task.sent), BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 1)]));
    }
}

#[test]
fn no_intent_sends_twice_wherever_its_process_is_killed() {
    let Some(server) = Redis::start() else { return };
    let folder = Folder::new("steps");
    let task = Task { url: server.url(), sent: folder.0.join("sent"), dies: String::new(), intents: Vec::new(), time: TIME_TO_DIE };
    let mut tasks = Vec::new();
    for (number, (step, _)) in STEPS.iter().enumerate() {
        tasks.extend((0..crashes()).map(|crash| Task { dies: (*step).to_owned(), intents: vec![format!("{number}-{crash}")], ..task.clone() }));
    }
    run(&tasks);
    let all = Task { intents: tasks.iter().flat_map(|task| task.intents.clone()).collect(), ..task };
    let (first, second) = (asked(&all), asked(&all));
    assert_eq!(first, second, "what is known is the same from then on");
    let sent = sent(&all.sent);
    for (intent, id) in &first {
        let (step, after) = &STEPS[intent.split('-').next().and_then(|number| number.parse::<usize>().ok()).expect("a step")];
        assert_eq!((sent.get(intent).copied().unwrap_or_default(), id.is_some()), (after.sends, after.is_known), "killed {step}");
    }
    println!("{} processes killed, {} intents, none sent twice", tasks.len(), first.len());
}

#[test]
fn no_intent_sends_twice_whenever_its_process_is_killed() {
    let Some(server) = Redis::start() else { return };
    let folder = Folder::new("times");
    let task = Task { url: server.url(), sent: folder.0.join("sent"), dies: String::new(), intents: Vec::new(), time: TIME_TO_DIE };
    // What one process takes from its start to its end, on this machine and now.
    let start = Instant::now();
    let whole = Task { intents: (0..60).map(|number| format!("whole-{number}")).collect(), ..task.clone() };
    assert!(whole.start().wait().expect("its end").success());
    let (whole, sent_by_then) = (start.elapsed(), sent(&task.sent).len());
    let (mut killed, mut all) = (0, Vec::new());
    for batch in 0..crashes() {
        let intents: Vec<String> = (0..60).map(|number| format!("{batch}-{number}")).collect();
        let task = Task { intents: intents.clone(), ..task.clone() };
        // Two at a time ask for the same, each killed at a moment of its own.
        for _ in 0..3 {
            let mut running = [task.start(), task.start()];
            for process in &mut running {
                std::thread::sleep(whole.mul_f64(fastrand::f64()));
                let _ = process.kill();
                killed += usize::from(process.wait().expect("its end").signal() == Some(9));
            }
        }
        all.extend(intents);
    }
    let all = Task { intents: all, ..task };
    let sent_before = sent(&all.sent).len() - sent_by_then;
    assert!(sent_before > 0, "no process got so far as to send");
    let (first, second) = (asked(&all), asked(&all));
    assert_eq!(first, second, "what is known is the same from then on");
    let sent = sent(&all.sent);
    assert!(sent.values().all(|times| *times == 1), "{sent:?}");
    let unknown = first.values().filter(|id| id.is_none()).count();
    println!("{killed} processes killed, {} intents, {sent_before} sent before their process was killed, {unknown} unknown, none sent twice", first.len());
}

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("auth-challenge-crashes-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
