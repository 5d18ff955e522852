//! Many sites through one instance, where Cloudflare allows a user only so many calls.

use std::{collections::HashSet, time::Duration};

use futures::future::join_all;
use jiff::Timestamp;
use sandbox::{Options, Power, Served, Service, SiteSeed, cloudflare::Limit, ledger::Record, visitors};
use serde_json::json;
use stage::{Drill, Settings, payload};

/// Deliveries of a message before a test says that it was never settled.
const DELIVERIES: usize = 60;

/// Sites whose switches at Cloudflare are looked at in one round of reconcile.
const LOOKED_AT: usize = 15;

async fn sites(count: u32, top: &str) -> Drill {
    let settings = Settings { every_site: true, top: top.to_owned(), ..Settings::default() };
    let seeds = std::iter::once(SiteSeed::example()).chain((1..count).map(SiteSeed::numbered));
    Drill::with(settings, Options { sites: seeds.collect(), ..Options::default() }).await
}

/// All sites fail at once; every alert is delivered until it is settled, as Pub/Sub does.
async fn all_fail(drill: &Drill) {
    let sites = drill.sandbox.world.sites_where(|_| true);
    for site in &sites {
        drill.sandbox.world.set_primary(site.name(), Power::Off);
    }
    join_all(sites.iter().map(|site| settle(drill, site.name()))).await;
    for site in &sites {
        let visit = visitors::visit(&site.public_url()).await.expect("a visitor");
        assert_eq!(visit.served, Served::Standby, "{}", site.name());
    }
    drill.all_promises_hold();
}

async fn settle(drill: &Drill, site: &str) {
    let mut body = payload::incident(&format!("0.{site}"), "open", Timestamp::now());
    body["incident"]["policy_user_labels"] = json!({ "failover_site": site });
    let push = payload::push("failover-alerts", &payload::fresh_id(), Timestamp::now(), &body);
    for _ in 0..DELIVERIES {
        if drill.function.push(&push).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the alert of {site} was never settled\n{}", drill.function.output());
}

fn cloudflare(drill: &Drill) -> Vec<Record> {
    drill.sandbox.world.ledger.select(|record| record.service == Service::Cloudflare)
}

fn writes(calls: &[Record], status: u16) -> Vec<&str> {
    let fits = |record: &&Record| record.method == "PATCH" && record.status() == Some(status);
    calls.iter().filter(fits).map(|record| record.path.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sites_fail_at_once_with_one_write_each_and_nobody_is_locked_out() {
    let drill = sites(130, "").await;
    all_fail(&drill).await;
    let calls = cloudflare(&drill);
    let written = writes(&calls, 200);
    assert_eq!(written.len(), 130);
    assert_eq!(written.iter().collect::<HashSet<_>>().len(), 130, "a rule was written twice");
    assert!(calls.len() <= 130 + 100, "{} calls: one write a site, and the share of glances", calls.len());
}

/// Somebody else who uses the same account makes one call too many.
async fn others_ask_too_much(drill: &Drill, requests: u32) {
    let (sandbox, seed) = (&drill.sandbox, drill.site().seed);
    let lockout = Duration::from_secs(2);
    sandbox.world.cloudflare.set_limit(Limit { requests, window: Duration::from_mins(5), lockout });
    let rule = format!("client/v4/zones/{}/pagerules/{}", seed.zone, seed.rule);
    let url = format!("{}{rule}", sandbox.url(Service::Cloudflare));
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    for _ in 0..=requests {
        let asked = http.get(&url).bearer_auth(Options::default().cloudflare_token);
        asked.send().await.expect("an answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lockout_is_waited_out_while_one_tries_and_the_others_wait() {
    let drill = sites(24, "call_timeout = \"1s\"\n").await;
    // Room for a write and a look of each, once the lockout is over.
    others_ask_too_much(&drill, 60).await;
    let before = cloudflare(&drill).len();
    all_fail(&drill).await;
    let calls = cloudflare(&drill).split_off(before);
    assert_eq!(writes(&calls, 200).iter().collect::<HashSet<_>>().len(), 24);
    let refused = writes(&calls, 429).len();
    assert!(refused > 0, "the lockout was over before anybody asked");
    assert!(
        refused <= 24 + 6,
        "{refused} writes were refused: what was asked at once, and a try after each pause"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_sites_take_turns_in_being_looked_at_and_nothing_is_announced() {
    let drill = sites(40, "").await;
    for _ in 0..3 {
        let before = cloudflare(&drill).len();
        drill.order("reconcile").await.is(200, "stay", None);
        let looks = cloudflare(&drill).len() - before;
        assert!((1..=LOOKED_AT).contains(&looks), "{looks} looks");
    }
    for kind in ["drift", "trouble", "adopted"] {
        assert_eq!(drill.announced(kind).len(), 0, "{kind}");
    }
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_reconcile_reads_the_next_number_and_probes_once() {
    let drill = Drill::start().await;
    drill.order("reconcile").await.is(200, "stay", None);
    let ledger = &drill.sandbox.world.ledger;
    let position = ledger.position();
    drill.order("reconcile").await.is(200, "stay", None);
    let asked = ledger.since(position);
    let of = |service| asked.iter().filter(move |record| record.service == service);
    let storage: Vec<_> = of(Service::Storage).map(|record| (record.operation, record.status())).collect();
    assert_eq!(storage, [("storage.get", Some(404))]);
    assert_eq!(of(Service::Edge).count(), 1, "probes");
    assert!(asked.iter().all(|record| record.kind != sandbox::Kind::Write), "{asked:#?}");
}

/// All sites are well, and this process has too few descriptors to ask them.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_descriptors_moves_nobody() {
    let drill = sites(48, &Settings::default().top).await;
    drill.order("reconcile").await.is(200, "stay", None);
    let limit = std::process::Command::new("prlimit")
        .args(["--pid", &drill.function.pid().to_string(), "--nofile=24:24"])
        .status();
    assert!(limit.expect("prlimit runs").success());
    for round in 0..5 {
        let order = json!({ "command": "reconcile" });
        let push = payload::push("failover-commands", &format!("round-{round}"), Timestamp::now(), &order);
        // The connection that it comes by may be the one that is ended for want of descriptors; then it is sent again.
        let Ok(answer) = drill.function.try_push(&push).await else { continue };
        assert_ne!(answer.text("verdict"), "move", "{answer:?}");
    }
    assert!(drill.writes().is_empty(), "{:?}", drill.writes());
    assert!(drill.announced("started").is_empty() && drill.announced("pending").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn most_sites_silent_at_once_is_our_own_outage_and_counts_nothing() {
    let drill = sites(4, &Settings::default().top).await;
    drill.order("reconcile").await.is(200, "stay", None);
    let names: Vec<String> =
        drill.sandbox.world.sites_where(|_| true).iter().map(|site| site.name().to_owned()).collect();
    for name in &names[..3] {
        drill.sandbox.world.set_primary(name, Power::Off);
    }
    for _ in 0..5 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    assert!(drill.writes().is_empty());
    drill.announces("trouble", 1).await;
    drill.sandbox.world.set_primary(&names[0], Power::On);
    for _ in 0..2 {
        drill.order("reconcile").await.is(200, "stay", None);
    }
    drill.order("reconcile").await.is(200, "move", Some("Done"));
    drill.announces("trouble", 1).await;
    drill.all_promises_hold();
}
