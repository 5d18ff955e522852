//! Which request to Cloud Run means what. v1 knows the same policy methods; its services are Knative's.

use super::State;
use super::{iam, knative, operations, revisions, services};
use crate::frame::call::{Call, Reply};
use crate::frame::routes::{Route, Routes};
use crate::google::access::Access;
use crate::google::refusal::Refusal;

/// With the names that the path tells.
type Does = fn(&mut State, &Access, &Call, &[String]) -> Result<Reply, Refusal>;

const GET_POLICY: Does = |state, access, call, names| iam::get(state, access, call, &names[0]);
const SET_POLICY: Does = |state, access, call, names| iam::set(state, access, call, &names[0]);
const TEST: Does = |state, access, call, names| iam::test(state, access, call, &names[0]);

pub(super) const ROUTES: Routes<Does> = Routes::new(
    "run.unknown",
    &[
        Route::get(
            "/v2/{projects/*/locations/*/services}",
            "run.list_services",
            |state, access, call, names| services::list(state, access, call, &names[0]),
        ),
        Route::get(
            "/v2/{projects/*/locations/*/services/*}",
            "run.get_service",
            |state, access, call, names| services::get(state, access, call, &names[0]),
        ),
        Route::patch(
            "/v2/{projects/*/locations/*/services/*}",
            "run.patch_service",
            |state, access, call, names| services::patch(state, access, call, &names[0]),
        ),
        Route::get("/v2/{projects/*/locations/*/services/*}:getIamPolicy", "run.get_iam_policy", GET_POLICY),
        Route::post("/v2/{projects/*/locations/*/services/*}:setIamPolicy", "run.set_iam_policy", SET_POLICY),
        Route::ask(
            "/v2/{projects/*/locations/*/services/*}:testIamPermissions",
            "run.test_iam_permissions",
            TEST,
        ),
        Route::get("/v1/{projects/*/locations/*/services/*}:getIamPolicy", "run.get_iam_policy", GET_POLICY),
        Route::post("/v1/{projects/*/locations/*/services/*}:setIamPolicy", "run.set_iam_policy", SET_POLICY),
        Route::ask(
            "/v1/{projects/*/locations/*/services/*}:testIamPermissions",
            "run.test_iam_permissions",
            TEST,
        ),
        Route::get(
            "/v2/{projects/*/locations/*/operations}",
            "run.list_operations",
            |state, access, call, names| operations::list(state, access, call, &names[0]),
        ),
        Route::get(
            "/v2/{projects/*/locations/*/operations/*}",
            "run.get_operation",
            |state, access, call, names| operations::get(state, access, call, &names[0]),
        ),
        Route::ask(
            "/v2/{projects/*/locations/*/operations/*}:wait",
            "run.wait_operation",
            |state, access, call, names| operations::wait(state, access, call, &names[0]),
        ),
        Route::get(
            "/v2/{projects/*/locations/*/services/*}/revisions",
            "run.list_revisions",
            |state, access, call, names| revisions::list(state, access, call, &names[0]),
        ),
        Route::get(
            "/v2/{projects/*/locations/*/services/*/revisions/*}",
            "run.get_revision",
            |state, access, call, names| revisions::get(state, access, call, &names[0]),
        ),
        Route::get(
            "/apis/serving.knative.dev/v1/namespaces/{*}/services",
            "run.list_knative_services",
            |state, access, call, names| knative::list(state, access, call, &names[0]),
        ),
        Route::get(
            "/apis/serving.knative.dev/v1/namespaces/{*}/services/{*}",
            "run.get_knative_service",
            |state, access, call, names| knative::get(state, access, call, &names[0], &names[1]),
        ),
    ],
);
