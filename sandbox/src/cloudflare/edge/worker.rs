//! What runs at the edge in a visitor's way: stand-ins of the scripts that are deployed there.

use super::{GATE_SCRIPT, STANDBY_SCRIPT, Visited};
use crate::frame::call::{Call, Reply};
use crate::sites::Power;

/// The header that says who served a visitor.
const SERVED_BY: &str = "failover-served-by";

/// What a probe says of itself, to be repeated in the answer.
const PROBE: &str = "failover-probe";

impl Visited<'_> {
    /// What the script of this name makes of the visit.
    pub(super) fn run(&self, script: &str) -> Reply {
        match script {
            GATE_SCRIPT => self.gate(),
            STANDBY_SCRIPT => self.standby_always(),
            _ => Reply::html(500, "<title>Error 1101</title>error code: 1101\n"),
        }
    }

    /// Asks home, and the standby where home doesn't answer.
    fn gate(&self) -> Reply {
        let answer = self.home();
        if answer.status < 500 { said_by(answer, "primary", self.call) } else { self.standby_always() }
    }

    /// Asks the closed standby with a token of its own.
    fn standby_always(&self) -> Reply {
        let sites = &self.edge.sites;
        match sites.pages.standby(self.site.name()) {
            Power::Off | Power::Dark => last_resort(),
            _ => said_by(sites.standby_let_in(self.site, self.call), "standby", self.call),
        }
    }
}

/// Says who served, and repeats what the probe says of itself.
fn said_by(reply: Reply, who: &str, call: &Call) -> Reply {
    let reply = reply.header(SERVED_BY, who);
    match call.header(PROBE) {
        Some(probe) => reply.header(PROBE, probe),
        None => reply,
    }
}

fn last_resort() -> Reply {
    Reply::text(503, "neither place answers\n").header("retry-after", "30").header(SERVED_BY, "edge")
}
