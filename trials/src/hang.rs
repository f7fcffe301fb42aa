//! A connection that stops passing bytes and stays open: who notices, and what the next call meets.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::Instant,
};

use crate::{
    Failed,
    caller::{Broken, Caller},
    nginx::{Nginx, Protocol},
};

/// Calls on the connection as it hangs.
const CALLS: u64 = 8;
/// Time for a call of the crate: what ends it before that is the pings.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Time for a call of reqwest, which would wait for ever: longer than the crate's pings take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection is left alone as it hangs: longer than the crate's pings take, and less than it keeps an idle connection.
const IDLE: Duration = Duration::from_secs(10);

/// Passes bytes on to nginx, over connections that can be stalled.
struct Relay {
    address: SocketAddr,
    stalls: watch::Sender<()>,
}

impl Relay {
    fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    async fn start(to: SocketAddr) -> Result<Self, Failed> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let relay = Self { address: listener.local_addr()?, stalls: watch::Sender::new(()) };
        let stalls = relay.stalls.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut stall = stalls.subscribe();
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(to).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = stall.changed() => {
                            drop(stall);
                            std::future::pending().await
                        }
                    }
                });
            }
        });
        Ok(relay)
    }

    /// Stalls the connections that there are, for good; new ones pass.
    async fn stall(&self) {
        self.stalls.send_replace(());
        self.stalls.closed().await;
    }
}

/// What a caller met.
struct Met {
    /// How the calls on a connection that hangs ended, and when the last of them did.
    ended: Vec<Result<(), Broken>>,
    after: Duration,
    /// How long the next call took, and how long one took after a connection had hung unused.
    next: Result<Duration, Broken>,
    after_idling: Result<Duration, Broken>,
}

/// Has both callers meet connections that hang, prints what they met, and gives the promises that the crate did not keep.
pub async fn run(address: SocketAddr, first: u64) -> Result<Vec<String>, Failed> {
    let nginx = Nginx::start(address, None).await?;
    let (to, ca_file) = (nginx.address(Protocol::Http2), nginx.ca_file());
    let of_crate = meet(to, first, |url| Caller::of_crate(url, &ca_file, TIMEOUT));
    let of_reqwest = meet(to, first + 2 * (CALLS + 2), |url| Caller::of_reqwest(url, &ca_file, PATIENCE));
    let (of_crate, of_reqwest) = tokio::try_join!(of_crate, of_reqwest)?;
    nginx.stop().await?;

    println!();
    println!("| a connection hangs | auth-challenge | reqwest, with {} s for a call |", PATIENCE.as_secs());
    println!("|---|---|---|");
    let row = |what: &str, show: fn(&Met) -> String| println!("| {what} | {} | {} |", show(&of_crate), show(&of_reqwest));
    row("calls on it", |met| format!("end after {:.1} s", met.after.as_secs_f64()));
    row("the next call", |met| shown(&met.next));
    row("a call after it hung unused", |met| shown(&met.after_idling));

    let is_left = of_crate.ended.iter().all(Result::is_err) && of_crate.after < TIMEOUT;
    let kept = [
        (is_left, "calls on a connection that hangs are not ended by the pings"),
        (of_crate.next.is_ok(), "the call after those on a connection that hung fails"),
        (of_crate.after_idling.is_ok(), "a call after a connection hung unused fails"),
    ];
    Ok(kept.into_iter().filter(|(is_kept, _)| !is_kept).map(|(_, missed)| missed.to_owned()).collect())
}

async fn meet(to: SocketAddr, first: u64, caller: impl Fn(&str) -> Result<Caller, Failed>) -> Result<Met, Failed> {
    let mut marks = first..;
    let mut mark = || marks.next().unwrap_or_default();
    let relays = [Relay::start(to).await?, Relay::start(to).await?];
    let [used, unused] = [caller(&relays[0].url())?, caller(&relays[1].url())?];
    for (caller, relay) in [&used, &unused].into_iter().zip(&relays) {
        caller.call(mark()).await.map_err(|broken| broken.what)?;
        relay.stall().await;
    }

    let began = Instant::now();
    let mut calls = JoinSet::new();
    for mark in (0..CALLS).map(|_| mark()) {
        let used = used.clone();
        calls.spawn(async move { used.call(mark).await });
    }
    let (next, last) = (mark(), mark());
    let on_it = async {
        let ended = calls.join_all().await;
        (ended, began.elapsed(), timed(&used, next).await)
    };
    let idling = async {
        tokio::time::sleep(IDLE).await;
        timed(&unused, last).await
    };
    let ((ended, after, next), after_idling) = tokio::join!(on_it, idling);
    Ok(Met { ended, after, next, after_idling })
}

async fn timed(caller: &Caller, mark: u64) -> Result<Duration, Broken> {
    let began = Instant::now();
    caller.call(mark).await.map(|()| began.elapsed())
}

fn shown(outcome: &Result<Duration, Broken>) -> String {
    match outcome {
        Ok(time) => format!("succeeds in {} ms", time.as_millis()),
        Err(broken) if broken.is_timeout => "hangs too".to_owned(),
        Err(broken) => format!("fails: {}", broken.what),
    }
}
