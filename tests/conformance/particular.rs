//! What only one kind of switch can get wrong.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cloud_failover::{
    api::{ApiErrorKind, Secret, tokens::StaticToken},
    clouds::{self, Change, Checked, Clients, Endpoints, Readiness, Settings, Situation},
};
use failover_core::{
    Observed,
    Position::{Primary, Standby},
};
use sandbox::{
    Aim, Fault, Moment, Options, Sandbox, Service,
    cloudflare::throttle::Limit,
    google::access::FUNCTION_ACCOUNT,
    monitoring::{Alert, Monitoring},
};
use serde_json::json;
use tokio::net::TcpSocket;

use crate::{
    bench::{Bench, clients, clients_within, endpoints, pace, situation},
    kinds::{ALL_USERS, DNS_RECORD, IAM_CHECK, KINDS, PAGE_RULE, REDIRECT_RULE, UPTIME_CHECK},
};

const GATES: [&crate::kinds::Kind; 2] = [&KINDS[0], &KINDS[1]];

#[tokio::test]
async fn a_policy_that_others_change_meanwhile_keeps_their_change_and_gets_ours() {
    let bench = Bench::of(&ALL_USERS).await;
    let reached = bench.world().stop_at(ALL_USERS.write, 1, Moment::BeforeEffect);
    let others = async {
        reached.await.unwrap();
        bench.world().run.grant(&bench.site.seed.service, "roles/run.invoker", "user:bob@gleich.tech");
        bench.world().breakpoints.release();
    };
    let (set, ()) = tokio::join!(bench.set(Standby), others);
    assert_eq!(set.unwrap(), Change::Made);
    assert_eq!(bench.truth(), Standby);
    let policy = bench.world().run.policy(&bench.site.seed.service).unwrap().to_string();
    assert!(policy.contains("user:bob@gleich.tech"), "{policy}");
    assert_eq!(bench.world().ledger.count(ALL_USERS.write), 2);
}

#[tokio::test]
async fn a_policy_seen_long_ago_is_read_again() {
    let bench = Bench::of(&ALL_USERS).await;
    let seen = bench.look().await;
    bench.world().run.grant(&bench.site.seed.service, "roles/run.viewer", "user:bob@gleich.tech");
    assert_eq!(bench.switch.set(Standby, Some(seen)).await.unwrap(), Change::Made);
    assert_eq!(bench.truth(), Standby);
}

#[tokio::test]
async fn an_untouched_policy_is_opened_and_left_empty_again() {
    let bench = Bench::of(&ALL_USERS).await;
    bench.world().run.replace_policy(&bench.site.seed.service, &json!({}));
    bench.move_to(Standby).await;
    bench.move_to(Primary).await;
    let policy = bench.world().run.policy(&bench.site.seed.service).unwrap();
    assert!(policy["bindings"].as_array().is_none_or(Vec::is_empty), "{policy}");
}

#[tokio::test]
async fn an_organisation_that_refuses_all_users_is_told_of_the_other_gate() {
    let bench = Bench::of(&ALL_USERS).await;
    bench.world().run.forbid_all_users(true);
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Refused);
    assert!(
        cause.message.ends_with("where an organisation policy forbids allUsers, use gate = \"iam_check\""),
        "{cause}"
    );
    Bench::of(&IAM_CHECK).await.move_to(Standby).await;
}

#[tokio::test]
async fn a_service_that_the_other_door_leaves_open_is_mixed_and_closing_says_so() {
    for (gate, other) in [(GATES[0], GATES[1]), (GATES[1], GATES[0])] {
        let bench = Bench::of(gate).await;
        (other.by_hand)(bench.world(), &bench.site);
        let observed = bench.look().await.observed;
        assert!(matches!(&observed, Observed::Mixed(how) if how.contains("anybody gets in")), "{observed}");
        assert_eq!(bench.set(Standby).await.unwrap(), Change::Made, "{}", gate.name);
        for seen in [None, Some(bench.look().await)] {
            let cause = bench.switch.set(Primary, seen).await.unwrap_err().cause;
            assert_eq!(cause.kind, ApiErrorKind::Refused);
            assert!(
                cause.message.contains("stays open to everybody") && cause.message.contains("gcloud"),
                "{cause}"
            );
        }
    }
}

