//! Azure: network interfaces in Resource Manager, and the operations that carry their writes out.
//!
//! A write replaces the whole interface, on top of its etag; it is answered 200 while it is still being carried out, and
//! until it is, the network leads addresses where it led them before (Azure documentation, "Track asynchronous Azure
//! operations"; azure-rest-api-specs#1220).

mod body;
pub mod directory;
mod envelope;
mod interface;
pub mod login;
pub mod machine;
pub mod metadata;
pub mod network;
mod operations;
pub mod pair;
mod quota;
mod route;
mod rules;
mod version;
mod write;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;

use self::directory::Directory;
use self::envelope::Denied;
use self::interface::{Interface, address, fresh_etag, public_id};
use self::machine::{Identity, Machine};
use self::network::{Network, PublicAddress};
use self::operations::{Operations, Outcome};
pub use self::pair::{Pair, PairSeed};
use self::route::{Place, Route};
use crate::call::{Call, Reply};
use crate::lock::lock;
use crate::promises::Change;
use crate::provider::Provider;
use crate::world::World;

const READ: &str = "Microsoft.Network/networkInterfaces/read";

/// A configuration that moves between interfaces, as somebody else would attach it.
#[derive(Debug, Clone)]
struct Moving {
    configuration: Value,
    ips: Vec<Ipv4Addr>,
}

/// What there is in all subscriptions.
#[derive(Debug, Default)]
struct State {
    interfaces: Vec<Interface>,
    machines: Vec<Machine>,
    network: Network,
    operations: Operations,
    quota: quota::Quota,
    moving: Vec<Moving>,
}

/// Resource Manager.
#[derive(Debug)]
pub struct Azure {
    /// Whose tokens it takes.
    pub directory: Arc<Directory>,
    state: Mutex<State>,
    begun: watch::Sender<()>,
}

impl Azure {
    /// Without interfaces; asks `directory` who may do what.
    pub fn new(directory: Arc<Directory>) -> Self {
        Self { directory, state: Mutex::default(), begun: watch::Sender::new(()) }
    }

    /// The state as it is now: operations whose time has come have ended.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        state.settle(Instant::now());
        state
    }

    /// How long operations take from now on.
    pub fn operations_take(&self, time: Duration) {
        self.state().operations.takes = time;
    }

    /// The next operation ends like this; the interface is then as it was, and says so.
    pub fn fail_next_operation(&self, code: &'static str, message: &str) {
        self.state().operations.next = Some(Outcome::Failed(code, message.to_owned()));
    }

    /// From now on a newer write of an interface cancels the one that is running instead of being refused.
    pub fn newer_writes_win(&self) {
        self.state().operations.newer_wins = true;
    }

    /// There are so many writes left, for so long.
    pub fn leave_writes(&self, writes: u32, time: Duration) {
        self.state().quota.leave(writes, time);
    }

    /// The interface as Azure shows it.
    pub fn interface(&self, name: &str) -> Option<Value> {
        self.state().interfaces.iter().find(|interface| interface.name() == name).map(Interface::view)
    }

    /// Takes an interface away for good.
    pub fn delete_interface(&self, name: &str) {
        self.state().interfaces.retain(|interface| interface.name() != name);
    }

    /// Takes a machine away for good; its interface stays, and nobody has it.
    pub fn delete_machine(&self, name: &str) {
        let state = &mut *self.state();
        state.machines.retain(|machine| machine.name() != name);
        for interface in &mut state.interfaces {
            interface.machine.take_if(|machine| machine.ends_with(&format!("/{name}")));
        }
    }

    /// The identities that a machine has from now on.
    pub fn set_identities(&self, machine: &str, identities: Vec<Identity>) {
        if let Some(machine) = self.state().machines.iter_mut().find(|one| one.name() == machine) {
            machine.identities = identities;
        }
    }

    /// The identities that a machine has.
    pub fn identities(&self, machine: &str) -> Vec<Identity> {
        let state = self.state();
        let found = state.machines.iter().find(|one| one.name() == machine);
        found.map(|machine| machine.identities.clone()).unwrap_or_default()
    }

    /// The machines to which the network leads this address, private or public.
    pub fn holders(&self, ip: Ipv4Addr) -> Vec<String> {
        self.state().holders(ip).map(|machine| machine.name().to_owned()).collect()
    }

    /// The running machine that this address leads to.
    pub(crate) fn running_holder(&self, ip: Ipv4Addr) -> Option<String> {
        let state = self.state();
        state.holders(ip).find(|machine| machine.running).map(|machine| machine.name().to_owned())
    }

    pub(crate) fn run_machine(&self, name: &str, running: bool) {
        if let Some(machine) = self.state().machines.iter_mut().find(|machine| machine.name() == name) {
            machine.running = running;
        }
    }

    /// Gives the configuration of this address to this machine's interface, or to none.
    pub(crate) fn hand(&self, ip: Ipv4Addr, to: Option<&str>) {
        let state = &mut *self.state();
        state.settle_all();
        let Some(moving) = state.moving.iter().find(|moving| moving.ips.contains(&ip)).cloned() else {
            return;
        };
        let machine = to.and_then(|name| state.machines.iter().find(|machine| machine.name() == name));
        let machine = machine.map(|machine| machine.id.clone());
        for interface in &mut state.interfaces {
            let receives = interface.machine.is_some() && interface.machine == machine;
            interface.rearrange(&moving, receives);
        }
    }

    /// The addresses that move between interfaces.
    pub(crate) fn moving(&self) -> Vec<String> {
        let state = lock(&self.state);
        state.moving.iter().flat_map(|moving| &moving.ips).map(ToString::to_string).collect()
    }

    /// A machine, and what its metadata service says; the first one if none is named.
    fn told(&self, name: Option<&str>) -> Option<(Machine, Value)> {
        let state = self.state();
        let machine = state.machines.iter().find(|machine| name.is_none_or(|name| machine.name() == name))?;
        Some((machine.clone(), machine.tree(&state)))
    }

    /// When the next operation ends.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        let state = lock(&self.state);
        state.interfaces.iter().filter_map(|interface| Some(interface.running.as_ref()?.done)).min()
    }

    /// Fires whenever an operation begins.
    pub(crate) fn begun(&self) -> watch::Receiver<()> {
        self.begun.subscribe()
    }

    fn settle(&self, call: &Call, route: &Route) -> Result<(Reply, Option<Change>), Denied> {
        let state = &mut *self.state();
        let directory = &self.directory;
        match route {
            Route::GetInterface(place) => Ok((state.get(directory, call, place)?, None)),
            Route::PutInterface(place) => write::put(state, directory, call, place),
            Route::Operation(id, scope) => Ok((state.operations.get(directory, call, id, scope)?, None)),
            Route::Unknown => Err(Denied::unknown_route(call)),
        }
    }
}

