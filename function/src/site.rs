//! A guarded site at run time: its settings, its switches, its journal, and how to look at it.

use std::{sync::Arc, time::Duration};

use failover_core::{Facts, Policy, Position, Role, Served, Sighting, SiteName};
use jiff::Timestamp;

use crate::{
    announce::{Announcement, Announcer, Background, Kind},
    pace::{Pace, Waits, Wishes},
    probe::{Answer, Prober, Targets, Witness},
    record::Record,
};

mod switches;

pub use switches::SiteSwitches;

/// All that is needed to decide about a site and to move it.
#[derive(Debug)]
pub struct Guarded {
    /// Its name.
    pub name: SiteName,
    /// What its owner decided about its moves.
    pub policy: Policy,
    /// How long its moves wait.
    pub waits: Waits,
    /// Whether a switch that moved by itself is set again.
    pub repair: bool,
    /// What moves it.
    pub switches: SiteSwitches,
    /// How it is asked.
    pub prober: Arc<Prober>,
    /// What is asked.
    pub targets: Targets,
    /// Its journal.
    pub record: Arc<Record>,
    /// Where news goes.
    pub announcer: Announcer,
    /// What the words of its news need.
    pub background: Background,
    /// How long things may take.
    pub pace: Pace,
    /// What providers wish of whoever asks them.
    pub wishes: Wishes,
    /// Held by whoever writes to clouds for this site: one at a time in this process.
    pub clouds: Arc<tokio::sync::Mutex<()>>,
}

impl Guarded {
    /// Whether there is a public URL to verify a move by.
    pub fn has_visitors(&self) -> bool {
        self.targets.public.is_some()
    }

    /// How many visitors in a row have to be served by one place before it is proven: where a name leads, one of
    /// several records or a resolver's memory may serve the first.
    pub fn visitors_needed(&self) -> u32 {
        if self.targets.by_name { 3 } else { 1 }
    }

    /// Asks as a visitor whether `place` serves. That visitors are led to the primary is shown by a cached answer too,
    /// if the primary itself answers where it can be asked.
    pub async fn visit_served_by(&self, place: Position) -> (bool, Answer) {
        let answer = self.visit().await;
        if answer.served.is_by(place) {
            return (true, answer);
        }
        let led_back = place == Position::Primary && answer.led_to == Some(place);
        let cached = led_back && matches!(answer.served, Served::Unknown(_));
        let lives = async {
            let asked = self.policy.has_primary_url;
            !asked || self.prober.primary(&self.targets).await.served.is_by(Position::Primary)
        };
        (cached && lives.await, answer)
    }

    /// Asks the public URL as a visitor would, and tells who answered.
    pub async fn visit(&self) -> Answer {
        let answer = self.prober.public(&self.targets).await;
        if !self.is_told_by_switches(&answer.served) {
            return answer;
        }
        let seen = self.switches.look_at(&[Role::Route]).await;
        Answer { served: self.judged(answer.served, &seen), ..answer }
    }

    /// As `visit`, for whoever can't wait: the site and who has its address are looked at side by side, each for so long. A
    /// cloud that gives no answer by then says nothing about the site.
    pub async fn visit_within(&self, patience: Duration) -> Answer {
        let routes = async {
            if self.targets.witness != Witness::Switches {
                return Vec::new();
            }
            let look = self.switches.look_at(&[Role::Route]);
            tokio::time::timeout(patience, look).await.unwrap_or_default()
        };
        let (answer, seen) = tokio::join!(self.prober.public_within(&self.targets, patience), routes);
        Answer { served: self.judged(answer.served, &seen), ..answer }
    }

    /// An answer at an address that moves was given by whoever has it, as the route switches were `seen`.
    pub fn judged(&self, served: Served, seen: &[Sighting]) -> Served {
        if !self.is_told_by_switches(&served) {
            return served;
        }
        let unseen = || Served::Unknown("somebody answers, but who has the address was not seen".to_owned());
        let facts = Facts { switches: seen.to_vec(), ..Facts::none() };
        facts.route().map_or_else(unseen, Served::By)
    }

