//! Hosts: their names in the one form in which they are compared, and hosts with ports.

use std::{fmt, str::FromStr};

/// A host, or an address, with a port: `203.0.113.7:443`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// The host, or an address; of version 6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A host name in the one form that it is compared in: ASCII, small letters, without a dot at its end. What is none comes
/// back as it is, but for its letters.
pub fn canonical(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    idna::domain_to_ascii(name).unwrap_or_else(|_| name.to_lowercase())
}

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || "is not a host and a port".to_owned();
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(bad)?;
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let fits = match inner {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
            }
        };
        if !fits {
            return Err(bad());
        }
        Ok(Self { host: inner.unwrap_or(host).to_owned(), port })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_port_is_read_and_written_alike() {
        for text in ["203.0.113.7:443", "origin.example.com:8443", "[2001:db8::1]:443"] {
            assert_eq!(text.parse::<HostPort>().unwrap().to_string(), text);
        }
        for text in
            ["", "203.0.113.7", ":443", "a:0", "a:70000", "[::1:443", "[x]:1", "a b:1", "https://a:1", "::1"]
        {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
    }
}
