//! Whatever isn't the configuration that moves is somebody else's, and changing it breaks a promise.

use serde_json::{Value, json};

use super::cloud::{Cloud, Edit, configuration, configurations, without_vip};
use crate::frame::promises::Promise;

fn broken_by(index: usize, edit: impl FnOnce(&mut Value)) -> Vec<String> {
    let cloud = Cloud::new();
    let reply = cloud.put(index, edit);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let broken = cloud.world.promises.violations();
    assert!(broken.iter().all(|one| one.promise == Promise::NothingForeign));
    broken.into_iter().map(|one| one.sentence).collect()
}

const FOREIGN: [Edit; 9] = [
    |one| one["tags"]["owner"] = json!("me"),
    |one| one["properties"]["enableIPForwarding"] = json!(false),
    |one| one["properties"]["enableAcceleratedNetworking"] = json!(false),
    |one| one["properties"]["disableTcpStateTracking"] = json!(true),
    |one| one["properties"]["dnsSettings"]["dnsServers"] = json!(["10.0.0.54"]),
    |one| one["properties"]["dnsSettings"]["internalDnsNameLabel"] = json!("mine"),
    |one| configurations(one)[1]["name"] = json!("renamed"),
    |one| configurations(one)[1]["properties"]["privateIPAddress"] = json!("10.0.0.33"),
    |one| configurations(one).push(configuration("another", "10.0.0.77")),
];

#[test]
fn what_is_somebody_elses_stays_as_it_is() {
    for (case, edit) in FOREIGN.into_iter().enumerate() {
        let broken = broken_by(0, edit);
        assert!(
            matches!(broken.as_slice(), [one] if one.contains("was changed where it isn't ours")),
            "{case}"
        );
    }
}

const OURS: [Edit; 3] = [
    without_vip,
    |one| drop(configurations(one)[2]["properties"].as_object_mut().unwrap().remove("publicIPAddress")),
    |one| configurations(one)[2]["name"] = json!("mirror"),
];

#[test]
fn what_moves_may_go_and_change() {
    for (case, edit) in OURS.into_iter().enumerate() {
        assert_eq!(broken_by(0, edit), [""; 0], "{case}");
    }
    let cloud = Cloud::new();
    let vip = cloud.vip();
    cloud.put(0, without_vip);
    cloud.put(1, |one| configurations(one).push(vip));
    assert!(cloud.world.promises.violations().is_empty());
}

#[test]
fn a_write_that_is_refused_breaks_nothing() {
    let cloud = Cloud::new();
    cloud.put(0, |one| configurations(one).clear());
    cloud.put_on(0, &json!({"location": "westeurope"}), "W/\"stale\"");
    assert!(cloud.world.promises.violations().is_empty());
}
