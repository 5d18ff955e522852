//! Each promise, broken and kept over the real interfaces.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};

use super::*;
use crate::cloudflare::{PRIMARY_CONTENT, STANDBY_CONTENT, record_id};
use crate::google::monitoring::CHECK_KIND;
use crate::google::run::POLICY_KIND;
use crate::sites::Power;
use crate::visitors::visit;
use crate::{Options, Sandbox, Service, Site};

struct Story {
    sandbox: Sandbox,
    site: Site,
}

async fn story() -> Story {
    let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
    let site = sandbox.site("resume");
    Story { sandbox, site }
}

impl Story {
    async fn patch_rule(&self, body: Value) {
        self.patch(&format!("pagerules/{}", self.site.seed.rule), body).await;
    }

    async fn patch_record(&self, body: Value) {
        self.patch(&format!("dns_records/{}", record_id(self.site.name())), body).await;
    }

    async fn patch(&self, what: &str, body: Value) {
        let path = format!("client/v4/zones/{}/{what}", self.site.seed.zone);
        let url = self.sandbox.url(Service::Cloudflare).join(&path).expect("a url");
        let token = Options::default().cloudflare_token;
        let answer = Client::new().patch(url).bearer_auth(token).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }

    async fn route(&self, status: &str) {
        self.patch_rule(json!({ "status": status })).await;
    }

    /// Points the site's DNS record there.
    async fn name(&self, content: &str) {
        self.patch_record(json!({ "content": content })).await;
    }

    fn open(&self) {
        self.sandbox.world.run.grant(&self.site.seed.service, INVOKER, "allUsers");
    }

    fn pause(&self) {
        let check = |disabled| json!({ "displayName": "resume", "disabled": disabled });
        self.change(&Change::new(CHECK_KIND, &self.site.seed.check, [check(false), check(true)]));
    }

    /// Somebody changed something, by the last call in the ledger.
    fn change(&self, change: &Change) {
        let world = &self.sandbox.world;
        judge(world, world.ledger.position(), &Reply::empty(200).changed(change.clone()));
    }

    async fn visit(&self) {
        visit(&self.site.public_url()).await.expect("a client");
    }

    #[track_caller]
    fn broke(&self, expected: &[Promise]) {
        let violations = self.sandbox.violations();
        let found: Vec<_> = violations.iter().map(|violation| violation.promise).collect();
        assert_eq!(found, expected, "{violations:?}");
    }
}

const INVOKER: &str = "roles/run.invoker";

#[tokio::test]
async fn traffic_moved_from_an_answering_primary_to_a_closed_standby_breaks_a_promise() {
    let story = story().await;
    story.route("active").await;
    story.broke(&[Promise::MovesToWhatAnswers]);
}

#[tokio::test]
async fn traffic_moved_after_the_public_address_was_silent_breaks_none() {
    let story = story().await;
    story.sandbox.world.set_primary("resume", Power::Failing(500));
    story.visit().await;
    story.sandbox.world.set_primary("resume", Power::On);
    story.route("active").await;
    story.broke(&[]);
}

#[tokio::test]
async fn traffic_moved_to_an_answering_standby_breaks_none() {
    let story = story().await;
    story.open();
    story.route("active").await;
    story.broke(&[]);
}

#[tokio::test]
async fn traffic_moved_back_to_a_dark_primary_breaks_a_promise_unless_that_is_allowed() {
    let story = story().await;
    story.open();
    story.route("active").await;
    story.sandbox.world.set_primary("resume", Power::Off);
    story.sandbox.world.promises.allow(Promise::MovesToWhatAnswers);
    story.route("disabled").await;
    story.broke(&[]);
    story.sandbox.world.promises.allow_nothing();
    story.route("active").await;
    story.route("disabled").await;
    story.broke(&[Promise::MovesToWhatAnswers]);
}

#[tokio::test]
async fn a_dns_record_moves_traffic_as_a_rule_does() {
    let story = story().await;
    story.name(STANDBY_CONTENT).await;
    story.broke(&[Promise::MovesToWhatAnswers]);
    story.open();
    story.sandbox.world.set_primary("resume", Power::Off);
    // What the edge had from the standby a moment ago says nothing of the primary.
    story.visit().await;
    story.name(PRIMARY_CONTENT).await;
    story.broke(&[Promise::MovesToWhatAnswers, Promise::MovesToWhatAnswers]);
}

