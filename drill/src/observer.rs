//! The observer: looks at what everybody noted since it last looked, and says it in one line each.
//!
//! Sources are the sandbox's ledger, Pub/Sub's deliveries, the logs of function and watcher, and the visitors' notes. It keeps a
//! place in each and never changes anything.

mod cloud;
mod function;
mod pushes;
mod visits;
mod watcher;

use sandbox::Visitors;

use super::{
    happening::{Board, Happening, What},
    stage::Stage,
};
use cloud::CloudPlace;
use function::LogPlace;
use pushes::PushPlace;
use visits::VisitPlace;
use watcher::WatchPlace;

/// How far it has looked.
#[derive(Debug, Default)]
pub(super) struct Observer {
    log: LogPlace,
    watch: WatchPlace,
    clouds: CloudPlace,
    pushes: PushPlace,
    visits: VisitPlace,
}

impl Observer {
    /// What has happened since it last looked.
    pub(super) fn look(&mut self, stage: &Stage, visitors: &Visitors, board: &Board) -> Vec<Happening> {
        let mut seen = board.take();
        if seen.iter().any(|happening| matches!(happening.what, What::Chapter(_))) {
            self.log.forget();
        }
        seen.extend(self.visits.look(&visitors.visits()));
        seen.extend(self.clouds.look(stage));
        seen.extend(self.watch.look(stage));
        seen.extend(self.pushes.look(stage));
        seen.extend(self.log.look(stage));
        seen
    }
}
