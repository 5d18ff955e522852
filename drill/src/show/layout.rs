//! How lines are set: a time, who, and what, in columns; what is long goes on below itself.

use std::{fmt::Write, time::Duration};

use super::style::{Paint, Style};
use crate::stage::{Home, Pace, Stage};

/// Where the text of a line begins.
pub(crate) const TEXT: usize = 23;
/// What is longer is cut: all of it is in the function's log.
const LONGEST: usize = 260;

/// One line, or several if the text is long.
pub(crate) fn line(since: Duration, who: &str, paint: Paint, text: &str, style: &Style) -> String {
    let time = style.paint(Paint::Faint, &format!("{:>8}", format!("{:.1} s", since.as_secs_f64())));
    let column = if style.is_narrow() { 2 } else { TEXT };
    let mut lines = wrap(&cut(text), style.width.saturating_sub(column)).into_iter();
    let mut out = if style.is_narrow() {
        format!("{}  {who}\n", time.trim_start())
    } else {
        format!("{time}  {who:<11}  {}\n", style.paint(paint, &lines.next().unwrap_or_default()))
    };
    for further in lines {
        let _ = writeln!(out, "{:column$}{}", "", style.paint(paint, &further));
    }
    out
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} ...", text[..end].rsplit_once(' ').map_or(text, |(whole, _)| whole)),
        None => text.to_owned(),
    }
}

/// Breaks between words; a word that is too long stays whole, and so does what a no-break space joins.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if visible(line) + 1 + visible(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| line.replace('\u{a0}', " ")).collect()
}

/// Columns that a text takes, its colours not counted.
pub(crate) fn visible(text: &str) -> usize {
    let mut count = 0;
    let mut escaped = false;
    for character in text.chars() {
        match (escaped, character) {
            (false, '\x1b') => escaped = true,
            (false, _) => count += 1,
            (true, 'm') => escaped = false,
            (true, _) => {}
        }
    }
    count
}

/// A paragraph in a margin of two.
pub(crate) fn paragraph(text: &str, style: &Style) -> String {
    painted(Paint::Plain, text, style)
}

/// The same in a colour.
pub(crate) fn painted(paint: Paint, text: &str, style: &Style) -> String {
    wrap(text, style.width.saturating_sub(4)).iter().fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "  {}", style.paint(paint, line));
        out
    })
}

/// What there is to see, before anything happens.
pub(crate) fn opening(stage: &Stage, style: &Style) -> String {
    let (what, home, clouds) = match stage.home {
        Home::Server => ("a power cut, and the way back", "a server at home", "Storage and Cloudflare"),
        Home::Deployment => (
            "a primary on Kubernetes, scaled down and up again",
            "a deployment at home",
            "Storage, Cloudflare and Kubernetes",
        ),
    };
    let title = wrap(&format!("cloud-failover drill: {what}"), style.width).join("\n");
    let title = style.paint(Paint::Strong, &title);
    let scene = format!(
        "All of it is in this terminal and on loopback: {home} and its standby, visitors, and stand-ins for Cloud Run, \
         Monitoring, Pub/Sub, {clouds} that refuse what the real ones refuse. The function is this very program, in a \
         process of its own."
    );
    let (scene, pace) = (paragraph(&scene, style), paragraph(&pace(&stage.pace), style));
    format!("\n{title}\n\n{scene}\n{pace}")
}

fn pace(pace: &Pace) -> String {
    let check = pace.check_every.as_secs();
    let Some(watcher) = pace.watch_every else {
        return format!(
            "Sped up: the uptime check asks every {check}\u{a0}s; Monitoring's asks once a minute, at best. The clouds \
             answer at once; with --slow they take their time."
        );
    };
    format!(
        "Our own watcher looks every {}\u{a0}s, as it does unless told otherwise; the uptime check asks every \
         {check}\u{a0}s, the fastest that Monitoring has. Simulated: Cloud Run and Monitoring take 150\u{a0}ms to \
         answer, Storage and Pub/Sub 60\u{a0}ms, Cloudflare 250\u{a0}ms; a grant takes {}\u{a0}s to spread (Google: \
         typically 2\u{a0}minutes), a page rule {}\u{a0}s.",
        watcher.as_secs(),
        pace.iam.as_secs(),
        pace.rules.as_secs(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { colour: false, moves: false, unicode: false, width: 60 };

    #[test]
    fn long_texts_are_broken_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("incomprehensible", 7), ["incomprehensible"]);
        assert_eq!(wrap("wait for 6\u{a0}s", 10), ["wait for", "6 s"]);
    }

    #[test]
    fn what_is_long_goes_on_below_itself_and_what_is_too_long_is_cut() {
        let text = "word ".repeat(100);
        let line = line(Duration::from_millis(1250), "function", Paint::Bad, text.trim_end(), &PLAIN);
        assert!(line.lines().all(|line| line.len() <= 60), "{line}");
        assert!(
            line.starts_with("   1.2 s  function     word") && line.trim_end().ends_with("..."),
            "{line}"
        );
    }

    #[test]
    fn a_narrow_screen_has_the_text_below_whose_it_is() {
        let narrow = Style { width: 20, ..PLAIN };
        let line =
            line(Duration::from_millis(1250), "function", Paint::Plain, "has proof of a visitor", &narrow);
        assert_eq!(line, "1.2 s  function\n  has proof of a\n  visitor\n");
    }

    #[test]
    fn colours_take_no_columns() {
        assert_eq!(visible("\x1b[31mdark\x1b[0m"), 4);
    }
}
