//! Which request to Cloud Monitoring means what.

use super::State;
use super::{alerts, checks, policies, series};
use crate::frame::call::{Call, Reply};
use crate::frame::routes::{Route, Routes};
use crate::google::access::Access;
use crate::google::refusal::Refusal;

/// With the names that the path tells.
type Does = fn(&mut State, &Access, &Call, &[String]) -> Result<Reply, Refusal>;

pub(super) const ROUTES: Routes<Does> = Routes::new(
    "monitoring.unknown",
    &[
        Route::get(
            "/v3/{projects/*}/uptimeCheckConfigs",
            "monitoring.list_checks",
            |state, access, call, names| checks::list(state, access, call, &names[0]),
        ),
        Route::post(
            "/v3/{projects/*}/uptimeCheckConfigs",
            "monitoring.create_check",
            |state, access, call, names| checks::create(state, access, call, &names[0]),
        ),
        Route::get(
            "/v3/{projects/*/uptimeCheckConfigs/*}",
            "monitoring.get_check",
            |state, access, call, names| checks::get(state, access, call, &names[0]),
        ),
        Route::patch(
            "/v3/{projects/*/uptimeCheckConfigs/*}",
            "monitoring.patch_check",
            |state, access, call, names| checks::patch(state, access, call, &names[0]),
        ),
        Route::delete(
            "/v3/{projects/*/uptimeCheckConfigs/*}",
            "monitoring.delete_check",
            |state, access, call, names| checks::delete(state, access, call, &names[0]),
        ),
        Route::get(
            "/v3/{projects/*}/alertPolicies",
            "monitoring.list_policies",
            |state, access, call, names| policies::list(state, access, call, &names[0]),
        ),
        Route::get(
            "/v3/{projects/*/alertPolicies/*}",
            "monitoring.get_policy",
            |state, access, call, names| policies::get(state, access, call, &names[0]),
        ),
        Route::get("/v3/{projects/*}/alerts", "monitoring.list_alerts", |state, access, call, names| {
            alerts::list(state, access, call, &names[0])
        }),
        Route::get("/v3/{projects/*/alerts/*}", "monitoring.get_alert", |state, access, call, names| {
            alerts::get(state, access, call, &names[0])
        }),
        Route::get(
            "/v3/projects/{*}/timeSeries",
            "monitoring.list_time_series",
            |state, access, call, names| series::list(state, access, call, &names[0]),
        ),
    ],
);
