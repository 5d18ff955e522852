//! What the switches that are one object at Cloudflare have in common.

use failover_core::{Observed, Position, SwitchId};
use serde_json::Value;

use crate::api::{ApiError, ApiErrorKind, Cloudflare, names::HexId};
use crate::check::{ByHand, Checked, Situation, front};

/// Where tokens are made.
pub(super) const TOKENS: &str = "https://dash.cloudflare.com/profile/api-tokens";

/// Believes what the answer to a write showed; where that isn't `position`, one more look decides.
///
/// # Errors
/// When the look fails, or shows something else still.
pub(super) async fn confirm(
    id: &SwitchId,
    position: Position,
    told: &Observed,
    look: impl Future<Output = Result<Observed, ApiError>>,
) -> Result<(), ApiError> {
    if told.is_at(position) {
        return Ok(());
    }
    let now = look.await?;
    if now.is_at(position) {
        return Ok(());
    }
    let message = format!("Cloudflare accepted the change of {}, but it is {now}", id.resource);
    Err(ApiError { kind: ApiErrorKind::Transient, message })
}

/// Where it is, to be written there once more.
///
/// # Errors
/// When it is nowhere that could be written again.
pub(super) fn place(id: &SwitchId, now: Observed) -> Result<Position, ApiError> {
    match now {
        Observed::At(position) => Ok(position),
        Observed::Mixed(how) | Observed::Unknown(how) => {
            Err(ApiError { kind: ApiErrorKind::Refused, message: format!("{}: {how}", id.resource) })
        }
    }
}

/// Whether visitors come through Cloudflare at all, where a rule is what leads them. Whoever may read neither the zone nor
/// its records sees it by an answer of the site.
pub(super) async fn check_front(cloudflare: &Cloudflare, zone: &HexId, situation: &Situation) -> Checked {
    let mut checked = Checked::default();
    let (Some(host), Some(url)) = (situation.domain(), &situation.public_url) else { return checked };
    let by_hand = ByHand::at(cloudflare.url(&format!("zones/{zone}")));
    let (read, records) = tokio::join!(cloudflare.zone(zone.as_str()), leading(cloudflare, zone, host));
    if read.is_err() && records.is_err() {
        if let Some(is_before) = cloudflare.is_before(url).await {
            checked.seen += 1;
            checked.extend(front::of_answer(situation).filter(|_| !is_before));
            return checked;
        }
        tracing::debug!("nobody answers who could tell whether Cloudflare is in front");
    }
    let zone = checked.look(read);
    let records = checked.look(records);
    let outside = zone.and_then(|zone| front::of_zone(&zone, &by_hand, situation));
    // What follows from the zone isn't told of its records too.
    let past = || records.and_then(|records| front::of_records(&records, &by_hand, situation));
    checked.extend(outside.or_else(past));
    checked
}

/// The records that lead visitors of `host`: its own, or those of the wildcard that stands for it.
async fn leading(cloudflare: &Cloudflare, zone: &HexId, host: &str) -> Result<Vec<Value>, ApiError> {
    let own = cloudflare.dns_records_of(zone.as_str(), host).await?;
    let mut parent = host;
    while own.is_empty()
        && let Some((_, rest)) = parent.split_once('.')
        && rest.contains('.')
    {
        let wild = cloudflare.dns_records_of(zone.as_str(), &format!("*.{rest}")).await?;
        if !wild.is_empty() {
            return Ok(wild);
        }
        parent = rest;
    }
    Ok(own)
}
