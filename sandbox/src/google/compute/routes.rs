//! Which request to Compute Engine means what.

use super::envelope::Denied;
use super::{State, address, instances, interface, list, operations, permissions, subnet, writes};
use crate::frame::call::{Call, Reply};
use crate::frame::routes::{Route, Routes};
use crate::google::access::Access;

/// A machine, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) project: String,
    pub(super) zone: String,
    pub(super) name: String,
}

impl Place {
    /// By its project, its zone and its name.
    fn of(names: &[String]) -> Self {
        let [project, zone, name] = [0, 1, 2].map(|index| names[index].clone());
        Self { project, zone, name }
    }

    /// The machine's path below the version.
    pub(super) fn path(&self) -> String {
        format!("projects/{}/zones/{}/instances/{}", self.project, self.zone, self.name)
    }
}

/// With the names that the path tells.
type Does = fn(&mut State, &Access, &Call, &[String]) -> Result<Reply, Denied>;

const TEST: Does = |state, access, call, names| permissions::test(state, access, call, &names[0]);

pub(super) const ROUTES: Routes<Does> = Routes::new(
    "compute.unknown",
    &[
        Route::get(
            "/compute/v1/projects/{*}/aggregated/instances",
            "compute.list_instances",
            |state, access, call, names| list::aggregated(state, access, call, &names[0]),
        ),
        Route::get(
            "/compute/v1/projects/{*}/zones/{*}/instances/{*}",
            "compute.get_instance",
            |state, access, call, names| instances::get(state, access, call, &Place::of(names)),
        ),
        Route::patch(
            "/compute/v1/projects/{*}/zones/{*}/instances/{*}/updateNetworkInterface",
            "compute.update_network_interface",
            |state, access, call, names| interface::update(state, access, call, &Place::of(names)),
        ),
        Route::post(
            "/compute/v1/projects/{*}/zones/{*}/instances/{*}/addAccessConfig",
            "compute.add_access_config",
            |state, access, call, names| writes::add_access_config(state, access, call, &Place::of(names)),
        ),
        Route::post(
            "/compute/v1/projects/{*}/zones/{*}/instances/{*}/deleteAccessConfig",
            "compute.delete_access_config",
            |state, access, call, names| writes::delete_access_config(state, access, call, &Place::of(names)),
        ),
        Route::ask(
            "/compute/v1/{projects/*/zones/*/instances/*}/testIamPermissions",
            "compute.test_permissions",
            TEST,
        ),
        Route::ask(
            "/compute/v1/{projects/*/regions/*/subnetworks/*}/testIamPermissions",
            "compute.test_permissions",
            TEST,
        ),
        Route::ask(
            "/compute/v1/{projects/*/regions/*/addresses/*}/testIamPermissions",
            "compute.test_permissions",
            TEST,
        ),
        Route::get(
            "/compute/v1/{projects/*/regions/*/subnetworks/*}",
            "compute.get_subnet",
            |state, access, call, names| subnet::get(state, access, call, &names[0]),
        ),
        Route::get(
            "/compute/v1/{projects/*/regions/*/addresses/*}",
            "compute.get_address",
            |state, access, call, names| address::get(state, access, call, &names[0]),
        ),
        Route::get(
            "/compute/v1/{projects/*/zones/*/operations/*}",
            "compute.get_operation",
            |state, access, call, names| operations::get(state, access, call, &names[0]),
        ),
        Route::ask(
            "/compute/v1/{projects/*/zones/*/operations/*}/wait",
            "compute.wait_operation",
            |state, access, call, names| operations::wait(state, access, call, &names[0]),
        ),
    ],
);
