//! Network interfaces on Azure as they were read, and one ip-configuration that is on either of two.

use std::{fmt, net::IpAddr, str::FromStr};

use failover_core::Position;
use serde_json::{Value, json};

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        azure::{
            Azure, ETag,
            names::{InterfaceId, PublicAddressId},
        },
        machine::AzureMachine,
        pair,
    },
};

/// What an interface computes by itself, and refuses or ignores when it is written.
const COMPUTED: [&str; 2] = ["provisioningState", "privateLinkConnectionProperties"];

/// The configuration that is moved. Its address tells it: names differ where people made one by hand.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    /// What it is called where it is given.
    pub(super) name: ConfigurationName,
    pub(super) address: Address,
    /// The public address that belongs to it.
    pub(super) public: Option<PublicAddressId>,
}

/// An ip-configuration's name.
#[derive(Debug, Clone)]
pub(crate) struct ConfigurationName(String);

/// A private address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address(IpAddr);

/// One interface as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(super) id: InterfaceId,
    pub(super) etag: ETag,
    pub(super) interface: Value,
}

/// How far the last change of an interface is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Provisioning<'a> {
    name: &'a str,
    state: &'a str,
}

/// Both interfaces as they were read.
pub(super) type Sides = pair::Sides<Side>;

impl FromStr for ConfigurationName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if fits { Ok(Self(text.to_owned())) } else { Err("is no name of an ip-configuration") }
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| "is no address")
    }
}

impl Address {
    pub(crate) fn ip(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ConfigurationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Side {
    pub(crate) async fn read(azure: &Azure, id: &InterfaceId) -> Result<Self, ApiError> {
        let (interface, etag) = azure.interface(id).await?;
        Ok(Self { id: id.clone(), etag, interface })
    }

    /// Our configuration, if it is here.
    pub(crate) fn configuration(&self, ours: &Configuration) -> Option<&Value> {
        self.configurations().iter().find(|configuration| ours.is(configuration))
    }

    pub(crate) fn has(&self, ours: &Configuration) -> bool {
        self.configuration(ours).is_some()
    }

    /// How far its last change is.
    pub(crate) fn provisioning(&self) -> Provisioning<'_> {
        let state = self.interface["properties"]["provisioningState"].as_str().unwrap_or_default();
        Provisioning { name: self.id.name(), state }
    }

    /// The id of the machine that it is attached to.
    pub(crate) fn machine(&self) -> Option<&str> {
        self.interface["properties"]["virtualMachine"]["id"].as_str()
    }

    pub(crate) fn is_on(&self, me: &AzureMachine) -> bool {
        self.machine().is_some_and(|machine| me.is(machine))
    }

    /// The interface without our configuration.
    pub(crate) fn without(&self, ours: &Configuration) -> Value {
        let rest = self.configurations().iter().filter(|configuration| !ours.is(configuration));
        self.holding(rest.cloned().collect())
    }

    /// The interface with our configuration too, and with what hung on it where it was `taken` from.
    pub(crate) fn with(&self, ours: &Configuration, taken: Option<&Value>) -> Value {
        let mut configurations = self.configurations().to_vec();
        configurations.push(ours.on(self.primary(), taken));
        self.holding(configurations)
    }

    /// The interface with a configuration that was `taken` from it, where it was `before`, exactly as it was.
    pub(crate) fn restored(&self, ours: &Configuration, before: &Self, taken: &Value) -> Value {
        let mut configurations = self.configurations().to_vec();
        let place = before.configurations().iter().position(|configuration| ours.is(configuration));
        configurations.insert(place.unwrap_or_default().min(configurations.len()), taken.clone());
        self.holding(configurations)
    }

    fn holding(&self, configurations: Vec<Value>) -> Value {
        let mut interface = self.interface.clone();
        interface["properties"]["ipConfigurations"] = Value::Array(configurations);
        interface
    }

    fn configurations(&self) -> &[Value] {
        let configurations = self.interface["properties"]["ipConfigurations"].as_array();
        configurations.map(Vec::as_slice).unwrap_or_default()
    }

    /// The configuration that every interface has and keeps.
    pub(crate) fn primary(&self) -> Option<&Value> {
        let configurations = self.configurations();
        configurations.iter().find(|configuration| is_primary(configuration)).or(configurations.first())
    }

    /// What keeps our configuration from being moved to or from here.
    fn objection(&self, ours: &Configuration) -> Option<String> {
        let name = self.id.name();
        match self.configuration(ours) {
            Some(configuration) if is_primary(configuration) || self.configurations().len() == 1 => {
                return Some(format!(
                    "{} is the primary configuration of {name}, which an interface has to keep; make it a secondary one",
                    ours.address
                ));
            }
            Some(_) => return None,
            None => {}
        }
        let namesake = self.configurations().iter().find(|configuration| ours.is_called(configuration))?;
        Some(format!(
            "{} of {name} has {}, not {}; correct configuration or address in the configuration, or rename it there",
            ours.name,
            namesake["properties"]["privateIPAddress"].as_str().unwrap_or("no address"),
            ours.address
        ))
    }
}

impl Provisioning<'_> {
    /// Whether its last change ended well.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.state, "Succeeded" | "")
    }

    /// Whether its last change ended badly: what it lists may not be what it has.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.state, "Failed" | "Canceled")
    }

    /// Whether a change of it is still going on.
    pub(crate) fn is_busy(&self) -> bool {
        !self.is_settled() && !self.has_failed()
    }

    /// Why it isn't settled.
    pub(crate) fn told(&self) -> String {
        let name = self.name;
        match self.state {
            state if self.is_busy() => format!("{name} is still being changed ({state})"),
            state => format!("the last change of {name} ended as {state}"),
        }
    }

    pub(crate) fn still_changing(&self) -> ApiError {
        let message = format!("{}, and a change now would be lost", self.told());
        ApiError { kind: ApiErrorKind::Transient, message }
    }
}

