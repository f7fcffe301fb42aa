//! `auth-challenge create`.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use auth_challenge::{CallOptions, ChallengeProvider, ChallengeRequest, ClientContext, Config, CredentialKind, Error, Field, Method, ProviderId, Violation};
use clap::{Args, builder::PossibleValuesParser};
use serde_json::{Map, Value};

use crate::{
    challenge::describe,
    config,
    output::{Failed, Outcome, text_of, unusable},
};

/// Send a code or link, or ask for the challenge of a new credential.
#[derive(Args)]
pub(crate) struct Create {
    /// The config file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The provider to ask first, whatever the config and its routes say; it must have the method.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// How the person is challenged.
    #[arg(long, value_parser = PossibleValuesParser::new(Method::names()))]
    method: String,
    /// The recipient: an e-mail address, or a phone number in E.164 form.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// The key of the one message that is to be sent, for a config with [send_once] and a store that all processes share.
    #[arg(long, value_name = "KEY")]
    intent: Option<String>,
    /// Show the code that the vendor's reply holds (Corbado).
    #[arg(long)]
    reveal: bool,
    /// The user's id, for the selected provider, or for the one of a route that cannot do without.
    #[arg(long, help_heading = "The person", value_name = "ID")]
    user_id: Option<String>,
    /// The user's id at another provider that may be asked, by the name of its section; may be given several times.
    #[arg(long, help_heading = "The person", value_name = "NAME=ID", value_parser = user_id_at)]
    user_id_at: Vec<(ProviderId, String)>,
    /// What the user is about to do.
    #[arg(long, help_heading = "The person", value_name = "ACTION")]
    action: Option<String>,
    /// A right that the challenge grants.
    #[arg(long, help_heading = "The person", value_name = "SCOPE")]
    scope: Option<String>,
    /// The IP address of the user's client.
    #[arg(long, help_heading = "The person's client", value_name = "IP")]
    ip: Option<IpAddr>,
    /// The user agent of the user's client.
    #[arg(long, help_heading = "The person's client", value_name = "UA")]
    user_agent: Option<String>,
    /// The id that you know the user's device by.
    #[arg(long, help_heading = "The person's client", value_name = "ID")]
    device_id: Option<String>,
    /// What is known of the user's client, as a JSON object: ip, user_agent, browser, os, device_id and signals.
    #[arg(long, help_heading = "The person's client", value_name = "JSON")]
    client: Option<String>,
    /// The language of the message.
    #[arg(long, help_heading = "The message", value_name = "LOCALE")]
    locale: Option<String>,
    /// How long the challenge lives, say 300s.
    #[arg(long, help_heading = "The message", value_parser = lifetime, value_name = "TIME")]
    lifetime: Option<Duration>,
    /// The key that groups challenges of one attempt at an action.
    #[arg(long, help_heading = "The message", value_name = "KEY")]
    action_key: Option<String>,
    /// Data of your own, as a JSON object.
    #[arg(long, help_heading = "The message", value_name = "JSON")]
    metadata: Option<String>,
    /// The kind of credential: Fido2, Key, PasswordProtectedKey or RecoveryKey.
    #[arg(long, help_heading = "A credential (--method credential)", value_name = "KIND")]
    kind: Option<CredentialKind>,
    /// The one-time code that allows a new credential; - reads it from standard input.
    #[arg(long, help_heading = "A credential (--method credential)", value_name = "CODE")]
    code: Option<String>,
    /// A file with that code.
    #[arg(long, help_heading = "A credential (--method credential)", conflicts_with = "code", value_name = "FILE")]
    code_file: Option<PathBuf>,
}

impl Create {
    pub(crate) async fn run(self) -> Result<Outcome, Failed> {
        let mut config = config::read(&self.config)?;
        if let Some(provider) = &self.provider {
            config = config.select(provider).without_routes();
        }
        let options = options(&config, self.intent.as_deref())?;
        let provider = config.build()?;
        self.check_user_ids(&config)?;
        let request = match &self.user_id {
            Some(id) => self.with_user_id(self.request()?, id, &*provider),
            None => self.request()?,
        };
        if self.provider.is_some() && !provider.capabilities().supports(request.method()) {
            // Another one that has the method is not the one that was named.
            let id = provider.id();
            provider.capabilities().check(&id, &request).map_err(|error| Failed::from(error).at(&id, "create"))?;
        }
        let challenge = provider.create_with(&request, &options).await?;
        Ok(Outcome::done(describe(&challenge, self.reveal)?))
    }

