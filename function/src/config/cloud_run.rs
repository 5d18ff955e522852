//! What a container on Cloud Run knows of itself.

use super::Environment;

/// A service on Cloud Run, as its container knows itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudRun {
    /// Its name: `K_SERVICE`.
    pub service: String,
    /// Where the metadata server is, host and port.
    pub metadata: String,
}

impl CloudRun {
    /// This container, if it is one of Cloud Run's.
    pub(super) fn read(environment: &Environment) -> Option<Self> {
        let service = environment.variable("K_SERVICE")?.to_owned();
        let metadata =
            environment.variable("GCE_METADATA_HOST").unwrap_or("metadata.google.internal").to_owned();
        Some(Self { service, metadata })
    }
}