impl Configuration {
    /// Whether it is this one.
    fn is(&self, configuration: &Value) -> bool {
        let address = configuration["properties"]["privateIPAddress"].as_str();
        address.and_then(|address| address.parse().ok()) == Some(self.address)
    }

    fn is_called(&self, configuration: &Value) -> bool {
        configuration["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(&self.name.0))
    }

    /// Itself as it goes to an interface whose `primary` configuration says which subnet that is in. Interfaces have
    /// all their configurations in the same application security groups.
    fn on(&self, primary: Option<&Value>, taken: Option<&Value>) -> Value {
        let mut properties = taken.map_or_else(|| json!({}), |taken| taken["properties"].clone());
        for name in COMPUTED {
            properties.as_object_mut().map(|properties| properties.remove(name));
        }
        properties["privateIPAddress"] = json!(self.address.to_string());
        properties["privateIPAllocationMethod"] = json!("Static");
        properties["privateIPAddressVersion"] = json!(if self.address.0.is_ipv4() { "IPv4" } else { "IPv6" });
        properties["primary"] = json!(false);
        let there = primary.map(|primary| &primary["properties"]);
        properties["subnet"] = json!({ "id": there.map(|there| &there["subnet"]["id"]) });
        // An interface has all of its configurations in the same groups: in the receiver's, or in none.
        match there.map(|there| &there["applicationSecurityGroups"]).filter(|groups| groups.is_array()) {
            Some(groups) => properties["applicationSecurityGroups"] = groups.clone(),
            None => drop(properties.as_object_mut().map(|all| all.remove("applicationSecurityGroups"))),
        }
        if let Some(public) = self.public.as_ref().filter(|_| properties["publicIPAddress"]["id"].is_null()) {
            properties["publicIPAddress"] = json!({ "id": public.as_str() });
        }
        json!({ "name": self.name.0, "properties": properties })
    }

    /// What keeps it from being moved between these interfaces.
    pub(crate) fn objection(&self, sides: &Sides) -> Option<String> {
        let own = sides.present().find_map(|side| side.objection(self));
        own.or_else(|| {
            let (one, other) = (sides.at(Position::Primary)?, sides.at(Position::Standby)?);
            let subnet = |side: &Side| {
                Some(side.primary()?["properties"]["subnet"]["id"].as_str()?.to_ascii_lowercase())
            };
            (subnet(one)? != subnet(other)?).then(|| {
                let (one, other) = (one.id.name(), other.id.name());
                format!("{one} and {other} are in different subnets, and an address belongs to one")
            })
        })
    }
}

fn is_primary(configuration: &Value) -> bool {
    configuration["properties"]["primary"] == true
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/s/resourceGroups/db/providers/Microsoft.Network";

    fn ours(public: bool) -> Configuration {
        let public = public.then(|| format!("{GROUP}/publicIPAddresses/db-public").parse().unwrap());
        let address = "10.0.0.250".parse().unwrap();
        Configuration { name: "vip".parse().unwrap(), address, public }
    }

    fn configuration(name: &str, address: &str, primary: bool) -> Value {
        let subnet = json!({"id": format!("{GROUP}/virtualNetworks/v/subnets/db")});
        json!({"name": name, "etag": "x", "id": "y", "properties": {
            "privateIPAddress": address, "primary": primary, "subnet": subnet, "provisioningState": "Succeeded"}})
    }

    fn side(name: &str, more: &[Value]) -> Side {
        let own = if name == "db-a-nic" { "10.0.0.11" } else { "10.0.0.12" };
        let configurations: Vec<Value> =
            std::iter::once(configuration("own", own, true)).chain(more.iter().cloned()).collect();
        let interface = json!({
            "etag": "W/\"7\"", "tags": {"team": "db"}, "tomorrow": 7,
            "properties": {
                "provisioningState": "Succeeded",
                "ipConfigurations": configurations,
                "enableIPForwarding": true,
                "virtualMachine": {"id": "/subscriptions/s/vm"},
            },
        });
        let id = format!("{GROUP}/networkInterfaces/{name}").parse().unwrap();
        Side { id, etag: ETag::of(&interface).unwrap(), interface }
    }

    fn names(interface: &Value) -> Vec<&str> {
        let configurations = interface["properties"]["ipConfigurations"].as_array().unwrap();
        configurations.iter().map(|configuration| configuration["name"].as_str().unwrap()).collect()
    }

    #[test]
    fn everything_but_the_one_configuration_is_written_back_as_it_came() {
        let vip = configuration("vip", "10.0.0.250", false);
        let holder = side("db-a-nic", &[configuration("pods", "10.0.0.77", false), vip.clone()]);
        let without = holder.without(&ours(false));
        assert_eq!(names(&without), ["own", "pods"]);
        let receiver = side("db-b-nic", &[]);
        let mut with = receiver.with(&ours(false), Some(&vip));
        assert_eq!(names(&with), ["own", "vip"]);
        with["properties"]["ipConfigurations"].as_array_mut().unwrap().pop();
        assert_eq!(with, receiver.interface);
    }

    #[test]
    fn it_is_given_with_what_hung_on_it_and_nothing_computed() {
        let mut vip = configuration("vip-old", "10.0.0.250", false);
        vip["properties"]["loadBalancerBackendAddressPools"] = json!([{"id": "pool"}]);
        let given = |taken| {
            side("db-b-nic", &[]).with(&ours(true), taken)["properties"]["ipConfigurations"][1].clone()
        };
        let plain = json!({"name": "vip", "properties": {
            "privateIPAddress": "10.0.0.250", "privateIPAllocationMethod": "Static",
            "privateIPAddressVersion": "IPv4", "primary": false,
            "subnet": {"id": format!("{GROUP}/virtualNetworks/v/subnets/db")},
            "publicIPAddress": {"id": format!("{GROUP}/publicIPAddresses/db-public")}}});
        assert_eq!(given(None), plain);
        let mut whole = plain;
        whole["properties"]["loadBalancerBackendAddressPools"] = json!([{"id": "pool"}]);
        assert_eq!(given(Some(&vip)), whole);
    }

    #[test]
    fn it_joins_the_security_groups_of_the_interface_that_it_comes_to() {
        let mut receiver = side("db-b-nic", &[]);
        let own = &mut receiver.interface["properties"]["ipConfigurations"][0]["properties"];
        own["applicationSecurityGroups"] = json!([{"id": "asg-db"}]);
        let with = receiver.with(&ours(false), None);
        let given = &with["properties"]["ipConfigurations"][1]["properties"];
        assert_eq!(given["applicationSecurityGroups"], json!([{"id": "asg-db"}]));
    }

    #[test]
    fn the_security_groups_of_who_had_it_stay_there_and_an_undo_puts_all_of_it_back() {
        let mut vip = configuration("vip-old", "10.0.0.250", false);
        vip["properties"]["applicationSecurityGroups"] = json!([{"id": "asg-db"}]);
        vip["properties"]["privateIPAllocationMethod"] = json!("Dynamic");
        let holder = side("db-a-nic", &[vip.clone(), configuration("pods", "10.0.0.77", false)]);
        let given = side("db-b-nic", &[]).with(&ours(false), Some(&vip));
        assert!(
            given["properties"]["ipConfigurations"][1]["properties"]
                .get("applicationSecurityGroups")
                .is_none()
        );
        let without = Side { interface: holder.without(&ours(false)), ..holder.clone() };
        assert_eq!(without.restored(&ours(false), &holder, &vip), holder.interface);
    }

    #[track_caller]
    fn objects(one: Side, other: Side, says: &str) {
        let sides = Sides::read(Ok(one), Ok(other)).unwrap();
        assert_eq!(ours(false).objection(&sides).as_deref().unwrap_or_default(), says);
    }

    #[test]
    fn what_can_not_be_moved_is_refused_before_anything_is_taken_away() {
        let vip = || configuration("vip", "10.0.0.250", false);
        objects(side("db-a-nic", &[vip()]), side("db-b-nic", &[]), "");
        let mut other = side("db-b-nic", &[]);
        other.interface["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = json!("other");
        objects(
            side("db-a-nic", &[vip()]),
            other,
            "db-a-nic and db-b-nic are in different subnets, and an address belongs to one",
        );
        objects(
            side("db-a-nic", &[configuration("vip", "10.0.0.250", true)]),
            side("db-b-nic", &[]),
            "10.0.0.250 is the primary configuration of db-a-nic, which an interface has to keep; make it a secondary one",
        );
        objects(
            side("db-a-nic", &[]),
            side("db-b-nic", &[configuration("VIP", "10.0.0.99", false)]),
            "vip of db-b-nic has 10.0.0.99, not 10.0.0.250; correct configuration or address in the configuration, \
             or rename it there",
        );
    }

    #[test]
    fn an_interface_that_is_being_changed_or_failed_says_so() {
        let mut side = side("db-b-nic", &[]);
        assert!(side.provisioning().is_settled() && !side.provisioning().is_busy());
        side.interface["properties"]["provisioningState"] = json!("Updating");
        assert!(side.provisioning().is_busy() && !side.provisioning().has_failed());
        assert_eq!(side.provisioning().told(), "db-b-nic is still being changed (Updating)");
        side.interface["properties"]["provisioningState"] = json!("Failed");
        assert!(!side.provisioning().is_busy() && side.provisioning().has_failed());
        assert_eq!(side.provisioning().told(), "the last change of db-b-nic ended as Failed");
    }
}
