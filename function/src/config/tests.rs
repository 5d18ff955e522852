//! Every rule of refusal, by the exact sentences that an operator reads; and the configurations that are taken.

use std::time::Duration;

use failover_core::{Approval, Failback, Notification, RouteOrder};
use proptest::prelude::*;

use super::*;
use crate::announce::WebhookKind;

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
    let waits = [config.journal_patience, config.claim_for, config.call_timeout, config.probe_timeout];
    assert_eq!(waits.map(|wait| wait.as_secs()), [5, 5, 10, 5]);
    assert_eq!((config.watch.every.as_secs(), config.watch.threshold), (5, 3));
    assert_eq!((config.watch.recovery, config.watch.agree, config.watch.anchors.len()), (5, 1, 0));
    assert!(!config.page && config.page_key.is_none() && config.webhooks.is_empty());
    assert_eq!(config.emulated, Emulated::default());
    let waits = [site.confirm_within, site.verify_within, site.failback_patience, site.policy.cooldown];
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
             [[sites.switches]] with kind = \"cloudflare_page_rule\"",
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
            "watch.evry is not a key here; known are anchors, every, threshold, recovery, agree, watchers, events; for \
             example: without evry",
            "cool_down is not a key here; known are journal, push, events, sites, endpoints, webhooks, watch, \
             journal_patience, claim_for, call_timeout, probe_timeout, page; for example: without cool_down",
        ],
    );
    refuses(
        &site_with("expect = { code = 200 }\nfail_back = \"manual\""),
        &[
            "sites.resume.expect.code is not a key here; known are status, contains; for example: without code",
            "sites.resume.fail_back is not a key here; known are name, switches, public_url, standby_url, primary_url, \
             primary_connect, policies, served_by, order, approve, failback, well_for, cooldown, moves_per_day, drain, \
             confirm_within, verify_within, failback_patience, expect, standby_expect, repair; for example: without \
             fail_back",
        ],
    );
}

#[test]
fn a_way_of_proving_is_refused_where_it_proves_nothing() {
    refuses_in(
        EXAMPLE,
        ELSEWHERE,
        &[
            "push.verify is \"cloud_run_iam\", but this is not Cloud Run (K_SERVICE is not set), so nobody has checked \
           the token; for example: verify = \"jwt\"",
        ],
    );
    refuses(
        &with("cloud_run_iam", "none"),
        &[
            "push.verify is \"none\", but on Cloud Run (K_SERVICE is set) anybody could push; for example: verify = \
           \"cloud_run_iam\"",
        ],
    );
    let unproven = read(&with("cloud_run_iam", "none"), Purpose::Serve, ELSEWHERE).unwrap();
    assert_eq!(unproven.push.verify, Verify::Nothing);
    let expected = Expected {
        audience: "failover".into(),
        service_account: "failover-push@gleich-tech.iam.gserviceaccount.com".into(),
    };
    assert_eq!(takes(&with("cloud_run_iam", "jwt")).push.verify, Verify::Jwt(expected.clone()));
    assert_eq!(takes(EXAMPLE).push.verify, Verify::CloudRunIam(expected));
}

#[test]
fn an_operators_machine_needs_neither_cloud_run_nor_secrets_to_look() {
    assert!(read(EXAMPLE, Purpose::Look, &[]).is_ok());
    assert!(read(EXAMPLE, Purpose::Act, ELSEWHERE).is_ok());
    assert!(read(EXAMPLE, Purpose::Act, &[]).is_err());
}

#[test]
fn without_proof_no_account_is_asked_for() {
    let text =
        with("verify          = \"cloud_run_iam\"\naudience        = \"failover\"", "verify = \"none\"");
    let text = text.replace("service_account = \"failover-push@gleich-tech.iam.gserviceaccount.com\"", "");
    assert!(read(&text, Purpose::Serve, ELSEWHERE).is_ok());
}

