//! What the trials in a browser share: the browser, and waiting for what comes by itself.

mod browser;

use std::{error::Error, fmt::Debug, time::Duration};

use tokio::{net::TcpListener, time::Instant};

pub use browser::{Authenticator, Browser};
pub use thirtyfour::Key;

pub type Failed = Box<dyn Error + Send + Sync>;

/// Time for what comes by itself, on a machine under load.
const LONG: Duration = Duration::from_secs(60);

/// Says what was seen.
pub fn told(what: &str) -> Result<(), Failed> {
    println!("{what}");
    Ok(())
}

pub fn expect<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{what}: expected {expected:?}, found {found:?}").into()) }
}

/// Waits until something is so.
pub async fn until(what: &str, is_so: impl AsyncFn() -> Result<bool, Failed>) -> Result<(), Failed> {
    let end = Instant::now() + LONG;
    while !is_so().await? {
        if Instant::now() > end {
            return Err(format!("this did not come true: {what}").into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

pub async fn free_port() -> Result<u16, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}
