//! Reading, listing and patching services (discovery document of run v2, `projects.locations.services`).

use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{RunState, SERVICE_KIND, Service, operations, seed};
use crate::frame::call::{Call, Reply};
use crate::frame::change::Change;
use crate::google::Asked;
use crate::google::refusal::Refusal;
use crate::google::strict::{self, Fields, Shape};
use crate::google::{mask, page};

const SCALING: Fields = &[
    ("minInstanceCount", Shape::Int),
    ("maxInstanceCount", Shape::Int),
    ("scalingMode", Shape::Enum(&SCALING_MODES)),
    ("manualInstanceCount", Shape::Int),
];

/// What a caller may set, with what the service only ever says (`GoogleCloudRunV2Service`).
const SERVICE: Fields = &[
    ("name", Shape::Text),
    ("description", Shape::Text),
    ("labels", Shape::Labels),
    ("annotations", Shape::Labels),
    ("client", Shape::Text),
    ("clientVersion", Shape::Text),
    ("ingress", Shape::Enum(&INGRESS)),
    ("launchStage", Shape::Enum(&LAUNCH_STAGES)),
    ("binaryAuthorization", Shape::Any),
    ("template", Shape::Any),
    ("traffic", Shape::List(&Shape::Any)),
    ("scaling", Shape::Object(SCALING)),
    ("invokerIamDisabled", Shape::Bool),
    ("defaultUriDisabled", Shape::Bool),
    ("iapEnabled", Shape::Bool),
    ("customAudiences", Shape::List(&Shape::Text)),
    ("buildConfig", Shape::Any),
    ("etag", Shape::Text),
    ("uid", Shape::Text),
    ("generation", Shape::Int64),
    ("observedGeneration", Shape::Int64),
    ("createTime", Shape::Text),
    ("updateTime", Shape::Text),
    ("deleteTime", Shape::Text),
    ("expireTime", Shape::Text),
    ("creator", Shape::Text),
    ("lastModifier", Shape::Text),
    ("terminalCondition", Shape::Any),
    ("conditions", Shape::List(&Shape::Any)),
    ("latestReadyRevision", Shape::Text),
    ("latestCreatedRevision", Shape::Text),
    ("trafficStatuses", Shape::List(&Shape::Any)),
    ("uri", Shape::Text),
    ("urls", Shape::List(&Shape::Text)),
    ("reconciling", Shape::Bool),
    ("satisfiesPzs", Shape::Bool),
    ("threatDetectionEnabled", Shape::Bool),
];

/// The first so many of [`SERVICE`], `name` apart, are the caller's to set.
const SETTABLE: usize = 17;

const SCALING_MODES: [&str; 3] = ["SCALING_MODE_UNSPECIFIED", "AUTOMATIC", "MANUAL"];

const LAUNCH_STAGES: [&str; 8] = [
    "LAUNCH_STAGE_UNSPECIFIED",
    "EARLY_ACCESS",
    "ALPHA",
    "BETA",
    "GA",
    "DEPRECATED",
    "UNIMPLEMENTED",
    "PRELAUNCH",
];

const INGRESS: [&str; 5] = [
    "INGRESS_TRAFFIC_UNSPECIFIED",
    "INGRESS_TRAFFIC_ALL",
    "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    "INGRESS_TRAFFIC_NONE",
];

pub(super) fn find<'state>(state: &'state RunState, name: &str) -> Result<&'state Service, Refusal> {
    state.services.get(name).ok_or_else(|| missing(name))
}

