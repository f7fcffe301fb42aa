//! The messages, and waiting for one.

use std::{str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error as _};
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
    #[serde(default, deserialize_with = "given")]
    to: Option<String>,
    #[serde(default, deserialize_with = "given")]
    after: Option<u64>,
    #[serde(default, deserialize_with = "given")]
    wait_s: Option<f64>,
}

/// Reads a value of a query; one that is empty is as good as none.
pub(super) fn given<'de, T: FromStr, D: Deserializer<'de>>(value: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(value)?;
    let read = || text.parse().map_err(|_| D::Error::custom("expected a number"));
    Some(&text).filter(|text| !text.is_empty()).map(|_| read()).transpose()
}

impl Wanted {
    fn wait_s(&self) -> f64 {
        self.wait_s.unwrap_or_default()
    }

    pub(super) fn waits(&self) -> bool {
        self.wait_s() > 0.0
    }

    /// Gives the messages, once there is one or the time is up.
    pub(super) async fn messages(&self, doubles: &[Double], events: &Events) -> Result<Value, String> {
        if !(0.0..=LONGEST).contains(&self.wait_s()) {
            return Err(format!("wait_s: expected 0 to {LONGEST} seconds"));
        }
        let end = Instant::now() + Duration::from_secs_f64(self.wait_s());
        // Before looking, so that no message comes in between.
        let mut notices = events.subscribe();
        let given = self.after.unwrap_or_default();
        let mut after = given;
        loop {
            let found = self.find(doubles, after);
            if !found.is_empty() {
                return Ok(found.into());
            }
            after = match next_message(&mut notices, end).await {
                Some(Next::Number(number)) => given.max(number.saturating_sub(1)),
                // Whoever missed notices looks at all again.
                Some(Next::Any) => given,
                None => return Ok(found.into()),
            };
        }
    }

    fn find(&self, doubles: &[Double], after: u64) -> Vec<Value> {
        let to = self.to.as_deref().map(|to| text::recipient(&with_plus_signs(to)));
        let mut messages = Vec::new();
        for double in doubles {
            let mut found = double.backstage().journal.messages();
            found.retain(|(number, message)| *number > after && to.as_ref().is_none_or(|to| text::recipient(message.recipient()) == *to));
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
    let to = to.trim_end();
    if to.contains('@') { to.replace(' ', "+") } else { to.strip_prefix(' ').map_or_else(|| to.to_owned(), |number| format!("+{number}")) }
}

/// What may have come.
enum Next {
    /// A message of this number.
    Number(u64),
    Any,
}

/// Waits until a message may have come; none does in time.
async fn next_message(notices: &mut Receiver<(usize, Notice)>, end: Instant) -> Option<Next> {
    loop {
        match timeout_at(end, notices.recv()).await {
            Ok(Ok((_, Notice::Sent(number)))) => return Some(Next::Number(number)),
            Ok(Err(RecvError::Lagged(_))) => return Some(Next::Any),
            Ok(Ok(_)) => {}
            Ok(Err(RecvError::Closed)) | Err(_) => return None,
        }
    }
}
