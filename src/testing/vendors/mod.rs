//! The one list of doubles. A vendor is its folder, its lines at the top of this file, and nothing else under `testing`.

use std::{collections::BTreeMap, fmt, io, sync::Arc};

use super::{Double, DoubleBuilder, builder::Settings, server::Behaviour};

mod authsignal;
mod corbado;
mod dfns;
mod twilio;

/// Makes the list: for each vendor the name of its feature, and its folder.
macro_rules! list {
    ($($name:literal $folder:ident;)+) => {
        $(
            #[cfg(feature = $name)]
            pub use $folder::*;
        )+

        impl DoubleEntry {
            /// Every vendor that has a double in this build.
            pub const ALL: &'static [Self] = &[$(
                #[cfg(feature = $name)]
                $folder::ENTRY,
            )+];
        }
    };
}

list! {
    "corbado" corbado;
    "authsignal" authsignal;
    "dfns" dfns;
    "twilio" twilio;
}

/// Names a vendor that has a double: its name, and what its double can be told in words.
///
/// The command line, and tests that run at every vendor, go through [`DoubleEntry::ALL`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// use auth_challenge::testing::DoubleEntry;
///
/// for entry in DoubleEntry::ALL {
///     let double = entry.builder().with_code("123456").start().await?;
///     assert_eq!(double.name(), entry.name());
/// }
/// # Ok(()) }
/// ```
pub struct DoubleEntry {
    name: &'static str,
    title: &'static str,
    settings: &'static [DoubleSetting],
    /// Makes the vendor's behaviour of the settings of all doubles and of its own, each of which has a value that was checked.
    behaviour: fn(&Settings, &SettingValues) -> io::Result<Arc<dyn Behaviour>>,
}

impl DoubleEntry {
    /// Finds a vendor by its name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|entry| entry.name == name)
    }

    /// Gives the name of the vendor and of its section in a config.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Gives the vendor's name as people write it.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// Lists what this vendor's double can be told beside what all doubles take.
    pub fn settings(&self) -> &'static [DoubleSetting] {
        self.settings
    }

    /// Builds its double for clients that come without having been added: it knows every user but one, and takes every user's token.
    pub fn builder(&'static self) -> DoubleBuilder<NamedSettings> {
        DoubleBuilder::of(NamedSettings { entry: self, values: BTreeMap::new() })
    }
}

impl Double {
    /// Starts a vendor's double by the vendor's name, on a free port of loopback, with the settings that the command line has by default
    /// ([`DoubleEntry::builder`]).
    ///
    /// # Panics
    ///
    /// Where no vendor of that name has a double in this build, or no port can be bound.
    pub async fn start(name: &str) -> Self {
        match DoubleEntry::find(name) {
            Some(entry) => super::double::started(entry.builder().start().await),
            None => panic!("expected the name of a double: {}", DoubleEntry::ALL.iter().map(DoubleEntry::name).collect::<Vec<_>>().join(", ")),
        }
    }
}

impl fmt::Debug for DoubleEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoubleEntry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Describes a setting of one vendor's double that is given as text.
#[derive(Debug)]
pub struct DoubleSetting {
    name: &'static str,
    form: &'static str,
    default: &'static str,
    help: &'static str,
    problem: fn(&str) -> Option<&'static str>,
}

impl DoubleSetting {
    /// Gives the name, which begins with the vendor's: `corbado-credentials`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Gives the form of a value, in capitals: `ID:SECRET`.
    pub fn form(&self) -> &'static str {
        self.form
    }

    /// Gives the value unless told otherwise.
    pub fn default(&self) -> &'static str {
        self.default
    }

    /// Says what it is, in a line.
    pub fn help(&self) -> &'static str {
        self.help
    }

    /// Checks a value.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn check(&self, value: &str) -> Result<(), &'static str> {
        (self.problem)(value).map_or(Ok(()), Err)
    }
}

/// Holds settings by name: those of [`DoubleEntry::builder`].
pub struct NamedSettings {
    entry: &'static DoubleEntry,
    values: BTreeMap<String, String>,
}

/// Shows no value.
impl fmt::Debug for NamedSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedSettings").field("entry", &self.entry).finish_non_exhaustive()
    }
}

impl DoubleBuilder<NamedSettings> {
    /// Sets one of the entry's [settings](DoubleEntry::settings).
    pub fn with_setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.vendor.values.insert(name.into(), value.into());
        self
    }

    /// Starts the double.
    ///
    /// # Errors
    ///
    /// Where a setting is unknown or of a wrong form, or the address cannot be bound.
    pub async fn start(self) -> io::Result<Double> {
        let NamedSettings { entry, mut values } = self.vendor;
        let invalid = |name: &str, problem: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{name}: {problem}"));
        let mut known = SettingValues(BTreeMap::new());
        for setting in entry.settings {
            let value = values.remove(setting.name).unwrap_or_else(|| setting.default.to_owned());
            setting.check(&value).map_err(|problem| invalid(setting.name, problem))?;
            known.0.insert(setting.name, value);
        }
        if let Some((name, _)) = values.first_key_value() {
            let names: Vec<&str> = entry.settings.iter().map(DoubleSetting::name).collect();
            return Err(invalid(name, &format!("expected one of {}", names.join(", "))));
        }
        let behaviour = (entry.behaviour)(&self.settings, &known)?;
        Double::start_as(entry.name, self.settings, behaviour).await
    }
}

/// The values of an entry's settings, each of which was checked.
struct SettingValues(BTreeMap<&'static str, String>);

impl SettingValues {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_named_after_its_vendor_and_has_a_value_that_is_good() {
        for entry in DoubleEntry::ALL {
            for setting in entry.settings() {
                assert!(setting.name().starts_with(&format!("{}-", entry.name())), "{setting:?}");
                assert_eq!(setting.check(setting.default()), Ok(()), "{setting:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_setting_that_is_not_there_names_those_that_are() {
        for entry in DoubleEntry::ALL {
            let error = entry.builder().with_setting("colour", "blue").start().await.expect_err("no such setting");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(entry.settings().iter().all(|setting| error.to_string().contains(setting.name())), "{error}");
        }
    }

    #[tokio::test]
    async fn an_operation_is_found_by_name_and_an_unknown_one_lists_those_that_there_are() {
        for entry in DoubleEntry::ALL {
            let double = Double::start(entry.name()).await;
            for operation in double.operations() {
                assert_eq!(double.operation(operation.as_str()), Ok(operation));
            }
            let told = double.operation("wave").expect_err("no such operation").to_string();
            assert!(told.starts_with("operation: expected one of create, verify"), "{told}");
        }
    }
}
