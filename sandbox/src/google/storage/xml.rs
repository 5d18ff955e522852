//! The XML interface (Cloud Storage documentation, "XML API"): the one that `object_store` speaks.

use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::conditions::Conditions;
use super::listing::{self, Page, Query};
use super::refusal::{Refused, escaped};
use super::{Object, StorageState, Target, download};
use crate::frame::call::{Call, Reply};
use crate::google::Asked;
use crate::google::access::Access;

/// What the headers of custom metadata begin with.
const CUSTOM: &str = "x-goog-meta-";

/// The most custom metadata that an object has, in bytes of names and values.
const LARGEST_METADATA: usize = 8 * 1024;

/// Reads, writes or deletes one object.
pub(super) fn object(
    Asked { state, access, call, names, .. }: Asked<StorageState>,
) -> Result<Reply, Refused> {
    let (bucket, name) = (names[0].as_str(), names[1].as_str());
    match call.method.as_str() {
        "PUT" => put(state, access, call, bucket, name),
        "DELETE" => delete(state, access, call, bucket, name),
        _ => get(state, access, call, bucket, name),
    }
}

fn put(
    state: &mut StorageState,
    access: &Access,
    call: &Call,
    bucket: &str,
    name: &str,
) -> Result<Reply, Refused> {
    let account = access.require(call, "storage.objects.create", bucket)?;
    known_query(call, &[])?;
    if name.is_empty() || name.len() > 1024 || name.contains(['\r', '\n']) {
        return Err(Refused::invalid("The object name is not valid."));
    }
    let conditions = Conditions::of_headers(call)?;
    let content_type = call.header("content-type").unwrap_or("application/octet-stream");
    let may_overwrite = access.may(&account, "storage.objects.delete");
    let mut object = Object::new(call.body.clone(), content_type);
    object.describe(custom_metadata(call)?);
    let written = state.write(&Target { bucket, name, conditions }, may_overwrite, object)?;
    Ok(described(Reply::empty(200), written))
}

/// What the headers say of the object in its owner's words (Cloud Storage, "Object metadata": at most 8 KiB).
fn custom_metadata(call: &Call) -> Result<Map<String, Value>, Refused> {
    let named = |(name, value): (&HeaderName, &HeaderValue)| {
        let name = name.as_str().strip_prefix(CUSTOM)?.to_owned();
        Some((name, Value::from(value.to_str().unwrap_or_default())))
    };
    let metadata: Map<String, Value> = call.headers.iter().filter_map(named).collect();
    let length = |(name, value): (&String, &Value)| name.len() + value.as_str().map_or(0, str::len);
    if metadata.iter().map(length).sum::<usize>() > LARGEST_METADATA {
        return Err(Refused::metadata_too_large());
    }
    Ok(metadata)
}

fn delete(
    state: &mut StorageState,
    access: &Access,
    call: &Call,
    bucket: &str,
    name: &str,
) -> Result<Reply, Refused> {
    access
        .require(call, "storage.objects.delete", name)
        .map_err(|refusal| denied(refusal.code, "storage.objects.delete", bucket, name))?;
    Conditions::of_headers(call)?.find(state.bucket(bucket)?.get(name))?;
    let removed = state.buckets.get_mut(bucket).and_then(|objects| objects.remove(name));
    removed.map(|_| Reply::empty(204)).ok_or_else(Refused::no_such_key)
}

fn denied(code: u16, permission: &str, bucket: &str, name: &str) -> Refused {
    if code == 401 { Refused::of_status(401) } else { Refused::denied(permission, bucket, name) }
}

