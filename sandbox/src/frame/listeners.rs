//! Listeners that can be closed and opened again on the same port.
//! A closed one refuses connections in the kernel and breaks those it had, as a machine without power does.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::sync::{Arc, Mutex};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::frame::lock::lock;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Which addresses accept connections.
#[derive(Debug, Default)]
pub struct Listeners(Mutex<HashMap<SocketAddr, Listener>>);

impl Listeners {
    /// Opens or closes this address; nothing happens at one that nobody listens on. When it returns, the kernel accepts
    /// or refuses: whoever asks next sees it.
    pub fn open(&self, address: SocketAddr, open: bool) {
        if let Some(listener) = lock(&self.0).get(&address) {
            listener.open(open);
        }
    }

    /// Closes every address for good.
    pub(crate) fn close(&self) {
        lock(&self.0).values().for_each(|listener| listener.open(false));
    }

    /// Listens at this address from now on, as long as it is open.
    pub(crate) fn add(&self, reservation: Reservation) -> io::Result<Accepting> {
        let (now, accepting) = watch::channel(Some(Arc::new(reservation.listen()?)));
        let address = reservation.address();
        lock(&self.0).insert(address, Listener { reservation, runtime: Handle::current(), now });
        Ok(Accepting(accepting))
    }
}

#[derive(Debug)]
struct Listener {
    reservation: Reservation,
    runtime: Handle,
    now: watch::Sender<Option<Arc<TcpListener>>>,
}

impl Listener {
    fn open(&self, open: bool) {
        let _in_the_runtime = self.runtime.enter();
        self.now.send_if_modified(|now| match (open, now.take()) {
            (true, None) => {
                *now = Some(Arc::new(self.reservation.listen().expect("the port is reserved")));
                true
            }
            (false, Some(listener)) => {
                // Whoever accepts may hold it for a moment yet; the kernel refuses from here on.
                let _where_that_is_unknown = SockRef::from(&*listener).shutdown(Shutdown::Both);
                true
            }
            (_, as_it_was) => {
                *now = as_it_was;
                false
            }
        });
    }
}

/// Accepts at an address whenever it is open.
#[derive(Debug, Clone)]
pub(crate) struct Accepting(watch::Receiver<Option<Arc<TcpListener>>>);

impl Accepting {
    /// The next connection and what ends with it; `None` when nobody will open the address any more.
    pub(crate) async fn accept(&mut self) -> Option<(TcpStream, Connected)> {
        loop {
            let by = self.0.wait_for(Option::is_some).await.ok()?.clone()?;
            let connected = Connected { now: self.0.clone(), by: by.clone() };
            tokio::select! {
                biased;
                () = connected.clone().closed() => {}
                accepted = by.accept() => if let Ok((stream, _)) = accepted {
                    return Some((stream, connected));
                },
            }
        }
    }
}

/// A connection's listener: what came by it ends when its address is closed.
#[derive(Debug, Clone)]
pub(crate) struct Connected {
    now: watch::Receiver<Option<Arc<TcpListener>>>,
    by: Arc<TcpListener>,
}

impl Connected {
    /// Returns when the address is closed, or the sandbox gone.
    pub(crate) async fn closed(mut self) {
        let is_another = |now: &Option<Arc<TcpListener>>| {
            now.as_ref().is_none_or(|listener| !Arc::ptr_eq(listener, &self.by))
        };
        let _gone = self.now.wait_for(is_another).await;
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
