//! Whatever is asked in whatever order, every interface keeps the rules.

use std::collections::HashSet;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::cloud::{Cloud, configuration, configurations, names};
use crate::frame::call::Reply;

/// One step: somebody edits an interface this way, whether that is allowed or not.
fn edit(random: &mut StdRng, cloud: &Cloud, one: &mut Value) {
    let last: u8 = random.random_range(0..=20);
    let address = format!("10.0.0.{}", u16::from(last) * 12 + 10);
    let all = configurations(one);
    match random.random_range(0..8) {
        0 => all.push(configuration(&format!("c{last}"), &address)),
        1 => all
            .push(json!({"name": format!("d{last}"), "properties": {"subnet": {"id": cloud.pair.on_azure().subnet()}}})),
        2 if !all.is_empty() => drop(all.remove(random.random_range(0..all.len()))),
        3 => all.retain(|one| one["name"] != "vip"),
        4 if all.iter().all(|one| one["name"] != "vip") => all.push(configuration("vip", "10.0.0.250")),
        5 => all[0]["properties"]["primary"] = json!(random.random::<bool>()),
        6 => all.reverse(),
        _ => one["tags"]["step"] = json!(address),
    }
}

/// Every address that is on an interface, or not yet given up by it.
fn addresses(cloud: &Cloud) -> Vec<String> {
    let of = |index: usize| {
        let interface = cloud.get(index);
        let all = interface["properties"]["ipConfigurations"].as_array().cloned().unwrap_or_default();
        all.into_iter().map(|one| one["properties"]["privateIPAddress"].as_str().unwrap_or("none").to_owned())
    };
    of(0).chain(of(1)).collect()
}

fn check(cloud: &Cloud, seed: u64) {
    let all = addresses(cloud);
    assert!(!all.contains(&"none".to_owned()), "seed {seed}: {all:?}");
    assert_eq!(
        all.iter().collect::<HashSet<_>>().len(),
        all.len(),
        "seed {seed}: an address twice in {all:?}"
    );
    for index in 0..2 {
        let interface = cloud.get(index);
        let all = interface["properties"]["ipConfigurations"].as_array().expect("a list");
        let primary: Vec<&Value> = all.iter().filter(|one| one["properties"]["primary"] == true).collect();
        assert!(matches!(primary.as_slice(), [one] if one["name"] == "ipconfig1"), "seed {seed}: {all:?}");
        assert_eq!(names(&interface).iter().collect::<HashSet<_>>().len(), all.len(), "seed {seed}");
    }
    assert!(cloud.holders().len() <= 1, "seed {seed}");
}

/// An etag belongs to one state: refused, an interface keeps its etag and everything else.
fn check_answer(before: &Value, after: &Value, reply: &Reply, seed: u64) {
    if reply.status >= 400 {
        assert_eq!(before, after, "seed {seed}");
    } else if before["etag"] == after["etag"] {
        assert_eq!(before["properties"], after["properties"], "seed {seed}");
    }
}

#[test]
fn every_interface_keeps_the_rules_whatever_is_asked() {
    let mut counts = [0, 0];
    for seed in 0..20 {
        let mut random = StdRng::seed_from_u64(seed);
        let cloud = Cloud::new();
        for _ in 0..25 {
            let index = random.random_range(0..2);
            let before = cloud.get(index);
            let reply = cloud.put(index, |one| edit(&mut random, &cloud, one));
            let after = cloud.get(index);
            check_answer(&before, &after, &reply, seed);
            counts[usize::from(reply.status >= 400)] += 1;
            check(&cloud, seed);
        }
    }
    let [accepted, refused] = counts;
    assert!(accepted > 100 && refused > 50, "{accepted} accepted, {refused} refused: too much of one kind");
}

#[test]
fn with_slow_operations_the_network_leads_an_address_to_one_machine_at_most() {
    for seed in 0..10 {
        let mut random = StdRng::seed_from_u64(seed);
        let cloud = Cloud::new();
        cloud.azure().hand.newer_writes_win();
        for _ in 0..25 {
            let takes = [Duration::ZERO, Duration::from_mins(1)][random.random_range(0..2)];
            cloud.azure().hand.operations_take(takes);
            if random.random_range(0..5) == 0 {
                cloud.azure().hand.fail_next_operation("OperationNotAllowed", "Not now.");
            }
            let index = random.random_range(0..2);
            cloud.put(index, |one| edit(&mut random, &cloud, one));
            check(&cloud, seed);
        }
    }
}
