//! The names of those who can be asked. A new provider is a folder, a name here, and its lines in `world`.

/// Who is asked. Clouds have one listener each, web sites one each per site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Cloud Run Admin API.
    Run,
    /// Cloud Monitoring API.
    Monitoring,
    /// Cloud Storage, by either interface.
    Storage,
    /// The metadata server, with tokens.
    Metadata,
    /// Google's public keys.
    Jwks,
    /// Pub/Sub, as a publisher sees it.
    Pubsub,
    /// Resource Manager, IAM Credentials and Organization Policy.
    Iam,
    /// Compute Engine API.
    Compute,
    /// Azure Resource Manager.
    Azure,
    /// Azure's sign-in.
    AzureLogin,
    /// The metadata service of Azure's machines.
    AzureMetadata,
    /// The interface of the Kubernetes cluster at home.
    Kubernetes,
    /// Cloudflare's API.
    Cloudflare,
    /// Cloudflare's edge in front of a site.
    Edge,
    /// A site's primary, past Cloudflare.
    Primary,
    /// A site's standby on Cloud Run.
    Standby,
    /// Whatever machine an address of the virtual network leads to.
    Machine,
}

impl Service {
    /// Services with one listener for the whole sandbox.
    pub const CLOUDS: [Self; 13] = [
        Self::Run,
        Self::Monitoring,
        Self::Storage,
        Self::Metadata,
        Self::Jwks,
        Self::Pubsub,
        Self::Iam,
        Self::Compute,
        Self::Azure,
        Self::AzureLogin,
        Self::AzureMetadata,
        Self::Kubernetes,
        Self::Cloudflare,
    ];

    /// Services with one listener per site.
    pub const SITES: [Self; 3] = [Self::Edge, Self::Primary, Self::Standby];
}
