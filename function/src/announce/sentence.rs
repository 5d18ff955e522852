//! An announcement in a few words for people: the same in every chat.

use super::{Announcement, Kind};
use crate::clouds::Severity;

/// Characters of a sentence that fit everywhere: Discord takes 2,000 in all ("Message object: content").
const LONGEST: usize = 1_800;

/// Bytes of a sentence that fit everywhere: ntfy makes an attachment of a longer one ("Limitations").
const MOST_BYTES: usize = 4_096;

/// What stands for the rest.
const REST: &str = "…";

impl Announcement {
    /// `resume: ended`, in ASCII, so that it may stand in a header.
    pub(super) fn title(&self) -> String {
        let kind = self.kind.as_str().replace('_', " ");
        match &self.site {
            Some(site) => format!("{site}: {kind}"),
            None => format!("cloud-failover: {kind}"),
        }
    }

    /// The sentence, cut to what every chat takes.
    pub(super) fn short_sentence(&self) -> String {
        let sentence = &self.sentence;
        if sentence.len() <= MOST_BYTES && sentence.chars().count() <= LONGEST {
            return sentence.clone();
        }
        let ends = sentence.char_indices().map(|(at, _)| at).take(LONGEST + 1);
        let end = ends.take_while(|at| at + REST.len() <= MOST_BYTES).last().unwrap_or_default();
        format!("{}{REST}", &sentence[..end])
    }

    /// One glance tells whether to get up.
    pub(super) fn symbol(&self) -> &'static str {
        match (self.severity, self.kind) {
            (Severity::Critical, _) => "🚨",
            (Severity::Warning, _) => "⚠️",
            (Severity::Info, Kind::Ended | Kind::Recovered | Kind::Repaired | Kind::Drained) => "✅",
            (Severity::Info, _) => "ℹ️",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: Kind, sentence: &str) -> Announcement {
        Announcement::new(kind, Some("resume".parse().unwrap()), sentence, jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_title_names_the_site_and_the_kind() {
        assert_eq!(told(Kind::StandbyDay, "").title(), "resume: standby day");
        assert_eq!(Announcement { site: None, ..told(Kind::Check, "") }.title(), "cloud-failover: check");
    }

    #[test]
    fn a_long_sentence_is_cut_between_characters() {
        let short = told(Kind::Trouble, &"é".repeat(3_000)).short_sentence();
        assert_eq!(short.chars().count(), LONGEST + 1);
        assert_eq!(told(Kind::Trouble, "brief").short_sentence(), "brief");
        for long in ["€".repeat(3_000), "電".repeat(1_500)] {
            let short = told(Kind::Trouble, &long).short_sentence();
            assert!(short.len() <= MOST_BYTES && short.len() > MOST_BYTES - 3, "{}", short.len());
        }
    }

    #[test]
    fn an_end_that_is_stuck_looks_unlike_one_that_is_done() {
        let done = told(Kind::Ended, "");
        assert_eq!(done.symbol(), "✅");
        assert_eq!(done.with_severity(Severity::Critical).symbol(), "🚨");
    }
}