#[tokio::test]
async fn a_service_that_could_not_serve_says_why() {
    for gate in GATES {
        let bench = Bench::of(gate).await;
        bench.world().run.edit(&bench.site.seed.service, |fields| {
            fields.insert("ingress".to_owned(), json!("INGRESS_TRAFFIC_INTERNAL_ONLY"));
            fields.insert("scaling".to_owned(), json!({"scalingMode": "MANUAL", "manualInstanceCount": 0}));
        });
        let unable = "ingress is INGRESS_TRAFFIC_INTERNAL_ONLY: visitors only get in with INGRESS_TRAFFIC_ALL; \
                      scaling is manual with 0 instances, so nothing would answer";
        assert_eq!(bench.switch.readiness().await.unwrap(), Readiness::Unable(unable.to_owned()));
    }
}

#[tokio::test]
async fn a_slow_operation_is_followed_to_its_end() {
    let bench = Bench::of(&IAM_CHECK).await;
    bench.world().run.operations_take(Duration::from_millis(300));
    bench.move_to(Standby).await;
    assert!(bench.world().ledger.count("run.get_operation") > 2);
    // Whoever tries again itself still has its operations followed.
    let once = Bench::patient(&IAM_CHECK, Duration::ZERO).await;
    once.world().run.operations_take(Duration::from_millis(300));
    once.move_to(Standby).await;
    assert_eq!(once.world().ledger.count(IAM_CHECK.write), 1);
}

#[tokio::test]
async fn an_operation_that_does_not_end_is_given_up_at_last() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let call_timeout = Duration::from_millis(300);
    let switch = clients_within(&sandbox, Duration::ZERO, call_timeout);
    let spec = clouds::read(IAM_CHECK.key, &(IAM_CHECK.table)(&sandbox.site("resume").seed).parse().unwrap());
    let switch = spec.unwrap().build(&switch);
    sandbox.world.run.operations_take(Duration::from_hours(1));
    let started = Instant::now();
    let cause = switch.set(Standby, None).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Transient);
    assert!(cause.message.contains("has not finished projects/gleich-tech/"), "{cause}");
    assert!(started.elapsed() >= call_timeout * 10, "it was given up after {:?}", started.elapsed());
}

#[tokio::test]
async fn what_an_operation_ends_with_is_told() {
    for (code, why, kind) in [
        (7, "Permission 'iam.serviceaccounts.actAs' denied", ApiErrorKind::Denied),
        (9, "Constraint constraints/run.managed.requireInvokerIam violated", ApiErrorKind::Refused),
        (6, "Revision named 'resume-1' with different configuration already exists", ApiErrorKind::Refused),
        (13, "an internal error", ApiErrorKind::Transient),
    ] {
        let bench = Bench::patient(&IAM_CHECK, Duration::ZERO).await;
        bench.world().run.operations_take(Duration::from_millis(100));
        bench.world().run.operations_fail(Some((code, why)));
        let cause = bench.set(Standby).await.unwrap_err().cause;
        assert_eq!(cause.kind, kind, "{cause}");
        assert!(cause.message.contains(why), "{cause}");
        assert_eq!(bench.truth(), Primary);
    }
}

#[tokio::test]
async fn what_exists_already_is_told_and_not_tried_again() {
    let bench = Bench::of(&IAM_CHECK).await;
    let why = "Revision named 'resume-00001-abc' with different configuration already exists.";
    let body = json!({ "error": { "code": 409, "message": why, "status": "ALREADY_EXISTS" } }).to_string();
    bench.break_write(u32::MAX, Fault::Status { code: 409, retry_after: None, body: Some(body) });
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!((cause.kind, bench.world().ledger.count(IAM_CHECK.write)), (ApiErrorKind::Refused, 1));
    assert!(cause.message.contains(why), "{cause}");
}