#[test]
fn what_a_push_has_to_say_is_checked() {
    refuses(
        &with("\"failover\"\n", "\" \"\n").replace("failover-push@gleich-tech.iam", "failover-push"),
        &[
            "push.audience is empty; for example: audience = \"failover\"",
            "push.service_account is no service account's address; for example: service_account = \
             \"failover-push@acme-prod.iam.gserviceaccount.com\"",
        ],
    );
    refuses(
        &with("subscriptions/failover-alerts", "subscription/failover-alerts")
            .replace("failover-commands", "x"),
        &[
            "push.alerts has an entry that is not of the shape projects/…/subscriptions/…; for example: alerts = \
             [\"projects/acme-prod/subscriptions/failover-alerts\"]",
            "push.commands has an entry that is not of the shape projects/…/subscriptions/…; for example: commands = \
             [\"projects/acme-prod/subscriptions/failover-commands\"]",
        ],
    );
    refuses(
        &with("[\"projects/gleich-tech/subscriptions/failover-alerts\"]", "[]"),
        &[
            "push.alerts is empty; for example: alerts = [\"projects/acme-prod/subscriptions/failover-alerts\"]",
        ],
    );
    refuses(
        &with("[\"projects/gleich-tech/subscriptions/failover-alerts\"]", "\"projects/p/subscriptions/abc\""),
        &[
            "push.alerts is not a list; for example: alerts = [\"projects/acme-prod/subscriptions/failover-alerts\"]",
        ],
    );
}

