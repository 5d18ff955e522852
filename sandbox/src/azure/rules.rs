//! What an interface must be like, and whose addresses it may have.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::AzureState;
use super::envelope::AzureDenied;
use super::interface::{self, Interface, address, is_primary, public_id, subnet_id};
use super::network::Subnet;

/// How many addresses at a subnet's beginning Azure keeps for itself; the last one too (Azure documentation, "Virtual
/// network FAQ").
const RESERVED: u32 = 4;

/// An interface as it would be.
pub(super) struct Wanted<'a> {
    pub(super) state: &'a AzureState,
    pub(super) id: &'a str,
    pub(super) before: Option<&'a Interface>,
}

impl Wanted<'_> {
    /// Checks everything; addresses that were left to Azure are filled in.
    pub(super) fn check(&self, body: &mut Value) -> Result<(), AzureDenied> {
        self.check_count(body)?;
        self.check_primary(body)?;
        interface::configurations(body).try_for_each(|configuration| self.check_references(configuration))?;
        self.check_others(body)?;
        self.check_groups(body)?;
        self.allocate(body)?;
        let all: Vec<&Value> = interface::configurations(body).collect();
        all.iter().try_for_each(|configuration| self.check_address(configuration))?;
        all.iter()
            .enumerate()
            .try_for_each(|(index, configuration)| self.check_free(configuration, &all[..index]))
    }

    fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }

    fn at(&self, configuration: &Value) -> String {
        format!("{}/ipConfigurations/{}", self.id, configuration["name"].as_str().unwrap_or_default())
    }

    fn check_count(&self, body: &Value) -> Result<(), AzureDenied> {
        let names: Vec<String> = interface::configurations(body)
            .map(|configuration| configuration["name"].as_str().unwrap_or_default().to_lowercase())
            .collect();
        if names.is_empty() {
            let message = format!("Network interface {} must have one or more IP configurations.", self.id);
            return Err(AzureDenied::invalid("InvalidIPConfigCount", message));
        }
        if names.iter().any(String::is_empty) {
            return Err(AzureDenied::unreadable(
                "Value for name is missing. Path 'properties.ipConfigurations'.",
            ));
        }
        let twice = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name));
        match twice {
            None => Ok(()),
            Some((_, name)) => {
                let message =
                    format!("Resource {} has two child resources with the same name ({name}).", self.id);
                Err(AzureDenied::invalid("DuplicateResourceName", message))
            }
        }
    }

    /// Exactly one, and the one that it was.
    fn check_primary(&self, body: &Value) -> Result<(), AzureDenied> {
        let primary: Vec<&Value> = interface::configurations(body).filter(|one| is_primary(one)).collect();
        let [only] = primary.as_slice() else {
            let how_many = if primary.is_empty() { "none" } else { "more than one" };
            let message = format!(
                "Network Interface {} specifies multiple IPConfigurations but {how_many} of the IPConfigurations is \
                 specified as Primary.",
                self.name()
            );
            return Err(AzureDenied::invalid("NetworkInterfaceMustHaveOneOneIPConfigAsPrimary", message));
        };
        let before = self.before.into_iter().flat_map(Interface::configurations).find(|one| is_primary(one));
        match before.and_then(|before| before["name"].as_str()) {
            Some(name) if only["name"] != name => {
                let message = format!(
                    "IP Configuration {name} cannot be deleted. Deletion and renaming of primary IP Configuration is \
                     not supported"
                );
                Err(AzureDenied::invalid("IpConfigDeleteNotSupported", message))
            }
            _ => Ok(()),
        }
    }

    /// Its subnet and its public address must be there, and all subnets in one network.
    fn check_references(&self, configuration: &Value) -> Result<(), AzureDenied> {
        let at = self.at(configuration);
        let subnet = subnet_id(configuration);
        if subnet.is_empty() {
            return Err(AzureDenied::unreadable(&format!(
                "Value for reference id is missing. Path '{at}/subnet'."
            )));
        }
        if self.state.network.subnet(subnet).is_none() {
            return Err(missing(subnet, &at));
        }
        if let Some(public) = public_id(configuration).filter(|id| self.state.network.public(id).is_none()) {
            return Err(missing(public, &at));
        }
        let home = self.before.and_then(|before| before.configurations().find(|one| is_primary(one)));
        match home.map(subnet_id).filter(|home| network_of(home) != network_of(subnet)) {
            None => Ok(()),
            Some(home) => {
                let message = format!(
                    "Subnet {subnet} referenced by {at} is not in the same Virtual Network as subnet {home}."
                );
                Err(AzureDenied::invalid("SubnetsNotInSameVnet", message))
            }
        }
    }

    /// Everything else that is referred to must be there.
    fn check_others(&self, body: &Value) -> Result<(), AzureDenied> {
        for (kind, id) in references(body) {
            let known = matches!(kind, "subnet" | "publicIPAddress") || self.state.network.has(id);
            if !known {
                return Err(missing(id, self.id));
            }
        }
        Ok(())
    }

    /// All configurations of an interface are in the same application security groups (cilium#15194).
    fn check_groups(&self, body: &Value) -> Result<(), AzureDenied> {
        let groups = |one: &Value| {
            let listed = one["properties"]["applicationSecurityGroups"].as_array().into_iter().flatten();
            let mut ids: Vec<String> =
                listed.filter_map(|group| group["id"].as_str()).map(str::to_lowercase).collect();
            ids.sort_unstable();
            ids
        };
        let mut all = interface::configurations(body).map(groups);
        let first = all.next().unwrap_or_default();
        if all.all(|other| other == first) {
            return Ok(());
        }
        let message = format!(
            "All IpConfigurations on a NIC must belong to the same set of application security groups. NIC: {}.",
            self.id
        );
        Err(AzureDenied::invalid(
            "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups",
            message,
        ))
    }

    /// `Dynamic` keeps the address that the configuration had, or gets the next one that is free.
    fn allocate(&self, body: &mut Value) -> Result<(), AzureDenied> {
        let had: Vec<(Value, Value)> = self
            .before
            .into_iter()
            .flat_map(Interface::configurations)
            .map(|one| (one["name"].clone(), one["properties"]["privateIPAddress"].clone()))
            .collect();
        let mut given: Vec<Ipv4Addr> = interface::configurations(body).filter_map(address).collect();
        let configurations = body["properties"]["ipConfigurations"].as_array_mut();
        for configuration in configurations.into_iter().flatten() {
            if configuration["properties"]["privateIPAllocationMethod"] == "Static" {
                continue;
            }
            let kept = had.iter().find(|(name, _)| *name == configuration["name"]);
            let address = if let Some((_, address)) = kept {
                address.clone()
            } else {
                let free = self.free_in(subnet_id(configuration), &given)?;
                given.push(free);
                json!(free.to_string())
            };
            configuration["properties"]["privateIPAddress"] = address;
        }
        Ok(())
    }

    fn free_in(&self, subnet: &str, given: &[Ipv4Addr]) -> Result<Ipv4Addr, AzureDenied> {
        let taken = |ip: &Ipv4Addr| {
            given.contains(ip)
                || self.state.interfaces.iter().any(|other| holds(other, *ip, subnet).is_some())
        };
        let mut usable = self.state.network.subnet(subnet).into_iter().flat_map(Subnet::usable);
        let free = usable.find(|ip| !taken(ip));
        free.ok_or_else(|| {
            let message = format!("Subnet {subnet} does not have enough capacity for 1 IP addresses.");
            AzureDenied::invalid("SubnetIsFull", message)
        })
    }

    /// `Static` needs an address, of the subnet and not one of Azure's own.
    fn check_address(&self, configuration: &Value) -> Result<(), AzureDenied> {
        let at = self.at(configuration);
        let Some(text) = configuration["properties"]["privateIPAddress"].as_str() else {
            let message = format!(
                "Private IP address is required when privateIPAllocationMethod is Static in IP configuration {at}."
            );
            return Err(AzureDenied::invalid("PrivateIPAddressMissing", message));
        };
        let Some(ip) = address(configuration) else {
            let message = format!("The IP address {text} in IP configuration {at} is invalid.");
            return Err(AzureDenied::invalid("InvalidIPAddress", message));
        };
        let Some(subnet) = self.state.network.subnet(subnet_id(configuration)) else { return Ok(()) };
        let prefix = subnet.range;
        if !prefix.contains(ip) {
            let message = format!(
                "Private static IP address {ip} does not belong to the range of subnet prefix {prefix}."
            );
            return Err(AzureDenied::invalid("PrivateIPAddressNotInSubnet", message));
        }
        if !subnet.usable().any(|usable| usable == ip) {
            let message = format!(
                "Private static IP address {ip} falls within reserved IP range of subnet prefix {prefix}."
            );
            return Err(AzureDenied::invalid("PrivateIPAddressInReservedRange", message));
        }
        Ok(())
    }

    /// Nobody else may have its addresses, nor another configuration of the same interface.
    fn check_free(&self, configuration: &Value, earlier: &[&Value]) -> Result<(), AzureDenied> {
        let at = self.at(configuration);
        let others = || self.state.interfaces.iter().filter(|other| !other.is(self.id));
        if let Some(ip) = address(configuration) {
            let own = earlier.iter().find(|one| address(one) == Some(ip)).map(|one| self.at(one));
            let holder =
                own.or_else(|| others().find_map(|other| holds(other, ip, subnet_id(configuration))));
            if let Some(holder) = holder {
                let message = format!(
                    "IP configuration {at} is using the same private IP address {ip} as IP configuration {holder}."
                );
                return Err(AzureDenied::invalid("PrivateIPAddressInUse", message));
            }
        }
        let Some(public) = public_id(configuration) else { return Ok(()) };
        let same = |one: &&Value| public_id(one).is_some_and(|id| id.eq_ignore_ascii_case(public));
        let own = earlier.iter().copied().find(same).map(|one| self.at(one));
        let holder = own.or_else(|| {
            others().find_map(|other| other.held().find(same).map(|one| other.configuration_id(one)))
        });
        match holder {
            None => Ok(()),
            Some(holder) => {
                let message = format!(
                    "Resource {at} is referencing public IP address {public} that is already allocated to resource \
                     {holder}."
                );
                Err(AzureDenied::invalid("PublicIPAddressInUse", message))
            }
        }
    }
}

