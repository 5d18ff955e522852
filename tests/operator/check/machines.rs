//! Two machines and the address that one of them has.

use std::net::Ipv4Addr;

use sandbox::{
    Cidr, PairSeed,
    compute::{AddressSeed, MachineSeed, Subnet},
};
use serde_json::Value;

use super::deployment::{Case, Deployment, each_in};

const CRITICAL: (&str, &str) = ("route", "critical");
const PUBLIC: &str = "projects/gleich-tech/regions/us-central1/addresses/db-public";

pub(super) async fn alias() -> Deployment {
    Deployment::mirror("gcp_alias_ip", "range = \"10.0.0.250/32\"").await
}

pub(super) async fn external() -> Deployment {
    external_named(PUBLIC).await
}

async fn external_named(address: &str) -> Deployment {
    Deployment::mirror("gcp_access_config", &format!("address = \"{address}\"")).await
}

fn machine(name: &str, subnet: &str) -> MachineSeed {
    MachineSeed {
        project: "gleich-tech".to_owned(),
        zone: "us-central1-b".to_owned(),
        name: name.to_owned(),
        subnet: format!("projects/gleich-tech/regions/us-central1/subnetworks/{subnet}"),
        ip: [10, 0, 0, 13].into(),
        aliases: Vec::new(),
    }
}

fn take_away(deployment: &Deployment) {
    let pair = PairSeed::example();
    deployment.world().hand_alias(pair.private(), None);
    deployment.world().hand_external(pair.public(), None);
}

const OF_BOTH_KINDS: [Case; 3] = [
    (
        |d| d.world().compute.delete_machine("db-b"),
        CRITICAL,
        "projects/gleich-tech/instances/db-b is not there, so the address could not be given to it",
        "gcloud compute instances list --project gleich-tech",
    ),
    (
        |d| d.world().run_machine("db-b", false),
        CRITICAL,
        "/instances/db-b is TERMINATED: it would answer nobody",
        "gcloud compute instances start db-b --zone us-central1-b --project gleich-tech",
    ),
    (take_away, CRITICAL, "neither machine has it", "failover act failback --force --site db"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_either_machine_is_found() {
    each_in(alias, &OF_BOTH_KINDS).await;
    each_in(external, &OF_BOTH_KINDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_an_alias_range_can_suffer_is_found() {
    let elsewhere = |d: &Deployment| {
        d.world().compute.delete_machine("db-b");
        let path = "projects/gleich-tech/regions/us-central1/subnetworks/other".to_owned();
        let range = Cidr::around([10, 9, 0, 0].into(), 24);
        d.world().compute.add_subnet(Subnet { path, range, secondary: Vec::new() });
        d.world().compute.add_machine(machine("db-b", "other"));
    };
    let sentence = "db-b in projects/gleich-tech/regions/us-central1/subnetworks/other: an alias range";
    each_in(alias, &[(elsewhere, CRITICAL, sentence, "make one of them anew in the other's subnet")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_an_external_address_can_suffer_is_found() {
    each_in(
        external,
        &[
            (
                |d| d.world().hand_external([203, 0, 113, 77].into(), Some("db-b")),
                CRITICAL,
                "db-b has the external address 203.0.113.77 already",
                "gcloud compute instances delete-access-config db-b --zone us-central1-b --project gleich-tech \
                 --network-interface nic0 --access-config-name \"External NAT\"",
            ),
            (
                |d| {
                    d.world().compute.add_machine(machine("db-c", "db"));
                    d.world().hand_external(PairSeed::example().public(), Some("db-c"));
                },
                CRITICAL,
                "/instances/db-c, which is neither machine",
                "gcloud compute addresses describe db-public",
            ),
        ],
    )
    .await;
    let report = external_named(&PUBLIC.replace("public", "other")).await.report().await;
    let create = "gcloud compute addresses create db-other --region us-central1 --project gleich-tech";
    Deployment::assert_found(&report, CRITICAL, "db-other is not reserved", create);
    let far = PUBLIC.replace("us-central1", "europe-west1");
    let deployment = external_named(&far).await;
    let ip = Ipv4Addr::new(203, 0, 113, 78);
    deployment.world().compute.add_address(AddressSeed { path: far, ip });
    let report = deployment.report().await;
    Deployment::assert_found(&report, CRITICAL, "is in another region than", "have to be in one region");
}

/// What is found of both machines, each with its own command.
async fn found_of_both(deployment: &Deployment, sentence: &str, mend: &str) {
    let report = deployment.report().await;
    let findings = report["findings"].as_array().expect("findings");
    let fits = |finding: &Value| {
        finding["sentence"].as_str().is_some_and(|told| told.contains(sentence))
            && finding["mend"].as_str().is_some_and(|told| told.contains(mend))
    };
    assert!(findings.len() == 2 && findings.iter().all(fits), "{report:#}");
    assert!(deployment.sandbox.world.ledger.writes().is_empty(), "a check wrote to a cloud");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_both_machines_lack_is_found_of_each() {
    for (kind, permission) in [
        ("alias", "compute.instances.updateNetworkInterface"),
        ("alias", "compute.instances.get"),
        ("external", "compute.instances.addAccessConfig"),
        ("external", "compute.instances.deleteAccessConfig"),
    ] {
        let deployment = if kind == "alias" { alias().await } else { external().await };
        deployment.world().deny(permission);
        found_of_both(&deployment, &format!("lacks {permission} on"), "add-iam-policy-binding db-").await;
    }
    let mut deployment = alias().await;
    deployment.settings.rest += "interface = \"nic1\"\n";
    found_of_both(&deployment, "has no interface nic1", "gcloud compute instances list").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_has_is_given_by_the_command_that_mends_it() {
    for deployment in [alias().await, external().await] {
        take_away(&deployment);
        deployment.run(&["act", "failback", "--force", "--site", "db"], &[]).await.ends(0);
        deployment.run(&["check"], &[]).await.ends(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_primary_that_is_off_is_a_warning() {
    let deployment = alias().await;
    deployment.run(&["act", "failover", "--site", "db", "--force"], &[]).await.ends(0);
    deployment.world().run_machine("db-a", false);
    let report = deployment.report().await;
    Deployment::assert_found(&report, ("route", "warning"), "db-a is TERMINATED", "instances start db-a");
}
