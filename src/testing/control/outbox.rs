//! The messages, and waiting for one.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{events::Events, shown};
use crate::testing::Double;

/// The longest wait.
const LONGEST: f64 = 120.0;

/// Which messages are asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    to: Option<String>,
    after: Option<u64>,
    #[serde(default)]
    wait_s: f64,
}

impl Wanted {
    pub(super) fn waits(&self) -> bool {
        self.wait_s > 0.0
    }

    /// Gives the messages, once there is one or the time is up.
    pub(super) async fn messages(&self, doubles: &[Double], events: &Events) -> Result<Value, String> {
        if !(0.0..=LONGEST).contains(&self.wait_s) {
            return Err(format!("wait_s: expected 0 to {LONGEST} seconds"));
        }
        let end = Instant::now() + Duration::from_secs_f64(self.wait_s);
        // Before looking, so that no message comes in between.
        let mut notices = events.subscribe();
        loop {
            let found = self.find(doubles);
            // Whoever missed notices looks again, and so does whoever heard of something else.
            if !found.is_empty() || timeout_at(end, notices.recv()).await.is_err() {
                return Ok(found.into());
            }
        }
    }

    fn find(&self, doubles: &[Double]) -> Vec<Value> {
        // A plus sign that was not encoded reads as a blank.
        let to = self.to.as_deref().map(|to| to.strip_prefix(' ').map_or(to.to_owned(), |number| format!("+{number}")));
        let mut messages = Vec::new();
        for double in doubles {
            let ends = shown::Ends::of(double);
            for (number, message) in double.backstage().journal.messages() {
                if to.as_deref().is_none_or(|to| message.recipient() == to) && self.after.is_none_or(|after| number > after) {
                    messages.push((number, shown::message(double, &ends, number, &message)));
                }
            }
        }
        messages.sort_by_key(|(number, _)| *number);
        messages.into_iter().map(|(_, message)| message).collect()
    }
}
