//! The clouds that cloud-failover talks to, on loopback.
