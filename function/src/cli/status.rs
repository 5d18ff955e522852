//! `failover status`: who serves each site, since when, why, and what to type next.

use std::fmt::Write;

use anstyle::Style;
use failover_core::{Served, SiteName};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    exit::{Exit, Failure},
    paint::{BAD, BOLD, COMMAND, DIM, GOOD, WARN, in_style},
    session::Session,
    words,
};
use crate::{
    announce::Told,
    clouds::Severity,
    page::{Asked, Live, Move, Overview, Place, Seen, Source, Tone},
};

/// Where the second column begins.
const COLUMN: usize = 13;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site; without it all of them.
    #[arg(long, short, value_name = "NAME", value_hint = clap::ValueHint::Other)]
    site: Option<SiteName>,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    let sites = session.sites(args.site.as_ref())?;
    let progress = super::progress::Progress::of(session.screen, "looking");
    let live = Live::new(&session.parts.config, &session.parts.sites, &session.parts.pubsub);
    let mut overviews = live.overviews().await;
    drop(progress);
    overviews.retain(|overview| sites.iter().any(|site| site.name.as_str() == overview.site));
    let now = Timestamp::now();
    session.screen.show(&json!({ "sites": overviews, "answers": answers(&overviews) }), |width| {
        let told = overviews.iter().map(|overview| StatusPage { site: overview, now, width }.told());
        told.collect::<Vec<_>>().join("\n")
    });
    Ok(overviews.iter().map(exit).max().unwrap_or(Exit::Done))
}

/// Who answers where, a site a line, for machines.
fn answers(overviews: &[Overview]) -> Vec<Value> {
    let asked = overviews.iter().filter_map(|overview| Some((&overview.site, overview.asked.as_ref()?)));
    let told = |(site, asked): (&String, &Asked)| json!({ "site": site, "public": asked.public, "primary": asked.primary });
    asked.map(told).collect()
}

fn exit(overview: &Overview) -> Exit {
    if !overview.troubles.is_empty() {
        Exit::Failed
    } else if overview.tone == Tone::Alarm || overview.maintenance.is_some() {
        Exit::NotAsAsked
    } else {
        Exit::Done
    }
}

/// One site, as it is told.
struct StatusPage<'a> {
    site: &'a Overview,
    now: Timestamp,
    width: usize,
}