/// The configuration of this interface that holds the address in the network of this subnet.
fn holds(other: &Interface, ip: Ipv4Addr, subnet: &str) -> Option<String> {
    let held =
        other.held().find(|one| address(one) == Some(ip) && network_of(subnet_id(one)) == network_of(subnet));
    held.map(|one| other.configuration_id(one))
}

/// The virtual network that a subnet belongs to.
fn network_of(subnet: &str) -> String {
    subnet.to_lowercase().split("/subnets/").next().unwrap_or_default().to_owned()
}

fn missing(id: &str, at: &str) -> AzureDenied {
    let message = format!(
        "Resource {id} referenced by resource {at} was not found. Please make sure that the referenced resource \
         exists, and that both resources are in the same region."
    );
    AzureDenied::invalid("InvalidResourceReference", message)
}

/// Every other resource that a body refers to, with the field that does.
pub(super) fn references(body: &Value) -> Vec<(&str, &str)> {
    let own = fields(&body["properties"]);
    let configured = interface::configurations(body).flat_map(|one| fields(&one["properties"]));
    own.chain(configured).collect()
}

fn fields(properties: &Value) -> impl Iterator<Item = (&str, &str)> {
    properties.as_object().into_iter().flatten().flat_map(|(field, value)| {
        let one = value.get("id").and_then(Value::as_str);
        let list = value.as_array().into_iter().flatten().filter_map(|item| item["id"].as_str());
        one.into_iter().chain(list).map(move |id| (field.as_str(), id))
    })
}

impl Subnet {
    /// The addresses that may be given away.
    pub(super) fn usable(&self) -> impl Iterator<Item = Ipv4Addr> {
        let all = self.range.addresses();
        let most = all.end().saturating_sub(1);
        (all.start().saturating_add(RESERVED)..=most).map(Ipv4Addr::from)
    }
}
