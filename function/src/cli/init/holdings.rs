//! What the project has already: uptime checks, Cloud Run services, and whether its region maps domains. What can't be looked
//! at is said, and is never taken for none.

use serde_json::Value;

use super::{super::exit::Failure, web::Answered};

/// The service that the function will be.
const FUNCTION: &str = "failover";

/// What was found, or for each why it can't be seen.
#[derive(Debug)]
pub(super) struct Holdings {
    host: String,
    region: String,
    /// Those of the host, as people call them.
    checks: Result<Vec<String>, String>,
    /// Full names.
    services: Result<Vec<String>, String>,
    maps_domains: Result<bool, String>,
}

impl Holdings {
    pub(super) fn read(
        host: &str,
        region: &str,
        checks: Result<Answered, Failure>,
        services: Result<Answered, Failure>,
        mappings: Result<Answered, Failure>,
    ) -> Self {
        let of_host =
            |check: &Value| check.pointer("/monitoredResource/labels/host").is_some_and(|it| it == host);
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let named = |list: Vec<Value>, key: &str| list.iter().map(|each| text(each, key)).collect();
        Self {
            host: host.to_owned(),
            region: region.to_owned(),
            checks: listed(checks, "uptimeCheckConfigs")
                .map(|list| named(list.into_iter().filter(of_host).collect(), "displayName")),
            services: listed(services, "services").map(|list| named(list, "name")),
            maps_domains: mapped(mappings),
        }
    }

    /// What is worth knowing; what begins with an exclamation mark wants a hand.
    pub(super) fn notes(&self, site: &str) -> Vec<String> {
        let (host, region) = (&self.host, &self.region);
        let mut notes = vec![match &self.checks {
            Ok(checks) if checks.is_empty() => format!("no uptime check of {host} yet"),
            Ok(checks) => format!(
                "! an uptime check of {host} is there already ({}): the function gets one of its own beside it, since it pauses it",
                checks.join(", ")
            ),
            Err(why) => format!("! uptime checks could not be looked at: {why}"),
        }];
        notes.push(match &self.services {
            Ok(services) if self.has(services, FUNCTION) => format!(
                "! {region} has a Cloud Run service {FUNCTION} already: if it is this function, add the site to what made it"
            ),
            Ok(services) if self.has(services, site) => format!(
                "the Cloud Run service {site} is there and stays as it is; the standby will be {}",
                self.service(site)
            ),
            Ok(services) => format!("{} Cloud Run services, none of them called {site}", services.len()),
            Err(why) => format!("! Cloud Run services could not be looked at: {why}"),
        });
        notes.push(match &self.maps_domains {
            Ok(true) => format!("{region} maps domains: the standby can have a host name of its own later"),
            Ok(false) => {
                format!("{region} maps no domains: the standby keeps the name that Cloud Run gives it")
            }
            Err(why) => format!("! whether {region} maps domains could not be looked at: {why}"),
        });
        notes
    }

    /// What the standby's service is called: as the site, unless that is somebody else's.
    pub(super) fn service(&self, site: &str) -> String {
        match &self.services {
            Ok(services) if self.has(services, site) => format!("{site}-standby"),
            _ => site.to_owned(),
        }
    }

    fn has(&self, services: &[String], name: &str) -> bool {
        let end = format!("/locations/{}/services/{name}", self.region);
        services.iter().any(|service| service.ends_with(&end))
    }
}

/// A list; of an interface that isn't switched on yet, which has nothing, an empty one.
fn listed(answered: Result<Answered, Failure>, key: &str) -> Result<Vec<Value>, String> {
    let answered = answered.map_err(|failure| failure.sentence)?;
    match answered.status {
        200 => Ok(answered.json()[key].as_array().cloned().unwrap_or_default()),
        _ if is_off(&answered) => Ok(Vec::new()),
        _ => Err(answered.reason()),
    }
}

/// Where they aren't offered, a list of them is answered with 501.
fn mapped(answered: Result<Answered, Failure>) -> Result<bool, String> {
    let answered = answered.map_err(|failure| failure.sentence)?;
    match answered.status {
        200 => Ok(true),
        501 => Ok(false),
        _ if is_off(&answered) => Err("Cloud Run isn't switched on in this project yet".to_owned()),
        _ => Err(answered.reason()),
    }
}

/// Google says by this that nobody has used an interface in this project.
fn is_off(answered: &Answered) -> bool {
    let json = answered.json();
    let details = json.pointer("/error/details").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    answered.status == 403 && details.iter().any(|detail| detail["reason"] == "SERVICE_DISABLED")
}
