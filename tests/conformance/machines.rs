//! What only switches between two machines can get wrong.

use std::time::Duration;

use cloud_failover::{
    api::ApiErrorKind,
    clouds::{Change, Readiness},
};
use failover_core::{
    Observed,
    Position::{Primary, Standby},
};
use sandbox::{Aim, Fault, Moment, PairSeed, compute::MachineSeed};

use crate::{
    bench::{Bench, situation},
    kinds::{ACCESS_CONFIG, ALIAS_IP, Kind, SECONDARY, SECONDARY_IP},
};

const BOTH: [&Kind; 2] = [&ALIAS_IP, &ACCESS_CONFIG];

fn take_away(bench: &Bench) {
    let pair = PairSeed::example();
    bench.world().hand_alias(pair.private(), None);
    bench.world().hand_external(pair.public(), None);
}

#[tokio::test]
async fn an_address_that_nobody_has_is_nowhere_until_it_is_given() {
    for kind in BOTH {
        let bench = Bench::of(kind).await;
        take_away(&bench);
        let nowhere = Observed::Mixed("neither machine has it".to_owned());
        assert_eq!(bench.look().await.observed, nowhere, "{}", kind.name);
        assert_eq!(bench.move_to(Standby).await, Change::Made);
    }
}

#[tokio::test]
async fn a_peer_that_is_off_or_gone_loses_it_all_the_same() {
    for kind in BOTH {
        let bench = Bench::of(kind).await;
        bench.world().run_machine("db-a", false);
        bench.move_to(Standby).await;
        let bench = Bench::of(kind).await;
        bench.world().compute.delete_machine("db-a");
        bench.move_to(Standby).await;
    }
}

#[tokio::test]
async fn nothing_is_taken_for_a_machine_that_is_not_there() {
    for kind in BOTH {
        let bench = Bench::of(kind).await;
        bench.world().compute.delete_machine("db-b");
        let cause = bench.set(Standby).await.unwrap_err().cause;
        assert_eq!(cause.kind, ApiErrorKind::Missing, "{cause}");
        assert!(cause.message.contains("so the address stays where it is"), "{cause}");
        assert_eq!(bench.look().await.observed, Observed::At(Primary));
        assert!(matches!(bench.switch.readiness().await.unwrap(), Readiness::Unable(_)));
    }
}

#[tokio::test]
async fn a_standby_that_is_off_could_not_serve() {
    for kind in BOTH {
        let bench = Bench::of(kind).await;
        bench.world().run_machine("db-b", false);
        let Readiness::Unable(why) = bench.switch.readiness().await.unwrap() else { panic!("{}", kind.name) };
        assert!(why.ends_with("/instances/db-b is TERMINATED"), "{why}");
    }
}

#[tokio::test]
async fn an_address_that_can_not_be_given_goes_back_to_who_had_it() {
    for (kind, second) in
        [(&ALIAS_IP, (ALIAS_IP.write, 2)), (&ACCESS_CONFIG, ("compute.add_access_config", 1))]
    {
        let bench = Bench::of(kind).await;
        bench.world().fault(Aim::at(second.0).nth(second.1), Fault::status(400));
        let cause = bench.set(Standby).await.unwrap_err().cause;
        assert_eq!(cause.kind, ApiErrorKind::Refused, "{cause}");
        assert!(cause.message.ends_with("; db-a has it again"), "{cause}");
        assert_eq!(bench.look().await.observed, Observed::At(Primary), "{}", kind.name);
    }
}

#[tokio::test]
async fn an_interface_that_others_change_meanwhile_is_read_again() {
    let bench = Bench::of(&ALIAS_IP).await;
    let reached = bench.world().stop_at(ALIAS_IP.write, 2, Moment::BeforeEffect);
    let others = async {
        reached.await.unwrap();
        bench.world().hand_alias([10, 0, 0, 77].into(), Some("db-b"));
        bench.world().breakpoints.release();
    };
    let (set, ()) = tokio::join!(bench.set(Standby), others);
    assert_eq!(set.unwrap(), Change::Made);
    assert_eq!(bench.truth(), Standby);
    assert_eq!(bench.world().compute.holders([10, 0, 0, 77].into()), ["db-b"], "others keep theirs");
}

#[tokio::test]
async fn what_the_other_side_took_meanwhile_is_taken_from_it() {
    for kind in BOTH {
        let bench = Bench::of(kind).await;
        let seen = bench.look().await;
        (kind.by_hand)(bench.world(), &bench.site);
        bench.switch.set(Standby, Some(seen)).await.unwrap();
        assert_eq!(bench.truth(), Standby, "{}", kind.name);
        let back = bench.look().await;
        take_away(&bench);
        assert_eq!(bench.switch.set(Primary, Some(back)).await.unwrap(), Change::Made, "{}", kind.name);
        assert_eq!(bench.look().await.observed, Observed::At(Primary), "{}", kind.name);
    }
}

