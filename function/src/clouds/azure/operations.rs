//! Follows a change to its end.
//!
//! A change of an interface is answered 200 or 201 while it is still being carried out, so the status proves nothing:
//! its header says where to ask (Microsoft's page "Track asynchronous Azure operations"). Whoever may not ask there
//! looks at the interface itself, which says how it ended but not why.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use backon::BackoffBuilder;
use http::StatusCode;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{Azure, Request, envelope::Trouble, interfaces::reading, names::InterfaceId};
use crate::api::{ApiError, ApiErrorKind, answer::Answer, retry::Failure, retry::Wait, task::Task};

/// So many times the patience of one call is a change followed: ten minutes of ten seconds each. Others tell of 30 to
/// 90 s, and of ten minutes at worst.
const CHANGE_TAKES: u32 = 60;

/// Where to ask how a change is getting on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The operation's own state.
    Operation(String),
    /// What will be the answer to the change: 202 until it is there.
    Result(String),
    /// The interface.
    Interface,
}

/// How it is getting on.
#[derive(Debug)]
enum Progress {
    /// Ask again, if wished no sooner than after this time.
    Running(Option<Duration>),
    Done,
    Failed(ApiError),
}

impl Azure {
    /// Waits until the change to `sent` that was answered so is done.
    pub(super) async fn follow(
        &self,
        task: &Task<'_>,
        (id, sent): (&InterfaceId, &Value),
        answer: &Answer,
    ) -> Result<(), ApiError> {
        let deadline = Instant::now() + self.call_timeout * CHANGE_TAKES;
        let mut pauses = self.pace.backoff().build();
        let mut place = Place::named_by(answer, &self.endpoints.azure());
        let mut progress = match place {
            Place::Interface if is_interface(&answer.json()) => {
                of_interface(task, sent, &answer.json(), answer.wait())
            }
            _ => Progress::Running(answer.wait()),
        };
        loop {
            match progress {
                Progress::Done => return Ok(()),
                Progress::Failed(error) => return Err(error),
                Progress::Running(asked) => {
                    let pause = asked.map(|asked| asked.max(self.pace.first)).or_else(|| pauses.next());
                    let pause = pause.unwrap_or(self.pace.longest);
                    if Instant::now() + pause > deadline {
                        return Err(task.error(ApiErrorKind::Transient, "has not finished the change yet"));
                    }
                    tokio::time::sleep(pause).await;
                }
            }
            progress = match self.ask(task, (id, sent), &place).await {
                Ok(progress) => progress,
                Err(failure) if !failure.error.is_permanent() => Progress::Running(asked(failure.wait)),
                Err(failure) if place == Place::Interface => return Err(failure.error),
                // Asking there takes a permission of its own, at the subscription.
                Err(_) => {
                    place = Place::Interface;
                    Progress::Running(Some(Duration::ZERO))
                }
            };
        }
    }

    async fn ask(
        &self,
        task: &Task<'_>,
        (id, sent): (&InterfaceId, &Value),
        place: &Place,
    ) -> Result<Progress, Failure> {
        let following = Task { verb: "read the progress of", ..reading(id) };
        match place {
            Place::Operation(url) => {
                let answer = self.attempt(&following, &Request::get(url)).await?;
                Ok(of_operation(task, &answer.json(), answer.wait()))
            }
            Place::Result(url) => {
                let answer = self.attempt(&following, &Request::get(url)).await?;
                if answer.status == StatusCode::ACCEPTED {
                    return Ok(Progress::Running(answer.wait()));
                }
                let result = answer.json();
                if !is_interface(&result) {
                    let what = "answered without the interface";
                    return Err(following.error(ApiErrorKind::Refused, what).into());
                }
                Ok(of_interface(task, sent, &result, answer.wait()))
            }
            Place::Interface => {
                let url = self.interface_url(id);
                let answer = self.attempt(&following, &Request::get(&url)).await?;
                let interface = following.whole(answer.json(), "etag")?;
                Ok(of_interface(task, sent, &interface, answer.wait()))
            }
        }
    }
}

impl Place {
    /// Where the answer says to ask. Our token is shown to nobody but Azure.
    fn named_by(answer: &Answer, base: &str) -> Self {
        let named = |header| answer.header(header).filter(|url| is_at(url, base)).map(str::to_owned);
        let operation = named("azure-asyncoperation").map(Self::Operation);
        operation.or_else(|| named("location").map(Self::Result)).unwrap_or(Self::Interface)
    }
}

/// Whether `url` is at Azure's own host, or at a region's below it.
pub(super) fn is_at(url: &str, base: &str) -> bool {
    let (Ok(url), Ok(base)) = (url.parse::<Url>(), base.parse::<Url>()) else { return false };
    let (Some(host), Some(usual)) = (url.host_str(), base.host_str()) else { return false };
    let below = host.strip_suffix(usual).is_some_and(|region| region.is_empty() || region.ends_with('.'));
    below && (url.scheme(), url.port_or_known_default()) == (base.scheme(), base.port_or_known_default())
}

