//! Which request to Cloud Run means what.

use crate::frame::call::Call;

/// What a request is for, with the resource that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Get(String),
    List(String),
    Patch(String),
    Operation(String),
    Operations(String),
    Wait(String),
    Revision(String),
    Revisions(String),
    GetPolicy(String),
    SetPolicy(String),
    TestPermissions(String),
    Knative(String, String),
    KnativeList(String),
    Unknown,
}

impl Route {
    /// Reads method and path. v1 knows the same policy methods; its services are Knative's.
    pub(super) fn of(call: &Call) -> Self {
        let route = call.route();
        match (call.method.as_str(), route.as_slice()) {
            (method, ["v2", name @ ..]) => Self::v2(method, name),
            (method, ["v1", name @ ..]) => Self::method_of(method, name).unwrap_or(Self::Unknown),
            ("GET", ["apis", "serving.knative.dev", "v1", "namespaces", project, "services"]) => {
                Self::KnativeList((*project).to_owned())
            }
            ("GET", ["apis", "serving.knative.dev", "v1", "namespaces", project, "services", name]) => {
                Self::Knative((*project).to_owned(), (*name).to_owned())
            }
            _ => Self::Unknown,
        }
    }

    fn v2(method: &str, name: &[&str]) -> Self {
        let joined = || name.join("/");
        match (method, name) {
            ("GET", ["projects", _, "locations", _, "services"]) => Self::List(joined()),
            ("GET", ["projects", _, "locations", _, "operations"]) => Self::Operations(joined()),
            ("GET", ["projects", _, "locations", _, "operations", _]) => Self::Operation(joined()),
            ("POST", ["projects", _, "locations", _, "operations", last]) if last.ends_with(":wait") => {
                Self::Wait(joined().trim_end_matches(":wait").to_owned())
            }
            ("GET", ["projects", _, "locations", _, "services", _, "revisions"]) => {
                Self::Revisions(joined().trim_end_matches("/revisions").to_owned())
            }
            ("GET", ["projects", _, "locations", _, "services", _, "revisions", _]) => {
                Self::Revision(joined())
            }
            (_, ["projects", _, "locations", _, "services", last]) if last.contains(':') => {
                Self::method_of(method, name).unwrap_or(Self::Unknown)
            }
            ("GET", ["projects", _, "locations", _, "services", _]) => Self::Get(joined()),
            ("PATCH", ["projects", _, "locations", _, "services", _]) => Self::Patch(joined()),
            _ => Self::Unknown,
        }
    }

    /// `services/NAME:method`.
    fn method_of(method: &str, name: &[&str]) -> Option<Self> {
        let ["projects", project, "locations", region, "services", last] = name else { return None };
        let (service, verb) = last.split_once(':')?;
        let name = format!("projects/{project}/locations/{region}/services/{service}");
        match (method, verb) {
            ("GET", "getIamPolicy") => Some(Self::GetPolicy(name)),
            ("POST", "setIamPolicy") => Some(Self::SetPolicy(name)),
            ("POST", "testIamPermissions") => Some(Self::TestPermissions(name)),
            _ => None,
        }
    }

    /// The operation in the ledger's words.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Get(_) => "run.get_service",
            Self::List(_) => "run.list_services",
            Self::Patch(_) => "run.patch_service",
            Self::Operation(_) => "run.get_operation",
            Self::Operations(_) => "run.list_operations",
            Self::Wait(_) => "run.wait_operation",
            Self::Revision(_) => "run.get_revision",
            Self::Revisions(_) => "run.list_revisions",
            Self::GetPolicy(_) => "run.get_iam_policy",
            Self::SetPolicy(_) => "run.set_iam_policy",
            Self::TestPermissions(_) => "run.test_iam_permissions",
            Self::Knative(..) => "run.get_knative_service",
            Self::KnativeList(_) => "run.list_knative_services",
            Self::Unknown => "run.unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::testing;

    const SERVICE: &str = "projects/p/locations/r/services/s";

    #[track_caller]
    fn check(method: &str, path: &str, expected: &Route) {
        assert_eq!(&Route::of(&testing::call(method, path)), expected);
    }

    #[test]
    fn a_method_behind_a_colon_is_told_from_the_service() {
        check("GET", &format!("/v2/{SERVICE}"), &Route::Get(SERVICE.to_owned()));
        check("GET", &format!("/v2/{SERVICE}:getIamPolicy"), &Route::GetPolicy(SERVICE.to_owned()));
        check("POST", &format!("/v1/{SERVICE}:setIamPolicy"), &Route::SetPolicy(SERVICE.to_owned()));
    }

    #[test]
    fn the_wrong_http_method_is_no_route() {
        check("POST", &format!("/v2/{SERVICE}:getIamPolicy"), &Route::Unknown);
        check("PUT", &format!("/v2/{SERVICE}"), &Route::Unknown);
        check("GET", "/v3/projects/p", &Route::Unknown);
    }
}
