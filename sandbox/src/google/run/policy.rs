//! An IAM policy and what may be written into it.
//!
//! Rules from the discovery document of Cloud Run v2 (`GoogleIamV1Policy`) and the IAM documentation
//! ("Policy", "Understanding IAM Conditions", "Domain restricted sharing").

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::google::refusal::Refusal;
use crate::google::strict::{Fields, Shape};

/// Who may invoke a service.
pub const INVOKER: &str = "roles/run.invoker";
/// Everybody, signed in or not.
pub const ALL_USERS: &str = "allUsers";

/// No more than this many principals (IAM documentation, "Quotas and limits").
const MOST_PRINCIPALS: usize = 1500;

const CONDITION: Fields = &[
    ("title", Shape::Text),
    ("description", Shape::Text),
    ("expression", Shape::Text),
    ("location", Shape::Text),
];
const BINDING: Fields =
    &[("role", Shape::Text), ("members", Shape::List(&Shape::Text)), ("condition", Shape::Object(CONDITION))];
const AUDIT_CONFIG: Fields = &[("service", Shape::Text), ("auditLogConfigs", Shape::List(&Shape::Any))];

/// The fields of a policy.
pub(super) const POLICY: Fields = &[
    ("version", Shape::Int),
    ("etag", Shape::Text),
    ("bindings", Shape::List(&Shape::Object(BINDING))),
    ("auditConfigs", Shape::List(&Shape::Object(AUDIT_CONFIG))),
];

/// The policy of one service.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    bindings: Vec<Value>,
    audit_configs: Vec<Value>,
    revision: u64,
}

impl Policy {
    /// What is there before anybody fails over: other people's members, another role, and an invoker binding
    /// under a condition. None of it is ours to change.
    pub(super) fn seeded() -> Self {
        let bindings = vec![
            json!({"role": "roles/run.developer", "members": ["group:web-team@gleich.tech"]}),
            json!({"role": INVOKER, "members": ["serviceAccount:monitor@gleich-tech.iam.gserviceaccount.com"]}),
            json!({
                "role": INVOKER,
                "members": ["user:auditor@gleich.tech"],
                "condition": {
                    "title": "until the audit ends",
                    "description": "The auditors may look until the year is over.",
                    "expression": "request.time < timestamp(\"2030-01-01T00:00:00Z\")",
                },
            }),
        ];
        Self { bindings, audit_configs: Vec::new(), revision: 1 }
    }

    /// Opaque to clients, but always valid base64, as google-cloud-run-v2 and gcloud insist.
    pub(super) fn etag(&self) -> String {
        if self.revision == 0 {
            return "ACAB".to_owned();
        }
        BASE64_STANDARD.encode([&[7, 6], self.revision.to_be_bytes().as_slice()].concat())
    }

    /// 3 with conditions, else 1.
    pub(super) fn version(&self) -> u8 {
        if self.is_conditional() { 3 } else { 1 }
    }

    pub(super) fn is_conditional(&self) -> bool {
        self.bindings.iter().any(|binding| !binding["condition"].is_null())
    }

    /// As clients read it: what is empty is left out.
    pub(super) fn to_value(&self) -> Value {
        let mut value = json!({"etag": self.etag()});
        if !self.bindings.is_empty() {
            value["version"] = json!(self.version());
            value["bindings"] = json!(self.bindings);
        }
        if !self.audit_configs.is_empty() {
            value["auditConfigs"] = json!(self.audit_configs);
        }
        value
    }

    /// Whether anybody at all may invoke, by a binding without a condition.
    pub(super) fn lets_everybody_invoke(&self) -> bool {
        self.bindings.iter().any(|binding| {
            binding["role"] == INVOKER
                && binding["condition"].is_null()
                && members(binding).any(|member| member == ALL_USERS)
        })
    }

    /// Replaces the bindings without looking at anything, as somebody else's tool would.
    pub(super) fn overwrite(&mut self, policy: &Value) {
        self.replace(list(policy, "bindings"), list(policy, "auditConfigs"));
    }

    /// Adds a member to the unconditional binding of a role.
    pub(super) fn grant(&mut self, role: &str, member: &str) {
        let mut bindings = self.bindings.clone();
        bindings.push(json!({"role": role, "members": [member]}));
        self.replace(bindings, self.audit_configs.clone());
    }

    /// Puts in what a request brings, as far as its mask goes.
    pub(super) fn set(&mut self, request: &Map<String, Value>, mask: &[String]) {
        let masked = |field: &str| mask.iter().any(|path| path == field || path == "*");
        let request = Value::Object(request.clone());
        let bindings = if masked("bindings") { list(&request, "bindings") } else { self.bindings.clone() };
        let audits =
            if masked("auditConfigs") { list(&request, "auditConfigs") } else { self.audit_configs.clone() };
        self.replace(bindings, audits);
    }

