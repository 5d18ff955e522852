//! Compute Engine: virtual machines, the addresses that they have, and operations that take their time.
//!
//! Speaks v1 (discovery document of `compute` v1, revision 20261106). A network interface is written on top of its
//! fingerprint; its alias ranges are replaced as a whole; an operation may be done and have failed all the same.

mod address;
mod envelope;
mod instances;
mod interface;
mod list;
mod machine;
mod operations;
mod pair;
mod permissions;
mod routes;
mod subnet;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use self::envelope::ComputeDenied;
pub use self::machine::{AddressSeed, MachineSeed, Subnet};
use self::routes::ROUTES;
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::provider::{Kind, Provider};
use crate::google;
use crate::google::access::Access;
use crate::network::{Cidr, Machines};

/// What there is in all projects.
#[derive(Debug, Default)]
struct ComputeState {
    machines: Vec<machine::Machine>,
    subnets: Vec<Subnet>,
    addresses: Vec<address::Address>,
    operations: operations::Operations,
    /// Zones that give no answer.
    silent: BTreeSet<String>,
    /// How often a machine is still not ready when it is to be changed.
    unready: BTreeMap<String, u32>,
}

/// Compute Engine.
#[derive(Debug)]
pub struct Compute {
    access: Arc<Access>,
    state: Mutex<ComputeState>,
}

impl Compute {
    /// Without machines; asks `access` who may do what.
    pub fn new(access: Arc<Access>) -> Self {
        Self { access, state: Mutex::default() }
    }

    /// Adds a subnet.
    pub fn add_subnet(&self, subnet: Subnet) {
        lock(&self.state).subnets.push(subnet);
    }

    /// Adds a running machine with one interface.
    pub fn add_machine(&self, seed: MachineSeed) {
        lock(&self.state).machines.push(machine::Machine::new(seed));
    }

    /// Reserves an external address.
    pub fn add_address(&self, seed: AddressSeed) {
        lock(&self.state).addresses.push(address::Address::new(seed));
    }

    /// Takes a machine away for good.
    pub fn delete_machine(&self, name: &str) {
        lock(&self.state).machines.retain(|machine| machine.seed.name != name);
    }

    /// A zone gives no answer from now on: lists lack its machines and say so.
    pub fn silence_zone(&self, zone: &str) {
        lock(&self.state).silent.insert(zone.to_owned());
    }

    /// A machine isn't ready for so many changes, as while it starts.
    pub fn not_ready(&self, machine: &str, times: u32) {
        lock(&self.state).unready.insert(machine.to_owned(), times);
    }

    /// Gives an alias range, from this secondary range of the subnet, to this machine alone.
    pub fn hand_range(&self, range: Cidr, secondary: &str, to: &str) {
        let state = &mut lock(&self.state);
        for machine in &mut state.machines {
            machine.seed.aliases.retain(|(held, _)| *held != range);
        }
        if let Some(machine) = state.machine_mut(to) {
            machine.seed.aliases.push((range, Some(secondary.to_owned())));
        }
    }

    /// Somebody else calls the access config of this address otherwise than the console does.
    pub fn name_external(&self, ip: Ipv4Addr, name: &str) {
        let state = &mut lock(&self.state);
        let configs = state.machines.iter_mut().filter_map(|machine| machine.access.as_mut());
        for config in configs.filter(|config| config.ip == ip) {
            name.clone_into(&mut config.name);
        }
    }

    /// How long operations take from now on. Their effect is there at once, as on a good day.
    pub fn operations_take(&self, time: Duration) {
        lock(&self.state).operations.take(time);
    }

    /// The machine as the interface shows it.
    pub fn machine(&self, name: &str) -> Option<Value> {
        lock(&self.state).machine(name).map(machine::Machine::view)
    }

    /// Who has this address: as its own, in an alias range, or by an access config.
    pub fn holders(&self, ip: Ipv4Addr) -> Vec<String> {
        let state = lock(&self.state);
        let holding = state.machines.iter().filter(|machine| machine.has(ip));
        holding.map(|machine| machine.seed.name.clone()).collect()
    }

    pub(crate) fn run_machine(&self, name: &str, running: bool) {
        if let Some(machine) = lock(&self.state).machine_mut(name) {
            machine.running = running;
        }
    }

    pub(crate) fn hand_alias(&self, ip: Ipv4Addr, to: Option<&str>) {
        let state = &mut lock(&self.state);
        let range = Cidr::of(ip);
        for machine in &mut state.machines {
            machine.seed.aliases.retain(|(held, _)| *held != range);
        }
        if let Some(machine) = to.and_then(|name| state.machine_mut(name)) {
            machine.seed.aliases.push((range, None));
        }
    }

    pub(crate) fn hand_external(&self, ip: Ipv4Addr, to: Option<&str>) {
        let state = &mut lock(&self.state);
        for machine in state.machines.iter_mut().filter(|m| m.access.as_ref().is_some_and(|a| a.ip == ip)) {
            machine.access = None;
        }
        if let Some(machine) = to.and_then(|name| state.machine_mut(name)) {
            machine.access = Some(machine::AccessConfig::of(ip));
        }
    }
}

impl Machines for Compute {
    fn running_holder(&self, ip: Ipv4Addr) -> Option<String> {
        let state = lock(&self.state);
        let holder = state.machines.iter().find(|machine| machine.running && machine.has(ip));
        holder.map(|machine| machine.seed.name.clone())
    }
}

impl ComputeState {
    /// A machine that starts or stops can't be changed for a moment.
    fn check_ready(&mut self, place: &routes::Place) -> Result<(), ComputeDenied> {
        match self.unready.get_mut(&place.name) {
            Some(times) if *times > 0 => {
                *times -= 1;
                Err(ComputeDenied::not_ready(&place.path()))
            }
            _ => Ok(()),
        }
    }

    fn machine(&self, name: &str) -> Option<&machine::Machine> {
        self.machines.iter().find(|machine| machine.seed.name == name)
    }

    fn machine_mut(&mut self, name: &str) -> Option<&mut machine::Machine> {
        self.machines.iter_mut().find(|machine| machine.seed.name == name)
    }
}

impl Provider for Compute {
    fn operation(&self, call: &Call) -> &'static str {
        ROUTES.operation(call)
    }

    fn answer(&self, call: &Call) -> Reply {
        google::settle(&ROUTES, (&self.state, &self.access, call), ComputeDenied::unknown_route)
            .unwrap_or_else(Reply::from)
    }

    fn refusal(&self, status: u16) -> Reply {
        envelope::of_status(status)
    }

    fn kind(&self, _operation: &str, call: &Call) -> Kind {
        ROUTES.kind(call)
    }
}

#[cfg(test)]
mod tests;
