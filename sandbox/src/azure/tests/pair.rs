//! What a pair is made of.

use serde_json::json;

use super::cloud::{Cloud, names};
use crate::azure::pair::{LOCATION, SUBSCRIPTION};
use crate::network::{Pair, PairSeed};
use crate::options::Options;
use crate::sandbox::Sandbox;

#[test]
fn everything_is_in_one_group_and_named_after_the_pair() {
    let pair = PairSeed::example();
    let below = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/db/providers");
    for (id, expected) in [
        (pair.on_azure().interface(0), "Microsoft.Network/networkInterfaces/db-a-nic"),
        (pair.on_azure().interface(1), "Microsoft.Network/networkInterfaces/db-b-nic"),
        (pair.on_azure().machine_id(1), "Microsoft.Compute/virtualMachines/db-b"),
        (pair.on_azure().public_ip(), "Microsoft.Network/publicIPAddresses/db-public"),
        (pair.on_azure().subnet(), "Microsoft.Network/virtualNetworks/db-vnet/subnets/machines"),
    ] {
        assert_eq!(id, format!("{below}/{expected}"));
    }
    assert_eq!((pair.private(), pair.public()), ([10, 0, 0, 250].into(), [203, 0, 113, 9].into()));
}

#[test]
fn the_first_one_has_what_moves_and_both_have_what_is_somebody_elses() {
    let cloud = Cloud::new();
    let [first, second] = [cloud.get(0), cloud.get(1)];
    assert_eq!(
        (names(&first), names(&second)),
        (vec!["ipconfig1", "reports", "vip"], vec!["ipconfig1", "reports"])
    );
    for interface in [first, second] {
        let properties = &interface["properties"];
        assert_eq!(
            (&interface["location"], &interface["tags"]),
            (&json!(LOCATION), &json!({"owner": "db-team"}))
        );
        assert_eq!(properties["enableIPForwarding"], true);
        assert_eq!(properties["enableAcceleratedNetworking"], true);
        assert_eq!(properties["dnsSettings"]["dnsServers"], json!(["10.0.0.53"]));
        assert!(properties["networkSecurityGroup"]["id"].is_string());
        assert!(
            properties["ipConfigurations"][0]["properties"]["applicationSecurityGroups"][0]["id"].is_string()
        );
    }
}

#[test]
fn each_machine_is_somebody_of_its_own() {
    let cloud = Cloud::new();
    let [first, second] = ["db-a", "db-b"].map(|name| cloud.azure().identities(name));
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first[0].principal, second[0].principal);
    assert!(cloud.azure().identities("db-c").is_empty());
}

#[tokio::test]
async fn pairs_of_both_clouds_share_one_network() {
    let options = Options { sites: Vec::new(), ..Options::default() };
    let sandbox = Sandbox::start(options).await.expect("loopback");
    let azure: Pair =
        sandbox.add_azure_pair(PairSeed::on_loopback("blue")).expect("loopback").expect("a pair");
    let google =
        sandbox.add_pair(crate::network::PairSeed::on_loopback("red")).expect("loopback").expect("a pair");
    let served = async |address: std::net::SocketAddr| {
        let answer = reqwest::get(format!("http://{address}/")).await.ok()?;
        Some(answer.headers()["served-machine"].to_str().ok()?.to_owned())
    };
    assert_eq!(served(azure.private).await.as_deref(), Some("blue-a"));
    assert_eq!(served(google.private).await.as_deref(), Some("red-a"));
    sandbox.world.run_machine("blue-a", false);
    while served(azure.private).await.is_some() {}
    assert_eq!(served(google.private).await.as_deref(), Some("red-a"));
    assert_eq!(served(azure.own[1]).await.as_deref(), Some("blue-b"));
}

#[tokio::test]
async fn one_that_is_on_paper_has_no_doors() {
    let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
    let seed = PairSeed { name: "paper".to_owned(), network: [10, 7, 0] };
    assert!(sandbox.add_azure_pair(seed.clone()).expect("nothing to bind").is_none());
    assert_eq!(sandbox.world.azure.holders(seed.private()), ["paper-a"]);
}
