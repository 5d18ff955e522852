//! Google's names of things, checked by shape so that a slip is found before anything runs.

use std::{fmt, str::FromStr};

/// A Cloud Run service: `projects/P/locations/L/services/S`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceName(String);

/// A Cloud Monitoring uptime check: `projects/P/uptimeCheckConfigs/ID`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CheckName(String);

/// A virtual machine on Compute Engine: `projects/P/zones/Z/instances/I`, or `projects/P/instances/I` where its zone is
/// to be found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MachineName {
    project: String,
    zone: Option<String>,
    machine: String,
}

/// A reserved external address: `projects/P/regions/R/addresses/A`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AddressName(String);

impl ServiceName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project's id or number.
    pub fn project(&self) -> &str {
        part(&self.0, 1)
    }

    /// The region.
    pub fn location(&self) -> &str {
        part(&self.0, 3)
    }

    /// The service alone.
    pub fn service(&self) -> &str {
        part(&self.0, 5)
    }
}

impl CheckName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id or number of the project that hosts the check.
    pub fn project(&self) -> &str {
        part(&self.0, 1)
    }

    /// The check alone, as an incident's `check_id` names it.
    pub fn id(&self) -> &str {
        part(&self.0, 3)
    }
}

impl MachineName {
    /// The project's id or number.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The zone, where it is known.
    pub fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// The machine alone.
    pub fn machine(&self) -> &str {
        &self.machine
    }

    /// The same machine, in this zone.
    pub fn in_zone(&self, zone: &str) -> Self {
        Self { zone: Some(zone.to_owned()), ..self.clone() }
    }

    /// `/zones/Z/instances/I`, as a link to it ends whether it names the project by its id or its number.
    pub(crate) fn within_project(&self) -> String {
        format!("/zones/{}/instances/{}", self.zone.as_deref().unwrap_or_default(), self.machine)
    }

    /// `projects/P/zones/Z`, where operations are.
    pub(crate) fn zone_path(&self) -> String {
        format!("projects/{}/zones/{}", self.project, self.zone.as_deref().unwrap_or_default())
    }
}

impl AddressName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project's id or number.
    pub fn project(&self) -> &str {
        part(&self.0, 1)
    }

    /// The region.
    pub fn region(&self) -> &str {
        part(&self.0, 3)
    }

    /// The address alone.
    pub fn address(&self) -> &str {
        part(&self.0, 5)
    }
}

impl FromStr for ServiceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        shape(text, &["projects", "locations", "services"]).map(Self)
    }
}

impl FromStr for CheckName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        shape(text, &["projects", "uptimeCheckConfigs"]).map(Self)
    }
}

impl FromStr for MachineName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = shape(text, &["projects", "zones", "instances"]);
        if let (Err(reason), Err(_)) = (&named, shape(text, &["projects", "instances"])) {
            return Err(reason.clone());
        }
        let own = |index| part(text, index).to_owned();
        match named {
            Ok(_) => Ok(Self { project: own(1), zone: Some(own(3)), machine: own(5) }),
            Err(_) => Ok(Self { project: own(1), zone: None, machine: own(3) }),
        }
    }
}

impl FromStr for AddressName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        shape(text, &["projects", "regions", "addresses"]).map(Self)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MachineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project, machine, .. } = self;
        match &self.zone {
            Some(zone) => write!(f, "projects/{project}/zones/{zone}/instances/{machine}"),
            None => write!(f, "projects/{project}/instances/{machine}"),
        }
    }
}

impl fmt::Display for AddressName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Accepts `collection/name/collection/name…` with these collections.
fn shape(text: &str, collections: &[&str]) -> Result<String, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let shaped = parts.len() == collections.len() * 2
        && parts
            .chunks(2)
            .zip(collections)
            .all(|(pair, collection)| pair[0] == *collection && plain(pair[1]));
    if shaped {
        return Ok(text.to_owned());
    }
    let wanted: Vec<String> = collections.iter().map(|collection| format!("{collection}/…")).collect();
    Err(format!("is not of the shape {}", wanted.join("/")))
}

/// Whether a name can stand in a path as it is. Old projects have names such as `example.com:project`.
fn plain(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    !name.is_empty() && name.chars().all(allowed) && name.chars().any(|c| c.is_ascii_alphanumeric())
}

fn part(name: &str, index: usize) -> &str {
    name.split('/').nth(index).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_project_region_and_name() {
        let service: ServiceName = "projects/p-1/locations/us-central1/services/resume".parse().unwrap();
        assert_eq!(
            (service.project(), service.location(), service.service()),
            ("p-1", "us-central1", "resume")
        );
    }

    #[test]
    fn a_machine_is_named_with_or_without_its_zone() {
        for name in ["projects/p-1/zones/us-central1-a/instances/db-a", "projects/p-1/instances/db-a"] {
            let machine: MachineName = name.parse().unwrap();
            assert_eq!((machine.project(), machine.machine()), ("p-1", "db-a"));
            assert_eq!(machine.to_string(), name);
        }
        let found = "projects/p/instances/db-a".parse::<MachineName>().unwrap().in_zone("z-a");
        assert_eq!((found.zone(), found.zone_path()), (Some("z-a"), "projects/p/zones/z-a".to_owned()));
        for slip in ["db-a", "projects/p/zones/instances/db-a", "projects/p/zones/z/instances/"] {
            let refused = slip.parse::<MachineName>().unwrap_err();
            assert_eq!(refused, "is not of the shape projects/…/zones/…/instances/…", "{slip}");
        }
        assert!("projects/p/regions/r/addresses/db-public".parse::<AddressName>().is_ok());
        assert!("projects/p/global/addresses/db-public".parse::<AddressName>().is_err());
    }

    #[test]
    fn slips_in_names_are_seen() {
        for slip in [
            "resume",
            "projects/p/services/s",
            "projects/p/locations/l/services/",
            "/projects/p/locations/l/services/s",
            "projects/../locations/l/services/s",
            "projects/p/locations/l/services/s?x",
            "projects/p/locations/l/services/s ",
        ] {
            assert!(slip.parse::<ServiceName>().is_err(), "{slip}");
        }
        assert!("projects/p/uptimeCheckConfigs/a-b_C1".parse::<CheckName>().is_ok());
        assert!("projects/p/uptimeCheckConfig/a".parse::<CheckName>().is_err());
    }
}
