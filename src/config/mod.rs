//! From a config file to a provider.

mod from_env;
#[cfg(feature = "toml")]
mod from_toml;
mod routing;
mod section;

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use routing::Routing;
pub(crate) use section::Section;
use section::{Surroundings, nearest};

use crate::{ChallengeProvider, Error, ErrorKind, Guard, Http, ProviderId, SendState, Violation};

/// Which vendors are configured, and which of them is asked for new challenges.
///
/// It deserialises from any format; mistakes in it are found by [`problems`](Self::problems), all at once. It does not serialise, and its
/// `Debug` shows the names of its sections alone.
///
/// ```toml
/// provider = "corbado"
///
/// [corbado]
/// project_id = "pro-1"
/// api_secret_env = "CORBADO_API_SECRET"   # or api_secret, or api_secret_file
///
/// [authsignal]
/// secret_key_file = "authsignal.key"      # relative to the config file
/// region = "eu"                           # us (default), au, eu, ca; or base_url
///
/// [dfns]
/// region = "eu"                           # eu (default), uae; or base_url
/// token_env = "DFNS_TOKEN"                # or token, token_file: only for issuing one-time codes
/// rp_id = "example.org"                   # the relying party for passkeys
/// rp_name = "Example"                     # rp_id where it is left out
///
/// [http]
/// timeout = "10s"
/// connect_timeout = "3s"
/// max_response_bytes = 1048576
/// proxy = "http://proxy.internal:3128"    # none unless given
/// ca_file = "internal-ca.pem"             # trusted beside the system's
/// allow_plain_http = ["doubles"]          # hosts beside loopback that need no https
/// ```
///
/// Every vendor's section may have `base_url`, with and without the version at its end; `timeout` is for the whole call.
///
/// With several sections these go beside them; `failover` stands above the first section:
///
/// ```toml
/// failover = ["authsignal"]               # who is asked next where the provider cannot be reached, in order
///
/// [route]                                 # who gets a method: email_otp, email_link, sms_otp, whatsapp_otp, credential
/// whatsapp_otp = "authsignal"
///
/// [guard]                                 # limits in this process, see LocalGuard
/// per_address = "5 per 10m"
/// per_ip = "30 per 1h"
/// wrong_codes = 5
/// calling_codes = ["+49", "+64"]
/// ```
///
/// A section with a vendor's name is that vendor; a section with another name needs `vendor = "…"`.
///
/// ```
/// # #[cfg(all(feature = "toml", feature = "corbado"))] {
/// use auth_challenge::{ChallengeProvider, Config};
///
/// let config = Config::from_toml_str("provider = \"corbado\"\n[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_secret\"")?;
/// assert_eq!(config.build()?.id().as_str(), "corbado");
///
/// let wrong = Config::from_toml_str("provider = \"corbado\"\n[corbado]\nproject = \"pro-1\"")?;
/// for problem in wrong.problems() {
///     println!("{problem}");
/// }
/// assert_eq!(wrong.problems().len(), 3);
/// # }
/// # Ok::<(), auth_challenge::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Config {
    members: Map<String, Value>,
    directory: Option<PathBuf>,
    http: Option<Http>,
    guard: Option<Arc<dyn Guard>>,
    providers: BTreeMap<ProviderId, Arc<dyn ChallengeProvider>>,
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { members: Map::deserialize(deserializer)?, ..Self::default() })
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sections: Vec<&String> = self.members.iter().filter(|(_, value)| value.is_object()).map(|(name, _)| name).collect();
        f.debug_struct("Config").field("sections", &sections).field("providers", &self.providers.keys()).finish_non_exhaustive()
    }
}

