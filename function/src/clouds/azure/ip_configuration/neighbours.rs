//! What an interface hangs on beside the address, so far as a public address has to agree with it: its machine's zone, and
//! the SKUs of its other public addresses and load balancers.
//!
//! Sources: the page "Public IP addresses", "SKU" and "Availability zone" of Azure's documentation: one machine can't have
//! both SKUs; and the refusal `ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint`
//! (Azure/azurehpc#317, MicrosoftDocs/azure-docs#64801).

use futures::future::join_all;
use serde_json::Value;

use crate::{
    api::ApiError,
    clouds::{
        Checked, Problem,
        azure::{
            Azure,
            ip_configuration::interface::{Side, Sides},
            names::PublicAddressId,
        },
    },
};

/// What an identity may not look at isn't compared, and that is no fault of the deployment.
const UNSEEN: &str = "whether the public address fits the machines' zones, and the SKU of what else they have, was not all \
                      compared: that takes read on the machines, their other public addresses and load balancers";

/// One of them, whose it is, and what was read of it.
#[derive(Debug)]
pub(crate) struct Neighbour {
    of: String,
    what: What,
    id: String,
    read: Result<Value, ApiError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Machine,
    PublicAddress,
    Balancer,
}

/// Reads all of an interface's on which something depends, at the same time.
pub(crate) async fn read(
    azure: &Azure,
    side: &Side,
    (public, ours): (&Value, &PublicAddressId),
) -> Vec<Neighbour> {
    let mut named = named(&side.interface, ours);
    named.retain(|(what, _)| matters(*what, public));
    let reads = join_all(named.iter().map(|(_, id)| azure.neighbour(id))).await;
    let of = || side.id.name().to_owned();
    named.into_iter().zip(reads).map(|((what, id), read)| Neighbour { of: of(), what, id, read }).collect()
}

/// What keeps the public address from being given to either machine.
pub(crate) async fn check(azure: &Azure, public: &Value, id: &PublicAddressId, sides: &Sides) -> Checked {
    let mut checked = Checked::default();
    let all = join_all(sides.present().map(|side| read(azure, side, (public, id)))).await;
    for one in all.into_iter().flatten() {
        match &one.read {
            Ok(_) => checked.extend(one.objection_to(public, id).map(|sentence| one.problem(sentence))),
            Err(error) if error.is_permanent() && checked.notes.is_empty() => checked.note(UNSEEN),
            Err(error) if error.is_permanent() => {}
            Err(error) => checked.blind(error.message.clone()),
        }
    }
    checked
}

/// What an interface names.
fn named(interface: &Value, ours: &PublicAddressId) -> Vec<(What, String)> {
    let properties = &interface["properties"];
    let machine = properties["virtualMachine"]["id"].as_str().map(|id| (What::Machine, id));
    let mut all: Vec<(What, &str)> = machine.into_iter().collect();
    for configuration in properties["ipConfigurations"].as_array().into_iter().flatten() {
        let properties = &configuration["properties"];
        let public = properties["publicIPAddress"]["id"].as_str();
        let other = public.filter(|public| !public.eq_ignore_ascii_case(ours.as_str()));
        all.extend(other.map(|id| (What::PublicAddress, id)));
        for below in ["loadBalancerBackendAddressPools", "loadBalancerInboundNatRules"] {
            let ids = properties[below].as_array().into_iter().flatten().filter_map(|one| one["id"].as_str());
            all.extend(ids.filter_map(balancer).map(|id| (What::Balancer, id)));
        }
    }
    let mut named: Vec<(What, String)> = Vec::new();
    for (what, id) in all {
        if !named.iter().any(|(_, known)| known.eq_ignore_ascii_case(id)) {
            named.push((what, id.to_owned()));
        }
    }
    named
}

/// The load balancer that a pool or a rule is of: its id has nine parts.
fn balancer(below: &str) -> Option<&str> {
    let (at, _) = below.match_indices('/').nth(8)?;
    Some(&below[..at])
}

impl Neighbour {
    /// Why the public address can't be given to whom this belongs to.
    pub(crate) fn objection_to(&self, public: &Value, id: &PublicAddressId) -> Option<String> {
        let it = self.read.as_ref().ok()?;
        let (name, other) = (id.name(), self.id.rsplit('/').next().unwrap_or_default());
        if self.what == What::Machine {
            let machine = zones(it);
            let is = match (machine.as_slice(), zones(public).as_slice()) {
                ([_], []) if is_basic(public) => "is of no zone".to_owned(),
                ([there], [zone]) if zone != there => format!("is of zone {zone}"),
                _ => return None,
            };
            let there = machine.join(", ");
            return Some(format!(
                "{other} is in zone {there} and {name} {is}: Azure doesn't give it to another's machine"
            ));
        }
        let (ours, theirs) = (sku(public), sku(it));
        let agree = ours.is_empty() || theirs.is_empty() || is_basic(public) == is_basic(it);
        (!agree).then(|| {
            let of = &self.of;
            format!("{name} is of the SKU {ours} and {other}, which {of} has too, {theirs}: one machine can't have both")
        })
    }

