//! How often each provider was asked, from the sandbox's ledger.

use sandbox::{Kind, Service, ledger::Fate, ledger::Record};
use serde::Serialize;

use super::stage::{Home, Stage};

/// The function's calls to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CallsReport {
    /// Who was asked.
    pub(super) provider: &'static str,
    /// All calls.
    pub(super) calls: usize,
    /// Those that asked for a change in a cloud.
    pub(super) writes: usize,
    /// Those that appended to the journal.
    pub(super) journal_entries: usize,
    /// Those that brought no good answer, but for a journal's "not there yet" and "exists already".
    pub(super) failed: usize,
}

const PROVIDERS: [(&str, Service); 7] = [
    ("Cloud Run", Service::Run),
    ("Cloudflare", Service::Cloudflare),
    ("Monitoring", Service::Monitoring),
    ("Kubernetes", Service::Kubernetes),
    ("Storage", Service::Storage),
    ("metadata server", Service::Metadata),
    ("token keys", Service::Jwks),
];

/// Every provider that the function talks to.
pub(super) fn of(stage: &Stage) -> Vec<CallsReport> {
    let count = |(provider, service)| {
        let records = stage.world().ledger.select(|record| record.service == service);
        let number = |fits: &dyn Fn(&Record) -> bool| records.iter().filter(|record| fits(record)).count();
        CallsReport {
            provider,
            calls: records.len(),
            writes: number(&|record| record.kind == Kind::Write),
            journal_entries: number(&|record| record.kind == Kind::Journal),
            failed: number(&failed),
        }
    };
    let takes_part = |service| service != Service::Kubernetes || stage.home == Home::Deployment;
    PROVIDERS.into_iter().filter(|(_, service)| takes_part(*service)).map(count).collect()
}

fn failed(record: &Record) -> bool {
    match record.fate {
        Fate::Answered(status) if record.service == Service::Storage => {
            ![404, 412].contains(&status) && status >= 400
        }
        Fate::Answered(status) => status >= 400,
        Fate::Dropped | Fate::Abandoned => true,
        Fate::Open => false,
    }
}