#[tokio::test]
async fn an_operation_that_takes_its_time_is_waited_for() {
    for kind in BOTH {
        let bench = Bench::of(kind).await;
        bench.world().compute.operations_take(Duration::from_millis(1200));
        bench.move_to(Standby).await;
    }
}

#[tokio::test]
async fn a_third_machine_keeps_the_address_and_is_told_of() {
    let bench = Bench::patient(&ALIAS_IP, Duration::from_millis(600)).await;
    take_away(&bench);
    bench.world().compute.add_machine(MachineSeed {
        project: "gleich-tech".to_owned(),
        zone: "us-central1-c".to_owned(),
        name: "db-c".to_owned(),
        subnet: "projects/gleich-tech/regions/us-central1/subnetworks/db".to_owned(),
        ip: [10, 0, 0, 13].into(),
        aliases: vec![("10.0.0.250/32".parse().unwrap(), None)],
    });
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Conflict, "{cause}");
    assert!(
        cause.message.contains("IP_IN_USE_BY_ANOTHER_RESOURCE: IP '10.0.0.250/32' is already"),
        "{cause}"
    );
}

#[tokio::test]
async fn another_external_address_of_the_receiver_is_left_alone() {
    let bench = Bench::of(&ACCESS_CONFIG).await;
    bench.world().hand_external([203, 0, 113, 77].into(), Some("db-b"));
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Refused, "{cause}");
    assert!(cause.message.contains("db-b has the external address 203.0.113.77 already"), "{cause}");
    assert_eq!(bench.truth(), Primary);
}

#[tokio::test]
async fn who_may_detach_but_not_attach_detaches_nothing() {
    let bench = Bench::of(&ACCESS_CONFIG).await;
    bench.world().deny("compute.instances.addAccessConfig");
    let cause = bench.set(Standby).await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Denied, "{cause}");
    assert_eq!(bench.truth(), Primary);
}

/// What each kind needs, as far as a look doesn't show it.
const NEEDED: [(&Kind, &[&str]); 2] = [
    (&ALIAS_IP, &["compute.instances.updateNetworkInterface", "compute.subnetworks.use"]),
    (
        &ACCESS_CONFIG,
        &[
            "compute.instances.addAccessConfig",
            "compute.instances.deleteAccessConfig",
            "compute.subnetworks.useExternalIp",
            "compute.addresses.use",
        ],
    ),
];

#[tokio::test]
async fn whatever_permission_lacks_nothing_is_taken_and_a_check_finds_it() {
    for (kind, permission) in
        NEEDED.into_iter().flat_map(|(kind, all)| all.iter().map(move |one| (kind, *one)))
    {
        let mut bench = Bench::of(kind).await;
        let before = (bench.world().compute.machine("db-a"), bench.world().compute.machine("db-b"));
        bench.world().deny(permission);
        bench.begin();
        let cause = bench.set(Standby).await.unwrap_err().cause;
        assert_eq!((cause.kind, bench.writes()), (ApiErrorKind::Denied, 0), "{cause}");
        assert!(cause.message.contains("so nothing was taken from anybody"), "{cause}");
        assert!(cause.message.contains(&format!("grant the account {permission} on projects/")), "{cause}");
        let after = (bench.world().compute.machine("db-a"), bench.world().compute.machine("db-b"));
        assert_eq!(after, before, "{permission}");
        let checked = bench.switch.check(&situation()).await;
        assert!(checked.problems.iter().any(|problem| problem.sentence.contains(permission)), "{checked:?}");
    }
}

#[tokio::test]
async fn a_question_after_permissions_that_gets_no_answer_leaves_the_address_where_it_is() {
    for kind in BOTH {
        let mut bench = Bench::patient(kind, Duration::from_millis(600)).await;
        bench.world().fault(Aim::at("compute.test_permissions").times(u32::MAX), Fault::status(503));
        bench.begin();
        let cause = bench.set(Standby).await.unwrap_err().cause;
        assert_eq!((cause.kind, bench.writes()), (ApiErrorKind::Transient, 0), "{cause}");
        assert_eq!(bench.truth(), Primary);
    }
}

#[tokio::test]
async fn what_is_given_is_what_was_taken_with_the_name_of_its_range() {
    let bench = Bench::of(&SECONDARY).await;
    bench.world().compute.hand_range(format!("{SECONDARY_IP}/32").parse().unwrap(), "pods", "db-a");
    let found = bench.switch.check(&situation()).await.problems;
    assert_eq!(
        found[0].mend, "secondary_range = \"pods\"   # in the configuration, beside range",
        "{found:?}"
    );
    bench.move_to(Standby).await;
    let interface = &bench.world().compute.machine("db-b").unwrap()["networkInterfaces"][0];
    let given = interface["aliasIpRanges"].as_array().unwrap().iter();
    let given = given.filter(|alias| alias["ipCidrRange"] == "10.1.0.250/32").collect::<Vec<_>>();
    assert_eq!(given[0]["subnetworkRangeName"], "pods");
    // Whoever finds it with nobody doesn't know of whom it was: the subnet tells.
    let bench = Bench::of(&SECONDARY).await;
    assert_eq!(bench.move_to(Standby).await, Change::Made);
}

