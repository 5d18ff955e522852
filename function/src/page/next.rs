//! What next: the commands that fit the situation, the most likely first, ready to be copied.

use failover_core::{Command, Direction, Failback, Policy, SiteName, Verb};
use serde::Serialize;
use serde_json::json;

use super::{Asked, Overview, Place, alone, facts::SiteFacts, words::sentence};
use crate::announce::Told;

/// What an operator may do now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Next {
    /// What is to be done, or that nothing is.
    pub sentence: String,
    /// The commands for it, the most likely first.
    pub commands: Vec<Advice>,
}

/// A command to copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What it is for.
    pub what: String,
    /// With this project's own command line.
    pub send: String,
    /// With Google's.
    pub publish: Option<String>,
    /// Whether it is only possible: nothing asks for it.
    #[serde(skip)]
    pub aside: bool,
}

impl Advice {
    fn aside(self) -> Self {
        Self { aside: true, ..self }
    }
}

const AGAIN: &str = "It is tried again every five minutes; \"hold\" keeps it where it is.";

const UNTIL_THEN: &str = ": until you do, nothing moves by itself. Commands always work.";

/// What fits the site as it is.
pub(super) fn next(overview: &Overview, facts: &SiteFacts) -> Next {
    // Without subscriptions there is nobody who would take a command.
    if facts.commands_topic.is_empty() {
        return alone::next(overview, facts);
    }
    let commands = Commands { site: &facts.name, topic: &facts.commands_topic, policy: &facts.policy };
    let advisor = Advisor { site: overview, facts, commands };
    advisor
        .unread()
        .or_else(|| advisor.stuck())
        .or_else(|| advisor.open())
        .or_else(|| advisor.outage())
        .or_else(|| advisor.pending())
        .or_else(|| advisor.unreported())
        .or_else(|| advisor.maybe_dark())
        .or_else(|| advisor.hindered())
        .unwrap_or_else(|| match overview.serving.by {
            Place::Standby => advisor.on_standby(),
            _ => advisor.on_primary(),
        })
}

struct Advisor<'a> {
    site: &'a Overview,
    facts: &'a SiteFacts,
    commands: Commands<'a>,
}

/// The commands that the site takes.
struct Commands<'a> {
    site: &'a SiteName,
    topic: &'a str,
    policy: &'a Policy,
}

