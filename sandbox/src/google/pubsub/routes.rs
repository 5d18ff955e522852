//! Which request to Pub/Sub means what.

use std::sync::Arc;

use super::{Inner, rest};
use crate::frame::call::{Call, Reply};
use crate::frame::routes::{Route, Routes};
use crate::google::iam;
use crate::google::refusal::Refusal;

/// With the names that the path tells.
type Does = fn(&Arc<Inner>, &Call, &[String]) -> Result<Reply, Refusal>;

const TEST: Does = |inner, call, _| iam::test(&inner.access, call);

pub(super) const ROUTES: Routes<Does> = Routes::new(
    "pubsub.unknown",
    &[
        Route::get("/v1/{projects/*}/topics", "pubsub.list_topics", |inner, call, names| {
            rest::topics(inner, call, &format!("{}/", names[0]))
        }),
        Route::get("/v1/{projects/*/topics/*}", "pubsub.get_topic", |inner, call, names| {
            rest::topic(inner, call, &names[0])
        }),
        Route::post("/v1/{projects/*/topics/*}:publish", "pubsub.publish", |inner, call, names| {
            rest::publish(inner, call, &names[0])
        }),
        Route::get("/v1/{projects/*}/subscriptions", "pubsub.list_subscriptions", |inner, call, names| {
            rest::subscriptions(inner, call, &format!("{}/", names[0]))
        }),
        Route::get("/v1/{projects/*/subscriptions/*}", "pubsub.get_subscription", |inner, call, names| {
            rest::subscription(inner, call, &names[0])
        }),
        Route::ask("/v1/{projects/*/subscriptions/*}:pull", "pubsub.pull", |inner, call, names| {
            rest::pull(inner, call, &names[0])
        }),
        Route::ask(
            "/v1/{projects/*/subscriptions/*}:acknowledge",
            "pubsub.acknowledge",
            |inner, call, names| rest::acknowledge(inner, call, &names[0]),
        ),
        Route::ask("/v1/projects/*/topics/*:testIamPermissions", "pubsub.test_iam_permissions", TEST),
        Route::ask("/v1/projects/*/subscriptions/*:testIamPermissions", "pubsub.test_iam_permissions", TEST),
    ],
);
