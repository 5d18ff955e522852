//! What is tried again: after which pause, when people are told of it, and when that was long enough.

use std::time::Duration;

use failover_core::{Position, Role};
use serde_json::json;

use super::{Executor, Halt, ending::Refusal};
use crate::{announce::Kind, api::ApiErrorKind, clock::Instant, switch::SwitchError};

/// So long something is tried again before people are told of it.
const TOLD_AFTER: Duration = Duration::from_mins(1);

/// So long something is tried again before it ends as what is refused for good.
const TRIED_AT_MOST: Duration = Duration::from_mins(30);

/// The tries of one thing so far.
#[derive(Debug, Default)]
pub(super) struct Tries {
    pub(super) failed: u32,
    since: Option<Instant>,
    told: bool,
}

/// What makes it pointless to try a write again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unless {
    /// Nothing does.
    Nothing,
    /// A failover: the primary answers visitors after all.
    PrimaryReturns,
    /// A failback that leads visitors back to the standby: one was served by the primary.
    PrimaryServes,
}

impl Executor {
    /// What makes it pointless to set switches of this role so.
    pub(super) fn unless(&self, role: Role, position: Position) -> Unless {
        use failover_core::Direction::{Failback, Failover};
        let leads = matches!(role, Role::Gate | Role::Route) && position == Position::Standby;
        match self.task.direction {
            Failover if leads => Unless::PrimaryReturns,
            Failback if leads => Unless::PrimaryServes,
            _ => Unless::Nothing,
        }
    }

    /// Ends, with the reason, once it is pointless to go on; never where nothing makes it so.
    pub(super) async fn is_pointless(&self, unless: Unless) -> String {
        match unless {
            Unless::PrimaryReturns => self.primary_returns().await,
            Unless::PrimaryServes if self.site.has_visitors() => {
                self.await_visitor(Position::Primary).await;
                "a visitor was served by the primary after all".to_owned()
            }
            Unless::PrimaryServes | Unless::Nothing => std::future::pending().await,
        }
    }

    /// Waits for `work`, which may be given up at any time, unless that becomes pointless.
    pub(super) async fn worth_it<T>(&self, unless: Unless, work: impl Future<Output = T>) -> Result<T, Halt> {
        let race = async {
            tokio::select! {
                biased;
                done = work => Ok(done),
                why = self.is_pointless(unless) => Err(Halt::Unwind(why)),
            }
        };
        self.unless_stopped(race).await?
    }

    /// Sees a write to its end. Where it failed, it also says whether another try has become pointless meanwhile.
    pub(super) async fn see_to_its_end<T, E>(
        &self,
        unless: Unless,
        write: impl Future<Output = Result<T, E>>,
    ) -> Result<Result<T, E>, Halt> {
        let (mut write, mut pointless) = (std::pin::pin!(write), std::pin::pin!(self.is_pointless(unless)));
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
        self.check()?;
        let refusal = Refusal::of(error);
        if error.cause.is_permanent() {
            return Err(Halt::Permanent(refusal));
        }
        let failed = tries.failed;
        tracing::warn!(site = %self.site.name, switch = %error.switch, failed, "{}; trying again", refusal.sentence);
        self.tried_in_vain(refusal, tries)?;
        let backoff = self.site.pace.backoff(failed);
        let wait = match error.cause.kind {
            ApiErrorKind::Conflict if failed == 0 => Duration::ZERO,
            ApiErrorKind::Busy(asked) | ApiErrorKind::Rationed(asked) => {
                self.site.wishes.note(&error.switch, asked).max(backoff)
            }
            ApiErrorKind::Throttled => self.site.pace.throttled(failed),
            _ => backoff,
        };
        self.worth_it(unless, tokio::time::sleep(wait)).await
    }

    /// Counts a try that failed: people are told once it has been tried for long, and in the end it is refused.
    pub(super) fn tried_in_vain(&self, refusal: Refusal, tries: &mut Tries) -> Result<(), Halt> {
        tries.failed += 1;
        let since = *tries.since.get_or_insert_with(Instant::now);
        if since.elapsed() >= TRIED_AT_MOST {
            return Err(Halt::Permanent(Refusal { for_long: true, ..refusal }));
        }
        if since.elapsed() >= TOLD_AFTER && !std::mem::replace(&mut tries.told, true) {
            let sentence =
                format!("{}; it has been tried again for a minute, and is further", refusal.sentence);
            self.announce(Kind::Trouble, &sentence, json!({}));
        }
        Ok(())
    }
}
