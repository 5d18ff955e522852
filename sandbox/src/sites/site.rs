//! One site as the sandbox knows it: its names at the providers and its three addresses.

use std::net::SocketAddr;

use url::Url;

/// What a site is called at the providers, before it has addresses.
#[derive(Clone, Debug)]
pub struct SiteSeed {
    /// The site's name.
    pub name: String,
    /// The standby's Cloud Run service, `projects/…/locations/…/services/…`.
    pub service: String,
    /// Its uptime check, `projects/…/uptimeCheckConfigs/…`.
    pub check: String,
    /// Its Cloudflare zone.
    pub zone: String,
    /// Its page rule.
    pub rule: String,
    /// The `ref` of its Single Redirect, the alternative to the page rule.
    pub redirect: String,
    /// The edge's port; 0 takes any.
    pub edge_port: u16,
    /// The primary's port; 0 takes any.
    pub primary_port: u16,
    /// The standby's port; 0 takes any.
    pub standby_port: u16,
}

impl SiteSeed {
    /// The site of the documentation's example configuration.
    pub fn example() -> Self {
        Self {
            name: "resume".to_owned(),
            service: "projects/gleich-tech/locations/us-central1/services/resume".to_owned(),
            check: "projects/gleich-tech/uptimeCheckConfigs/resume-abc123".to_owned(),
            zone: "023e105f4ecef8ad9ca31a8372d0c353".to_owned(),
            rule: "9a7806061c88ada191ed06f989cc3dac".to_owned(),
            redirect: "failover_resume".to_owned(),
            edge_port: 0,
            primary_port: 0,
            standby_port: 0,
        }
    }

    /// One of many sites, each in a zone of its own.
    pub fn numbered(number: u32) -> Self {
        Self {
            name: format!("site-{number}"),
            service: format!("projects/gleich-tech/locations/us-central1/services/site-{number}"),
            check: format!("projects/gleich-tech/uptimeCheckConfigs/site-{number}"),
            zone: format!("{number:032x}"),
            rule: format!("{:032x}", u128::from(number) | 1 << 64),
            redirect: format!("failover_site_{number}"),
            ..Self::example()
        }
    }
}

/// A site that is being served.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its names.
    pub seed: SiteSeed,
    /// Where visitors come: Cloudflare's edge.
    pub edge: SocketAddr,
    /// The primary, past the edge.
    pub primary: SocketAddr,
    /// The standby.
    pub standby: SocketAddr,
}

impl Site {
    /// The site's name.
    pub fn name(&self) -> &str {
        &self.seed.name
    }

    /// What visitors type.
    pub fn public_url(&self) -> Url {
        url(self.edge)
    }

    /// The standby's own address.
    pub fn standby_url(&self) -> Url {
        url(self.standby)
    }

    /// Reaches the primary past the edge.
    pub fn primary_url(&self) -> Url {
        url(self.primary)
    }
}

/// The base URL of a listener.
pub(crate) fn url(address: SocketAddr) -> Url {
    let mut url = Url::parse("http://127.0.0.1/").unwrap_or_else(|_| unreachable!("a constant URL"));
    let _is_http = url.set_ip_host(address.ip()).and_then(|()| url.set_port(Some(address.port())));
    url
}