    fn replace(&mut self, bindings: Vec<Value>, audit_configs: Vec<Value>) {
        self.bindings = merged(bindings);
        self.audit_configs = audit_configs;
        self.revision += 1;
    }
}

/// Refuses a policy that IAM wouldn't store in place of `current`.
///
/// # Errors
/// 400 `INVALID_ARGUMENT` for bindings without members, unknown roles or members, conditions below version 3.
pub(super) fn check(request: &Map<String, Value>, current: &Policy) -> Result<(), Refusal> {
    let version = request.get("version").and_then(Value::as_i64).unwrap_or_default();
    let request = Value::Object(request.clone());
    let bindings = list(&request, "bindings");
    check_version(version, &bindings, current, request["etag"].is_string())?;
    bindings.iter().try_for_each(check_binding)?;
    let principals: usize = bindings.iter().map(|binding| members(binding).count()).sum();
    if principals > MOST_PRINCIPALS {
        let message = format!(
            "The number of members in the policy ({principals}) is larger than the maximum allowed size 1500."
        );
        return Err(Refusal::invalid_argument(message));
    }
    Ok(())
}

fn check_version(version: i64, bindings: &[Value], current: &Policy, with_etag: bool) -> Result<(), Refusal> {
    if ![0, 1, 3].contains(&version) {
        let message = format!("Invalid policy version {version}. Valid values are 0, 1, and 3.");
        return Err(Refusal::invalid_argument(message));
    }
    let brings_conditions = bindings.iter().any(|binding| !binding["condition"].is_null());
    // Without an etag the old policy isn't looked at: its conditions are lost, as documented.
    if version < 3 && (brings_conditions || (with_etag && current.is_conditional())) {
        let message = "Conditions can't be set or removed with a policy version below 3. To learn more, see \
                       https://cloud.google.com/iam/help/conditions/policies";
        return Err(Refusal::invalid_argument(message));
    }
    Ok(())
}

fn check_binding(binding: &Value) -> Result<(), Refusal> {
    let role = binding["role"].as_str().unwrap_or_default();
    if !["roles/", "projects/", "organizations/"].iter().any(|prefix| role.starts_with(prefix)) {
        return Err(Refusal::invalid_argument(format!("Role {role} is not supported for this resource.")));
    }
    if members(binding).next().is_none() {
        return Err(Refusal::invalid_argument(format!(
            "Binding of {role} must contain at least one principal."
        )));
    }
    if let Some(member) = members(binding).find(|member| !is_member(member)) {
        return Err(Refusal::invalid_argument(format!("Invalid value \"{member}\" for field \"members\".")));
    }
    let public = members(binding).any(|member| ["allUsers", "allAuthenticatedUsers"].contains(&member));
    if public && !binding["condition"].is_null() {
        return Err(Refusal::invalid_argument(
            "Conditions can't be applied to allUsers or allAuthenticatedUsers.",
        ));
    }
    Ok(())
}

/// IAM's spellings of a principal (IAM documentation, "Principal identifiers").
fn is_member(member: &str) -> bool {
    const KINDS: [&str; 7] =
        ["user:", "group:", "domain:", "serviceAccount:", "deleted:", "principal://", "principalSet://"];
    [ALL_USERS, "allAuthenticatedUsers"].contains(&member)
        || KINDS.iter().any(|kind| member.len() > kind.len() && member.starts_with(kind))
}

/// Bindings of the same role and condition become one, members occur once: IAM stores them so.
fn merged(bindings: Vec<Value>) -> Vec<Value> {
    let mut merged: Vec<Value> = Vec::new();
    for binding in bindings {
        let same = |other: &&mut Value| {
            other["role"] == binding["role"] && other["condition"] == binding["condition"]
        };
        let mut all: Vec<String> = Vec::new();
        let existing = merged.iter_mut().find(same);
        for member in existing.iter().flat_map(|existing| members(existing)).chain(members(&binding)) {
            if !all.iter().any(|known| known == member) {
                all.push(member.to_owned());
            }
        }
        match existing {
            Some(existing) => existing["members"] = json!(all),
            None => merged.push(with_members(binding, &all)),
        }
    }
    merged
}

fn with_members(mut binding: Value, members: &[String]) -> Value {
    binding["members"] = json!(members);
    binding
}

fn members(binding: &Value) -> impl Iterator<Item = &str> {
    binding["members"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn list(message: &Value, field: &str) -> Vec<Value> {
    message[field].as_array().cloned().unwrap_or_default()
}
