//! Looks names up, each on a thread of its own: one that leads nowhere keeps nobody else waiting.
//!
//! The system's resolver blocks a thread for as long as it likes, also after the visit was given up. Whoever asks for a
//! name that is being looked up waits for that lookup, so there are never more threads than names.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::sync::watch;

use super::Unanswered;

/// Lookups at the same time: own choice, more than sites whose names lead nowhere at once; they take a thread each.
const AT_ONCE: usize = 512;
/// What a lookup needs, with room for the modules that a resolver may load.
const STACK: usize = 512 * 1024;

/// How the C libraries and macOS say that there is no such name. Everything else is a resolver's trouble.
const NO_SUCH_NAME: [&str; 5] = [
    "Name or service not known",
    "No address associated with hostname",
    "Name does not resolve",
    "Name has no usable address",
    "nodename nor servname provided",
];

type Found = Result<Vec<SocketAddr>, Unanswered>;
type Name = (String, u16);

/// The lookups that are under way.
#[derive(Debug, Default, Clone)]
pub(super) struct Names(Arc<Mutex<HashMap<Name, watch::Receiver<Option<Found>>>>>);

impl Names {
    /// Where `host` leads to now.
    pub(super) async fn resolve(&self, host: &str, port: u16) -> Found {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![(address, port).into()]);
        }
        let mut lookup = self.lookup((host.to_owned(), port))?;
        let found = lookup.wait_for(Option::is_some).await.ok().and_then(|found| found.clone());
        found.unwrap_or_else(|| Err(Unanswered::Ours("its name's lookup broke off".to_owned())))
    }

    /// The lookup of this name that is under way, or a new one.
    fn lookup(&self, name: Name) -> Result<watch::Receiver<Option<Found>>, Unanswered> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lookup) = under_way.get(&name) {
            return Ok(lookup.clone());
        }
        if under_way.len() >= AT_ONCE {
            return Err(Unanswered::Ours(format!("{AT_ONCE} names are being looked up already")));
        }
        let (tell, lookup) = watch::channel(None);
        let (names, asked) = (self.clone(), name.clone());
        let look = move || {
            let found = (asked.0.as_str(), asked.1).to_socket_addrs().map(Iterator::collect);
            names.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&asked);
            tell.send_replace(Some(found.map_err(|error| unresolved(&error))));
        };
        let thread = thread::Builder::new().name("lookup".to_owned()).stack_size(STACK);
        thread
            .spawn(look)
            .map_err(|error| Unanswered::Ours(format!("its name could not be looked up: {error}")))?;
        under_way.insert(name, lookup.clone());
        Ok(lookup)
    }
}

fn unresolved(error: &io::Error) -> Unanswered {
    let told = error.to_string();
    let why = format!("its name could not be looked up: {told}");
    if NO_SUCH_NAME.iter().any(|no| told.contains(no)) {
        Unanswered::NoName(why)
    } else {
        Unanswered::Ours(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_and_numbers_are_resolved_and_a_name_that_is_none_says_so() {
        let names = Names::default();
        assert_eq!(names.resolve("192.0.2.1", 7).await, Ok(vec!["192.0.2.1:7".parse().unwrap()]));
        assert_eq!(names.resolve("::1", 7).await, Ok(vec!["[::1]:7".parse().unwrap()]));
        let found = names.resolve("localhost", 7).await.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 7), "{found:?}");
        assert!(names.0.lock().unwrap().is_empty(), "nothing is kept");
    }

    #[test]
    fn a_resolver_in_trouble_says_nothing_about_a_name() {
        let told = |text: &str| {
            unresolved(&io::Error::other(format!("failed to lookup address information: {text}")))
        };
        for none in ["Name or service not known", "Name does not resolve"] {
            assert!(matches!(told(none), Unanswered::NoName(_)), "{none}");
        }
        for trouble in
            ["Temporary failure in name resolution", "Try again", "System error", "Device or resource busy"]
        {
            assert!(matches!(told(trouble), Unanswered::Ours(_)), "{trouble}");
        }
    }
}
