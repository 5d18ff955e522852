//! Which request to Cloud Monitoring means what.

use crate::frame::call::Call;

/// What a request is for, with the resource that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    GetCheck(String),
    ListChecks(String),
    CreateCheck(String),
    PatchCheck(String),
    DeleteCheck(String),
    GetPolicy(String),
    ListPolicies(String),
    GetAlert(String),
    ListAlerts(String),
    ListSeries(String),
    Unknown,
}

impl Route {
    /// Reads method and path.
    pub(super) fn of(call: &Call) -> Self {
        let route = call.route();
        let ["v3", name @ ..] = route.as_slice() else { return Self::Unknown };
        let joined = || name.join("/");
        match (call.method.as_str(), name) {
            ("GET", ["projects", _, "uptimeCheckConfigs"]) => Self::ListChecks(joined()),
            ("POST", ["projects", _, "uptimeCheckConfigs"]) => Self::CreateCheck(joined()),
            ("GET", ["projects", _, "uptimeCheckConfigs", _]) => Self::GetCheck(joined()),
            ("PATCH", ["projects", _, "uptimeCheckConfigs", _]) => Self::PatchCheck(joined()),
            ("DELETE", ["projects", _, "uptimeCheckConfigs", _]) => Self::DeleteCheck(joined()),
            ("GET", ["projects", _, "alertPolicies"]) => Self::ListPolicies(joined()),
            ("GET", ["projects", _, "alertPolicies", _]) => Self::GetPolicy(joined()),
            ("GET", ["projects", _, "alerts"]) => Self::ListAlerts(joined()),
            ("GET", ["projects", _, "alerts", _]) => Self::GetAlert(joined()),
            ("GET", ["projects", project, "timeSeries"]) => Self::ListSeries((*project).to_owned()),
            _ => Self::Unknown,
        }
    }

    /// The operation in the ledger's words.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::GetCheck(_) => "monitoring.get_check",
            Self::ListChecks(_) => "monitoring.list_checks",
            Self::CreateCheck(_) => "monitoring.create_check",
            Self::PatchCheck(_) => "monitoring.patch_check",
            Self::DeleteCheck(_) => "monitoring.delete_check",
            Self::GetPolicy(_) => "monitoring.get_policy",
            Self::ListPolicies(_) => "monitoring.list_policies",
            Self::GetAlert(_) => "monitoring.get_alert",
            Self::ListAlerts(_) => "monitoring.list_alerts",
            Self::ListSeries(_) => "monitoring.list_time_series",
            Self::Unknown => "monitoring.unknown",
        }
    }
}
