//! Whether somebody else's claim still lives.

use failover_core::Claim;

use crate::clock::Instant;

/// Watches a claim: it is dead when it stood still for `claim_for` on this process's own clock.
#[derive(Debug, Default)]
pub(crate) struct ClaimWatch {
    seen: Option<(Claim, Instant)>,
}

impl ClaimWatch {
    /// Whether `claim`, as the journal has it now, has stood still for `claim_for`.
    pub(crate) fn is_dead(&mut self, claim: &Claim, claim_for: std::time::Duration) -> bool {
        match &self.seen {
            Some((seen, since)) if seen == claim => since.elapsed() >= claim_for,
            _ => {
                self.seen = Some((claim.clone(), Instant::now()));
                false
            }
        }
    }
}
