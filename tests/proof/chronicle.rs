//! The journal as a whole: read from its store past the function, replayed, and asked what it tells.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use ::stage::journal::{BUCKET, replay};
use failover_core::{Direction, End, Entry, Event, SiteName, State, Step};
use sandbox::Sandbox;

/// All entries, oldest first.
#[derive(Debug)]
pub(crate) struct Chronicle(Vec<Entry>);

impl Chronicle {
    /// Reads the journal of the example's site from its bucket.
    pub(crate) fn in_bucket(sandbox: &Arc<Sandbox>, unreadable: &BTreeSet<u64>) -> Result<Self, String> {
        let objects = sandbox.world.storage.objects(BUCKET);
        Self::read(objects.into_iter().map(|(name, bytes)| (name, bytes.to_vec())), unreadable)
    }

    /// Reads the journal of the example's site from its folder.
    pub(crate) fn in_folder(folder: &Path, unreadable: &BTreeSet<u64>) -> Result<Self, String> {
        let Ok(folder) = std::fs::read_dir(folder) else { return Ok(Self(Vec::new())) };
        let read = |file: std::io::Result<std::fs::DirEntry>| {
            let file = file?;
            Ok((file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path())?))
        };
        let files: std::io::Result<Vec<_>> = folder.map(read).collect();
        Self::read(files.map_err(|error| error.to_string())?.into_iter(), unreadable)
    }

    /// Reads entries in any order: numbers have no gaps, and each entry's state follows from the one before it that can be
    /// read.
    pub(crate) fn read(
        files: impl Iterator<Item = (String, Vec<u8>)>,
        unreadable: &BTreeSet<u64>,
    ) -> Result<Self, String> {
        let site: SiteName = "resume".parse().expect("a name");
        let mut files: Vec<(String, Vec<u8>)> = files.collect();
        files.sort_by(|one, other| other.0.cmp(&one.0));
        replay(&site, files, unreadable).map(Self)
    }

    /// Whether each entry is one that the model could have written after those before it.
    pub(crate) fn is_as_it_may_be(&self, claim_for: Duration) -> Result<(), String> {
        ::trace::replay(&self.0, Some(claim_for))
    }

    /// The state after the newest entry.
    pub(crate) fn state(&self) -> State {
        self.0.last().map_or_else(State::default, |entry| entry.state.clone())
    }

    /// How many plans of this direction ended so.
    pub(crate) fn ended(&self, direction: Direction, end: End) -> usize {
        self.ends().filter(|ended| *ended == (direction, end)).count()
    }

    /// How the newest plan ended; none if it is open or there was none.
    pub(crate) fn newest_end(&self) -> Option<(Direction, End)> {
        self.state().plans.is_empty().then(|| self.ends().last())?
    }

    fn ends(&self) -> impl Iterator<Item = (Direction, End)> + '_ {
        self.0.iter().filter_map(|entry| match &entry.event {
            Event::Ended { plan, end, .. } => Some((self.direction(*plan)?, *end)),
            _ => None,
        })
    }

    fn direction(&self, plan: u64) -> Option<Direction> {
        match &self.0.iter().find(|entry| entry.number == plan)?.event {
            Event::Intent { direction, .. } => Some(*direction),
            _ => None,
        }
    }

    /// What is missing in the telling of a plan that ended: who asked, why, each step, and why it ended. Steps that the
    /// site has no switch for are not expected.
    pub(crate) fn gap(&self, without: &[Step]) -> Option<String> {
        self.0.iter().find_map(|entry| match &entry.event {
            Event::Intent { direction, order, reason, .. } => {
                let partly = order.unfinished || order.force;
                self.gap_of(entry.number, *direction, partly, reason, without)
            }
            _ => None,
        })
    }

    fn gap_of(
        &self,
        plan: u64,
        direction: Direction,
        partly: bool,
        reason: &str,
        without: &[Step],
    ) -> Option<String> {
        if reason.is_empty() {
            return Some(format!("the {direction} of entry {plan} has no reason"));
        }
        let ended = self.0.iter().find_map(|entry| match &entry.event {
            Event::Ended { plan: ended, end, sentence, .. } if *ended == plan => Some((*end, sentence)),
            _ => None,
        });
        let (end, sentence) = ended?;
        if sentence.is_empty() {
            return Some(format!("the {direction} of entry {plan} ended without a sentence"));
        }
        let steps = self.steps(plan);
        let mut expected = expected(direction).iter().filter(|step| !without.contains(step));
        let missing = expected.find(|step| !steps.contains(step));
        let missing = missing.filter(|_| end == End::Done && !partly)?;
        Some(format!(
            "the {direction} of entry {plan} is done, and nothing tells of its {missing}: {steps:?}"
        ))
    }

    fn steps(&self, plan: u64) -> Vec<Step> {
        let steps = self.0.iter().filter_map(|entry| match &entry.event {
            Event::Step { plan: of, record, .. } if *of == plan => Some(record.step),
            _ => None,
        });
        steps.collect()
    }
}

/// What a plan that is done has done; a standby that still drains is closed by an entry of its own.
fn expected(direction: Direction) -> &'static [Step] {
    match direction {
        Direction::Failover => &[Step::Open, Step::Route, Step::Verify, Step::Pause],
        Direction::Failback => &[Step::Route, Step::Verify, Step::Resume],
        Direction::Rehearsal => &[Step::Open, Step::Answer, Step::Route, Step::Close],
        Direction::Maintenance => &[],
    }
}
