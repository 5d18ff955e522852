//! `failover init URL`: looks at a site, its zone and its project with the operator's own credentials, asks what it can't
//! find out, and writes what Terraform needs, or a script for gcloud. It changes nothing anywhere, and writes nothing before
//! it knows everything. With `--apply` it then starts what makes things.

mod apply;
mod ask;
mod cloudflare;
mod files;
mod finish;
mod google;
mod holdings;
mod script;
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

use ask::{Asker, Question};
use files::{Files, FoundOut};
use google::GoogleAccount;
use site::ChosenSite;
use web::Web;

/// What the script is called, unless somebody says otherwise.
const SCRIPT: &str = "failover-gcloud.sh";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site, as visitors type it.
    #[arg(value_name = "URL", required_unless_present = "finish")]
    url: Option<String>,
    /// What makes everything afterwards.
    #[arg(long = "as", value_name = "MAKER", value_enum, default_value_t = Maker::Terraform)]
    maker: Maker,
    /// Then have it made: Terraform shows its plan and asks, the script begins; it ends as --finish does.
    #[arg(long, conflicts_with = "finish")]
    apply: bool,
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
    /// The function's image, where it isn't the released one; a placeholder guards nothing.
    #[arg(long, value_name = "REFERENCE")]
    image: Option<String>,
    /// The folder of Terraform's configuration.
    #[arg(long, value_name = "FOLDER", default_value = "terraform")]
    terraform: PathBuf,
    /// The script that --as gcloud writes.
    #[arg(long, value_name = "FILE", default_value = SCRIPT)]
    script: PathBuf,
    /// The file of secrets that this writes, readable to you alone.
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// After it was made: fetch the configuration, wait for the standby's certificate, check, rehearse.
    #[arg(long, conflicts_with = "url")]
    finish: bool,
}

/// Who makes what the answers ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Maker {
    /// Terraform, by the variables that are written for it.
    Terraform,
    /// gcloud, by a script of plain commands that is written once.
    Gcloud,
}

pub(super) fn run(args: &Args, options: &Options) -> ExitCode {
    let screen = Screen::new(options.json);
    let environment = Environment::capture(Purpose::Look);
    crate::log::init_for_command(&environment.of_the_log());
    let runtime = super::runtime();
    let done = runtime.block_on(async {
        if args.url.is_some() {
            let untouched = "interrupted: nothing was written and nothing was changed";
            let (files, answers) = unless_interrupted(begin(args, &screen, &environment), untouched).await?;
            if !args.apply {
                return Ok(());
            }
            apply::run(args, &files, &answers, &screen)?;
        }
        let rest = "interrupted; failover init --finish goes on from here";
        unless_interrupted(finish::run(args, options, &screen), rest).await
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

async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
    sentence: &str,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => {
            ask::echo(true);
            Err(Failure::new(sentence))
        }
    }
}

/// Everything up to the files.
async fn begin(
    args: &Args,
    screen: &Screen,
    environment: &Environment,
) -> Result<(Files, FoundOut), Failure> {
    let site = ChosenSite::parse(args.url.as_deref().unwrap_or_default())?;
    let files = Files::at(args, environment)?;
    screen.remark(format!(
        "{DIM}This looks and asks; it changes nothing, and writes two files at the end.{DIM:#}"
    ));
    let web = Web::new()?;
    let mut asker = Asker::new(*screen);
    let page = site.look(&web).await?;
    say(screen, &page.told());
    let (token, zone) = cloudflare::zone_and_token(&web, environment, &mut asker, site.host()).await?;
    zone.notes().iter().for_each(|note| say(screen, note));
    let google = GoogleAccount::signed_in(&web, environment, &mut asker).await?;
    let project = google.project(args.project.as_deref(), &mut asker).await?;
    say(screen, &format!("project {project}, with billing"));
    let holdings = google.holdings(&project, &args.region, site.host()).await;
    holdings.notes(&site.name).iter().for_each(|note| say(screen, note));
    let expect = site::expect(args.expect.clone(), &page, &mut asker).await?;
    let primary_url =
        site::primary(&site, args.primary_url.clone(), &expect, &zone, &web, &mut asker).await?;
    let email = email(args.email.clone(), &mut asker).await?;
    let page_token = cloudflare::page_token(&web, environment, &zone, &mut asker).await?;
    let answers = FoundOut {
        service: holdings.service(&site.name),
        function_token: cloudflare::function_token(&web, environment, &zone).await?,
        region: args.region.clone(),
        image: args.image.clone(),
        site,
        zone,
        project,
        expect,
        primary_url,
        email,
        token,
        page_token,
        page_key: Secret::new(&uuid::Uuid::new_v4().simple().to_string()),
    };
    files.write(&answers)?;
    screen.remark(next(args, &files, &answers));
    Ok((files, answers))
}

/// What begins with an exclamation mark wants a hand.
fn say(screen: &Screen, sentence: &str) {
    let mark =
        if sentence.starts_with('!') { format!("{WARN}!{WARN:#}") } else { format!("{GOOD}✓{GOOD:#}") };
    screen.remark(format!("{mark} {}", sentence.trim_start_matches('!').trim_start()));
}

/// Whom Cloud Monitoring tells.
async fn email(given: Option<String>, asker: &mut Asker) -> Result<Option<String>, Failure> {
    let question = Question {
        text: "Whom shall Cloud Monitoring tell of outages? An address, or none",
        usual: Some("none"),
        option: "--email",
    };
    asker
        .until(given, question, async |text| match text.split_once('@') {
            None if text == "none" => Ok(None),
            Some((who, host))
                if !who.is_empty() && host.contains('.') && !text.contains([' ', '"', '\'']) =>
            {
                Ok(Some(text))
            }
            _ => {
                Err(Failure::usage(format!("{text:?} is no address")).next("such as me@example.com, or none"))
            }
        })
        .await
}

fn next(args: &Args, files: &Files, answers: &FoundOut) -> String {
    let (made, secrets) = (files.made.display(), files.secrets.display());
    let mut lines =
        vec![format!("\n{BOLD}Written{BOLD:#}  {made}\n         {secrets} (readable to you alone)")];
    if answers.page_token.is_none() {
        lines.push(format!(
            "{WARN}!{WARN:#}        without its token there is no status page for now; failover status says the same"
        ));
    }
    if args.maker == Maker::Terraform && answers.zone.list.is_some() {
        lines.push(format!(
            "{WARN}!{WARN:#}        the zone has a list of redirect rules already. Add this one to it first, disabled:\n{}",
            answers.rule_command()
        ));
    }
    if !args.apply {
        lines.push(format!("{BOLD}Next{BOLD:#}     {COMMAND}source {secrets}{COMMAND:#}"));
        lines.extend(steps(args, files).map(|step| format!("         {COMMAND}{step}{COMMAND:#}")));
    }
    if args.maker == Maker::Terraform {
        let folder = args.terraform.display();
        lines.push(format!(
            "{DIM}Terraform's state is kept in {folder}/terraform.tfstate; backend.tf.example there keeps it in a bucket.{DIM:#}"
        ));
    }
    lines.join("\n")
}

/// What is typed to have it made.
fn steps(args: &Args, files: &Files) -> [String; 2] {
    match args.maker {
        Maker::Terraform => {
            let folder = args.terraform.display();
            [
                format!("terraform -chdir={folder} init && terraform -chdir={folder} apply"),
                format!("failover init --finish --terraform {folder}"),
            ]
        }
        Maker::Gcloud => {
            [format!("bash {}", files.made.display()), "failover init --finish --as gcloud".to_owned()]
        }
    }
}
