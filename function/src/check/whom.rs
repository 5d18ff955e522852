//! As whom a check looks: as the function where that may be, since what matters is what the function may.

use std::sync::Arc;

use url::Url;

use crate::{
    api::tokens::{StaticToken, Tokens},
    clouds::google::{Google, Located, names::ServiceName},
    config::{CloudRun, Config},
    pubsub::PubSub,
};

/// Who looks.
#[derive(Debug, Clone)]
pub struct Whom {
    /// The account, where it is known.
    pub account: Option<String>,
    /// The same for a person: who it is, and why not the function.
    pub told: String,
    /// The function's own service, where it was found.
    pub function: Option<ServiceName>,
    /// The token of an account that is not one's own.
    pub tokens: Option<Arc<dyn Tokens>>,
}

/// Whose eyes are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Eyes {
    /// The credentials that this process has anyway.
    Own,
    /// The function's account, where one may act as it.
    TheFunctions,
    /// This account's.
    Of(String),
}

impl Whom {
    /// Who looks here, with `eyes` asked for.
    pub async fn find(config: &Config, google: &Google, pubsub: &PubSub, eyes: &Eyes) -> Self {
        if let Some(place) = &config.cloud_run {
            return Self::on_cloud_run(google, place).await;
        }
        if config.push.alerts.is_empty() && config.push.commands.is_empty() && *eyes == Eyes::TheFunctions {
            return Self::oneself("the credentials of whoever runs this".to_owned(), None);
        }
        let service = find_service(config, google, pubsub).await;
        let function = service.as_ref().ok().map(|service| service.name.clone());
        let wanted = match eyes {
            Eyes::Own => Err("its own credentials were asked for".to_owned()),
            Eyes::Of(account) => Ok(account.clone()),
            Eyes::TheFunctions => service.and_then(account_of),
        };
        let acting = match wanted {
            Ok(account) => google
                .access()
                .impersonate(&account)
                .await
                .map(|token| (account, token))
                .map_err(|error| error.message),
            Err(why) => Err(why),
        };
        match acting {
            Ok((account, token)) => Self {
                told: format!("{account}, as which you may act"),
                account: Some(account),
                function,
                tokens: Some(Arc::new(StaticToken(token))),
            },
            Err(why) => {
                let told = match eyes {
                    Eyes::Own => "the credentials of whoever runs this".to_owned(),
                    _ => format!("yourself, with your own credentials, not as the function: {why}"),
                };
                Self::oneself(told, function)
            }
        }
    }

    fn oneself(told: String, function: Option<ServiceName>) -> Self {
        Self { account: None, told, function, tokens: None }
    }

    /// A container on Cloud Run learns from the metadata server who and where it is.
    async fn on_cloud_run(google: &Google, place: &CloudRun) -> Self {
        let account =
            google.access().metadata(&place.metadata, "instance/service-accounts/default/email").await;
        let region = google.access().metadata(&place.metadata, "instance/region").await;
        // `projects/NUMBER/regions/REGION`
        let function = region.as_deref().and_then(|region| {
            let parts: Vec<&str> = region.split('/').collect();
            let [_, project, _, region] = parts[..] else { return None };
            format!("projects/{project}/locations/{region}/services/{}", place.service).parse().ok()
        });
        let told = account.clone().unwrap_or_else(|| "the function's own account".to_owned());
        Self { account, told, function, tokens: None }
    }

    /// The account as grants name it.
    pub fn member(&self) -> String {
        self.account
            .as_ref()
            .map_or_else(|| "user:YOU".to_owned(), |account| format!("serviceAccount:{account}"))
    }
}

/// The function's service is the one that the first subscription pushes to.
async fn find_service(config: &Config, google: &Google, pubsub: &PubSub) -> Result<Located, String> {
    let subscription = config.push.commands.iter().chain(&config.push.alerts).next();
    let subscription = subscription.ok_or("no subscription is configured")?;
    let settings = pubsub.subscription(subscription.as_str()).await.map_err(|error| error.message)?;
    let endpoint = settings.push.map(|push| push.endpoint).unwrap_or_default();
    let origin = endpoint.parse::<Url>().map_err(|_| format!("{subscription} pushes nowhere"))?.origin();
    let services = google.run().run_services(subscription.project()).await.map_err(|error| error.message)?;
    let is_there = |url: &String| url.parse::<Url>().is_ok_and(|url| url.origin() == origin);
    let found = services.into_iter().find(|service| service.urls.iter().any(is_there));
    found.ok_or_else(|| format!("no service of the project {} is at {endpoint}", subscription.project()))
}

fn account_of(service: Located) -> Result<String, String> {
    service.account.ok_or_else(|| "the function has no account of its own".to_owned())
}
