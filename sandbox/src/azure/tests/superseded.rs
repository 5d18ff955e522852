//! What becomes of operations that don't simply succeed.

use std::time::Duration;

use serde_json::{Value, json};

use super::cloud::{Cloud, configuration, configurations, names, read, without_vip};
use crate::frame::call::Reply;

const LONG: Duration = Duration::from_mins(5);

fn status(cloud: &Cloud, accepted: &Reply) -> String {
    cloud.operation(accepted)["status"].as_str().expect("a status").to_owned()
}

fn tag(value: u32) -> impl FnOnce(&mut Value) {
    move |one| one["tags"]["round"] = json!(value.to_string())
}

#[test]
fn of_many_writes_only_the_last_is_carried_out() {
    let cloud = Cloud::new();
    cloud.azure().hand.newer_writes_win();
    cloud.azure().hand.operations_take(LONG);
    let mut accepted: Vec<Reply> = (0..4).map(|round| cloud.put(0, tag(round))).collect();
    cloud.azure().hand.operations_take(Duration::ZERO);
    accepted.push(cloud.put(0, without_vip));
    let seen: Vec<String> = accepted.iter().map(|one| status(&cloud, one)).collect();
    assert_eq!(seen, ["Canceled", "Canceled", "Canceled", "Canceled", "Succeeded"]);
    assert_eq!(cloud.get(0)["tags"]["round"], "3", "each was written on top of the one before");
    assert!(cloud.holders().is_empty());
}

#[test]
fn one_that_overtakes_and_fails_leaves_what_was_before_both() {
    let cloud = Cloud::new();
    cloud.azure().hand.newer_writes_win();
    cloud.azure().hand.operations_take(LONG);
    let before = cloud.get(0);
    let first = cloud.put(0, without_vip);
    cloud.azure().hand.operations_take(Duration::ZERO);
    cloud.azure().hand.fail_next_operation("OperationPreempted", "Another one came first.");
    let second = cloud.put(0, tag(1));
    assert_eq!([status(&cloud, &first), status(&cloud, &second)], ["Canceled", "Failed"]);
    let after = cloud.get(0);
    assert_eq!((names(&after), &after["tags"]), (names(&before), &before["tags"]));
    assert_eq!(cloud.holders(), ["db-a"]);
}

#[test]
fn only_the_next_one_fails() {
    let cloud = Cloud::new();
    cloud.azure().hand.fail_next_operation("OperationNotAllowed", "Not now.");
    let accepted = [cloud.put(0, tag(1)), cloud.put(0, tag(2))];
    assert_eq!(accepted.each_ref().map(|one| status(&cloud, one)), ["Failed", "Succeeded"]);
    assert_eq!(cloud.get(0)["tags"]["round"], "2");
}

#[test]
fn a_failure_is_kept_for_a_write_that_begins_an_operation() {
    let cloud = Cloud::new();
    cloud.azure().hand.fail_next_operation("OperationNotAllowed", "Not now.");
    assert_eq!(cloud.put(0, |_| {}).header_value("azure-asyncoperation"), None, "nothing was to be done");
    assert_eq!(cloud.put(0, |one| configurations(one).clear()).status, 400);
    assert_eq!(status(&cloud, &cloud.put(0, tag(1))), "Failed");
}

#[test]
fn an_interface_whose_making_failed_is_there_and_says_so() {
    let cloud = Cloud::new();
    let path = cloud.path(0).replace("db-a-nic", "db-c-nic");
    let body = json!({"location": "westeurope", "properties": {"ipConfigurations": [configuration("one", "10.0.0.99")]}});
    cloud.azure().hand.fail_next_operation("OperationNotAllowed", "Not now.");
    let accepted = cloud.answer(&cloud.call("PUT", &path).with_body(body.to_string()));
    assert_eq!((accepted.status, status(&cloud, &accepted)), (201, "Failed".to_owned()));
    let made = read(&cloud.answer(&cloud.call("GET", &path)));
    assert_eq!(made["properties"]["provisioningState"], "Failed");
    let again = cloud.answer(&cloud.call("PUT", &path).with_body(body.to_string()));
    assert_eq!((again.status, status(&cloud, &again)), (200, "Succeeded".to_owned()));
}

#[test]
fn what_was_being_done_to_an_interface_ends_with_it() {
    let cloud = Cloud::new();
    cloud.azure().hand.operations_take(LONG);
    let accepted = cloud.put(0, without_vip);
    assert_eq!(status(&cloud, &accepted), "InProgress");
    cloud.azure().hand.delete_interface("db-a-nic");
    assert_eq!(status(&cloud, &accepted), "Succeeded");
    assert_eq!(cloud.put(1, |one| configurations(one).push(configuration("vip", "10.0.0.250"))).status, 200);
}

#[test]
fn an_address_that_is_leaving_may_come_back_before_it_has_left() {
    let cloud = Cloud::new();
    cloud.azure().hand.newer_writes_win();
    cloud.azure().hand.operations_take(LONG);
    let vip = cloud.vip();
    cloud.put(0, without_vip);
    assert_eq!(cloud.put(0, |one| configurations(one).push(vip)).status, 200, "it is still its own");
    assert_eq!(cloud.holders(), ["db-a"]);
}

#[test]
fn the_number_of_writes_that_a_test_allows_counts_here_too() {
    let cloud = Cloud::new();
    let call = cloud.call("PUT", &cloud.path(0));
    cloud.world.promises.allow_writes(0);
    cloud.world.ledger.book.arrive(&call, "azure.put_interface", crate::frame::provider::Kind::Write);
    cloud.put(0, without_vip);
    assert_eq!(cloud.world.promises.violations().len(), 1);
}
