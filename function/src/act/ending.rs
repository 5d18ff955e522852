//! How an attempt ends: the plan with it, or only this executor's part.

use failover_core::{End, Event, Position, Refused};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Executor, Outcome, journal_writer::Stop};
use crate::{announce::Kind, api::ApiErrorKind, clouds::SwitchError};

/// How long the same permanent error is tried before a plan is stuck.
const TRYING_FOR: SignedDuration = SignedDuration::from_mins(30);

/// Why an executor can't simply go on.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It has to stop.
    Stop(Stop),
    /// A permanent error ends the attempt.
    Permanent(Refusal),
    /// What was done is to be undone, for this reason.
    Unwind(String),
    /// What was forced leads nowhere, for this reason.
    InVain(String),
}

/// What can't be had without a person.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// What to mend.
    pub(super) sentence: String,
    /// Operation, switch and kind: the same whatever words the provider finds.
    pub(super) about: Option<String>,
    /// Whether it was tried for as long as anything is.
    pub(super) for_long: bool,
}

impl Refusal {
    pub(super) fn of(error: &SwitchError) -> Self {
        let kind = match error.cause.kind {
            ApiErrorKind::Unaccepted => "unaccepted",
            ApiErrorKind::Denied => "denied",
            ApiErrorKind::Missing => "missing",
            ApiErrorKind::Refused => "refused",
            ApiErrorKind::Conflict => "conflict",
            ApiErrorKind::Transient
            | ApiErrorKind::Busy(_)
            | ApiErrorKind::Throttled
            | ApiErrorKind::Rationed(_) => "transient",
        };
        let about = format!("{} {}: {kind}", error.operation, error.switch);
        Self { sentence: crate::log::chain(error), about: Some(about), for_long: false }
    }

    pub(super) fn told(self, tell: impl FnOnce(&str) -> String) -> Self {
        Self { sentence: tell(&self.sentence), ..self }
    }
}

impl From<String> for Refusal {
    fn from(sentence: String) -> Self {
        Self { sentence, about: None, for_long: false }
    }
}

/// How a plan ends.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(super) end: End,
    pub(super) active: Position,
    pub(super) sentence: String,
    pub(super) drain_until: Option<Timestamp>,
    /// `Stuck`: whether another try is no risk.
    pub(super) retry: bool,
}

impl Finish {
    pub(super) fn new(end: End, active: Position, sentence: impl Into<String>) -> Self {
        Self { end, active, sentence: sentence.into(), drain_until: None, retry: false }
    }
}

impl Executor {
    pub(super) async fn finish(&self, finish: Finish) -> Outcome {
        let Finish { end, active, sentence, drain_until, retry } = finish;
        let (journal, told) = (&self.permit.journal, sentence.clone());
        let ended =
            |plan, nonce| Event::Ended { plan, nonce, end, active, sentence: told, drain_until, retry };
        journal.tell(ended);
        let recorded = journal.flush_or_trouble().await;
        self.teller.end(end, active, &sentence, &self.run.done);
        match recorded {
            Ok(()) => Outcome { end: Some(end), sentence, recorded: true, lost: false },
            Err(_) if journal.stop() == Some(Stop::Lost) => self.lost(),
            Err(why) => Outcome {
                end: Some(end),
                sentence: format!("{sentence}; it is not recorded yet: {why}"),
                recorded: self.record_later().await,
                lost: false,
            },
        }
    }

    /// The record goes on trying for as long as a delivery may wait.
    async fn record_later(&self) -> bool {
        let patience = crate::push::ANSWER_WITHIN.saturating_sub(self.begun.elapsed()) / 2;
        let patience = patience.min(self.run.site.pace.journal_patience);
        tokio::time::timeout(patience, self.permit.journal.flush()).await.unwrap_or(false)
    }

    pub(super) async fn give_up(&self, refusal: Refusal) -> Outcome {
        let Refusal { sentence, about, for_long } = refusal;
        let done = &self.run.done;
        let known = done.trouble.as_ref().filter(|known| known.is_still(about.as_deref(), &sentence));
        let tried_long =
            known.is_some_and(|known| Timestamp::now().duration_since(known.since) >= TRYING_FOR);
        let may_be_stuck = self.run.plan.refused != Refused::LeftToNextRound;
        if may_be_stuck && (for_long || tried_long) {
            let finish = Finish::new(End::Stuck, done.active(), sentence);
            return self.finish(Finish { retry: done.is_no_risk(), ..finish }).await;
        }
        let trouble = Some(sentence.clone());
        self.permit.journal.tell(|plan, nonce| Event::AttemptEnded { plan, nonce, trouble, about });
        let recorded = self.permit.journal.flush_or_trouble().await.is_ok();
        if known.is_none() {
            self.teller.tell(Kind::Trouble, &sentence, json!({}));
        }
        Outcome { end: None, sentence, recorded, lost: false }
    }

    pub(super) async fn stop(&self, stop: Stop) -> Outcome {
        let direction = self.run.plan.direction;
        match stop {
            Stop::Lost => self.lost(),
            Stop::Overtaken => {
                let sentence = format!("a newer order took the place of this {direction}");
                let active = self.run.done.state.active;
                self.finish(Finish::new(End::Overtaken, active, sentence)).await
            }
            Stop::Shutdown => {
                let (trouble, about) = (None, None);
                self.permit.journal.tell(|plan, nonce| Event::AttemptEnded { plan, nonce, trouble, about });
                let recorded = self.permit.journal.flush_or_trouble().await.is_ok();
                let sentence = "this process ends; the next delivery carries the plan on".to_owned();
                Outcome { end: None, sentence, recorded, lost: false }
            }
        }
    }

    fn lost(&self) -> Outcome {
        let sentence = format!("another executor carries this {} on", self.run.plan.direction);
        Outcome { end: None, sentence, recorded: true, lost: true }
    }
}
