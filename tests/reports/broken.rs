//! What a case has some calls of an interface answered, in place of what it would say.

use sandbox::{Aim, Fault, Service};
use serde::Deserialize;

/// What is answered to some calls.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broken {
    #[serde(rename = "kind")]
    _kind: Option<String>,
    /// Seconds from the beginning.
    pub(crate) until: Option<f64>,
    api: Option<String>,
    verb: Option<String>,
    path: Option<String>,
    times: u32,
    status: Option<u16>,
    #[serde(rename = "type")]
    _type: Option<String>,
    text: String,
}

impl Broken {
    /// Which calls it befalls, and what they are answered.
    pub(crate) fn at(&self, usual: Service) -> (Aim, Fault) {
        let service = self.api.as_deref().map_or(usual, service);
        let aim = Aim::service(service).times(self.times);
        let aim = self.verb.iter().fold(aim, |aim, verb| aim.verb(verb));
        let aim = self.path.iter().fold(aim, |aim, path| aim.path(path));
        let (code, body) = (self.status.unwrap_or(200), Some(self.text.clone()));
        (aim, Fault::Status { code, retry_after: None, body })
    }
}

/// The interface of this name.
pub(crate) fn service(name: &str) -> Service {
    match name {
        "run" => Service::Run,
        "monitoring" => Service::Monitoring,
        "storage" => Service::Storage,
        "metadata" => Service::Metadata,
        other => panic!("no interface {other:?}"),
    }
}
