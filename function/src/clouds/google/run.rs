//! Cloud Run Admin API v2: one service, its IAM policy, and long-running operations.
//!
//! Source: the discovery document of `run` v2 and the page "Access control with IAM", read 2026-11-20.

use backon::BackoffBuilder;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Google, Request,
    envelope::{held, list},
};
use crate::{
    api::{ApiError, ApiErrorKind, task::Task},
    clouds::google::names::ServiceName,
};

/// So many times the patience of one call is an operation followed: four minutes of ten seconds each, own choice. A
/// service's update takes seconds to a minute; no longest time is published.
const OPERATION_TAKES: u32 = 24;

/// A list without an end is none: own choice.
const MOST_PAGES: usize = 20;

const SERVICE_MISSING: &str = "check the project, region and name of the service: gcloud run services list";

/// A service, as the list of a whole project tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Its whole name.
    pub name: ServiceName,
    /// The account that it runs as, where it has one of its own.
    pub account: Option<String>,
    /// Where it answers.
    pub urls: Vec<String>,
}

impl Located {
    /// Reads a service in its v1 form.
    fn read(service: &Value, project: &str) -> Option<Self> {
        let metadata = &service["metadata"];
        let region = metadata["labels"]["cloud.googleapis.com/location"].as_str()?;
        let short = metadata["name"].as_str()?;
        let known = metadata["annotations"]["run.googleapis.com/urls"].as_str();
        // A list, as JSON in a text.
        let mut urls: Vec<String> =
            known.and_then(|urls| serde_json::from_str(urls).ok()).unwrap_or_default();
        urls.extend(service["status"]["url"].as_str().map(str::to_owned));
        let account = service["spec"]["template"]["spec"]["serviceAccountName"].as_str().map(str::to_owned);
        let name = format!("projects/{project}/locations/{region}/services/{short}").parse().ok()?;
        Some(Self { name, account, urls })
    }
}

fn task<'a>(verb: &'static str, service: &'a ServiceName, grant: &'static str) -> Task<'a> {
    let subject = service.as_str();
    Task { provider: super::party("Cloud Run"), verb, subject, grant, missing: SERVICE_MISSING, refused: "" }
}

/// Cloud Run's interface, asked by Google's client.
#[derive(Debug, Clone, Copy)]
pub struct RunApi<'a> {
    pub(super) google: &'a Google,
}

