//! Which request to Resource Manager means what. Its paths are read without regard to case.

use super::directory::Directory;
use super::envelope::AzureDenied;
use super::{AzureState, write};
use crate::frame::call::{Call, Reply};
use crate::frame::routes::{Route, Routes};

/// A network interface, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) subscription: String,
    pub(super) group: String,
    pub(super) name: String,
}

impl Place {
    /// By its subscription, its group and its name.
    fn of(names: &[String]) -> Self {
        let [subscription, group, name] = [0, 1, 2].map(|index| names[index].clone());
        Self { subscription, group, name }
    }

    /// The resource id.
    pub(super) fn id(&self) -> String {
        let Self { subscription, group, name } = self;
        format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/networkInterfaces/{name}"
        )
    }
}

/// With the names that the path tells.
type Does = fn(&mut AzureState, &Directory, &Call, &[String]) -> Result<Reply, AzureDenied>;

/// The interfaces of a group, or of a whole subscription.
const LIST: Does = |state, directory, call, names| state.list(directory, call, &format!("/{}", names[0]));

pub(super) const ROUTES: Routes<Does> = Routes {
    unknown: "azure.unknown",
    any_case: true,
    rows: &[
        Route::get(
            "/subscriptions/{*}/resourceGroups/{*}/providers/Microsoft.Network/networkInterfaces/{*}",
            "azure.get_interface",
            |state, directory, call, names| state.get(directory, call, &Place::of(names)),
        ),
        Route::put(
            "/subscriptions/{*}/resourceGroups/{*}/providers/Microsoft.Network/networkInterfaces/{*}",
            "azure.put_interface",
            |state, directory, call, names| write::put(state, directory, call, &Place::of(names)),
        ),
        Route::patch(
            "/subscriptions/{*}/resourceGroups/{*}/providers/Microsoft.Network/networkInterfaces/{*}",
            "azure.patch_interface",
            |state, directory, call, names| write::patch(state, directory, call, &Place::of(names)),
        ),
        Route::get(
            "/{subscriptions/*}/providers/Microsoft.Network/networkInterfaces",
            "azure.list_interfaces",
            LIST,
        ),
        Route::get(
            "/{subscriptions/*/resourceGroups/*}/providers/Microsoft.Network/networkInterfaces",
            "azure.list_interfaces",
            LIST,
        ),
        Route::get(
            "/{subscriptions/*/resourceGroups/*/providers/Microsoft.Network/publicIPAddresses/*}",
            "azure.get_public_address",
            |state, directory, call, names| state.public_address(directory, call, &format!("/{}", names[0])),
        ),
        Route::get(
            "/{subscriptions/*/resourceGroups/*/providers/Microsoft.Network/loadBalancers/*}",
            "azure.get_balancer",
            |state, directory, call, names| state.balancer(directory, call, &format!("/{}", names[0])),
        ),
        Route::get(
            "/{subscriptions/*/resourceGroups/*/providers/Microsoft.Compute/virtualMachines/*}",
            "azure.get_machine",
            |state, directory, call, names| state.machine(directory, call, &format!("/{}", names[0])),
        ),
        Route::get(
            "/{**}/providers/Microsoft.Authorization/permissions",
            "azure.get_permissions",
            |_, directory, call, names| directory.permissions(call, &format!("/{}", names[0])),
        ),
        // One must be allowed to read it where it is.
        Route::get(
            "/subscriptions/*/providers/Microsoft.Network/locations/*/operations/{*}",
            "azure.get_operation",
            |state, directory, call, names| {
                state.operations.get(directory, call, &names[0].to_lowercase(), &call.path)
            },
        ),
    ],
};
