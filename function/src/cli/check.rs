//! `failover check`: finds, before an outage, what would break in one; says how to mend each, and as whom it looked.

use std::{fmt::Write, sync::Arc};

use failover_core::SiteName;

use super::{
    exit::{Exit, Failure},
    paint::{BAD, BOLD, COMMAND, DIM, GOOD, WARN, in_style},
    progress::Progress,
    session::Session,
    words,
};
use crate::{
    announce::Severity,
    app::{Parts, Patience},
    check::{Eyes, Finding, Report, Whom},
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

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    session.sites(args.site.as_ref())?;
    let eyes = match args.account {
        Some(account) => Eyes::Of(account),
        None if args.as_me => Eyes::Own,
        None => Eyes::TheFunctions,
    };
    let progress = Progress::of(session.screen, "finding out as whom to look");
    let parts = &session.parts;
    let whom = Whom::find(&parts.config, &parts.clients.google(), &parts.pubsub, &eyes).await;
    progress.now("looking at everything, changing nothing");
    let report = match &whom.tokens {
        None => parts.checker().run(args.site.as_ref(), &whom).await,
        Some(tokens) => {
            let config = Arc::clone(&parts.config);
            let theirs = Parts::build_as(config, Patience::Usual, Arc::clone(tokens)).await?;
            theirs.checker().run(args.site.as_ref(), &whom).await
        }
    };
    drop(progress);
    session.screen.show(&report, |width| told(&report, width));
    Ok(if report.findings.is_empty() { Exit::Done } else { Exit::NotAsAsked })
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
    if !report.notes.is_empty() {
        let _ = writeln!(text, "\n{BOLD}notes{BOLD:#}");
    }
    for note in &report.notes {
        let _ = writeln!(text, "  {DIM}·{DIM:#} {}", words::wrap(&words::sentence(note), 4, width));
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
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    match (count(Severity::Critical), count(Severity::Warning)) {
        (0, 0) => in_style(GOOD, "Nothing was found that would break in an outage."),
        (critical, warnings) => format!(
            "{}, {}. Mend the critical ones first: in an outage something would not work.",
            in_style(BAD, format!("{critical} critical")),
            in_style(WARN, format!("{warnings} to look at"))
        ),
    }
}