impl StatusPage<'_> {
    fn told(&self) -> String {
        let mut text = self.headline();
        self.troubles(&mut text);
        if self.site.serving.since.is_some() {
            self.line(&mut text, "why", DIM, &words::sentence(&self.site.serving.why));
        }
        self.served(&mut text);
        for seen in &self.site.switches {
            self.switch(&mut text, seen);
        }
        self.moving(&mut text);
        self.restraints(&mut text);
        self.findings(&mut text);
        if let Some(last) = self.site.moves.first() {
            self.line(&mut text, "last move", DIM, &self.last(last));
        }
        self.next(&mut text);
        text
    }

    fn headline(&self) -> String {
        let serving = &self.site.serving;
        let (style, said) = match serving.by {
            Place::Primary if self.site.tone == Tone::Alarm => (WARN.bold(), "on its PRIMARY".to_owned()),
            Place::Primary => (GOOD.bold(), "on its PRIMARY".to_owned()),
            Place::Standby => (WARN.bold(), "on its STANDBY".to_owned()),
            Place::Moving => {
                let to = serving.moving_to.map_or_else(String::new, |to| format!(" to its {to}"));
                (WARN.bold(), format!("MOVING{to}"))
            }
            Place::Unknown => return self.unknown(),
        };
        let since = serving.since.map_or_else(
            || "no move is on record".to_owned(),
            |since| format!("since {}", words::when(self.now, since)),
        );
        let site = &self.site.site;
        let told = match &self.site.dark {
            Some(dark) => {
                let lasts = dark
                    .since
                    .map_or_else(String::new, |since| format!(", since {}", words::when(self.now, since)));
                let dark = in_style(BAD.bold(), "NO ANSWER".to_owned());
                format!("{BOLD}{site}{BOLD:#} gives visitors {dark}{lasts}; it is {said}, {since}")
            }
            None => format!("{BOLD}{site}{BOLD:#} is {}, {since}", in_style(style, said)),
        };
        words::wrap(&told, 2, self.width) + "\n"
    }

    /// Where nobody can say who serves, nobody can say since when either.
    fn unknown(&self) -> String {
        let site = &self.site.site;
        let dark = match &self.site.dark {
            Some(_) => format!(", and they get {}", in_style(BAD.bold(), "NO ANSWER")),
            None => String::new(),
        };
        let told = format!("{BOLD}{site}{BOLD:#}: who serves visitors is {}{dark}", in_style(BAD, "UNKNOWN"));
        words::wrap(&told, 2, self.width) + "\n"
    }

    fn troubles(&self, text: &mut String) {
        for trouble in &self.site.troubles {
            self.line(text, "unread", BAD, &words::sentence(trouble));
        }
        if let Some(stuck) = &self.site.stuck {
            let told = format!("{} Since {}.", failed(&stuck.sentence), words::when(self.now, stuck.at));
            self.line(text, "stuck", BAD, &told);
        }
        if let Some(hindered) = &self.site.maintenance {
            let why = failed(&hindered.trouble.sentence);
            let since = words::when(self.now, hindered.trouble.since);
            let told = format!("{} {why} Refused since {since}.", words::sentence(hindered.wanted));
            let style = if hindered.unwatched { BAD } else { WARN };
            self.line(text, "upkeep", style, &told);
        }
        if let Some(since) = self.site.serving.outage_since {
            let told = format!("Visitors have had no answer since {}.", words::when(self.now, since));
            self.line(text, "outage", BAD, &told);
        }
        for waiting in &self.site.pending {
            let told = format!(
                "Incident {} of {}: {}",
                waiting.incident,
                words::when(self.now, waiting.started_at),
                words::sentence(&waiting.why)
            );
            self.line(text, "pending", WARN, &told);
        }
    }

    fn served(&self, text: &mut String) {
        let Some(answers) = &self.site.asked else { return };
        if let Some(url) = &self.site.public_url {
            let (style, told) = served(url, &answers.public);
            self.line(text, "visitors", style, &told);
        }
        if let (Some(primary), Some(url)) = (&answers.primary, &self.site.primary_url) {
            let (style, told) = served(url, primary);
            self.line(text, "primary", style, &told);
        }
    }

    fn switch(&self, text: &mut String, seen: &Seen) {
        let mut told = format!("{}, {}", seen.words(), seen.called);
        if seen.drifted {
            let _ = write!(told, "; it belongs {}", seen.belongs_words());
        }
        // What could not be seen is told once, under "unread".
        if let Some(remark) = seen.remark().filter(|_| !self.is_unread(seen)) {
            let _ = write!(told, ": {remark}");
        }
        let style = if seen.drifted || seen.remark().is_some() { WARN } else { DIM };
        let name = match seen.role {
            failover_core::Role::Gate => "gate",
            failover_core::Role::Route => "route",
            failover_core::Role::Monitor => "monitoring",
            failover_core::Role::Power => "power",
        };
        self.line(text, name, style, &told);
    }

    fn is_unread(&self, seen: &Seen) -> bool {
        seen.remark().is_some_and(|why| self.site.troubles.iter().any(|trouble| trouble.contains(why)))
    }

    fn moving(&self, text: &mut String) {
        let Some(open) = &self.site.open else { return };
        let done: Vec<String> = open.steps.iter().map(|part| part.step.to_string()).collect();
        let to_do: Vec<String> = open.to_do.iter().map(ToString::to_string).collect();
        let told = format!(
            "{} since {}; done: {}; to do: {}",
            open.direction,
            words::when(self.now, open.begun_at),
            listed(&done),
            listed(&to_do)
        );
        self.line(text, "moving", WARN, &told);
        if let Some(trouble) = &open.trouble {
            self.line(text, "trouble", BAD, &failed(&trouble.sentence));
        }
    }

    fn restraints(&self, text: &mut String) {
        if let Some(until) = self.site.serving.draining_until {
            let when = words::when(self.now, until);
            let told = if until > self.now {
                format!("The standby stays open for cached redirects until {when}.")
            } else {
                format!("No cached redirect leads to the standby any more: it is to be closed since {when}.")
            };
            self.line(text, "draining", DIM, &told);
        }
        let restraint = self.site.automatic.as_ref().and_then(|automatic| automatic.restraint.as_ref());
        match (&self.site.hold, restraint) {
            (Some(hold), _) => {
                let by = hold.by.as_ref().map_or_else(String::new, |by| format!(", says {by}"));
                let why = hold.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
                let told = format!("No automatic moves until {}{by}{why}", words::when(self.now, hold.until));
                self.line(text, "hold", WARN, &told);
            }
            (None, Some(restraint)) => {
                self.line(
                    text,
                    "by itself",
                    WARN,
                    &words::sentence(&format!("it would not move now: {}", restraint.sentence)),
                );
            }
            (None, None) => {}
        }
    }

    fn findings(&self, text: &mut String) {
        let Some(worst) = self.site.findings.first() else { return };
        let style = if worst.severity == Severity::Critical { BAD } else { WARN };
        let more = match self.site.findings.len() - 1 {
            0 => String::new(),
            more => format!(" And {more} more."),
        };
        let mend = "\"failover check\" looks again, and says what mends it.";
        self.line(text, "check", style, &format!("{}{more} {mend}", words::sentence(&worst.sentence)));
    }

    fn last(&self, last: &Move) -> String {
        let ended = last.ended_at.map_or_else(String::new, |at| words::relative(self.now, at));
        format!("{} {} in {}, {ended}", last.direction, last.end_word(), words::took(last.took_ms(self.now)))
    }

    fn next(&self, text: &mut String) {
        let next = &self.site.next;
        self.line(text, "next", BOLD, &next.sentence);
        let column = words::column(COLUMN, self.width);
        let longest = next.commands.iter().map(|advice| advice.send.len()).max().unwrap_or(0);
        for advice in &next.commands {
            let (send, what) = (&advice.send, format!("# {}", advice.what));
            if column + longest + 2 + what.len() <= self.width {
                let _ =
                    writeln!(text, "{:column$}{COMMAND}{send:<longest$}{COMMAND:#}  {DIM}{what}{DIM:#}", "");
            } else {
                let what = words::wrap(&what, column + 2, self.width);
                let _ = writeln!(
                    text,
                    "{:column$}{COMMAND}{send}{COMMAND:#}\n{:column$}  {DIM}{what}{DIM:#}",
                    "", ""
                );
            }
        }
    }

    /// A label and its text, broken to the screen's width.
    fn line(&self, text: &mut String, label: &str, style: Style, told: &str) {
        if told.is_empty() {
            return;
        }
        text.push_str(&words::labelled(label, style, told, COLUMN, self.width));
    }
}

/// What failed, in the provider's words; what mends it is told once, under "next".
fn failed(trouble: &str) -> String {
    let told = Told::read(trouble);
    match told.said {
        Some((_, words)) => words::sentence(&format!("{}: {words}", told.failed)),
        None => words::sentence(told.failed),
    }
}

/// Who answered at `url`; what a probe says of silence names the URL itself.
fn served(url: &str, served: &Served) -> (Style, String) {
    let named = |why: &str| if why.contains(url) { why.to_owned() } else { format!("{url} {why}") };
    match served {
        Served::By(position) => (GOOD, format!("{url} is answered by the {position}")),
        Served::Silent(why) => (BAD, format!("silent: {}", named(why))),
        Served::Unknown(why) => (WARN, format!("could not be judged: {}", named(why))),
    }
}

fn listed(words: &[String]) -> String {
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests;
