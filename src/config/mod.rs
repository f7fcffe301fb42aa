//! From a config file to a provider.

mod clients;
mod from_env;
#[cfg(feature = "toml")]
mod from_toml;
mod guard;
mod http;
mod routing;
mod secret_names;
mod send_once;

use std::{fmt, path::PathBuf, sync::Arc};

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::{
    compose::{Guard, Guarded, Observed},
    model::{Error, ProviderId, Violation},
    provider::ChallengeProvider,
    telemetry::{Observer, Observers},
    transport::{Http, HttpBuilder, TraceContext},
    vendors::{Constructor, Section, Vendor, nearest},
};
use routing::{Named, Routing};

/// Says which vendors are configured, and which of them is asked for new challenges.
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
/// find_or_create_users = true             # off unless set: a create without a user id finds or makes the recipient's user
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
/// [twilio]
/// account_sid = "AC…"                     # with auth_token; or api_key_sid and api_key_secret beside it
/// auth_token_env = "TWILIO_AUTH_TOKEN"
/// service_sid = "VA…"
///
/// [http]
/// timeout = "10s"
/// connect_timeout = "3s"
/// max_response_bytes = 1048576
/// proxy = "http://proxy.internal:3128"    # none unless given
/// ca_file = "internal-ca.pem"             # trusted beside the system's
/// allow_plain_http = ["doubles"]          # hosts beside loopback that need no https; with a port ("doubles:81") at that port alone
/// ```
///
/// A secret file is a regular one of at most 64 KiB in UTF-8; a byte order mark and the last line break in it are left out.
///
/// Every vendor's section may have `base_url`, with and without the version at its end; `timeout` is for the whole call.
/// A time is a text such as `500ms`, `10s` or `24h`. `timeout` and `connect_timeout` are 10 ms to 10 min, and `connect_timeout` is the less; not given, it is
/// 3 s, or half of `timeout` if that is less. `max_response_bytes` is 1 to 2³⁰.
///
/// With several sections these go beside them; `failover` stands above the first section:
///
/// ```toml
/// failover = ["authsignal"]               # who is asked next where the provider cannot be reached, in order; of several, those not yet tried for the
///                                         # same recipient first
/// failover_when = "unsent"                # or "unknown": also after a time-out, a reset, a 5xx, where it may have sent: the person may get two
///                                         # messages. Each provider then has an equal share of the time
///
/// [route]                                 # who gets a method: email_otp, email_link, sms_otp, whatsapp_otp, voice_otp, credential
/// whatsapp_otp = "authsignal"
/// sms_otp = { "+49" = "authsignal", "*" = "corbado" }   # or by calling code, for methods to a phone: the longest one that the number begins with;
///                                         # "*" is all other numbers; without it they go as if there were no route
///
/// [guard]                                 # see Limits
/// per_recipient = "5 per 10m"
/// per_ip = "30 per 1h"
/// wrong_codes = 5
/// calling_codes = ["+49", "+64"]
/// unverified_per_calling_code = "20 per 1h"     # messages whose code nobody gave: what pumping looks like
/// unverified_calling_codes_per_ip = "3 per 1h"
/// exempt_prefixes = ["+6427000"]          # recipients under no limit of sends; with redis also exempt_hashes
/// mode = "enforce"                        # or "observe": decide and tell, refuse nothing
/// store = "local"                         # in this process; or "redis" (feature redis), in all that share the server and the key:
/// # redis_url_env = "REDIS_URL"           # or redis_url, redis_url_file
/// # hash_key_file = "hash.key"            # or hash_key, hash_key_env: at least 32 characters, what recipients and addresses are hashed with
/// # on_outage = "local"                   # or "refuse", "allow": when the server does not answer in time
///
/// [send_once]                             # feature send-once, see SendOnce: every create and resend then needs an intent
/// store = "redis"                         # with redis_url, redis_url_env or redis_url_file; or "local" (default): in this process
/// redis_url_env = "REDIS_URL"
/// key_file = "send-once.key"              # or key, key_env: at least 32 characters, what intents are hashed and handles sealed with
/// remembered = "24h"                      # for how long an intent sends nothing again
/// ```
///
/// A section with a vendor's name is that vendor; a section with another name needs `vendor = "…"`. Beside the provider that [`build`](Self::build)
/// gives, each section gives the vendor's own client, by the method with the vendor's name.
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
    trace_context: Option<TraceContext>,
    guard: Option<Arc<dyn Guard>>,
    observers: Observers,
    providers: Vec<Arc<dyn ChallengeProvider>>,
    /// Whether the provider is not the one that the config was written for.
    is_selected: bool,
    ignores_routes: bool,
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Read whole: the error of a reader that expects a map quotes what stands there instead.
        match Value::deserialize(deserializer)? {
            Value::Object(members) => Ok(Self { members, ..Self::default() }),
            _ => Err(serde::de::Error::custom("expected a config: keys and sections by name")),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sections: Vec<&str> = self.members.iter().filter(|(_, value)| value.is_object()).map(|(name, _)| secret_names::told(name)).collect();
        f.debug_struct("Config")
            .field("sections", &sections)
            .field("providers", &self.providers.iter().map(|provider| provider.id().to_string()).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Holds a config read whole.
struct Plan {
    current: Option<ProviderId>,
    instances: Vec<Constructor>,
    http: HttpBuilder,
    routing: Routing,
    guard: Option<Arc<dyn Guard>>,
    send_once: Option<send_once::Around>,
    problems: Vec<Violation>,
}

const NO_SECTION: &str = "expected a section";

/// Lists the sections that are no provider's.
const RESERVED: [&str; 4] = ["http", "route", "guard", "send_once"];

impl Config {
    /// Sets where relative paths in the config start.
    pub fn with_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Chooses the provider for new challenges: by a section's name, or the id of one that was [added](Self::with_provider). Another name is a problem at
    /// `provider`.
    ///
    /// If `failover` lists it, the provider selected before takes its place in that list. Entries that share no method with the new provider stay, and are not reported.
    pub fn select(mut self, provider: &str) -> Self {
        let before = self.members.insert("provider".into(), provider.into()).filter(|before| before != provider);
        if let (Some(before), Some(Value::Array(failover))) = (before, self.members.get_mut("failover")) {
            failover.iter_mut().filter(|name| *name == provider).for_each(|name| *name = before.clone());
        }
        self.is_selected = true;
        self
    }

    /// Asks the selected provider for every method that it has, whatever `[route]` says. A mistake there is a problem all the same.
    pub fn without_routes(mut self) -> Self {
        self.ignores_routes = true;
        self
    }

    /// Adds a provider of your own, which `provider`, `failover` and `[route]` can name by its id.
    pub fn with_provider(mut self, provider: Arc<dyn ChallengeProvider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// Sets an HTTP client of your own, instead of one by the `[http]` section; its limits hold for the whole call. Of `[http]` only `allow_plain_http` still counts: time-outs, proxy and certificates are those
    /// of this client.
    pub fn with_http(mut self, http: Http) -> Self {
        self.http = Some(http);
        self
    }

    /// Sends the header `traceparent` with each attempt to call a vendor, as [`Http::with_traceparent`] does.
    pub fn with_traceparent(mut self, of_attempt: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        self.trace_context = Some(TraceContext::new(of_attempt));
        self
    }

    /// Sets a guard of your own, instead of one by the `[guard]` section.
    pub fn with_guard(mut self, guard: Arc<dyn Guard>) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Adds an [`Observer`], which is told of the calls of the provider that is built, of each attempt by the HTTP client, those of typed clients too, and of what the `[guard]` section decides.
    /// A provider or a guard of your own is given one itself. Where you wrap the built provider further, put an [`Observed`] with the same observer outermost: then the
    /// wrapper's time and failures count too.
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.add(observer);
        self
    }

    /// Says whether it has a section `[send_once]`; without it [`CallOptions::with_intent`](crate::CallOptions::with_intent) has no effect.
    pub fn has_send_once(&self) -> bool {
        self.members.contains_key("send_once")
    }

    /// Says whether a provider's section, or a provider that was [added](Self::with_provider), has this name.
    pub fn has_provider(&self, id: &str) -> bool {
        self.named().has(id)
    }

    /// Lists every mistake in the config, by key, with what was expected and never with a secret. Reads secret files and variables; no network.
    pub fn problems(&self) -> Vec<Violation> {
        self.read().problems
    }

    /// Builds the provider. New challenges go to the section that `provider` names, answers to the section that made the challenge.
    ///
    /// Each call reads secret files again, and makes connections of its own: build once and keep it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with all [`problems`](Self::problems); or, where there are none, because the HTTP client cannot be built.
    pub fn build(&self) -> Result<Arc<dyn ChallengeProvider>, Error> {
        let plan = self.read();
        let Some(current) = plan.current.filter(|_| plan.problems.is_empty()) else {
            return Err(Error::of_config(plan.problems));
        };
        let http = self.http(plan.http)?;
        let mut providers = self.providers.clone();
        for construct in &plan.instances {
            providers.push(construct(http.clone())?);
        }
        let current = providers.iter().position(|provider| provider.id() == current).map(|index| providers.remove(index));
        let current = current.ok_or_else(|| Error::config("provider", "expected the name of a section"))?;
        let routing = if self.ignores_routes { plan.routing.without_routes() } else { plan.routing };
        let provider = match providers.is_empty() {
            true => current,
            false => Arc::new(routing.router(current, providers.into_iter(), http.timeout())?),
        };
        let provider = match self.guard.clone().or(plan.guard) {
            Some(guard) => Arc::new(Guarded::new(provider, guard).with_timeout(http.timeout())),
            None => provider,
        };
        let provider = match plan.send_once {
            Some(around) => around(provider, http.timeout())?,
            None => provider,
        };
        Ok(match self.observers.is_empty() {
            true => provider,
            false => Arc::new(Observed::by_all(provider, self.observers.clone())),
        })
    }

    fn read(&self) -> Plan {
        let mut problems = Vec::new();
        let nothing = Map::new();
        let section = |name: &str| self.members.get(name).and_then(Value::as_object);
        let (http, surroundings) = self.read_http(&mut problems);
        let named = self.named();
        let mut routing = Routing::default();
        let mut routes = Section::new("route", section("route").unwrap_or(&nothing), &surroundings);
        routing.read_routes(&mut routes, &named);
        problems.extend(routes.finish());
        let guard = section("guard").and_then(|members| {
            let mut limits = Section::new("guard", members, &surroundings);
            let guard = guard::read(&mut limits, &self.observers);
            problems.extend(limits.finish());
            guard
        });
        let send_once = section("send_once").and_then(|members| {
            let mut intents = Section::new("send_once", members, &surroundings);
            let around = send_once::read(&mut intents);
            problems.extend(intents.finish());
            around
        });

        let mut instances = Vec::new();
        for (name, value) in &self.members {
            match (name.as_str(), value) {
                // `http` is read before.
                ("provider" | "failover" | "failover_when" | "http", _) => {}
                (name, Value::Object(_)) if RESERVED.contains(&name) => {}
                (name, Value::Object(_)) if secret_names::looks_secret(name) => {
                    problems.push(Violation::at_key(name, "looks like a secret; expected a section's name"));
                }
                (name, Value::Object(members)) => {
                    if let Some(near) = reserved(name, members) {
                        problems.push(Violation::at_key(name, format!("is not a section here; did you mean {near}?")));
                        continue;
                    }
                    let mut section = Section::new(name, members, &surroundings);
                    instances.extend(read_instance(name, &mut section));
                    problems.extend(section.finish());
                }
                (name, _) if RESERVED.contains(&name) || Vendor::named(name).is_some() => {
                    problems.push(Violation::at_key(name, NO_SECTION));
                }
                (name, _) => problems.push(Violation::at_key(name, unknown(name))),
            }
        }

        for (index, provider) in self.providers.iter().enumerate() {
            let id = provider.id();
            if section(id.as_str()).is_some() {
                problems.push(Violation::at_key(id.as_str(), "expected a section or a provider of this name, not both"));
            }
            if self.providers.iter().skip(index + 1).any(|other| other.id() == id) {
                problems.push(Violation::at_key(id.as_str(), "expected one provider of this name, not several"));
            }
        }
        let mut top = Section::new("", &self.members, &surroundings);
        let current = top.required_text("provider").map(ProviderId::new);
        if let Some(name) = current.as_ref().map(ProviderId::as_str).filter(|name| !named.has(name)) {
            match Vendor::named(name).filter(|vendor| vendor.entry().is_none()) {
                Some(vendor) => top.problem("provider", &needs_feature(vendor)),
                None => top.problem("provider", &named.expected(name)),
            }
        }
        routing.read_failover(&mut top, &named, current.as_ref().map(ProviderId::as_str).filter(|_| !self.is_selected));
        if self.has_send_once() && routing.fails_over_when_unknown() {
            top.problem("failover_when", "\"unknown\" may send two messages for one intent; expected \"unsent\" beside [send_once]");
        }
        problems.extend(top.into_problems());
        Plan { current, instances, http, routing, guard, send_once, problems: secret_names::hide(&self.members, problems) }
    }

    /// Tells of all providers, from sections and of one's own, what they can do.
    fn named(&self) -> Named {
        let own = self.providers.iter().map(|provider| (provider.id(), Some(provider.capabilities())));
        let sections = self.members.iter().filter_map(|(name, value)| {
            let members = value.as_object().filter(|members| !RESERVED.contains(&name.as_str()) && reserved(name, members).is_none())?;
            let vendor = Vendor::named(members.get("vendor").map_or(Some(name.as_str()), Value::as_str).unwrap_or_default());
            Some((ProviderId::new(name.as_str()), vendor.and_then(Vendor::capabilities)))
        });
        Named::new(sections.chain(own))
    }
}

/// Gives the section of no provider that was most likely meant by a name that is no vendor's.
fn reserved(name: &str, members: &Map<String, Value>) -> Option<&'static str> {
    let is_providers = members.contains_key("vendor") || Vendor::named(name).is_some();
    nearest(name, RESERVED.into_iter().chain(Vendor::all().iter().map(Vendor::name))).filter(|near| !is_providers && RESERVED.contains(near))
}

fn read_instance(name: &str, section: &mut Section<'_>) -> Option<Constructor> {
    let Some(vendor) = named_vendor(name, section) else {
        section.skip_rest();
        return None;
    };
    match vendor.entry() {
        Some(entry) => (entry.read)(section),
        None => {
            section.skip_rest();
            section.problem("vendor", &needs_feature(vendor));
            None
        }
    }
}

/// Finds whose section it is, by its key `vendor` or its name.
fn named_vendor(name: &str, section: &mut Section<'_>) -> Option<&'static Vendor> {
    let names: Vec<_> = Vendor::all().iter().map(|vendor| (vendor.name(), vendor.name())).collect();
    match (section.choice("vendor", &names), Vendor::named(name).map(Vendor::name)) {
        (Some(vendor), Some(own)) if vendor != own => {
            section.problem("vendor", "expected none, or the section's own name, which is another vendor's");
            None
        }
        (Some(vendor), _) | (None, Some(vendor)) => Vendor::named(vendor),
        (None, None) => {
            if !section.has("vendor") {
                let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
                let meant = nearest(name, names.iter().copied()).map(|near| format!("; did you mean the section {near}?")).unwrap_or_default();
                section.problem("vendor", &format!("is required in a section that has no vendor's name: one of {}{meant}", names.join(", ")));
            }
            None
        }
    }
}

fn needs_feature(vendor: &Vendor) -> String {
    format!("needs the crate's feature {}", vendor.name())
}

fn unknown(name: &str) -> String {
    let known = ["provider", "failover", "failover_when"].into_iter().chain(RESERVED).chain(Vendor::all().iter().map(Vendor::name));
    match nearest(name, known) {
        Some(near) => format!("is not a key here; did you mean {near}?"),
        None => "is not a key here; expected provider and sections".to_owned(),
    }
}
