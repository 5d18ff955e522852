//! Where somebody who types a site's name arrives, by the zone's records and by whether Cloudflare stands in the way.
//! Source: developers.cloudflare.com/dns/proxy-status and /fundamentals/manage-domains/pause-cloudflare.

use serde_json::Value;

use super::dns;
use super::zone::{Object, Zone};

/// Where a visitor arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The content of the record that was chosen among those of the name.
    pub content: String,
    /// Whether that is the standby's.
    pub at_standby: bool,
    /// Whether the edge stands between: the record is proxied and the zone is served by Cloudflare.
    pub at_edge: bool,
}

impl Zone {
    /// Where the next visitor of this site arrives; nowhere if its name has no record.
    pub(super) fn arrival(&mut self, site: &str) -> Option<Arrival> {
        self.asked += 1;
        let records = self.named(self.names.get(site)?);
        // Several records of a name are given out in turn.
        let record = records.get(self.asked % records.len().max(1))?;
        let content = record["content"].as_str().unwrap_or_default().to_owned();
        let at_edge = record["proxied"] == true && self.serves();
        Some(Arrival { at_standby: self.is_standby(&content), content, at_edge })
    }

    /// Whether visitors of proxied names come to Cloudflare at all.
    pub(super) fn serves(&self) -> bool {
        let is = |field: &str, usual: Value| self.fields.get(field).is_none_or(|value| *value == usual);
        is("status", "active".into()) && is("paused", false.into())
    }

    /// Whether this is the standby's address.
    pub(super) fn is_standby(&self, content: &str) -> bool {
        let content = dns::value(content);
        self.standbys.iter().any(|standby| dns::value(standby) == content)
    }

    /// The address records of a name; those of the name itself come before a wildcard's.
    fn named(&self, name: &str) -> Vec<&Object> {
        let of = |name: &str| -> Vec<&Object> {
            let wanted = dns::value(name);
            let fits = |record: &&Object| {
                dns::value(record["name"].as_str().unwrap_or_default()) == wanted
                    && matches!(record["type"].as_str(), Some("A" | "AAAA" | "CNAME"))
            };
            self.records.iter().filter(fits).collect()
        };
        let own = of(name);
        match name.split_once('.') {
            Some((_, rest)) if own.is_empty() => of(&format!("*.{rest}")),
            _ => own,
        }
    }
}
