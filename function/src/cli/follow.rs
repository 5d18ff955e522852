//! Telling a move's steps as the journal learns of them.

use std::sync::Arc;

use failover_core::{End, Entry, Event, Move, OpenPlan, Plan, Step, StepRecord, Terms, moves};

use super::{
    paint::{BAD, DIM, GOOD, WARN, in_style},
    progress::Progress,
    words,
};
use crate::site::Guarded;

/// Follows the moves of one site.
#[derive(Debug)]
pub(super) struct Follower {
    site: Arc<Guarded>,
    told: Vec<(u64, Step)>,
}

impl Follower {
    /// Nothing was told yet.
    pub(super) fn new(site: Arc<Guarded>) -> Self {
        Self { site, told: Vec::new() }
    }

    /// Tells the steps that `entries` know of and that were not told before.
    pub(super) fn tell(&mut self, entries: &[Entry], progress: &Progress) {
        for entry in entries {
            if let Event::Step { plan, record, .. } = &entry.event {
                self.tell_step(*plan, record, progress);
            }
        }
        if let Some(open) = entries.last().and_then(|entry| entry.state.newest()) {
            self.tell_open(open, progress);
        }
    }

    /// As `tell`, from the newest state that this process knows.
    pub(super) fn tell_known(&mut self, progress: &Progress) {
        let Some(head) = self.site.record.known() else { return };
        let Some(open) = head.state.newest() else { return };
        for record in &open.steps {
            self.tell_step(open.id, record, progress);
        }
        self.tell_open(open, progress);
    }

    /// Tells the steps of a move that were not told before.
    pub(super) fn tell_move(&mut self, made: &Move, progress: &Progress) {
        made.steps.iter().for_each(|record| self.tell_step(made.plan, record, progress));
    }

    fn tell_step(&mut self, plan: u64, record: &StepRecord, progress: &Progress) {
        if self.told.contains(&(plan, record.step)) {
            return;
        }
        self.told.push((plan, record.step));
        let note = record.note.as_ref().map_or_else(String::new, |note| format!("  {DIM}{note}{DIM:#}"));
        let took = words::took(record.took_ms);
        progress.remark(format!("  {GOOD}✓{GOOD:#} {:<8} {took:>10}{note}", record.step.to_string()));
    }

    /// What an open plan waits for now.
    fn tell_open(&self, open: &OpenPlan, progress: &Progress) {
        let wanted = Plan::new(open.direction, &self.site.policy, Terms::from(&open.order));
        let next = wanted.steps().find(|step| !open.has_done(*step));
        progress.now(next.map_or_else(|| "looking once more".to_owned(), doing));
    }
}

/// What a step that isn't finished is doing.
fn doing(step: Step) -> String {
    match step {
        Step::Open => "opening the standby",
        Step::Answer => "waiting for the standby to answer",
        Step::Route => "routing visitors",
        Step::Verify => "waiting for a visitor to be served",
        Step::Pause => "pausing monitoring",
        Step::Close => "closing the standby",
        Step::Resume => "resuming monitoring",
        Step::Unroute => "leading visitors back",
        Step::Power => "starting the primary",
    }
    .to_owned()
}

/// The end of a move, for people.
pub(super) fn ended(end: End, sentence: &str) -> String {
    let style = match end {
        End::Done => GOOD,
        End::Unwound | End::Overtaken => WARN,
        End::Stuck => BAD,
    };
    format!("{}: {}", in_style(style, end), words::sentence(sentence))
}

/// A refusal, for people.
pub(super) fn refused(sentence: &str) -> String {
    format!("{}: {}", in_style(WARN, "refused"), words::sentence(sentence))
}

/// The moves that went on after entry `since`, newest first; for telling, so an unread journal tells of none.
pub(super) async fn moves_since(site: &Guarded, since: u64) -> Vec<Move> {
    let newest = site.record.known().map_or(0, |head| head.number);
    let count = usize::try_from(newest.saturating_sub(since)).unwrap_or(0);
    let entries = site.record.entries(count).await.unwrap_or_default();
    moves(&entries, None)
}
