//! Every request names the version that it was written for.

use super::cloud::{Cloud, refused};

#[track_caller]
fn check(query: &str, expected: Option<&str>) {
    let cloud = Cloud::new();
    let uri = format!("{}{query}", cloud.pair.on_azure().interface(0));
    let reply = cloud.answer(&cloud.call("GET", &uri));
    match expected {
        None => assert_eq!(reply.status, 200, "{query}"),
        Some(code) => drop(refused(&reply, 400, code)),
    }
}

#[test]
fn a_version_is_required_and_must_exist() {
    check("?api-version=2026-03-01", None);
    check("?api-version=2025-05-01", None);
    check("?api-version=2020-11-01", None);
    check("", Some("MissingApiVersionParameter"));
    check("?api-version=", Some("MissingApiVersionParameter"));
    check("?apiVersion=2026-03-01", Some("MissingApiVersionParameter"));
    check("?api-version=2026-03-02", Some("InvalidApiVersionParameter"));
    check("?api-version=latest", Some("InvalidApiVersionParameter"));
    check("?api-version=2026-03-01-preview", Some("InvalidApiVersionParameter"));
}

#[test]
fn a_write_needs_one_too() {
    let cloud = Cloud::new();
    let body = cloud.get(0).to_string();
    let call = cloud.call("PUT", &cloud.pair.on_azure().interface(0)).with_body(body);
    refused(&cloud.answer(&call), 400, "MissingApiVersionParameter");
}
