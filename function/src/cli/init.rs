//! `failover init URL`: looks at a site, its zone and its project with the operator's own credentials, asks what it can't
//! find out, and writes what Terraform needs. It changes nothing anywhere, and writes nothing before it knows everything.

mod ask;
mod cloudflare;
mod files;
mod finish;
mod google;
mod site;
mod web;

use std::{path::PathBuf, process::ExitCode};

use super::{
    exit::{Exit, Failure},
    paint::{BOLD, COMMAND, DIM, GOOD, WARN},
    screen::Screen,
    session::Options,
};
use crate::{
    api::Secret,
    config::{Environment, Purpose},
};

use ask::Asker;
use files::{Answers, Files};
use site::Site;
use web::Web;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site, as visitors type it.
    #[arg(value_name = "URL", required_unless_present = "finish")]
    url: Option<String>,
    /// The Google Cloud project; without it yours are listed.
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// The region of function and standby.
    #[arg(long, value_name = "NAME", default_value = "us-central1")]
    region: String,
    /// A piece of the site's text that no error page has; without it its title is proposed.
    #[arg(long, value_name = "TEXT")]
    expect: Option<String>,
    /// Where the primary answers past the redirect, or "none".
    #[arg(long, value_name = "URL")]
    primary_url: Option<String>,
    /// Whom Cloud Monitoring tells of outages, or "none".
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The folder of Terraform's configuration.
    #[arg(long, value_name = "FOLDER", default_value = "terraform")]
    terraform: PathBuf,
    /// The file of secrets that this writes, readable to you alone.
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// After terraform apply: fetch the configuration, wait for the standby's certificate, check, rehearse.
    #[arg(long, conflicts_with = "url")]
    finish: bool,
}

pub(super) fn run(args: &Args, options: &Options) -> ExitCode {
    let screen = Screen::new(options.json);
    let environment = Environment::capture(Purpose::Look);
    crate::log::init_for_command(&environment);
    let runtime = super::runtime();
    let done = runtime.block_on(async {
        tokio::select! {
            done = begin(args, options, &screen, &environment) => done,
            _ = tokio::signal::ctrl_c() => {
                ask::echo(true);
                Err(Failure::new("interrupted: nothing was written and nothing was changed"))
            }
        }
    });
    // A question may still wait for its answer.
    runtime.shutdown_background();
    match done {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            screen.fail(&failure);
            failure.exit.into()
        }
    }
}

async fn begin(
    args: &Args,
    options: &Options,
    screen: &Screen,
    environment: &Environment,
) -> Result<(), Failure> {
    let Some(url) = &args.url else { return finish::run(args, options, screen).await };
    let site = Site::parse(url)?;
    let files = Files::at(args, environment)?;
    screen.remark(format!(
        "{DIM}This looks and asks; it changes nothing, and writes two files at the end.{DIM:#}"
    ));
    let web = Web::new()?;
    let mut asker = Asker::new(*screen);
    let page = site.look(&web).await?;
    say(screen, &page.told());
    let token = token(&mut asker, environment).await?;
    let zone = cloudflare::look(&web, environment, &token, site.host()).await?;
    zone.notes().iter().for_each(|note| say(screen, note));
    let project = google::project(&web, environment, args.project.as_deref(), &mut asker).await?;
    say(screen, &format!("project {project}, with billing"));
    let expect = site::expect(args.expect.clone(), &page, &mut asker).await?;
    let primary_url =
        site::primary(&site, args.primary_url.clone(), &expect, &zone, &web, &mut asker).await?;
    let email = optional(
        args.email.clone(),
        "Whom shall Cloud Monitoring tell of outages? An address, or none",
        &mut asker,
    );
    let email = email.await?;
    let tokens = [
        further(&web, environment, &zone, &mut asker, cloudflare::FUNCTION).await?,
        further(&web, environment, &zone, &mut asker, cloudflare::PAGE).await?,
    ];
    let region = args.region.clone();
    let answers = Answers { site, zone, project, region, expect, primary_url, email, token, tokens };
    files.write(&answers)?;
    screen.remark(next(args, &files, &answers));
    Ok(())
}

fn say(screen: &Screen, sentence: &str) {
    let mark =
        if sentence.starts_with('!') { format!("{WARN}!{WARN:#}") } else { format!("{GOOD}✓{GOOD:#}") };
    screen.remark(format!("{mark} {}", sentence.trim_start_matches('!').trim_start()));
}

async fn token(asker: &mut Asker, environment: &Environment) -> Result<Secret, Failure> {
    let name = "CLOUDFLARE_API_TOKEN";
    if let Ok(Some(token)) = environment.secret(name) {
        return Ok(token);
    }
    let asked = asker.secret(cloudflare::APPLY.what, cloudflare::APPLY.link, name).await?;
    asked.ok_or_else(|| {
        Failure::usage("without a token of Cloudflare's nothing can be found out there")
            .next(format!("export {name}=…"))
    })
}

/// The function's token and the page's, each tested by a look; what isn't given now is put into the file later.
async fn further(
    web: &Web,
    environment: &Environment,
    zone: &cloudflare::Zone,
    asker: &mut Asker,
    wanted: cloudflare::Wanted,
) -> Result<Option<Secret>, Failure> {
    let given = match environment.secret(wanted.variable) {
        Ok(Some(token)) => Some(token),
        _ if !asker.is_interactive() => None,
        _ => asker.secret(wanted.what, wanted.link, wanted.variable).await?,
    };
    if let Some(token) = &given {
        cloudflare::try_out(web, environment, token, zone, wanted).await?;
    }
    Ok(given)
}

/// What may be left out by saying "none".
async fn optional(
    given: Option<String>,
    question: &str,
    asker: &mut Asker,
) -> Result<Option<String>, Failure> {
    let text = match given {
        Some(text) => text,
        None => asker.ask(question, Some("none"), "--email").await?,
    };
    Ok(Some(text).filter(|text| text != "none"))
}

fn next(args: &Args, files: &Files, answers: &Answers) -> String {
    let (vars, secrets, folder) = (files.vars.display(), files.secrets.display(), args.terraform.display());
    let mut lines = vec![
        format!("\n{BOLD}Written{BOLD:#}  {vars}\n         {secrets} (readable to you alone)"),
        format!("{BOLD}Next{BOLD:#}     {COMMAND}source {secrets}{COMMAND:#}"),
        format!(
            "         {COMMAND}terraform -chdir={folder} init && terraform -chdir={folder} apply{COMMAND:#}"
        ),
        format!("         {COMMAND}failover init --finish --terraform {folder}{COMMAND:#}"),
        format!(
            "{DIM}Terraform's state is kept in {folder}/terraform.tfstate; backend.tf.example there keeps it in a bucket.{DIM:#}"
        ),
    ];
    if answers.tokens.iter().any(Option::is_none) {
        lines.insert(
            1,
            format!("{WARN}!{WARN:#}        put the tokens that are still missing into {secrets}"),
        );
    }
    if answers.zone.has_list {
        lines.push(format!(
            "\nThe zone has a list of redirect rules already. Add this one to it first, disabled:\n{}",
            answers.rule_command()
        ));
    }
    lines.join("\n")
}
