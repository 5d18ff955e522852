//! The observer: looks at what everybody noted since it last looked, and says it in one line each.
//!
//! Sources are the sandbox's ledger, Pub/Sub's deliveries, the function's log, and the visitors' notes. It keeps a
//! place in each and never changes anything.

mod cloud;
mod function;
mod pushes;
mod visits;

use super::{
    happening::{Board, Happening},
    stage::Stage,
};
use sandbox::Visitors;

use cloud::CloudPlace;
use pushes::PushPlace;
use visits::VisitPlace;

/// How far it has looked.
#[derive(Debug, Default)]
pub(super) struct Observer {
    log: usize,
    clouds: CloudPlace,
    pushes: PushPlace,
    visits: VisitPlace,
}

impl Observer {
    /// What has happened since it last looked.
    pub(super) fn look(&mut self, stage: &Stage, visitors: &Visitors, board: &Board) -> Vec<Happening> {
        let mut seen = board.take();
        seen.extend(self.visits.look(&visitors.visits()));
        seen.extend(self.clouds.look(stage));
        seen.extend(self.pushes.look(stage));
        let lines = stage.logbook.after(self.log);
        self.log += lines.len();
        seen.extend(lines.iter().filter_map(function::line));
        seen
    }
}