pub(super) fn find_mut<'state>(
    state: &'state mut RunState,
    name: &str,
) -> Result<&'state mut Service, Refusal> {
    state.services.get_mut(name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Refusal {
    let parts: Vec<&str> = name.split('/').collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    Refusal::not_found(format!(
        "Resource '{}' of kind 'SERVICE' in region '{}' in project '{}' does not exist.",
        part(5),
        part(3),
        part(1)
    ))
}

pub(super) fn get(Asked { state, access, call, name, .. }: Asked<RunState>) -> Result<Reply, Refusal> {
    access.require(call, "run.services.get", name)?;
    strict::check_query(call, &[])?;
    Ok(strict::ok(&Value::Object(find(state, name)?.read(Instant::now()))))
}

pub(super) fn list(
    Asked { state, access, call, name: parent, .. }: Asked<RunState>,
) -> Result<Reply, Refusal> {
    access.require(call, "run.services.list", parent)?;
    strict::check_query(call, &["pageSize", "pageToken", "showDeleted"])?;
    if parent.contains("/locations/-/") {
        return Err(Refusal::invalid_argument(
            "Location must be a valid Google Cloud region, and cannot be the \"-\" wildcard.",
        ));
    }
    let found = state.services.iter().filter(|(name, _)| name.starts_with(parent));
    let services: Vec<Value> =
        found.map(|(_, service)| Value::Object(service.read(Instant::now()))).collect();
    Ok(strict::ok(&page::of(call, services, "services")?))
}

/// Changes what the mask names and answers with an operation.
pub(super) fn patch(Asked { state, access, call, name, .. }: Asked<RunState>) -> Result<Reply, Refusal> {
    access.require(call, "run.services.update", name)?;
    strict::check_query(call, &["updateMask", "validateOnly", "allowMissing", "forceNewRevision"])?;
    let update = strict::body(call, SERVICE)?;
    let paths = patched_paths(call, &update)?;
    if paths.iter().any(|path| path == "invokerIamDisabled") {
        access.require(call, "run.services.setIamPolicy", name)?;
    }
    let takes = state.operation_takes;
    let fails = state.operation_fails.clone();
    let service = find_mut(state, name)?;
    if update.get("etag").is_some_and(|etag| Some(etag) != service.fields.get("etag")) {
        return Err(Refusal::aborted("The service was changed since it was read: its etag is another one."));
    }
    let before = Value::Object(service.read(Instant::now()));
    if call.query("validateOnly") != Some("true") && fails.is_none() {
        service.patch(&update, &paths, Instant::now() + takes);
    }
    let after = Value::Object(service.read(Instant::now() + takes));
    let body = operations::begin(state, name, (&after, fails), Instant::now() + takes);
    let change = Change::new(SERVICE_KIND, name, [before, after]);
    Ok(strict::ok(&body).changed(change))
}

/// The mask's paths; without a mask every field that the body carries is set.
fn patched_paths(call: &Call, update: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let settable = &SERVICE[1..SETTABLE];
    if let Some(mask) = strict::query(call, "updateMask") {
        return mask::parse(mask, settable);
    }
    let names = settable.iter().map(|(field, _)| (*field).to_owned());
    Ok(names.filter(|field| update.contains_key(field)).collect())
}

impl Service {
    /// As v2 clients read it: `reconciling` and `observedGeneration` follow a change, falsehoods are left out.
    pub(super) fn read(&self, now: Instant) -> Map<String, Value> {
        let mut fields = self.fields.clone();
        fields.retain(|_, value| *value != Value::Bool(false));
        let generation = self.generation();
        let reconciling = self.settles.is_some_and(|settles| now < settles);
        let observed = if reconciling { generation - 1 } else { generation };
        fields.insert("observedGeneration".to_owned(), json!(observed.to_string()));
        if reconciling {
            fields.insert("reconciling".to_owned(), json!(true));
        }
        fields
    }

    fn generation(&self) -> u64 {
        self.text("generation").parse().unwrap_or(1)
    }

    fn patch(&mut self, update: &Map<String, Value>, paths: &[String], settles: Instant) {
        mask::apply(&mut self.fields, update, paths);
        let generation = self.generation() + 1;
        self.fields.insert("generation".to_owned(), json!(generation.to_string()));
        self.fields.insert("etag".to_owned(), json!(seed::etag(generation)));
        self.fields.insert("updateTime".to_owned(), json!(Timestamp::now().to_string()));
        if paths.iter().any(|path| path.split('.').next() == Some("template")) {
            self.new_revision(generation);
        }
        self.settles = Some(settles);
        self.note_gate(Instant::now());
    }

    /// Whatever changes under `template` makes a new revision; everything else doesn't.
    fn new_revision(&mut self, generation: u64) {
        let name = self.text("name").to_owned();
        let short = name.rsplit('/').next().unwrap_or_default();
        let revision = json!(format!("{name}/revisions/{short}-{generation:05}-xyz"));
        self.fields.insert("latestCreatedRevision".to_owned(), revision.clone());
        self.fields.insert("latestReadyRevision".to_owned(), revision);
    }
}