#[tokio::test]
async fn a_rule_that_was_rewritten_since_it_was_seen_is_found_by_its_ref() {
    let bench = Bench::of(&REDIRECT_RULE).await;
    let seen = bench.look().await;
    let (zone, reference) = (&bench.site.seed.zone, &bench.site.seed.redirect);
    bench.world().cloudflare.edits.edit_redirect_rule(zone, reference, "id", json!("e".repeat(32)));
    assert_eq!(bench.switch.set(Standby, Some(seen)).await.unwrap(), Change::Made);
    assert_eq!(bench.truth(), Standby);
}

#[tokio::test]
async fn a_page_rule_that_cloudflare_has_migrated_says_which_kind_to_use() {
    let bench = Bench::of(&PAGE_RULE).await;
    bench.world().cloudflare.edits.remove_page_rule(&bench.site.seed.zone, &bench.site.seed.rule);
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Missing);
    assert!(cause.message.ends_with("use kind = \"cloudflare_redirect_rule\""), "{cause}");
}

#[tokio::test]
async fn a_missing_or_odd_cloudflare_token_is_told_without_asking() {
    for (token, why) in [(None, "CLOUDFLARE_API_TOKEN"), (Some("a\nb"), "no header can carry")] {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let cloudflare_token = token.map(Secret::new);
        let settings = Settings { endpoints: endpoints(&sandbox), cloudflare_token, ..Settings::default() };
        let clients = Clients::new(settings).unwrap();
        let site = sandbox.site("resume");
        let spec = clouds::read(PAGE_RULE.key, &(PAGE_RULE.table)(&site.seed).parse().unwrap()).unwrap();
        let cause = spec.build(&clients).observe().await.unwrap_err().cause;
        assert_eq!(cause.kind, ApiErrorKind::Unaccepted);
        assert!(cause.message.contains(why), "{cause}");
        assert_eq!(sandbox.world.ledger.calls().len(), 0);
    }
}

#[tokio::test]
async fn a_throttling_cloudflare_is_waited_for() {
    let bench = Bench::of(&PAGE_RULE).await;
    let window = Duration::from_millis(100);
    bench.world().cloudflare.set_limit(Limit { requests: 1, window, lockout: window });
    bench.look().await;
    // Its pauses are a hundredth of the real ones here: 20, 50 and 100 ms.
    assert_eq!(bench.set(Standby).await.unwrap(), Change::Made);
    assert_eq!(bench.truth(), Standby);
}

#[tokio::test]
async fn googles_wish_to_wait_is_heard() {
    let bench = Bench::of(&UPTIME_CHECK).await;
    bench.break_write(1, Fault::retry_after(503, 1));
    let started = Instant::now();
    bench.set(Standby).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn open_incidents_are_listed() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let google = clients(&sandbox, Duration::from_secs(4)).google();
    assert_eq!(google.monitoring().open_alerts("gleich-tech").await.unwrap(), []);
    let check = &sandbox.site("resume").seed.check;
    sandbox.world.monitoring.put_alert(Alert {
        project: "gleich-tech".to_owned(),
        id: "0.abc".to_owned(),
        policy: Monitoring::policy_of(check),
        site: "resume".to_owned(),
        host: "will.gleich.tech".to_owned(),
        opened: "2026-11-20T12:00:00Z".parse().unwrap(),
        closed: None,
    });
    let open = google.monitoring().open_alerts("gleich-tech").await.unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].policy, Monitoring::policy_of(check));
    assert_eq!(
        (open[0].name.as_str(), open[0].opened.as_str()),
        ("projects/gleich-tech/alerts/0.abc", "2026-11-20T12:00:00Z")
    );
    assert_eq!(open[0].resource_labels["host"], "will.gleich.tech");
    assert_eq!(open[0].policy_labels["failover_site"], "resume");
}

