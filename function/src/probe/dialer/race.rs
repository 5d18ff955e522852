//! Connects to whichever of a host's addresses takes the connection first, as browsers do ("Happy Eyeballs",
//! RFC 8305).

use std::{io, net::SocketAddr, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{net::TcpStream, time::sleep};

use super::unanswered::is_ours;

/// How long an address may take before the next is tried beside it (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

pub(super) async fn connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut rest = interleaved(addresses).into_iter();
    let mut tries = FuturesUnordered::new();
    let mut failure: Option<io::Error> = None;
    loop {
        let next = rest.next();
        let is_last = next.is_none();
        tries.extend(next.map(TcpStream::connect));
        tokio::select! {
            done = tries.next() => match done {
                Some(Ok(stream)) => return Ok(stream),
                // That one address refused says more than that another can't be reached from here.
                Some(Err(error)) if failure.as_ref().is_none_or(is_ours) => failure = Some(error),
                Some(Err(_)) => {}
                None => return Err(failure.unwrap_or_else(|| io::Error::other("its name leads to no address"))),
            },
            () = sleep(HEAD_START), if !is_last => {}
        }
    }
}

/// Both families in turn, beginning with the one that the system prefers.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut others = others.into_iter();
    let mut mixed: Vec<SocketAddr> =
        preferred.into_iter().flat_map(|address| [Some(address), others.next()]).flatten().collect();
    mixed.extend(others);
    mixed
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn families_take_turns() {
        let read = |text: &str| text.parse::<SocketAddr>().unwrap();
        let addresses = ["[::1]:1", "[::2]:1", "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"].map(read);
        let expected = ["[::1]:1", "10.0.0.1:1", "[::2]:1", "10.0.0.2:1", "10.0.0.3:1"].map(read);
        assert_eq!(interleaved(addresses.to_vec()), expected);
    }

    #[tokio::test]
    async fn an_address_that_refuses_gives_way_to_the_next() {
        let here = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let there = listener.local_addr().unwrap();
        let connected = connect(vec![here, there]).await.unwrap();
        assert_eq!(connected.peer_addr().unwrap(), there);
        assert_eq!(connect(vec![here]).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect(Vec::new()).await.unwrap_err().to_string().contains("no address"));
    }
}
