//! What all doubles have in common.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
};

use serde_json::{Map, Value, json};

use super::{
    Challenges, Clock, Fault, Operation, Outbox, Requests, UnknownOperation, Violations,
    builder::Settings,
    codes::Codes,
    faults::WordedFault,
    locked,
    observe::Journal,
    seed::SeedUser,
    server::{Backstage, Behaviour, Running, Sample, reached_at},
};
use crate::{
    config::Config,
    model::{Answer, Challenge, ChallengeRequest, Error},
    provider::ChallengeProvider,
};

/// Runs a double of whichever vendor: all that doubles have in common. Clones are the same double; it ends with the last of them.
///
/// The doubles of each vendor deref to it, so that its methods are theirs. It is also what a test takes that runs at every vendor:
///
/// ```
/// use auth_challenge::{ChallengeProviderExt as _, Error, Verification, testing::{Double, DoubleEntry}};
///
/// async fn the_right_answer_logs_in(double: &Double) -> Result<(), Error> {
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
/// for entry in DoubleEntry::ALL {
///     the_right_answer_logs_in(&Double::start(entry.name()).await).await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Double(Arc<Inner>);

struct Inner {
    name: &'static str,
    base_url: String,
    plain_host: Option<String>,
    /// The members of its section of a config.
    section: Map<String, Value>,
    provider: OnceLock<Arc<dyn ChallengeProvider>>,
    clock: Clock,
    codes: Codes,
    seeded: Mutex<Seeded>,
    behaviour: Arc<dyn Behaviour>,
    running: Running,
}

/// What a seed told it, for when it is reset.
#[derive(Default)]
struct Seeded {
    users: Vec<SeedUser>,
    /// The users that were told before the state was restored.
    told_before: Vec<SeedUser>,
    faults: Vec<(Option<Operation>, Fault)>,
}

impl Double {
    pub(super) async fn start_as(name: &'static str, settings: Settings, behaviour: Arc<dyn Behaviour>) -> io::Result<Self> {
        let journal = Arc::new(Journal::new(settings.listener));
        let running = Running::start(settings.address, settings.clock.clone(), journal, Arc::clone(&behaviour)).await?;
        let address = reached_at(running.address);
        let base_url = format!("http://{address}{}", behaviour.base_path());
        let plain_host = plain_host(address);
        let mut section = Map::new();
        for (key, value) in behaviour.config_members() {
            section.insert(key.into(), value.into());
        }
        section.insert("base_url".into(), base_url.as_str().into());
        let Settings { clock, codes, .. } = settings;
        Ok(Self(Arc::new(Inner { name, base_url, plain_host, section, provider: OnceLock::new(), clock, codes, seeded: Mutex::default(), behaviour, running })))
    }

    /// Gives the name of the vendor and of its section in a config.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Tells where it is reached, with the path that the vendor's own URL ends in.
    pub fn base_url(&self) -> String {
        self.0.base_url.clone()
    }

    /// Gives what a client in any language needs: `base_url`, the credentials, and who is known. It holds secrets.
    pub fn access(&self) -> Map<String, Value> {
        let members = self.0.behaviour.access_members().into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        std::iter::once(("base_url".to_owned(), self.0.base_url.as_str().into())).chain(members).collect()
    }

    /// Gives its section of a config, as TOML.
    pub fn config_section(&self) -> String {
        let lines: String = self.0.section.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        format!("[{}]\n{lines}", self.0.name)
    }

    /// Gives its section for an application where new people sign up: as [`config_section`](Self::config_section), and at Corbado with `find_or_create_users`.
    pub fn sign_up_section(&self) -> String {
        self.config_section() + self.0.behaviour.sign_up_lines()
    }

    /// Gives a config that has this double as its provider.
    pub fn config(&self) -> Config {
        let http = json!({ "allow_plain_http": self.plain_host().into_iter().collect::<Vec<_>>() });
        // An object is a config.
        serde_json::from_value(json!({ "provider": self.0.name, self.0.name: self.0.section, "http": http })).unwrap_or_default()
    }

    /// Gives what `http.allow_plain_http` of a config has to name for it; `None` on loopback, which needs no leave.
    pub fn plain_host(&self) -> Option<&str> {
        self.0.plain_host.as_deref()
    }

    /// Gives the provider that talks to it.
    ///
    /// # Panics
    ///
    /// Where the credentials given to the builder are none that a config takes.
    pub fn provider(&self) -> Arc<dyn ChallengeProvider> {
        match self.built() {
            Ok(provider) => provider,
            Err(error) => panic!("the double's credentials are none that a config takes: {error}"),
        }
    }

