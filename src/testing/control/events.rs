//! What happens at doubles, as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::{
    OwnedSemaphorePermit,
    broadcast::{self, error::RecvError},
};

use super::shown;
use crate::testing::{Double, observe::Notice};

/// How many notices wait for a page that is slow; one that misses some is told to begin anew.
const WAITING: usize = 1024;
/// How often a page that hears nothing is told that the port is still there.
const ALIVE: Duration = Duration::from_secs(10);

/// The notices of several doubles, each with the index of its double.
#[derive(Clone)]
pub(super) struct Events(Arc<broadcast::Sender<(usize, Notice)>>);

impl Events {
    pub(super) fn of(doubles: &[Double]) -> Self {
        let sender = Arc::new(broadcast::Sender::new(WAITING));
        for (index, double) in doubles.iter().enumerate() {
            let sender = Arc::downgrade(&sender);
            double.backstage().journal.watch(Box::new(move |notice| {
                let sender = sender.upgrade();
                // Nobody may be there to hear it.
                sender.as_ref().map(|sender| sender.send((index, notice))).is_some()
            }));
        }
        Self(sender)
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<(usize, Notice)> {
        self.0.subscribe()
    }
}

/// Streams events; the first says that all that was before is to be read anew.
pub(super) fn stream(doubles: Arc<[Double]>, events: &Events, place: OwnedSemaphorePermit) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let first = stream::once(async { Ok(named("hello", &json!({}))) });
    let rest = stream::unfold((doubles, events.subscribe(), place), async |(doubles, mut notices, place)| {
        loop {
            match notices.recv().await {
                Ok((index, notice)) => {
                    if let Some(event) = doubles.get(index).and_then(|double| told(double, notice)) {
                        return Some((Ok(event), (doubles, notices, place)));
                    }
                }
                Err(RecvError::Lagged(_)) => return Some((Ok(named("hello", &json!({}))), (doubles, notices, place))),
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(stream::StreamExt::chain(first, rest)).keep_alive(KeepAlive::new().interval(ALIVE))
}

/// Tells a notice with what it is about; nothing where that is gone already.
fn told(double: &Double, notice: Notice) -> Option<Event> {
    let journal = &double.backstage().journal;
    Some(match notice {
        Notice::Sent(number) => named("sent", &shown::message(double, &shown::Ends::of(double), number, &journal.message(number)?)),
        Notice::Received(number) | Notice::Answered(number) => {
            let name = if matches!(notice, Notice::Received(_)) { "request" } else { "answer" };
            named(name, &shown::request(double, number, &journal.request(number)?, &[]))
        }
        Notice::Violated(number) => named("violation", &shown::violation(double, &journal.violation(number)?)),
        Notice::Faults => named("faults", &json!({ "provider": double.name(), "waiting": double.waiting_faults() })),
        Notice::Clock => named("clock", &shown::clock(double.clock())),
        Notice::Forgotten => named("reset", &json!({ "provider": double.name() })),
    })
}

fn named(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}
