//! DNS records.
//!
//! Source: the page "DNS Records for a Zone" of Cloudflare's API reference, read 2026-11-20.

use serde_json::{Value, json};

use super::{Cloudflare, Purpose};
use crate::{
    api::{ApiError, task::Task},
    clouds::cloudflare::HexId,
};

fn task<'a>(verb: &'static str, subject: &'a str, grant: &'static str) -> Task<'a> {
    let missing = "check the zone and the record's id: GET zones/…/dns_records lists them";
    Task { provider: super::PARTY, verb, subject, grant, missing, refused: "" }
}

/// DNS records, asked for by the client.
#[derive(Debug, Clone, Copy)]
pub struct RecordsApi<'a> {
    pub(super) cloudflare: &'a Cloudflare,
}

impl RecordsApi<'_> {
    /// A DNS record.
    pub async fn dns_record(self, purpose: Purpose, zone: &HexId, record: &HexId) -> Result<Value, ApiError> {
        let path = format!("zones/{zone}/dns_records/{record}");
        let task = task("read", &path, "grant the token \"DNS: Read\" on this zone");
        let record = self.cloudflare.get(&task, purpose, path.clone()).await?;
        task.whole(record, "content")
    }

    /// The DNS records of one name, in ASCII. Cloudflare may have it in Unicode: then it is asked for as such, too.
    pub async fn dns_records_of(self, zone: &str, name: &str) -> Result<Vec<Value>, ApiError> {
        let mut records = self.dns_records_called(zone, name).await?;
        let (unicode, _) = idna::domain_to_unicode(name);
        if unicode != name {
            let others = self.dns_records_called(zone, &unicode).await?;
            let ids: Vec<Value> = records.iter().map(|record| record["id"].clone()).collect();
            records.extend(others.into_iter().filter(|other| !ids.contains(&other["id"])));
        }
        Ok(records)
    }

    async fn dns_records_called(self, zone: &str, name: &str) -> Result<Vec<Value>, ApiError> {
        let path = format!("zones/{zone}/dns_records");
        let task = task("list", &path, "grant the token \"DNS: Read\" on this zone");
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        self.cloudflare.list(&task, Purpose::Read, &path, Some(&format!("name.exact={name}"))).await
    }

    /// Changes a DNS record's content and nothing else, and gives the record as it is then.
    pub async fn set_dns_content(
        self,
        zone: &HexId,
        record: &HexId,
        content: &str,
    ) -> Result<Value, ApiError> {
        let path = format!("zones/{zone}/dns_records/{record}");
        let task = Task {
            refused: "check that the content fits the record's type",
            ..task("set", &path, "grant the token \"DNS: Edit\" on this zone")
        };
        self.cloudflare.patch(&task, path.clone(), &json!({ "content": content })).await
    }
}