    /// What an answer at the public URL says of a site that is on its primary: where the gate asks home first, one from
    /// the standby means that home gave none.
    pub fn of_home(&self, served: Served) -> Served {
        if self.targets.witness.is_bridged() && served.is_by(Position::Standby) {
            let why = "home gives no answer, and the gate serves visitors from the standby";
            return Served::Silent(why.to_owned());
        }
        served
    }

    fn is_told_by_switches(&self, served: &Served) -> bool {
        self.targets.witness == Witness::Switches && matches!(served, Served::By(_))
    }

    /// Asks the public URL once, and beside it, in the same time, the primary past the redirect. Where the public URL
    /// alone decides, the primary's answer is what has come by then; `beside` says that it decides too.
    pub async fn ask_places(&self, beside: bool) -> (Served, Served) {
        let unheard = || Served::Unknown("it was not waited for".to_owned());
        // On the heap: whoever decides would carry both.
        let (mut public, mut primary) = (Box::pin(self.ask_public()), Box::pin(self.ask_primary_once()));
        let seen = tokio::select! {
            seen = &mut public => seen,
            primary = &mut primary => return (public.await, primary),
        };
        let patience = match &seen {
            Served::By(_) => return (seen, unheard()),
            Served::Silent(_) if !beside => self.waits.confirm_within / 4,
            _ => self.waits.confirm_within,
        };
        let primary = tokio::time::timeout(patience, primary).await.unwrap_or_else(|_| unheard());
        (seen, primary)
    }

    async fn ask_primary_once(&self) -> Served {
        if !self.policy.has_primary_url {
            return Served::Unknown("there is no primary_url to ask".to_owned());
        }
        self.prober.primary_within(&self.targets, self.waits.confirm_within).await.served
    }

    /// Asks the public URL once, for at most `confirm_within`. An answer of which nobody could see in that time who gave
    /// it counts as the primary's: the site is not silent.
    pub async fn ask_public(&self) -> Served {
        let until = tokio::time::Instant::now() + self.waits.confirm_within;
        let Answer { served, .. } = self.prober.public_within(&self.targets, self.waits.confirm_within).await;
        if !self.is_told_by_switches(&served) {
            return self.of_home(served);
        }
        match tokio::time::timeout_at(until, self.switches.look_at(&[Role::Route])).await {
            Ok(seen) if self.judged(served.clone(), &seen).is_by(Position::Standby) => {
                Served::By(Position::Standby)
            }
            _ => Served::By(Position::Primary),
        }
    }

    /// Asks the primary past the redirect; an answer counts only if a second one follows.
    pub async fn ask_primary_twice(&self) -> Served {
        if !self.policy.has_primary_url {
            return Served::Unknown("there is no primary_url to ask".to_owned());
        }
        match self.prober.primary(&self.targets).await.served {
            first @ Served::By(_) => {
                // One lucky answer of a server that is still starting is not enough.
                tokio::time::sleep(self.pace.times.apart).await;
                let second = self.prober.primary(&self.targets).await.served;
                if second == first { first } else { second }
            }
            silent => silent,
        }
    }

    /// What a pending incident is decided on: fresh probes, and whether the standby could serve.
    pub async fn fresh_facts(&self) -> Facts {
        let ((public, primary), standby_unable) =
            tokio::join!(self.ask_places(true), self.switches.standby_unable());
        Facts { public, primary, standby_unable, ..Facts::none() }
    }

    /// Tells the log, the events topic and the webhooks.
    pub fn announce(&self, kind: Kind, sentence: &str, details: serde_json::Value, incident: Option<String>) {
        self.announcer.tell(self.news(kind, sentence).of_incident(incident).with_details(details));
    }

    /// What is to be told of it, now.
    pub fn news(&self, kind: Kind, sentence: impl Into<String>) -> Announcement {
        let news = Announcement::new(kind, Some(self.name.clone()), sentence, Timestamp::now());
        news.of_site(self.background.clone())
    }
}
