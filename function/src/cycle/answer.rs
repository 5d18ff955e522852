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

/// One answer for several sites: the worst status, verdict and end, every reason. What was not taken is worse than what
/// moved, and that than nothing to do.
pub(super) fn together(mut replies: Vec<Reply>) -> Reply {
    if replies.len() == 1 {
        return replies.remove(0);
    }
    let status = replies.iter().map(|reply| reply.status).max().unwrap_or(200);
    let verdicts = [ReplyVerdict::Refused, ReplyVerdict::Pending, ReplyVerdict::Move];
    let has = |verdict: &ReplyVerdict| replies.iter().any(|reply| reply.verdict == *verdict);
    let verdict = verdicts.into_iter().find(has).unwrap_or(ReplyVerdict::Stay);
    let ends = [End::Stuck, End::Unwound, End::Overtaken, End::Done].map(|end| end.to_string());
    let end = ends.into_iter().find(|end| replies.iter().any(|reply| reply.end.as_ref() == Some(end)));
    let said = |reply: &Reply| format!("{}: {}", reply.site.as_deref().unwrap_or("-"), reply.reason);
    let reason = replies.iter().map(said).collect::<Vec<_>>().join("; ");
    Reply { end, ..Reply::new(None, verdict, reason, status) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(site: &str, verdict: ReplyVerdict) -> Reply {
        Reply::new(Some(site), verdict, "so it is", 200)
    }

    #[test]
    fn several_sites_are_as_good_as_the_worst() {
        let told = |replies: Vec<Reply>| {
            let all = together(replies);
            (all.verdict, all.end, all.status)
        };
        let (stay, pending) = (one("a", ReplyVerdict::Stay), one("b", ReplyVerdict::Pending));
        let refused = one("c", ReplyVerdict::Refused);
        let done = one("d", ReplyVerdict::Move).ending(End::Done);
        let unwound = one("e", ReplyVerdict::Move).ending(End::Unwound);
        let word = |end: End| Some(end.to_string());
        assert_eq!(told(vec![stay.clone(), stay.clone()]), (ReplyVerdict::Stay, None, 200));
        assert_eq!(told(vec![stay.clone(), done.clone()]), (ReplyVerdict::Move, word(End::Done), 200));
        assert_eq!(told(vec![done.clone(), unwound.clone()]), (ReplyVerdict::Move, word(End::Unwound), 200));
        assert_eq!(told(vec![pending.clone(), done.clone()]), (ReplyVerdict::Pending, word(End::Done), 200));
        assert_eq!(
            told(vec![stay, pending, refused, unwound]),
            (ReplyVerdict::Refused, word(End::Unwound), 200)
        );
        assert_eq!(together(vec![done.clone(), done]).reason, "d: so it is; d: so it is");
    }
}
