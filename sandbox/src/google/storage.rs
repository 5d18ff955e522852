//! Cloud Storage: buckets and objects, by the XML interface that `object_store` speaks and the JSON one that
//! `gcloud` speaks.
//!
//! Reads see every write at once, as the real one promises (Cloud Storage documentation, "Consistency"). Names
//! sort by their UTF-8 bytes.

mod conditions;
mod download;
mod glob;
mod json;
mod listing;
mod md5;
mod object;
mod refusal;
mod routes;
mod upload;
mod xml;

use std::collections::{BTreeMap, btree_map::Entry};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use self::conditions::Conditions;
pub use self::object::Object;
use self::refusal::Refused;
use self::routes::Interface;
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::google;
use crate::google::access::Access;
use crate::google::fields;

/// The objects of one bucket by name.
type Objects = BTreeMap<String, Object>;

#[derive(Debug, Default)]
struct StorageState {
    buckets: BTreeMap<String, Objects>,
    /// Uploads that have no end yet.
    sessions: upload::Sessions,
    /// Whether an account that may only create is told 403 instead of 412 when the object exists.
    forbids_before_conditions: bool,
}

/// Cloud Storage, as far as it can be asked and told.
#[derive(Debug)]
pub struct Storage {
    access: Arc<Access>,
    state: Mutex<StorageState>,
}

impl Storage {
    /// Without buckets; asks `access` who may do what.
    pub fn new(access: Arc<Access>) -> Self {
        Self { access, state: Mutex::default() }
    }

    /// Adds an empty bucket; one that exists is left alone.
    pub fn add_bucket(&self, bucket: &str) {
        lock(&self.state).buckets.entry(bucket.to_owned()).or_default();
    }

    /// Names and contents of all objects of a bucket, in order.
    pub fn objects(&self, bucket: &str) -> Vec<(String, Bytes)> {
        let state = lock(&self.state);
        let objects = state.buckets.get(bucket).into_iter().flatten();
        objects.map(|(name, object)| (name.clone(), object.content.clone())).collect()
    }

    /// An object's content.
    pub fn read(&self, bucket: &str, name: &str) -> Option<Bytes> {
        lock(&self.state).buckets.get(bucket)?.get(name).map(|object| object.content.clone())
    }

    /// Writes an object past the interface, over whatever is there.
    pub fn put(&self, bucket: &str, name: &str, content: impl Into<Bytes>) {
        let object = Object::new(content.into(), "application/octet-stream");
        lock(&self.state).buckets.entry(bucket.to_owned()).or_default().insert(name.to_owned(), object);
    }

    /// Writes an object past the interface, unless there is one; whether it was written.
    pub fn put_new(&self, bucket: &str, name: &str, content: impl Into<Bytes>) -> bool {
        let mut state = lock(&self.state);
        let Entry::Vacant(vacant) =
            state.buckets.entry(bucket.to_owned()).or_default().entry(name.to_owned())
        else {
            return false;
        };
        vacant.insert(Object::new(content.into(), "application/octet-stream"));
        true
    }

    /// Removes an object past the interface.
    pub fn remove(&self, bucket: &str, name: &str) {
        if let Some(objects) = lock(&self.state).buckets.get_mut(bucket) {
            objects.remove(name);
        }
    }

    /// Whether an account that may create but not overwrite is told 403, not 412, when the object exists.
    /// Documentation and practice disagree, so a client has to live with both.
    pub fn forbid_before_conditions(&self, forbid: bool) {
        lock(&self.state).forbids_before_conditions = forbid;
    }
}

impl Provider for Storage {
    fn operation(&self, call: &Call) -> &'static str {
        routes::operation(call)
    }

    fn answer(&self, call: &Call) -> Reply {
        let interface = routes::interface(call);
        let routes = routes::routes(call);
        match google::settle(&routes, (&self.state, &self.access, call), Refused::unknown_route) {
            Ok(reply) if interface == Interface::Json => partial(call, reply),
            Ok(reply) => reply,
            Err(refused) => refused.reply(interface),
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        Refused::of_status(status).reply(Interface::Xml)
    }

    fn kind(&self, operation: &str, call: &Call) -> Kind {
        routes::kind(operation, call)
    }
}

/// The fields of an answer that were asked for.
fn partial(call: &Call, mut reply: Reply) -> Reply {
    let Some(mask) = call.query("fields").filter(|_| call.query("alt") != Some("media")) else {
        return reply;
    };
    let Ok(whole) = serde_json::from_slice(&reply.body) else { return reply };
    match fields::select(&whole, mask) {
        Some(part) => {
            reply.body = part.to_string().into();
            reply
        }
        None => Refused::invalid(&format!("Invalid field selection {mask}")).reply(Interface::Json),
    }
}

impl StorageState {
    fn bucket(&self, name: &str) -> Result<&Objects, Refused> {
        self.buckets.get(name).ok_or_else(Refused::no_such_bucket)
    }

    /// Creates an object, or overwrites it where that is allowed and its generation is the one expected.
    fn write(
        &mut self,
        target: &Target<'_>,
        may_overwrite: bool,
        object: Object,
    ) -> Result<&Object, Refused> {
        let forbids = self.forbids_before_conditions;
        let objects = self.buckets.get_mut(target.bucket).ok_or_else(Refused::no_such_bucket)?;
        let existing = objects.get(target.name);
        if existing.is_some() && !may_overwrite && forbids {
            return Err(Refused::denied("storage.objects.delete", target.bucket, target.name));
        }
        target.conditions.check(existing)?;
        if existing.is_some() && !may_overwrite {
            return Err(Refused::denied("storage.objects.delete", target.bucket, target.name));
        }
        objects.insert(target.name.to_owned(), object);
        objects.get(target.name).ok_or_else(Refused::no_such_key)
    }
}

/// What a write is aimed at.
struct Target<'call> {
    bucket: &'call str,
    name: &'call str,
    /// What has to hold of what is there.
    conditions: Conditions,
}

#[cfg(test)]
mod tests;
