//! Listeners that can be closed and opened again on the same port.
//! A closed one refuses connections in the kernel and breaks those it had, as a machine without power does.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use crate::frame::lock::lock;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Which addresses accept connections.
#[derive(Debug, Default)]
pub struct Listeners(Mutex<HashMap<SocketAddr, watch::Sender<bool>>>);

impl Listeners {
    /// Opens or closes this address; nothing happens at one that nobody listens on.
    pub fn open(&self, address: SocketAddr, open: bool) {
        if let Some(listener) = lock(&self.0).get(&address) {
            listener.send_replace(open);
        }
    }

    /// Closes every address for good.
    pub(crate) fn close(&self) {
        lock(&self.0).values().for_each(|listener| {
            listener.send_replace(false);
        });
    }

    pub(crate) fn add(&self, address: SocketAddr) -> watch::Receiver<bool> {
        let (sender, receiver) = watch::channel(true);
        lock(&self.0).insert(address, sender);
        receiver
    }
}

/// A loopback address that stays ours while nobody listens on it.
#[derive(Debug)]
pub(crate) struct Reservation {
    address: SocketAddr,
    // Bound and never listening: the kernel refuses connections and gives the port to nobody else.
    _bound: TcpSocket,
}

impl Reservation {
    /// Takes this port, or any with 0, at a loopback address.
    pub(crate) fn take(at: Ipv4Addr, port: u16) -> io::Result<Self> {
        Self::of(SocketAddr::from((at, port)))
    }

    /// Takes any port for all of 127.0.0.0/8. Only binding to every address does that; the listener drops what
    /// comes to another one.
    pub(crate) fn take_everywhere() -> io::Result<Self> {
        Self::of(SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    fn of(address: SocketAddr) -> io::Result<Self> {
        let bound = reusable(address)?;
        Ok(Self { address: bound.local_addr()?, _bound: bound })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens until the listener is dropped.
    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        reusable(self.address)?.listen(BACKLOG)
    }
}

fn reusable(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpStream;

    #[tokio::test]
    async fn a_reserved_port_refuses_until_somebody_listens_and_again_afterwards() {
        let reservation = Reservation::take(Ipv4Addr::LOCALHOST, 0).expect("a free port");
        let address = reservation.address();
        assert!(TcpStream::connect(address).await.is_err());
        let listener = reservation.listen().expect("the port is ours");
        assert!(TcpStream::connect(address).await.is_ok());
        drop(listener);
        assert!(TcpStream::connect(address).await.is_err());
        assert!(reservation.listen().is_ok());
    }

    #[tokio::test]
    async fn a_port_that_is_listened_on_can_not_be_taken_twice() {
        let reservation = Reservation::take(Ipv4Addr::LOCALHOST, 0).expect("a free port");
        let _listener = reservation.listen().expect("the port is ours");
        assert!(Reservation::take(Ipv4Addr::LOCALHOST, reservation.address().port()).is_err());
    }
}
