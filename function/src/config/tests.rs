//! Every rule of refusal, by the exact sentences that an operator reads; and the configurations that are taken.

use std::time::Duration;

use failover_core::{Approval, Failback, Notification, RouteOrder};
use proptest::prelude::*;

use super::*;
use crate::announce::WebhookKind;

mod addresses;
mod environment;
mod push;
mod sites;

/// The configuration of the documentation.
const EXAMPLE: &str = r#"
journal = "gs://gleich-tech-failover/journal"

[push]                                            # who may push
verify          = "cloud_run_iam"
audience        = "failover"
service_account = "failover-push@gleich-tech.iam.gserviceaccount.com"
alerts          = ["projects/gleich-tech/subscriptions/failover-alerts"]
commands        = ["projects/gleich-tech/subscriptions/failover-commands"]

[events]
topic = "projects/gleich-tech/topics/failover-events"

[[sites]]
name        = "resume"
public_url  = "https://will.gleich.tech/"         # what visitors type
standby_url = "https://will.iam.gleich.tech/"
primary_url = "https://origin.gleich.tech/"       # reaches the primary past the redirect

[[sites.switches]]
kind    = "cloud_run_invoker"
service = "projects/gleich-tech/locations/us-central1/services/resume"

[[sites.switches]]
kind = "cloudflare_page_rule"
zone = "023e105f4ecef8ad9ca31a8372d0c353"
rule = "9a7806061c88ada191ed06f989cc3dac"

[[sites.switches]]
kind  = "uptime_check"
check = "projects/gleich-tech/uptimeCheckConfigs/resume-abc123"
"#;

/// What Cloud Run sets, with the token that the example needs.
const ON_CLOUD_RUN: &[(&str, &str)] = &[("K_SERVICE", "failover"), ("CLOUDFLARE_API_TOKEN", "token")];
const ELSEWHERE: &[(&str, &str)] = &[("CLOUDFLARE_API_TOKEN", "token")];

fn read(text: &str, purpose: Purpose, variables: &[(&str, &str)]) -> Result<Config, Problems> {
    Config::read(text, &Environment::of(purpose, variables))
}

/// The example with `from` replaced by `to`, which has to change something.
#[track_caller]
fn with(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "the example has no {from}");
    EXAMPLE.replacen(from, to, 1)
}

/// The example with `lines` added to its one site.
fn site_with(lines: &str) -> String {
    with("name        = \"resume\"", &format!("name = \"resume\"\n{lines}"))
}

#[track_caller]
fn takes(text: &str) -> Config {
    read(text, Purpose::Serve, ON_CLOUD_RUN).unwrap_or_else(|problems| panic!("{problems}"))
}

#[track_caller]
fn refuses_in(text: &str, variables: &[(&str, &str)], expected: &[&str]) {
    match read(text, Purpose::Serve, variables) {
        Ok(_) => assert_eq!(expected, [""; 0], "it was taken"),
        Err(problems) => assert_eq!(problems.sentences().collect::<Vec<_>>(), expected),
    }
}

#[track_caller]
fn refuses(text: &str, expected: &[&str]) {
    refuses_in(text, ON_CLOUD_RUN, expected);
}

#[test]
fn the_example_is_taken_with_every_default() {
    let config = takes(EXAMPLE);
    let site = config.site("resume").unwrap();
    assert_eq!(config.journal.to_string(), "gs://gleich-tech-failover/journal");
    assert_eq!(config.events.as_ref().unwrap().as_str(), "projects/gleich-tech/topics/failover-events");
    assert_eq!(config.project.as_deref(), Some("gleich-tech"));
    assert_eq!(config.port, 8080);
    assert_eq!(config.cloudflare_token().unwrap().expose(), "token");
    let waits = [
        config.pace.journal_patience,
        config.pace.claim_for,
        config.pace.call_timeout,
        config.pace.probe_timeout,
    ];
    assert_eq!(waits.map(|wait| wait.as_secs()), [5, 5, 10, 5]);
    assert_eq!(config.reconcile_every.as_secs(), 60);
    assert_eq!((config.watch.every.as_secs(), config.watch.threshold), (5, 3));
    assert_eq!((config.watch.recovery, config.watch.agree, config.watch.anchors.len()), (5, 1, 0));
    assert!(!config.page && config.page_key.is_none() && config.webhooks.is_empty());
    assert_eq!(config.emulated, Emulated::default());
    let waits = [
        site.waits.confirm_within,
        site.waits.verify_within,
        site.waits.failback_patience,
        site.policy.cooldown,
    ];
    assert_eq!(waits.map(|wait| wait.as_secs()), [2, 300, 60, 600]);
    assert_eq!((site.policy.order, site.policy.approve), (RouteOrder::StandbyFirst, Approval::Automatic));
    assert_eq!((site.policy.failback, site.policy.moves_per_day), (Failback::Manual, 4));
    assert_eq!((site.policy.drain, site.policy.has_primary_url, site.repair), (Duration::ZERO, true, false));
    let roles = site.policy.roles;
    assert!(roles.gate && roles.route && roles.monitor && !roles.power);
    assert_eq!((&site.expect, &site.standby_expect), (&Expect::default(), &Expect::default()));
    assert_eq!(site.marks.check_ids, ["resume-abc123"]);
    assert_eq!(site.marks.host.as_deref(), Some("will.gleich.tech"));
}

