//! Whose tokens are taken, and what their owners may do.

use std::time::Duration;

use serde_json::json;

use super::cloud::{Cloud, PRINCIPAL, configurations, refused, without_vip};
use crate::google::access::OPERATOR_ACCOUNT;
use crate::google::testing;

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
    cloud.world.deny("Microsoft.Network/loadBalancers/backendAddressPools/join/action");
    assert_eq!(cloud.put(0, without_vip).status, 200);
    let pool = json!([{"id": "/subscriptions/x/backendAddressPools/y"}]);
    let reply =
        cloud.put(1, |one| configurations(one)[1]["properties"]["loadBalancerBackendAddressPools"] = pool);
    refused(&reply, 403, "LinkedAuthorizationFailed");
}

#[test]
fn who_was_assigned_a_role_may_do_what_it_lists_and_nothing_else() {
    let cloud = Cloud::new();
    let read = "microsoft.network/networkinterfaces/read";
    cloud.azure().directory.assign(PRINCIPAL, &[read]);
    assert_eq!(cloud.get(0)["name"], "db-a-nic");
    let write = cloud.call("PUT", &cloud.path(0)).with_body(cloud.get(0).to_string());
    refused(&cloud.answer(&write), 403, "AuthorizationFailed");
    let role = [
        read,
        "Microsoft.Network/networkInterfaces/write",
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        "Microsoft.Network/networkSecurityGroups/join/action",
        "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action",
    ];
    cloud.azure().directory.assign(PRINCIPAL, &role);
    refused(&cloud.answer(&write), 403, "LinkedAuthorizationFailed");
    cloud
        .azure()
        .directory
        .assign(PRINCIPAL, &[&role[..], &["Microsoft.Network/publicIPAddresses/join/action"]].concat());
    assert_eq!(cloud.answer(&write).status, 200);
}
