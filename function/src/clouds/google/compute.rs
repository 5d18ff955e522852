//! Compute Engine v1: machines, their network interfaces, reserved addresses, and zone operations.
//!
//! Source: the discovery document of `compute` v1, revision 20261106. Every write is an operation, which may be done
//! and have failed all the same; with a request id its retry does nothing twice.

use backon::BackoffBuilder;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Google, Request, envelope::held};
use crate::{
    api::{
        ApiError, ApiErrorKind,
        task::{Task, kind_of},
    },
    clouds::google::names::{AddressName, MachineName},
};

/// So many times the patience of one call is an operation followed: four minutes of ten seconds each, own choice.
/// Operations "typically" take seconds; no longest time is published.
const OPERATION_TAKES: u32 = 24;

/// A list without an end is none: own choice.
const MOST_PAGES: usize = 100;

const MACHINE_MISSING: &str =
    "check the project, zone and name of the machine: gcloud compute instances list";
/// Asks for what can be listed where a zone gives no answer; otherwise there would be no list at all.
const PARTLY: &str = "returnPartialSuccess";
const READ: &str = "grant the account compute.instances.get on it, as roles/compute.viewer has";

/// One machine's interface to be written.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The machine, with its zone.
    pub machine: &'a MachineName,
    /// The interface, such as `nic0`.
    pub interface: &'a str,
}

fn task<'a>(verb: &'static str, subject: &'a str, grant: &'static str) -> Task<'a> {
    Task {
        provider: super::party("Compute Engine"),
        verb,
        subject,
        grant,
        missing: MACHINE_MISSING,
        refused: "",
    }
}

/// Compute Engine's interface, asked by Google's client.
#[derive(Debug, Clone, Copy)]
pub struct ComputeApi<'a> {
    pub(super) google: &'a Google,
}

