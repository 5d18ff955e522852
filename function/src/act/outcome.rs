//! How a plan that is done is told to an operator.

use std::time::Duration;

use failover_core::{Direction, Step};

use super::done::Done;
use crate::site::Guarded;

/// What came of it, in a sentence.
pub(super) async fn told(site: &Guarded, done: &Done) -> String {
    match done.direction {
        Direction::Failover => format!("visitors are served by the standby: {}", done.reason),
        Direction::Failback => {
            let caveat = caveat(site).await;
            format!("visitors are served by the primary: {}{caveat}", done.reason)
        }
        Direction::Maintenance => done.reason.clone(),
        Direction::Rehearsal => format!("{}, and the route may be written", proven(done)),
    }
}

/// What a rehearsal has shown of the standby.
fn proven(done: &Done) -> String {
    let Some(answer) = done.record(Step::Answer) else {
        return "the standby has no URL at which it could be asked".to_owned();
    };
    let opened = done.record(Step::Open).is_some_and(|open| open.note.is_none());
    if !opened {
        return "the standby, which was open already, answered".to_owned();
    }
    let spread = Duration::from_millis(answer.took_ms).as_secs_f64();
    format!("the standby answered {spread:.1} s after it was opened")
}

/// What an operator should know although everything went well.
async fn caveat(site: &Guarded) -> String {
    let patience = site.pace.call_timeout / 5;
    let asked = site.switches.iter().map(async |switch| {
        let unread =
            |_| Some(format!("whether an incident is still open could not be read within {patience:?}"));
        tokio::time::timeout(patience, switch.caveat(&site.name)).await.unwrap_or_else(unread)
    });
    let found = futures::future::join_all(asked).await;
    found.into_iter().flatten().fold(String::new(), |said, caveat| format!("{said}; {caveat}"))
}
