//! The product's promises, judged at every mutation and not only at the end.
//!
//! Providers tell what they changed, the judge asks the world and the ledger; a broken promise is kept with a sentence
//! and never acted on. It judges by what the sandbox saw, not by what the function believes.

mod evidence;
mod foreign;
mod monitoring;
mod standby;
mod traffic;

use crate::frame::call::Reply;
use crate::frame::change::Change;
use crate::frame::promises::Promise;
use crate::frame::provider::Kind;
use crate::world::World;

/// Judges what the call at this place in the ledger changed, and how it was asked.
pub(crate) fn judge(world: &World, position: u64, reply: &Reply) {
    if let Some(change) = &reply.change {
        judge_change(&Case { world, position, change });
    }
    if let Some(complaint) = &reply.complaint {
        world.promises.broken(position, Promise::NothingForeign, complaint.clone());
    }
}

fn judge_change(case: &Case) {
    for sentence in foreign::judge(case) {
        case.broken(Promise::NothingForeign, sentence);
    }
    traffic::judge(case);
    monitoring::judge(case);
    standby::judge(case);
    count(case);
}

fn count(case: &Case) {
    let writes = case.world.ledger.number(|record| record.kind == Kind::Write);
    if let Some(most) = case.world.promises.most_writes().filter(|most| writes > *most) {
        case.broken(Promise::Writes, format!("{writes} writes were asked for, where {most} are enough"));
    }
}

/// One change under judgement.
struct Case<'a> {
    world: &'a World,
    position: u64,
    change: &'a Change,
}

impl Case<'_> {
    fn broken(&self, promise: Promise, sentence: String) {
        self.world.promises.broken(self.position, promise, sentence);
    }
}

#[cfg(test)]
mod tests;
