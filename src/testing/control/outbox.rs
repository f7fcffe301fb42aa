//! The messages, and waiting for one.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, timeout_at},
};

use super::{events::Events, shown};
use crate::testing::{Double, observe::Notice, text};

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
            if !found.is_empty() || !hears_of_a_message(&mut notices, end).await {
                return Ok(found.into());
            }
        }
    }

    fn find(&self, doubles: &[Double]) -> Vec<Value> {
        let to = self.to.as_deref().map(|to| text::recipient(&with_plus_signs(to)));
        let mut messages = Vec::new();
        for double in doubles {
            let mut found = double.backstage().journal.messages();
            found.retain(|(number, message)| {
                to.as_ref().is_none_or(|to| text::recipient(message.recipient()) == *to) && self.after.is_none_or(|after| *number > after)
            });
            if !found.is_empty() {
                let ends = shown::Ends::of(double);
                messages.extend(found.into_iter().map(|(number, message)| (number, shown::message(double, &ends, number, &message))));
            }
        }
        messages.sort_by_key(|(number, _)| *number);
        messages.into_iter().map(|(_, message)| message).collect()
    }
}

/// A plus sign that was not encoded reads as a blank.
fn with_plus_signs(to: &str) -> String {
    if to.contains('@') { to.replace(' ', "+") } else { to.strip_prefix(' ').map_or_else(|| to.to_owned(), |number| format!("+{number}")) }
}

/// Waits until a message may have come; says whether that was in time.
async fn hears_of_a_message(notices: &mut Receiver<(usize, Notice)>, end: Instant) -> bool {
    loop {
        match timeout_at(end, notices.recv()).await {
            // Whoever missed notices looks again.
            Ok(Ok((_, Notice::Sent(_))) | Err(RecvError::Lagged(_))) => return true,
            Ok(Ok(_)) => {}
            Ok(Err(RecvError::Closed)) | Err(_) => return false,
        }
    }
}
