//! What an accepted write's answer carries beside its body. Whole answers are in `transcripts/azure.txt`.

use super::cloud::{Cloud, VERSION, operation_path, without_vip};

#[test]
fn an_accepted_writes_headers() {
    let cloud = Cloud::new();
    let reply = cloud.put(0, without_vip);
    let mut names: Vec<&str> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "azure-asyncoperation",
        "content-type",
        "etag",
        "retry-after",
        "x-ms-correlation-request-id",
        "x-ms-ratelimit-remaining-subscription-writes",
        "x-ms-request-id",
    ];
    assert_eq!(names, expected);
    let path = operation_path(&reply);
    let (before, id) = path.rsplit_once('/').expect("an operation");
    let subscription = "5f2b8c1e-9d44-4c3f-8a51-27e4b6d90c13";
    assert_eq!(
        before,
        format!("/subscriptions/{subscription}/providers/Microsoft.Network/locations/westeurope/operations")
    );
    assert!(id.ends_with(&format!("?api-version={VERSION}")) && id.len() == 36 + 13 + 10, "{id}");
}
