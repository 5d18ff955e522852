//! The last look: before a plan is done, every switch is observed once more, and what moved meanwhile set again.

use failover_core::{Position, Role};
use futures::future::join_all;

use super::{Executor, Halt, set::Before};

impl Executor {
    /// Observes every switch of the given roles until all are where they should be.
    pub(super) async fn settle(&self, wanted: &[(Role, Position)]) -> Result<(), Halt> {
        loop {
            let moved = self.moved_meanwhile(wanted).await?;
            if moved.is_empty() {
                return Ok(());
            }
            for (role, position) in moved {
                tracing::warn!(site = %self.site.name, ?role, %position, "a switch moved meanwhile; it is set again");
                self.set(role, position, Vec::new(), Before { look: true, answers: None }).await?;
            }
        }
    }

    async fn moved_meanwhile(&self, wanted: &[(Role, Position)]) -> Result<Vec<(Role, Position)>, Halt> {
        let looks = self.site.switches.iter().filter_map(|switch| {
            let (role, position) = *wanted.iter().find(|(role, _)| *role == switch.role())?;
            Some(async move { Ok((role, position, self.observe(switch).await?.observed.is_at(position))) })
        });
        let seen: Result<Vec<_>, Halt> = join_all(looks).await.into_iter().collect();
        let mut moved: Vec<_> =
            seen?.into_iter().filter(|seen| !seen.2).map(|seen| (seen.0, seen.1)).collect();
        moved.dedup();
        Ok(moved)
    }
}
