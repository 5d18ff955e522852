//! The rules of cloud-failover, without I/O.
