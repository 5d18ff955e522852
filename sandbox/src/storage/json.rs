//! The JSON interface (discovery document of storage v1): the one that `gcloud storage` speaks.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::listing::{self, Page, Query};
use super::refusal::Refused;
use super::{Object, State, Target};
use crate::call::{Call, Reply};
use crate::google::access::Access;
use crate::google::strict;

const LIST: [&str; 13] = [
    "prefix",
    "delimiter",
    "startOffset",
    "endOffset",
    "maxResults",
    "pageToken",
    "projection",
    "versions",
    "includeTrailingDelimiter",
    "includeFoldersAsPrefixes",
    "matchGlob",
    "softDeleted",
    "filter",
];
const READ: [&str; 8] = [
    "projection",
    "generation",
    "softDeleted",
    "restoreToken",
    "ifGenerationMatch",
    "ifGenerationNotMatch",
    "ifMetagenerationMatch",
    "ifMetagenerationNotMatch",
];
const INSERT: [&str; 7] = [
    "uploadType",
    "name",
    "ifGenerationMatch",
    "ifGenerationNotMatch",
    "ifMetagenerationMatch",
    "projection",
    "contentEncoding",
];

/// A bucket's description.
pub(super) fn bucket(state: &State, access: &Access, call: &Call, bucket: &str) -> Result<Reply, Refused> {
    access.require(call, "storage.buckets.get", bucket)?;
    state.bucket(bucket)?;
    Ok(strict::ok(&json!({
        "kind": "storage#bucket",
        "id": bucket,
        "name": bucket,
        "location": "EU",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "projectNumber": crate::metadata::PROJECT_NUMBER.to_string(),
        "metageneration": "1",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}},
    })))
}

/// Which of the permissions in the query the caller holds; asking needs none (`buckets.testIamPermissions`).
pub(super) fn test_permissions(
    state: &State,
    access: &Access,
    call: &Call,
    bucket: &str,
) -> Result<Reply, Refused> {
    let account = access.account_of(call)?;
    strict::check_query(call, &["permissions"])?;
    state.bucket(bucket)?;
    let asked = call.query.iter().filter(|(name, _)| name == "permissions").map(|(_, value)| value.as_str());
    let held: Vec<&str> = asked.filter(|permission| access.may(&account, permission)).collect();
    let mut body = json!({"kind": "storage#testIamPermissionsResponse"});
    if !held.is_empty() {
        body["permissions"] = json!(held);
    }
    Ok(strict::ok(&body))
}

/// Describes, downloads or deletes one object.
pub(super) fn object(
    state: &mut State,
    access: &Access,
    call: &Call,
    bucket: &str,
    name: &str,
) -> Result<Reply, Refused> {
    if call.method == http::Method::DELETE {
        access.require(call, "storage.objects.delete", name)?;
        state.bucket(bucket)?;
        let removed = state.buckets.get_mut(bucket).and_then(|objects| objects.remove(name));
        return removed.map(|_| Reply::empty(204)).ok_or_else(Refused::no_such_key);
    }
    access.require(call, "storage.objects.get", name)?;
    strict::check_query(call, &READ)?;
    let object = state.bucket(bucket)?.get(name).ok_or_else(Refused::no_such_key)?;
    if call.query("alt") == Some("media") {
        let reply = Reply::typed(200, &object.content_type, object.content.clone());
        return Ok(reply
            .header("x-goog-generation", object.generation.to_string())
            .header("x-goog-hash", format!("crc32c={}", object.crc32c())));
    }
    Ok(strict::ok(&described(call, bucket, name, object)))
}

/// Uploads in one piece: `uploadType=media`.
pub(super) fn insert(
    state: &mut State,
    access: &Access,
    call: &Call,
    bucket: &str,
) -> Result<Reply, Refused> {
    let account = access.require(call, "storage.objects.create", bucket)?;
    strict::check_query(call, &INSERT)?;
    if call.query("uploadType") != Some("media") {
        return Err(Refused::invalid("Only uploadType=media is understood."));
    }
    let name = strict::query(call, "name").ok_or_else(|| Refused::invalid("Required parameter: name"))?;
    let generation = strict::query(call, "ifGenerationMatch").map(str::parse).transpose();
    let generation = generation.map_err(|_| Refused::invalid("Invalid value for ifGenerationMatch."))?;
    let content_type = call.header("content-type").unwrap_or("application/octet-stream");
    let may_overwrite = access.may(&account, "storage.objects.delete");
    let object = Object::new(call.body.clone(), content_type);
    let written = state.write(&Target { bucket, name, generation }, may_overwrite, object)?;
    Ok(strict::ok(&described(call, bucket, name, written)))
}

/// A bucket's listing; `startOffset` is part of it, `endOffset` isn't.
pub(super) fn list(state: &State, access: &Access, call: &Call, bucket: &str) -> Result<Reply, Refused> {
    access.require(call, "storage.objects.list", bucket)?;
    strict::check_query(call, &LIST)?;
    let text = |name: &str| call.query(name).unwrap_or_default();
    let query = Query {
        prefix: text("prefix"),
        delimiter: text("delimiter"),
        after: strict::query(call, "pageToken").map(listing::place).transpose()?,
        from: text("startOffset"),
        until: text("endOffset"),
        size: listing::size(call.query("maxResults"))?,
    };
    let page = Page::of(state.bucket(bucket)?, &query);
    let mut body = json!({"kind": "storage#objects"});
    if !page.objects.is_empty() {
        let items: Vec<Value> =
            page.objects.iter().map(|(name, object)| described(call, bucket, name, object)).collect();
        body["items"] = json!(items);
    }
    if !page.prefixes.is_empty() {
        body["prefixes"] = json!(page.prefixes);
    }
    if let Some(next) = page.next {
        body["nextPageToken"] = json!(next);
    }
    Ok(strict::ok(&body))
}

/// `gcloud storage cat` downloads by the media link.
fn described(call: &Call, bucket: &str, name: &str, object: &Object) -> Value {
    let generation = object.generation.to_string();
    let created = object.created_text();
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let host = &call.host;
    json!({
        "kind": "storage#object",
        "id": format!("{bucket}/{name}/{generation}"),
        "name": name,
        "bucket": bucket,
        "mediaLink": format!(
            "http://{host}/download/storage/v1/b/{bucket}/o/{encoded}?generation={generation}&alt=media"
        ),
        "generation": generation,
        "metageneration": "1",
        "contentType": object.content_type,
        "storageClass": "STANDARD",
        "size": object.content.len().to_string(),
        "crc32c": object.crc32c(),
        "etag": object.etag().trim_matches('"'),
        "timeCreated": created,
        "updated": created,
        "timeStorageClassUpdated": created,
    })
}
