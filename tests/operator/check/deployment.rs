//! A deployment to break.

use std::sync::Arc;

use sandbox::{
    Options, PairSeed, Sandbox, World,
    google::access::{FUNCTION_ACCOUNT, OPERATOR_ACCOUNT},
};
use serde_json::{Value, json};
use stage::{Ran, Settings, operator::failover, settings::signed, switches};
use tempfile::TempDir;

pub(super) const FUNCTION: &str = "projects/gleich-tech/locations/us-central1/services/failover";
pub(super) const AT: &str = "https://failover-abc123-uc.a.run.app";

/// A deployment in which everything is as it should be, and an operator who may act as the function.
pub(super) struct Deployment {
    pub(super) sandbox: Sandbox,
    pub(super) folder: TempDir,
    pub(super) settings: Settings,
}

impl Deployment {
    pub(super) async fn sound() -> Self {
        let push = signed("cloud_run_iam");
        // Nothing here is timed, and everything has to answer in time on a busy machine.
        let top = "call_timeout = \"10s\"\nprobe_timeout = \"10s\"\n".to_owned();
        Self::with(Settings { top, push, ..Settings::default() }).await
    }

    pub(super) async fn with(settings: Settings) -> Self {
        let sandbox = Sandbox::start(Options::default()).await.expect("the sandbox starts");
        let world = &sandbox.world;
        world.run.add_service(FUNCTION, AT);
        world.run.edit(FUNCTION, |service| {
            let template = &mut service["template"];
            template["serviceAccount"] = json!(FUNCTION_ACCOUNT);
            template["timeout"] = json!("600s");
            template["scaling"]["maxInstanceCount"] = json!(1);
        });
        world.pubsub.push_to(&format!("{AT}/push"));
        world.metadata.run_as(OPERATOR_ACCOUNT);
        Self { sandbox, folder: tempfile::tempdir().expect("a folder"), settings }
    }

    /// With a Single Redirect in place of the page rule.
    pub(super) async fn redirecting() -> Self {
        let sound = Self::sound().await;
        let seed = sound.sandbox.site("resume").seed;
        let switches =
            [switches::invoker(&seed), switches::redirect_rule(&seed), switches::uptime_check(&seed)]
                .join("\n");
        Self { settings: Settings { switches: Some(switches), ..sound.settings.clone() }, ..sound }
    }

    /// With a DNS record in place of the page rule: one name for both places.
    pub(super) async fn naming() -> Self {
        let sound = Self::sound().await;
        let seed = sound.sandbox.site("resume").seed;
        let switches = [switches::invoker(&seed), switches::record(&seed)].join("\n");
        let served_by = "drain = \"2m\"\nserved_by = { header = \"served-by\", primary = \"primary\", standby = \"standby\" }\n";
        let site = format!("{}{served_by}", sound.settings.site);
        Self { settings: Settings { site, switches: Some(switches), ..sound.settings.clone() }, ..sound }
    }

    /// With a second site, `db`: a pair of machines without visitors, of which one has the address that this names.
    pub(super) async fn mirror(kind: &str, key: &str) -> Self {
        let mut sound = Self::sound().await;
        let pair = PairSeed::example();
        sound.settings.rest = format!(
            "[[sites]]\nname = \"db\"\n[[sites.switches]]\nkind = \"{kind}\"\n{key}\nprimary = \"{}\"\n\
             standby = \"projects/gleich-tech/instances/{}\"\n",
            pair.on_compute().instance(0),
            pair.machine(1)
        );
        sound
    }

    pub(super) fn world(&self) -> &Arc<World> {
        &self.sandbox.world
    }

