//! By what one knows which place gave an answer at the public URL.

use std::fmt;

use failover_core::Position;
use http::{HeaderMap, HeaderName};

/// The header of a probe that a gate repeats in its answer, and no cache and no site does.
pub(super) const PROBE: HeaderName = HeaderName::from_static("failover-probe");

/// What tells primary and standby apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Witness {
    /// The standby has a URL of its own, at which a visit ends that was led there.
    Origin,
    /// One host name serves both, and resolvers remember where it led to: the answer itself has to say who gave it.
    Header(ServedBy),
    /// One address serves both, and moves as a whole: whoever has it answers, and the route switches show who that is.
    Switches,
}

/// A header of the site's answers that names the place, and what it is at each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedBy {
    /// The header.
    pub header: HeaderName,
    /// Its value at the primary.
    pub primary: String,
    /// Its value at the standby.
    pub standby: String,
    /// Whether a gate says it, which is in a visitor's way or not: then it counts in an answer that repeats the probe's own
    /// header, and an answer without it is from home.
    pub by_gate: bool,
    /// Whether that gate asks home first and serves from the standby what home can't answer.
    pub bridged: bool,
}

impl Witness {
    /// Whether the standby's answer to a visitor of a site at home means that home gave none.
    pub fn is_bridged(&self) -> bool {
        self.header().is_some_and(|served_by| served_by.bridged)
    }

    /// Whether a gate stands in front of both places, and the standby is closed to everybody else.
    pub fn is_gate(&self) -> bool {
        self.header().is_some_and(|served_by| served_by.by_gate)
    }

    pub(super) fn header(&self) -> Option<&ServedBy> {
        match self {
            Self::Header(served_by) => Some(served_by),
            Self::Origin | Self::Switches => None,
        }
    }
}

impl ServedBy {
    /// What the gate says (`edge/gate.js`).
    pub fn gate(bridged: bool) -> Self {
        let header = HeaderName::from_static("failover-served-by");
        Self { header, primary: "primary".to_owned(), standby: "standby".to_owned(), by_gate: true, bridged }
    }

    /// Which place gave an answer with these headers to this probe.
    pub(super) fn tell(&self, headers: &HeaderMap, probe: Option<&str>) -> Option<Position> {
        if !self.by_gate {
            return self.read(headers);
        }
        match headers.contains_key(&self.header) {
            true if probe
                .is_some_and(|probe| headers.get(PROBE).is_some_and(|repeated| repeated == probe)) =>
            {
                self.read(headers)
            }
            true => None,
            false => Some(Position::Primary),
        }
    }

    /// Which place the headers name; none where they name none, or both.
    fn read(&self, headers: &HeaderMap) -> Option<Position> {
        let values: Vec<&str> =
            headers.get_all(&self.header).into_iter().filter_map(|value| value.to_str().ok()).collect();
        let says = |word: &str| values.iter().any(|value| value.trim() == word);
        match (says(&self.primary), says(&self.standby)) {
            (true, false) => Some(Position::Primary),
            (false, true) => Some(Position::Standby),
            _ => None,
        }
    }
}

impl fmt::Display for ServedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}: {}\" or \"{0}: {}\"", self.header, self.primary, self.standby)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&'static str], expected: Option<Position>) {
        let header = HeaderName::from_static("x-place");
        let served_by = ServedBy {
            header: header.clone(),
            primary: "home".into(),
            standby: "cloud".into(),
            by_gate: false,
            bridged: false,
        };
        let headers = values.iter().map(|value| (header.clone(), http::HeaderValue::from_static(value)));
        assert_eq!(served_by.read(&headers.collect()), expected, "{values:?}");
    }

    #[test]
    fn the_place_that_is_named_answered() {
        check(&["home"], Some(Position::Primary));
        check(&["cloud"], Some(Position::Standby));
        check(&[" cloud "], Some(Position::Standby));
        check(&["proxy", "cloud"], Some(Position::Standby));
    }

    #[test]
    fn an_answer_that_names_none_or_both_proves_nothing() {
        check(&[], None);
        check(&["Home"], None);
        check(&["home, cloud"], None);
        check(&["home", "cloud"], None);
    }

    #[test]
    fn a_gate_is_believed_where_it_repeats_the_probe_and_without_one_home_answered() {
        let check = |headers: &[(&'static str, &'static str)], expected| {
            let map = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), http::HeaderValue::from_static(value)));
            assert_eq!(ServedBy::gate(true).tell(&map.collect(), Some("n1")), expected, "{headers:?}");
        };
        let by = |place| ("failover-served-by", place);
        check(&[by("standby"), ("failover-probe", "n1")], Some(Position::Standby));
        check(&[by("primary"), ("failover-probe", "n1")], Some(Position::Primary));
        check(&[by("edge"), ("failover-probe", "n1")], None);
        check(&[by("standby"), ("failover-probe", "n0")], None);
        check(&[by("standby")], None);
        check(&[], Some(Position::Primary));
    }
}
