//! Where the providers' interfaces are: their public addresses, unless the configuration names others.
//!
//! The configuration fills `Endpoints`; clients ask it for addresses. A base may or may not end in a slash and
//! may have a path.

use serde::Deserialize;
use url::Url;

/// The base addresses given in `[endpoints]`; what isn't given is the provider's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoints {
    /// Cloud Run Admin API. A region's own host, such as `https://us-central1-run.googleapis.com`, works too and
    /// does without the global front end.
    pub run: Option<Url>,
    /// Cloud Monitoring API.
    pub monitoring: Option<Url>,
    /// Cloud Storage, where a `gs://` journal lives.
    pub storage: Option<Url>,
    /// Cloud Pub/Sub.
    pub pubsub: Option<Url>,
    /// Cloudflare's API, up to and with `/client/v4`.
    pub cloudflare: Option<Url>,
    /// Compute Engine API, up to and with `/compute/v1`.
    pub compute: Option<Url>,
    /// Azure Resource Manager.
    pub azure: Option<Url>,
    /// Azure's instance metadata service, which gives managed identities their tokens.
    pub azure_metadata: Option<Url>,
    /// Azure's login service, which exchanges tokens.
    pub azure_login: Option<Url>,
    /// The keys that sign push tokens.
    pub jwks: Option<Url>,
    /// Who may what: Resource Manager, IAM Credentials and Organization Policy, three hosts at Google's own.
    pub iam: Option<Url>,
}

impl Endpoints {
    /// The keys of `[endpoints]`.
    pub const NAMES: [&str; 11] = [
        "run",
        "monitoring",
        "storage",
        "pubsub",
        "cloudflare",
        "compute",
        "azure",
        "azure_metadata",
        "azure_login",
        "jwks",
        "iam",
    ];

    /// The place for the base address that `[endpoints]` calls `name`.
    pub fn named(&mut self, name: &str) -> Option<&mut Option<Url>> {
        Some(match name {
            "run" => &mut self.run,
            "monitoring" => &mut self.monitoring,
            "storage" => &mut self.storage,
            "pubsub" => &mut self.pubsub,
            "cloudflare" => &mut self.cloudflare,
            "compute" => &mut self.compute,
            "azure" => &mut self.azure,
            "azure_metadata" => &mut self.azure_metadata,
            "azure_login" => &mut self.azure_login,
            "jwks" => &mut self.jwks,
            "iam" => &mut self.iam,
            _ => return None,
        })
    }

    /// Cloud Run Admin API, without a slash at its end, as all of these.
    pub fn run(&self) -> String {
        base(self.run.as_ref(), "https://run.googleapis.com")
    }

    /// Cloud Monitoring API.
    pub fn monitoring(&self) -> String {
        base(self.monitoring.as_ref(), "https://monitoring.googleapis.com")
    }

    /// Cloud Storage.
    pub fn storage(&self) -> String {
        base(self.storage.as_ref(), "https://storage.googleapis.com")
    }

    /// Cloud Pub/Sub.
    pub fn pubsub(&self) -> String {
        base(self.pubsub.as_ref(), "https://pubsub.googleapis.com")
    }

    /// Resource Manager: which permissions one has on a project.
    pub fn resource_manager(&self) -> Option<String> {
        self.iam_at("https://cloudresourcemanager.googleapis.com")
    }

    /// IAM Credentials: tokens of an account that one may act as.
    pub fn iam_credentials(&self) -> Option<String> {
        self.iam_at("https://iamcredentials.googleapis.com")
    }

    /// Organization Policy.
    pub fn org_policy(&self) -> Option<String> {
        self.iam_at("https://orgpolicy.googleapis.com")
    }

    /// Who stands in for Google elsewhere and has no `iam` isn't asked: its tokens are no business of Google's.
    fn iam_at(&self, usual: &str) -> Option<String> {
        let real = self.run.is_none() && self.monitoring.is_none();
        (self.iam.is_some() || real).then(|| base(self.iam.as_ref(), usual))
    }

    /// Cloudflare's API, with `/client/v4`.
    pub fn cloudflare(&self) -> String {
        base(self.cloudflare.as_ref(), "https://api.cloudflare.com/client/v4")
    }

    /// Compute Engine API, with `/compute/v1`.
    pub fn compute(&self) -> String {
        base(self.compute.as_ref(), "https://compute.googleapis.com/compute/v1")
    }

    /// Azure Resource Manager.
    pub fn azure(&self) -> String {
        base(self.azure.as_ref(), "https://management.azure.com")
    }

    /// Azure's instance metadata service. It speaks HTTP only, and its address leads no further than the host.
    pub fn azure_metadata(&self) -> String {
        base(self.azure_metadata.as_ref(), "http://169.254.169.254")
    }

    /// Azure's login service.
    pub fn azure_login(&self) -> String {
        base(self.azure_login.as_ref(), "https://login.microsoftonline.com")
    }

    /// The keys that sign push tokens: a whole address, not a base.
    pub fn jwks(&self) -> String {
        base(self.jwks.as_ref(), "https://www.googleapis.com/oauth2/v3/certs")
    }
}

fn base(given: Option<&Url>, usual: &str) -> String {
    given.map_or(usual, Url::as_str).trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_with_or_without_a_slash_or_a_path_is_the_same_base() {
        let at = |url: &str| Endpoints { cloudflare: Some(url.parse().unwrap()), ..Endpoints::default() };
        assert_eq!(at("http://127.0.0.1:9/client/v4/").cloudflare(), "http://127.0.0.1:9/client/v4");
        assert_eq!(at("http://127.0.0.1:9/client/v4").cloudflare(), "http://127.0.0.1:9/client/v4");
        assert_eq!(at("http://127.0.0.1:9").cloudflare(), "http://127.0.0.1:9");
        assert_eq!(Endpoints::default().cloudflare(), "https://api.cloudflare.com/client/v4");
    }

    #[test]
    fn a_token_for_a_stand_in_is_not_shown_to_google() {
        let url: Url = "http://127.0.0.1:9/".parse().unwrap();
        let usual = Some("https://iamcredentials.googleapis.com".to_owned());
        assert_eq!(Endpoints::default().iam_credentials(), usual);
        let stand_in = Endpoints { run: Some(url.clone()), ..Endpoints::default() };
        assert_eq!(stand_in.iam_credentials(), None);
        let whole = Endpoints { iam: Some(url), ..stand_in };
        assert_eq!(whole.resource_manager(), Some("http://127.0.0.1:9".to_owned()));
    }

    #[test]
    fn every_name_has_its_place() {
        let mut endpoints = Endpoints::default();
        for name in Endpoints::NAMES {
            *endpoints.named(name).unwrap() = Some("http://127.0.0.1:9/x".parse().unwrap());
        }
        let all = [&endpoints.run, &endpoints.monitoring, &endpoints.storage, &endpoints.pubsub];
        let rest = [&endpoints.cloudflare, &endpoints.compute, &endpoints.azure, &endpoints.jwks];
        let last = [&endpoints.azure_metadata, &endpoints.azure_login, &endpoints.iam];
        assert!(all.into_iter().chain(rest).chain(last).all(Option::is_some));
        assert!(endpoints.named("runs").is_none());
    }
}