    fn request(&self) -> Result<ChallengeRequest, Failed> {
        let request = ChallengeRequest::new(self.method()?).with_client(self.client()?);
        let mut request = self.user_id_at.iter().fold(request, |request, (at, id)| request.with_user_id_at(at.clone(), id.as_str()));
        macro_rules! set {
            ($($field:ident $with:ident),+) => { $(if let Some(value) = &self.$field { request = request.$with(value.clone()); })+ };
        }
        set!(
            to with_recipient, action with_action, locale with_locale, lifetime with_lifetime,
            action_key with_action_key, scope with_scope
        );
        if let Some(code) = text_of(if self.code_file.is_some() { "code_file" } else { "code" }, self.code.as_deref(), self.code_file.as_deref())? {
            request = request.with_code(code);
        }
        if let Some(metadata) = &self.metadata {
            let metadata: Map<String, Value> = serde_json::from_str(metadata).map_err(|_| unusable("metadata", "expected a JSON object"))?;
            request = request.with_metadata(metadata);
        }
        Ok(request)
    }

    /// Sets the user's id for the selected provider, or for the one that a route asks first, that cannot do without, and that was given none of its own.
    fn with_user_id(&self, request: ChallengeRequest, id: &str, provider: &dyn ChallengeProvider) -> ChallengeRequest {
        let request = request.with_user_id(id);
        let lacks_it = |error: &Error| error.violations().iter().any(|violation| violation.field() == Some(Field::UserId));
        let has_its_own = |routed: &ProviderId| self.user_id_at.iter().any(|(at, _)| at == routed);
        match provider.check(&request).err().filter(lacks_it).and_then(|error| error.provider().cloned()) {
            Some(routed) if routed != provider.id() && !has_its_own(&routed) => request.with_user_id_at(routed, id),
            _ => request,
        }
    }

    /// Refuses ids of the user at providers that are not there, and several at one.
    fn check_user_ids(&self, config: &Config) -> Result<(), Failed> {
        for (index, (at, _)) in self.user_id_at.iter().enumerate() {
            if !config.has_provider(at.as_str()) {
                return Err(unusable("user_id_at", "expected NAME=ID, the name of a provider's section in the config first"));
            }
            if self.user_id_at.iter().take(index).any(|(before, _)| before == at) {
                return Err(unusable("user_id_at", format!("expected one id at {at}")));
            }
        }
        Ok(())
    }

    fn method(&self) -> Result<Method, Error> {
        let refused = |problem: &'static str| Error::invalid(vec![Violation::new(Field::Kind, problem)]).with_operation("create");
        Method::from_name(&self.method, self.kind).ok_or_else(|| match self.kind {
            None => refused("is required for a credential"),
            Some(_) => refused("expected none: the method makes no credential"),
        })
    }

    fn client(&self) -> Result<ClientContext, Failed> {
        let mut client = match &self.client {
            Some(json) => client_of(json).ok_or_else(|| unusable("client", "expected a JSON object: ip, user_agent, browser, os, device_id and signals"))?,
            None => ClientContext::default(),
        };
        if let Some(ip) = self.ip {
            client = client.with_ip(ip);
        }
        if let Some(agent) = &self.user_agent {
            client = client.with_user_agent(agent);
        }
        if let Some(id) = &self.device_id {
            client = client.with_device_id(id.as_str());
        }
        Ok(client)
    }
}

fn user_id_at(text: &str) -> Result<(ProviderId, String), &'static str> {
    let (name, id) = text.split_once('=').filter(|(name, id)| !name.is_empty() && !id.is_empty()).ok_or("expected NAME=ID, the name of a section first")?;
    Ok((ProviderId::new(name), id.to_owned()))
}

/// Reads how long a challenge lives; the words of the parser would quote it.
fn lifetime(text: &str) -> Result<Duration, &'static str> {
    humantime::parse_duration(text).map_err(|_| "expected a time, say 300s")
}

/// Makes the options of a call that sends, with the key of its intent.
pub(crate) fn options(config: &Config, intent: Option<&str>) -> Result<CallOptions, Failed> {
    if intent.is_some() && !config.has_send_once() {
        return Err(unusable("intent", "expected a section [send_once] in the config: without it the message would be sent each time"));
    }
    Ok(intent.into_iter().fold(CallOptions::default(), CallOptions::with_intent))
}

/// Reads a client; here its IP address too, for who types the command is no front end.
fn client_of(json: &str) -> Option<ClientContext> {
    // The error of the reader may quote what stands there.
    let mut members: Map<String, Value> = serde_json::from_str(json).ok()?;
    let ip = members.remove("ip");
    let client: ClientContext = serde_json::from_value(members.into()).ok()?;
    Some(match ip {
        Some(ip) => client.with_ip(ip.as_str()?.parse::<IpAddr>().ok()?),
        None => client,
    })
}
