//! The crate behind a real nginx, beside bare reqwest: who is told what, and what arrived. Ends with an error where a promise is not kept.

mod caller;
mod hang;
mod load;
mod nginx;
mod upstream;

use std::{error::Error, net::SocketAddr, process::ExitCode, time::Duration};

use caller::Caller;
use load::Tally;
use nginx::{Nginx, Protocol};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::MissedTickBehavior,
};
use upstream::Upstream;

type Failed = Box<dyn Error + Send + Sync>;

const CALLS: u64 = 20_000;
/// Time for a call, far more than one needs on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);
const BETWEEN_RELOADS: Duration = Duration::from_millis(300);

/// Says when nginx ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// After 1,000 requests, its default.
    Default,
    /// After 50 requests.
    Soon,
    /// By reloads under load.
    Reloads,
}

#[tokio::main]
async fn main() -> ExitCode {
    let calls = match std::env::args().nth(1).map(|calls| calls.parse()) {
        None => CALLS,
        Some(Ok(calls)) if calls > 0 => calls,
        Some(_) => {
            eprintln!("usage: auth-challenge-trials [CALLS]");
            return ExitCode::from(2);
        }
    };
    // Whoever ends this ends nginx as well.
    let ended = tokio::select! {
        kept = run(calls) => kept,
        () = asked_to_end() => Err("asked to end".into()),
    };
    match ended {
        Ok(missed) if missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            missed.iter().for_each(|missed| println!("MISSED: {missed}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("the trial could not be made: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn asked_to_end() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Runs all, prints what came of it, and gives the promises that were not kept.
async fn run(calls: u64) -> Result<Vec<String>, Failed> {
    let (upstream, address) = Upstream::start().await?;
    let mut missed = Vec::new();
    let mut first = 0;
    println!("| protocol | a connection ends | caller | calls | failed | arrived | arrived twice |");
    println!("|---|---|---|---:|---:|---:|---:|");
    for protocol in [Protocol::Http2, Protocol::Http1] {
        for ends in [Ends::Default, Ends::Soon, Ends::Reloads] {
            let tallies = case(&upstream, address, protocol, ends, first, calls).await?;
            first += 2 * calls;
            for (caller, tally) in ["auth-challenge", "reqwest"].iter().zip(&tallies) {
                let Tally { calls, failed, arrived, arrived_twice, .. } = tally;
                println!("| {protocol} | {ends} | {caller} | {calls} | {failed} | {arrived} | {arrived_twice} |");
                for (what, count) in &tally.failed_by {
                    eprintln!("    {caller}: {count} x {what}");
                }
            }
            missed.extend(promises(ends, &tallies).into_iter().map(|missed| format!("{protocol}, {ends}: {missed}")));
        }
    }
    missed.extend(hang::run(address, first).await?);
    Ok(missed)
}

/// Makes the calls of one case, first with the crate and then with reqwest.
async fn case(upstream: &Upstream, address: SocketAddr, protocol: Protocol, ends: Ends, first: u64, calls: u64) -> Result<[Tally; 2], Failed> {
    let nginx = Nginx::start(address, (ends == Ends::Soon).then_some(50)).await?;
    let base_url = format!("https://localhost:{}", nginx.address(protocol).port());
    let callers = [Caller::of_crate(&base_url, &nginx.ca_file(), TIMEOUT)?, Caller::of_reqwest(&base_url, &nginx.ca_file(), TIMEOUT)?];
    let mut outcomes = Vec::new();
    for (caller, first) in callers.iter().zip([first, first + calls]) {
        let reloads = nginx.reloads()?;
        let load = load::run(caller, first, calls);
        outcomes.push(match ends {
            Ends::Reloads => under_reloads(&nginx, load).await?,
            Ends::Default | Ends::Soon => load.await?,
        });
        if ends == Ends::Reloads && nginx.reloads()? == reloads {
            return Err("too few calls to meet a reload".into());
        }
    }
    drop(callers);
    for complaint in nginx.stop().await? {
        eprintln!("    nginx: {complaint}");
    }
    upstream.rest().await?;
    let mut tallies = outcomes.iter().map(|outcome| outcome.tally(upstream));
    match (tallies.next(), tallies.next()) {
        (Some(of_crate), Some(of_reqwest)) => Ok([of_crate, of_reqwest]),
        _ => Err("a caller was left out".into()),
    }
}

async fn under_reloads<T>(nginx: &Nginx, load: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let mut ticks = tokio::time::interval(BETWEEN_RELOADS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reloading = async {
        loop {
            ticks.tick().await;
            if let Err(error) = nginx.reload() {
                return error;
            }
        }
    };
    tokio::select! {
        outcome = load => outcome,
        error = reloading => Err(error),
    }
}

/// Names the promises that were not kept.
fn promises(ends: Ends, [of_crate, of_reqwest]: &[Tally; 2]) -> Vec<String> {
    let allowed = match ends {
        Ends::Default | Ends::Reloads => 0,
        Ends::Soon => of_crate.calls / 10_000,
    };
    let kept = [
        (of_crate.failed <= allowed, format!("{} of {} calls fail", of_crate.failed, of_crate.calls)),
        (of_crate.failed <= of_reqwest.failed, format!("{} calls fail, and {} of reqwest's", of_crate.failed, of_reqwest.failed)),
        (of_crate.arrived_twice == 0, format!("{} calls arrived twice", of_crate.arrived_twice)),
        (of_crate.told_too_safe == 0, format!("{} calls arrived that are said not to have been sent, or refused", of_crate.told_too_safe)),
        (of_crate.unseen + of_reqwest.unseen == 0, "a call succeeded that never arrived: the upstream counts wrong".to_owned()),
    ];
    kept.into_iter().filter(|(is_kept, _)| !is_kept).map(|(_, missed)| missed).collect()
}

impl std::fmt::Display for Ends {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Default => "after 1,000 requests",
            Self::Soon => "after 50 requests",
            Self::Reloads => "by reloads",
        })
    }
}