#[test]
fn no_subscription_carries_both_alerts_and_commands() {
    refuses(
        &with("failover-commands", "failover-alerts"),
        &[
            "push.commands has projects/gleich-tech/subscriptions/failover-alerts, which is in alerts too: whoever may \
           publish an alert could command; for example: commands = \
           [\"projects/acme-prod/subscriptions/failover-commands\"]",
        ],
    );
    let push = takes(EXAMPLE).push;
    let carries = |name: &str| push.carries(&format!("projects/gleich-tech/subscriptions/{name}"));
    assert_eq!(carries("failover-alerts"), Some(Carries::Alerts));
    assert_eq!(carries("failover-commands"), Some(Carries::Commands));
    assert_eq!(carries("other"), None);
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
fn a_site_needs_a_route_and_a_standby_to_lead_to() {
    refuses(
        &with("standby_url = \"https://will.iam.gleich.tech/\"", ""),
        &["sites.resume.standby_url is missing, but cloud_run_invoker \
           projects/gleich-tech/locations/us-central1/services/resume leads visitors to it; for example: standby_url \
           = \"https://standby.example.com/\""],
    );
    let rule = "[[sites.switches]]\nkind = \"cloudflare_page_rule\"\nzone = \"023e105f4ecef8ad9ca31a8372d0c353\"\nrule \
                = \"9a7806061c88ada191ed06f989cc3dac\"\n";
    refuses(
        &with(rule, ""),
        &["sites.resume.switches has none that routes visitors, so nothing could be moved; for example: \
           [[sites.switches]] with kind = \"cloudflare_page_rule\""],
    );
    refuses(
        &with("https://will.iam.gleich.tech/", "https://will.gleich.tech:443/standby"),
        &[
            "sites.resume.standby_url is where public_url is, so nobody could tell who answered; for example: \
           standby_url = \"https://standby.example.com/\"",
        ],
    );
    refuses(
        &with("https://will.gleich.tech/", "tcp://will.gleich.tech:22"),
        &["sites.resume.public_url is a tcp:// address, but cloudflare_page_rule \
           zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules/9a7806061c88ada191ed06f989cc3dac redirects HTTP; for \
           example: public_url = \"https://www.example.com/\""],
    );
}

#[test]
fn urls_are_checked_and_never_hold_a_password() {
    let refused = |url: &str, reason: &str| {
        let sentence = format!(
            "sites.resume.public_url {reason}; for example: public_url = \"https://www.example.com/\""
        );
        refuses(&with("https://will.gleich.tech/", url), &[&sentence]);
    };
    refused("will.gleich.tech", "is no URL: relative URL without a base");
    refused("ftp://will.gleich.tech/", "begins with ftp://, not with https://, http:// or tcp://");
    refused("https://al:hunter2@will.gleich.tech/", "holds a user or a password, which every log would show");
    refused("https://will.gleich.tech/#top", "has a fragment (#…), which is never sent");
    refused("tcp://will.gleich.tech", "is a tcp:// address without a port");
    refused("tcp://will.gleich.tech:22/x", "is a tcp:// address with a path, which a connection has not");
    refused("mailto:a@b.c", "is a URL without a host");
}

const PRIMARY: &str = "primary_url = \"https://origin.gleich.tech/\"";

#[test]
fn the_primary_is_reached_by_a_second_host_or_by_an_address_or_not_at_all() {
    let site = |text: &str| takes(text).sites[0].as_ref().clone();
    let second_host = site(EXAMPLE);
    assert_eq!(second_host.primary_url.unwrap().as_str(), "https://origin.gleich.tech/");
    let connect = "primary_url = \"https://will.gleich.tech/\"\nprimary_connect = \"203.0.113.7:443\"";
    for lines in [connect, "primary_connect = \"203.0.113.7:443\""] {
        let by_address = site(&with(PRIMARY, lines));
        assert_eq!(by_address.primary_url.unwrap().as_str(), "https://will.gleich.tech/");
        assert_eq!(by_address.primary_connect.unwrap().to_string(), "203.0.113.7:443");
        assert!(by_address.policy.has_primary_url);
    }
    let absent = site(&with(PRIMARY, ""));
    assert!(absent.primary_url.is_none() && !absent.policy.has_primary_url);
}

#[test]
fn a_way_to_the_primary_that_leads_elsewhere_is_refused() {
    refuses(
        &with(PRIMARY, "primary_url = \"https://will.gleich.tech/health\""),
        &[
            "sites.resume.primary_url is what visitors type, which leads to the standby after a failover; give a second \
           host name, or add primary_connect; for example: primary_url = \"https://origin.example.com/\"",
        ],
    );
    refuses(
        &site_with("primary_connect = \"203.0.113.7:443\""),
        &[
            "sites.resume.primary_connect belongs to a primary_url that is the public_url; this one has a host of its \
           own; for example: without primary_connect",
        ],
    );
    refuses(
        &with(PRIMARY, "primary_connect = \"203.0.113.7\""),
        &[
            "sites.resume.primary_connect is not a host and a port; for example: primary_connect = \"203.0.113.7:443\"",
        ],
    );
}

#[test]
fn automatic_failback_needs_a_way_to_ask_the_primary() {
    refuses(
        &with(PRIMARY, "failback = \"automatic\""),
        &[
            "sites.resume.failback is \"automatic\", but without a primary_url nobody can tell that the primary is well; \
           for example: failback = \"manual\"",
        ],
    );
    refuses(
        &site_with("well_for = \"10m\""),
        &[
            "sites.resume.well_for means nothing while failback is \"manual\"; for example: failback = \"automatic\"",
        ],
    );
    let site = takes(&site_with("failback = \"automatic\"\nwell_for = \"45m\"")).sites[0].clone();
    assert_eq!(site.policy.failback, Failback::Automatic { well_for: Duration::from_mins(45) });
}

#[test]
fn settings_of_a_site_are_read() {
    let site = takes(&site_with(
        "policies = [\"projects/p/alertPolicies/1\"]\norder = \"together\"\napprove = \"operator\"\nrepair = true\n\
         cooldown = \"1h30m\"\nmoves_per_day = 1\nconfirm_within = \"500ms\"\nverify_within = \"90s\"\n\
         failback_patience = \"2m\"\ndrain = \"65m\"\nexpect = { status = 204 }\nstandby_expect = { contains = \"hi\" }",
    ))
    .sites[0]
        .clone();
    assert_eq!(site.marks.policies, ["projects/p/alertPolicies/1"]);
    assert_eq!((site.policy.order, site.policy.approve), (RouteOrder::Together, Approval::Operator));
    assert_eq!((site.repair, site.policy.moves_per_day), (true, 1));
    assert_eq!(site.confirm_within, Duration::from_millis(500));
    assert_eq!(site.policy.cooldown, Duration::from_mins(90));
    assert_eq!(site.expect, Expect { status: 204, contains: String::new() });
    assert_eq!(site.standby_expect, Expect { status: 200, contains: "hi".into() });
}

#[test]
fn settings_of_a_site_that_cannot_be_are_refused() {
    refuses(
        &site_with(
            "policies = [\"down\"]\norder = \"first\"\napprove = true\nrepair = \"yes\"\ncooldown = 600\n\
             moves_per_day = 0\nverify_within = \"0s\"\ndrain = \"40d\"\nexpect = { status = 99, contains = 3 }\n\
             standby_expect = 200",
        ),
        &[
            "sites.resume.policies has an entry that is not of the shape projects/…/alertPolicies/…; for example: \
             policies = [\"projects/acme-prod/alertPolicies/12942885046098191375\"]",
            "sites.resume.order is not one of \"standby_first\", \"together\"; for example: order = \"standby_first\"",
            "sites.resume.approve is not one of \"automatic\", \"operator\"; for example: approve = \"automatic\"",
            "sites.resume.cooldown is not a text in quotes; for example: cooldown = \"10m\"",
            "sites.resume.moves_per_day is not a whole number from 1 to 1000; for example: moves_per_day = 4",
            "sites.resume.drain is longer than 30 days; for example: drain = \"0s\"",
            "sites.resume.verify_within is no time at all; for example: verify_within = \"5m\"",
            "sites.resume.expect.status is not a whole number from 100 to 599; for example: status = 200",
            "sites.resume.expect.contains is not a text in quotes; for example: contains = \"Welcome\"",
            "sites.resume.standby_expect is not a table; for example: [standby_expect]",
            "sites.resume.repair is neither true nor false, without quotes; for example: repair = true",
        ],
    );
}

#[test]
fn no_two_switches_name_the_same_thing_in_one_site_or_two() {
    let twin = "[[sites.switches]]\nkind = \"cloud_run_invoker\"\ngate = \"iam_check\"\nservice = \
                \"projects/gleich-tech/locations/us-central1/services/resume\"\n";
    let same_site = format!("{EXAMPLE}\n{twin}");
    refuses(
        &same_site,
        &["sites.resume.switches[3] names the same thing as sites.resume.switches[0], cloud_run_invoker \
           projects/gleich-tech/locations/us-central1/services/resume; for example: one switch a thing"],
    );
    let other_site = format!(
        "{EXAMPLE}\n[[sites]]\nname = \"blog\"\npublic_url = \"https://blog.gleich.tech/\"\nstandby_url = \
         \"https://b.gleich.tech/\"\n{twin}[[sites.switches]]\nkind = \"cloudflare_redirect_rule\"\nzone = \
         \"023e105f4ecef8ad9ca31a8372d0c353\"\nref = \"failover_blog\"\n"
    );
    refuses(
        &other_site,
        &["sites.blog.switches[0] names the same thing as sites.resume.switches[0], cloud_run_invoker \
           projects/gleich-tech/locations/us-central1/services/resume; for example: one switch a thing"],
    );
    let same_name = other_site.replace(
        "services/resume\"\n[[sites.switches]]\nkind = \"cloudflare_redirect",
        "services/blog\"\n[[sites.switches]]\nkind = \"cloudflare_redirect",
    );
    refuses(
        &same_name.replace("name = \"blog\"", "name = \"resume\""),
        &["sites.resume.name is the name of another site too; for example: name = \"blog\""],
    );
}

#[test]
fn a_switch_says_its_kind() {
    refuses(
        &with("kind = \"cloudflare_page_rule\"", ""),
        &["sites.resume.switches[1].kind is missing; known are cloud_run_invoker, \
           cloudflare_dns_record, cloudflare_page_rule, cloudflare_redirect_rule, gcp_access_config, gcp_alias_ip, \
           uptime_check; for example: kind = \"cloud_run_invoker\""],
    );
    refuses(
        &with("cloudflare_page_rule", "page_rule"),
        &["sites.resume.switches[1].kind \"page_rule\" is none of cloud_run_invoker, \
           cloudflare_dns_record, cloudflare_page_rule, cloudflare_redirect_rule, gcp_access_config, gcp_alias_ip, \
           uptime_check; for example: kind = \"cloud_run_invoker\""],
    );
}

#[test]
fn settings_of_the_whole_are_read_and_checked() {
    let top = "journal_patience = \"500ms\"\nclaim_for = \"500ms\"\ncall_timeout = \"1s\"\nprobe_timeout = \"1s\"\n\
               page = true\njournal =";
    let watch = "[watch]\nevery = \"2s\"\nthreshold = 2\nrecovery = 4\nagree = 2\nanchors = [\"tcp://1.1.1.1:53\"]\n\
         watchers = [\"pi\"]\nevents = \"projects/acme-prod/subscriptions/failover-events-pi\"\n";
    let config = takes(&(with("journal =", top) + watch));
    assert_eq!(config.claim_for, Duration::from_millis(500));
    assert!(config.page);
    assert_eq!((config.watch.agree, config.watch.anchors.len()), (2, 1));
    assert_eq!(config.watch.watchers, ["pi"]);
    assert!(config.watch.events.is_some());
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
fn endpoints_win_over_emulators() {
    let variables =
        [("PUBSUB_EMULATOR_HOST", "127.0.0.1:8085"), ("STORAGE_EMULATOR_HOST", "http://127.0.0.1:4443")];
    let variables = [ON_CLOUD_RUN, &variables].concat();
    let emulated = read(EXAMPLE, Purpose::Serve, &variables).unwrap();
    assert_eq!(emulated.endpoints.pubsub(), "http://127.0.0.1:8085");
    assert_eq!(emulated.endpoints.storage(), "http://127.0.0.1:4443");
    assert_eq!(emulated.emulated, Emulated { pubsub: true, storage: true });
    let text = format!(
        "{EXAMPLE}\n[endpoints]\npubsub = \"http://127.0.0.1:1/\"\njwks = \"http://127.0.0.1:2/certs\""
    );
    let given = read(&text, Purpose::Serve, &variables).unwrap();
    assert_eq!(given.endpoints.pubsub(), "http://127.0.0.1:1");
    assert_eq!(given.endpoints.jwks(), "http://127.0.0.1:2/certs");
    assert_eq!(given.emulated, Emulated { pubsub: false, storage: true });
}

#[test]
fn endpoints_and_the_environment_are_checked() {
    refuses(
        &format!("{EXAMPLE}\n[endpoints]\nrun = \"127.0.0.1:9\"\nmonitor = \"http://127.0.0.1:9\""),
        &[
            "endpoints.run is no URL: relative URL without a base; for example: run = \"http://127.0.0.1:9000\"",
            "endpoints.monitor is not a key here; known are run, monitoring, storage, pubsub, cloudflare, compute, \
             azure, jwks, iam; for example: without monitor",
        ],
    );
    let variables = [
        ("K_SERVICE", "failover"),
        ("PORT", "http"),
        ("GCE_METADATA_HOST", "http://127.0.0.1:9"),
        ("STORAGE_EMULATOR_HOST", "unix:///socket"),
        ("CLOUDFLARE_API_TOKEN", "hunter 2"),
    ];
    refuses_in(
        EXAMPLE,
        &variables,
        &[
            "STORAGE_EMULATOR_HOST is a URL without a host; for example: STORAGE_EMULATOR_HOST=127.0.0.1:8085",
            "GCE_METADATA_HOST is a URL, but only host and port belong there; for example: \
             GCE_METADATA_HOST=127.0.0.1:9099",
            "PORT is no port number; for example: PORT=8080",
            "CLOUDFLARE_API_TOKEN is not one word of plain characters; for example: CLOUDFLARE_API_TOKEN=…",
        ],
    );
}

#[test]
fn a_token_that_a_switch_needs_has_to_be_there() {
    refuses_in(
        EXAMPLE,
        &[("K_SERVICE", "failover"), ("CLOUDFLARE_API_TOKEN", "  ")],
        &["CLOUDFLARE_API_TOKEN is not set, but cloudflare_page_rule \
           zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules/9a7806061c88ada191ed06f989cc3dac needs it; for example: \
           CLOUDFLARE_API_TOKEN=… or CLOUDFLARE_API_TOKEN_FILE=/secrets/token"],
    );
    refuses_in(
        EXAMPLE,
        &[("K_SERVICE", "failover"), ("CLOUDFLARE_API_TOKEN_FILE", "/secrets/none")],
        &[
            "CLOUDFLARE_API_TOKEN_FILE names /secrets/none, which can't be read: entity not found; for example: \
           CLOUDFLARE_API_TOKEN_FILE=…",
        ],
    );
}

#[test]
fn a_token_is_read_from_a_file_and_trimmed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "from-a-file\n").unwrap();
    let named = [("K_SERVICE", "f"), ("CLOUDFLARE_API_TOKEN_FILE", file.to_str().unwrap())];
    let mut environment = Environment::of(Purpose::Serve, &named);
    environment.read_file = |path| std::fs::read_to_string(path);
    let config = Config::read(EXAMPLE, &environment).unwrap();
    assert_eq!(config.cloudflare_token().unwrap().expose(), "from-a-file");
    assert!(!format!("{config:?}{environment:?}").contains("from-a-file"));
    assert_eq!(crate::log::redact("it is from-a-file."), "it is ….");
    std::fs::write(&file, "\n").unwrap();
    let problems = Config::read(EXAMPLE, &environment).unwrap_err();
    assert!(problems.to_string().contains("CLOUDFLARE_API_TOKEN_FILE is empty"), "{problems}");
}

