//! Which request to Cloud Run means what. v1 knows the same policy methods; its services are Knative's.

use super::{RunState, iam, knative, operations, revisions, services};
use crate::frame::routes::{Route, Routes};
use crate::google::Does;
use crate::google::refusal::Refusal;

pub(super) const ROUTES: Routes<Does<RunState, Refusal>> = Routes::new(
    "run.unknown",
    &[
        Route::get("/v2/{projects/*/locations/*/services}", "run.list_services", services::list),
        Route::get("/v2/{projects/*/locations/*/services/*}", "run.get_service", services::get),
        Route::patch("/v2/{projects/*/locations/*/services/*}", "run.patch_service", services::patch),
        Route::get("/v2/{projects/*/locations/*/services/*}:getIamPolicy", "run.get_iam_policy", iam::get),
        Route::post("/v2/{projects/*/locations/*/services/*}:setIamPolicy", "run.set_iam_policy", iam::set),
        Route::ask(
            "/v2/{projects/*/locations/*/services/*}:testIamPermissions",
            "run.test_iam_permissions",
            iam::test,
        ),
        Route::get("/v1/{projects/*/locations/*/services/*}:getIamPolicy", "run.get_iam_policy", iam::get),
        Route::post("/v1/{projects/*/locations/*/services/*}:setIamPolicy", "run.set_iam_policy", iam::set),
        Route::ask(
            "/v1/{projects/*/locations/*/services/*}:testIamPermissions",
            "run.test_iam_permissions",
            iam::test,
        ),
        Route::get("/v2/{projects/*/locations/*/operations}", "run.list_operations", operations::list),
        Route::get("/v2/{projects/*/locations/*/operations/*}", "run.get_operation", operations::get),
        Route::ask("/v2/{projects/*/locations/*/operations/*}:wait", "run.wait_operation", operations::wait),
        Route::get(
            "/v2/{projects/*/locations/*/services/*}/revisions",
            "run.list_revisions",
            revisions::list,
        ),
        Route::get("/v2/{projects/*/locations/*/services/*/revisions/*}", "run.get_revision", revisions::get),
        Route::get(
            "/apis/serving.knative.dev/v1/namespaces/{*}/services",
            "run.list_knative_services",
            knative::list,
        ),
        Route::get(
            "/apis/serving.knative.dev/v1/namespaces/{*}/services/{*}",
            "run.get_knative_service",
            knative::get,
        ),
    ],
);
