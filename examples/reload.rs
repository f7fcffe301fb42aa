//! A rotated secret or another vendor without a restart: the service reads its config again on SIGHUP.
//!
//! The program sends the signal to itself, as `systemctl reload` would.

use std::{error::Error, fs, path::Path, process::Command, sync::Arc};

use auth_challenge::{
    ChallengeProvider, ChallengeProviderExt as _, Config, Reloadable, Verification,
    testing::{AuthsignalDouble, CorbadoDouble},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

fn load(path: &Path) -> Result<Arc<dyn ChallengeProvider>, auth_challenge::Error> {
    Config::from_toml_file(path)?.build()
}

/// Runs beside the service; a config with mistakes changes nothing.
async fn reload_on(mut hangups: Signal, auth: Arc<Reloadable>, path: impl AsRef<Path>, done: tokio::sync::watch::Sender<u32>) {
    while hangups.recv().await.is_some() {
        match load(path.as_ref()) {
            Ok(provider) => auth.replace(provider),
            Err(error) => eprintln!("the old config stays: {error}"),
        }
        done.send_modify(|reloads| *reloads += 1);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (corbado, authsignal) = (CorbadoDouble::start().await, AuthsignalDouble::start().await);
    let sections = corbado.config_section() + &authsignal.config_section();
    let path = std::env::temp_dir().join(format!("reload-{}.toml", std::process::id()));
    fs::write(&path, format!("provider = \"corbado\"\n{sections}"))?;

    let auth = Arc::new(Reloadable::new(load(&path)?));
    let (done, mut reloads) = tokio::sync::watch::channel(0);
    tokio::spawn(reload_on(signal(SignalKind::hangup())?, Arc::clone(&auth), path.clone(), done));

    let request = corbado.person("jane@doe.com").with_action("login");
    let under_way = auth.create(&request).await?;
    println!("sent by {}", under_way.provider());
    for config in [format!("provider = \"authsignal\"\n{sections}"), "provider = \"nobody\"".to_owned()] {
        fs::write(&path, config)?;
        Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status()?;
        reloads.changed().await?;
        println!("sent by {}", auth.create(&request).await?.provider());
    }
    // The code that was under way is still good: its section is still there.
    let verified = auth.verify(under_way.handle(), &corbado.right_answer(&under_way)).await?;
    println!("the first one is verified: {}", matches!(verified, Verification::Verified(_)));
    fs::remove_file(&path)?;
    Ok(())
}
