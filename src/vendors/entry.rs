//! What the layers above need of a vendor.

use std::{fmt, sync::Arc};

use super::Section;
use crate::{
    model::{Capabilities, Error, ProviderId},
    provider::ChallengeProvider,
    transport::Http,
};

/// Describes a vendor that this crate knows, compiled in or not.
///
/// ```
/// use auth_challenge::{Method, Vendor};
///
/// for vendor in Vendor::all() {
///     match vendor.capabilities() {
///         Some(capabilities) => println!("{}: SMS {}", vendor.name(), capabilities.supports(Method::SmsOtp)),
///         None => println!("{} needs the crate's feature {}", vendor.name(), vendor.name()),
///     }
/// }
/// ```
pub struct Vendor {
    name: &'static str,
    entry: Option<&'static Entry>,
}

/// Holds what a vendor's folder exports to the layers above.
pub(crate) struct Entry {
    /// Environment variables, each with the key of the section that it stands for.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    pub(crate) capabilities: fn() -> Capabilities,
    /// Reads a section of a config; `None` where it has mistakes that leave nothing to build.
    pub(crate) read: fn(&mut Section<'_>) -> Option<Constructor>,
}

/// Makes a provider of a section that was read.
pub(crate) type Constructor = Box<dyn Fn(Http) -> Result<Arc<dyn ChallengeProvider>, Error>>;

/// Makes a constructor of what a section holds.
#[cfg(vendor)]
pub(super) fn constructor<C: 'static, P: ChallengeProvider>(config: Option<C>, new: fn(&C, Http) -> Result<P, Error>) -> Option<Constructor> {
    let config = config?;
    Some(Box::new(move |http| Ok(Arc::new(new(&config, http)?))))
}

impl Vendor {
    pub(super) const fn listed(name: &'static str, entry: Option<&'static Entry>) -> Self {
        Self { name, entry }
    }

    /// Lists all vendors, those that are compiled out too.
    pub fn all() -> &'static [Self] {
        &super::ALL
    }

    /// Finds a vendor by its name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        Self::all().iter().find(|vendor| vendor.name == name)
    }

    /// Gives the name of the vendor, of its feature, and of its section in a config.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Gives the id of the provider that a section of the vendor's own name makes.
    pub fn id(&self) -> ProviderId {
        ProviderId::fixed(self.name)
    }

    /// Tells what the vendor can do; `None` where its feature is off.
    pub fn capabilities(&self) -> Option<Capabilities> {
        self.entry.map(|entry| (entry.capabilities)())
    }

    pub(crate) fn entry(&self) -> Option<&'static Entry> {
        self.entry
    }
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vendor").field("name", &self.name).field("is_compiled_in", &self.entry.is_some()).finish()
    }
}