#[tokio::test]
async fn an_undo_puts_back_exactly_what_was_there_and_is_not_repeated_on_a_machine_that_lives() {
    let bench = Bench::of(&SECONDARY).await;
    bench.world().compute.hand_range(format!("{SECONDARY_IP}/32").parse().unwrap(), "pods", "db-a");
    bench.world().hand_alias([10, 0, 0, 77].into(), Some("db-a"));
    let interface =
        |bench: &Bench| bench.world().compute.machine("db-a").unwrap()["networkInterfaces"].clone();
    let before = interface(&bench);
    bench.world().fault(Aim::at(ALIAS_IP.write).nth(2), Fault::status(400));
    let first = bench.set(Standby).await.unwrap_err().cause;
    assert!(first.message.ends_with("; db-a has it again"), "{first}");
    assert_eq!(interface(&bench), before);
    let writes = bench.world().ledger.count(ALIAS_IP.write);
    let second = bench.set(Standby).await.unwrap_err().cause;
    assert!(second.message.contains("db-a has it again; it is not tried again while"), "{second}");
    assert_eq!(bench.world().ledger.count(ALIAS_IP.write), writes, "nothing was taken");
    // What changes at either, or a holder that is off, is another matter.
    bench.world().run_machine("db-a", false);
    assert_eq!(bench.set(Standby).await.unwrap(), Change::Made);
}

#[tokio::test]
async fn a_machine_that_is_not_ready_yet_is_waited_for() {
    for kind in BOTH {
        let bench = Bench::of(kind).await;
        bench.world().compute.not_ready("db-b", 2);
        bench.move_to(Standby).await;
    }
}

#[tokio::test]
async fn a_list_that_lacks_a_zone_is_no_proof_that_a_machine_is_gone() {
    let bench = Bench::patient(&ALIAS_IP, Duration::from_millis(600)).await;
    // The second machine is named without its zone.
    bench.world().compute.silence_zone("us-central1-b");
    let cause = bench.switch.observe().await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Transient, "{cause}");
    assert!(cause.message.contains("could not look into zones/us-central1-b"), "{cause}");
}

/// Whatever became of the answer, whoever reads then finds the address with nobody.
fn unheard() -> [Fault; 2] {
    [Fault::LostAnswer, Fault::HangAfter]
}

#[tokio::test]
async fn a_range_that_was_taken_without_an_answer_is_given_with_its_name() {
    for fault in unheard() {
        let bench = Bench::patient(&SECONDARY, Duration::from_millis(600)).await;
        bench.world().compute.hand_range(format!("{SECONDARY_IP}/32").parse().unwrap(), "pods", "db-a");
        // Nobody else tells of which range it is.
        bench.world().deny("compute.subnetworks.get");
        bench.world().fault(Aim::at(ALIAS_IP.write).nth(1), fault.clone());
        let _ = bench.set(Standby).await;
        bench.move_to(Standby).await;
        let interface = &bench.world().compute.machine("db-b").unwrap()["networkInterfaces"][0];
        let mut given = interface["aliasIpRanges"].as_array().unwrap().iter();
        let given = given.find(|alias| alias["ipCidrRange"] == "10.1.0.250/32");
        assert_eq!(given.unwrap()["subnetworkRangeName"], "pods", "{fault:?}");
    }
}

#[tokio::test]
async fn an_access_config_that_was_taken_without_an_answer_is_given_with_its_name() {
    for fault in unheard() {
        let bench = Bench::patient(&ACCESS_CONFIG, Duration::from_millis(600)).await;
        bench.world().compute.name_external(PairSeed::example().public(), "db-nat");
        bench.world().fault(Aim::at(ACCESS_CONFIG.write).nth(1), fault.clone());
        let _ = bench.set(Standby).await;
        bench.move_to(Standby).await;
        let interface = &bench.world().compute.machine("db-b").unwrap()["networkInterfaces"][0];
        assert_eq!(interface["accessConfigs"][0]["name"], "db-nat", "{fault:?}");
    }
}

/// What was taken is only worth something until somebody has the address again.
#[tokio::test]
async fn what_was_taken_is_forgotten_once_somebody_has_it() {
    let bench = Bench::patient(&ACCESS_CONFIG, Duration::from_millis(600)).await;
    let public = PairSeed::example().public();
    bench.world().compute.name_external(public, "db-nat");
    bench.world().fault(Aim::at(ACCESS_CONFIG.write).nth(1), Fault::status(400));
    bench.set(Standby).await.unwrap_err();
    bench.world().hand_external(public, Some("db-b"));
    bench.move_to(Standby).await;
    bench.world().hand_external(public, None);
    bench.move_to(Standby).await;
    let interface = &bench.world().compute.machine("db-b").unwrap()["networkInterfaces"][0];
    assert_eq!(interface["accessConfigs"][0]["name"], "External NAT");
}