#[tokio::test]
async fn an_open_incident_is_found_among_many_others_and_each_policy_is_read_once() {
    let bench = Bench::of(&UPTIME_CHECK).await;
    let monitoring = &bench.world().monitoring;
    let alert = |id: String, policy: String, site: &str, age: u64| Alert {
        project: "gleich-tech".to_owned(),
        id,
        policy,
        site: site.to_owned(),
        host: "elsewhere.example".to_owned(),
        opened: jiff::Timestamp::now() - Duration::from_secs(age),
        closed: None,
    };
    for number in 0..120 {
        let policy = format!("projects/gleich-tech/alertPolicies/{}", 1000 + number % 40);
        monitoring.put_alert(alert(format!("0.a{number}"), policy, "", number));
    }
    let site = "resume".parse().unwrap();
    assert_eq!(bench.switch.caveat(&site).await, None);
    assert_eq!(bench.world().ledger.count("monitoring.get_policy"), 40);
    let ours = Monitoring::policy_of(&bench.site.seed.check);
    monitoring.put_alert(alert("0.ours".to_owned(), ours, "", 7200));
    let told = bench.switch.caveat(&site).await.expect("a caveat");
    assert!(told.starts_with("incident 0.ours of") && told.contains("swallows the next alert"), "{told}");
    // One that says itself whose it is needs no policy to be read.
    monitoring.put_alert(alert(
        "0.told".to_owned(),
        "projects/gleich-tech/alertPolicies/7".to_owned(),
        "resume",
        9,
    ));
    let before = bench.world().ledger.count("monitoring.get_policy");
    let told = bench.switch.caveat(&site).await.expect("a caveat");
    assert!(told.starts_with("incident 0.told of"), "{told}");
    assert_eq!(bench.world().ledger.count("monitoring.get_policy"), before);
}

#[tokio::test]
async fn an_incident_that_could_not_be_read_is_said_to_be_so() {
    let bench = Bench::patient(&UPTIME_CHECK, Duration::from_millis(300)).await;
    bench.world().fault(Aim::at("monitoring.list_alerts"), Fault::status(503));
    let told = bench.switch.caveat(&"resume".parse().unwrap()).await.expect("a caveat");
    assert!(told.starts_with("whether an incident is still open could not be read"), "{told}");
}

/// Without the policy nobody can tell what an incident without labels is about.
#[tokio::test]
async fn a_policy_that_may_not_be_read_is_said_to_be_so_and_one_that_is_gone_is_none() {
    let bench = Bench::patient(&UPTIME_CHECK, Duration::from_millis(300)).await;
    let policy = Monitoring::policy_of(&bench.site.seed.check);
    let alert = |policy: &str| Alert {
        project: "gleich-tech".to_owned(),
        id: "0.ours".to_owned(),
        policy: policy.to_owned(),
        site: String::new(),
        host: "will.gleich.tech".to_owned(),
        opened: "2026-11-20T12:00:00Z".parse().unwrap(),
        closed: None,
    };
    bench.world().monitoring.put_alert(alert(&policy));
    bench.world().deny("monitoring.alertPolicies.get");
    let told = bench.switch.caveat(&"resume".parse().unwrap()).await.expect("a caveat");
    assert!(told.starts_with("whether an incident is still open could not be read"), "{told}");
    assert!(told.contains("grant the account monitoring.alertPolicies.get"), "{told}");
    let bench = Bench::of(&UPTIME_CHECK).await;
    bench.world().monitoring.put_alert(alert("projects/gleich-tech/alertPolicies/7"));
    assert_eq!(bench.switch.caveat(&"resume".parse().unwrap()).await, None);
}

/// What a check says of the organisation's policy where asking for it goes like this.
async fn organisation(fault: Option<Fault>) -> Checked {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    sandbox.world.deny("orgpolicy.policy.get");
    if let Some(fault) = fault {
        sandbox.world.fault(Aim::at("orgpolicy.get_effective_policy").times(u32::MAX), fault);
    }
    let endpoints = Endpoints { iam: Some(sandbox.url(Service::Iam)), ..endpoints(&sandbox) };
    let settings = Settings { endpoints, pace: pace(Duration::from_millis(300)), ..Settings::default() };
    let token = sandbox.world.access.issue(FUNCTION_ACCOUNT, Duration::from_hours(1));
    let clients = Clients::with_tokens(settings, Arc::new(StaticToken(Secret::new(&token)))).unwrap();
    let table = (ALL_USERS.table)(&sandbox.site("resume").seed).parse().unwrap();
    clouds::read(ALL_USERS.key, &table).unwrap().build(&clients).check(&situation()).await
}