impl ComputeApi<'_> {
    /// The zone of a machine that is known by its name alone.
    pub async fn zone_of(self, machine: &MachineName) -> Result<String, ApiError> {
        let grant =
            "grant the account compute.instances.list in its project, or write the zone into its name";
        let name = machine.to_string();
        let task = task("find", &name, grant);
        let url = format!(
            "{}/projects/{}/aggregated/instances",
            self.google.endpoints.compute(),
            machine.project()
        );
        let filter = format!("name = \"{}\"", machine.machine());
        let (mut zones, mut unseen) = (Vec::new(), Vec::new());
        let (mut page, mut partly) = (String::new(), true);
        for pages in 0.. {
            if pages == MOST_PAGES {
                return Err(task.error(ApiErrorKind::Transient, "listed without an end"));
            }
            let mut query = vec![("filter", filter.as_str())];
            query.extend(partly.then_some((PARTLY, "true")));
            query.extend((!page.is_empty()).then_some(("pageToken", page.as_str())));
            let answer = match self.google.get(&task, url.clone(), &query).await {
                // The newest description of the interface doesn't know it any more.
                Err(error) if partly && error.message.contains(PARTLY) => {
                    partly = false;
                    continue;
                }
                answer => answer?,
            };
            // Zones that have nothing to show are listed too.
            if !answer["items"].is_object() {
                return Err(task.error(ApiErrorKind::Transient, "answered without a list of zones"));
            }
            zones.extend(zones_with(&answer, machine.machine()));
            unseen.extend(not_listed(&answer));
            match answer["nextPageToken"].as_str().filter(|next| !next.is_empty()) {
                Some(next) => next.clone_into(&mut page),
                None => break,
            }
        }
        match zones.as_slice() {
            [zone] => Ok(zone.clone()),
            [] if !unseen.is_empty() => {
                let what = format!(
                    "could not look into {}, where it may be; a zone that is written into its name needs no search",
                    unseen.join(", ")
                );
                Err(task.error(ApiErrorKind::Transient, &what))
            }
            [] => Err(task.error(ApiErrorKind::Missing, "knows no machine of that name")),
            several => {
                let what =
                    format!("knows one in each of {}; write the zone into its name", several.join(", "));
                Err(task.error(ApiErrorKind::Refused, &what))
            }
        }
    }

    /// The machine itself.
    pub async fn machine(self, machine: &MachineName) -> Result<Value, ApiError> {
        let name = machine.to_string();
        let task = task("read", &name, READ);
        let answer = self.google.get(&task, self.compute_url(&name), &[]).await?;
        task.whole(answer, "name")
    }

    /// A reserved external address.
    pub async fn address(self, address: &AddressName) -> Result<Value, ApiError> {
        let task = Task {
            missing: "check the project, region and name of the address: gcloud compute addresses list",
            ..task("read", address.as_str(), "grant the account compute.addresses.get on it")
        };
        let answer = self.google.get(&task, self.compute_url(address.as_str()), &[]).await?;
        task.whole(answer, "address")
    }

    /// Which of `permissions` the account has on a machine, a subnet or an address; asking needs none.
    pub async fn compute_permissions(
        self,
        resource: &str,
        permissions: &[&str],
    ) -> Result<Vec<String>, ApiError> {
        let grant =
            "check that the Compute Engine API is enabled in its project, and whose credentials these are";
        let task = task("ask for the permissions on", resource, grant);
        let url = self.compute_url(resource) + "/testIamPermissions";
        let answer = self.google.post(&task, url, &json!({ "permissions": permissions })).await?;
        held(&task, &answer)
    }

    /// The subnet itself, with its ranges.
    pub async fn subnet(self, path: &str) -> Result<Value, ApiError> {
        let task = Task {
            missing: "check the subnet: gcloud compute networks subnets list",
            ..task("read", path, "grant the account compute.subnetworks.get on it")
        };
        let answer = self.google.get(&task, self.compute_url(path), &[]).await?;
        task.whole(answer, "ipCidrRange")
    }

    /// Replaces an interface's alias ranges, if its fingerprint is still that one, and waits until that is done.
    pub async fn set_aliases(
        self,
        at: At<'_>,
        what: &str,
        fingerprint: &str,
        aliases: &[Value],
    ) -> Result<(), ApiError> {
        let grant = "grant the account compute.instances.updateNetworkInterface on it and compute.subnetworks.use on \
                     its subnet";
        let subject = format!("{what} {}", at.machine);
        let task = Task {
            refused: "check that the range lies in the subnet of both machines",
            ..task("move", &subject, grant)
        };
        let body = json!({ "fingerprint": fingerprint, "aliasIpRanges": aliases });
        let query = [("networkInterface", at.interface)];
        self.write(&task, at, (Method::PATCH, "updateNetworkInterface"), &query, Some(&body)).await
    }

    /// Gives a machine's interface an external address, and waits until that is done.
    pub async fn add_access_config(self, at: At<'_>, what: &str, config: &Value) -> Result<(), ApiError> {
        let grant = "grant the account compute.instances.addAccessConfig on it, compute.subnetworks.useExternalIp on \
                     its subnet and compute.addresses.use on the address";
        let subject = format!("{what} to {}", at.machine);
        let task = task("attach", &subject, grant);
        let query = [("networkInterface", at.interface)];
        self.write(&task, at, (Method::POST, "addAccessConfig"), &query, Some(config)).await
    }

    /// Takes an external address from a machine's interface, and waits until that is done.
    pub async fn delete_access_config(self, at: At<'_>, what: &str, config: &str) -> Result<(), ApiError> {
        let subject = format!("{what} from {}", at.machine);
        let task = task("detach", &subject, "grant the account compute.instances.deleteAccessConfig on it");
        let query = [("networkInterface", at.interface), ("accessConfig", config)];
        self.write(&task, at, (Method::POST, "deleteAccessConfig"), &query, None).await
    }

    async fn write(
        self,
        task: &Task<'_>,
        at: At<'_>,
        (method, action): (Method, &str),
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<(), ApiError> {
        // One id for all tries of this write, and never for another: contents that come back have the same
        // fingerprint, so an id made of them would be taken for a retry of an older move.
        let id = Uuid::new_v4().to_string();
        let query: Vec<(&str, &str)> = query.iter().copied().chain([("requestId", id.as_str())]).collect();
        let url = format!("{}/{action}", self.compute_url(&at.machine.to_string()));
        let operation = self.google.call(task, &Request { method, url, query: &query, body }).await?;
        self.follow_in_zone(task, at.machine, operation).await
    }

    /// Waits for an operation. It succeeded only if it is done and has no error.
    async fn follow_in_zone(
        self,
        task: &Task<'_>,
        machine: &MachineName,
        mut operation: Value,
    ) -> Result<(), ApiError> {
        let Some(name) = operation["name"].as_str().map(str::to_owned) else {
            return Err(task.error(ApiErrorKind::Transient, "answered without the name of an operation"));
        };
        let url = format!("{}/operations/{name}/wait", self.compute_url(&machine.zone_path()));
        let wait = Request { method: Method::POST, url, query: &[], body: None };
        let reading = Task { grant: "grant the account compute.zoneOperations.get", ..*task };
        let deadline = Instant::now() + self.google.call_timeout * OPERATION_TAKES;
        let mut pauses = self.google.pace.backoff().build();
        while operation["status"] != "DONE" {
            if Instant::now() > deadline {
                let what = format!("has not finished {name} yet");
                return Err(task.error(ApiErrorKind::Transient, &what));
            }
            // It may answer before the end, or after more time than a call has: then it is asked again.
            match self.google.attempt(&reading, &wait).await {
                Ok(answer) if answer["status"] == "DONE" => operation = answer,
                Err(failure) if failure.error.kind == ApiErrorKind::Missing => {
                    return Err(
                        task.error(ApiErrorKind::Transient, &format!("knows nothing of {name} any more"))
                    );
                }
                Err(failure) if failure.error.is_permanent() => return Err(failure.error),
                Ok(_) | Err(_) => tokio::time::sleep(pauses.next().unwrap_or(self.google.pace.longest)).await,
            }
        }
        match operation["error"]["errors"].as_array().and_then(|errors| errors.first()) {
            None if operation.get("error").is_none_or(Value::is_null) => Ok(()),
            error => Err(ended_badly(task, &operation, error.unwrap_or(&Value::Null))),
        }
    }

    fn compute_url(self, path: &str) -> String {
        format!("{}/{path}", self.google.endpoints.compute())
    }
}

