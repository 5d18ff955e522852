//! What runs at the edge in a visitor's way: scripts by their name, each of them a stand-in of what is deployed there.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::sites::site::Site;
use crate::sites::{Power, standby_behind_the_door};
use crate::world::World;

/// The script that asks the standby, whatever home says.
pub const STANDBY_SCRIPT: &str = "failover-standby";

/// The script that asks home first and the standby for each request that home can't answer.
pub const GATE_SCRIPT: &str = "failover-gate";

/// The header that says who served a visitor.
const SERVED_BY: &str = "failover-served-by";

/// What a probe says of itself, to be repeated in the answer.
const PROBE: &str = "failover-probe";

/// A deployed script.
pub trait Worker: Debug + Send + Sync {
    /// Its `fetch`; `home` is what it gets from the zone's own origin.
    fn fetch(&self, world: &World, site: &Site, call: &Call, home: &dyn Fn() -> Reply) -> Reply;
}

/// All scripts of the account.
#[derive(Debug)]
pub(super) struct Workers(Mutex<HashMap<String, Arc<dyn Worker>>>);

/// Asks the closed standby with a token of its own.
#[derive(Debug)]
struct StandbyAlways;

/// Asks home, and the standby where home doesn't answer.
#[derive(Debug)]
struct Gate;

impl Default for Workers {
    fn default() -> Self {
        let standby: Arc<dyn Worker> = Arc::new(StandbyAlways);
        let gate: Arc<dyn Worker> = Arc::new(Gate);
        Self(Mutex::new(HashMap::from([
            (STANDBY_SCRIPT.to_owned(), standby),
            (GATE_SCRIPT.to_owned(), gate),
        ])))
    }
}

impl Workers {
    pub(super) fn deploy(&self, name: &str, worker: Arc<dyn Worker>) {
        lock(&self.0).insert(name.to_owned(), worker);
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        lock(&self.0).contains_key(name)
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<dyn Worker>> {
        lock(&self.0).get(name).cloned()
    }
}

impl Worker for StandbyAlways {
    fn fetch(&self, world: &World, site: &Site, call: &Call, _home: &dyn Fn() -> Reply) -> Reply {
        match world.sites.standby(site.name()) {
            Power::Off | Power::Dark => last_resort(),
            _ => said_by(standby_behind_the_door(world, site, call), "standby", call),
        }
    }
}

impl Worker for Gate {
    fn fetch(&self, world: &World, site: &Site, call: &Call, home: &dyn Fn() -> Reply) -> Reply {
        let answer = home();
        if answer.status < 500 {
            return said_by(answer, "primary", call);
        }
        StandbyAlways.fetch(world, site, call, home)
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
