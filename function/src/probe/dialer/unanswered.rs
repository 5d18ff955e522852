//! Why a URL gave no answer: what fails on this side says nothing about the site.

use std::{fmt, io};

/// Why a URL gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// Nobody answered there.
    There(String),
    /// There is no such name.
    NoName(String),
    /// It failed on this side.
    Ours(String),
}

impl Unanswered {
    pub(super) fn of_connection(error: &io::Error) -> Self {
        if is_ours(error) { Self::Ours(error.to_string()) } else { Self::There(error.to_string()) }
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::There(why) | Self::NoName(why) | Self::Ours(why)) = self;
        f.write_str(why)
    }
}

/// Whether a connection failed for want of something here: descriptors, memory, ports, a network. A host that can't be
/// reached is none of these, since a neighbour without power looks so.
pub(super) fn is_ours(error: &io::Error) -> bool {
    use io::ErrorKind::{AddrNotAvailable, NetworkDown, NetworkUnreachable, OutOfMemory, PermissionDenied};
    /// Too many open files, here or in the whole system; no buffer space on Linux and on macOS.
    const EXHAUSTED: [i32; 4] = [24, 23, 105, 55];
    let kinds = [AddrNotAvailable, NetworkDown, NetworkUnreachable, OutOfMemory, PermissionDenied];
    kinds.contains(&error.kind()) || error.raw_os_error().is_some_and(|code| EXHAUSTED.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exhausted_or_unreachable_here_is_ours() {
        // EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, ENETUNREACH, ENETDOWN.
        for code in [24, 23, 105, 12, 99, 101, 100] {
            assert!(is_ours(&io::Error::from_raw_os_error(code)), "{code}");
        }
        // ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH.
        for code in [111, 104, 110, 113] {
            assert!(!is_ours(&io::Error::from_raw_os_error(code)), "{code}");
        }
    }
}
