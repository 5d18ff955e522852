//! What a check came to, for people, for machines and for the page.

use failover_core::SiteName;
use jiff::Timestamp;
use serde::Serialize;

use super::Finding;
use crate::announce::Severity;

/// So many findings of a site are kept: own choice, more than a page can show to any use.
const MOST: usize = 16;

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// As whom it looked.
    pub looked_as: String,
    /// When.
    pub at: Timestamp,
    /// What is wrong, worst first.
    pub findings: Vec<Finding>,
    /// What could not be looked at, and what is worth knowing.
    pub notes: Vec<String>,
}

impl Report {
    /// The worst of it.
    pub fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
    }

    /// All of it in a few words.
    pub fn sentence(&self) -> String {
        let count = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        match (count(Severity::Critical), count(Severity::Warning)) {
            (0, 0) => format!("the check found nothing that would break; it looked as {}", self.looked_as),
            (critical, warnings) => {
                let told: Vec<&str> = self.findings.iter().map(|finding| finding.sentence.as_str()).collect();
                format!(
                    "the check found {critical} critical and {warnings} other problem(s): {}",
                    told.join("; ")
                )
            }
        }
    }

    /// What concerns this site, as its journal keeps it; every later entry carries it, so not without an end.
    pub fn of_site(&self, site: &SiteName) -> Vec<failover_core::Finding> {
        let concerns = |finding: &&Finding| finding.site.as_ref().is_none_or(|named| named == site);
        let kept = |finding: &Finding| failover_core::Finding {
            critical: finding.severity == Severity::Critical,
            sentence: finding.sentence.clone(),
            mend: finding.mend.clone(),
        };
        self.findings.iter().filter(concerns).take(MOST).map(kept).collect()
    }
}
