//! Uploads by the JSON interface: in one piece, with its description in a multipart body, or resumable in several
//! requests (Cloud Storage documentation, "Uploads and downloads").

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use super::conditions::Conditions;
use super::refusal::Refused;
use super::{Object, StorageState, Target, json};
use crate::frame::call::{Call, Reply};
use crate::google::Asked;
use crate::google::strict;

const INSERT: [&str; 12] = [
    "uploadType",
    "upload_id",
    "name",
    "ifGenerationMatch",
    "ifGenerationNotMatch",
    "ifMetagenerationMatch",
    "ifMetagenerationNotMatch",
    "projection",
    "contentEncoding",
    "kmsKeyName",
    "predefinedAcl",
    "uploadProtocol",
];

/// What a client may say of the object that it uploads; everything else the service says itself.
const SETTABLE: [&str; 10] = [
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "customTime",
    "metadata",
    "storageClass",
    "md5Hash",
    "crc32c",
];

/// Uploads that have begun and have no end yet.
pub(super) type Sessions = HashMap<String, Session>;

/// One of them.
#[derive(Debug)]
pub(super) struct Session {
    planned: Planned,
    content: BytesMut,
}

/// What becomes of the content once it is there.
#[derive(Debug)]
struct Planned {
    bucket: String,
    name: String,
    description: Map<String, Value>,
    conditions: Conditions,
    may_overwrite: bool,
}

/// Begins an upload, or carries all of it out.
pub(super) fn insert(
    Asked { state, access, call, name: bucket, .. }: Asked<StorageState>,
) -> Result<Reply, Refused> {
    let account = access.require(call, "storage.objects.create", bucket)?;
    strict::check_query(call, &INSERT)?;
    state.bucket(bucket)?;
    let may_overwrite = access.may(&account, "storage.objects.delete");
    let planned = |description| Planned::of(call, bucket, description, may_overwrite);
    match call.query("uploadType") {
        Some("media") => {
            let content_type = call.header("content-type").unwrap_or("application/octet-stream");
            let description = Map::from_iter([("contentType".to_owned(), content_type.into())]);
            planned(description)?.write(state, call, call.body.clone())
        }
        Some("multipart") => {
            let (description, content) = parts(call)?;
            planned(description)?.write(state, call, content)
        }
        Some("resumable") => begin(state, call, planned(object(&call.body)?)?),
        _ => Err(Refused::invalid("Invalid upload type.")),
    }
}

/// More of a resumable upload.
pub(super) fn resume(Asked { state, access, call, .. }: Asked<StorageState>) -> Result<Reply, Refused> {
    access
        .account_of(call)
        .or_else(|refusal| if call.bearer().is_none() { Ok(String::new()) } else { Err(refusal) })?;
    let id = call.query("upload_id").unwrap_or_default().to_owned();
    let session = state.sessions.get_mut(&id).ok_or_else(Refused::no_such_key)?;
    let range = Range::of(call, session.content.len())?;
    if !call.body.is_empty() {
        if range.first != session.content.len() {
            return Err(Refused::invalid("Invalid range: it does not begin where the last one ended."));
        }
        session.content.extend_from_slice(&call.body);
    }
    if range.whole != Some(session.content.len()) {
        return Ok(incomplete(session.content.len()));
    }
    let session = state.sessions.remove(&id).ok_or_else(Refused::no_such_key)?;
    session.planned.write(state, call, session.content.freeze())
}

fn begin(state: &mut StorageState, call: &Call, planned: Planned) -> Result<Reply, Refused> {
    planned.conditions.check(state.bucket(&planned.bucket)?.get(&planned.name))?;
    let id = uuid::Uuid::new_v4().simple().to_string();
    let (host, path) = (&call.host, &call.path);
    let location = format!("http://{host}{path}?uploadType=resumable&upload_id={id}");
    state.sessions.insert(id.clone(), Session { planned, content: BytesMut::new() });
    Ok(Reply::empty(200).header("location", location).header("x-guploader-uploadid", id))
}

/// 308: what is there so far.
fn incomplete(length: usize) -> Reply {
    let reply = Reply::empty(308);
    match length.checked_sub(1) {
        Some(last) => reply.header("range", format!("bytes=0-{last}")),
        None => reply,
    }
}

