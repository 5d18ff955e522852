//! What would go wrong with a move between two interfaces on Azure, told before anything is moved.

use failover_core::Position;
use serde_json::{Value, json};

use crate::clouds::{
    Problem,
    azure::{
        ip_configuration::{
            interface::{Configuration, Side, Sides},
            joins::Needed,
        },
        names::{InterfaceId, PublicAddressId},
    },
};

/// What may hang on a configuration and is known to nobody once it was taken away and its mover died.
const HANGS_ON: [&str; 5] = [
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatRules",
    "applicationGatewayBackendAddressPools",
    "gatewayLoadBalancer",
    "virtualNetworkTaps",
];

/// The command that shows an interface.
pub(crate) fn show(id: &InterfaceId) -> String {
    format!("az network nic show --ids {id}")
}

/// What would go wrong with a move between these interfaces, `named` by the configuration.
pub(crate) fn of_sides(ours: &Configuration, sides: &Sides, named: [&InterfaceId; 2]) -> Vec<Problem> {
    let list = configurations(named[0]);
    let objection = ours.objection(sides).map(|sentence| Problem::critical(sentence, list));
    let gone = [Position::Primary, Position::Standby].into_iter().zip(named);
    let gone = gone.filter(|(at, _)| sides.at(*at).is_none() && sides.hidden().is_none()).map(|(at, id)| {
        let mend = format!(
            "az network nic list --subscription {} --resource-group {} --query '[].id'   # create {}, or correct its id",
            id.subscription(),
            id.resource_group(),
            id.name()
        );
        Problem::critical(format!("the interface of the {at} is not there"), mend)
    });
    let idle = sides.present().filter(|side| side.machine().is_none()).map(|side| {
        let sentence = format!("{} is attached to no machine", side.id.name());
        Problem::critical(sentence, format!("{}   # attach it: az vm nic add", show(&side.id)))
    });
    let lost = sides.present().filter_map(|side| of_hanging(ours, side));
    let guarded = sides.both().and_then(of_security_groups);
    objection.into_iter().chain(gone).chain(idle).chain(lost).chain(guarded).collect()
}

/// A permission that lacks, with the command that grants it.
pub(crate) fn of_permission(lacking: &Needed) -> Problem {
    let sentence = format!("the identity lacks {} on {}", lacking.action, lacking.on);
    let assign =
        "az role assignment create --role 'Failover: move an address between two interfaces' --assignee";
    Problem::critical(sentence, format!("{assign} \"$PRINCIPAL\" --scope {}", lacking.on))
}

/// A public address is used where the machines are, and by one of them.
pub(crate) fn of_public(public: &Value, id: &PublicAddressId, sides: &Sides) -> Vec<Problem> {
    let show = format!("az network public-ip show --ids {}", id.as_str());
    let objection = objection_to(public, id, sides).map(|sentence| Problem::critical(sentence, &*show));
    let zones = public["zones"].as_array().map(Vec::as_slice).unwrap_or_default();
    let zonal = match zones {
        [zone] => Some(Problem::warning(
            format!(
                "{} is of zone {} alone: it ends with that zone, and a machine of another can't have it",
                id.name(),
                zone.as_str().unwrap_or_default()
            ),
            format!(
                "{show} --query zones   # make one of all zones: az network public-ip create --zone 1 2 3"
            ),
        )),
        _ => None,
    };
    objection.into_iter().chain(zonal).collect()
}

/// What keeps a public address from going with the configuration.
pub(crate) fn objection_to(public: &Value, id: &PublicAddressId, sides: &Sides) -> Option<String> {
    let plain = |value: &Value| value.as_str().unwrap_or_default().to_lowercase().replace(' ', "");
    let location = plain(&public["location"]);
    let away = sides.present().find(|side| plain(&side.interface["location"]) != location);
    if let Some(side) = away.filter(|_| !location.is_empty()) {
        let there = plain(&side.interface["location"]);
        return Some(format!("{} is in {location} and {} in {there}", id.name(), side.id.name()));
    }
    let user = public["properties"]["ipConfiguration"]["id"].as_str()?;
    let is_of = |side: &Side| {
        let below = format!("{}/", side.id).to_ascii_lowercase();
        user.to_ascii_lowercase().starts_with(&below)
    };
    (sides.both().is_some() && !sides.present().any(is_of))
        .then(|| format!("{} is attached to {user}, which is neither interface", id.name()))
}

fn of_hanging(ours: &Configuration, side: &Side) -> Option<Problem> {
    let hanging = hanging(ours, side.configuration(ours)?)?;
    let sentence = format!(
        "{hanging} of {} at {} would be lost if a move were killed halfway, since the configuration does not name it",
        ours.name,
        side.id.name()
    );
    Some(Problem::warning(sentence, configurations(&side.id)))
}

/// What hangs on it and could not be given back by whoever knows only the configuration.
fn hanging(ours: &Configuration, configuration: &Value) -> Option<&'static str> {
    let properties = &configuration["properties"];
    let public = properties["publicIPAddress"]["id"].as_str();
    let named = ours.public.as_ref().map(PublicAddressId::as_str);
    if public.is_some_and(|public| !named.is_some_and(|named| named.eq_ignore_ascii_case(public))) {
        return Some("publicIPAddress");
    }
    let there = |name: &&str| !matches!(&properties[*name], Value::Null) && properties[*name] != json!([]);
    HANGS_ON.into_iter().find(there)
}