#[tokio::test]
async fn a_dns_record_moved_to_what_answers_breaks_none() {
    let story = story().await;
    story.open();
    story.name(STANDBY_CONTENT).await;
    story.name(PRIMARY_CONTENT).await;
    story.broke(&[]);
}

#[tokio::test]
async fn where_a_dns_record_leads_the_edge_itself_proves_that_visitors_are_served() {
    let story = story().await;
    story.open();
    story.visit().await;
    story.name(STANDBY_CONTENT).await;
    story.pause();
    story.broke(&[Promise::PausesOnProof]);
    story.visit().await;
    story.pause();
    story.broke(&[Promise::PausesOnProof]);
}

#[tokio::test]
async fn monitoring_paused_before_a_visitor_was_served_breaks_a_promise() {
    let story = story().await;
    story.open();
    story.pause();
    story.route("active").await;
    story.pause();
    story.broke(&[Promise::PausesOnProof, Promise::PausesOnProof]);
}

#[tokio::test]
async fn monitoring_paused_once_a_visitor_was_served_since_the_route_breaks_none() {
    let story = story().await;
    story.open();
    story.route("active").await;
    story.visit().await;
    story.pause();
    story.broke(&[]);
}

#[tokio::test]
async fn a_visitor_served_before_the_latest_route_proves_nothing() {
    let story = story().await;
    story.open();
    story.route("active").await;
    story.visit().await;
    story.route("disabled").await;
    story.route("active").await;
    story.pause();
    story.broke(&[Promise::PausesOnProof]);
}

#[tokio::test]
async fn a_standby_closed_while_traffic_is_routed_to_it_breaks_a_promise() {
    for by_record in [false, true] {
        let story = story().await;
        let before = json!({ "bindings": [{ "role": INVOKER, "members": ["allUsers"] }] });
        let change = Change::new(POLICY_KIND, &story.site.seed.service, [before, json!({})]);
        story.change(&change);
        story.broke(&[]);
        story.sandbox.world.promises.allow(Promise::MovesToWhatAnswers);
        if by_record {
            story.name(STANDBY_CONTENT).await;
        } else {
            story.route("active").await;
        }
        story.change(&change);
        story.broke(&[Promise::StandbyStaysOpen]);
    }
}

#[tokio::test]
async fn a_write_that_touches_more_than_its_switch_breaks_a_promise() {
    let story = story().await;
    story.patch_rule(json!({ "priority": 7 })).await;
    story.broke(&[Promise::NothingForeign]);
    story.patch_record(json!({ "content": PRIMARY_CONTENT, "proxied": false })).await;
    story.broke(&[Promise::NothingForeign, Promise::NothingForeign]);
}

#[tokio::test]
async fn a_policy_may_gain_and_lose_everybody_and_nobody_else() {
    let story = story().await;
    let binding = |members: Value| json!({ "role": INVOKER, "members": members });
    let conditional = json!({ "role": INVOKER, "members": ["allUsers"], "condition": { "title": "x" } });
    let policy = |bindings: Value| json!({ "version": 3, "bindings": bindings, "etag": "x" });
    let set = |before: &Value, after: &Value| {
        story.change(&Change::new(POLICY_KIND, &story.site.seed.service, [before.clone(), after.clone()]));
    };
    let closed = policy(json!([binding(json!(["user:a"])), conditional]));
    let opened = policy(json!([conditional, binding(json!(["allUsers", "user:a"]))]));
    set(&closed, &opened);
    set(&opened, &closed);
    story.broke(&[]);
    set(&opened, &policy(json!([binding(json!(["user:a"]))])));
    set(&closed, &policy(json!([conditional])));
    story.broke(&[Promise::NothingForeign, Promise::NothingForeign]);
}

#[tokio::test]
async fn one_write_too_many_breaks_a_promise() {
    let story = story().await;
    story.open();
    story.sandbox.world.promises.allow_writes(1);
    story.route("active").await;
    story.route("active").await;
    story.broke(&[Promise::Writes]);
}

#[tokio::test]
async fn an_answer_that_was_too_slow_is_none() {
    let story = story().await;
    story.sandbox.world.set_primary("resume", Power::Slow(Duration::from_secs(6)));
    story.route("active").await;
    story.broke(&[]);
}
