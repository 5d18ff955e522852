//! How lines are set: a time, who, and what, in columns; what is long goes on below itself.

use std::time::Duration;

use super::style::{Paint, Style};
use crate::drill::stage::Stage;

/// Where the text of a line begins.
pub(in crate::drill) const TEXT: usize = 22;

/// One line, or several if the text is long.
pub(in crate::drill) fn line(since: Duration, who: &str, paint: Paint, text: &str, style: &Style) -> String {
    let time = style.paint(Paint::Faint, &format!("{:>7.1} s", since.as_secs_f64()));
    let width = style.width.saturating_sub(TEXT);
    let mut lines = wrap(text, width).into_iter();
    let first = style.paint(paint, &lines.next().unwrap_or_default());
    let mut out = format!("{time}  {who:<10} {first}\n");
    for further in lines {
        out.push_str(&format!("{:TEXT$}{}\n", "", style.paint(paint, &further)));
    }
    out
}

/// Breaks between words; a word that is too long stays whole.
pub(in crate::drill) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut() {
            let fits = line.is_empty() || visible(line) + 1 + visible(word) <= width;
            if fits {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
                continue;
            }
        }
        lines.push(word.to_owned());
    }
    lines
}

/// Columns that a text takes, its colours not counted.
pub(in crate::drill) fn visible(text: &str) -> usize {
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

/// A paragraph in the left margin of two.
pub(in crate::drill) fn paragraph(text: &str, style: &Style) -> String {
    let lines = wrap(text, style.width.saturating_sub(4));
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

/// What there is to see, before anything happens.
pub(in crate::drill) fn opening(stage: &Stage, style: &Style) -> String {
    let mut out = format!(
        "\n{}\n\n",
        style.paint(Paint::Strong, "cloud-failover drill: a power cut, and the way back")
    );
    out.push_str(&paragraph(
        "All of it runs here, on loopback: a server at home, its standby, visitors, and stand-ins for Cloud Run, \
         Monitoring, Pub/Sub, Storage and Cloudflare that refuse what the real ones refuse. The function is this very \
         program, in a process of its own.",
        style,
    ));
    out.push('\n');
    out.push_str(&paragraph(&pace(stage), style));
    out
}

fn pace(stage: &Stage) -> String {
    let every = stage.pace.check_every.as_secs();
    let detector = format!(
        "Simulated: the uptime check asks every {every} s, where Monitoring's asks every 60 s at best."
    );
    if stage.pace.latencies.is_empty() {
        return format!("{detector} The clouds answer at once; --slow gives them realistic latency.");
    }
    format!(
        "{detector} Cloud Run and Monitoring take 150 ms to answer, Storage 60 ms, Cloudflare 250 ms; a new grant takes \
         {} s to spread (Google: typically 2 minutes), a page rule {} s.",
        stage.pace.iam.as_secs(),
        stage.pace.rules.as_secs(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_broken_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("incomprehensible", 7), ["incomprehensible"]);
    }

    #[test]
    fn colours_take_no_columns() {
        assert_eq!(visible("\x1b[31mdark\x1b[0m"), 4);
    }
}
