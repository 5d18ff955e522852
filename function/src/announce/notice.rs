//! An announcement for a lock screen: the state, how long, why in few words, and what to type next.

use failover_core::{End, Event, Reason, span};
use serde::Serialize;

use super::{
    Announcement, Kind, Told,
    brief::{brief, sentence},
    details::Details,
    next::NextCommand,
    state::Title,
};

/// What a person is told, the most important first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Notice {
    /// The state.
    pub(super) title: String,
    /// How long, why, and what to mend: a short sentence each.
    pub(super) lines: Vec<String>,
    /// What to type next.
    pub(super) next: Option<Next>,
    /// All that was said, where the lines say less.
    pub(super) whole: Option<String>,
}

/// A command to copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Next {
    /// When it is the thing to type, where not at once.
    pub(super) when: Option<&'static str>,
    /// The command.
    pub(super) command: String,
}

impl Announcement {
    /// What a person is told of it.
    pub(super) fn notice(&self) -> Notice {
        let details = Details::of(self);
        let matter = self.background.names.say(&self.matter(&details));
        let told = Told::read(&matter);
        let mend = told.mend.map(|mend| format!("Mend this: {}", sentence(mend)));
        let why = brief(told.failed);
        let whole = match told.said {
            Some((who, words)) => Some(format!("In {who}'s words: {}", sentence(words))),
            None => (why != matter).then(|| sentence(&matter)),
        };
        let why = Some(sentence(&why)).filter(|why| !why.is_empty());
        let (kind, severity, site, details) = (self.kind, self.severity, self.site.as_ref(), &details);
        let next = NextCommand { kind, severity, site, way_back: self.background.way_back, details };
        let lines = [self.lasted(details), mend, why, next.by_itself()];
        Notice {
            title: Title { kind, severity, site, details }.words(),
            lines: lines.into_iter().flatten().collect(),
            next: next.next(),
            whole,
        }
    }

    /// What it comes down to: of a move that is done, why it was made; of any other end, what kept it.
    fn matter(&self, details: &Details) -> String {
        let why = match (self.kind, details.end) {
            (Kind::Started | Kind::Ended, None | Some(End::Done)) => details.reason.clone(),
            (Kind::Ended | Kind::Rehearsal, _) => details.outcome.clone(),
            (Kind::Check, _) => details.findings.first().map(|found| found.sentence.clone()),
            (Kind::Held, _) => details.hold().map(|hold| Reason::Held(hold.clone()).to_string()),
            (Kind::StandbyDay, _) => Some(details.requests.map_or_else(String::new, requests)),
            (Kind::PrimaryAnswers, _) => Some("the primary answers again".to_owned()),
            _ => None,
        };
        why.unwrap_or_else(|| self.sentence.clone())
    }

    /// How long it has lasted, or will.
    fn lasted(&self, details: &Details) -> Option<String> {
        let lasted = details.lasted(self.at);
        match self.kind {
            Kind::Started => details.silent_so_far(),
            Kind::Ended => details.took(),
            Kind::Pending => {
                let since = details.record.iter().find_map(|event| match event {
                    Event::Pending { incident, .. } => Some(incident.started_at),
                    _ => None,
                })?;
                Some(format!("It was reported silent {} ago.", span(self.at.duration_since(since))))
            }
            Kind::Held => {
                details.hold().map(|hold| format!("For {}.", span(hold.until.duration_since(self.at))))
            }
            Kind::Trouble => lasted.map(|lasted| format!("It has gone on for {lasted}.")),
            Kind::StandbyDay | Kind::PrimaryAnswers => {
                lasted.map(|lasted| format!("Visitors have been on the standby for {lasted}."))
            }
            Kind::Recovered => lasted.map(|lasted| format!("Visitors were without an answer for {lasted}.")),
            _ => None,
        }
    }
}

fn requests(count: u64) -> String {
    let noun = if count == 1 { "request" } else { "requests" };
    format!("the standby has had {count} {noun}")
}

impl Notice {
    /// Lines of plain text; the command is one of its own, to be copied.
    pub(super) fn text(&self) -> String {
        let next = self.next.as_ref().map(Next::line);
        let whole = self.whole.as_ref().map(|whole| format!("\n{whole}"));
        self.lines.iter().cloned().chain(next).chain(whole).collect::<Vec<_>>().join("\n")
    }
}

impl Next {
    /// `Next, once the primary runs`.
    pub(super) fn heading(&self) -> String {
        self.when.map_or_else(|| "Next".to_owned(), |when| format!("Next, {when}"))
    }

    fn line(&self) -> String {
        format!("{}: {}", self.heading(), self.command)
    }
}
