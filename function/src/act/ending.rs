//! How an attempt ends: the plan with it, or only this executor's part.

use failover_core::{End, Position};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Executor, Outcome, progress::Stop, writer::Note};
use crate::announce::Kind;

/// How long the same permanent error is tried before a plan is stuck.
const TRYING_FOR: SignedDuration = SignedDuration::from_mins(30);

/// Why an executor can't simply go on.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It has to stop.
    Stop(Stop),
    /// A permanent error ends the attempt; the sentence says what to mend.
    Permanent(String),
    /// What was done is to be undone, for this reason.
    Unwind(String),
}

/// How a plan ends.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(super) end: End,
    pub(super) active: Position,
    pub(super) sentence: String,
    pub(super) drain_until: Option<Timestamp>,
}

impl Finish {
    pub(super) fn new(end: End, active: Position, sentence: impl Into<String>) -> Self {
        Self { end, active, sentence: sentence.into(), drain_until: None }
    }
}

impl Executor {
    pub(super) async fn finish(&self, finish: Finish) -> Outcome {
        let Finish { end, active, sentence, drain_until } = finish;
        self.scribe.note(Note::Ended { end, active, sentence: sentence.clone(), drain_until });
        let recorded = self.scribe.flush_or_trouble().await;
        self.announce_end(end, active, &sentence);
        match recorded {
            Ok(()) => Outcome { end: Some(end), sentence, recorded: true, lost: false },
            Err(_) if self.scribe.stop() == Some(Stop::Lost) => self.lost(),
            Err(why) => Outcome {
                end: Some(end),
                sentence: format!("{sentence}; it is not recorded yet: {why}"),
                recorded: self.record_later().await,
                lost: false,
            },
        }
    }

    /// The scribe goes on trying for as long as a delivery may wait.
    async fn record_later(&self) -> bool {
        let patience = crate::push::ANSWER_WITHIN.saturating_sub(self.begun.elapsed()) / 2;
        tokio::time::timeout(patience.min(self.site.pace.journal_patience), self.scribe.flush())
            .await
            .unwrap_or(false)
    }

    pub(super) async fn give_up(&self, sentence: String) -> Outcome {
        let tried_long = self.task.trouble.as_ref().is_some_and(|trouble| {
            trouble.sentence == sentence && Timestamp::now().duration_since(trouble.since) >= TRYING_FOR
        });
        if tried_long {
            let active = self.active_by_steps();
            return self.finish(Finish::new(End::Stuck, active, sentence)).await;
        }
        self.scribe.note(Note::AttemptEnded { trouble: Some(sentence.clone()) });
        let recorded = self.scribe.flush_or_trouble().await.is_ok();
        self.announce(Kind::Trouble, &sentence, json!({}));
        Outcome { end: None, sentence, recorded, lost: false }
    }

    pub(super) async fn stop(&self, stop: Stop) -> Outcome {
        match stop {
            Stop::Lost => self.lost(),
            Stop::Overtaken => {
                let active = self.task.state.active;
                let sentence = format!("a newer order took the place of this {}", self.task.direction);
                self.finish(Finish::new(End::Overtaken, active, sentence)).await
            }
            Stop::Shutdown => {
                self.scribe.note(Note::AttemptEnded { trouble: None });
                let recorded = self.scribe.flush_or_trouble().await.is_ok();
                let sentence = "this process ends; the next delivery carries the plan on".to_owned();
                Outcome { end: None, sentence, recorded, lost: false }
            }
        }
    }

    fn lost(&self) -> Outcome {
        let sentence = format!("another executor carries this {} on", self.task.direction);
        Outcome { end: None, sentence, recorded: true, lost: true }
    }
}
