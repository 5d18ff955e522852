//! What a DNS record holds, in the forms that people write it in and that Cloudflare gives it back in.

use std::{sync::Arc, time::Duration};

use cloud_failover::{
    api::ApiErrorKind,
    clouds::{self, Change, Switch},
};
use failover_core::{
    Observed,
    Position::{Primary, Standby},
};
use sandbox::{Options, Sandbox, SiteSeed, cloudflare::record_id};
use serde_json::json;

use crate::{bench::clients, kinds::DNS_RECORD};

const NAME: &str = "resume.gleich.tech";

/// A sandbox whose site has one record of this type and content, and the switch that moves it.
async fn named(
    kind: &str,
    content: &str,
    primary: &str,
    standby: &str,
) -> (Sandbox, SiteSeed, Arc<dyn Switch>) {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let seed = sandbox.site("resume").seed;
    let record = json!({
        "id": record_id(&seed.name), "type": kind, "name": NAME, "content": content, "proxied": true, "ttl": 1,
    });
    sandbox.world.cloudflare.edits.set_records(&seed.zone, vec![record]);
    let table = format!(
        "zone = '{}'\nrecord = '{}'\nprimary = '{primary}'\nstandby = '{standby}'",
        seed.zone,
        record_id(&seed.name)
    );
    let spec = clouds::read(DNS_RECORD.key, &table.parse().unwrap()).unwrap();
    let switch = spec.build(&clients(&sandbox, Duration::from_secs(4)));
    (sandbox, seed, switch)
}

async fn goes_there_and_back(switch: &dyn Switch) {
    assert_eq!(switch.observe().await.unwrap().observed, Observed::At(Primary));
    for position in [Standby, Primary] {
        let set = switch.set(position, None).await;
        assert_eq!(set.unwrap_or_else(|error| panic!("{}", error.cause)), Change::Made);
        assert_eq!(switch.observe().await.unwrap().observed, Observed::At(position));
    }
}

#[tokio::test]
async fn an_ipv6_address_is_the_same_in_any_form() {
    let (sandbox, seed, switch) =
        named("AAAA", "2001:db8:1:2:8000::", "2001:DB8:1:2:8000:0:0:0", "2001:db8:0:0:0:0:0:7").await;
    goes_there_and_back(&*switch).await;
    switch.set(Standby, None).await.unwrap();
    assert_eq!(sandbox.world.cloudflare.record(&seed.zone, NAME).unwrap()["content"], "2001:db8::7");
}

#[tokio::test]
async fn a_name_is_the_same_in_ascii_and_in_unicode() {
    for (primary, standby) in [
        ("heim.xn--bcher-kva.example", "standby.xn--bcher-kva.example"),
        ("heim.bücher.example", "Standby.Bücher.Example."),
    ] {
        let (sandbox, seed, switch) = named("CNAME", "heim.bücher.example", primary, standby).await;
        sandbox.world.cloudflare.edits.tell_names_in_unicode(&seed.zone);
        goes_there_and_back(&*switch).await;
    }
}

#[tokio::test]
async fn why_cloudflare_refuses_a_record_is_told_in_its_own_words() {
    let (sandbox, seed, switch) = named("A", "203.0.113.7", "203.0.113.7", "198.51.100.7").await;
    let record = |id: &str, content: &str| json!({ "id": id, "type": "A", "name": NAME, "content": content, "proxied": false, "ttl": 1 });
    let records =
        vec![record(&record_id(&seed.name), "203.0.113.7"), record(&"a".repeat(32), "198.51.100.7")];
    sandbox.world.cloudflare.edits.set_records(&seed.zone, records);
    let cause = switch.set(Standby, None).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Refused, "{cause}");
    assert!(cause.message.contains("An identical record already exists. (81058)"), "{cause}");
    assert!(
        cause
            .message
            .ends_with("another record of the name is in the way: delete it, or have a switch move it too")
    );
}
