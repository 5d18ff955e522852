//! The project that everything is made in: one that exists, and that somebody pays for.

use std::{process::Command, time::Duration};

use http::HeaderMap;
use serde_json::Value;

use super::{
    super::exit::Failure,
    ask::{Asker, Question},
    holdings::Holdings,
    web::{Answered, Web},
};
use crate::{
    api::tokens::{StaticToken, Tokens},
    clouds::google::credentials::DefaultCredentials,
    config::Environment,
};

/// How long credentials are looked for.
const PATIENCE: Duration = Duration::from_secs(10);
const SIGN_IN: &str = "gcloud auth application-default login";

/// Google, asked as whoever types.
#[derive(Debug)]
pub(super) struct GoogleAccount<'a> {
    web: &'a Web,
    environment: &'a Environment,
    headers: HeaderMap,
}

impl<'a> GoogleAccount<'a> {
    /// With the credentials of this machine; where there are none, somebody at a terminal may sign in.
    pub(super) async fn signed_in(
        web: &'a Web,
        environment: &'a Environment,
        asker: &mut Asker,
    ) -> Result<Self, Failure> {
        let headers = match credentials(environment).await {
            None if asker.is_interactive() => {
                sign_in(asker).await?;
                credentials(environment).await
            }
            found => found,
        };
        let nobody = || Failure::new("there are no Google credentials on this machine").next(SIGN_IN);
        Ok(Self { web, environment, headers: headers.ok_or_else(nobody)? })
    }

    /// The project that is meant, with billing.
    pub(super) async fn project(&self, given: Option<&str>, asker: &mut Asker) -> Result<String, Failure> {
        let known = self.projects().await?;
        let chosen = match (given, &known[..]) {
            (None, []) => return Err(none()),
            (None, [only]) => Some(only.clone()),
            (given, _) => given.map(str::to_owned),
        };
        if chosen.is_none() {
            asker.remark(&format!("  yours are {}", known.join(", ")));
        }
        let named = self.environment.variable("GOOGLE_CLOUD_PROJECT");
        let usual = named.filter(|id| known.iter().any(|known| known == id));
        let question = Question { text: "In which project?", usual, option: "--project" };
        asker
            .until(chosen, question, async |project| {
                if !known.contains(&project) {
                    return Err(unseen(&project, &known));
                }
                self.billed(&project).await?;
                Ok(project)
            })
            .await
    }

    /// What the project has already that matters here.
    pub(super) async fn holdings(&self, project: &str, region: &str, host: &str) -> Holdings {
        let run = self.base("run");
        let mapping = if self.is_overridden("run") {
            run.clone()
        } else {
            format!("https://{region}-run.googleapis.com/")
        };
        let (checks, services, mappings) = (
            format!("{}v3/projects/{project}/uptimeCheckConfigs?pageSize=100", self.base("monitoring")),
            format!("{run}v2/projects/{project}/locations/-/services?pageSize=100"),
            format!("{mapping}apis/domains.cloudrun.com/v1/namespaces/{project}/domainmappings?limit=1"),
        );
        let (checks, services, mappings) =
            futures::join!(self.get(&checks), self.get(&services), self.get(&mappings));
        Holdings::read(host, region, checks, services, mappings)
    }

    async fn get(&self, url: &str) -> Result<Answered, Failure> {
        self.web.get(url, self.headers.clone()).await
    }

    /// As gcloud does, with the variables that it knows.
    fn base(&self, name: &str) -> String {
        let usual = format!("https://{name}.googleapis.com/");
        self.environment
            .variable(&overriding(name))
            .map_or(usual, |url| format!("{}/", url.trim_end_matches('/')))
    }

    fn is_overridden(&self, name: &str) -> bool {
        self.environment.variable(&overriding(name)).is_some()
    }

    async fn projects(&self) -> Result<Vec<String>, Failure> {
        let base = self.base("cloudresourcemanager");
        let answered =
            self.get(&format!("{base}v1/projects?filter=lifecycleState%3AACTIVE&pageSize=200")).await?;
        if answered.status != 200 {
            let sentence = format!("your projects could not be listed: {}", answered.reason());
            return Err(Failure::new(sentence).next(SIGN_IN));
        }
        let listed = answered.json()["projects"].as_array().cloned().unwrap_or_default();
        Ok(listed.iter().filter_map(|project| project["projectId"].as_str().map(str::to_owned)).collect())
    }

    async fn billed(&self, project: &str) -> Result<(), Failure> {
        let answered =
            self.get(&format!("{}v1/projects/{project}/billingInfo", self.base("cloudbilling"))).await?;
        let sentence = match (answered.status, &answered.json()["billingEnabled"]) {
            (200, Value::Bool(true)) => return Ok(()),
            (200, _) => format!("nobody pays for {project}: Cloud Run refuses a project without billing"),
            _ => format!("whether {project} has billing could not be seen: {}", answered.reason()),
        };
        Err(Failure::new(sentence).next(format!(
            "gcloud billing accounts list, then: gcloud billing projects link {project} --billing-account=ACCOUNT"
        )))
    }
}

async fn credentials(environment: &Environment) -> Option<HeaderMap> {
    let given = environment.secret("GOOGLE_OAUTH_ACCESS_TOKEN").ok().flatten();
    let token = match given {
        Some(token) => StaticToken(token).token().await,
        None => DefaultCredentials::new(PATIENCE).token().await,
    };
    token.ok().and_then(|token| token.headers())
}

/// Has gcloud open a browser, if that is wanted.
async fn sign_in(asker: &mut Asker) -> Result<(), Failure> {
    let text = "There are no Google credentials on this machine. Sign in now, in a browser? yes or no";
    let question = Question { text, usual: Some("yes"), option: SIGN_IN };
    let wanted = asker.until(None, question, async |answer| match answer.as_str() {
        "yes" | "y" => Ok(true),
        "no" | "n" => Ok(false),
        _ => Err(Failure::usage("that is yes or no")),
    });
    if wanted.await? {
        asker.remark(SIGN_IN);
        let mut words = SIGN_IN.split(' ');
        let started = Command::new(words.next().unwrap_or_default()).args(words).status();
        started.map_err(|error| {
            Failure::new(format!("gcloud could not be started: {error}"))
                .next("install it: https://cloud.google.com/sdk/docs/install")
        })?;
    }
    Ok(())
}

fn overriding(name: &str) -> String {
    format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{}", name.to_uppercase())
}

fn unseen(project: &str, known: &[String]) -> Failure {
    Failure::usage(format!("{project:?} is no project that you may see"))
        .next(format!("yours are {}", known.join(", ")))
}

fn none() -> Failure {
    Failure::new("you have no Google Cloud project").next("gcloud projects create MY-PROJECT")
}
