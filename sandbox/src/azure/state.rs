//! What there is in all subscriptions, and what of it is so already.

use std::net::Ipv4Addr;
use std::time::Instant;

use serde_json::{Value, json};

use super::directory::Directory;
use super::envelope::AzureDenied;
use super::interface::{Interface, address, fresh_etag, public_id};
use super::machine::Machine;
use super::network::{Network, PublicAddress};
use super::operations::{Operations, Outcome};
use super::quota::Quota;
use super::routes::Place;
use super::version;
use crate::frame::call::{Call, Reply};

const READ: &str = "Microsoft.Network/networkInterfaces/read";

/// A configuration that moves between interfaces, as somebody else would attach it.
#[derive(Debug, Clone)]
pub(super) struct Moving {
    pub(super) configuration: Value,
    pub(super) ips: Vec<Ipv4Addr>,
}

/// What there is in all subscriptions.
#[derive(Debug, Default)]
pub(super) struct AzureState {
    pub(super) interfaces: Vec<Interface>,
    pub(super) machines: Vec<Machine>,
    pub(super) network: Network,
    pub(super) operations: Operations,
    pub(super) quota: Quota,
    pub(super) moving: Vec<Moving>,
}

impl AzureState {
    /// Ends the operations whose time has come.
    pub(super) fn settle(&mut self, now: Instant) {
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

    pub(super) fn settle_all(&mut self) {
        let last =
            self.interfaces.iter().filter_map(|interface| Some(interface.running.as_ref()?.done)).max();
        if let Some(last) = last {
            self.settle(last);
        }
    }

    pub(super) fn get(
        &mut self,
        directory: &Directory,
        call: &Call,
        place: &Place,
    ) -> Result<Reply, AzureDenied> {
        directory.require(call, READ, &place.id())?;
        version::check(call)?;
        self.check_group(place)?;
        let left = self.quota.spend_read();
        let found = self.interfaces.iter().find(|interface| interface.is(&place.id()));
        let interface =
            found.ok_or_else(|| AzureDenied::not_found("networkInterfaces", &place.name, &place.group))?;
        Ok(Reply::json(200, &interface.view())
            .header("etag", interface.etag.clone())
            .header("x-ms-ratelimit-remaining-subscription-reads", left.to_string()))
    }

    /// The interfaces below this scope that the caller may see; whoever may see none at all is refused.
    pub(super) fn list(
        &mut self,
        directory: &Directory,
        call: &Call,
        scope: &str,
    ) -> Result<Reply, AzureDenied> {
        directory.require(call, READ, scope)?;
        version::check(call)?;
        let left = self.quota.spend_read();
        let below = format!("{}/", scope.to_lowercase());
        let listed = self.interfaces.iter().filter(|one| one.id.to_lowercase().starts_with(&below));
        let listed: Vec<Value> = listed.map(Interface::view).collect();
        Ok(Reply::json(200, &json!({ "value": listed }))
            .header("x-ms-ratelimit-remaining-subscription-reads", left.to_string()))
    }

    pub(super) fn public_address(
        &mut self,
        directory: &Directory,
        call: &Call,
        id: &str,
    ) -> Result<Reply, AzureDenied> {
        directory.require(call, "Microsoft.Network/publicIPAddresses/read", id)?;
        version::check(call)?;
        let part = |index: usize| id.split('/').nth(index).unwrap_or_default();
        let missing = || AzureDenied::not_found("publicIPAddresses", part(8), part(4));
        let address = self.network.public(id).ok_or_else(missing)?;
        let held = self.interfaces.iter().find_map(|interface| {
            let mut held = interface.held();
            let one = held.find(|one| public_id(one).is_some_and(|known| known.eq_ignore_ascii_case(id)))?;
            Some(interface.configuration_id(one))
        });
        Ok(Reply::json(200, &self.network.edited(id, address.view(held))))
    }

    pub(super) fn machine(&self, directory: &Directory, call: &Call, id: &str) -> Result<Reply, AzureDenied> {
        directory.require(call, "Microsoft.Compute/virtualMachines/read", id)?;
        version::sent(call)?;
        let (name, group) = (last(id), id.split('/').nth(4).unwrap_or_default());
        let found = self.machines.iter().find(|machine| machine.id.eq_ignore_ascii_case(id));
        let machine = found.ok_or_else(|| AzureDenied::not_found("virtualMachines", name, group))?;
        Ok(Reply::json(200, &self.network.edited(id, machine.view())))
    }

    /// It is there where one of its pools is.
    pub(super) fn balancer(
        &self,
        directory: &Directory,
        call: &Call,
        id: &str,
    ) -> Result<Reply, AzureDenied> {
        directory.require(call, "Microsoft.Network/loadBalancers/read", id)?;
        version::check(call)?;
        let (name, group) = (last(id), id.split('/').nth(4).unwrap_or_default());
        if !self.network.has_below(id) {
            return Err(AzureDenied::not_found("loadBalancers", name, group));
        }
        let view = json!({
            "name": name, "id": id, "type": "Microsoft.Network/loadBalancers",
            "sku": {"name": "Standard", "tier": "Regional"}, "properties": {"provisioningState": "Succeeded"},
        });
        Ok(Reply::json(200, &self.network.edited(id, view)))
    }

    /// Subscriptions and groups are those of the machines.
    pub(super) fn check_group(&self, place: &Place) -> Result<(), AzureDenied> {
        let Place { subscription, group, .. } = place;
        let within = |path: String| {
            let path = path.to_lowercase();
            self.machines.iter().any(|machine| machine.id.to_lowercase().starts_with(&path))
                || self.interfaces.iter().any(|interface| interface.id.to_lowercase().starts_with(&path))
        };
        if !within(format!("/subscriptions/{subscription}/")) {
            let message = format!("The subscription '{subscription}' could not be found.");
            return Err(AzureDenied::new(404, "SubscriptionNotFound", message));
        }
        if !within(format!("/subscriptions/{subscription}/resourceGroups/{group}/")) {
            let message = format!("Resource group '{group}' could not be found.");
            return Err(AzureDenied::new(404, "ResourceGroupNotFound", message));
        }
        Ok(())
    }

    pub(super) fn holders(&self, ip: Ipv4Addr) -> impl Iterator<Item = &Machine> {
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

fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

impl Interface {
    /// Takes the configuration away, or puts it there.
    pub(super) fn rearrange(&mut self, moving: &Moving, receives: bool) {
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
