//! What a check came to, for people, for machines and for the page.

use failover_core::SiteName;
use jiff::Timestamp;
use serde::Serialize;

use crate::clouds::{Finding, Severity};

/// So many findings of a site are kept: own choice, more than a page can show to any use.
const MOST: usize = 16;

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// As whom it looked.
    pub looked_as: String,
    /// When.
    pub at: Timestamp,
    /// How many things were looked at.
    pub looked_at: usize,
    /// How many there are to look at.
    pub things: usize,
    /// What is wrong, worst first.
    pub findings: Vec<Finding>,
    /// What could not be looked at, and why; things with one cause are told together.
    pub unseen: Vec<String>,
    /// What is worth knowing without being wrong.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether everything was looked at, and nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.findings.is_empty() && self.unseen.is_empty()
    }

    /// How many findings are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// How much was looked at, where that isn't everything.
    pub fn extent(&self) -> Option<String> {
        let part = format!("looked at {} of {} things", self.looked_at, self.things);
        (!self.unseen.is_empty()).then_some(part)
    }

    /// The worst of it.
    pub fn severity(&self) -> Severity {
        let found = self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info);
        if self.unseen.is_empty() { found } else { found.max(Severity::Warning) }
    }

    /// All of it in a few words.
    pub fn sentence(&self) -> String {
        let found = match (self.count(Severity::Critical), self.count(Severity::Warning)) {
            (0, 0) if self.unseen.is_empty() => {
                return format!("the check found nothing that would break; it looked as {}", self.looked_as);
            }
            (0, 0) => String::new(),
            (critical, warnings) => {
                let told: Vec<&str> = self.findings.iter().map(|finding| finding.sentence.as_str()).collect();
                let told = told.join("; ");
                format!("the check found {critical} critical and {warnings} other problem(s): {told}")
            }
        };
        let blind = self.extent().map(|extent| {
            format!("the check {extent}, and nothing is known of the others: {}", self.unseen.join("; "))
        });
        [Some(found), blind]
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ")
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

/// Sentences of the form "what: why", those with one why joined.
pub(super) fn grouped(sentences: Vec<String>) -> Vec<String> {
    let mut groups: Vec<(Vec<String>, String)> = Vec::new();
    for sentence in sentences {
        let (what, why) = sentence.split_once(": ").unwrap_or((sentence.as_str(), ""));
        let why = without_tries(why);
        let alike = |(together, known): &(Vec<String>, String)| {
            known == why && (!why.is_empty() || together[0] == what)
        };
        match groups.iter().position(alike) {
            Some(place) if groups[place].0.iter().any(|known| known == what) => {}
            Some(place) => groups[place].0.push(what.to_owned()),
            None => groups.push((vec![what.to_owned()], why.to_owned())),
        }
    }
    let joined = |(together, why): (Vec<String>, String)| {
        let what = together.join(", ");
        if why.is_empty() { what } else { format!("{what}: {why}") }
    };
    groups.into_iter().map(joined).collect()
}

/// How often something was tried is another number each time, and no other cause.
fn without_tries(why: &str) -> &str {
    match why.rsplit_once(" (") {
        Some((cause, rest)) if rest.contains(" tries in ") => cause,
        _ => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_that_could_not_be_looked_at_for_one_cause_are_told_together() {
        let told = [
            "could not read a: the network is down: no route",
            "could not read b: the network is down: no route (3 tries in 1.2 s)",
            "could not read b: the network is down: no route (4 tries in 2.2 s)",
            "could not read c: it is gone",
            "a note",
            "a note",
        ];
        let expected = [
            "could not read a, could not read b: the network is down: no route",
            "could not read c: it is gone",
            "a note",
        ];
        assert_eq!(grouped(told.map(str::to_owned).to_vec()), expected);
    }

    #[test]
    fn a_report_that_did_not_see_everything_is_never_good() {
        let mut report = Report {
            looked_as: "alice".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            looked_at: 14,
            things: 14,
            findings: Vec::new(),
            unseen: Vec::new(),
            notes: Vec::new(),
        };
        assert!(report.is_good() && report.sentence().contains("nothing that would break"));
        report.unseen.push("could not read a: no route".to_owned());
        report.looked_at = 13;
        assert!(!report.is_good() && report.severity() == Severity::Warning);
        let told = "the check looked at 13 of 14 things, and nothing is known of the others: could not read a: no route";
        assert_eq!(report.sentence(), told);
    }
}
