//! Which request to Compute Engine means what.

use crate::frame::call::Call;

/// A machine, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) project: String,
    pub(super) zone: String,
    pub(super) name: String,
}

impl Place {
    /// The machine's path below the version.
    pub(super) fn path(&self) -> String {
        format!("projects/{}/zones/{}/instances/{}", self.project, self.zone, self.name)
    }
}

/// What a request is for, with the resource that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Aggregated(String),
    GetInstance(Place),
    UpdateInterface(Place),
    AddAccessConfig(Place),
    DeleteAccessConfig(Place),
    /// Of a machine, a subnet or an address, by its path.
    TestPermissions(String),
    GetSubnet(String),
    GetAddress(String),
    GetOperation(String),
    WaitOperation(String),
    Unknown,
}

impl Route {
    /// Reads method and path.
    pub(super) fn of(call: &Call) -> Self {
        let route = call.route();
        let ["compute", "v1", "projects", project, rest @ ..] = route.as_slice() else {
            return Self::Unknown;
        };
        match (call.method.as_str(), rest) {
            ("GET", ["aggregated", "instances"]) => Self::Aggregated((*project).to_owned()),
            (method, ["regions", region, kind @ ("addresses" | "subnetworks"), name, action @ ..]) => {
                let path = format!("projects/{project}/regions/{region}/{kind}/{name}");
                match (method, *kind, action) {
                    ("GET", "addresses", []) => Self::GetAddress(path),
                    ("GET", _, []) => Self::GetSubnet(path),
                    ("POST", _, ["testIamPermissions"]) => Self::TestPermissions(path),
                    _ => Self::Unknown,
                }
            }
            (method, ["zones", zone, "operations", name, action @ ..]) => {
                let path = format!("projects/{project}/zones/{zone}/operations/{name}");
                match (method, action) {
                    ("GET", []) => Self::GetOperation(path),
                    ("POST", ["wait"]) => Self::WaitOperation(path),
                    _ => Self::Unknown,
                }
            }
            (method, ["zones", zone, "instances", name, action @ ..]) => {
                let [project, zone, name] = [*project, *zone, *name].map(str::to_owned);
                Self::of_instance(method, Place { project, zone, name }, action)
            }
            _ => Self::Unknown,
        }
    }

    fn of_instance(method: &str, place: Place, action: &[&str]) -> Self {
        match (method, action) {
            ("GET", []) => Self::GetInstance(place),
            ("PATCH", ["updateNetworkInterface"]) => Self::UpdateInterface(place),
            ("POST", ["addAccessConfig"]) => Self::AddAccessConfig(place),
            ("POST", ["deleteAccessConfig"]) => Self::DeleteAccessConfig(place),
            ("POST", ["testIamPermissions"]) => Self::TestPermissions(place.path()),
            _ => Self::Unknown,
        }
    }

    /// The operation in the ledger's words.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Aggregated(_) => "compute.list_instances",
            Self::GetInstance(_) => "compute.get_instance",
            Self::UpdateInterface(_) => "compute.update_network_interface",
            Self::AddAccessConfig(_) => "compute.add_access_config",
            Self::DeleteAccessConfig(_) => "compute.delete_access_config",
            Self::TestPermissions(_) => "compute.test_permissions",
            Self::GetSubnet(_) => "compute.get_subnet",
            Self::GetAddress(_) => "compute.get_address",
            Self::GetOperation(_) => "compute.get_operation",
            Self::WaitOperation(_) => "compute.wait_operation",
            Self::Unknown => "compute.unknown",
        }
    }
}
