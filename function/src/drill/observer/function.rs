//! What the function says of itself, shortened to a line.

use crate::drill::{
    happening::{Happening, Tone, Who},
    logbook::LogLine,
};

/// The line to show, if it is one that the providers don't tell anyway.
pub(super) fn line(said: &LogLine) -> Option<Happening> {
    let (tone, text) = match (said.kind(), said.text("step")) {
        ("started", _) => (Tone::Plain, begun(said)),
        ("ended", _) => ended(said),
        ("trouble" | "outage", _) => (Tone::Bad, said.text("message").to_owned()),
        ("", "") => return decided_or_complaint(said),
        ("", step) => (Tone::Plain, step_done(step)?.to_owned()),
        (_, _) => (Tone::Doubtful, said.text("message").to_owned()),
    };
    Some(Happening::line(said.at, Who::Function, tone, text))
}

fn begun(said: &LogLine) -> String {
    let message = said.text("message");
    let reason = message.split_once(": ").map_or(message, |(_, reason)| reason);
    let resumed = said.fields["details"]["resumed"] == true;
    let verb = match (said.detail("direction"), resumed) {
        ("failback", false) => "fails back",
        ("failback", true) => "carries the failback on",
        (_, false) => "fails over",
        (_, true) => "carries the failover on",
    };
    format!("{verb}: {reason}")
}

fn ended(said: &LogLine) -> (Tone, String) {
    let (direction, end) = (said.detail("direction"), said.detail("end"));
    if end == "Done" {
        return (Tone::Good, format!("the {direction} is Done"));
    }
    (Tone::Doubtful, said.text("message").to_owned())
}

/// Steps that set a switch are told by the switch's provider.
fn step_done(step: &str) -> Option<&'static str> {
    match step {
        "answer" => Some("the standby has answered: traffic may be led to it"),
        "verify" => Some("a visitor's request was answered as it should be"),
        "unroute" => Some("visitors are led back"),
        _ => None,
    }
}

fn decided_or_complaint(said: &LogLine) -> Option<Happening> {
    let message = said.text("message");
    let verdict = said.text("verdict");
    if verdict == "stay" {
        let text = format!("stays: {message}");
        return Some(Happening::line(said.at, Who::Function, Tone::Plain, text));
    }
    (verdict.is_empty() && said.is_complaint())
        .then(|| Happening::line(said.at, Who::Function, Tone::Doubtful, message))
}
