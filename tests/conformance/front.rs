//! Whether visitors come through Cloudflare at all: what a check of a rule or a record finds around it.

use std::time::Duration;

use cloud_failover::clouds::{self, Checked, Situation};
use failover_core::{Position, Served};
use sandbox::{
    Options, Sandbox, SiteSeed,
    cloudflare::{
        access::{Permission, Token},
        record_id, worker_route_id,
    },
};
use serde_json::{Value, json};

use crate::{
    bench::clients,
    kinds::{DNS_RECORD, Kind, PAGE_RULE, REDIRECT_RULE},
};

const HOST: &str = "www.example.com";
const STANDBY: &str = "https://standby.example.com";

/// A site that visitors know by a name, in order.
struct Named {
    sandbox: Sandbox,
    seed: SiteSeed,
    kind: &'static Kind,
}

fn record(id: &str, kind: &str, name: &str, content: &str) -> Value {
    json!({ "id": id, "type": kind, "name": name, "content": content, "proxied": true, "ttl": 1 })
}

impl Named {
    async fn by(kind: &'static Kind) -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let seed = sandbox.site("resume").seed;
        let cloudflare = &sandbox.world.cloudflare;
        cloudflare.edits.edit_zone(&seed.zone, "name", json!("example.com"));
        let ours = record(&record_id(&seed.name), "A", HOST, "203.0.113.7");
        cloudflare.edits.set_records(&seed.zone, vec![ours]);
        let target =
            json!({ "target": "url", "constraint": { "operator": "matches", "value": format!("{HOST}/*") } });
        let forward = json!({ "id": "forwarding_url", "value": { "url": format!("{STANDBY}/$1"), "status_code": 302 } });
        cloudflare.edits.edit_page_rule(&seed.zone, &seed.rule, "targets", json!([target]));
        cloudflare.edits.edit_page_rule(&seed.zone, &seed.rule, "actions", json!([forward]));
        let named = Self { sandbox, seed, kind };
        named.redirect(&json!(format!("concat(\"{STANDBY}\", http.request.uri.path)")), true);
        named
    }

    fn redirect(&self, expression: &Value, preserve: bool) {
        let mut value = json!({ "target_url": { "expression": expression }, "status_code": 302 });
        if preserve {
            value["preserve_query_string"] = json!(true);
        }
        let (zone, reference) = (&self.seed.zone, &self.seed.redirect);
        let cloudflare = &self.sandbox.world.cloudflare;
        cloudflare.edits.edit_redirect_rule(
            zone,
            reference,
            "expression",
            json!(format!("http.host eq \"{HOST}\"")),
        );
        cloudflare.edits.edit_redirect_rule(
            zone,
            reference,
            "action_parameters",
            json!({ "from_value": value }),
        );
    }

    fn records(&self, others: Vec<Value>) {
        self.sandbox.world.cloudflare.edits.set_records(&self.seed.zone, others);
    }

    async fn check(&self) -> Checked {
        let spec = clouds::read(self.kind.key, &(self.kind.table)(&self.seed).parse().unwrap()).unwrap();
        let url = |text: &str| Some(text.parse().unwrap());
        let situation = Situation {
            site: "resume".parse().unwrap(),
            settled_at: Some(Position::Primary),
            public: Served::By(Position::Primary),
            public_url: url(&format!("https://{HOST}/")),
            standby_url: url(STANDBY),
            primary_url: None,
            drain: None,
            member: "user:YOU".to_owned(),
            switches: vec![spec.id()],
        };
        spec.build(&clients(&self.sandbox, Duration::from_millis(300))).check(&situation).await
    }

    /// Asserts that this is found, with this to mend it, and nothing else.
    async fn finds(&self, sentence: &str, mend: &str) {
        let checked = self.check().await;
        let [problem] = &checked.problems[..] else { panic!("{sentence}: {checked:#?}") };
        assert!(problem.sentence.contains(sentence), "{problem:#?}");
        assert!(problem.mend.contains(mend), "{problem:#?}");
        assert_eq!(checked.unseen, [""; 0]);
    }

    /// Asserts that all was looked at, and nothing found.
    async fn is_sound(&self) {
        let checked = self.check().await;
        assert_eq!((checked.problems, checked.unseen), (vec![], vec![]), "{}", self.kind.name);
        assert!(checked.seen > 1, "{}", self.kind.name);
    }
}

#[tokio::test]
async fn a_site_that_visitors_know_by_a_name_is_sound() {
    for kind in [&PAGE_RULE, &REDIRECT_RULE, &DNS_RECORD] {
        Named::by(kind).await.is_sound().await;
    }
}

#[tokio::test]
async fn a_name_that_leads_past_cloudflare_is_found() {
    for kind in [&PAGE_RULE, &REDIRECT_RULE] {
        let named = Named::by(kind).await;
        let edit = |field: &str, value: Value| {
            named.sandbox.world.cloudflare.edits.edit_zone(&named.seed.zone, field, value);
        };
        edit("paused", json!(true));
        named.finds("Cloudflare is paused for the zone example.com", "{\"paused\":false}").await;
        edit("paused", json!(false));
        edit("status", json!("moved"));
        named.finds("the zone example.com is moved at Cloudflare", "name servers").await;
        edit("status", json!("active"));
        named.records(vec![]);
        named.finds("www.example.com has no DNS record in the zone", "make a proxied record").await;
        let mut grey = record(&"b".repeat(32), "A", HOST, "203.0.113.7");
        grey["proxied"] = json!(false);
        named.records(vec![grey]);
        named.finds("is not proxied: visitors go past Cloudflare", "\"proxied\":true").await;
        named.records(vec![record(&"c".repeat(32), "A", "*.example.com", "203.0.113.7")]);
        named.is_sound().await;
    }
}

