//! What is done to Azure by hand: by a drill, a test, or somebody else.

use std::net::Ipv4Addr;
use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::interface::Interface;
use super::machine::{Identity, Machine};
use super::operations::Outcome;
use super::state::AzureState;
use super::{Azure, Hand};
use crate::frame::lock::lock;
use crate::network::Machines;

impl Azure {
    /// The interface as Azure shows it.
    pub fn interface(&self, name: &str) -> Option<Value> {
        self.state().interfaces.iter().find(|interface| interface.name() == name).map(Interface::view)
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

    /// The addresses that move between interfaces.
    pub(crate) fn moving(&self) -> Vec<String> {
        let state = lock(&self.state);
        state.moving.iter().flat_map(|moving| &moving.ips).map(ToString::to_string).collect()
    }

    /// A machine, and what its metadata service says; the first one if none is named.
    pub(super) fn told(&self, name: Option<&str>) -> Option<(Machine, Value)> {
        let state = self.state();
        let machine = state.machines.iter().find(|machine| name.is_none_or(|name| machine.name() == name))?;
        Some((machine.clone(), machine.tree(&state)))
    }

    /// When the next operation ends.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        let state = lock(&self.state);
        state.interfaces.iter().filter_map(|interface| Some(interface.running.as_ref()?.done)).min()
    }
}

impl Hand {
    /// The state as it is now: operations whose time has come have ended.
    pub(super) fn settled(&self) -> MutexGuard<'_, AzureState> {
        let mut state = lock(&self.state);
        state.settle(Instant::now());
        state
    }

    /// How long operations take from now on.
    pub fn operations_take(&self, time: Duration) {
        self.settled().operations.takes = time;
    }

    /// The next operation ends like this; the interface is then as it was, and says so.
    pub fn fail_next_operation(&self, code: &'static str, message: &str) {
        self.settled().operations.next = Some(Outcome::Failed(code, message.to_owned()));
    }

    /// From now on a newer write of an interface cancels the one that is running instead of being refused.
    pub fn newer_writes_win(&self) {
        self.settled().operations.newer_wins = true;
    }

    /// There are so many writes left, for so long.
    pub fn leave_writes(&self, writes: u32, time: Duration) {
        self.settled().quota.leave(writes, time);
    }

    /// Takes an interface away for good; what was being done to it has ended.
    pub fn delete_interface(&self, name: &str) {
        let state = &mut *self.settled();
        state.settle_all();
        state.interfaces.retain(|interface| interface.name() != name);
    }

    /// Takes an interface away, and whoever may look at it loses that with it: asked for it, Azure denies rather than
    /// says that there is no such thing (azure-rest-api-specs#9549).
    pub fn delete_interface_with_its_grants(&self, name: &str) {
        let id = self.settled().interfaces.iter().find(|one| one.name() == name).map(|one| one.id.clone());
        self.delete_interface(name);
        if let Some(id) = id {
            self.directory.revoke_at(&id);
        }
    }

    /// The security groups that a configuration of this machine's is in: those of its whole interface.
    pub fn set_application_groups(&self, interface: &str, groups: &Value) {
        let state = &mut *self.settled();
        let Some(interface) = state.interfaces.iter_mut().find(|one| one.name() == interface) else { return };
        for one in interface.body["properties"]["ipConfigurations"].as_array_mut().into_iter().flatten() {
            match groups {
                Value::Null => {
                    drop(
                        one["properties"].as_object_mut().map(|all| all.remove("applicationSecurityGroups")),
                    );
                }
                groups => one["properties"]["applicationSecurityGroups"] = groups.clone(),
            }
        }
        interface.etag = super::interface::fresh_etag();
    }

    /// Somebody else puts the configuration of this name behind load balancers.
    pub fn set_pools(&self, configuration: &str, pools: &Value) {
        for interface in &mut self.settled().interfaces {
            let all = interface.body["properties"]["ipConfigurations"].as_array_mut().into_iter().flatten();
            for one in all.filter(|one| one["name"] == configuration) {
                one["properties"]["loadBalancerBackendAddressPools"] = pools.clone();
                interface.etag = super::interface::fresh_etag();
            }
        }
    }

    /// Somebody else makes a public address, a machine or a load balancer otherwise than it is.
    pub fn edit(&self, id: &str, field: &'static str, value: Value) {
        self.settled().network.edits.push((id.to_owned(), field, value));
    }

    /// Takes a machine away for good; its interface stays, and nobody has it.
    pub fn delete_machine(&self, name: &str) {
        let state = &mut *self.settled();
        state.machines.retain(|machine| machine.name() != name);
        for interface in &mut state.interfaces {
            interface.machine.take_if(|machine| machine.ends_with(&format!("/{name}")));
        }
    }

    /// The identities that a machine has from now on.
    pub fn set_identities(&self, machine: &str, identities: Vec<Identity>) {
        if let Some(machine) = self.settled().machines.iter_mut().find(|one| one.name() == machine) {
            machine.identities = identities;
        }
    }

    pub(crate) fn run_machine(&self, name: &str, running: bool) {
        if let Some(machine) = self.settled().machines.iter_mut().find(|machine| machine.name() == name) {
            machine.running = running;
        }
    }

    /// Gives the configuration of this address to this machine's interface, or to none.
    pub(crate) fn hand(&self, ip: Ipv4Addr, to: Option<&str>) {
        let state = &mut *self.settled();
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
}

impl Machines for Azure {
    fn running_holder(&self, ip: Ipv4Addr) -> Option<String> {
        let state = self.state();
        state.holders(ip).find(|machine| machine.running).map(|machine| machine.name().to_owned())
    }
}
