//! Where everything is, and what can be tried there.

use std::{path::PathBuf, time::Duration};

use ::stage::process::environment;
use anyhow::Context;
use serde::Serialize;

use super::{child::Child, control, stage::Stage};

/// Where everything is, while it goes on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Places {
    /// The status page, if the function shows one.
    page: Option<String>,
    /// What visitors ask.
    site: String,
    standby: String,
    /// Takes commands, and cuts the power.
    control: String,
    /// The function's configuration.
    config: PathBuf,
    /// What a shell reads to be an operator.
    environment: PathBuf,
    /// The function's log.
    log: PathBuf,
}

/// Opens the control, and says where everything is.
///
/// # Errors
/// When nobody can listen.
pub(super) async fn open(stage: &Stage, child: &Child) -> anyhow::Result<Places> {
    let control = control::start(stage.world().clone(), stage.site.name(), 0).await?;
    let function = format!("http://{}/", child.address());
    let environment = stage.config.parent().unwrap_or(&stage.config).join("environment");
    std::fs::write(&environment, exports(stage)).context("the environment could not be written")?;
    Ok(Places {
        page: has_page(&function).await.then_some(function),
        site: stage.site.public_url().to_string(),
        standby: stage.site.standby_url().to_string(),
        control: format!("http://{control}"),
        config: stage.config.clone(),
        environment,
        log: stage.logbook.file.clone(),
    })
}

/// The places, and what can be tried there.
pub(super) fn told(places: &Places) -> String {
    let Places { page, site, standby, control, environment, log, .. } = places;
    let page = page.as_ref().map_or_else(String::new, |page| format!("  status page     {page}\n"));
    format!(
        "{page}  the site        curl -L {site}\n\
         \x20 the standby     curl {standby}\n\
         \x20 the journal     curl {control}/journal\n\
         \x20 cut the power   curl -X PUT -d off {control}/primary/power\n\
         \x20 bring it back   curl -X PUT -d on {control}/primary/power\n\
         \x20 fail back       curl -d '{{\"command\":\"failback\"}}' {control}/commands\n\
         \x20 fail over       curl -d '{{\"command\":\"failover\"}}' {control}/commands\n\
         \x20 acknowledge     curl -d '{{\"command\":\"acknowledge\"}}' {control}/commands\n\
         \x20                 (nothing moves by itself for 10 minutes after a move; this lifts that)\n\
         \x20 as an operator  . {environment} && {program} status\n\
         \x20 its log         {log}\n",
        environment = environment.display(),
        program = std::env::args().next().unwrap_or_else(|| "failover".to_owned()),
        log = log.display(),
    )
}

/// What a shell reads to be an operator of this function.
fn exports(stage: &Stage) -> String {
    let config = ("FAILOVER_CONFIG", stage.config.display().to_string());
    let variables = environment(&stage.sandbox).into_iter().chain([config]);
    variables.fold(String::new(), |out, (name, value)| format!("{out}export {name}='{value}'\n"))
}

/// Whether the function shows its status page.
async fn has_page(url: &str) -> bool {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
    let Ok(client) = client else { return false };
    client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
}
