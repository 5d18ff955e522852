//! Ranges of addresses.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    first: u32,
    length: u32,
}

impl Cidr {
    /// The range of one address.
    pub fn of(ip: Ipv4Addr) -> Self {
        Self { first: ip.into(), length: 32 }
    }

    /// The range of this length that the address is in.
    pub fn around(ip: Ipv4Addr, length: u32) -> Self {
        Self { first: u32::from(ip) & mask(length), length }
    }

    /// Its first and its last address, as numbers.
    pub(crate) fn addresses(self) -> std::ops::RangeInclusive<u32> {
        self.first..=self.first | !mask(self.length)
    }

    /// Whether the address is in the range.
    pub fn contains(self, ip: Ipv4Addr) -> bool {
        u32::from(ip) & mask(self.length) == self.first
    }

    /// Whether the whole other range is in this one.
    pub fn covers(self, other: Self) -> bool {
        other.length >= self.length && self.contains(other.first.into())
    }

    /// Whether the two have an address in common.
    pub fn meets(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }
}

fn mask(length: u32) -> u32 {
    u32::MAX.checked_shl(32 - length).unwrap_or(0)
}

impl FromStr for Cidr {
    type Err = String;

    /// One address stands for the range of it alone.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is no range of addresses");
        let (address, length) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let length: u32 = length.parse().ok().filter(|length| *length <= 32).ok_or_else(wrong)?;
        let first = u32::from(address);
        if first & mask(length) == first { Ok(Self { first, length }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", Ipv4Addr::from(self.first), self.length)
    }
}
