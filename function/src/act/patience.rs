//! What is tried again: after which pause, when people are told of it, and when that was long enough.

use std::{sync::Arc, time::Duration};

use failover_core::Unless;
use serde_json::json;
use tokio::time::Instant;

use super::{
    announce::Teller,
    answers::Answers,
    ending::{Halt, Refusal},
    permit::Permit,
};
use crate::{announce::Kind, api::ApiErrorKind, clouds::SwitchError, site::Guarded};

/// So long something is tried again before people are told of it.
const TOLD_AFTER: Duration = Duration::from_mins(1);

/// So long something is tried again before it ends as what is refused for good.
const TRIED_AT_MOST: Duration = Duration::from_mins(30);

/// The tries of one thing so far.
#[derive(Debug, Default)]
pub(super) struct Tries {
    pub(super) failed: u32,
    /// On the clock that stands still while the machine is suspended: nothing is tried then.
    since: Option<Instant>,
    told: bool,
}

/// How an executor waits between tries, and what it gives them up for.
#[derive(Debug)]
pub(super) struct Patience {
    pub(super) site: Arc<Guarded>,
    pub(super) permit: Arc<Permit>,
    pub(super) answers: Arc<Answers>,
    pub(super) teller: Arc<Teller>,
    /// Whether the first failure ends the attempt: somebody else comes by in a minute.
    pub(super) gives_up: bool,
}

impl Patience {
    /// Waits for `work`, which may be given up at any time, unless that becomes pointless.
    pub(super) async fn worth_it<T>(&self, unless: Unless, work: impl Future<Output = T>) -> Result<T, Halt> {
        let race = async {
            tokio::select! {
                biased;
                done = work => Ok(done),
                why = self.answers.pointless(unless) => Err(Halt::Unwind(why)),
            }
        };
        self.permit.unless_stopped(race).await?
    }

    /// Sees a write to its end. Where it failed, it also says whether another try has become pointless meanwhile.
    pub(super) async fn see_to_its_end<T, E>(
        &self,
        unless: Unless,
        write: impl Future<Output = Result<T, E>>,
    ) -> Result<Result<T, E>, Halt> {
        let (mut write, mut pointless) =
            (std::pin::pin!(write), std::pin::pin!(self.answers.pointless(unless)));
        let mut why = None;
        let written = loop {
            tokio::select! {
                biased;
                written = &mut write => break written,
                said = &mut pointless, if why.is_none() => why = Some(said),
            }
        };
        match (written, why) {
            (Err(_), Some(why)) => Err(Halt::Unwind(why)),
            (written, _) => Ok(written),
        }
    }

    /// Waits before the next try, or says that there is none.
    pub(super) async fn after_failure(
        &self,
        error: &SwitchError,
        tries: &mut Tries,
        unless: Unless,
    ) -> Result<(), Halt> {
        self.permit.check()?;
        let refusal = Refusal::of(error);
        if error.cause.is_permanent() {
            return Err(Halt::Permanent(refusal));
        }
        let failed = tries.failed;
        tracing::warn!(site = %self.site.name, switch = %error.switch, failed, "{}; trying again", refusal.sentence);
        let backoff = self.site.pace.backoff(failed);
        let wait = match error.cause.kind {
            ApiErrorKind::Conflict if failed == 0 => Duration::ZERO,
            ApiErrorKind::Busy(asked) | ApiErrorKind::Rationed(asked) => {
                self.site.wishes.note(&error.switch, asked).max(backoff)
            }
            ApiErrorKind::Throttled => self.site.pace.throttled(failed),
            _ => backoff,
        };
        self.tried_in_vain(refusal, tries)?;
        self.worth_it(unless, tokio::time::sleep(wait)).await
    }

    /// Renews a claim that is too old to write to a cloud on. A failover goes on while the journal can't be
    /// reached: a broken journal must not keep visitors in the dark.
    pub(super) async fn before_write(&self) -> Result<(), Halt> {
        self.permit.check()?;
        let mut tries = Tries::default();
        while self.permit.is_old() {
            match self.permit.journal.renew().await {
                Ok(()) => break,
                Err(_) if self.permit.goes_on_blind => {
                    self.permit.check()?;
                    break;
                }
                Err(why) => {
                    self.permit.check()?;
                    let sentence = format!("the journal of {} can't be written: {why}", self.site.name);
                    self.tried_in_vain(Refusal::from(sentence), &mut tries)?;
                    self.permit.rest(self.site.pace.backoff(tries.failed)).await?;
                }
            }
        }
        self.permit.check()
    }

    /// Counts a try that failed: people are told once it has been tried for long, and in the end it is refused.
    fn tried_in_vain(&self, refusal: Refusal, tries: &mut Tries) -> Result<(), Halt> {
        if self.gives_up {
            return Err(Halt::Permanent(refusal));
        }
        tries.failed += 1;
        let since = *tries.since.get_or_insert_with(Instant::now);
        if since.elapsed() >= TRIED_AT_MOST {
            return Err(Halt::Permanent(Refusal { for_long: true, ..refusal }));
        }
        if since.elapsed() >= TOLD_AFTER && !std::mem::replace(&mut tries.told, true) {
            let sentence =
                format!("{}; it has been tried again for a minute, and is further", refusal.sentence);
            self.teller.tell(Kind::Trouble, &sentence, json!({}));
        }
        Ok(())
    }
}
