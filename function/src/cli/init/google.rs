//! The project that everything is made in: one that exists, and that somebody pays for.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use super::{super::exit::Failure, ask::Asker, web::Web};
use crate::{
    api::credentials::{DefaultCredentials, StaticToken, Tokens},
    config::Environment,
};

/// How long credentials are looked for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The project that is meant, with billing.
pub(super) async fn project(
    web: &Web,
    environment: &Environment,
    given: Option<&str>,
    asker: &mut Asker,
) -> Result<String, Failure> {
    let headers = credentials(environment).await?;
    let known = projects(web, environment, headers.clone()).await?;
    let project = match (given, &known[..]) {
        (Some(given), _) if known.iter().any(|id| id == given) => given.to_owned(),
        (Some(given), _) => return Err(unseen(given, &known)),
        (None, []) => return Err(none()),
        (None, [only]) => only.clone(),
        (None, several) => {
            let usual = environment
                .variable("GOOGLE_CLOUD_PROJECT")
                .filter(|id| several.iter().any(|known| known == id));
            asker.remark(&format!("  yours are {}", several.join(", ")));
            let chosen = asker.ask("In which project?", usual, "--project").await?;
            if !several.contains(&chosen) {
                return Err(unseen(&chosen, several));
            }
            chosen
        }
    };
    billed(web, environment, headers, &project).await?;
    Ok(project)
}

async fn credentials(environment: &Environment) -> Result<HeaderMap, Failure> {
    let given = environment.secret("GOOGLE_OAUTH_ACCESS_TOKEN").ok().flatten();
    let token = match given {
        Some(token) => StaticToken(token).token().await,
        None => DefaultCredentials::new(PATIENCE).token().await,
    };
    let headers = token.ok().and_then(|token| token.headers());
    let sentence = "there are no Google credentials on this machine";
    headers.ok_or_else(|| Failure::new(sentence).next("gcloud auth application-default login"))
}

/// As gcloud does, with the variables that it knows.
fn base(environment: &Environment, name: &str) -> String {
    let overridden = format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{}", name.to_uppercase());
    let usual = format!("https://{name}.googleapis.com/");
    environment.variable(&overridden).map_or(usual, |url| format!("{}/", url.trim_end_matches('/')))
}

async fn projects(web: &Web, environment: &Environment, headers: HeaderMap) -> Result<Vec<String>, Failure> {
    let url = format!(
        "{}v1/projects?filter=lifecycleState%3AACTIVE&pageSize=200",
        base(environment, "cloudresourcemanager")
    );
    let answered = web.get(&url, headers).await?;
    if answered.status != 200 {
        let sentence = format!("your projects could not be listed: {}", answered.reason());
        return Err(Failure::new(sentence).next("gcloud auth application-default login"));
    }
    let listed = answered.json()["projects"].as_array().cloned().unwrap_or_default();
    Ok(listed.iter().filter_map(|project| project["projectId"].as_str().map(str::to_owned)).collect())
}

async fn billed(
    web: &Web,
    environment: &Environment,
    headers: HeaderMap,
    project: &str,
) -> Result<(), Failure> {
    let url = format!("{}v1/projects/{project}/billingInfo", base(environment, "cloudbilling"));
    let answered = web.get(&url, headers).await?;
    let link = format!(
        "gcloud billing accounts list, then: gcloud billing projects link {project} --billing-account=ACCOUNT"
    );
    match (answered.status, &answered.json()["billingEnabled"]) {
        (200, Value::Bool(true)) => Ok(()),
        (200, _) => Err(Failure::new(format!(
            "nobody pays for {project}: Cloud Run refuses a project without billing"
        ))
        .next(link)),
        _ => Err(Failure::new(format!(
            "whether {project} has billing could not be seen: {}",
            answered.reason()
        ))
        .next(link)),
    }
}

fn unseen(project: &str, known: &[String]) -> Failure {
    Failure::usage(format!("{project:?} is no project that you may see"))
        .next(format!("yours are {}", known.join(", ")))
}

fn none() -> Failure {
    Failure::new("you have no Google Cloud project").next("gcloud projects create MY-PROJECT")
}