fn get(
    state: &StorageState,
    access: &Access,
    call: &Call,
    bucket: &str,
    name: &str,
) -> Result<Reply, Refused> {
    access.require(call, "storage.objects.get", bucket)?;
    known_query(call, &["generation"])?;
    let object = Conditions::of_headers(call)?.find(state.bucket(bucket)?.get(name))?;
    if call.header("if-none-match").is_some_and(|etag| etag == object.etag()) {
        return Ok(described(Reply::empty(304), object));
    }
    if call.header("if-match").is_some_and(|etag| etag != object.etag()) {
        return Err(Refused::condition_not_met());
    }
    download::answer(call, object).map(|reply| described(reply, object))
}

/// The headers that say which object this is.
fn described(reply: Reply, object: &Object) -> Reply {
    let custom = object.description.get("metadata").and_then(Value::as_object).into_iter().flatten();
    let custom = custom.map(|(name, value)| (format!("{CUSTOM}{name}"), value.as_str().unwrap_or_default()));
    custom
        .fold(reply, |reply, (name, value)| reply.header(&name, value))
        .header("etag", object.etag())
        .header("x-goog-generation", object.generation.to_string())
        .header("x-goog-metageneration", object.metageneration.to_string())
        .header("x-goog-hash", format!("crc32c={}", object.crc32c()))
        .header("x-goog-storage-class", "STANDARD")
        .header("last-modified", object.created.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// The second version of the listing: `list-type=2`.
pub(super) fn list(
    Asked { state, access, call, name: bucket, .. }: Asked<StorageState>,
) -> Result<Reply, Refused> {
    access.require(call, "storage.objects.list", bucket)?;
    known_query(
        call,
        &["list-type", "prefix", "delimiter", "start-after", "max-keys", "continuation-token"],
    )?;
    if call.query("list-type") != Some("2") {
        return Err(Refused::invalid("Only list-type=2 is understood."));
    }
    let token = call.query("continuation-token").map(listing::place).transpose()?;
    let query = Query {
        prefix: call.query("prefix").unwrap_or_default(),
        delimiter: call.query("delimiter").unwrap_or_default(),
        after: token.or_else(|| call.query("start-after").map(ToOwned::to_owned)),
        size: listing::size(call.query("max-keys"))?,
        ..Query::default()
    };
    let page = Page::of(state.bucket(bucket)?, &query);
    let body = page_body(bucket, &query, &page);
    Ok(Reply::typed(200, "application/xml; charset=UTF-8", body))
}

fn page_body(bucket: &str, query: &Query<'_>, page: &Page<'_>) -> String {
    let head = format!(
        "<?xml version='1.0' encoding='UTF-8'?>\
         <ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>\
         <Name>{}</Name><Prefix>{}</Prefix><KeyCount>{}</KeyCount><MaxKeys>{}</MaxKeys>\
         <IsTruncated>{}</IsTruncated>",
        escaped(bucket),
        escaped(query.prefix),
        page.count(),
        query.size,
        page.next.is_some(),
    );
    let next = page.next.iter().map(|next| format!("<NextContinuationToken>{next}</NextContinuationToken>"));
    let objects = page.objects.iter().map(|(name, object)| contents(name, object));
    let prefixes = page.prefixes.iter().map(|prefix| common(prefix));
    let end = "</ListBucketResult>".to_owned();
    [head].into_iter().chain(next).chain(objects).chain(prefixes).chain([end]).collect()
}

fn common(prefix: &str) -> String {
    format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", escaped(prefix))
}

fn contents(name: &str, object: &Object) -> String {
    format!(
        "<Contents><Key>{}</Key><Generation>{}</Generation><MetaGeneration>{}</MetaGeneration>\
         <LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
        escaped(name),
        object.generation,
        object.metageneration,
        object.created_text(),
        escaped(&object.etag()),
        object.content.len(),
    )
}

/// Refuses query parameters that this request doesn't know.
fn known_query(call: &Call, known: &[&str]) -> Result<(), Refused> {
    let unknown =
        call.query.iter().find(|(name, _)| !known.contains(&name.as_str()) && name != "userProject");
    unknown.map_or(Ok(()), |(name, _)| Err(Refused::invalid(&format!("Unknown query parameter {name}."))))
}
