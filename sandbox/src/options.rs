//! How a sandbox is set up. The default is one site, no latency, and any free ports.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::network::PairSeed;
use crate::service::Service;
use crate::sites::site::SiteSeed;

/// What the sandbox starts with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything listens. Sandboxes side by side had better not share an address: a port that one gave back is
    /// soon another's, and a late caller would take that for the one it knew.
    pub address: Ipv4Addr,
    /// Ports of the clouds; those not named take any.
    pub ports: HashMap<Service, u16>,
    /// Latency per service; none where not named.
    pub latencies: HashMap<Service, Duration>,
    /// The share by which latencies vary.
    pub jitter: f64,
    /// How long a change of an IAM policy takes to spread.
    pub iam_propagation: Duration,
    /// The bucket that is there for the journal.
    pub bucket: String,
    /// The one token that Cloudflare accepts.
    pub cloudflare_token: String,
    /// The sites it starts with.
    pub sites: Vec<SiteSeed>,
    /// The pairs of machines it starts with.
    pub pairs: Vec<PairSeed>,
    /// The pairs of machines on Azure that it starts with.
    pub azure_pairs: Vec<PairSeed>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST,
            ports: HashMap::new(),
            latencies: HashMap::new(),
            jitter: 0.0,
            iam_propagation: Duration::ZERO,
            bucket: "gleich-tech-failover".to_owned(),
            cloudflare_token: "sandbox-cloudflare-token-0123456789abcdef".to_owned(),
            sites: vec![SiteSeed::example()],
            pairs: vec![PairSeed::example()],
            azure_pairs: vec![PairSeed::example()],
        }
    }
}
