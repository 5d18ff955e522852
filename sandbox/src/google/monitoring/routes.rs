//! Which request to Cloud Monitoring means what.

use super::{MonitoringState, alerts, checks, policies, series};
use crate::frame::routes::{Route, Routes};
use crate::google::Does;
use crate::google::refusal::Refusal;

pub(super) const ROUTES: Routes<Does<MonitoringState, Refusal>> = Routes::new(
    "monitoring.unknown",
    &[
        Route::get("/v3/{projects/*}/uptimeCheckConfigs", "monitoring.list_checks", checks::list),
        Route::post("/v3/{projects/*}/uptimeCheckConfigs", "monitoring.create_check", checks::create),
        Route::get("/v3/{projects/*/uptimeCheckConfigs/*}", "monitoring.get_check", checks::get),
        Route::patch("/v3/{projects/*/uptimeCheckConfigs/*}", "monitoring.patch_check", checks::patch),
        Route::delete("/v3/{projects/*/uptimeCheckConfigs/*}", "monitoring.delete_check", checks::delete),
        Route::get("/v3/{projects/*}/alertPolicies", "monitoring.list_policies", policies::list),
        Route::get("/v3/{projects/*/alertPolicies/*}", "monitoring.get_policy", policies::get),
        Route::get("/v3/{projects/*}/alerts", "monitoring.list_alerts", alerts::list),
        Route::get("/v3/{projects/*/alerts/*}", "monitoring.get_alert", alerts::get),
        Route::get("/v3/projects/{*}/timeSeries", "monitoring.list_time_series", series::list),
    ],
);