/// Who reaches the address at the one may not reach it at the other.
fn of_security_groups([one, other]: [&Side; 2]) -> Option<Problem> {
    let groups = |side: &Side| {
        let of_interface = side.interface["properties"]["networkSecurityGroup"]["id"].as_str();
        let own = side.primary().map(|primary| &primary["properties"]["applicationSecurityGroups"]);
        let of_primary = own.and_then(Value::as_array).into_iter().flatten();
        let mut all: Vec<String> = of_interface
            .into_iter()
            .chain(of_primary.filter_map(|group| group["id"].as_str()))
            .map(str::to_ascii_lowercase)
            .collect();
        all.sort_unstable();
        all
    };
    (groups(one) != groups(other)).then(|| {
        let sentence = format!(
            "{} and {} are in different security groups: who reaches the address at the one may not at the other",
            one.id.name(),
            other.id.name()
        );
        Problem::warning(sentence, format!("az network nic show --ids {} {}", one.id, other.id))
    })
}

fn configurations(id: &InterfaceId) -> String {
    format!(
        "az network nic ip-config list --nic-name {} --resource-group {} --subscription {}",
        id.name(),
        id.resource_group(),
        id.subscription()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clouds::azure::ETag;

    const GROUP: &str = "/subscriptions/s/resourceGroups/db/providers/Microsoft.Network";

    fn ours(public: bool) -> Configuration {
        let public = public.then(public_id);
        let address = "10.0.0.250".parse().unwrap();
        Configuration { name: "vip".parse().unwrap(), address, public }
    }

    fn public_id() -> PublicAddressId {
        format!("{GROUP}/publicIPAddresses/db-public").parse().unwrap()
    }

    fn side(name: &str, vip: Option<Value>) -> Side {
        let subnet = json!({"id": "/subnet"});
        let own = json!({"name": "own", "properties": {"privateIPAddress": "10.0.0.11", "primary": true, "subnet": subnet}});
        let all: Vec<Value> = std::iter::once(own).chain(vip).collect();
        let machine = json!({"id": "/subscriptions/s/vm"});
        let interface = json!({"etag": "W/\"7\"", "location": "westeurope",
            "properties": {"ipConfigurations": all, "virtualMachine": machine}});
        let id = format!("{GROUP}/networkInterfaces/{name}").parse().unwrap();
        Side { id, etag: ETag::of(&interface).unwrap(), interface }
    }

    fn vip() -> Value {
        json!({"name": "vip", "properties": {"privateIPAddress": "10.0.0.250", "primary": false,
            "subnet": {"id": "/subnet"}}})
    }

    fn told(ours: &Configuration, one: Side) -> Vec<String> {
        let other = side("db-b-nic", None);
        let named = [one.id.clone(), other.id.clone()];
        let sides = Sides::read(Ok(one), Ok(other)).unwrap();
        let found = of_sides(ours, &sides, [&named[0], &named[1]]);
        found.into_iter().map(|problem| problem.sentence).collect()
    }

    #[test]
    fn a_check_tells_what_a_move_could_lose() {
        let mut vip = vip();
        assert_eq!(told(&ours(true), side("db-a-nic", Some(vip.clone()))), [""; 0]);
        vip["properties"]["publicIPAddress"] = json!({"id": format!("{GROUP}/PublicIpAddresses/db-public")});
        assert_eq!(told(&ours(true), side("db-a-nic", Some(vip.clone()))), [""; 0]);
        let lost = told(&ours(false), side("db-a-nic", Some(vip)));
        assert!(lost[0].starts_with("publicIPAddress of vip at db-a-nic would be lost"), "{lost:?}");
        let mut idle = side("db-a-nic", None);
        idle.interface["properties"]["virtualMachine"] = Value::Null;
        assert_eq!(told(&ours(false), idle), ["db-a-nic is attached to no machine"]);
    }

    #[test]
    fn groups_that_differ_are_told() {
        let mut one = side("db-a-nic", Some(vip()));
        one.interface["properties"]["ipConfigurations"][0]["properties"]["applicationSecurityGroups"] =
            json!([{"id": "/asg"}]);
        let found = told(&ours(false), one);
        assert!(found[0].starts_with("db-a-nic and db-b-nic are in different security groups"), "{found:?}");
    }

    #[test]
    fn a_public_address_is_where_the_machines_are_and_of_one_of_them() {
        let sides = Sides::read(Ok(side("db-a-nic", Some(vip()))), Ok(side("db-b-nic", None))).unwrap();
        let says = |public: Value| {
            let found = of_public(&public, &public_id(), &sides);
            found.into_iter().map(|problem| problem.sentence).collect::<Vec<_>>().join("; ")
        };
        let at = |id: &str| json!({"location": "West Europe", "properties": {"ipConfiguration": {"id": id}}});
        assert_eq!(says(json!({"location": "westeurope"})), "");
        assert_eq!(says(at(&format!("{GROUP}/networkInterfaces/DB-A-NIC/ipConfigurations/vip"))), "");
        assert_eq!(says(at("/lb/x")), "db-public is attached to /lb/x, which is neither interface");
        assert_eq!(
            says(json!({"location": "northeurope"})),
            "db-public is in northeurope and db-a-nic in westeurope"
        );
        let zonal = says(json!({"location": "westeurope", "zones": ["1"]}));
        assert!(zonal.starts_with("db-public is of zone 1 alone"), "{zonal}");
    }
}
