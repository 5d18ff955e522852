//! What the function says of itself, shortened to a line.

use std::collections::HashSet;

use crate::{
    happening::{Happening, Tone, Who},
    logbook::LogLine,
    stage::Stage,
};

/// How far its log was read, and what was told of it in this chapter.
#[derive(Debug, Default)]
pub(super) struct LogPlace {
    known: usize,
    told: HashSet<String>,
}

impl LogPlace {
    /// What was told before may be told again.
    pub(super) fn forget(&mut self) {
        self.told.clear();
    }

    /// The lines that nobody else tells, each once.
    pub(super) fn look(&mut self, stage: &Stage) -> Vec<Happening> {
        let lines = stage.logbook.after(self.known);
        self.known += lines.len();
        let mut seen = Vec::new();
        for said in lines {
            let Some((tone, text)) = line(&said) else { continue };
            let text = plainly(&text, stage);
            if self.told.insert(text.trim_start_matches(STAYS).to_owned()) {
                seen.push(Happening::line(said.at, Who::Function, tone, text));
            }
        }
        seen
    }
}

/// What a decision to do nothing begins with.
const STAYS: &str = "stays: ";

/// What to show, if it isn't something that the providers tell anyway.
fn line(said: &LogLine) -> Option<(Tone, String)> {
    let message = said.text("message");
    match (said.kind(), said.text("step")) {
        ("started", _) => Some((Tone::Plain, begun(said))),
        ("ended", _) => Some(ended(said)),
        ("trouble" | "outage", _) => Some((Tone::Bad, message.to_owned())),
        ("", "") => decided_or_complained(said),
        ("", step) => step_done(step).map(|text| (Tone::Plain, text.to_owned())),
        (_, _) => Some((Tone::Doubtful, message.to_owned())),
    }
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
        "answer" => Some("has an answer from the standby: traffic may follow"),
        "verify" => Some("has proof: a visitor's request was served as planned"),
        "unroute" => Some("has led visitors back"),
        _ => None,
    }
}

fn decided_or_complained(said: &LogLine) -> Option<(Tone, String)> {
    let message = said.text("message");
    match said.text("verdict") {
        "stay" => Some((Tone::Plain, format!("{STAYS}{message}"))),
        // That a plan is carried on is announced, too.
        "" if said.is_complaint() && !message.ends_with(" is carried on") => {
            Some((Tone::Doubtful, message.to_owned()))
        }
        _ => None,
    }
}

/// Names at the providers are long, and there is one of each here; an address of loopback tells nobody anything.
fn plainly(text: &str, stage: &Stage) -> String {
    let seed = &stage.site.seed;
    let rule = format!("zones/{}/pagerules/{}", seed.zone, seed.rule);
    [
        (format!("cloud_run_invoker {}", seed.service), "its invoker"),
        (format!("cloudflare_page_rule {rule}"), "the page rule"),
        (format!("uptime_check {}", seed.check), "the uptime check"),
        (rule, "the page rule"),
        (seed.check.clone(), "the uptime check"),
    ]
    .into_iter()
    .fold(without_address(text), |text, (long, short)| text.replace(&long, short))
    .replace(&seed.service, "the standby")
}

/// An HTTP client's errors name the whole URL.
fn without_address(text: &str) -> String {
    match text.split_once(" for url (").and_then(|(before, rest)| Some((before, rest.split_once(')')?.1))) {
        Some((before, after)) => format!("{before}{after}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_left_out() {
        let text = "error sending request for url (http://127.0.0.1:1/v2/x:setIamPolicy): connection closed";
        assert_eq!(without_address(text), "error sending request: connection closed");
        assert_eq!(without_address("nothing to leave out"), "nothing to leave out");
    }
}
