//! What the place that is written to can show: colour, signs beyond ASCII, how wide it is.

use std::{env, io::IsTerminal};

/// Where nothing tells the width.
const USUAL_WIDTH: usize = 80;
/// Longer lines are harder to read.
const WIDEST: usize = 110;
/// Narrower ones have no room for columns.
const NARROW: usize = 60;
/// Nobody reads on a narrower one.
const NARROWEST: usize = 16;

/// How something is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// As it is.
    Plain,
    /// A heading.
    Strong,
    /// Of less weight.
    Faint,
    /// As one hopes.
    Good,
    /// Worth a second look.
    Doubtful,
    /// Visitors suffer.
    Bad,
    /// The standby's colour.
    Standby,
}

impl Paint {
    /// "Select Graphic Rendition" (ECMA-48), the eight old colours: a terminal's own palette keeps them legible.
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Doubtful => "33",
            Self::Bad => "31",
            Self::Standby => "36",
        }
    }
}

/// What can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether there are colours.
    pub(crate) colour: bool,
    /// Whether a line may be drawn again in place.
    pub(crate) moves: bool,
    /// Whether signs beyond ASCII can be shown.
    pub(crate) unicode: bool,
    /// How many columns there are.
    pub(crate) width: usize,
}

impl Style {
    /// What standard output can show.
    pub(crate) fn of_stdout() -> Self {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let terminal = std::io::stdout().is_terminal() && set("TERM").is_none_or(|term| term != "dumb");
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let width = if terminal { terminal_width() } else { None };
        Self {
            colour: terminal && set("NO_COLOR").is_none(),
            // A line that is broken into two can't be drawn again in place.
            moves: terminal && width.is_none_or(|columns| columns >= NARROW),
            unicode: speaks_unicode(&locale),
            width: width.unwrap_or(USUAL_WIDTH).clamp(NARROWEST, WIDEST),
        }
    }

    /// Whether there is no room for columns.
    pub(crate) fn is_narrow(&self) -> bool {
        self.width < NARROW
    }

    /// `text` in its colour, where there are any.
    pub(crate) fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.colour || paint == Paint::Plain || text.is_empty() {
            return text.to_owned();
        }
        format!("\x1b[{}m{text}\x1b[0m", paint.code())
    }

    /// A sign, or what stands for it in ASCII.
    pub(crate) fn sign<'a>(&self, sign: &'a str, ascii: &'a str) -> &'a str {
        if self.unicode { sign } else { ascii }
    }
}

fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}

fn speaks_unicode(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const PLAIN: Style = Style { colour: false, moves: false, unicode: false, width: 80 };

    #[test]
    fn nothing_is_painted_where_there_are_no_colours() {
        assert_eq!(PLAIN.paint(Paint::Bad, "dark"), "dark");
        assert_eq!(Style { colour: true, ..PLAIN }.paint(Paint::Bad, "dark"), "\x1b[31mdark\x1b[0m");
    }

    #[test]
    fn a_locale_says_whether_there_is_more_than_ascii() {
        assert!(speaks_unicode("en_US.UTF-8") && speaks_unicode("C.utf8"));
        assert!(!speaks_unicode("C") && !speaks_unicode(""));
    }
}