impl Advisor<'_> {
    fn unread(&self) -> Option<Next> {
        self.facts.state.is_none().then(|| Next {
            sentence: "Find out what can't be read. If visitors are without the site, move it all the same: a forced \
                       failover doesn't wait for the journal."
                .to_owned(),
            commands: vec![
                self.commands.check("See what is broken, and how to mend it"),
                self.commands.forced(Verb::Failover, "Move visitors to the standby without the journal"),
            ],
        })
    }

    fn stuck(&self) -> Option<Next> {
        let stuck = self.site.stuck.as_ref()?;
        let there = match self.site.serving.by {
            Place::Standby => self.commands.failback("Or try to return visitors to the primary"),
            _ => self.commands.send(Verb::Failover, "Or try to move visitors to the standby"),
        };
        let mend = Told::read(&stuck.sentence).mend;
        if self.site.retries {
            let mend = mend.map_or_else(
                || "Mend what is stuck.".to_owned(),
                |mend| format!("Mend this: {}", sentence(mend)),
            );
            return Some(Next {
                sentence: format!("{mend} {AGAIN}"),
                commands: vec![
                    self.commands.send(Verb::Acknowledge, "Have it tried again at once, once it is mended"),
                    self.commands.send(Verb::Hold, "Keep it where it is for a day"),
                    there,
                    self.commands.check("See what else is broken"),
                ],
            });
        }
        Some(Next {
            sentence: match mend {
                Some(mend) => format!("Mend this: {} Then acknowledge it{UNTIL_THEN}", sentence(mend)),
                None => format!("Mend what is stuck, then acknowledge it{UNTIL_THEN}"),
            },
            commands: vec![
                self.commands.send(Verb::Acknowledge, "Say that it was seen, once it is mended"),
                there,
                self.commands.check("See what else is broken"),
            ],
        })
    }

    fn open(&self) -> Option<Next> {
        let open = self.site.open.as_ref()?;
        let turn = match open.direction {
            Direction::Failover => self.commands.failback("Call it off: visitors stay on the primary"),
            Direction::Failback => {
                self.commands.send(Verb::Failover, "Call it off: visitors stay on the standby")
            }
            Direction::Rehearsal | Direction::Maintenance => {
                self.commands.send(Verb::Failover, "Really move visitors to the standby")
            }
        };
        let Some(trouble) = &open.trouble else {
            let sentence = format!("Nothing: the {} goes on by itself.", open.direction);
            return Some(Next { sentence, commands: vec![turn] });
        };
        Some(Next {
            sentence: format!(
                "Mend this: {} The {} then goes on by itself within a minute.",
                sentence(first(&trouble.sentence)),
                open.direction
            ),
            commands: vec![
                self.commands.send(Verb::Reconcile, "Have it tried again at once"),
                self.commands.check("See what is broken, and how to mend it"),
                turn,
            ],
        })
    }

    fn outage(&self) -> Option<Next> {
        self.site.dark.as_ref().filter(|_| self.site.serving.by == Place::Standby)?;
        Some(Next {
            sentence:
                "Visitors get no answer although the site is on its standby. See what is broken; if the \
                       primary runs, return visitors to it."
                    .to_owned(),
            commands: vec![
                self.commands.check("See what is broken, and how to mend it"),
                self.commands.failback("Return visitors to the primary, if it runs"),
            ],
        })
    }

    fn pending_words(&self) -> &'static str {
        if self.site.dark.is_some() {
            "An outage was reported, the site gives no answer, and it was not moved: move it now, or lift what holds it \
             back. It is decided again every minute."
        } else if self.site.answered_by().is_some() {
            "An outage was reported, but the site answers: nothing is to be done. It is decided again every minute."
        } else {
            "An outage was reported and the site was not moved. Open the site yourself: if it doesn't answer, move it \
             now. It is decided again every minute."
        }
    }

    fn pending(&self) -> Option<Next> {
        self.site.pending.first()?;
        let restraint = self.site.automatic.as_ref().and_then(|automatic| automatic.restraint.as_ref());
        let lifts = restraint.and_then(|restraint| match restraint.lifted_by? {
            "release" => Some(self.commands.send(Verb::Release, "Lift the hold, and have it decided again")),
            _ => Some(
                self.commands.send(Verb::Acknowledge, "Lift what holds it back, and have it decided again"),
            ),
        });
        let failover = self.commands.send(Verb::Failover, "Move visitors to the standby now");
        let hold = self.commands.send(Verb::Hold, "Keep it where it is for a day");
        Some(Next {
            sentence: self.pending_words().to_owned(),
            commands: [Some(failover), lifts, Some(hold)].into_iter().flatten().collect(),
        })
    }

    /// Visitors get no answer, and nobody has reported it.
    fn unreported(&self) -> Option<Next> {
        self.site.dark.as_ref()?;
        let by_itself = match &self.site.automatic {
            Some(automatic) if automatic.ready => {
                "An alert moves it by itself within minutes; move it now if you don't want to wait."
                    .to_owned()
            }
            Some(automatic) => {
                let restraint = automatic.restraint.as_ref().map_or("", |restraint| &restraint.sentence);
                format!("An alert would not move it: {restraint}.")
            }
            None => "Nobody knows whether an alert would move it.".to_owned(),
        };
        let past = self.site.asked.as_ref().is_some_and(Asked::primary_answers);
        let met = if past {
            "The primary answers when it is asked past Cloudflare, so it is the way through Cloudflare that is broken. "
        } else {
            ""
        };
        Some(Next {
            sentence: format!("Visitors get no answer, and nobody has reported it yet. {met}{by_itself}"),
            commands: vec![
                self.commands.send(Verb::Failover, "Move visitors to the standby now"),
                self.commands.check("See what is broken, and how to mend it"),
                self.commands.send(Verb::Hold, "Keep it where it is for a day"),
            ],
        })
    }

    fn maybe_dark(&self) -> Option<Next> {
        let why = self.site.may_be_dark()?;
        Some(Next {
            sentence: format!(
                "Whether visitors get an answer could not be judged ({why}), and the primary itself gives no answer. Open \
                 the site yourself: if it doesn't answer, move it now."
            ),
            commands: vec![
                self.commands.send(Verb::Failover, "Move visitors to the standby now"),
                self.commands.check("See what is broken, and how to mend it"),
                self.commands.send(Verb::Hold, "Keep it where it is for a day"),
            ],
        })
    }

    /// Refused maintenance rests for some rounds, at last for nine of a minute.
    fn hindered(&self) -> Option<Next> {
        let hindered = self.site.maintenance.as_ref()?;
        let mend = sentence(first(&hindered.trouble.sentence));
        let sentence = format!("Mend this: {mend} The rest is then done by itself within ten minutes.");
        Some(Next { sentence, commands: vec![self.commands.check("See what is broken, and how to mend it")] })
    }

    fn on_standby(&self) -> Next {
        if self.site.asked.as_ref().is_some_and(Asked::primary_answers) {
            return self.primary_is_back();
        }
        let (sentence, what) = match (self.facts.policy.has_primary_url, self.facts.policy.failback) {
            (true, Failback::Automatic { well_for }) => (
                format!(
                    "Start the primary. Visitors are returned by themselves once it has answered for {}.",
                    humantime::format_duration(well_for)
                ),
                "Or return visitors to the primary at once",
            ),
            (true, Failback::Manual) => (
                "Start the primary. When it runs, return visitors to it; if it doesn't answer, nothing is moved."
                    .to_owned(),
                "Return visitors to the primary",
            ),
            (false, _) => (
                "Start the primary. When you know that it runs, return visitors to it with force: nobody can ask it \
                 past the redirect."
                    .to_owned(),
                "Return visitors to the primary",
            ),
        };
        let mut commands = vec![self.commands.failback(what)];
        if self.site.has_drift() {
            commands.push(self.commands.send(Verb::Failover, "Set again what has moved by itself"));
        }
        commands.push(self.commands.check("See whether anything is broken"));
        Next { sentence, commands }
    }

    fn primary_is_back(&self) -> Next {
        let sentence = match self.facts.policy.failback {
            Failback::Automatic { well_for } => format!(
                "The primary answers again. Visitors are returned by themselves once it has answered for {}.",
                humantime::format_duration(well_for)
            ),
            Failback::Manual => {
                "The primary answers again: return visitors to it when it is ready for them.".to_owned()
            }
        };
        let commands = vec![
            self.commands.failback("Return visitors to the primary"),
            self.commands.check("See whether anything is broken"),
        ];
        Next { sentence, commands }
    }

    fn on_primary(&self) -> Next {
        let mut commands = Vec::new();
        let mut words = Vec::new();
        if let Some(why) = self.site.unjudged() {
            words.push(format!(
                "Whether visitors get an answer could not be judged ({why}): open the site yourself."
            ));
        }
        if self.site.has_drift() {
            words.push("A switch is not where it belongs; failback sets it again.".to_owned());
            commands.push(self.commands.send(Verb::Failback, "Set again what has moved by itself"));
        }
        if self.site.hold.is_some() {
            words.push("A hold is on: nothing moves by itself until it ends or is released.".to_owned());
            commands.push(self.commands.send(Verb::Release, "Allow automatic moves again"));
        } else if let Some(lifted) = self.lifted() {
            words.push("Nothing is to be done now, but an outage would be held back.".to_owned());
            commands.push(self.commands.send(lifted, "Allow automatic moves at once"));
        }
        if words.is_empty() {
            words.push("Nothing is to be done.".to_owned());
        }
        if self.site.hold.is_none() {
            commands.push(
                self.commands
                    .send(Verb::Hold, "Before you work on the primary: no automatic moves for a day")
                    .aside(),
            );
        }
        commands
            .push(self.commands.send(Verb::Rehearse, "Try the standby out; visitors notice nothing").aside());
        commands.push(self.commands.send(Verb::Failover, "Move visitors to the standby").aside());
        Next { sentence: words.join(" "), commands }
    }

    fn lifted(&self) -> Option<Verb> {
        let restraint = self.site.automatic.as_ref()?.restraint.as_ref()?;
        restraint.lifted_by.and_then(|word| word.parse().ok())
    }
}

