//! The account's scripts as its interface shows them, and how many requests they answered.
//! Source: developers.cloudflare.com/api, "Scripts" and "Script and version settings"; "Querying Workers Metrics with GraphQL".
//! What they do at the edge is in `edge/worker`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::access::{Permission, Token};
use super::envelope::{self, CloudflareRefusal};
use super::{ACCOUNT, Edits, body};
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::sites::site::Site;

/// The script that asks the standby, whatever home says.
pub const STANDBY_SCRIPT: &str = "failover-standby";

/// The script that asks home first and the standby for each request that home can't answer.
pub const GATE_SCRIPT: &str = "failover-gate";

/// What is deployed in front of a site.
const GATE: &str = include_str!("../../../edge/gate.js");

/// The account that the scripts sign for.
const SIGNER: &str = "failover-gate@gleich-tech.iam.gserviceaccount.com";

/// What is deployed, and the requests of the last day.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    deployed: BTreeMap<String, Deployed>,
    requests: u64,
}

#[derive(Debug)]
struct Deployed {
    text: String,
    bindings: Vec<Value>,
}

impl Scripts {
    /// Both scripts, as they are deployed for the first site.
    pub(super) fn seed(&mut self, site: &Site) {
        for (name, mode) in [(GATE_SCRIPT, "gate"), (STANDBY_SCRIPT, "standby")] {
            let deployed = || Deployed { text: GATE.to_owned(), bindings: bindings(site, mode) };
            self.deployed.entry(name.to_owned()).or_insert_with(deployed);
        }
    }

    /// Whether a script of this name is deployed.
    pub(super) fn has(&self, name: &str) -> bool {
        self.deployed.contains_key(name)
    }

    /// A module comes as a part of a form.
    pub(super) fn text(&self, name: &str) -> Result<Reply, CloudflareRefusal> {
        let Deployed { text, .. } = self.find(name)?;
        let boundary = "0b5f7c2e9d";
        let form = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"gate.js\"; filename=\"gate.js\"\r\nContent-Type: \
             application/javascript+module\r\n\r\n{text}\r\n--{boundary}--\r\n"
        );
        let kind = format!("multipart/form-data; boundary={boundary}");
        Ok(Reply::typed(200, &kind, form).header("cf-entrypoint", "gate.js"))
    }

    pub(super) fn settings(&self, name: &str) -> Result<Reply, CloudflareRefusal> {
        let Deployed { bindings, .. } = self.find(name)?;
        let settings = json!({
            "bindings": bindings, "compatibility_date": "2026-11-01", "compatibility_flags": [], "logpush": false,
            "tags": [], "tail_consumers": [], "usage_model": "standard"
        });
        Ok(envelope::ok(&settings))
    }

    /// The one query that is answered here: the requests of an account, summed. Its errors come with a good status.
    pub(super) fn requests(&self, call: &Call, token: &Token) -> Result<Reply, CloudflareRefusal> {
        let asked = Value::Object(body(call)?);
        let query = asked["query"].as_str().unwrap_or_default();
        let declared = query.contains("accountTag: $account");
        let fields = ["viewer", "accounts(filter:", "workersInvocationsAdaptive(limit:", "sum { requests }"];
        if !declared || fields.iter().any(|field| !query.contains(field)) {
            return Ok(complaint("unknown field or arg", "parser"));
        }
        for time in ["since", "until"] {
            let told = asked["variables"][time].as_str().unwrap_or_default();
            if told.parse::<jiff::Timestamp>().is_err() {
                return Ok(complaint(&format!("error parsing args: {time} is no Time"), "parser"));
            }
        }
        let permitted = token.permits_in_account(Permission::AccountAnalyticsRead).is_ok();
        if !permitted || asked["variables"]["account"] != ACCOUNT {
            return Ok(complaint("not authorized for that account", "authz"));
        }
        // Where nothing was answered, no group is.
        let groups =
            if self.requests == 0 { json!([]) } else { json!([{ "sum": { "requests": self.requests } }]) };
        let accounts = json!([{ "workersInvocationsAdaptive": groups }]);
        Ok(Reply::json(200, &json!({ "data": { "viewer": { "accounts": accounts } }, "errors": null })))
    }

    fn find(&self, name: &str) -> Result<&Deployed, CloudflareRefusal> {
        let missing = || CloudflareRefusal::new(404, 10007, "This Worker does not exist on your account.");
        self.deployed.get(name).ok_or_else(missing)
    }
}

fn complaint(message: &str, code: &str) -> Reply {
    let error =
        json!({ "message": message, "path": ["viewer", "accounts", "0"], "extensions": { "code": code } });
    Reply::json(200, &json!({ "data": null, "errors": [error] }))
}

fn bindings(site: &Site, mode: &str) -> Vec<Value> {
    let standby = site.standby_url().to_string().trim_end_matches('/').to_owned();
    let plain = [
        ("MODE", mode),
        (
            "REPORT_URL",
            "https://pubsub.googleapis.com/v1/projects/gleich-tech/topics/failover-alerts:publish",
        ),
        ("SERVICE_ACCOUNT", SIGNER),
        ("SITE", site.name()),
        ("STANDBY_URL", &standby),
        ("TOKEN_AUDIENCE", &standby),
    ];
    let plain = plain.map(|(name, text)| json!({ "name": name, "type": "plain_text", "text": text }));
    let key = json!({
        "name": "SIGNING_KEY", "type": "secret_key", "format": "pkcs8", "usages": ["sign"],
        "algorithm": { "name": "RSASSA-PKCS1-v1_5", "hash": "SHA-256" }
    });
    plain.into_iter().chain([key]).collect()
}

impl Edits {
    /// Changes what is deployed under this name behind everybody's back: its text, and its bindings by name.
    pub fn edit_script(&self, name: &str, change: impl FnOnce(&mut String, &mut Vec<Value>)) {
        if let Some(Deployed { text, bindings }) = lock(&self.state).scripts.deployed.get_mut(name) {
            change(text, bindings);
        }
    }

    /// Removes a script from the account.
    pub fn remove_script(&self, name: &str) {
        lock(&self.state).scripts.deployed.remove(name);
    }

    /// How many requests all scripts answered in the last day.
    pub fn set_requests(&self, requests: u64) {
        lock(&self.state).scripts.requests = requests;
    }
}
