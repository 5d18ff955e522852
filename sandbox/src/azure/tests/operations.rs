//! A write is answered before it is carried out: what is seen meanwhile, and how it ends.

use std::time::Duration;

use serde_json::{Value, json};

use super::cloud::{Cloud, configurations, operation_path, read, refused, without_vip};

const LONG: Duration = Duration::from_secs(25);

fn slow() -> Cloud {
    let cloud = Cloud::new();
    cloud.azure().hand.operations_take(LONG);
    cloud
}

#[test]
fn an_update_is_answered_200_while_it_is_still_running() {
    let cloud = slow();
    let accepted = cloud.put(0, without_vip);
    assert_eq!((accepted.status, accepted.header_value("retry-after")), (200, Some("10")));
    let path = operation_path(&accepted);
    assert!(path.contains("/providers/Microsoft.Network/locations/westeurope/operations/"), "{path}");
    assert!(path.ends_with("?api-version=2026-03-01"), "{path}");
    let shown = read(&accepted);
    assert_eq!(shown["properties"]["provisioningState"], "Updating");
    assert_eq!(shown["properties"]["ipConfigurations"][0]["properties"]["provisioningState"], "Updating");
    let running = cloud.answer(&cloud.call("GET", &path));
    assert_eq!(
        (read(&running), running.header_value("retry-after")),
        (json!({"status": "InProgress"}), Some("10"))
    );
}

#[test]
fn the_pause_that_is_asked_for_fits_how_long_operations_take() {
    for (takes, pause) in [(0, "0"), (1, "1"), (300, "1"), (2_000, "2"), (2_001, "3"), (60_000, "10")] {
        let cloud = Cloud::new();
        cloud.azure().hand.operations_take(Duration::from_millis(takes));
        assert_eq!(cloud.put(0, without_vip).header_value("retry-after"), Some(pause), "{takes} ms");
    }
}

#[test]
fn until_the_end_the_address_leads_where_it_led_and_nobody_else_can_have_it() {
    let cloud = slow();
    let vip = cloud.vip();
    cloud.put(0, without_vip);
    assert_eq!(cloud.holders(), ["db-a"]);
    assert_eq!(cloud.azure().holders(cloud.pair.public()), ["db-a"]);
    refused(&cloud.put(1, |one| configurations(one).push(vip.clone())), 400, "PrivateIPAddressInUse");
    let mut other = vip;
    other["properties"]["privateIPAddress"] = json!("10.0.0.251");
    refused(&cloud.put(1, |one| configurations(one).push(other)), 400, "PublicIPAddressInUse");
}

#[test]
fn one_that_takes_no_time_is_seen_to_have_ended_by_the_next_look() {
    let cloud = Cloud::new();
    let vip = cloud.vip();
    let accepted = cloud.put(0, without_vip);
    assert_eq!(read(&accepted)["properties"]["provisioningState"], "Updating");
    assert_eq!(cloud.operation(&accepted), json!({"status": "Succeeded"}));
    assert!(cloud.holders().is_empty());
    let given = cloud.put(1, |one| configurations(one).push(vip));
    assert_eq!(cloud.operation(&given)["status"], "Succeeded");
    assert_eq!(
        (cloud.holders(), cloud.azure().holders(cloud.pair.public())),
        (vec!["db-b".to_owned()], vec!["db-b".to_owned()])
    );
    assert!(cloud.world.promises.violations().is_empty());
}

#[test]
fn a_second_write_of_a_busy_interface_is_refused_and_told_where_the_first_one_is() {
    let cloud = slow();
    let path = operation_path(&cloud.put(0, without_vip));
    let told = refused(&cloud.put(0, |one| one["tags"]["x"] = json!("y")), 409, "AnotherOperationInProgress");
    assert!(told.contains(&path), "{told}");
    assert_eq!(cloud.put(1, |one| one["tags"]["x"] = json!("y")).status, 200, "another interface is free");
}

#[test]
fn a_newer_write_may_win_and_cancel_the_one_that_is_running() {
    let cloud = slow();
    cloud.azure().hand.newer_writes_win();
    let first = cloud.put(0, without_vip);
    let second = cloud.put(0, |one| one["tags"]["x"] = json!("y"));
    let canceled = cloud.operation(&first);
    assert_eq!(canceled["status"], "Canceled");
    assert_eq!(canceled["error"]["code"], "CanceledAndSupersededDueToAnotherOperation");
    assert_eq!(cloud.operation(&second)["status"], "InProgress");
    assert_eq!(cloud.holders(), ["db-a"], "neither has had its effect");
}

#[test]
fn one_that_failed_leaves_the_interface_as_it_was_and_saying_so() {
    let cloud = Cloud::new();
    cloud.azure().hand.fail_next_operation("OperationNotAllowed", "The VM is being deleted.");
    let accepted = cloud.put(0, without_vip);
    let failed = cloud.operation(&accepted);
    assert_eq!((accepted.status, &failed["status"]), (200, &json!("Failed")));
    assert_eq!(
        failed["error"],
        json!({"code": "OperationNotAllowed", "message": "The VM is being deleted.", "details": []})
    );
    assert_eq!(cloud.holders(), ["db-a"]);
    assert_eq!(cloud.get(0)["properties"]["provisioningState"], "Failed");
    assert_eq!(cloud.vip()["properties"]["provisioningState"], "Failed");
    let again = cloud.put(0, |_| {});
    assert_eq!(cloud.operation(&again)["status"], "Succeeded", "written once more it is well");
    assert_eq!(cloud.get(0)["properties"]["provisioningState"], "Succeeded");
}

#[test]
fn an_operation_is_read_with_a_permission_of_its_own() {
    let cloud = slow();
    let path = operation_path(&cloud.put(0, without_vip));
    cloud.world.deny("Microsoft.Network/locations/operations/read");
    refused(&cloud.answer(&cloud.call("GET", &path)), 403, "AuthorizationFailed");
    assert_eq!(cloud.get(0)["properties"]["provisioningState"], "Updating", "the interface says it too");
}

#[test]
fn an_operation_that_is_not_there_is_not_found() {
    let cloud = slow();
    let path = operation_path(&cloud.put(0, without_vip));
    let (before, _) = path.split_once("/operations/").expect("an operation");
    let strange = format!("{before}/operations/0?api-version=2026-03-01");
    refused(&cloud.answer(&cloud.call("GET", &strange)), 404, "NotFound");
    let bare = path.split_once('?').expect("a version").0.to_owned();
    refused(&cloud.answer(&cloud.call("GET", &bare)), 400, "MissingApiVersionParameter");
}

#[test]
fn somebody_elses_move_ends_what_was_running() {
    let cloud = slow();
    let accepted = cloud.put(0, without_vip);
    cloud.world.hand_configuration(cloud.pair.private(), Some("db-b"));
    assert_eq!(cloud.operation(&accepted)["status"], "Succeeded");
    assert_eq!(cloud.holders(), ["db-b"]);
    let before: Value = cloud.get(1);
    cloud.world.hand_configuration(cloud.pair.public(), Some("db-b"));
    assert_eq!(cloud.get(1), before, "it has it already");
    cloud.world.hand_configuration(cloud.pair.private(), None);
    assert!(cloud.holders().is_empty());
    cloud.world.hand_configuration([10, 0, 0, 99].into(), Some("db-b"));
    assert!(cloud.holders().is_empty(), "nobody moves that address");
}
