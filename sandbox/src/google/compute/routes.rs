//! Which request to Compute Engine means what.

use super::envelope::ComputeDenied;
use super::{ComputeState, address, instances, interface, list, operations, permissions, subnet, writes};
use crate::frame::routes::{Route, Routes};
use crate::google::Does;

/// A machine, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) project: String,
    pub(super) zone: String,
    pub(super) name: String,
}

impl Place {
    /// By its project, its zone and its name.
    pub(super) fn of(names: &[String]) -> Self {
        let [project, zone, name] = [0, 1, 2].map(|index| names[index].clone());
        Self { project, zone, name }
    }

    /// The machine's path below the version.
    pub(super) fn path(&self) -> String {
        format!("projects/{}/zones/{}/instances/{}", self.project, self.zone, self.name)
    }
}

pub(super) const ROUTES: Routes<Does<ComputeState, ComputeDenied>> = Routes::new(
    "compute.unknown",
    &[
        Route::get(
            "/compute/v1/projects/{*}/aggregated/instances",
            "compute.list_instances",
            list::aggregated,
        ),
        Route::get(
            "/compute/v1/projects/{*}/zones/{*}/instances/{*}",
            "compute.get_instance",
            instances::get,
        ),
        Route::patch(
            "/compute/v1/projects/{*}/zones/{*}/instances/{*}/updateNetworkInterface",
            "compute.update_network_interface",
            interface::update,
        ),
        Route::post(
            "/compute/v1/projects/{*}/zones/{*}/instances/{*}/addAccessConfig",
            "compute.add_access_config",
            writes::add_access_config,
        ),
        Route::post(
            "/compute/v1/projects/{*}/zones/{*}/instances/{*}/deleteAccessConfig",
            "compute.delete_access_config",
            writes::delete_access_config,
        ),
        Route::ask(
            "/compute/v1/{projects/*/zones/*/instances/*}/testIamPermissions",
            "compute.test_permissions",
            permissions::test,
        ),
        Route::ask(
            "/compute/v1/{projects/*/regions/*/subnetworks/*}/testIamPermissions",
            "compute.test_permissions",
            permissions::test,
        ),
        Route::ask(
            "/compute/v1/{projects/*/regions/*/addresses/*}/testIamPermissions",
            "compute.test_permissions",
            permissions::test,
        ),
        Route::get("/compute/v1/{projects/*/regions/*/subnetworks/*}", "compute.get_subnet", subnet::get),
        Route::get("/compute/v1/{projects/*/regions/*/addresses/*}", "compute.get_address", address::get),
        Route::get("/compute/v1/{projects/*/zones/*/operations/*}", "compute.get_operation", operations::get),
        Route::ask(
            "/compute/v1/{projects/*/zones/*/operations/*}/wait",
            "compute.wait_operation",
            operations::wait,
        ),
    ],
);