#[test]
fn what_terraform_renders_is_taken() {
    let rendered = include_str!("../../../terraform/modules/settings/tests/rendered.toml");
    let variables = [
        ("K_SERVICE", "failover"),
        ("CLOUDFLARE_API_TOKEN", "token"),
        ("FAILOVER_WEBHOOK_ON_CALL", "https://hooks.slack.com/services/T0/B0/x"),
        ("FAILOVER_WEBHOOK_PHONE", "https://ntfy.sh/secret"),
        ("FAILOVER_WEBHOOK_SEEN", "https://hc-ping.com/a-uuid"),
    ];
    let config = read(rendered, Purpose::Serve, &variables).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.sites.len(), 3);
    assert_eq!(config.watch.agree, 2);
    let resume = config.site("resume").unwrap();
    let half_an_hour = Duration::from_mins(30);
    assert_eq!(resume.policy.failback, Failback::Automatic { well_for: half_an_hour });
    assert_eq!(resume.expect, Expect { status: 200, contains: "Résumé".into() });
    assert_eq!(resume.standby_expect.status, 203);
    let shop = config.site("shop").unwrap();
    assert_eq!(shop.primary_connect.as_ref().unwrap().to_string(), "203.0.113.7:443");
    assert_eq!(config.webhooks[1].kind, WebhookKind::Ntfy);
    let names: Vec<&str> = config.pings.iter().map(|ping| ping.name.as_str()).collect();
    assert_eq!((config.webhooks.len(), names), (2, vec!["FAILOVER_WEBHOOK_SEEN"]));
    let topics = [&config.push.alerts_topic, &config.push.commands_topic];
    let topics = topics.map(|topic| topic.as_ref().unwrap().to_string());
    assert_eq!(topics[1], "projects/gleich-tech/topics/failover-commands");
}

#[test]
fn five_mistakes_are_five_problems() {
    let text = EXAMPLE
        .replace("gs://gleich-tech-failover/journal", "s3://bucket")
        .replace("cloud_run_iam", "iam")
        .replace("name        = \"resume\"", "name = \"Resume\"\ncooldown = \"soon\"")
        .replace("rule = \"9a7806061c88ada191ed06f989cc3dac\"", "rule = \"9a78\"");
    refuses(
        &text,
        &[
            "journal is refused: a journal is kept at \"gs://bucket/prefix\", \"file:/folder\" or \"memory:\", not at \
             \"s3://bucket\"; for example: journal = \"gs://acme-failover/journal\"",
            "push.verify is not one of \"cloud_run_iam\", \"jwt\", \"none\"; for example: verify = \"cloud_run_iam\"",
            "sites[0].name is refused: a site's name is a small letter followed by at most 39 small letters, digits or \
             dashes, such as \"resume\"; for example: name = \"resume\"",
            "sites[0].switches[1].rule is not 32 hexadecimal digits; for example: rule = \
             \"9a7806061c88ada191ed06f989cc3dac\"",
            "sites[0].cooldown is \"soon\", which is no duration; for example: cooldown = \"10m\"",
        ],
    );
}

#[test]
fn an_empty_configuration_lists_what_is_required() {
    refuses(
        "",
        &[
            "journal is missing; for example: journal = \"gs://acme-failover/journal\"",
            "push is missing; for example: [push]",
            "sites is missing; for example: [[sites]]",
        ],
    );
    refuses(
        "journal = \"gs://acme-failover/journal\"\n[push]\n[[sites]]",
        &[
            "push.verify is missing; for example: verify = \"cloud_run_iam\"",
            "push.audience is missing; for example: audience = \"failover\"",
            "push.service_account is missing; for example: service_account = \
             \"failover-push@acme-prod.iam.gserviceaccount.com\"",
            "push.alerts is missing; for example: alerts = [\"projects/acme-prod/subscriptions/failover-alerts\"]",
            "push.commands is missing; for example: commands = [\"projects/acme-prod/subscriptions/failover-commands\"]",
            "sites[0].name is missing; for example: name = \"resume\"",
            "sites[0].switches has none that routes visitors, so nothing could be moved; for example: \
             [[sites.switches]] with kind = \"cloudflare_redirect_rule\"",
            "sites[0].public_url is missing; for example: public_url = \"https://www.example.com/\"",
        ],
    );
    refuses(
        "sites = []\njournal = 7",
        &[
            "journal is not a text in quotes; for example: journal = \"gs://acme-failover/journal\"",
            "push is missing; for example: [push]",
            "sites is empty; for example: [[sites]]",
        ],
    );
}

