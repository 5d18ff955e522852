//! Whose tokens are taken, and what their owners may do.

use std::time::Duration;

use serde_json::json;

use super::cloud::{Cloud, PRINCIPAL, configurations, refused, without_vip};
use crate::google::access::OPERATOR_ACCOUNT;
use crate::google::testing;
use crate::network::PairSeed;

#[test]
fn a_request_without_a_good_token_is_told_where_to_get_one() {
    let cloud = Cloud::new();
    let bare = testing::call("GET", &cloud.path(0));
    let reply = cloud.answer(&bare);
    refused(&reply, 401, "AuthenticationFailed");
    let challenge = reply.header_value("www-authenticate").expect("a challenge");
    assert!(
        challenge.starts_with("Bearer authorization_uri=\"https://login.microsoftonline.com/"),
        "{challenge}"
    );
    let google = cloud.world.access.issue(OPERATOR_ACCOUNT, Duration::from_hours(1));
    for token in ["eyJ.made.up", google.as_str(), ""] {
        let call = testing::bearing(testing::call("GET", &cloud.path(0)), token);
        refused(&cloud.answer(&call), 401, "InvalidAuthenticationToken");
    }
}

#[test]
fn a_token_is_good_until_it_expires() {
    let mut cloud = Cloud::new();
    cloud.azure().directory.tokens_live(Duration::ZERO);
    let good = cloud.token.clone();
    cloud.token = cloud.azure().directory.issue(PRINCIPAL);
    refused(&cloud.answer(&cloud.call("GET", &cloud.path(0))), 401, "ExpiredAuthenticationToken");
    cloud.token = good;
    assert_eq!(cloud.get(0)["name"], "db-a-nic");
    cloud.azure().directory.expire_all();
    refused(&cloud.answer(&cloud.call("GET", &cloud.path(0))), 401, "ExpiredAuthenticationToken");
}

#[test]
fn a_token_for_something_else_is_refused() {
    let mut cloud = Cloud::new();
    for (resource, good) in [
        ("https://management.azure.com", true),
        ("https://management.azure.com/", true),
        ("https://management.core.windows.net/", true),
        ("https://vault.azure.net", false),
    ] {
        cloud.token = cloud.azure().directory.issue_for(PRINCIPAL, resource).0;
        let reply = cloud.answer(&cloud.call("GET", &cloud.path(0)));
        if good {
            assert_eq!(reply.status, 200, "{resource}");
        } else {
            let told = refused(&reply, 401, "InvalidAuthenticationToken");
            assert!(told.contains(resource), "{told}");
        }
    }
}

#[test]
fn reading_and_writing_need_their_permissions() {
    let cloud = Cloud::new();
    let body = cloud.get(0);
    cloud.world.deny("Microsoft.Network/networkInterfaces/read");
    let told = refused(&cloud.answer(&cloud.call("GET", &cloud.path(0))), 403, "AuthorizationFailed");
    assert!(told.contains(PRINCIPAL) && told.contains("networkInterfaces/read"), "{told}");
    cloud.world.deny("Microsoft.Network/networkInterfaces/write");
    let write = cloud.call("PUT", &cloud.path(0)).with_body(body.to_string());
    let told = refused(&cloud.answer(&write), 403, "AuthorizationFailed");
    assert!(told.contains("networkInterfaces/write"), "{told}");
}

/// Whatever an interface names has to be allowed to be joined, with each write anew.
#[test]
fn everything_that_is_named_needs_to_be_joined() {
    for action in [
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        "Microsoft.Network/publicIPAddresses/join/action",
        "Microsoft.Network/networkSecurityGroups/join/action",
        "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action",
        "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
    ] {
        let cloud = Cloud::new();
        cloud.world.deny(action);
        let told =
            refused(&cloud.put(0, |one| one["tags"]["x"] = json!("y")), 403, "LinkedAuthorizationFailed");
        assert!(told.contains(action) && told.contains("on the linked scope(s)"), "{told}");
        assert_eq!(cloud.holders(), ["db-a"]);
    }
}

#[test]
fn what_is_not_named_need_not_be_joined() {
    let cloud = Cloud::new();
    cloud.world.deny("Microsoft.Network/publicIPAddresses/join/action");
    cloud.world.deny("Microsoft.Network/loadBalancers/inboundNatRules/join/action");
    assert_eq!(cloud.put(0, without_vip).status, 200);
    let rule = json!([{"id": "/subscriptions/x/inboundNatRules/y"}]);
    let reply =
        cloud.put(1, |one| configurations(one)[1]["properties"]["loadBalancerInboundNatRules"] = rule);
    refused(&reply, 403, "LinkedAuthorizationFailed");
}

#[test]
fn a_role_counts_where_it_was_assigned_and_below() {
    let read = "microsoft.network/networkinterfaces/READ";
    let nic = PairSeed::example().on_azure().interface(0);
    let upper = nic.to_uppercase();
    for (scope, readable) in [
        ("/", true),
        ("/subscriptions", true),
        (nic.as_str(), true),
        (upper.as_str(), true),
        (nic.trim_end_matches("/db-a-nic"), true),
        (nic.trim_end_matches("-nic"), false),
        (nic.as_str().trim_end_matches("a-nic"), false),
        ("/subscriptions/another", false),
    ] {
        let cloud = Cloud::new();
        cloud.azure().directory.assign(PRINCIPAL, scope, &[read]);
        let reply = cloud.answer(&cloud.call("GET", &cloud.path(0)));
        assert_eq!(reply.status, if readable { 200 } else { 403 }, "{scope}");
    }
}

#[test]
fn roles_add_up() {
    let cloud = Cloud::new();
    let directory = &cloud.azure().directory;
    directory.assign(
        PRINCIPAL,
        &cloud.pair.on_azure().interface(0),
        &["Microsoft.Network/networkInterfaces/read"],
    );
    refused(&cloud.answer(&cloud.call("GET", &cloud.path(1))), 403, "AuthorizationFailed");
    directory.assign(
        PRINCIPAL,
        &cloud.pair.on_azure().interface(1),
        &["Microsoft.Network/networkInterfaces/read"],
    );
    assert_eq!(cloud.answer(&cloud.call("GET", &cloud.path(1))).status, 200);
    assert_eq!(cloud.answer(&cloud.call("GET", &cloud.path(0))).status, 200);
    cloud.world.deny("Microsoft.Network/networkInterfaces/read");
    refused(&cloud.answer(&cloud.call("GET", &cloud.path(0))), 403, "AuthorizationFailed");
}
