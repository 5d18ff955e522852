//! Whether this machine has an address itself: what the network leads here, the operating system has to take.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Whether the operating system takes this address as its own; nothing where that can't be told. Nothing is sent: to
/// choose a way to the address is enough, and the way to an own one begins at itself. That holds where programs may bind
/// to addresses that aren't there (`ip_nonlocal_bind`), too.
pub fn carries(address: IpAddr) -> Option<bool> {
    let any = match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // The port of `discard`: never written to.
    match socket.connect((address, 9)) {
        Ok(()) => Some(socket.local_addr().ok()?.ip() == address),
        // There is no way to it at all.
        Err(_) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_address_is_carried_and_another_is_not() {
        assert_eq!(carries([127, 0, 0, 1].into()), Some(true));
        // Kept for documentation: nobody has it.
        assert_eq!(carries([192, 0, 2, 7].into()), Some(false));
    }
}
