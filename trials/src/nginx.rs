//! A real nginx in front of the upstream: TLS, HTTP/2 and HTTP/1.1, a folder of its own.

use std::{
    fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use crate::Failed;

/// Time to start, or to end.
const LONG: Duration = Duration::from_secs(60);

/// Which protocol is spoken with nginx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http2,
    Http1,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http2 => "HTTP/2",
            Self::Http1 => "HTTP/1.1",
        })
    }
}

/// A running nginx, which is ended with this.
pub struct Nginx {
    folder: TempDir,
    process: Child,
    addresses: [SocketAddr; 2],
}

impl Nginx {
    /// Starts one in front of `upstream` that ends a connection after so many requests, or after nginx's own default of them.
    pub async fn start(upstream: SocketAddr, requests: Option<u32>) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        fs::write(folder.path().join("cert.pem"), certified.cert.pem())?;
        fs::write(folder.path().join("key.pem"), certified.signing_key.serialize_pem())?;
        let addresses = [free().await?, free().await?];
        fs::write(folder.path().join("nginx.conf"), config(upstream, addresses, requests))?;
        let process = command(folder.path()).spawn().map_err(|error| format!("nginx cannot be run: {error}"))?;
        let mut nginx = Self { folder, process, addresses };
        nginx.listening().await?;
        Ok(nginx)
    }

    pub fn address(&self, protocol: Protocol) -> SocketAddr {
        self.addresses[protocol as usize]
    }

    /// Gives the file of the certificate, which signs itself.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// Has the config read anew: new workers begin, the old ones end their connections.
    pub fn reload(&self) -> Result<(), Failed> {
        self.signal("reload")
    }

    /// Tells how many reloads were done.
    pub fn reloads(&self) -> Result<usize, Failed> {
        Ok(self.log()?.lines().filter(|line| line.contains("reconfiguring")).count())
    }

    /// Ends it, and tells what it complained of.
    pub async fn stop(mut self) -> Result<Vec<String>, Failed> {
        self.signal("stop")?;
        for _ in 0..LONG.as_millis() / 10 {
            if self.process.try_wait()?.is_some() {
                return Ok(self.log()?.lines().filter(|line| !line.contains("[notice]")).map(str::to_owned).collect());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("nginx does not end".into())
    }

    fn log(&self) -> Result<String, Failed> {
        Ok(fs::read_to_string(self.folder.path().join("error.log"))?)
    }

    fn signal(&self, name: &str) -> Result<(), Failed> {
        let status = command(self.folder.path()).args(["-s", name]).status()?;
        if status.success() { Ok(()) } else { Err(format!("nginx -s {name} fails: {}", self.log()?).into()) }
    }

    async fn listening(&mut self) -> Result<(), Failed> {
        for _ in 0..LONG.as_millis() / 10 {
            if self.process.try_wait()?.is_some() {
                return Err(format!("nginx does not start: {}", self.log()?).into());
            }
            if TcpStream::connect(self.addresses[1]).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("nginx does not listen".into())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            // A signal to the master alone would leave its workers.
            let _ = self.signal("stop");
            let _ = self.process.wait();
        }
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "error.log"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A port that is free now.
async fn free() -> Result<SocketAddr, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}

fn config(upstream: SocketAddr, [http2, http1]: [SocketAddr; 2], requests: Option<u32>) -> String {
    let requests = requests.map(|requests| format!("keepalive_requests {requests};")).unwrap_or_default();
    format!(
        "daemon off;
worker_processes 2;
error_log error.log notice;
pid nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    ssl_certificate cert.pem;
    ssl_certificate_key key.pem;
    upstream vendor {{ server {upstream}; keepalive 64; }}
    proxy_http_version 1.1;
    proxy_set_header Connection \"\";
    # So that nothing is sent twice by nginx itself.
    proxy_next_upstream off;
    {requests}
    server {{ listen {http2} ssl http2; location / {{ proxy_pass http://vendor; }} }}
    server {{ listen {http1} ssl; location / {{ proxy_pass http://vendor; }} }}
}}
"
    )
}