#[test]
fn what_is_not_toml_is_refused_by_its_line_without_showing_it() {
    let problems =
        read("journal = \"memory:\"\ntoken = hunter2", Purpose::Serve, &[]).unwrap_err().to_string();
    assert!(problems.contains("the configuration is not TOML at line 2: "), "{problems}");
    assert!(!problems.contains("hunter2"), "{problems}");
}

#[test]
fn unknown_keys_are_refused_wherever_they_stand() {
    refuses(
        &(with("journal =", "cool_down = \"1m\"\njournal =") + "zones = 1\n[watch]\nevry = \"5s\"\n"),
        &[
            "sites.resume.switches[2].zones is not a key of this kind of switch, which knows kind, check; for example: \
             without zones",
            "watch.evry is not a key here; did you mean every?; for example: without evry",
            "cool_down is not a key here, but one (cooldown) of a site: below [[sites]]; for example: without cool_down",
        ],
    );
    refuses(
        &site_with("expect = { code = 200 }\nfail_back = \"manual\""),
        &[
            "sites.resume.expect.code is not a key here; known are status, contains; for example: without code",
            "sites.resume.fail_back is not a key here; did you mean failback?; for example: without fail_back",
        ],
    );
}

#[test]
fn a_journal_that_a_container_takes_with_it_is_refused_on_cloud_run() {
    for journal in ["memory:", "file:/var/lib/failover"] {
        let text = with("gs://gleich-tech-failover/journal", journal);
        refuses(
            &text,
            &[
                "journal is lost when a container on Cloud Run ends; keep it in a bucket; for example: journal = \
               \"gs://acme-failover/journal\"",
            ],
        );
        let jwt = text.replace("cloud_run_iam", "jwt");
        assert_eq!(read(&jwt, Purpose::Serve, ELSEWHERE).unwrap().journal.to_string(), journal);
    }
}

#[test]
fn settings_of_the_whole_are_read_and_checked() {
    let top = "journal_patience = \"500ms\"\nclaim_for = \"500ms\"\ncall_timeout = \"1s\"\nprobe_timeout = \"1s\"\n\
               page = true\njournal =";
    let watch = "[watch]\nevery = \"2s\"\nthreshold = 2\nrecovery = 4\nagree = 2\nanchors = [\"tcp://1.1.1.1:53\"]\n\
         watchers = [\"pi\"]\nevents = \"projects/acme-prod/subscriptions/failover-events-pi\"\n";
    let config = takes(&(with("journal =", top) + watch));
    assert_eq!(config.pace.claim_for, Duration::from_millis(500));
    assert!(config.page);
    assert_eq!((config.watch.agree, config.watch.anchors.len()), (2, 1));
    assert_eq!(config.watch.watchers, ["pi"]);
    assert!(config.watch.events.is_some());
    let usual = config.pace.times;
    assert_eq!(
        (usual.apart.as_secs(), usual.throttled.map(|pause| pause.as_secs())),
        (2, [2, 5, 10, 30, 60])
    );
    let times = "[times]\napart = \"200ms\"\nthrottled = [\"1ms\", \"2ms\", \"3ms\", \"4ms\", \"5ms\"]\n";
    let times = takes(&(with("journal =", top) + times)).pace.times;
    assert_eq!(
        (times.apart.as_millis(), times.throttled.map(|pause| pause.as_millis())),
        (200, [1, 2, 3, 4, 5])
    );
    refuses(
        &(with("journal =", "claim_for = \"0s\"\npage = 1\njournal =")
            + "[watch]\nagree = 0\nanchors = [\"nowhere\"]\n"),
        &[
            "watch.anchors has an entry that is no URL: relative URL without a base; for example: anchors = \
             [\"https://one.one.one.one/\"]",
            "watch.agree is not a whole number from 1 to 1000; for example: agree = 1",
            "claim_for is no time at all; for example: claim_for = \"5s\"",
            "page is neither true nor false, without quotes; for example: page = true",
        ],
    );
    refuses(
        &with("topic = \"projects/gleich-tech/topics/failover-events\"", "topic = \"failover-events\""),
        &["events.topic is not of the shape projects/…/topics/…; for example: topic = \
           \"projects/acme-prod/topics/failover-events\""],
    );
}

#[test]
fn a_file_that_is_not_there_is_a_problem_like_any_other() {
    let environment = Environment::of(Purpose::Serve, &[]);
    let problems = Config::load(std::path::Path::new("/none.toml"), &environment).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "the configuration has 1 problem\n  --config /none.toml can't be read: entity not found; for example: --config \
         failover.toml"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}", key in "[a-z_]{1,12}", value in "[0-9a-z\"{}\\[\\]=.:/]{0,20}") {
        let environment = Environment::of(Purpose::Serve, ON_CLOUD_RUN);
        let _ = Config::read(&text, &environment);
        let _ = Config::read(&site_with(&format!("{key} = {value}")), &environment);
    }
}
