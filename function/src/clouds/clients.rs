//! Every provider's client, built once and handed to the switches.

use std::{sync::Arc, time::Duration};

use super::{
    Endpoints, azure, cloudflare,
    kubernetes::{self, Source},
};
use crate::{
    api::{ApiError, Pace, Secret, http_client, tokens::Tokens},
    clouds::{
        azure::Azure,
        cloudflare::Cloudflare,
        google::{Google, credentials::DefaultCredentials},
        kubernetes::Kubernetes,
    },
};

/// What the clients need to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the providers are.
    pub endpoints: Endpoints,
    /// Cloudflare's token, where a switch needs it.
    pub cloudflare_token: Option<Secret>,
    /// The Kubernetes cluster that this process is a pod of, if it is one.
    pub own_cluster: Source,
    /// As whom Azure is asked.
    pub azure: azure::Account,
    /// How long one try of a call may take.
    pub call_timeout: Duration,
    /// How patiently a call is tried again.
    pub pace: Pace,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::default(),
            cloudflare_token: None,
            own_cluster: kubernetes::in_this_pod(|_| None),
            azure: azure::Account::default(),
            call_timeout: Duration::from_secs(10),
            pace: Pace::default(),
        }
    }
}

/// The clients of one process.
#[derive(Debug)]
pub struct Clients {
    pace: Pace,
    google: Arc<Google>,
    azure: Arc<Azure>,
    cloudflare: Arc<cloudflare::Shared>,
    own_cluster: Source,
}

impl Clients {
    /// Clients with Application Default Credentials for Google.
    pub fn new(settings: Settings) -> Result<Self, ApiError> {
        let tokens = Arc::new(DefaultCredentials::new(settings.call_timeout));
        Self::with_tokens(settings, tokens)
    }

    /// Clients with another source of tokens.
    pub fn with_tokens(settings: Settings, tokens: Arc<dyn Tokens>) -> Result<Self, ApiError> {
        let Settings { endpoints, cloudflare_token, own_cluster, azure, call_timeout, pace } = settings;
        let http = http_client()?;
        let cloudflare =
            cloudflare::Shared::new(http.clone(), &endpoints, cloudflare_token, call_timeout, pace);
        let azure = Arc::new(Azure::new(http.clone(), azure, endpoints.clone(), call_timeout, pace));
        let google = Arc::new(Google { http, tokens, endpoints, call_timeout, pace });
        Ok(Self { pace, google, azure, cloudflare, own_cluster })
    }

    /// Google's interfaces.
    pub fn google(&self) -> Arc<Google> {
        Arc::clone(&self.google)
    }

    /// Azure's interface.
    pub fn azure(&self) -> Arc<Azure> {
        Arc::clone(&self.azure)
    }

    /// Cloudflare's interface, for one switch: those that ask first here go first where calls are scarce.
    pub fn cloudflare(&self) -> Cloudflare {
        self.cloudflare.another()
    }

    /// A cluster's interface: the one that a kubeconfig leads to, or the one that this process is a pod of.
    pub fn kubernetes(&self, named: Option<Source>) -> Kubernetes {
        let source = named.unwrap_or_else(|| self.own_cluster.clone());
        let call_timeout = self.google.call_timeout;
        // In an outage the cluster at home is as dead as the site: whoever only looks isn't kept waiting for long.
        let budget = self.pace.budget.min(call_timeout * 2);
        Kubernetes::new(source, call_timeout, Pace { budget, ..self.pace })
    }

    /// How patiently calls are tried again.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// The HTTP client that all providers share; webhooks may use it too.
    pub fn http(&self) -> &reqwest::Client {
        &self.google.http
    }

    /// The one source of Google access tokens.
    pub fn tokens(&self) -> Arc<dyn Tokens> {
        Arc::clone(&self.google.tokens)
    }

    /// Fetches a token ahead, so that no later call waits for it. Failing is left to the call that needs the token.
    pub async fn warm(&self) {
        if let Err(error) = self.google.tokens.token().await {
            tracing::debug!(%error, "no token yet");
        }
    }
}