    /// Gives the provider that talks to it, if its credentials are some that a config takes.
    pub(super) fn built(&self) -> Result<Arc<dyn ChallengeProvider>, Error> {
        if let Some(provider) = self.0.provider.get() {
            return Ok(Arc::clone(provider));
        }
        let provider = self.config().build()?;
        Ok(Arc::clone(self.0.provider.get_or_init(|| provider)))
    }

    /// Makes a request that challenges a person who is known to the vendor, with all that it needs.
    ///
    /// The name is an e-mail address or a phone number. Where the vendor has to know the person first, or a code has to be issued, that is done.
    pub fn person(&self, name: &str) -> ChallengeRequest {
        self.0.behaviour.person(name)
    }

    /// Makes the right answer to a challenge of this double: the code that it "sent", or what signs a challenge for a new credential.
    ///
    /// # Panics
    ///
    /// Where the challenge is not this double's.
    #[track_caller]
    pub fn right_answer(&self, challenge: &Challenge) -> Answer {
        self.0.behaviour.right_answer(challenge, &self.outbox())
    }

    /// Makes a wrong answer to a challenge of this double, of the same form as the right one.
    ///
    /// A vendor rejects it. A passkey with the attestation "none" has no wrong answer of the right form: there it answers another challenge, which is an
    /// error.
    ///
    /// # Panics
    ///
    /// Where the challenge is not this double's.
    #[track_caller]
    pub fn wrong_answer(&self, challenge: &Challenge) -> Answer {
        self.0.behaviour.wrong_answer(challenge, &self.outbox())
    }

    /// Gives commands to paste into a shell that challenge somebody by `curl`: what each is for, and the command. They hold its credentials.
    pub fn sample_commands(&self) -> Vec<(&'static str, String)> {
        let command = |sample: Sample| {
            let user = sample.user.map(|(name, password)| format!("-u {} ", quoted(&format!("{name}:{password}")))).unwrap_or_default();
            let Sample { title, path, media_type, body, .. } = sample;
            let (body, url) = (quoted(&body), quoted(&format!("{}{path}", self.0.base_url)));
            (title, format!("curl {user}-H 'content-type: {media_type}' -d {body} {url}"))
        };
        self.0.behaviour.samples().into_iter().map(command).collect()
    }

    /// Lists the challenges that it made until now, as they are now.
    pub fn challenges(&self) -> Challenges {
        self.0.behaviour.challenges().into_iter().collect()
    }

    /// Lists what it "sent" until now.
    pub fn outbox(&self) -> Outbox {
        self.backstage().journal.outbox()
    }

    /// Lists what came in until now.
    pub fn requests(&self) -> Requests {
        self.backstage().journal.requests()
    }

    /// Lists where requests strayed from the vendor's document: none in a good test.
    pub fn violations(&self) -> Violations {
        self.backstage().journal.violations()
    }

    /// Gives the clock that it goes by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Lists the operations that it has, which are those of the vendor's document that this crate's client knows.
    pub fn operations(&self) -> Vec<Operation> {
        let mut operations: Vec<Operation> = Vec::new();
        for operation in self.0.behaviour.contract().operations() {
            if !operations.contains(&operation) {
                operations.push(operation);
            }
        }
        operations
    }

    /// Finds one of its operations by name.
    ///
    /// # Errors
    ///
    /// An error that lists the names that there are.
    pub fn operation(&self, name: &str) -> Result<Operation, UnknownOperation> {
        Operation::find(name, self.operations())
    }

    /// Lets an operation go wrong, after the faults that wait already.
    ///
    /// # Panics
    ///
    /// Where the double has no such operation: the fault would wait for ever.
    #[track_caller]
    pub fn fail(&self, operation: Operation, fault: Fault) {
        if let Err(unknown) = self.operation(operation.as_str()) {
            panic!("{} has no operation {operation}; {unknown}", self.0.name);
        }
        self.backstage().fail(Some(operation), fault);
    }

    /// Lets the next call go wrong, whatever it is.
    pub fn fail_any(&self, fault: Fault) {
        self.backstage().fail(None, fault);
    }

    /// Sets the code for all messages to one recipient from now on, in whatever spelling. A vendor that sends none takes no notice.
    pub fn set_code_for(&self, recipient: impl AsRef<str>, code: impl Into<String>) {
        self.0.codes.set(recipient.as_ref(), code.into());
    }