    fn problem(&self, sentence: String) -> Problem {
        Problem::critical(sentence, format!("az resource show --ids {}", self.id))
    }
}

/// Whether anything depends on it: a machine's zone is nothing to an address of all zones.
fn matters(what: What, public: &Value) -> bool {
    what != What::Machine || is_basic(public) || zones(public).len() == 1
}

fn zones(resource: &Value) -> Vec<&str> {
    resource["zones"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn sku(resource: &Value) -> &str {
    resource["sku"]["name"].as_str().unwrap_or_default()
}

fn is_basic(resource: &Value) -> bool {
    sku(resource).eq_ignore_ascii_case("basic")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GROUP: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network";

    fn ours() -> PublicAddressId {
        format!("{GROUP}/publicIPAddresses/db-public").parse().unwrap()
    }

    #[track_caller]
    fn says(what: What, public: &Value, it: &Value, expected: &str) {
        let (of, id, read) = ("db-b-nic".to_owned(), "/x/db-b".to_owned(), Ok(it.clone()));
        let found = Neighbour { of, what, id, read }.objection_to(public, &ours());
        assert_eq!(found.unwrap_or_default(), expected);
    }

    #[test]
    fn a_public_address_is_of_its_machines_zone_or_of_all() {
        let standard = |zones: &[&str]| json!({"sku": {"name": "Standard"}, "zones": zones});
        let machine = |zones: &[&str]| json!({ "zones": zones });
        let apart =
            "db-b is in zone 2 and db-public is of zone 1: Azure doesn't give it to another's machine";
        says(What::Machine, &standard(&["1"]), &machine(&["2"]), apart);
        says(What::Machine, &standard(&["1"]), &machine(&["1"]), "");
        says(What::Machine, &standard(&["1", "2", "3"]), &machine(&["2"]), "");
        says(What::Machine, &standard(&[]), &machine(&["2"]), "");
        says(What::Machine, &standard(&["1"]), &machine(&[]), "");
        let basic =
            "db-b is in zone 2 and db-public is of no zone: Azure doesn't give it to another's machine";
        says(What::Machine, &json!({"sku": {"name": "Basic"}}), &machine(&["2"]), basic);
        says(What::Machine, &json!({}), &json!({"zones": null}), "");
    }

    #[test]
    fn one_machine_has_one_sku() {
        let of = |sku: &str| json!({"sku": {"name": sku}});
        let mixed = "db-public is of the SKU Standard and db-b, which db-b-nic has too, Basic: one machine can't have both";
        says(What::Balancer, &of("Standard"), &of("Basic"), mixed);
        says(What::PublicAddress, &of("Standard"), &of("Basic"), mixed);
        says(What::Balancer, &of("Standard"), &of("standard"), "");
        says(What::Balancer, &of("Standard"), &of("Gateway"), "");
        says(What::PublicAddress, &of("Standard"), &json!({"sku": null}), "");
    }

    #[test]
    fn an_interface_names_its_machine_other_addresses_and_load_balancers_each_once() {
        let balancer = format!("{GROUP}/loadBalancers/lb");
        let configuration = |public: &str| {
            json!({"properties": {"publicIPAddress": {"id": public},
                "loadBalancerBackendAddressPools": [{"id": format!("{balancer}/backendAddressPools/p")}],
                "loadBalancerInboundNatRules": [{"id": format!("{balancer}/inboundNatRules/r")}, {"id": "short"}]}})
        };
        let ours_elsewhere = ours().as_str().to_uppercase();
        let interface = json!({"properties": {"virtualMachine": {"id": "/vm"},
            "ipConfigurations": [configuration(&ours_elsewhere), configuration("/other")]}});
        let expected = [
            (What::Machine, "/vm".to_owned()),
            (What::Balancer, balancer),
            (What::PublicAddress, "/other".to_owned()),
        ];
        assert_eq!(named(&interface, &ours()), expected);
        assert_eq!(
            named(&json!({"properties": {"virtualMachine": null, "ipConfigurations": null}}), &ours()),
            []
        );
    }
}