impl RunApi<'_> {
    /// The service itself.
    pub async fn run_service(self, service: &ServiceName) -> Result<Value, ApiError> {
        let grant = "grant the account run.services.get on it, as roles/run.viewer has";
        let task = task("read", service, grant);
        let answer = self.google.get(&task, self.run_url(service.as_str()), &[]).await?;
        task.whole(answer, "name")
    }

    /// Every service of a project, in all regions. That takes v1, whose list at the global address has them all: v2
    /// wants a region ("Method: namespaces.services.list", read 2026-11-21).
    pub async fn run_services(self, project: &str) -> Result<Vec<Located>, ApiError> {
        let path = format!("apis/serving.knative.dev/v1/namespaces/{project}/services");
        let task = Task {
            provider: super::party("Cloud Run"),
            verb: "list the services of",
            subject: project,
            grant: "grant the account run.services.list, as roles/run.viewer has",
            missing: SERVICE_MISSING,
            refused: "",
        };
        let url = format!("{}/{path}", self.google.endpoints.run());
        let (mut found, mut page) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let next = [("continue", page.as_str())];
            let query = if page.is_empty() { &[][..] } else { &next[..] };
            let answer = self.google.get(&task, url.clone(), query).await?;
            let services = list(&task, &answer, "items")?;
            found.extend(services.iter().filter_map(|service| Located::read(service, project)));
            answer["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut page);
            if page.is_empty() {
                return Ok(found);
            }
        }
        Err(task.error(ApiErrorKind::Transient, "listed without an end"))
    }

    /// How many requests reached the service from `since` to `until`, as Cloud Monitoring counts them: some minutes late.
    ///
    /// Source: `run.googleapis.com/request_count` in "Google Cloud metrics", and the page "Method:
    /// projects.timeSeries.list", read 2026-11-21.
    pub async fn run_requests(
        self,
        service: &ServiceName,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<u64, ApiError> {
        let task = Task {
            provider: super::party("Cloud Monitoring"),
            grant: "grant the account monitoring.timeSeries.list, as roles/monitoring.viewer has",
            ..task("count the requests of", service, "")
        };
        let filter = format!(
            "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND \
             resource.labels.service_name=\"{}\" AND resource.labels.location=\"{}\"",
            service.service(),
            service.location()
        );
        let (since, until) = (since.to_string(), until.to_string());
        let query = [
            ("filter", filter.as_str()),
            ("interval.startTime", &since),
            ("interval.endTime", &until),
            ("aggregation.alignmentPeriod", "3600s"),
            ("aggregation.perSeriesAligner", "ALIGN_DELTA"),
            ("aggregation.crossSeriesReducer", "REDUCE_SUM"),
        ];
        let url =
            format!("{}/v3/projects/{}/timeSeries", self.google.endpoints.monitoring(), service.project());
        let answer = self.google.get(&task, url, &query).await?;
        let series = list(&task, &answer, "timeSeries")?;
        let points = series.iter().flat_map(|series| series["points"].as_array().into_iter().flatten());
        // 64-bit numbers are texts in Google's JSON.
        Ok(points.filter_map(|point| point["value"]["int64Value"].as_str()?.parse::<u64>().ok()).sum())
    }

    /// The service's own IAM policy, without what it inherits, at version 3 so that conditions are seen.
    pub async fn run_policy(self, service: &ServiceName) -> Result<Value, ApiError> {
        let grant = "grant the account run.services.getIamPolicy on it, as roles/run.admin has";
        let task = task("read the IAM policy of", service, grant);
        let url = self.run_url(service.as_str()) + ":getIamPolicy";
        let answer = self.google.get(&task, url, &[("options.requestedPolicyVersion", "3")]).await?;
        // Written back without its etag, a policy would overwrite what others wrote meanwhile.
        task.whole(answer, "etag")
    }

    /// Replaces the policy's bindings, if its etag is still current, and gives the policy as it is then.
    pub async fn set_run_policy(self, service: &ServiceName, policy: &Value) -> Result<Value, ApiError> {
        let task = task(
            "set the IAM policy of",
            service,
            "grant the account run.services.setIamPolicy on it, as roles/run.admin has",
        );
        let body = json!({ "policy": policy, "updateMask": "bindings,etag" });
        let answer = self.google.post(&task, self.run_url(service.as_str()) + ":setIamPolicy", &body).await;
        answer.map_err(with_the_other_gate)
    }

    /// Switches the invoker IAM check off or on, and waits until that is done.
    pub async fn disable_invoker_check(self, service: &ServiceName, disabled: bool) -> Result<(), ApiError> {
        let task = task(
            "set the invoker check of",
            service,
            "grant the account run.services.update and run.services.setIamPolicy on it, as roles/run.admin has, and \
             roles/iam.serviceAccountUser on the service's own account",
        );
        let body = json!({ "invokerIamDisabled": disabled });
        let operation =
            self.google.patch(&task, self.run_url(service.as_str()), "invokerIamDisabled", &body).await?;
        self.follow(&task, operation).await
    }

    /// Which of `permissions` the account has on the service; asking needs none.
    pub async fn run_permissions(
        self,
        service: &ServiceName,
        permissions: &[&str],
    ) -> Result<Vec<String>, ApiError> {
        let task = task("ask for the permissions on", service, "enable the interface and check the account");
        let url = self.run_url(service.as_str()) + ":testIamPermissions";
        let answer = self.google.post(&task, url, &json!({ "permissions": permissions })).await?;
        held(&task, &answer)
    }

    /// Follows a long-running operation to its end. It succeeded only if it is done and has no error.
    async fn follow(self, task: &Task<'_>, mut operation: Value) -> Result<(), ApiError> {
        let Some(name) = operation["name"].as_str().map(str::to_owned) else {
            return Err(task.error(ApiErrorKind::Transient, "answered without the name of an operation"));
        };
        let grant = "grant the account run.operations.get, as roles/run.viewer has";
        let reading = Task { verb: "follow the change of", grant, ..*task };
        let look = Request { method: Method::GET, url: self.run_url(&name), query: &[], body: None };
        let patience = self.google.call_timeout * OPERATION_TAKES;
        let deadline = Instant::now() + patience;
        let mut pauses = self.google.pace.backoff().build();
        while operation["done"] != true {
            if Instant::now() > deadline {
                let what = format!("has not finished {name} within {patience:?}");
                return Err(task.error(ApiErrorKind::Transient, &what));
            }
            // A look that fails in passing isn't the operation's end.
            match self.google.attempt(&reading, &look).await {
                Ok(answer) => operation = answer,
                Err(failure) if failure.error.kind == ApiErrorKind::Missing => {
                    return Err(
                        task.error(ApiErrorKind::Transient, &format!("knows nothing of {name} any more"))
                    );
                }
                Err(failure) if failure.error.is_permanent() => return Err(failure.error),
                Err(failure) => tracing::debug!(error = %failure.error, "{name} is looked at again"),
            }
            if operation["done"] != true {
                tokio::time::sleep(pauses.next().unwrap_or(self.google.pace.longest)).await;
            }
        }
        match operation.get("error") {
            None | Some(Value::Null) => Ok(()),
            Some(error) => Err(ended_badly(task, error)),
        }
    }

    fn run_url(self, name: &str) -> String {
        format!("{}/v2/{name}", self.google.endpoints.run())
    }
}

