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
    #[arg(long, short, value_name = "NAME", value_hint = clap::ValueHint::Other)]
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

/// Where the second column begins.
const COLUMN: usize = 14;

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
    let looked = format!("{DIM}looked as{DIM:#} {}", report.looked_as);
    let mut text = words::wrap(&looked, words::column(10, width), width) + "\n";
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
    for line in summary(report).lines() {
        let _ = write!(text, "\n{}", words::wrap(line, 0, width));
    }
    text
}

fn tell(text: &mut String, finding: &Finding, width: usize) {
    let (style, mark) = match finding.severity {
        Severity::Critical => (BAD, "✗ critical"),
        Severity::Warning => (WARN, "! warning"),
        Severity::Info => (DIM, "· note"),
    };
    text.push_str(&words::labelled(mark, style, &words::sentence(&finding.sentence), COLUMN, width));
    let column = words::column(COLUMN, width);
    // A command is copied whole: it is never broken into lines of ours.
    let _ = writeln!(text, "{:column$}{COMMAND}{}{COMMAND:#}", "", finding.mend);
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

#[cfg(test)]
mod tests {
    use super::super::told_tests::{Print, keep};
    use super::*;
    use crate::clouds::Area;

    fn report(findings: Vec<Finding>, unseen: &[&str], notes: &[&str]) -> Report {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Report {
            looked_as: "failover-function@gleich-tech.iam.gserviceaccount.com, as which you may act"
                .to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            looked_at: 14 - unseen.len(),
            things: 14,
            findings,
            unseen: texts(unseen),
            notes: texts(notes),
        }
    }

    fn finding(site: Option<&str>, severity: Severity, sentence: &str, mend: &str) -> Finding {
        let site = site.map(|site| site.parse().expect("a name"));
        Finding { site, area: Area::Standby, severity, sentence: sentence.to_owned(), mend: mend.to_owned() }
    }

    fn broken() -> Vec<Finding> {
        let ingress =
            "visitors could not reach the standby resume: its ingress is INGRESS_TRAFFIC_INTERNAL_ONLY";
        let mend =
            "gcloud run services update resume --ingress all --project gleich-tech --region us-central1";
        let expiry = "the subscription failover-alerts expires after 31 days without activity";
        let never = "gcloud pubsub subscriptions update failover-alerts --expiration-period=never --project=gleich-tech";
        vec![
            finding(Some("resume"), Severity::Critical, ingress, mend),
            finding(None, Severity::Warning, expiry, never),
        ]
    }

    #[test]
    fn golden_files_show_what_a_check_found() {
        let unseen = [
            "could not read the settings of projects/gleich-tech/subscriptions/failover-alerts: not permitted",
            "whether an organisation policy refuses allUsers is not seen; a rehearsal proves it",
        ];
        let notes = ["page rules are deprecated at Cloudflare; move to a redirect rule"];
        let reports = [
            ("sound", report(Vec::new(), &[], &[])),
            ("sound-with-a-note", report(Vec::new(), &[], &notes)),
            ("broken", report(broken(), &[], &notes)),
            ("blind", report(Vec::new(), &unseen, &[])),
            ("broken-and-blind", report(broken(), &unseen, &notes)),
        ];
        let prints = reports.each_ref().map(|(name, report)| (*name, move |width| told(report, width)));
        keep("check", &prints.each_ref().map(|(name, print)| (*name, print as Print<'_>)));
    }

    #[test]
    fn what_was_not_looked_at_is_never_called_sound() {
        let told = |report: &Report| anstream::adapter::strip_str(&told(report, 100)).to_string();
        let blind = told(&report(Vec::new(), &["the journal could not be read"], &[]));
        assert!(blind.contains("looked at 13 of 14 things: nothing is known of the others."), "{blind}");
        assert!(!blind.contains("Nothing was found") && !blind.contains("0 critical"), "{blind}");
        assert!(
            told(&report(Vec::new(), &[], &[])).contains("Nothing was found that would break in an outage.")
        );
        assert!(told(&report(broken(), &[], &[])).contains("1 critical, 1 to look at."));
    }
}
