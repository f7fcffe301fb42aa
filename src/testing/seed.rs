//! What doubles know from the start.

use std::{collections::BTreeMap, fmt, io};

use serde::{Deserialize, Serialize};

use super::{Double, faults::WordedFault};

/// Holds users, codes and faults that doubles start with, as a file has them; serde reads it from whatever format.
///
/// | member | holds |
/// |---|---|
/// | `codes` | fixed codes by recipient |
/// | `users` | `[{"provider","id","name","code"}]`: who is known; at Corbado by `id`, or by `name` with an id of the double's making; at Dfns by `name` and the one-time `code` that was issued |
/// | `faults` | what waits from the start, as the [control port](super::Control) takes it |
///
/// ```
/// use auth_challenge::testing::{Double, Seed};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let seed: Seed = serde_json::from_str(r#"{
///     "codes": { "jane@doe.com": "123456" },
///     "users": [{ "provider": "corbado", "id": "usr-1" }],
///     "faults": [{ "operation": "create", "fault": "hang", "probability": 0.1, "seed": 7 }]
/// }"#)?;
/// seed.apply(&[Double::start("corbado").await])?;
/// # Ok(()) }
/// ```
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    codes: BTreeMap<String, String>,
    users: Vec<SeedUser>,
    faults: Vec<WordedFault>,
}

/// A user of one vendor.
#[derive(Clone, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedUser {
    provider: String,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) code: Option<String>,
}

impl Seed {
    /// Tells doubles what to know; a [reset](Double::reset) tells them again.
    ///
    /// With a [`StateFile`](super::StateFile) it is told before the file is opened: what the file holds of users and faults counts then, and users
    /// that the seed has got since are added.
    ///
    /// # Errors
    ///
    /// Where a user or a fault is for none of these doubles, or is not one that they can have; the message names it. What stands before it is told.
    pub fn apply(&self, doubles: &[Double]) -> io::Result<()> {
        let invalid = |list: &str, index: usize, problem: String| io::Error::new(io::ErrorKind::InvalidInput, format!("{list}[{index}]: {problem}"));
        for (recipient, code) in &self.codes {
            doubles.iter().for_each(|double| double.set_code_for(recipient, code));
        }
        for (index, user) in self.users.iter().enumerate() {
            let meant: Vec<&Double> = doubles.iter().filter(|double| double.name() == user.provider).collect();
            if meant.is_empty() {
                return Err(invalid("users", index, format!("provider: expected one of {}", names(doubles))));
            }
            for double in meant {
                double.seed_user(user).map_err(|problem| invalid("users", index, problem.to_owned()))?;
            }
        }
        for (index, words) in self.faults.iter().enumerate() {
            let (fault, meant) = words.resolve(doubles).map_err(|problem| invalid("faults", index, problem))?;
            meant.into_iter().for_each(|(double, operation)| double.seed_fault(operation, fault.clone()));
        }
        Ok(())
    }
}

/// Lists the names of doubles.
pub(super) fn names(doubles: &[Double]) -> String {
    doubles.iter().map(Double::name).collect::<Vec<_>>().join(", ")
}

/// Shows how much there is of each, and no recipient or code.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (codes, users, faults) = (self.codes.len(), self.users.len(), self.faults.len());
        f.debug_struct("Seed").field("codes", &codes).field("users", &users).field("faults", &faults).finish()
    }
}
