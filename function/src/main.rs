//! The `failover` binary.

fn main() {}
