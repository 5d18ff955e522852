//! Addresses: URLs that hold no credentials, hosts with ports, and how a URL is shown in a log.

use std::{fmt, str::FromStr};

use url::Url;

/// A URL whose answer is what visitors, or a probe, get: `https://`, `http://`, or `tcp://host:port`.
pub(super) struct SiteUrl(pub(super) Url);

/// A URL of HTTP.
pub(super) struct WebUrl(pub(super) Url);

/// Where the status page is, as everybody sees it who is told something.
pub(super) struct PageUrl(pub(super) Url);

/// Shows a URL without what may be secret in it: user, password, query and fragment.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a>(pub &'a Url);

impl FromStr for SiteUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = parse(text)?;
        match url.scheme() {
            "tcp" if url.port().is_none() => Err("is a tcp:// address without a port".to_owned()),
            "tcp" if !matches!(url.path(), "" | "/") || url.query().is_some() => {
                Err("is a tcp:// address with a path, which a connection has not".to_owned())
            }
            "http" | "https" | "tcp" => Ok(Self(url)),
            other => Err(format!("begins with {other}://, not with https://, http:// or tcp://")),
        }
    }
}

impl FromStr for WebUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = parse(text)?;
        match url.scheme() {
            "http" | "https" => Ok(Self(url)),
            other => Err(format!("begins with {other}://, not with https:// or http://")),
        }
    }
}

impl FromStr for PageUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let WebUrl(url) = text.parse()?;
        match url.query() {
            Some(_) => {
                Err("has a query: a key in it would be told to every chat; the page asks for it".to_owned())
            }
            None => Ok(Self(url)),
        }
    }
}

impl WebUrl {
    /// Whether what is sent there can't be read on the way: by TLS, or since it doesn't leave this machine.
    pub(super) fn is_private(&self) -> bool {
        let loopback = match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        loopback || self.0.scheme() == "https"
    }
}

/// A URL with a host. Nothing of the text is repeated, since it may hold a password.
fn parse(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("is no URL: {error}"))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err("is a URL without a host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or a password, which every log would show".to_owned());
    }
    if url.fragment().is_some() {
        return Err("has a fragment (#…), which is never sent".to_owned());
    }
    Ok(url)
}

/// An emulator's address, which people write with or without a scheme.
pub(super) fn emulator(host: &str) -> Result<Url, String> {
    let whole = if host.contains("://") { host.to_owned() } else { format!("http://{host}") };
    whole.parse().map(|url: WebUrl| url.0)
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        f.write_str(if url.query().is_some() { "?…" } else { "" })
    }
}

/// Whether both have the same scheme, host and port.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    let origin = |url: &Url| {
        (url.scheme().to_owned(), url.host_str().map(str::to_lowercase), url.port_or_known_default())
    };
    origin(one) == origin(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_what_may_be_secret() {
        let shown = |text: &str| Shown(&text.parse().unwrap()).to_string();
        assert_eq!(shown("https://al:pw@example.com:8443/a/b?token=x#y"), "https://example.com:8443/a/b?…");
        assert_eq!(shown("https://example.com"), "https://example.com/");
        assert_eq!(shown("tcp://example.com:22"), "tcp://example.com:22");
    }

    #[test]
    fn origins_are_compared_with_their_usual_ports() {
        let same = |a: &str, b: &str| same_origin(&a.parse().unwrap(), &b.parse().unwrap());
        assert!(same("https://Example.com/", "https://example.com:443/x"));
        assert!(same("tcp://Example.com:22", "tcp://example.com:22"));
        assert!(!same("https://example.com/", "http://example.com/"));
        assert!(!same("https://example.com/", "https://example.com:8443/"));
    }
}
