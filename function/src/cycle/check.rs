//! The command `check`: the function looks as itself; what it finds is announced and kept for the page. It writes
//! nothing to the journal.

use std::sync::Arc;

use failover_core::{Command, SiteName};
use jiff::Timestamp;
use serde_json::json;

use super::{Cycle, desk::Desk};
use crate::{
    announce::{Announcement, Kind, Severity},
    check::{Checker, Eyes, Report, Whom},
    page::Findings,
    push::Reply,
};

/// What a check needs, and where its findings go.
#[derive(Debug)]
pub(crate) struct Check {
    /// Looks.
    pub(crate) checker: Checker,
    /// Where the page reads what was found.
    pub(crate) findings: Findings,
}

impl Cycle {
    pub(super) async fn check(&self, desks: Vec<&Arc<Desk>>, command: &Command) -> Reply {
        let Some(check) = &self.check else {
            return Reply::stay(None, "nothing is set up to be checked");
        };
        let only: Option<SiteName> = command.site.as_ref().and_then(|site| site.parse().ok());
        let report = check.run(only.as_ref()).await;
        for desk in desks {
            check.findings.tell(&desk.site.name, report.of_site(&desk.site.name));
        }
        self.announce_check(&report, only);
        Reply::stay(command.site.as_deref(), report.sentence())
    }

    /// A check that finds nothing is told to the log alone: nobody wants a daily message that all is well.
    fn announce_check(&self, report: &Report, site: Option<SiteName>) {
        if report.findings.is_empty() {
            return tracing::info!("{}", report.sentence());
        }
        let details =
            json!({ "findings": report.findings, "notes": report.notes, "looked_as": report.looked_as });
        let news =
            Announcement::new(Kind::Check, site, report.sentence(), Timestamp::now()).with_details(details);
        self.announcer.tell(news.with_severity(report.severity().max(Severity::Warning)));
    }
}

impl Check {
    async fn run(&self, only: Option<&SiteName>) -> Report {
        let checker = &self.checker;
        let whom = Whom::find(&checker.config, &checker.clients.google(), &checker.pubsub, &Eyes::Own).await;
        checker.run(only, &whom).await
    }
}
