//! From a section to the vendor's own client.

#![cfg(vendor)]

use serde_json::{Map, Value};

use super::{Config, named_vendor, secret_names};
use crate::{
    model::{Error, Violation},
    transport::Http,
    vendors::{Section, Vendor, nearest},
};

/// Lists the vendors: name, folder and what the client is called there, with its config.
macro_rules! list {
    ($($name:literal $folder:ident $client:ident $config:ident;)+) => {
        impl Config {
            $(
                #[doc = concat!("Gives the typed client of a section of the vendor `", $name, "`, with the section's credentials and server, and the limits of `[http]`.")]
                ///
                /// The section is named as it stands in the config; `provider` need not be it. Routes, guard and intents are not around the client,
                #[doc = concat!("and its connections are its own: make it once. See [`", stringify!($client), "`](crate::", stringify!($folder), "::", stringify!($client), ").")]
                ///
                /// # Errors
                ///
                /// [`ErrorKind::Config`](crate::ErrorKind::Config) with every mistake in the section and in `[http]`, and where there is no such section.
                #[cfg(feature = $name)]
                pub fn $folder(&self, section: &str) -> Result<crate::vendors::$folder::$client, Error> {
                    use crate::vendors::$folder::{$client, $config};

                    self.client($name, section, $config::read, $client::new)
                }
            )+
        }
    };
}

list! {
    "corbado" corbado Corbado CorbadoConfig;
    "authsignal" authsignal Authsignal AuthsignalConfig;
    "dfns" dfns Dfns DfnsConfig;
    "twilio" twilio Twilio TwilioConfig;
}

impl Config {
    fn client<C, P>(
        &self,
        vendor: &'static str,
        name: &str,
        read: fn(&mut Section<'_>) -> Option<C>,
        new: fn(&C, Http) -> Result<P, Error>,
    ) -> Result<P, Error> {
        let mut problems = Vec::new();
        let (http, surroundings) = self.read_http(&mut problems);
        let config = match self.members.get(name).and_then(Value::as_object).filter(|members| is_of(vendor, name, members)) {
            Some(members) => {
                let mut section = Section::new(name, members, &surroundings);
                named_vendor(name, &mut section);
                let config = read(&mut section);
                problems.extend(section.finish());
                config
            }
            None => {
                problems.push(Violation::at_key(name.to_owned(), self.expected_section(vendor, name)));
                None
            }
        };
        let Some(config) = config.filter(|_| problems.is_empty()) else {
            return Err(Error::of_config(secret_names::hide(&self.members, problems)));
        };
        new(&config, self.http(http)?)
    }

    /// Says what there is to choose from, where a section is not there or another vendor's.
    fn expected_section(&self, vendor: &str, name: &str) -> String {
        let sections = self.members.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_object()?)));
        let fitting: Vec<&str> = sections.filter(|(name, members)| is_of(vendor, name, members)).map(|(name, _)| name).collect();
        match (nearest(name, fitting.iter().copied()), fitting.is_empty()) {
            (_, true) => format!("expected the name of a section of {vendor}; there is none"),
            (Some(near), _) => format!("expected the name of a section of {vendor}; did you mean {near}?"),
            (None, _) => format!("expected the name of a section of {vendor}: {}", fitting.join(", ")),
        }
    }
}

/// Says whether a section is a vendor's: by its key `vendor`, else by its name.
fn is_of(vendor: &str, name: &str, members: &Map<String, Value>) -> bool {
    match members.get("vendor") {
        Some(given) => given.as_str() == Some(vendor),
        None => Vendor::named(name).is_some_and(|named| named.name() == vendor),
    }
}