    pub(super) async fn run(&self, words: &[&str], environment: &[(&str, &str)]) -> Ran {
        let path =
            self.settings.write(&self.sandbox, self.folder.path()).expect("the configuration is written");
        let ran = failover(&self.sandbox, &path, words, environment).await;
        for secret in [&Options::default().cloudflare_token, "ya29."] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "a secret was told: {ran:#?}");
        }
        ran
    }

    pub(super) async fn report(&self) -> Value {
        self.run(&["check", "--json"], &[]).await.json()
    }

    /// Types what a finding says, where that is a call to Cloudflare, and asserts that nothing is found any more.
    pub(super) async fn mended(&self, report: &Value) {
        let mend = report["findings"][0]["mend"].as_str().expect("a command");
        let Some(call) = mend.strip_prefix("curl -X PATCH ") else { return };
        let (url, fields) = call.split_once(" -H ").expect("a header");
        let (_, fields) = fields.split_once("--json '").expect("a body");
        let fields: Value = serde_json::from_str(fields.trim_end_matches('\'')).expect("JSON");
        let request = reqwest::Client::new().patch(url).bearer_auth(Options::default().cloudflare_token);
        let answer = request.json(&fields).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{mend}: {}", answer.text().await.expect("a text"));
        let report = self.report().await;
        assert_eq!(report["findings"], json!([]), "{mend}");
    }

    /// Asserts that this is found, with this command to mend it, and nothing else.
    #[track_caller]
    pub(super) fn assert_found(report: &Value, (area, severity): (&str, &str), sentence: &str, mend: &str) {
        let findings = report["findings"].as_array().expect("findings");
        let [finding] = &findings[..] else { panic!("not exactly one finding: {report:#}") };
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        assert_eq!((text("area"), text("severity")), (area.to_owned(), severity.to_owned()), "{report:#}");
        assert!(text("sentence").contains(sentence), "{sentence:?} isn't in {:?}", text("sentence"));
        assert!(text("mend").contains(mend), "{mend:?} isn't in {:?}", text("mend"));
    }

    pub(super) fn page_rule(&self, field: &str, value: Value) {
        let seed = self.sandbox.site("resume").seed;
        self.world().cloudflare.edits.edit_page_rule(&seed.zone, &seed.rule, field, value);
    }

    pub(super) fn redirect(&self, field: &str, value: Value) {
        let seed = self.sandbox.site("resume").seed;
        self.world().cloudflare.edits.edit_redirect_rule(&seed.zone, &seed.redirect, field, value);
    }

    pub(super) fn record(&self, field: &str, value: Value) {
        let zone = self.sandbox.site("resume").seed.zone;
        self.world().cloudflare.edits.edit_record(&zone, "resume.gleich.tech", field, value);
    }

    /// Where the rule forwards, and for which pattern.
    pub(super) fn forward(&self, pattern: &str, url: &str, status: u16) {
        let target = json!([{ "target": "url", "constraint": { "operator": "matches", "value": pattern } }]);
        self.page_rule("targets", target);
        self.page_rule(
            "actions",
            json!([{ "id": "forwarding_url", "value": { "url": url, "status_code": status } }]),
        );
    }

    pub(super) fn hosts(&self) -> [String; 3] {
        let site = self.sandbox.site("resume");
        [site.edge, site.standby, site.primary].map(|address| address.to_string())
    }

    pub(super) fn standby(&self, field: &str, value: Value) {
        let service = self.sandbox.site("resume").seed.service;
        self.world().run.edit(&service, |service| drop(service.insert(field.to_owned(), value)));
    }

    pub(super) fn check(&self, field: &str, value: Value) {
        let check = self.sandbox.site("resume").seed.check;
        self.world().monitoring.edit(&check, |check| drop(check.insert(field.to_owned(), value)));
    }
}

/// One thing that is broken, and what is to be found of it.
pub(super) type Case = (fn(&Deployment), (&'static str, &'static str), &'static str, &'static str);

pub(super) async fn each(cases: &[Case]) {
    each_in(Deployment::sound, cases).await;
}

/// The same, of such a deployment.
pub(super) async fn each_in(set_up: impl AsyncFn() -> Deployment, cases: &[Case]) {
    for (break_it, kind, sentence, mend) in cases {
        let deployment = set_up().await;
        break_it(&deployment);
        let report = deployment.report().await;
        Deployment::assert_found(&report, *kind, sentence, mend);
        assert!(deployment.sandbox.world.ledger.writes().is_empty(), "a check wrote to a cloud");
        assert!(deployment.sandbox.world.ledger.journal_writes().is_empty(), "a check wrote to the journal");
        // A probe of another test's site may come by at a port that was that site's a moment ago.
        let mut unknown = deployment.sandbox.world.ledger.unknown();
        unknown.retain(|call| !call.path.contains("failover-probe"));
        assert!(unknown.is_empty(), "{unknown:#?}");
        deployment.mended(&report).await;
    }
}

impl Deployment {
    /// What Cloudflare's interface says.
    pub(super) async fn cloudflare(&self, path: &str) -> Value {
        let base = self.sandbox.url(sandbox::Service::Cloudflare);
        let url = base.join(&format!("client/v4/{path}")).expect("a path");
        let request = reqwest::Client::new().get(url).bearer_auth(Options::default().cloudflare_token);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        answer["result"].clone()
    }
}
