//! From what came out to what is answered.

use failover_core::{Decision, End, Verdict};

use crate::{
    act::Outcome,
    push::{Reply, ReplyVerdict},
    record::RecordError,
    site::Guarded,
};

/// The answer to a decision that began no plan.
pub(super) fn decided(site: &Guarded, decision: &Decision) -> Reply {
    let verdict = match decision.verdict {
        Verdict::Start(..) | Verdict::CarryOn(_) => ReplyVerdict::Move,
        Verdict::Pending => ReplyVerdict::Pending,
        Verdict::Stay => ReplyVerdict::Stay,
        Verdict::Refused => ReplyVerdict::Refused,
    };
    Reply::new(Some(site.name.as_str()), verdict, decision.reason.to_string(), 200)
}

/// The answer to a plan that was executed, or to an attempt at one.
pub(super) fn executed(site: &Guarded, reason: &str, outcome: &Outcome) -> Reply {
    let name = Some(site.name.as_str());
    match outcome.end {
        Some(end) if outcome.recorded => {
            let said = match end {
                End::Done if outcome.sentence.contains(reason) => outcome.sentence.clone(),
                End::Done => format!("{reason}: {}", outcome.sentence),
                _ => outcome.sentence.clone(),
            };
            Reply::new(name, ReplyVerdict::Move, said, 200).ending(end)
        }
        _ => Reply::new(name, ReplyVerdict::Move, outcome.sentence.clone(), 503),
    }
}

/// The answer where the journal could not be read or written: another try may help.
pub(super) fn unrecorded(site: &Guarded, error: &RecordError) -> Reply {
    tracing::error!(site = %site.name, "{error}");
    Reply::new(Some(site.name.as_str()), ReplyVerdict::Stay, error.to_string(), 503)
}

/// The answer where nothing was to be done, or no more than was done.
pub(super) fn quiet(site: &Guarded, reason: String) -> Reply {
    Reply::new(Some(site.name.as_str()), ReplyVerdict::Stay, reason, 200)
}

/// One answer for several sites: the worst status, every reason.
pub(super) fn together(mut replies: Vec<Reply>) -> Reply {
    if replies.len() == 1 {
        return replies.remove(0);
    }
    let status = replies.iter().map(|reply| reply.status).max().unwrap_or(200);
    let moved = replies.iter().any(|reply| reply.verdict == ReplyVerdict::Move);
    let verdict = if moved { ReplyVerdict::Move } else { ReplyVerdict::Stay };
    let said = |reply: &Reply| format!("{}: {}", reply.site.as_deref().unwrap_or("-"), reply.reason);
    let reason = replies.iter().map(said).collect::<Vec<_>>().join("; ");
    Reply::new(None, verdict, reason, status)
}
