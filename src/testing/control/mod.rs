//! A port by which people and programs in any language watch and steer doubles.

mod admission;
mod commands;
mod events;
mod outbox;
mod page;
mod routes;
mod serve;
mod shown;
#[cfg(test)]
mod tests;

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{sync::Semaphore, task::AbortHandle};

use super::{
    Double,
    server::{Door, reached_at},
};
use admission::Names;
use events::Events;
use routes::{Desk, PLACES};

/// How many connections are open at once; more wait.
const CONNECTIONS: usize = 64;

/// Steers doubles over HTTP, for tests that are not written in Rust, and shows them on a page.
///
/// | request | does |
/// |---|---|
/// | `GET /` | a page for people: messages, requests, challenges, faults, the clock, all as it happens |
/// | `GET /readyz` | status 200 once the doubles answer |
/// | `GET /outbox?to=ADDRESS` | the messages, `[{"number","provider","method","to","code","link","sent_at","expires_at"}]`; to one recipient in whatever spelling (an address with a `+tag` is one of its own), without `to` all of them; with `wait_s` it waits so long at most for the first one, with `after` only those with a higher number |
/// | `GET /requests` | what came in, each with its answer and `violations`; `limit` gives the newest so many |
/// | `GET /violations` | where requests strayed from the vendor's document |
/// | `GET /challenges` | the challenges and what became of them; `limit` as above |
/// | `GET /events` | all of that as server-sent events |
/// | `GET`, `POST`, `DELETE /faults` | the faults that wait; `{"provider","operation","fault","times",…}` lets calls go wrong, see below; forgets them |
/// | `GET`, `POST /clock` | the time; `{"advance_s":60}`, `{"stop_at":"2030-01-01T00:00:00Z"}`, `{"stop":true}` or `{"reset":true}` |
/// | `POST /reset` | forgets all that came since the start, and lets the clock show the machine's time; what a [`Seed`](super::Seed) told is there again |
/// | `POST /answer` | `{"options","origin"}`: what a browser's `toJSON()` gives for a new passkey with these creation options, made at `origin`; with the registration of a Dfns key as `options`, and no `origin`, what the key answers |
/// | `POST /sample` | `{"provider","to"}`: challenges a person as this crate's client does |
/// | `GET /doubles` | where the doubles are, with their credentials |
/// | `GET /openapi.json` | the same as an OpenAPI document |
///
/// `fault` is the name of the method of [`Fault`](super::Fault) that makes it. `status` takes `status` and `retry_after_s`, `rate_limited`
/// takes `retry_after_s`, `slow` takes `ms`, `missing_field` takes `field`, `huge_body` takes `bytes`. Without `provider` it is for all
/// doubles, without `operation` for any call, and it happens once unless `times` says otherwise; 0 is always. With a `probability` it hits that
/// share of the requests, always unless `times` says otherwise, and with a `seed` always the same ones. `refuse_connections` concerns every operation and lasts until
/// the faults are forgotten. What is not known is answered with the names that there are.
///
/// At most 48 pages and waiting calls are served at once, further ones get status 503; whoever goes leaves the place.
///
/// An error is `{"error"}` with what was expected. A page that a browser has open cannot use the port: `POST` and every body take the content
/// type `application/json` (else status 415), an `Origin` other than its own is refused (403) as is what a browser says another site asks for, and so is a `Host` that is neither loopback, nor
/// the address that is listened at, nor a [name](Self::with_name) (421).
///
/// ```text
/// curl -H 'content-type: application/json' -d '{"provider":"corbado","fault":"refuse_connections"}' http://127.0.0.1:9000/faults
/// curl -H 'content-type: application/json' -d '{"operation":"create","fault":"hang","probability":0.1,"seed":7}' http://127.0.0.1:9000/faults
/// curl 'http://127.0.0.1:9000/outbox?to=jane@doe.com&wait_s=10'
/// curl -X DELETE http://127.0.0.1:9000/faults
/// ```
#[derive(Debug)]
pub struct Control {
    address: SocketAddr,
    names: Arc<Names>,
    task: AbortHandle,
}

impl Control {
    /// Listens for commands to these doubles.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(address: SocketAddr, doubles: Vec<Double>) -> io::Result<Self> {
        let door = Door::open_at(address).await?;
        let (address, names) = (door.address, Arc::new(Names::default()));
        let events = Events::of(&doubles);
        let router = routes::router(Desk { doubles: doubles.into(), events, names: Arc::clone(&names), places: Arc::new(Semaphore::new(PLACES)) });
        let serve_all = async move { door.serve_each(CONNECTIONS, |stream, _| serve::connection(stream, router.clone())).await };
        Ok(Self { address, names, task: tokio::spawn(serve_all).abort_handle() })
    }

    /// Answers to a host name too, the one that other machines have for this one.
    pub fn with_name(self, name: impl Into<String>) -> Self {
        self.names.add(name.into());
        self
    }

    /// Tells where it is reached.
    pub fn base_url(&self) -> String {
        format!("http://{}", reached_at(self.address))
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
    }
}
