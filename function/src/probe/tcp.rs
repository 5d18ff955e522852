//! `tcp://host:port`: a connection is the answer. For services that don't speak HTTP.

use std::{io, net::SocketAddr};

use failover_core::{Position, Served};
use tokio::net::{TcpStream, lookup_host};
use url::Url;

use super::{Answer, Targets, shown, silent};

pub(super) fn is_tcp(url: &Url) -> bool {
    url.scheme() == "tcp"
}

/// Connects where visitors would. The standby answers if it is what the public name leads to.
pub(super) async fn public(public: &Url, site: &Targets) -> Answer {
    let peer = match connect(public, None).await {
        Ok(peer) => peer,
        Err(error) => return silent(format!("{} gave no answer: {error}", shown(public))),
    };
    let standby = match &site.standby {
        Some(url) => addresses(url).await.unwrap_or_default(),
        None => Vec::new(),
    };
    by(if standby.contains(&peer) { Position::Standby } else { Position::Primary })
}

/// Connects to a place at its own address.
pub(super) async fn own(url: &Url, instead: Option<SocketAddr>, who: Position) -> Answer {
    match connect(url, instead).await {
        Ok(_) => by(who),
        Err(error) => silent(format!("{} gave no answer: {error}", shown(url))),
    }
}

async fn connect(url: &Url, instead: Option<SocketAddr>) -> io::Result<SocketAddr> {
    let addresses = match instead {
        Some(address) => vec![address],
        None => addresses(url).await?,
    };
    TcpStream::connect(addresses.as_slice()).await?.peer_addr()
}

async fn addresses(url: &Url) -> io::Result<Vec<SocketAddr>> {
    let (Some(host), Some(port)) = (url.host_str(), url.port()) else {
        return Err(io::Error::other("it is not of the form tcp://host:port"));
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok(lookup_host((host, port)).await?.collect())
}

fn by(who: Position) -> Answer {
    Answer { served: Served::By(who), redirect_lives: None }
}