    /// Forgets all that came since it was started: messages, requests, violations, challenges, users and faults; what a [`Seed`](super::Seed)
    /// told it is there again. Fixed codes and the clock stay as they are.
    pub fn reset(&self) {
        self.clear_faults();
        self.0.behaviour.forget();
        let seeded = locked(&self.0.seeded);
        for user in &seeded.users {
            // It was taken before.
            _ = self.0.behaviour.add_user(user);
        }
        for (operation, fault) in &seeded.faults {
            self.backstage().fail(*operation, fault.clone());
        }
        self.backstage().journal.forget();
    }

    pub(super) fn seed_user(&self, user: &SeedUser) -> Result<(), &'static str> {
        self.0.behaviour.add_user(user)?;
        locked(&self.0.seeded).users.push(user.clone());
        Ok(())
    }

    pub(super) fn seed_fault(&self, operation: Option<Operation>, fault: Fault) {
        self.backstage().fail(operation, fault.clone());
        locked(&self.0.seeded).faults.push((operation, fault));
    }

    /// Lists the faults that wait, in words.
    pub(super) fn waiting_faults(&self) -> Vec<WordedFault> {
        self.backstage().waiting_faults().iter().map(|(operation, fault)| fault.worded(self.0.name, *operation)).collect()
    }

    /// Gives the users that seeds told it, at this start and before.
    pub(super) fn seeded_users(&self) -> Vec<SeedUser> {
        let seeded = locked(&self.0.seeded);
        let now = seeded.users.iter().filter(|user| !seeded.told_before.contains(user));
        seeded.told_before.iter().chain(now).cloned().collect()
    }

    /// Takes what was learned before, instead of all that it knows; a seed's users too, unless they were among those told before.
    pub(super) fn restore(&self, learned: &Value, told_before: Vec<SeedUser>) -> serde_json::Result<()> {
        self.0.behaviour.restore(learned)?;
        self.clear_faults();
        self.backstage().journal.forget_messages();
        let mut seeded = locked(&self.0.seeded);
        for user in seeded.users.iter().filter(|user| !told_before.contains(user)) {
            // It was taken before.
            _ = self.0.behaviour.add_user(user);
        }
        seeded.told_before = told_before;
        Ok(())
    }

    pub(super) fn behaviour(&self) -> &dyn Behaviour {
        &*self.0.behaviour
    }

    pub(super) fn backstage(&self) -> &Backstage {
        &self.0.running.backstage
    }

    /// Forgets all faults that wait, and takes connections again.
    pub fn clear_faults(&self) {
        self.backstage().clear_faults();
    }
}

/// Shows where it is reached, and no secret.
impl fmt::Debug for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Double").field("name", &self.0.name).field("base_url", &self.0.base_url).finish_non_exhaustive()
    }
}

/// Gives the host that a config has to allow plain HTTP to; none is needed on loopback.
fn plain_host(address: SocketAddr) -> Option<String> {
    (!address.ip().is_loopback()).then(|| address.to_string())
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Gives a double that tests cannot do without.
///
/// # Panics
///
/// Where it could not be started.
#[track_caller]
pub(super) fn started<T>(double: io::Result<T>) -> T {
    match double {
        Ok(double) => double,
        Err(error) => panic!("a double needs a free port on loopback: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_that_other_machines_reach_is_allowed_plain_http_in_its_config() {
        let host = |address: &str| plain_host(address.parse().expect("an address"));
        assert_eq!((host("127.0.0.1:80"), host("[::1]:80")), (None, None));
        for address in ["192.0.2.1:8080", "[2001:db8::1]:8080"] {
            let allowed = host(address).expect("a host");
            let section = json!({ "base_url": format!("http://{address}"), "secret_key": "as_secret" });
            let mut config = json!({ "provider": "authsignal", "authsignal": section });
            let read = |config: &Value| serde_json::from_value::<Config>(config.clone()).expect("a config");
            assert!(!read(&config).problems().is_empty(), "{address} without leave");
            config["http"] = json!({ "allow_plain_http": [allowed] });
            assert!(read(&config).problems().is_empty(), "{:?}", read(&config).problems());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_quoted_word_is_one_word_to_a_shell() {
        for word in ["it's", "$HOME `x` \"y\" \\", ""] {
            let said = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output().expect("a shell");
            assert_eq!(String::from_utf8_lossy(&said.stdout), word);
        }
    }
}
