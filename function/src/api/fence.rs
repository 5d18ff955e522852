//! A last look before a change is asked for.
//!
//! A process can be kept from running between any two lines: a machine that is suspended, an instance without CPU.
//! Whoever wakes up just before a write had every right to it when it fell asleep, and somebody else may have led
//! visitors elsewhere meanwhile. So the right is looked at where the request is sent, too.

use std::sync::Arc;

use super::{ApiError, ApiErrorKind, task::Task};

/// Says whether whoever asks for changes may still do so.
pub(crate) type Standing = Arc<dyn Fn() -> bool + Send + Sync>;

/// How the log's line begins that tells of a change when it is asked for, not yet of any answer.
const ASKED: &str = "a change is asked for";

tokio::task_local! {
    static STANDING: Standing;
}

/// Runs `work`; in it no provider is asked for a change any more once `standing` denies it.
pub(crate) async fn guard<T>(standing: Standing, work: impl Future<Output = T>) -> T {
    STANDING.scope(standing, work).await
}

/// Looks before a change is asked for; outside of `guard` everything may be asked for.
///
/// # Errors
/// Where the right to change anything is gone. Another try may help: it begins with asking the journal.
pub(crate) fn check(task: &Task<'_>) -> Result<(), ApiError> {
    let may = STANDING.try_with(|standing| standing()).unwrap_or(true);
    if may {
        tracing::debug!(provider = task.provider.name, "{ASKED}: {} {}", task.verb, task.subject);
        return Ok(());
    }
    let what =
        "was not asked, because this process stood still for so long that another may move the site by now";
    Err(task.error(ApiErrorKind::Transient, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: Task<'static> = Task {
        provider: crate::api::task::Party { name: "Cloud Run", renewal: "" },
        verb: "close",
        subject: "resume",
        grant: "",
        missing: "",
        refused: "",
    };

    #[tokio::test]
    async fn who_has_the_right_may_ask_for_a_change_and_who_lost_it_may_not() {
        assert!(check(&TASK).is_ok(), "nobody said that a right is needed");
        assert!(guard(Arc::new(|| true), async { check(&TASK) }).await.is_ok());
        let refused = guard(Arc::new(|| false), async { check(&TASK) }).await.expect_err("no right");
        assert_eq!(refused.kind, ApiErrorKind::Transient);
        assert!(refused.message.starts_with("could not close resume: Cloud Run was not asked"), "{refused}");
    }
}
