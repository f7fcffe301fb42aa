//! Commands: faults, the clock, resets, samples.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::shown;
use crate::{
    provider::ChallengeProviderExt as _,
    testing::{Clock, Double, faults::WordedFault, observe::Notice, seed},
};

/// Reads a command: an object without nulls. The problem names the member.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    // First whole, so that a member that is there twice is not passed over.
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return Err("expected a JSON object".to_owned()) };
    if let Some((name, _)) = members.iter().find(|(_, value)| value.is_null()) {
        return Err(format!("{name}: expected a value, or no such member"));
    }
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body)).map_err(|error| match error.path().to_string().as_str() {
        "." | "?" => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    })
}

/// A command that says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Shows the faults that wait, and the names of all that there are.
pub(super) fn faults(doubles: &[Double]) -> Value {
    let waiting: Vec<WordedFault> = doubles.iter().flat_map(Double::waiting_faults).collect();
    json!({ "waiting": waiting, "names": WordedFault::names().collect::<Vec<_>>() })
}

pub(super) fn add_fault(doubles: &[Double], body: &[u8]) -> Result<(), String> {
    let words: WordedFault = read(body)?;
    let (fault, meant) = words.resolve(doubles)?;
    meant.into_iter().for_each(|(double, operation)| double.backstage().fail(operation, fault.clone()));
    Ok(())
}

/// One clock may serve several doubles.
fn clocks(doubles: &[Double]) -> Vec<&Clock> {
    let mut clocks: Vec<&Clock> = Vec::new();
    for double in doubles {
        if !clocks.iter().any(|clock| clock.is_same(double.clock())) {
            clocks.push(double.clock());
        }
    }
    clocks
}

/// Shows the clock of the first double.
pub(super) fn clock(doubles: &[Double]) -> Value {
    doubles.first().map_or(Value::Null, |double| shown::clock(double.clock()))
}

/// How far the clock is moved at most, in seconds: beyond the end of its time.
const FURTHEST: f64 = 1e18;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockCommand {
    advance_s: Option<f64>,
    stop_at: Option<String>,
    #[serde(default)]
    stop: bool,
    #[serde(default)]
    reset: bool,
}

impl ClockCommand {
    pub(super) fn run(&self, doubles: &[Double]) -> Result<Value, String> {
        let in_range = |seconds: f64| (0.0..=FURTHEST).contains(&seconds).then(|| Duration::from_secs_f64(seconds));
        let advance = self.advance_s.map(|seconds| in_range(seconds).ok_or_else(|| format!("advance_s: expected 0 to {FURTHEST:e} seconds"))).transpose()?;
        let stop_at = self
            .stop_at
            .as_deref()
            .map(humantime::parse_rfc3339)
            .transpose()
            .map_err(|_| "stop_at: expected a time as in RFC 3339, in UTC: 2030-01-01T00:00:00Z")?;
        for clock in clocks(doubles) {
            self.apply(clock, advance, stop_at);
        }
        doubles.iter().for_each(|double| double.backstage().journal.notify(Notice::Clock));
        Ok(clock(doubles))
    }

    fn apply(&self, clock: &Clock, advance: Option<Duration>, stop_at: Option<SystemTime>) {
        if self.reset {
            clock.reset();
        }
        if let Some(at) = stop_at.or_else(|| self.stop.then(|| clock.now())) {
            clock.stop_at(at);
        }
        if let Some(by) = advance {
            clock.advance(by);
        }
    }
}

pub(super) fn reset(doubles: &[Double]) {
    clocks(doubles).into_iter().for_each(Clock::reset);
    for double in doubles {
        double.reset();
        double.backstage().journal.notify(Notice::Clock);
    }
}

/// The longest recipient of a sample, in bytes: longer ones would push out what else is kept.
const LONGEST_RECIPIENT: usize = 320;

/// A challenge that is made by this crate's own client.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sample {
    provider: String,
    to: Option<String>,
}

impl Sample {
    pub(super) async fn run(&self, doubles: &[Double]) -> Result<Value, String> {
        let double = doubles.iter().find(|double| double.name() == self.provider);
        let double = double.ok_or_else(|| format!("provider: expected one of {}", seed::names(doubles)))?;
        let to = self.to.as_deref().unwrap_or("jane@doe.com");
        if to.len() > LONGEST_RECIPIENT {
            return Err(format!("to: expected {LONGEST_RECIPIENT} bytes at most"));
        }
        let request = double.person(to);
        // What went wrong is an answer too: a fault may wait.
        let provider = double.built().map_err(|error| error.to_string())?;
        Ok(match provider.create(&request).await {
            Ok(challenge) => json!({ "method": challenge.method().as_str(), "error": null }),
            Err(error) => {
                let state = error.send_state().as_str();
                json!({ "method": request.method().as_str(), "error": { "kind": error.kind().as_str(), "send_state": state, "message": error.to_string() } })
            }
        })
    }
}
