//! The seam: what a fake provider must be able to do to be served.
//! A new provider is one file that implements `Provider`, a variant of `Service` and a line in `World`.

use http::Method;

use crate::frame::call::{Call, Reply};
use crate::world::World;

/// Who is asked. Clouds have one listener each, web sites one each per site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Cloud Run Admin API.
    Run,
    /// Cloud Monitoring API.
    Monitoring,
    /// Cloud Storage, the XML interface.
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

/// What a call means for whoever counts calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Looks and changes nothing.
    Read,
    /// Asks a cloud to change something.
    Write,
    /// Appends to the journal.
    Journal,
    /// A visitor or a probe at a web site.
    Visit,
}

/// A fake provider. It keeps its state behind its own lock and never sleeps.
///
/// # Guarantees it may rely on
/// Answers are made one at a time across the whole sandbox, so that the promises can be judged at an
/// instant. A provider gives up its own lock before it calls `World::changed`.
pub trait Provider: Send + Sync {
    /// Names the operation, `"cloudflare.patch_page_rule"`; an unknown route is `"<provider>.unknown"`.
    fn operation(&self, call: &Call) -> &'static str;

    /// Carries the call out.
    fn answer(&self, world: &World, call: &Call) -> Reply;

    /// An error of this status in the provider's own envelope, for faults.
    fn refusal(&self, status: u16) -> Reply {
        Reply::text(status, format!("{status}\n"))
    }

    /// What the call means for the ledger.
    fn kind(&self, _operation: &str, call: &Call) -> Kind {
        if call.method == Method::GET || call.method == Method::HEAD { Kind::Read } else { Kind::Write }
    }
}