fn asked(wait: Wait) -> Option<Duration> {
    match wait {
        Wait::Asked(wait) => Some(wait),
        Wait::Backoff | Wait::Throttled => None,
    }
}

fn of_operation(task: &Task<'_>, operation: &Value, wait: Option<Duration>) -> Progress {
    match operation["status"].as_str() {
        Some("Succeeded") => Progress::Done,
        Some("Failed" | "Canceled" | "Cancelled") => {
            Progress::Failed(Trouble::of(&operation["error"]).of_operation(task))
        }
        _ => Progress::Running(wait),
    }
}

/// What is none says nothing of how a change ended.
fn is_interface(answered: &Value) -> bool {
    answered["properties"].is_object()
}

/// Where nothing but the interface tells, it has to show what was `sent`.
fn of_interface(task: &Task<'_>, sent: &Value, interface: &Value, wait: Option<Duration>) -> Progress {
    match interface["properties"]["provisioningState"].as_str() {
        Some("Succeeded") | None if addresses(sent) != addresses(interface) => {
            let what = "accepted the change, but the interface does not show it";
            Progress::Failed(task.error(ApiErrorKind::Transient, what))
        }
        Some("Succeeded") | None => Progress::Done,
        Some("Failed" | "Canceled" | "Cancelled") => Progress::Failed(Trouble::default().of_operation(task)),
        Some(_) => Progress::Running(wait),
    }
}

/// The private addresses of all its configurations.
fn addresses(interface: &Value) -> BTreeSet<IpAddr> {
    let configurations = interface["properties"]["ipConfigurations"].as_array().into_iter().flatten();
    let told = configurations.filter_map(|one| one["properties"]["privateIPAddress"].as_str());
    told.filter_map(|address| address.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AZURE: &str = "https://management.azure.com";

    #[test]
    fn a_token_is_shown_to_azure_only() {
        for ours in ["https://management.azure.com/x?y", "https://westeurope.management.azure.com/x"] {
            assert!(is_at(ours, AZURE), "{ours}");
        }
        for other in [
            "https://evilmanagement.azure.com/x",
            "https://management.azure.com.evil.example/x",
            "http://management.azure.com/x",
            "https://management.azure.com:8443/x",
            "/operations/7",
        ] {
            assert!(!is_at(other, AZURE), "{other}");
        }
        assert!(is_at("http://127.0.0.1:9/x", "http://127.0.0.1:9"));
        assert!(!is_at("http://127.0.0.1:8/x", "http://127.0.0.1:9"));
    }

    #[test]
    fn only_an_end_is_an_end() {
        let task = Task { verb: "give", ..reading_somebody() };
        let operation = |body: Value| format!("{:?}", of_operation(&task, &body, None));
        assert_eq!(operation(json!({"status": "Succeeded"})), "Done");
        assert_eq!(operation(json!({"status": "InProgress"})), "Running(None)");
        assert_eq!(operation(json!({"status": "SomethingNew"})), "Running(None)");
        assert_eq!(operation(Value::Null), "Running(None)");
        let told = operation(json!({"status": "Failed", "error": {"code": "SubnetIsFull", "message": "no"}}));
        assert!(
            told.contains("Refused") && told.contains("ended the change with SubnetIsFull: no"),
            "{told}"
        );
        assert!(operation(json!({"status": "Canceled"})).contains("no reason"));
        let state = |state: &str| {
            let interface = json!({"properties": {"provisioningState": state}});
            format!("{:?}", of_interface(&task, &Value::Null, &interface, None))
        };
        assert_eq!((state("Succeeded").as_str(), state("Updating").as_str()), ("Done", "Running(None)"));
        assert!(state("Failed").contains("an error and no reason"));
    }

    #[test]
    fn an_interface_that_does_not_show_the_change_is_no_end_of_it() {
        let task = reading_somebody();
        let with = |addresses: &[&str]| {
            let all: Vec<Value> = addresses
                .iter()
                .map(|address| json!({"properties": {"privateIPAddress": address}}))
                .collect();
            json!({"properties": {"provisioningState": "Succeeded", "ipConfigurations": all}})
        };
        let ends =
            |sent: &[&str], now: &[&str]| format!("{:?}", of_interface(&task, &with(sent), &with(now), None));
        assert_eq!(ends(&["10.0.0.4", "fd00:0:0::1"], &["fd00::1", "10.0.0.4"]), "Done");
        for now in [&["10.0.0.4"][..], &[], &["10.0.0.4", "10.0.0.5", "10.0.0.6"]] {
            let told = ends(&["10.0.0.4", "10.0.0.5"], now);
            assert!(told.contains("Transient") && told.contains("does not show it"), "{told}");
        }
    }

    fn reading_somebody() -> Task<'static> {
        Task {
            provider: crate::clouds::azure::PARTY,
            verb: "read",
            subject: "db-b-nic",
            grant: "",
            missing: "",
            refused: "",
        }
    }
}
