//! A DNS record at Cloudflare whose content is the primary's or the standby's address.
//!
//! Its content is changed by PATCH, which leaves the record's other fields alone (page "DNS Records for a Zone" of the API
//! reference, read 2026-11-20). One that is proxied moves at Cloudflare's edge; any other is remembered by resolvers for
//! as long as its `ttl` says. A change needs no read before it.

pub mod check;

use std::{net::IpAddr, str::FromStr, sync::Arc};

use async_trait::async_trait;
use failover_core::{Observed, Position};
use serde_json::Value;

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Checked, Keys, LeadsBy, Provider, Read, Situation, Spec,
        cloudflare::{
            ByHand, Cloudflare, HexId, Purpose,
            object::{self, Object},
        },
    },
    host,
};

/// The kind `cloudflare_dns_record`.
pub const PROVIDER: Provider =
    Provider { kind: "cloudflare_dns_record", cloud: super::CLOUD, called: "the DNS record of {site}", read };

#[derive(Debug, Clone)]
struct DnsRecordSpec {
    zone: HexId,
    record: HexId,
    primary: Content,
    standby: Content,
}

/// An address or a host name in the one form that it is compared in: Cloudflare gives an address back shortened, and may
/// give a name back in Unicode, in another case or with a dot at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Content(String);

impl FromStr for Content {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_string()));
        }
        let name = host::canonical(text);
        // What ends in a number is meant to be an address, and is none.
        let ends_in_name =
            name.rsplit('.').next().is_some_and(|last| !last.bytes().all(|c| c.is_ascii_digit()));
        let fits = name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c));
        if fits && ends_in_name { Ok(Self(name)) } else { Err("is neither an address nor a host name") }
    }
}

