//! `failover check`: finds, before an outage, what would break in one; says how to mend each, and as whom it looked.

use std::{fmt::Write, sync::Arc, time::Duration};

use failover_core::SiteName;
use tokio::time::timeout;

use super::{
    exit::{Exit, Failure},
    paint::{BAD, BOLD, COMMAND, DIM, GOOD, WARN, in_style},
    progress::Progress,
    session::Session,
    words,
};
use crate::{
    app::{Parts, Patience},
    check::{self, Eyes, Report, Whom},
    clouds::{Finding, Severity},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site; without it all of them.
    #[arg(long, short, value_name = "NAME")]
    site: Option<SiteName>,
    /// Look as this service account; without it as the function's own, where you may.
    #[arg(long = "as", value_name = "ACCOUNT")]
    account: Option<String>,
    /// Look as yourself.
    #[arg(long, conflicts_with = "account")]
    as_me: bool,
}

/// A credential is looked for no longer than this: whoever has one has it in less, and the rest of three seconds is for
/// the process itself.
const CREDENTIALS_WITHIN: Duration = Duration::from_secs(2);

/// Where nobody is signed in.
const NOT_SIGNED_IN: &str = "no Google credentials on this machine: gcloud auth application-default login";

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    session.sites(args.site.as_ref())?;
    let eyes = match args.account {
        Some(account) => Eyes::Of(account),
        None if args.as_me => Eyes::Own,
        None => Eyes::TheFunctions,
    };
    let progress = Progress::of(session.screen, "looking for credentials");
    let parts = &session.parts;
    credentials(parts).await?;
    progress.now("finding out as whom to look");
    let whom = Whom::find(&parts.config, &parts.clients.google(), &parts.pubsub, &eyes).await;
    progress.now("looking at everything, changing nothing");
    let tell = |seen: &str| progress.now(format!("looked at {seen}, looking at the rest, changing nothing"));
    let report = match &whom.tokens {
        None => parts.checker().run_telling(args.site.as_ref(), &whom, &tell).await,
        Some(tokens) => {
            let config = Arc::clone(&parts.config);
            let theirs = Parts::build_as(config, Patience::Usual, Arc::clone(tokens))?;
            theirs.checker().run_telling(args.site.as_ref(), &whom, &tell).await
        }
    };
    drop(progress);
    session.screen.show(&report, |width| told(&report, width));
    Ok(if report.is_good() { Exit::Done } else { Exit::NotAsAsked })
}

/// Makes sure of a credential before anything is asked for that needs one: without it every look would fail, one after
/// the other.
async fn credentials(parts: &Parts) -> Result<(), Failure> {
    if !check::asks_google(&parts.config) {
        return Ok(());
    }
    match timeout(CREDENTIALS_WITHIN, parts.clients.tokens().token()).await {
        Ok(Ok(_)) => Ok(()),
        // There are some, and they are no good.
        Ok(Err(error)) if error.is_of_rights() => Err(Failure::new(error.message)),
        Ok(Err(_)) | Err(_) => Err(Failure::new(NOT_SIGNED_IN)),
    }
}

fn told(report: &Report, width: usize) -> String {
    let mut text = format!("{DIM}looked as{DIM:#} {}\n", words::wrap(&report.looked_as, 10, width));
    let mut sites: Vec<Option<&SiteName>> = Vec::new();
    for finding in &report.findings {
        if !sites.contains(&finding.site.as_ref()) {
            sites.push(finding.site.as_ref());
        }
    }
    for site in sites {
        let title = site.map_or("all sites", SiteName::as_str);
        let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#}");
        for finding in report.findings.iter().filter(|finding| finding.site.as_ref() == site) {
            tell(&mut text, finding, width);
        }
    }
    for (title, lines) in [("not looked at", &report.unseen), ("notes", &report.notes)] {
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{BOLD}{title}{BOLD:#}");
        }
        for line in lines {
            let _ = writeln!(text, "  {DIM}·{DIM:#} {}", words::wrap(&words::sentence(line), 4, width));
        }
    }
    let _ = writeln!(text, "\n{}", summary(report));
    text
}

fn tell(text: &mut String, finding: &Finding, width: usize) {
    let mark = match finding.severity {
        Severity::Critical => in_style(BAD, "✗ critical"),
        Severity::Warning => in_style(WARN, "! warning "),
        Severity::Info => in_style(DIM, "· note    "),
    };
    let sentence = words::wrap(&words::sentence(&finding.sentence), 14, width);
    let _ = writeln!(text, "  {mark}  {sentence}");
    // A command is copied whole: it is never broken into lines of ours.
    let _ = writeln!(text, "              {COMMAND}{}{COMMAND:#}", finding.mend);
}

fn summary(report: &Report) -> String {
    let found = match (report.count(Severity::Critical), report.count(Severity::Warning)) {
        (0, 0) if report.unseen.is_empty() => {
            return in_style(GOOD, "Nothing was found that would break in an outage.");
        }
        (0, 0) => String::new(),
        (critical, warnings) => format!(
            "{}, {}. Mend the critical ones first: in an outage something would not work.",
            in_style(BAD, format!("{critical} critical")),
            in_style(WARN, format!("{warnings} to look at"))
        ),
    };
    let Some(extent) = report.extent() else { return found };
    let extent = in_style(WARN, format!("The check {extent}"));
    let blind = format!("{extent}: nothing is known of the others.");
    if found.is_empty() { blind } else { format!("{found}\n{blind}") }
}