#[test]
fn a_webhooks_url_comes_from_the_environment_and_is_never_shown() {
    let text = format!("{EXAMPLE}\n[[webhooks]]\nkind = \"slack\"\nurl_env = \"HOOK\"");
    let with_hook = |value| [ON_CLOUD_RUN, &[("HOOK", value)]].concat();
    let config = read(&text, Purpose::Serve, &with_hook("https://hooks.slack.com/hunter2")).unwrap();
    assert_eq!(config.webhooks[0].url.expose(), "https://hooks.slack.com/hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
    refuses_in(
        &text,
        &with_hook("hunter2"),
        &[
            "HOOK is not a URL that begins with https:// or http://; for example: HOOK=https://hooks.example.com/…",
        ],
    );
    refuses(
        &text,
        &["HOOK is not set, but webhooks[0].url_env names it; for example: HOOK=https://hooks.example.com/…"],
    );
    assert!(read(&text, Purpose::Look, &[]).unwrap().webhooks.is_empty());
    refuses(
        &format!("{EXAMPLE}\n[[webhooks]]\nkind = \"teams\"\nurl_env = \"https://hooks.slack.com/hunter2\""),
        &[
            "webhooks[0].kind is not one of \"slack\", \"discord\", \"ntfy\", \"generic\"; for example: kind = \
             \"slack\"",
            "webhooks[0].url_env is not the name of an environment variable; for example: url_env = \
             \"SLACK_WEBHOOK_URL\"",
        ],
    );
}

#[test]
fn only_a_generic_webhook_has_a_secret_and_it_is_checked_and_never_shown() {
    let text = |kind: &str| {
        format!("{EXAMPLE}\n[[webhooks]]\nkind = {kind:?}\nurl_env = \"HOOK\"\nsecret_env = \"HOOK_SECRET\"")
    };
    let hook = [ON_CLOUD_RUN, &[("HOOK", "https://hooks.example.com/")]].concat();
    let with_secret = |value| [hook.as_slice(), &[("HOOK_SECRET", value)]].concat();
    let config = read(&text("generic"), Purpose::Serve, &with_secret("whsec_aHVudGVyMg==")).unwrap();
    assert_eq!(config.webhooks[0].secret.as_ref().unwrap().expose(), "whsec_aHVudGVyMg==");
    assert!(!format!("{config:?}").contains("aHVudGVyMg"));
    let example = "for example: HOOK_SECRET=whsec_… as `openssl rand -base64 32` makes it";
    refuses_in(
        &text("generic"),
        &with_secret("whsec_hunter2*"),
        &[&format!("HOOK_SECRET can't be used: what follows whsec_ is not base64; {example}")],
    );
    refuses_in(
        &text("generic"),
        &hook,
        &[&format!("HOOK_SECRET is not set, but webhooks[0].secret_env names it; {example}")],
    );
    refuses_in(
        &text("ntfy"),
        &with_secret("hunter2"),
        &[
            "webhooks[0].secret_env has no use: only what a generic webhook gets is signed; for example: kind = \
             \"generic\"",
        ],
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

#[test]
fn an_incident_finds_its_site() {
    let config = takes(EXAMPLE);
    let body = r#"{"version":"1.2","incident":{"incident_id":"1","state":"open","metric":{"type":
        "monitoring.googleapis.com/uptime_check/check_passed","labels":{"check_id":"resume-abc123"}}}}"#;
    let Ok(Notification::Incident(incident)) = Notification::read(body.as_bytes()) else { panic!("unread") };
    assert_eq!(config.site_of(&incident).unwrap().name.as_str(), "resume");
    let foreign = Incident { check_id: None, ..incident };
    assert!(config.site_of(&foreign).is_none());
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

mod addresses;
