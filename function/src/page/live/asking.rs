//! Asks a site while somebody looks: the public URL, and beside it the primary past whatever leads visitors.

use failover_core::Served;
use jiff::Timestamp;
use tokio::time::timeout;

use super::PATIENCE;
use crate::{page::Asked, site::Guarded};

/// Who answers; none for a site that nobody visits.
pub(super) async fn ask(site: &Guarded) -> Option<Asked> {
    if !site.has_visitors() {
        return None;
    }
    let primary = async {
        site.targets.primary.as_ref()?;
        Some(in_time(async { site.prober.primary(&site.targets).await.served }).await)
    };
    let (answer, primary) = tokio::join!(site.visit_within(PATIENCE), primary);
    let (public, certificate) = (answer.served, answer.expires);
    Some(Asked { public, primary, at: Timestamp::now(), certificate })
}

/// A home without power doesn't refuse, it hangs: no answer in time is silence.
async fn in_time(asked: impl Future<Output = Served>) -> Served {
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| unanswered())
}

fn unanswered() -> Served {
    Served::Silent(format!("gave no answer within {PATIENCE:?}"))
}
