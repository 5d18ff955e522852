//! By what one knows which place gave an answer at the public URL.

use std::fmt;

use failover_core::Position;
use http::{HeaderMap, HeaderName};

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
}

impl Witness {
    pub(super) fn header(&self) -> Option<&ServedBy> {
        match self {
            Self::Header(served_by) => Some(served_by),
            Self::Origin | Self::Switches => None,
        }
    }
}

impl ServedBy {
    /// Which place the headers name; none where they name none, or both.
    pub(super) fn read(&self, headers: &HeaderMap) -> Option<Position> {
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
        let served_by = ServedBy { header: header.clone(), primary: "home".into(), standby: "cloud".into() };
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
}