impl Planned {
    fn of(
        call: &Call,
        bucket: &str,
        mut description: Map<String, Value>,
        may_overwrite: bool,
    ) -> Result<Self, Refused> {
        let told = description.remove("name");
        let name = strict::query(call, "name").or_else(|| told.as_ref()?.as_str());
        let name = name
            .filter(|name| !name.is_empty())
            .ok_or_else(|| Refused::invalid("Required parameter: name"))?;
        let conditions = Conditions { meant: None, ..Conditions::of(call)? };
        description.retain(|field, _| SETTABLE.contains(&field.as_str()));
        Ok(Self { bucket: bucket.to_owned(), name: name.to_owned(), description, conditions, may_overwrite })
    }

    fn write(mut self, state: &mut StorageState, call: &Call, content: Bytes) -> Result<Reply, Refused> {
        let content_type = self.description.remove("contentType");
        let content_type =
            content_type.as_ref().and_then(Value::as_str).unwrap_or("application/octet-stream");
        let mut object = Object::new(content, content_type);
        for (field, seen) in [("md5Hash", object.md5()), ("crc32c", object.crc32c())] {
            if self.description.remove(field).is_some_and(|told| told != seen) {
                return Err(Refused::invalid(&format!("Provided {field} doesn't match the content.")));
            }
        }
        object.description = self.description;
        let target = Target { bucket: &self.bucket, name: &self.name, conditions: self.conditions };
        let written = state.write(&target, self.may_overwrite, object)?;
        Ok(strict::ok(&json::described(call, &self.bucket, &self.name, written)))
    }
}

/// Which part a request carries: `bytes 0-9/10`, `bytes 0-9/*`, `bytes */10`, or all of it.
struct Range {
    first: usize,
    whole: Option<usize>,
}

impl Range {
    fn of(call: &Call, so_far: usize) -> Result<Self, Refused> {
        let Some(header) = call.header("content-range") else {
            return Ok(Self { first: so_far, whole: Some(so_far + call.body.len()) });
        };
        let invalid = || Refused::invalid("Failed to parse Content-Range header.");
        let (part, whole) =
            header.strip_prefix("bytes ").and_then(|rest| rest.split_once('/')).ok_or_else(invalid)?;
        let number = |text: &str| text.parse::<usize>().map_err(|_| invalid());
        let whole = if whole == "*" { None } else { Some(number(whole)?) };
        let first = match part.split_once('-') {
            Some((first, _)) => number(first)?,
            None => so_far,
        };
        Ok(Self { first, whole })
    }
}

/// Description and content of a `multipart/related` body (RFC 2387).
fn parts(call: &Call) -> Result<(Map<String, Value>, Bytes), Refused> {
    let malformed = || Refused::invalid("Multipart body is malformed.");
    let header = call.header("content-type").unwrap_or_default();
    let (_, boundary) = header.split_once("boundary=").ok_or_else(malformed)?;
    let boundary = boundary.split(';').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    let delimiter = format!("--{boundary}");
    let body = &call.body;
    let first = find(body, delimiter.as_bytes(), 0).ok_or_else(malformed)? + delimiter.len();
    let second = find(body, delimiter.as_bytes(), first).ok_or_else(malformed)?;
    let last =
        find(body, format!("{delimiter}--").as_bytes(), second + delimiter.len()).ok_or_else(malformed)?;
    let described = part(body, first, second).ok_or_else(malformed)?;
    let content = part(body, second + delimiter.len(), last).ok_or_else(malformed)?;
    let mut description = object(&described.1)?;
    if let Some(content_type) = content.0 {
        description.entry("contentType").or_insert(content_type.into());
    }
    Ok((description, content.1))
}

/// A part's type and content, between two delimiters.
fn part(body: &Bytes, from: usize, to: usize) -> Option<(Option<String>, Bytes)> {
    let (head, gap) = match find(body, b"\r\n\r\n", from) {
        Some(at) if at < to => (at, 4),
        _ => (find(body, b"\n\n", from).filter(|at| *at < to)?, 2),
    };
    let headers = String::from_utf8_lossy(&body[from..head]).into_owned();
    let kind = headers.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-type").then(|| value.trim().to_owned())
    });
    let end = if body[..to].ends_with(b"\r\n") { to - 2 } else { to.checked_sub(1)? };
    Some((kind, body.slice((head + gap).min(end)..end)))
}

fn find(body: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    body.get(from..)?.windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refused> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).map_err(|error| Refused::invalid(&format!("Parse Error: {error}")))
}