/// A vendor as a config names it.
struct Vendor {
    name: &'static str,
    /// Reads a section of it; `None` where the vendor is compiled out.
    read: Option<fn(&mut Section<'_>) -> Option<Instance>>,
}

/// A configured vendor, not yet built.
enum Instance {
    #[cfg(feature = "corbado")]
    Corbado(crate::corbado::CorbadoConfig),
    #[cfg(feature = "authsignal")]
    Authsignal(crate::authsignal::AuthsignalConfig),
    #[cfg(feature = "dfns")]
    Dfns(crate::dfns::DfnsConfig),
}

const VENDORS: [Vendor; 3] = [
    Vendor {
        name: "corbado",
        #[cfg(feature = "corbado")]
        read: Some(|section| crate::corbado::CorbadoConfig::read(section).map(Instance::Corbado)),
        #[cfg(not(feature = "corbado"))]
        read: None,
    },
    Vendor {
        name: "authsignal",
        #[cfg(feature = "authsignal")]
        read: Some(|section| crate::authsignal::AuthsignalConfig::read(section).map(Instance::Authsignal)),
        #[cfg(not(feature = "authsignal"))]
        read: None,
    },
    Vendor {
        name: "dfns",
        #[cfg(feature = "dfns")]
        read: Some(|section| crate::dfns::DfnsConfig::read(section).map(Instance::Dfns)),
        #[cfg(not(feature = "dfns"))]
        read: None,
    },
];

impl Instance {
    #[allow(unused_variables, reason = "no vendor is compiled in")]
    fn build(&self, http: Http) -> Result<Arc<dyn ChallengeProvider>, Error> {
        match *self {
            #[cfg(feature = "corbado")]
            Self::Corbado(ref config) => Ok(Arc::new(crate::corbado::Corbado::new(config, http)?)),
            #[cfg(feature = "authsignal")]
            Self::Authsignal(ref config) => Ok(Arc::new(crate::authsignal::Authsignal::new(config, http)?)),
            #[cfg(feature = "dfns")]
            Self::Dfns(ref config) => Ok(Arc::new(crate::dfns::Dfns::new(config, http)?)),
        }
    }
}

/// A config read whole.
struct Plan {
    current: Option<ProviderId>,
    instances: BTreeMap<ProviderId, Instance>,
    http: crate::HttpBuilder,
    routing: Routing,
    problems: Vec<Violation>,
}

/// Sections that are no provider's.
const RESERVED: [&str; 3] = ["http", "route", "guard"];
/// No call of a login takes longer.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10 * 60);

impl Config {
    /// Where relative paths in the config start.
    pub fn with_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Chooses the provider for new challenges: a section's name, or a name given to [`provider`](Self::provider).
    pub fn select(mut self, provider: &str) -> Self {
        self.members.insert("provider".into(), provider.into());
        self
    }

    /// Adds a provider of your own under its id, which `provider`, `failover` and `[route]` can name.
    pub fn provider(mut self, name: impl Into<String>, provider: Arc<dyn ChallengeProvider>) -> Self {
        self.providers.insert(ProviderId::custom(name), provider);
        self
    }

    /// An HTTP client of your own, instead of one by the `[http]` section.
    pub fn http(mut self, http: Http) -> Self {
        self.http = Some(http);
        self
    }

    /// A guard of your own, instead of one by the `[guard]` section.
    pub fn guard(mut self, guard: Arc<dyn Guard>) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Every mistake in the config, by key, with what was expected and never with a secret. Reads secret files and variables; no network.
    pub fn problems(&self) -> Vec<Violation> {
        self.read().problems
    }

    /// The provider: the one that `provider` names for new challenges, while those that another section's made are still checked there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] with all [`problems`](Self::problems).
    pub fn build(&self) -> Result<Arc<dyn ChallengeProvider>, Error> {
        let plan = self.read();
        let Some(current) = plan.current.filter(|_| plan.problems.is_empty()) else {
            return Err(Error::new(ErrorKind::Config, SendState::NotSent).with_violations(plan.problems));
        };
        let http = match &self.http {
            Some(http) => http.clone(),
            None => plan.http.build()?,
        };
        let mut providers = self.providers.clone();
        for (id, instance) in &plan.instances {
            providers.insert(id.clone(), instance.build(http.clone())?);
        }
        let current = providers.remove(&current).ok_or_else(|| Error::config("provider", "expected the name of a section"))?;
        if providers.is_empty() && plan.routing.guard.is_none() && self.guard.is_none() {
            return Ok(current);
        }
        Ok(Arc::new(plan.routing.router(current, providers.into_values(), self.guard.clone())))
    }

