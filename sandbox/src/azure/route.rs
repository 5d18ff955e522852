//! Which request to Resource Manager means what. Its paths are read without regard to case.

use crate::frame::call::Call;

/// A network interface, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) subscription: String,
    pub(super) group: String,
    pub(super) name: String,
}

impl Place {
    /// The resource id.
    pub(super) fn id(&self) -> String {
        let Self { subscription, group, name } = self;
        format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/networkInterfaces/{name}"
        )
    }
}

/// What a request is for, with the resource that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    GetInterface(Place),
    PutInterface(Place),
    /// Its tags alone.
    PatchInterface(Place),
    /// Those of a group, or of a whole subscription.
    ListInterfaces(String),
    /// A public address by its id.
    GetPublicAddress(String),
    /// What the caller may do with the resource of this id.
    Permissions(String),
    /// The id of the operation, and the scope at which one must be allowed to read it.
    Operation(String, String),
    Unknown,
}

impl Route {
    /// Reads method and path.
    pub(super) fn of(call: &Call) -> Self {
        let lower: Vec<String> = call.segments.iter().map(|segment| segment.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let sent = |index: usize| call.segments[index].clone();
        match (call.method.as_str(), lower.as_slice()) {
            ("GET", [rest @ .., "providers", "microsoft.authorization", "permissions"]) => {
                Self::Permissions(format!("/{}", call.segments[..rest.len()].join("/")))
            }
            ("GET", [scope @ .., "providers", "microsoft.network", "networkinterfaces"])
                if matches!(scope, ["subscriptions", _] | ["subscriptions", _, "resourcegroups", _]) =>
            {
                Self::ListInterfaces(format!("/{}", call.segments[..scope.len()].join("/")))
            }
            (
                "GET",
                [
                    "subscriptions",
                    _,
                    "resourcegroups",
                    _,
                    "providers",
                    "microsoft.network",
                    "publicipaddresses",
                    _,
                ],
            ) => Self::GetPublicAddress(format!("/{}", call.segments.join("/"))),
            (
                method @ ("GET" | "PUT" | "PATCH"),
                [
                    "subscriptions",
                    _,
                    "resourcegroups",
                    _,
                    "providers",
                    "microsoft.network",
                    "networkinterfaces",
                    _,
                ],
            ) => {
                let place = Place { subscription: sent(1), group: sent(3), name: sent(7) };
                match method {
                    "GET" => Self::GetInterface(place),
                    "PUT" => Self::PutInterface(place),
                    _ => Self::PatchInterface(place),
                }
            }
            (
                "GET",
                ["subscriptions", _, "providers", "microsoft.network", "locations", _, "operations", id],
            ) => Self::Operation((*id).to_owned(), call.path.clone()),
            _ => Self::Unknown,
        }
    }

    /// The operation in the ledger's words.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::GetInterface(_) => "azure.get_interface",
            Self::PutInterface(_) => "azure.put_interface",
            Self::PatchInterface(_) => "azure.patch_interface",
            Self::ListInterfaces(_) => "azure.list_interfaces",
            Self::GetPublicAddress(_) => "azure.get_public_address",
            Self::Permissions(_) => "azure.get_permissions",
            Self::Operation(..) => "azure.get_operation",
            Self::Unknown => "azure.unknown",
        }
    }
}
