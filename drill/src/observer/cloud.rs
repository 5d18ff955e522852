//! What the clouds were asked to change, and what they refused, from the sandbox's ledger.

use std::time::Instant;

use sandbox::{
    Kind, Service,
    ledger::{Fate, Record},
};

use crate::{
    happening::{Happening, Tone, Who},
    stage::Stage,
};

/// How far the ledger was looked at.
#[derive(Debug, Default)]
pub(super) struct CloudPlace {
    position: u64,
    /// Calls up to there that had not come to their end.
    open: Vec<u64>,
    /// Whether the journal's bucket could not be reached when it was asked last.
    storage_is_gone: bool,
    /// Whether it was told that visitors are still kept out of a standby that was opened.
    told_of_spreading: bool,
    /// How often the primary answered the function past the redirect.
    answers_from_home: usize,
}

impl CloudPlace {
    /// One line for every change that came to its end, well or not.
    pub(super) fn look(&mut self, stage: &Stage) -> Vec<Happening> {
        let ledger = &stage.world().ledger;
        let new = |record: &Record| record.sequence > self.position || self.open.contains(&record.sequence);
        let records = ledger.select(|record| new(record) && who(record.service).is_some());
        self.position = records.last().map_or(self.position, |record| record.sequence.max(self.position));
        let (ended, open): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| record.ended.is_some());
        self.open = open.iter().map(|record| record.sequence).collect();
        ended.iter().filter_map(|record| self.line(stage, record)).collect()
    }

    fn line(&mut self, stage: &Stage, record: &Record) -> Option<Happening> {
        let (who, at) = (who(record.service)?, record.ended?);
        match record.service {
            Service::Storage => return self.storage(record, at),
            Service::Standby => return self.spreading(stage, record, at),
            Service::Primary => return self.at_home(record, at),
            _ => {}
        }
        let (tone, text) = match record.fate {
            Fate::Answered(status) if status < 300 => (Tone::Plain, changed(stage, record)?),
            Fate::Answered(status) if status < 500 && record.kind == Kind::Read => return None,
            Fate::Answered(status) => (Tone::Doubtful, refused(status)),
            Fate::Dropped if record.effect => (Tone::Doubtful, "does it, but its answer is lost".to_owned()),
            Fate::Dropped => (Tone::Doubtful, "breaks the connection".to_owned()),
            Fate::Abandoned if record.effect => {
                (Tone::Doubtful, format!("{} (but nobody heard it)", changed(stage, record)?))
            }
            Fate::Abandoned | Fate::Open => return None,
        };
        Some(Happening::line(at, who, tone, text))
    }

    /// A grant takes its time, and only the standby's front door tells.
    fn spreading(&mut self, stage: &Stage, record: &Record, at: Instant) -> Option<Happening> {
        let waits = record.status() == Some(403) && stage.world().run.is_granted(&stage.site.seed.service);
        let text = "still keeps visitors out: the grant has to spread";
        let told = std::mem::replace(&mut self.told_of_spreading, waits);
        (waits && !told).then(|| Happening::line(at, Who::CloudRun, Tone::Doubtful, text))
    }

    /// Only the function comes to the primary directly: visitors and checkers come by the edge.
    fn at_home(&mut self, record: &Record, at: Instant) -> Option<Happening> {
        if record.status() != Some(200) {
            return None;
        }
        self.answers_from_home += 1;
        let text = match self.answers_from_home {
            1 => "the primary answers the function, asked past Cloudflare",
            2 => "and a second time",
            _ => return None,
        };
        Some(Happening::line(at, Who::Home, Tone::Plain, text))
    }

    /// Entries are many: only losing the bucket and finding it again is told.
    fn storage(&mut self, record: &Record, at: Instant) -> Option<Happening> {
        let (tone, text) = match record.fate {
            Fate::Dropped if record.effect => {
                return Some(Happening::line(
                    at,
                    Who::Storage,
                    Tone::Doubtful,
                    "stores an entry, but its answer is lost",
                ));
            }
            Fate::Answered(status) if status < 500 => {
                (self.storage_is_gone).then_some((Tone::Plain, "can be reached again".to_owned()))?
            }
            Fate::Answered(status) => {
                (!self.storage_is_gone).then(|| (Tone::Doubtful, format!("can't be reached: {status}")))?
            }
            Fate::Dropped | Fate::Abandoned | Fate::Open => return None,
        };
        self.storage_is_gone = !self.storage_is_gone;
        Some(Happening::line(at, Who::Storage, tone, text))
    }
}

fn who(service: Service) -> Option<Who> {
    match service {
        Service::Run | Service::Standby => Some(Who::CloudRun),
        Service::Monitoring => Some(Who::Monitoring),
        Service::Storage => Some(Who::Storage),
        Service::Metadata => Some(Who::Metadata),
        Service::Cloudflare => Some(Who::Cloudflare),
        Service::Kubernetes => Some(Who::Kubernetes),
        Service::Primary => Some(Who::Home),
        _ => None,
    }
}

/// What a change has brought about, as the provider has it now.
fn changed(stage: &Stage, record: &Record) -> Option<String> {
    if record.kind != Kind::Write {
        return None;
    }
    let (world, seed) = (stage.world(), &stage.site.seed);
    let said = match record.service {
        Service::Run if world.run.is_granted(&seed.service) => {
            "the standby is opened: allUsers may invoke it"
        }
        Service::Run => "the standby is closed again: allUsers may not invoke it",
        Service::Cloudflare if world.cloudflare.is_routed(&stage.site) => {
            "the page rule is active: visitors are sent to the standby"
        }
        Service::Cloudflare => "the page rule is disabled: visitors are sent home again",
        Service::Monitoring if world.monitoring.is_enabled(&seed.check) => "the uptime check is resumed",
        Service::Monitoring => "the uptime check is paused",
        Service::Kubernetes if world.kubernetes.replicas(stage.site.name()) == 0 => {
            "the deployment is scaled to 0: the primary is gone"
        }
        Service::Kubernetes => "the deployment is scaled up: its pod starts",
        _ => return None,
    };
    Some(said.to_owned())
}

fn refused(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    format!("refuses: {status} {}", reason.unwrap_or_default()).trim_end().to_owned()
}