impl Commands<'_> {
    fn failback(&self, what: &str) -> Advice {
        if self.policy.has_primary_url {
            self.send(Verb::Failback, what)
        } else {
            self.forced(Verb::Failback, what)
        }
    }

    fn send(&self, verb: Verb, what: &str) -> Advice {
        self.advice(what, &Command::new(verb))
    }

    fn forced(&self, verb: Verb, what: &str) -> Advice {
        self.advice(what, &Command { force: true, ..Command::new(verb) })
    }

    /// The command line looks with an operator's eyes; as a message the function looks as itself, and announces it.
    fn check(&self, what: &str) -> Advice {
        let message = json!({ "command": Verb::Check.as_str() });
        let publish = publish(self.topic, &message.to_string());
        Advice {
            what: what.to_owned(),
            send: "failover check".to_owned(),
            publish: Some(publish),
            aside: false,
        }
    }

    fn advice(&self, what: &str, command: &Command) -> Advice {
        let (site, verb) = (self.site, command.verb);
        let mut message = json!({ "command": verb.as_str(), "site": site });
        let mut send = format!("failover send {verb} --site {site}");
        if command.force {
            message["force"] = json!(true);
            send.push_str(" --force");
        }
        let publish = publish(self.topic, &message.to_string());
        Advice { what: what.to_owned(), send, publish: Some(publish), aside: false }
    }
}

/// What to do first: the remedy, where the sentence has one.
pub(super) fn first(trouble: &str) -> &str {
    let told = Told::read(trouble);
    told.mend.unwrap_or(told.failed)
}

/// Google's own command line; short words wrap better on a phone than a topic's whole name.
fn publish(topic: &str, message: &str) -> String {
    let parts: Vec<&str> = topic.split('/').collect();
    match parts[..] {
        ["projects", project, "topics", topic] => {
            format!("gcloud pubsub topics publish {topic} --project={project} --message='{message}'")
        }
        _ => format!("gcloud pubsub topics publish {topic} --message='{message}'"),
    }
}
