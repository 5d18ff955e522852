//! Which request means what.

use crate::azure::route::Route;
use crate::frame::provider::{Kind, Provider};
use crate::google::testing;

use super::cloud::Cloud;

const NIC: &str = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/networkInterfaces/N";
const OPERATION: &str = "/subscriptions/S/providers/Microsoft.Network/locations/westeurope/operations/O";

#[test]
fn every_request_has_its_name() {
    let lower = NIC.to_lowercase();
    let upper = OPERATION.to_uppercase();
    for (method, path, name) in [
        ("GET", NIC, "azure.get_interface"),
        ("GET", lower.as_str(), "azure.get_interface"),
        ("PUT", NIC, "azure.put_interface"),
        ("GET", OPERATION, "azure.get_operation"),
        ("GET", upper.as_str(), "azure.get_operation"),
        ("PATCH", NIC, "azure.patch_interface"),
        (
            "GET",
            "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/publicIPAddresses/A",
            "azure.get_public_address",
        ),
        (
            "GET",
            "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/networkInterfaces/N/providers/\
             Microsoft.Authorization/permissions",
            "azure.get_permissions",
        ),
        ("DELETE", NIC, "azure.unknown"),
        ("POST", OPERATION, "azure.unknown"),
        ("GET", "/subscriptions/S", "azure.unknown"),
        ("GET", "/", "azure.unknown"),
        (
            "GET",
            "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/networkInterfaces",
            "azure.list_interfaces",
        ),
        (
            "GET",
            "/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/N",
            "azure.unknown",
        ),
    ] {
        assert_eq!(Route::of(&testing::call(method, path)).operation(), name, "{method} {path}");
    }
}

#[test]
fn a_name_is_kept_as_it_was_sent() {
    let Route::GetInterface(place) = Route::of(&testing::call("GET", &NIC.replace("/N", "/MyNic"))) else {
        panic!("it is an interface");
    };
    assert_eq!(place.id(), NIC.replace("/N", "/MyNic"));
}

#[test]
fn only_a_put_is_a_write() {
    let cloud = Cloud::new();
    for (method, path, kind) in [
        ("GET", NIC, Kind::Read),
        ("PUT", NIC, Kind::Write),
        ("GET", OPERATION, Kind::Read),
        ("PATCH", NIC, Kind::Write),
    ] {
        let call = testing::call(method, path);
        let operation = cloud.azure().operation(&call);
        assert_eq!(cloud.azure().kind(operation, &call), kind, "{method} {path}");
    }
}
