//! The command `check`: the function looks as itself, announces what it finds, and tells the journal, where the page
//! reads it. It changes no cloud, and a check that finds what the one before it found on the same day writes nothing.

use std::time::Duration;

use failover_core::{Command, Event, Extent, Heard, SiteName};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::time::timeout;

use super::{Cycle, one_site::OneSite};
use crate::{
    announce::{Announcement, Kind},
    check::{Eyes, Report, Whom},
    clouds::Severity,
    push::Reply,
    record::RecordError,
};

/// The journal is waited for so long: own choice. What was found is announced all the same.
const JOURNAL_WITHIN: Duration = Duration::from_secs(10);

/// A check that finds the same is written again after so long: own choice, a little less than the day between two
/// scheduled ones, so that the journal tells that checks go on.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(20);

impl Cycle {
    pub(super) async fn check(&self, sites: Vec<&OneSite>, command: &Command) -> Reply {
        let Some(checker) = &self.checker else {
            return Reply::stay(None, "nothing is set up to be checked");
        };
        let only: Option<SiteName> = command.site.as_ref().and_then(|site| site.parse().ok());
        let (config, google) = (&checker.config, checker.clients.google());
        let whom = Whom::find(config, &google, &checker.pubsub, &Eyes::Own).await;
        let report = checker.run(only.as_ref(), &whom).await;
        self.announce_check(&report, only);
        let heard = self.heard();
        join_all(sites.into_iter().map(|site| remember(site, &report, &heard))).await;
        Reply::stay(command.site.as_deref(), report.sentence())
    }

    /// Who works unseen, and when this process heard of each last.
    fn heard(&self) -> Vec<Heard> {
        let reconcile = self.rounds.last().map(|at| Heard { who: "reconcile".to_owned(), at });
        reconcile.into_iter().chain(self.watchers.heard()).collect()
    }

    /// A check that finds nothing is told to the log alone: nobody wants a daily message that all is well.
    fn announce_check(&self, report: &Report, site: Option<SiteName>) {
        if report.is_good() {
            return tracing::info!("{}", report.sentence());
        }
        if report.findings.is_empty() {
            return tracing::warn!("{}", report.sentence());
        }
        let details = json!({ "findings": report.findings, "unseen": report.unseen, "notes": report.notes, "looked_as": report.looked_as });
        let news =
            Announcement::new(Kind::Check, site, report.sentence(), Timestamp::now()).with_details(details);
        self.announcer.tell(news.with_severity(report.severity().max(Severity::Warning)));
    }
}

/// Tells the journal what was found of this site, where that is news.
async fn remember(site: &OneSite, report: &Report, heard: &[Heard]) {
    let name = &site.site.name;
    match timeout(JOURNAL_WITHIN, record_check(site, report, heard)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(site = %name, "what was found is not in the journal: {}", crate::log::chain(&error));
        }
        Err(_) => {
            tracing::warn!(site = %name, "what was found is not in the journal, which gave no answer in time");
        }
    }
}

async fn record_check(site: &OneSite, report: &Report, heard: &[Heard]) -> Result<(), RecordError> {
    let record = &site.site.record;
    let head = record.look().await?;
    let findings = report.of_site(&site.site.name);
    let extent = Some(Extent { looked_at: report.looked_at, things: report.things });
    // This process forgets with its end that the site was once seen answered; the journal keeps it.
    let answered = site.reconciler.has_seen_an_answer() && !head.state.was_answered();
    let is_told = head.state.checked.as_ref().is_some_and(|before| {
        let is_recent = Timestamp::now().duration_since(before.at) < TOLD_FOR;
        is_recent && before.findings == findings && before.extent == extent
    });
    if !is_told || answered {
        let (looked_as, heard) = (report.looked_as.clone(), heard.to_vec());
        record.append(&Event::Checked { looked_as, findings, extent, heard, answered }).await?;
    }
    Ok(())
}
