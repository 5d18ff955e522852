//! Paths are read without regard to case, and names are kept as they were sent.

use crate::azure::routes::ROUTES;
use crate::google::testing;

const NIC: &str = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/networkInterfaces/MyNic";
const OPERATION: &str = "/subscriptions/S/providers/Microsoft.Network/locations/westeurope/operations/O";

#[test]
fn a_path_may_be_written_in_any_case() {
    for (method, path, name) in [
        ("GET", NIC, "azure.get_interface"),
        ("PUT", NIC, "azure.put_interface"),
        ("GET", OPERATION, "azure.get_operation"),
        ("DELETE", NIC, "azure.unknown"),
        ("POST", OPERATION, "azure.unknown"),
        ("GET", "/", "azure.unknown"),
    ] {
        for path in [path.to_owned(), path.to_lowercase(), path.to_uppercase()] {
            assert_eq!(ROUTES.operation(&testing::call(method, &path)), name, "{method} {path}");
        }
    }
}

#[test]
fn a_name_is_kept_as_it_was_sent() {
    let (_, names) = ROUTES.find(&testing::call("GET", NIC)).expect("it is an interface");
    assert_eq!(names, ["S", "G", "MyNic"]);
}
