//! The metadata server: where code on Google's machines learns who and where it is, and gets its tokens.
//!
//! Enough of it for google-cloud-auth, `object_store` and the real `gcloud` (Compute Engine documentation, "About
//! VM metadata"; Cloud Run documentation, "Container runtime contract", section "metadata server").

mod tree;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::Provider;
use crate::google::access::{Access, FUNCTION_ACCOUNT};
use crate::google::tokens::{self, Signer};

/// The project that everything of the sandbox lives in.
pub const PROJECT: &str = "gleich-tech";
/// Its number.
pub const PROJECT_NUMBER: u64 = 365_415_247_865;
/// The region that the function runs in.
pub const REGION: &str = "us-central1";

/// How long Google's access tokens are good.
const LIFETIME: Duration = Duration::from_secs(3599);

/// The directory of service accounts, below the root.
const ACCOUNTS: [&str; 4] = ["computeMetadata", "v1", "instance", "service-accounts"];

/// A virtual machine, as its own metadata server tells it who it is.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: String,
}

/// The metadata server of the machine that the function runs on, and those of virtual machines.
#[derive(Debug)]
pub struct Metadata {
    machines: Mutex<HashMap<SocketAddr, Machine>>,
    access: Arc<Access>,
    signer: Arc<Signer>,
    lifetime: Mutex<Duration>,
    account: Mutex<String>,
}

impl Metadata {
    /// Issues the access tokens that `access` accepts and identity tokens that `signer` signs.
    pub fn new(access: Arc<Access>, signer: Arc<Signer>) -> Self {
        let account = Mutex::new(FUNCTION_ACCOUNT.to_owned());
        Self { machines: Mutex::default(), access, signer, lifetime: Mutex::new(LIFETIME), account }
    }

    /// Whoever asks at this address is this machine.
    pub fn add_machine(&self, address: SocketAddr, machine: Machine) {
        lock(&self.machines).insert(address, machine);
    }

    /// How long the access tokens that are issued from now on are good.
    pub fn tokens_live(&self, lifetime: Duration) {
        *lock(&self.lifetime) = lifetime;
    }

    /// Whose tokens are issued from now on.
    pub fn run_as(&self, account: &str) {
        account.clone_into(&mut lock(&self.account));
    }

    fn account(&self) -> String {
        lock(&self.account).clone()
    }

    fn token(&self) -> Reply {
        let lifetime = *lock(&self.lifetime);
        let token = self.access.issue(&self.account(), lifetime);
        let body = json!({"access_token": token, "expires_in": lifetime.as_secs(), "token_type": "Bearer"});
        Reply::typed(200, "application/json", body.to_string())
    }

    /// Only the full form says whose token it is.
    fn identity(&self, call: &Call) -> Reply {
        let Some(audience) = call.query("audience").filter(|audience| !audience.is_empty()) else {
            return Reply::text(400, "non-empty audience parameter required\n");
        };
        let mut claims = tokens::push_claims(audience, &self.account(), Timestamp::now());
        match call.query("format").unwrap_or("standard") {
            "full" => claims["google"] = compute_engine(),
            "standard" | "" => remove_email(&mut claims),
            _ => return Reply::text(400, "format must be standard or full\n"),
        }
        Reply::text(200, self.signer.sign(&claims))
    }

    fn read(&self, call: &Call) -> Reply {
        let tree = tree::of(&self.account(), lock(&self.machines).get(&call.local));
        let path: Vec<&str> =
            call.segments.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let found = path.iter().try_fold(&tree, |node, part| node.get(part));
        match found {
            Some(node) if call.query("recursive") == Some("true") => {
                Reply::typed(200, "application/json", tree::recursive(node).to_string())
            }
            // A directory has a slash at its end, and whoever forgets it is told.
            Some(node) if node.is_object() && !call.path.ends_with('/') => {
                Reply::empty(301).header("location", format!("{}/", call.path))
            }
            Some(node) => Reply::typed(200, "application/text", tree::shown(node)),
            None => Reply::html(404, "<html><title>Error 404 (Not Found)</title></html>\n"),
        }
    }
}

impl Provider for Metadata {
    fn operation(&self, call: &Call) -> &'static str {
        match (call.method.as_str(), account_path(call)) {
            ("GET", Some("token")) => "metadata.token",
            ("GET", Some("identity")) => "metadata.identity",
            ("GET", Some("email")) => "metadata.email",
            ("GET" | "HEAD", _) => "metadata.read",
            _ => "metadata.unknown",
        }
    }

    /// Refuses whoever doesn't say that they know whom they ask: a browser or a proxy led astray.
    fn answer(&self, call: &Call) -> Reply {
        let forwarded = call.header("x-forwarded-for").is_some();
        let reply = match self.operation(call) {
            _ if call.header("metadata-flavor") != Some("Google") || forwarded => forbidden(),
            "metadata.token" if self.is_own(call) => self.token(),
            "metadata.identity" if self.is_own(call) => self.identity(call),
            "metadata.unknown" => Reply::text(405, "Method Not Allowed\n"),
            _ => self.read(call),
        };
        reply.header("metadata-flavor", "Google").header("server", "Metadata Server for VM")
    }

    fn refusal(&self, status: u16) -> Reply {
        Reply::html(status, format!("<html><title>Error {status}</title></html>\n"))
            .header("metadata-flavor", "Google")
    }
}

impl Metadata {
    /// Whether the path names the account that runs here, by name or as `default`.
    fn is_own(&self, call: &Call) -> bool {
        let named = call.segments.get(ACCOUNTS.len()).map(String::as_str);
        named == Some("default") || named == Some(self.account().as_str())
    }
}

/// What is asked of a service account.
fn account_path(call: &Call) -> Option<&str> {
    let (directory, rest) = call.segments.split_at_checked(ACCOUNTS.len())?;
    match rest {
        [_account, what] if directory == ACCOUNTS => Some(what),
        _ => None,
    }
}

fn forbidden() -> Reply {
    let body = "<html><title>Error 403 (Forbidden)</title><p>Your client does not have permission to get this \
                URL: missing header \"Metadata-Flavor: Google\".</html>\n";
    Reply::html(403, body)
}

fn compute_engine() -> Value {
    json!({"compute_engine": {
        "project_id": PROJECT,
        "project_number": PROJECT_NUMBER,
        "zone": format!("{REGION}-1"),
    }})
}

fn remove_email(claims: &mut Value) {
    if let Some(claims) = claims.as_object_mut() {
        claims.remove("email");
        claims.remove("email_verified");
    }
}

#[cfg(test)]
mod tests;
