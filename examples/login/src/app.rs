//! What all requests share, and the way from the settings to a server.

use std::{error::Error, io, sync::Arc, time::Duration};

use auth_challenge::{Config, RelyingParty};
use axum::extract::FromRef;
use axum_extra::extract::cookie::Key;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use url::Url;

use crate::{
    handlers, numbers,
    settings::Settings,
    store::{Store, counted},
    vendors::Vendors,
};

/// What stands in the way of a start.
pub type Failed = Box<dyn Error + Send + Sync>;

/// The name that people know the application by.
pub const NAME: &str = "Example";

/// What all requests share; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

pub struct Shared {
    pub site: Site,
    pub vendors: Vendors,
    pub store: Store,
    pub demo: Option<Demo>,
    operators: Vec<String>,
    key: Key,
}

/// Where browsers find the application.
pub struct Site {
    pub origin: String,
    pub is_https: bool,
    pub passkeys_are_for: RelyingParty,
    pub client_ip_header: Option<axum::http::HeaderName>,
}

/// What the pages say where no real vendor is behind them.
pub struct Demo {
    /// Where the messages are shown.
    pub messages: String,
    /// A one-time code that allows a new passkey.
    pub passkey_code: Option<String>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<App> for Key {
    fn from_ref(app: &App) -> Self {
        app.key.clone()
    }
}

impl Shared {
    /// Says whether somebody with these recipients may switch the vendor.
    pub fn is_operator(&self, recipients: &[String]) -> bool {
        self.demo.is_some() || self.operators.iter().any(|operator| recipients.contains(operator))
    }
}

/// The server while it runs, and the doubles with it.
pub struct Running {
    addresses: Vec<(&'static str, String)>,
    end: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
    #[cfg(feature = "doubles")]
    _doubles: Option<crate::doubles::Doubles>,
}

impl Running {
    /// Tells what is where.
    pub fn addresses(&self) -> &[(&'static str, String)] {
        &self.addresses
    }

    /// Takes no further requests, and gives those under way a moment to end.
    pub async fn end(self) {
        const MOMENT: Duration = Duration::from_secs(5);
        _ = self.end.send(());
        _ = tokio::time::timeout(MOMENT, self.server).await;
    }
}

/// Starts the application.
///
/// # Errors
///
/// Where the config has mistakes, or a file or a port cannot be had.
pub async fn start(settings: Settings) -> Result<Running, Failed> {
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| format!("--listen {}: {error}", settings.listen))?;
    let site = site(&settings, listener.local_addr()?.port())?;
    let mut addresses = vec![("application", format!("{}/", site.origin))];

    #[cfg(feature = "doubles")]
    let doubles = match settings.config {
        Some(_) => None,
        None => Some(crate::doubles::Doubles::start(settings.doubles, &site.passkeys_are_for.id).await?),
    };
    #[cfg(feature = "doubles")]
    let (config, demo) = match &doubles {
        Some(doubles) => {
            addresses.push(("doubles", doubles.page()));
            (doubles.config()?, Some(doubles.demo()))
        }
        None => (config(&settings)?, None),
    };
    #[cfg(not(feature = "doubles"))]
    let (config, demo) = (config(&settings)?, None);
    if settings.origin.is_some() {
        addresses.push(("listens", format!("http://{}/", listener.local_addr()?)));
    }
    if let Some(address) = settings.numbers {
        addresses.push(("numbers", numbers::serve(address).await?));
    }
    addresses.extend(settings.database.iter().map(|file| ("people", file.display().to_string())));

    let app = App(Arc::new(Shared {
        site,
        vendors: Vendors::new(config, Duration::from_secs(settings.resend_after))?,
        store: Store::open(settings.database.as_deref())?,
        demo,
        // As the store keeps recipients, with which they are compared.
        operators: settings.operator.iter().map(|operator| counted(operator)).collect(),
        key: cookie_key(settings.cookie_key_file.as_deref())?,
    }));
    let (end, ended) = oneshot::channel::<()>();
    let service = handlers::router(app).into_make_service_with_connect_info::<std::net::SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async { _ = ended.await });
    Ok(Running {
        addresses,
        end,
        server: tokio::spawn(server.into_future()),
        #[cfg(feature = "doubles")]
        _doubles: doubles,
    })
}

fn site(settings: &Settings, port: u16) -> Result<Site, Failed> {
    let origin = match &settings.origin {
        Some(origin) => origin.clone(),
        // No passkey is for an address of numbers.
        None => Url::parse(&format!("http://localhost:{port}"))?,
    };
    let host = origin.host_str().ok_or("--origin: expected a URL with a host")?;
    let domain = settings.passkey_domain.clone().unwrap_or_else(|| host.to_owned());
    Ok(Site {
        origin: origin.origin().ascii_serialization(),
        is_https: origin.scheme() == "https",
        passkeys_are_for: RelyingParty::new(domain, NAME),
        client_ip_header: settings.client_ip_header.clone(),
    })
}

fn config(settings: &Settings) -> Result<Config, Failed> {
    let file = settings.config.as_ref().ok_or("--config: expected a file; this build has no test doubles")?;
    Ok(Config::from_toml_file(file)?)
}

fn cookie_key(file: Option<&std::path::Path>) -> Result<Key, Failed> {
    let Some(file) = file else { return Ok(Key::generate()) };
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Key::try_from(bytes.as_slice()).map_err(|error| format!("{}: {error}", file.display()).into())
}