    fn read(&self) -> Plan {
        let mut problems = Vec::new();
        let nothing = Map::new();
        let section = |name: &str| self.members.get(name).and_then(Value::as_object);
        let mut surroundings = Surroundings { directory: self.directory.clone(), allow_plain_http: Vec::new() };

        let mut settings = Section::new("http", section("http").unwrap_or(&nothing), &surroundings);
        let allow_plain_http = settings.texts("allow_plain_http");
        let http = read_http(&mut settings);
        problems.extend(settings.finish());
        surroundings.allow_plain_http = allow_plain_http;
        let is_provider = |name: &str| self.providers.contains_key(&ProviderId::custom(name)) || (section(name).is_some() && !RESERVED.contains(&name));
        let mut routing = Routing::new(http.call_timeout());
        let mut routes = Section::new("route", section("route").unwrap_or(&nothing), &surroundings);
        routing.read_routes(&mut routes, is_provider);
        problems.extend(routes.finish());
        let mut limits = Section::new("guard", section("guard").unwrap_or(&nothing), &surroundings);
        routing.read_guard(&mut limits, section("guard").is_some());
        problems.extend(limits.finish());

        let mut instances = BTreeMap::new();
        for (name, value) in &self.members {
            match (name.as_str(), value) {
                ("provider" | "failover", _) | ("http" | "route" | "guard", Value::Object(_)) => {}
                (name, Value::Object(members)) => {
                    let mut section = Section::new(name, members, &surroundings);
                    if let Some(instance) = read_instance(name, &mut section) {
                        instances.insert(ProviderId::custom(name), instance);
                    }
                    problems.extend(section.finish());
                }
                (name, _) if RESERVED.contains(&name) || VENDORS.iter().any(|vendor| vendor.name == name) => {
                    problems.push(Violation::new(name.to_owned(), "expected a section"));
                }
                (name, _) => problems.push(Violation::new(name.to_owned(), unknown(name))),
            }
        }

        for (name, provider) in &self.providers {
            if provider.id() != name {
                problems.push(Violation::new(name.as_str().to_owned(), "expected a provider whose id is this name"));
            }
            if section(name.as_str()).is_some() {
                problems.push(Violation::new(name.as_str().to_owned(), "expected a section or a provider of this name, not both"));
            }
        }
        let mut top = Section::new("", &self.members, &surroundings);
        let current = top.required_text("provider").map(ProviderId::custom);
        top.check("provider", &current, |id| (!is_provider(id.as_str())).then_some("expected the name of a section"));
        routing.read_failover(&mut top, is_provider);
        problems.extend(top.into_problems());
        Plan { current, instances, http, routing, problems }
    }
}

fn read_http(section: &mut Section<'_>) -> crate::HttpBuilder {
    let mut http = Http::builder();
    let timeout = section.duration("timeout", LONGEST_TIMEOUT);
    let connect_timeout = section.duration("connect_timeout", LONGEST_TIMEOUT);
    if let Some(timeout) = timeout {
        http = http.timeout(timeout);
    }
    if let Some(connect_timeout) = connect_timeout {
        http = http.connect_timeout(connect_timeout);
        if connect_timeout >= timeout.unwrap_or(crate::http::TIMEOUT) {
            section.problem("connect_timeout", "expected less than http.timeout (10s where that is not given)");
        }
    }
    if let Some(bytes) = section.number("max_response_bytes", 1..=1 << 30) {
        http = http.max_response_bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
    }
    if let Some(proxy) = section.url("proxy") {
        http = http.proxy(proxy);
    }
    if let Some(path) = section.path_to_file("ca_file") {
        if let Err(error) = std::fs::read(&path) {
            section.problem("ca_file", &format!("names a file that cannot be read ({})", error.kind()));
        }
        http = http.ca_file(path);
    }
    http
}

fn read_instance(name: &str, section: &mut Section<'_>) -> Option<Instance> {
    let names = VENDORS.map(|vendor| (vendor.name, vendor.name));
    let vendor = match section.choice("vendor", &names) {
        Some(vendor) if names.iter().any(|(known, _)| *known == name) && vendor != name => {
            section.skip_rest();
            section.problem("vendor", "expected none, or the section's own name, which is another vendor's");
            return None;
        }
        Some(vendor) => vendor,
        None if names.iter().any(|(known, _)| *known == name) => name,
        None => {
            section.skip_rest();
            if !section.has("vendor") {
                section.problem("vendor", "is required in a section that has no vendor's name: corbado, authsignal or dfns");
            }
            return None;
        }
    };
    let vendor = VENDORS.iter().find(|known| known.name == vendor)?;
    match vendor.read {
        Some(read) => read(section),
        None => {
            section.skip_rest();
            section.problem("vendor", &format!("needs the crate's feature {}", vendor.name));
            None
        }
    }
}

fn unknown(name: &str) -> String {
    let known = ["provider", "failover"].into_iter().chain(RESERVED).chain(VENDORS.iter().map(|vendor| vendor.name));
    match nearest(name, known) {
        Some(near) => format!("is not a key here; did you mean {near}?"),
        None => "is not a key here; expected provider and sections".to_owned(),
    }
}
