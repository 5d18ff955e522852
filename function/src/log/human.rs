//! Lines for a person at a terminal: time, level, sentence, then the fields, dimmed.

use std::fmt::Write;

use super::Line;

/// What only machines look for.
const MACHINES: [&str; 4] = ["trace_id", "span_id", "trace_sampled", "id"];

/// One line, in colours if asked.
pub(super) fn write(line: &Line, colour: bool) -> String {
    let paint = |code: &str, text: &str| {
        if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let time = line.time.strftime("%H:%M:%SZ").to_string();
    let (name, code) = level(line.level);
    let mut text = format!("{} {} {}", paint("2", &time), paint(code, name), plain(&line.message));
    let mut fields = String::new();
    if !line.is_ours() {
        // Writing to a String can't fail.
        let _ = write!(fields, " {}", line.target);
    }
    for (name, value) in line.fields.iter().filter(|(name, _)| !MACHINES.contains(name)) {
        let value = value.as_str().map_or_else(|| value.to_string(), plain);
        if value != "null" {
            let _ = write!(fields, " {name}={value}");
        }
    }
    if !fields.is_empty() {
        text.push_str(&paint("2", &fields));
    }
    text.push('\n');
    text
}

fn level(level: tracing::Level) -> (&'static str, &'static str) {
    match level {
        tracing::Level::ERROR => ("ERROR", "31"),
        tracing::Level::WARN => (" WARN", "33"),
        tracing::Level::INFO => (" INFO", "32"),
        tracing::Level::DEBUG => ("DEBUG", "34"),
        tracing::Level::TRACE => ("TRACE", "35"),
    }
}

/// Text from outside can't move the cursor or paint.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