fn read(mut keys: Keys<'_>) -> Read {
    let zone = keys.required("zone", "023e105f4ecef8ad9ca31a8372d0c353");
    let record = keys.required("record", "372e67954025e0ba6aaa6d586b9e0b59");
    let primary: Option<Content> = keys.required("primary", "203.0.113.7");
    let standby: Option<Content> = keys.required("standby", "198.51.100.7");
    if primary.is_some() && primary == standby {
        keys.refuse("standby", "is the primary's too", "198.51.100.7");
    }
    let spec = zone.zip(record).zip(primary.zip(standby));
    let spec =
        spec.map(|((zone, record), (primary, standby))| DnsRecordSpec { zone, record, primary, standby });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

impl DnsRecordSpec {
    /// The records of the name that visitors type.
    async fn at_the_host(
        &self,
        cloudflare: &Cloudflare,
        situation: &Situation,
    ) -> Result<Vec<Value>, ApiError> {
        match situation.domain() {
            Some(host) => cloudflare.records().dns_records_of(self.zone.as_str(), host).await,
            None => Ok(Vec::new()),
        }
    }

    async fn check_record(
        &self,
        cloudflare: &Cloudflare,
        record: &Value,
        situation: &Situation,
        checked: &mut Checked,
    ) {
        let by_hand = ByHand::at(cloudflare.url(&self.resource()));
        let contents = check::Contents { primary: &self.primary.0, standby: &self.standby.0 };
        let observed = self.observed(record);
        checked.extend(check::of_record(record, contents, &observed, &by_hand, situation));
        if situation.domain().is_none() {
            return;
        }
        let others = self.at_the_host(cloudflare, situation).await;
        let Some(others) = checked.look(others) else { return };
        if check::is_of_another(record, situation) {
            return checked.extend(check::astray(record, &others, situation));
        }
        if let Some(problem) = check::shadowed(record, &others, situation) {
            return checked.problem(problem);
        }
        let zone = self.zone.as_str();
        checked.extend(check::beside(record, &others, contents, zone, situation));
    }
}

#[async_trait]
impl Object for DnsRecordSpec {
    const KIND: &'static str = PROVIDER.kind;

    fn resource(&self) -> String {
        format!("zones/{}/dns_records/{}", self.zone, self.record)
    }

    fn leads(&self) -> LeadsBy {
        LeadsBy::Name
    }

    type Found = Value;
    const WHOLE: bool = false;

    async fn find(&self, cloudflare: &Cloudflare, purpose: Purpose) -> Result<Value, ApiError> {
        cloudflare.records().dns_record(purpose, &self.zone, &self.record).await
    }

    fn observed(&self, record: &Value) -> Observed {
        let told = record["content"].as_str().unwrap_or_default();
        match told.parse::<Content>() {
            Ok(content) if content == self.primary => Observed::At(Position::Primary),
            Ok(content) if content == self.standby => Observed::At(Position::Standby),
            _ => Observed::Mixed(format!("its content is {told:?}, neither the primary's nor the standby's")),
        }
    }

    async fn write(
        &self,
        cloudflare: &Cloudflare,
        _record: Option<&Value>,
        position: Position,
    ) -> Result<Option<Value>, ApiError> {
        let content = match position {
            Position::Primary => &self.primary.0,
            Position::Standby => &self.standby.0,
        };
        cloudflare.records().set_dns_content(&self.zone, &self.record, content).await.map(Some)
    }

    async fn check(&self, cloudflare: &Cloudflare, situation: &Situation) -> Checked {
        let mut checked = Checked::default();
        match self.find(cloudflare, Purpose::Read).await {
            Ok(record) => {
                checked.seen += 1;
                self.check_record(cloudflare, &record, situation, &mut checked).await;
            }
            Err(error) if error.kind == ApiErrorKind::Missing => {
                let others = self.at_the_host(cloudflare, situation).await.unwrap_or_default();
                checked.seen += 1;
                checked.problem(check::gone(self.record.as_str(), &others, situation));
            }
            Err(error) => checked.unseen(&error, object::TOKENS),
        }
        checked
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn position(primary: &str, standby: &str, told: &str) -> Option<Position> {
        let text = format!(
            "zone = '023e105f4ecef8ad9ca31a8372d0c353'\nrecord = '372e67954025e0ba6aaa6d586b9e0b59'\n\
             primary = '{primary}'\nstandby = '{standby}'"
        );
        let table: toml::Table = text.parse().expect("TOML");
        read(Keys::new(&table)).unwrap_or_else(|problems| panic!("{problems:?}"));
        let content = |text: &str| text.parse().expect("a content");
        let spec = DnsRecordSpec {
            zone: "023e105f4ecef8ad9ca31a8372d0c353".parse().expect("an id"),
            record: "372e67954025e0ba6aaa6d586b9e0b59".parse().expect("an id"),
            primary: content(primary),
            standby: content(standby),
        };
        match spec.observed(&json!({ "content": told })) {
            Observed::At(position) => Some(position),
            _ => None,
        }
    }

    #[test]
    fn contents_are_compared_as_what_they_mean() {
        let (long, short) = ("2001:db8:1:2:8000:0:0:0", "2001:DB8:0:0:0:0:0:7");
        assert_eq!(position(long, short, "2001:db8:1:2:8000::"), Some(Position::Primary));
        assert_eq!(position(long, short, "2001:db8::7"), Some(Position::Standby));
        assert_eq!(position("2001:db8::1", "2001:db8::7", "2001:db8:0::7"), Some(Position::Standby));
        let (ascii, unicode) = ("heim.xn--bcher-kva.example", "Standby.Bücher.example.");
        assert_eq!(position(ascii, unicode, "heim.bücher.example"), Some(Position::Primary));
        assert_eq!(position(ascii, unicode, "standby.xn--bcher-kva.example"), Some(Position::Standby));
        assert_eq!(position(ascii, unicode, "STANDBY.BÜCHER.EXAMPLE"), Some(Position::Standby));
        assert_eq!(position("a.example", "b.example", "B.example."), Some(Position::Standby));
        assert_eq!(position("203.0.113.7", "198.51.100.7", "203.0.113.8"), None);
        assert_eq!(position("_home.example", "b-c.example", "_HOME.example"), Some(Position::Primary));
    }

    #[test]
    fn what_is_neither_an_address_nor_a_name_is_refused() {
        for text in [
            "",
            ".",
            "203.0.113.256",
            "203.0.113",
            "a b.example",
            "https://a.example",
            "[::1]",
            "0x7f.1",
            ":::",
        ] {
            assert!(text.parse::<Content>().is_err(), "{text}");
        }
        let same = "zone = '023e105f4ecef8ad9ca31a8372d0c353'\nrecord = '372e67954025e0ba6aaa6d586b9e0b59'\n\
                    primary = '2001:db8::7'\nstandby = '2001:db8:0:0:0:0:0:7'";
        let table: toml::Table = same.parse().expect("TOML");
        let problems = read(Keys::new(&table)).expect_err("one address for both places");
        assert_eq!(problems[0].reason, "is the primary's too");
    }
}