/// The zones in which a page of the aggregated list shows the machine.
fn zones_with(page: &Value, name: &str) -> Vec<String> {
    let scopes = page["items"].as_object().into_iter().flatten();
    let holding = scopes.filter(|(_, scope)| {
        scope["instances"].as_array().is_some_and(|found| found.iter().any(|machine| machine["name"] == name))
    });
    holding.filter_map(|(scope, _)| scope.strip_prefix("zones/").map(str::to_owned)).collect()
}

/// What a page of the aggregated list could not show: zones that gave no answer, or a part that was left out.
fn not_listed(page: &Value) -> Vec<String> {
    let scopes = page["items"].as_object().into_iter().flatten();
    let silent = scopes.filter(|(_, scope)| is_partial(&scope["warning"])).map(|(scope, _)| scope.clone());
    let named = page["unreachables"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut all: Vec<String> = silent.chain(named.map(str::to_owned)).collect();
    if all.is_empty() && is_partial(&page["warning"]) {
        all.push("some zones".to_owned());
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// That there is nothing to list is the only warning that tells of a whole list.
fn is_partial(warning: &Value) -> bool {
    matches!(warning["code"].as_str(), Some("UNREACHABLE" | "PARTIAL_SUCCESS" | "NOT_CRITICAL_ERROR"))
}

/// What an operation's failure means. An address that is still in use may be free a moment later.
fn ended_badly(task: &Task<'_>, operation: &Value, error: &Value) -> ApiError {
    let code = error["code"].as_str().unwrap_or_default();
    let status = operation["httpErrorStatusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let kind = match code {
        _ if code.contains("IN_USE") => ApiErrorKind::Conflict,
        "RESOURCE_NOT_READY" | "RESOURCE_OPERATION_RATE_EXCEEDED" => ApiErrorKind::Transient,
        _ => status.map_or(ApiErrorKind::Transient, kind_of),
    };
    let said = error["message"].as_str().unwrap_or("no reason");
    task.error(kind, &format!("ended the operation with {code}: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn ends(operation: &Value, expected: ApiErrorKind) {
        let task = task("move", "10.0.0.250/32 to db-b", "");
        let error = ended_badly(&task, operation, &operation["error"]["errors"][0]);
        assert_eq!(error.kind, expected, "{error}");
    }

    #[test]
    fn a_failed_operation_is_told_by_its_code_and_then_by_its_status() {
        let failed = |code: &str, status: Value| json!({"error": {"errors": [{"code": code, "message": "no"}]}, "httpErrorStatusCode": status});
        ends(&failed("IP_IN_USE_BY_ANOTHER_RESOURCE", json!(400)), ApiErrorKind::Conflict);
        ends(&failed("RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", json!(400)), ApiErrorKind::Conflict);
        ends(&failed("RESOURCE_NOT_READY", json!(400)), ApiErrorKind::Transient);
        ends(&failed("CONDITION_NOT_MET", json!(412)), ApiErrorKind::Conflict);
        ends(&failed("INVALID_FIELD_VALUE", json!(400)), ApiErrorKind::Refused);
        ends(&failed("PERMISSIONS_ERROR", json!(403)), ApiErrorKind::Denied);
        ends(&failed("INTERNAL_ERROR", Value::Null), ApiErrorKind::Transient);
        ends(&json!({"error": {}}), ApiErrorKind::Transient);
    }

    #[test]
    fn a_machine_is_found_in_the_zones_that_show_it() {
        let page = json!({"items": {
            "zones/us-central1-a": {"warning": {"code": "NO_RESULTS_ON_PAGE"}},
            "zones/us-central1-b": {"instances": [{"name": "db-bb"}, {"name": "db-b"}]},
            "zones/us-central1-c": {"instances": [{"name": "db-bb"}]},
        }});
        assert_eq!(zones_with(&page, "db-b"), ["us-central1-b"]);
        assert_eq!(zones_with(&json!({}), "db-b"), [""; 0]);
    }

    #[test]
    fn a_zone_that_gave_no_answer_is_not_listed_and_one_without_machines_is() {
        let page = json!({"items": {
            "zones/us-central1-a": {"warning": {"code": "UNREACHABLE"}},
            "zones/us-central1-b": {"warning": {"code": "NO_RESULTS_ON_PAGE"}},
        }});
        assert_eq!(not_listed(&page), ["zones/us-central1-a"]);
        let named = json!({"items": {}, "unreachables": ["zones/us-central1-c"]});
        assert_eq!(not_listed(&named), ["zones/us-central1-c"]);
        assert_eq!(not_listed(&json!({"warning": {"code": "UNREACHABLE"}})), ["some zones"]);
        assert_eq!(not_listed(&json!({"warning": {"code": "NO_RESULTS_ON_PAGE"}})), [""; 0]);
    }
}
