//! The JSON interface (discovery document of storage v1): the one that `gcloud storage` speaks.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::conditions::Conditions;
use super::listing::{self, Page, Query};
use super::refusal::Refused;
use super::{Object, StorageState, download};
use crate::frame::call::{Call, Reply};
use crate::google::Asked;
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

/// What a PATCH may change.
const PATCHABLE: [&str; 7] = [
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "customTime",
    "metadata",
];

/// A bucket's description.
pub(super) fn bucket(
    Asked { state, access, call, name: bucket, .. }: Asked<StorageState>,
) -> Result<Reply, Refused> {
    access.require(call, "storage.buckets.get", bucket)?;
    state.bucket(bucket)?;
    Ok(strict::ok(&described_bucket(bucket)))
}

/// All buckets: there is one project.
pub(super) fn buckets(Asked { state, access, call, .. }: Asked<StorageState>) -> Result<Reply, Refused> {
    access.require(call, "storage.buckets.list", "the project")?;
    strict::check_query(
        call,
        &["project", "prefix", "maxResults", "pageToken", "projection", "softDeleted"],
    )?;
    let prefix = call.query("prefix").unwrap_or_default();
    let named = state.buckets.keys().filter(|name| name.starts_with(prefix));
    let items: Vec<Value> = named.map(|name| described_bucket(name)).collect();
    Ok(strict::ok(&json!({"kind": "storage#buckets", "items": items})))
}

fn described_bucket(bucket: &str) -> Value {
    json!({
        "kind": "storage#bucket",
        "id": bucket,
        "name": bucket,
        "location": "EU",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "projectNumber": crate::google::metadata::PROJECT_NUMBER.to_string(),
        "metageneration": "1",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}},
    })
}

/// Which of the permissions in the query the caller holds; asking needs none (`buckets.testIamPermissions`).
pub(super) fn test_permissions(
    Asked { state, access, call, name: bucket, .. }: Asked<StorageState>,
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

/// Describes, downloads, changes or deletes one object, where the conditions hold.
pub(super) fn object(
    Asked { state, access, call, names, .. }: Asked<StorageState>,
) -> Result<Reply, Refused> {
    let (bucket, name) = (names[0].as_str(), names[1].as_str());
    let permission = match call.method.as_str() {
        "DELETE" => "storage.objects.delete",
        "PATCH" => "storage.objects.update",
        _ => "storage.objects.get",
    };
    access.require(call, permission, name)?;
    strict::check_query(call, &[&READ[..], &["predefinedAcl"]].concat())?;
    let conditions = Conditions::of(call)?;
    let found = conditions.find(state.bucket(bucket)?.get(name));
    match call.method.as_str() {
        "GET" => return get(call, bucket, name, &conditions, found),
        _ => found?,
    };
    let objects = state.buckets.get_mut(bucket).ok_or_else(Refused::no_such_bucket)?;
    if call.method == http::Method::DELETE {
        return objects.remove(name).map(|_| Reply::empty(204)).ok_or_else(Refused::no_such_key);
    }
    let object = objects.get_mut(name).ok_or_else(Refused::no_such_key)?;
    patch(call, object)?;
    Ok(strict::ok(&described(call, bucket, name, object)))
}

fn get(
    call: &Call,
    bucket: &str,
    name: &str,
    conditions: &Conditions,
    found: Result<&Object, Refused>,
) -> Result<Reply, Refused> {
    let object = match found {
        // Nothing new is no error for whoever reads.
        Err(refused) if refused == Refused::condition_not_met() && conditions.wants_news() => {
            return Ok(Reply::empty(304));
        }
        found => found?,
    };
    if call.query("alt") != Some("media") {
        return Ok(strict::ok(&described(call, bucket, name, object)));
    }
    let reply = download::answer(call, object)?;
    let reply = reply.header("x-goog-generation", object.generation.to_string());
    Ok(reply.header("x-goog-hash", format!("crc32c={},md5={}", object.crc32c(), object.md5())))
}

fn patch(call: &Call, object: &mut Object) -> Result<(), Refused> {
    let changes: Map<String, Value> = serde_json::from_slice(&call.body)
        .map_err(|error| Refused::invalid(&format!("Parse Error: {error}")))?;
    for (field, value) in changes.into_iter().filter(|(field, _)| PATCHABLE.contains(&field.as_str())) {
        match (field.as_str(), value) {
            ("contentType", Value::String(content_type)) => object.content_type = content_type,
            (_, Value::Null) => {
                object.description.remove(&field);
            }
            (_, value) => {
                object.description.insert(field, value);
            }
        }
    }
    object.metageneration += 1;
    Ok(())
}

/// A bucket's listing; `startOffset` is part of it, `endOffset` isn't.
pub(super) fn list(
    Asked { state, access, call, name: bucket, .. }: Asked<StorageState>,
) -> Result<Reply, Refused> {
    access.require(call, "storage.objects.list", bucket)?;
    strict::check_query(call, &LIST)?;
    let text = |name: &str| call.query(name).unwrap_or_default();
    let query = Query {
        prefix: text("prefix"),
        delimiter: text("delimiter"),
        after: strict::query(call, "pageToken").map(listing::place).transpose()?,
        from: text("startOffset"),
        until: text("endOffset"),
        glob: text("matchGlob"),
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
pub(super) fn described(call: &Call, bucket: &str, name: &str, object: &Object) -> Value {
    let generation = object.generation.to_string();
    let created = object.created_text();
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let host = &call.host;
    let mut shown = json!({
        "kind": "storage#object",
        "id": format!("{bucket}/{name}/{generation}"),
        "name": name,
        "bucket": bucket,
        "mediaLink": format!(
            "http://{host}/download/storage/v1/b/{bucket}/o/{encoded}?generation={generation}&alt=media"
        ),
        "generation": generation,
        "metageneration": object.metageneration.to_string(),
        "contentType": object.content_type,
        "storageClass": "STANDARD",
        "size": object.content.len().to_string(),
        "crc32c": object.crc32c(),
        "md5Hash": object.md5(),
        "etag": object.etag().trim_matches('"'),
        "timeCreated": created,
        "updated": created,
        "timeStorageClassUpdated": created,
    });
    object.description.iter().for_each(|(field, value)| shown[field] = value.clone());
    shown
}