#[tokio::test]
async fn a_worker_on_the_host_keeps_page_rules_from_running_and_redirect_rules_not() {
    let worker = |named: &Named| {
        let edit = |field: &str, value: &str| {
            let route = worker_route_id(&named.seed.name);
            named.sandbox.world.cloudflare.edits.edit_worker_route(
                &named.seed.zone,
                &route,
                field,
                json!(value),
            );
        };
        edit("pattern", "*example.com/*");
        edit("script", "shop");
    };
    let named = Named::by(&PAGE_RULE).await;
    worker(&named);
    named.finds("the Worker shop runs at *example.com/*", "cloudflare_redirect_rule").await;
    let named = Named::by(&REDIRECT_RULE).await;
    worker(&named);
    named.is_sound().await;
}

#[tokio::test]
async fn what_a_token_may_not_look_at_is_not_called_sound() {
    for (kind, permission) in
        [(&PAGE_RULE, Permission::PageRulesEdit), (&REDIRECT_RULE, Permission::RedirectEdit)]
    {
        let named = Named::by(kind).await;
        let token =
            Token { permissions: vec![permission], ..Token::new(&Options::default().cloudflare_token) };
        named.sandbox.world.cloudflare.set_tokens(vec![token]);
        let checked = named.check().await;
        assert_eq!(checked.problems, []);
        let told = checked.unseen.join("; ");
        assert!(told.contains("Zone: Read") && told.contains("DNS: Read"), "{told}");
    }
}

#[tokio::test]
async fn a_token_of_an_account_is_told_that_page_rules_take_none() {
    let named = Named::by(&PAGE_RULE).await;
    let token = Token { account: Some("a1".to_owned()), ..Token::new(&Options::default().cloudflare_token) };
    named.sandbox.world.cloudflare.set_tokens(vec![token]);
    let checked = named.check().await;
    let [problem] = &checked.problems[..] else { panic!("{checked:#?}") };
    assert!(
        problem.sentence.contains("(1011)") && problem.sentence.contains("use a user's token"),
        "{problem:#?}"
    );
}

#[tokio::test]
async fn where_a_redirect_leads_is_read_as_the_expression_that_it_is() {
    let named = Named::by(&REDIRECT_RULE).await;
    let target = |expression: &str, preserve: bool| named.redirect(&json!(expression), preserve);
    target("concat(\"https://standby.example.com\", http.request.uri.path)", false);
    named
        .finds(
            "loses the visitor's query: whoever asks for /some/page?p=42",
            "\"preserve_query_string\":true",
        )
        .await;
    target("concat(\"https://standby.example.com\", http.request.uri)", false);
    named.is_sound().await;
    target(
        "wildcard_replace(http.request.full_uri, \"https://www.example.com/*\", \"https://standby.example.com/${1}\")",
        false,
    );
    named.is_sound().await;
    target("concat(\"https://elsewhere.example.com/standby.example.com\", http.request.uri.path)", true);
    named.finds("leads to https://elsewhere.example.com/standby.example.com/some/page", "concat(").await;
    target(
        "concat(\"https://\", regex_replace(http.host, \"^www\\\\.\", \"standby.\"), http.request.uri.path)",
        true,
    );
    let checked = named.check().await;
    assert_eq!(checked.problems, []);
    assert!(checked.notes.iter().any(|note| note.contains("was not judged")), "{:?}", checked.notes);
}

#[tokio::test]
async fn a_zone_that_never_had_a_redirect_is_given_one_and_no_token() {
    let named = Named::by(&REDIRECT_RULE).await;
    named.sandbox.world.cloudflare.edits.set_redirect_rules(&named.seed.zone, None);
    let checked = named.check().await;
    let [problem] = &checked.problems[..] else { panic!("{checked:#?}") };
    assert!(problem.sentence.contains("could not find entrypoint"), "{problem:#?}");
    assert!(problem.mend.starts_with("curl -X PUT"), "{problem:#?}");
    assert!(problem.mend.contains(&format!("\"ref\":\"{}\"", named.seed.redirect)), "{problem:#?}");
}

#[tokio::test]
async fn records_beside_the_one_that_moves_are_found() {
    let named = Named::by(&DNS_RECORD).await;
    let ours = |name: &str| record(&record_id(&named.seed.name), "A", name, "203.0.113.7");
    let other = record(&"a".repeat(32), "A", HOST, "203.0.113.8");
    named.records(vec![ours(HOST), other.clone()]);
    named.finds("www.example.com has another record", "one more switch").await;
    let six = record(&"a".repeat(32), "AAAA", HOST, "2001:db8::8");
    named.records(vec![ours(HOST), six]);
    named.finds("(AAAA 2001:db8::8), which no switch moves", "one more switch").await;
    named.records(vec![ours("*.example.com"), other]);
    named
        .finds(
            "www.example.com has a record of its own (A 203.0.113.8), which wins over *.example.com",
            "record = \"a",
        )
        .await;
    named.records(vec![ours("*.example.com")]);
    named.is_sound().await;
}