#[tokio::test]
async fn an_organisation_that_did_not_answer_is_not_known_and_one_that_may_not_be_asked_is_noted() {
    const NOTE: &str = "whether an organisation policy refuses allUsers";
    let page = Fault::Status { code: 403, retry_after: None, body: Some("<html>Sorry</html>".to_owned()) };
    for fault in [Fault::status(503), page] {
        let checked = organisation(Some(fault)).await;
        let [unseen] = &checked.unseen[..] else { panic!("{checked:?}") };
        assert!(unseen.starts_with("could not read what is in effect of iam.allowed"), "{unseen}");
        assert!(checked.notes.is_empty(), "{checked:?}");
    }
    let denied = organisation(None).await;
    assert!(denied.unseen.is_empty() && denied.notes[0].starts_with(NOTE), "{denied:?}");
}

#[tokio::test]
async fn permissions_are_asked_for_without_needing_any() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let google = clients(&sandbox, Duration::from_secs(4)).google();
    sandbox.world.deny("run.services.setIamPolicy");
    let service = sandbox.site("resume").seed.service.parse().unwrap();
    let asked = ["run.services.get", "run.services.setIamPolicy"];
    assert_eq!(google.run().run_permissions(&service, &asked).await.unwrap(), ["run.services.get"]);
    assert!(google.run().run_permissions(&service, &asked[1..]).await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_that_is_logged_holds_a_secret() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let clients = clients(&sandbox, Duration::from_secs(4));
    let token = clients.tokens().token().await.unwrap();
    let shown = format!("{clients:?} {:?} {token:?}", Settings::default());
    for secret in [token.bearer.expose(), &Options::default().cloudflare_token] {
        assert!(!shown.contains(secret));
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_may_come_back() {
    // Taken but not listened at, so that no other test gets it meanwhile.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let gone = format!("http://{}", taken.local_addr().unwrap()).parse().unwrap();
    let endpoints = Endpoints { run: Some(gone), ..Endpoints::default() };
    let settings = Settings { endpoints, pace: pace(Duration::from_millis(200)), ..Settings::default() };
    let clients = Clients::with_tokens(settings, Arc::new(StaticToken(Secret::new("x")))).unwrap();
    let service = sandbox::SiteSeed::example().service.parse().unwrap();
    let error = clients.google().run().run_service(&service).await.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::Transient);
    assert!(error.message.contains("could not be reached") && error.message.contains("refused"), "{error}");
}

#[tokio::test]
async fn a_record_of_another_name_is_found_and_the_right_one_named() {
    let bench = Bench::of(&DNS_RECORD).await;
    let situation = |host: &str| Situation {
        site: "resume".parse().unwrap(),
        settled_at: Some(Primary),
        public: failover_core::Served::By(Primary),
        public_url: Some(format!("https://{host}/").parse().unwrap()),
        standby_url: None,
        primary_url: None,
        drain: None,
        member: "user:YOU".to_owned(),
        switches: Vec::new(),
    };
    let own = bench.switch.check(&situation("resume.gleich.tech")).await;
    assert_eq!(own.problems, []);
    let other = bench.switch.check(&situation("blog.gleich.tech")).await;
    let [problem] = &other.problems[..] else { panic!("{other:?}") };
    let sentence = "the DNS record is of resume.gleich.tech, and visitors ask for blog.gleich.tech: they would not notice";
    assert_eq!(problem.sentence, sentence);
    assert!(problem.mend.contains("make a record of blog.gleich.tech"), "{}", problem.mend);
}
