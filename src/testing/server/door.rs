//! Where connections come in: within bounds, and only while the door is open.

use std::{
    future::poll_fn,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::Handle,
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::testing::locked;

/// How many connections may wait to be accepted.
const WAITING: u32 = 1024;

/// Gives the address at which this machine reaches a listener; one that listens at every address is on loopback too.
pub(in crate::testing) fn reached_at(listening: SocketAddr) -> SocketAddr {
    match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, listening.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, listening.port()).into(),
        _ => listening,
    }
}

/// A port at which connections are taken, or refused while it is shut.
pub(in crate::testing) struct Door {
    pub(in crate::testing) address: SocketAddr,
    socket: Mutex<Socket>,
    /// Told whenever the door is shut.
    shutting: watch::Sender<()>,
    /// The runtime that the socket belongs to: doors are shut and opened from any thread.
    runtime: Handle,
}

struct Socket {
    state: State,
    /// Who waits for the next connection.
    waiting: Option<Waker>,
}

enum State {
    Open(TcpListener),
    /// Bound without listening, where that was possible: then connections are refused and nobody else gets the port.
    Shut(Option<TcpSocket>),
}

impl Door {
    pub(in crate::testing) async fn open_at(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let socket = Mutex::new(Socket { state: State::Open(listener), waiting: None });
        Ok(Self { address, socket, shutting: watch::Sender::new(()), runtime: Handle::current() })
    }

    /// Refuses connections from now on, and ends those that wait for a request.
    pub(super) fn shut(&self) {
        let _runtime = self.runtime.enter();
        let mut socket = locked(&self.socket);
        if matches!(socket.state, State::Open(_)) {
            // The listener has to be gone before the port can be bound again.
            socket.state = State::Shut(None);
            socket.state = State::Shut(bound(self.address).ok());
            self.shutting.send_replace(());
        }
    }

    pub(super) fn is_shut(&self) -> bool {
        matches!(locked(&self.socket).state, State::Shut(_))
    }

    /// Takes connections again.
    ///
    /// # Panics
    ///
    /// Where somebody else took the port.
    pub(super) fn open(&self) {
        let _runtime = self.runtime.enter();
        let mut socket = locked(&self.socket);
        if let State::Shut(reserved) = &mut socket.state {
            let listening = reserved.take().map_or_else(|| bound(self.address), Ok).and_then(|socket| socket.listen(WAITING));
            match listening {
                Ok(listener) => socket.state = State::Open(listener),
                Err(error) => panic!("a double cannot take connections at {} again: {error}", self.address),
            }
            if let Some(waiting) = socket.waiting.take() {
                waiting.wake();
            }
        }
    }

    /// Serves each connection, so many at a time; more wait.
    pub(in crate::testing) async fn serve_each<S: Future<Output = ()> + Send + 'static>(&self, most: usize, serve: impl Fn(TcpStream, Shutting) -> S) {
        let room = Arc::new(Semaphore::new(most));
        // Dropped with this task, and all connections with it.
        let mut connections = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
            match self.connection().await {
                Ok(stream) => {
                    _ = stream.set_nodelay(true);
                    let served = serve(stream, Shutting(self.shutting.subscribe()));
                    connections.spawn(async move {
                        served.await;
                        drop(place);
                    });
                }
                // Out of file handles, say: others will be free soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
            while connections.try_join_next().is_some() {}
        }
    }

    async fn connection(&self) -> io::Result<TcpStream> {
        poll_fn(|context| {
            let mut socket = locked(&self.socket);
            // A listener that is dropped wakes nobody.
            socket.waiting = Some(context.waker().clone());
            match &socket.state {
                State::Open(listener) => listener.poll_accept(context).map_ok(|(stream, _)| stream),
                State::Shut(_) => Poll::Pending,
            }
        })
        .await
    }
}

/// What a connection learns of its door.
pub(in crate::testing) struct Shutting(watch::Receiver<()>);

impl Shutting {
    /// Waits until the door is shut, if that was not since the connection came.
    pub(super) async fn begun(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections that just ended do not keep the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_at_every_address_is_reached_on_loopback() {
        for (listening, reached) in [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("192.0.2.1:80", "192.0.2.1:80"), ("[::1]:8", "[::1]:8")] {
            let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
            assert_eq!(reached_at(address(listening)), address(reached));
        }
    }
}