/// An organisation that refuses `allUsers` leaves the other gate; whatever else a policy is refused for, that one
/// wouldn't mend.
fn with_the_other_gate(mut error: ApiError) -> ApiError {
    const WORDS: [&str; 4] = ["permitted customer", "organization policy", "org policy", "constraints/"];
    let told = error.message.to_ascii_lowercase();
    if error.kind == ApiErrorKind::Refused && WORDS.iter().any(|word| told.contains(word)) {
        error.message += "; where an organisation policy forbids allUsers, use gate = \"iam_check\"";
    }
    error
}

/// An operation's `google.rpc.Status`. The codes are gRPC's.
fn ended_badly(task: &Task<'_>, error: &Value) -> ApiError {
    let kind = match error["code"].as_i64() {
        Some(16) => ApiErrorKind::Unaccepted,
        Some(7) => ApiErrorKind::Denied,
        Some(5) => ApiErrorKind::Missing,
        Some(10) => ApiErrorKind::Conflict,
        Some(3 | 6 | 9 | 11 | 12) => ApiErrorKind::Refused,
        _ => ApiErrorKind::Transient,
    };
    let said = error["message"].as_str().unwrap_or("no reason");
    task.error(kind, &format!("ended the operation with an error: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: ApiErrorKind, message: &str) -> String {
        with_the_other_gate(ApiError { kind, message: message.to_owned() }).message
    }

    #[test]
    fn the_other_gate_is_named_where_an_organisation_refuses_all_users_and_nowhere_else() {
        const OTHER: &str = "use gate = \"iam_check\"";
        let customer = "FAILED_PRECONDITION: One or more users named in the policy do not belong to a permitted customer";
        assert!(refused(ApiErrorKind::Refused, customer).ends_with(OTHER));
        let constraint = "constraints/iam.managed.allowedPolicyMembers is violated";
        assert!(refused(ApiErrorKind::Refused, constraint).ends_with(OTHER));
        let members = "INVALID_ARGUMENT: Policy members must be of the form \"<type>:<value>\".";
        assert_eq!(refused(ApiErrorKind::Refused, members), members);
        assert_eq!(refused(ApiErrorKind::Conflict, customer), customer);
    }

    #[test]
    fn an_operations_error_is_what_its_code_means() {
        let service = "projects/p/locations/l/services/s".parse().expect("a name");
        for (code, kind) in [
            (7, ApiErrorKind::Denied),
            (16, ApiErrorKind::Unaccepted),
            (9, ApiErrorKind::Refused),
            (6, ApiErrorKind::Refused),
            (10, ApiErrorKind::Conflict),
            (13, ApiErrorKind::Transient),
        ] {
            let error = json!({ "code": code, "message": "no" });
            assert_eq!(ended_badly(&task("open", &service, "grant it"), &error).kind, kind, "{code}");
        }
    }
}
