//! `tcp://host:port`: a connection is the answer. For services that don't speak HTTP.

use failover_core::{Position, Served};
use url::Url;

use super::{
    Answer, Targets,
    dialer::{Unanswered, VisitLine},
    shown,
};
use crate::host::HostPort;

pub(super) fn is_tcp(url: &Url) -> bool {
    url.scheme() == "tcp"
}

/// Connects where visitors would. The standby answers if it is what the public name leads to.
pub(super) async fn public(line: &VisitLine<'_>, public: &Url, site: &Targets) -> Answer {
    let peer = match connect(line, public, None).await {
        Ok(peer) => peer,
        // A move can lead nobody to a name that isn't there.
        Err(Unanswered::NoName(why)) => return Answer::unknown(unanswered(public, &why)),
        Err(why) => return missing(public, &why),
    };
    let standby = match &site.standby {
        Some(url) => line.look_up(url).await.unwrap_or_default(),
        None => Vec::new(),
    };
    by(if standby.contains(&peer) { Position::Standby } else { Position::Primary })
}

/// Connects to a place at its own address.
pub(super) async fn own(
    line: &VisitLine<'_>,
    url: &Url,
    instead: Option<&HostPort>,
    who: Position,
) -> Answer {
    match connect(line, url, instead).await {
        Ok(_) => by(who),
        Err(why) => missing(url, &why),
    }
}

async fn connect(
    line: &VisitLine<'_>,
    url: &Url,
    instead: Option<&HostPort>,
) -> Result<std::net::SocketAddr, Unanswered> {
    let stream = line.connect(url, instead).await?;
    stream.peer_addr().map_err(|error| Unanswered::There(error.to_string()))
}

fn missing(url: &Url, why: &Unanswered) -> Answer {
    let told = unanswered(url, &why.to_string());
    match why {
        Unanswered::Ours(_) => Answer::unknown(told),
        Unanswered::There(_) | Unanswered::NoName(_) => Answer::silent(told),
    }
}

fn unanswered(url: &Url, why: &str) -> String {
    format!("{} gave no answer: {why}", shown(url))
}

fn by(who: Position) -> Answer {
    Answer::of(Served::By(who))
}