impl State {
    /// Ends the operations whose time has come.
    fn settle(&mut self, now: Instant) {
        let Self { interfaces, operations, .. } = self;
        for interface in interfaces {
            if let Some(running) = interface.running.take_if(|running| running.done <= now) {
                interface.failed = running.outcome != Outcome::Succeeded;
                if interface.failed && !running.previous.is_null() {
                    interface.body = running.previous;
                }
                interface.etag = fresh_etag();
                operations.end(&running.operation, running.outcome);
            }
        }
    }

    fn settle_all(&mut self) {
        let last =
            self.interfaces.iter().filter_map(|interface| Some(interface.running.as_ref()?.done)).max();
        if let Some(last) = last {
            self.settle(last);
        }
    }

    fn get(&mut self, directory: &Directory, call: &Call, place: &Place) -> Result<Reply, Denied> {
        directory.require(call, READ, &place.id())?;
        version::check(call)?;
        self.check_group(place)?;
        let left = self.quota.spend_read();
        let found = self.interfaces.iter().find(|interface| interface.is(&place.id()));
        let interface =
            found.ok_or_else(|| Denied::not_found("networkInterfaces", &place.name, &place.group))?;
        Ok(Reply::json(200, &interface.view())
            .header("etag", interface.etag.clone())
            .header("x-ms-ratelimit-remaining-subscription-reads", left.to_string()))
    }

    /// Subscriptions and groups are those of the machines.
    fn check_group(&self, place: &Place) -> Result<(), Denied> {
        let Place { subscription, group, .. } = place;
        let within = |path: String| {
            let path = path.to_lowercase();
            self.machines.iter().any(|machine| machine.id.to_lowercase().starts_with(&path))
                || self.interfaces.iter().any(|interface| interface.id.to_lowercase().starts_with(&path))
        };
        if !within(format!("/subscriptions/{subscription}/")) {
            let message = format!("The subscription '{subscription}' could not be found.");
            return Err(Denied::new(404, "SubscriptionNotFound", message));
        }
        if !within(format!("/subscriptions/{subscription}/resourceGroups/{group}/")) {
            let message = format!("Resource group '{group}' could not be found.");
            return Err(Denied::new(404, "ResourceGroupNotFound", message));
        }
        Ok(())
    }

    fn holders(&self, ip: Ipv4Addr) -> impl Iterator<Item = &Machine> {
        let public: Vec<&PublicAddress> =
            self.network.addresses.iter().filter(|address| address.ip == ip).collect();
        let leads = move |one: &Value| {
            let named = public_id(one).unwrap_or_default();
            address(one) == Some(ip) || public.iter().any(|public| public.id.eq_ignore_ascii_case(named))
        };
        let holding = self.interfaces.iter().filter(move |interface| interface.in_force().any(&leads));
        holding.filter_map(|interface| {
            let id = interface.machine.as_ref()?;
            self.machines.iter().find(|machine| machine.id.eq_ignore_ascii_case(id))
        })
    }
}

impl Interface {
    /// Takes the configuration away, or puts it there.
    fn rearrange(&mut self, moving: &Moving, receives: bool) {
        let before = self.body.clone();
        let ours = |one: &Value| address(one).is_some_and(|ip| moving.ips.contains(&ip));
        if let Some(configurations) = self.body["properties"]["ipConfigurations"].as_array_mut() {
            if receives && configurations.iter().any(ours) {
                return;
            }
            configurations.retain(|one| !ours(one));
            if receives {
                configurations.push(moving.configuration.clone());
            }
        }
        if self.body != before {
            self.etag = fresh_etag();
        }
    }
}

impl Provider for Azure {
    fn operation(&self, call: &Call) -> &'static str {
        Route::of(call).operation()
    }

    fn answer(&self, world: &World, call: &Call) -> Reply {
        let reply = match self.settle(call, &Route::of(call)) {
            Err(denied) => denied.into(),
            Ok((reply, None)) => reply,
            Ok((reply, Some(change))) => {
                self.begun.send_replace(());
                world.changed(&change);
                reply
            }
        };
        world.rewire();
        let id = || uuid::Uuid::new_v4().to_string();
        reply.header("x-ms-request-id", id()).header("x-ms-correlation-request-id", id())
    }

    fn refusal(&self, status: u16) -> Reply {
        envelope::of_status(status)
    }
}

#[cfg(test)]
mod tests;
