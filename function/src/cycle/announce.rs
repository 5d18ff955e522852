//! What is told of a decision: a line in the log, and an announcement where it is news.

use failover_core::{Decision, Event, Reason, Signal, SignalKind, Verdict};
use serde_json::json;

use crate::{announce::Kind, site::Guarded};

/// Tells the log of a decision, and people where it is news.
pub(super) fn decision(site: &Guarded, signal: &Signal, decision: &Decision) {
    let reason = &decision.reason;
    tracing::info!(site = %site.name, message_id = %signal.message, verdict = verdict_word(decision), "{reason}");
    let kind = match decision.verdict {
        Verdict::Pending if !decision.record.is_empty() => Kind::Pending,
        Verdict::Refused => Kind::Refused,
        Verdict::Stay if matches!(reason, Reason::Closed { was_pending: false, .. }) => return,
        Verdict::Stay => match decision.record.iter().rfind(|event| is_news(event)) {
            Some(event) => noted(event),
            None => return,
        },
        _ => return,
    };
    let incident = match &signal.kind {
        SignalKind::Incident(incident) => Some(incident.id.clone()),
        SignalKind::Command(_) => None,
    };
    site.announce(kind, &reason.to_string(), json!({ "record": decision.record }), incident);
}

fn noted(event: &Event) -> Kind {
    match event {
        Event::Held { .. } => Kind::Held,
        Event::Released { .. } => Kind::Released,
        Event::Acknowledged { .. } => Kind::Acknowledged,
        Event::Adopted { .. } => Kind::Adopted,
        Event::Refused { .. } => Kind::Refused,
        _ => Kind::Dropped,
    }
}

/// That all is as it was asked for is told by the answer alone.
fn is_news(event: &Event) -> bool {
    !matches!(event, Event::Confirmed { .. })
}

fn verdict_word(decision: &Decision) -> &'static str {
    match decision.verdict {
        Verdict::Start(..) | Verdict::CarryOn(_) => "move",
        Verdict::Pending => "pending",
        Verdict::Stay => "stay",
        Verdict::Refused => "refused",
    }
}
