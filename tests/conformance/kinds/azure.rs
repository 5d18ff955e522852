//! Azure's kind: an address between two interfaces.

use cloud_failover::api::ApiErrorKind;
use sandbox::{World, azure::pair::CONFIGURATION};
use serde_json::{Value, json};

use super::{Kind, Provider, pair};

pub(crate) const IP_CONFIGURATION: Kind = Kind {
    name: "azure_ip_configuration",
    key: "azure_ip_configuration",
    table: |_| ip_configuration(""),
    astray: |_| ip_configuration("x"),
    reads: &["azure.get_interface"],
    write: "azure.put_interface",
    writes: 2,
    // Before it is taken, what the identity may do with both interfaces and the five things that they join, where the
    // public address is, and the load balancer that the receiver has.
    follows: 2 + 9,
    // What the identity may do to one interface says nothing of the other.
    touches: 2,
    reads_first: true,
    provider: Provider::Azure,
    nowhere: ApiErrorKind::Missing,
    is_standby: |world, _| world.azure.holders(pair().private()) == [pair().machine(1)],
    by_hand: |world, _| world.hand_configuration(pair().private(), Some(&pair().machine(1))),
    rest: |world, _| json!([0, 1].map(|index| rest_of_interface(world, index))),
    forbid: |world| world.deny("Microsoft.Network/networkInterfaces/write"),
    remedy: "grant the identity Microsoft.Network/networkInterfaces/write on ",
};

fn ip_configuration(slip: &str) -> String {
    let seed = pair();
    format!(
        "configuration = 'vip'\naddress = '{}'\npublic_ip = '{}'\nprimary = '{}{slip}'\nstandby = '{}{slip}'",
        seed.private(),
        seed.on_azure().public_ip(),
        seed.on_azure().interface(0),
        seed.on_azure().interface(1)
    )
}

/// An interface without what is computed and without the configuration that moves.
fn rest_of_interface(world: &World, index: usize) -> Value {
    let mut interface = world.azure.interface(&pair().on_azure().interface_name(index)).expect("it is there");
    let configurations = interface["properties"]["ipConfigurations"].as_array_mut().expect("configurations");
    configurations.retain(|configuration| configuration["name"] != CONFIGURATION);
    without_computed(&mut interface);
    interface
}

fn without_computed(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !["etag", "provisioningState"].contains(&key.as_str()));
            fields.values_mut().for_each(without_computed);
        }
        Value::Array(items) => items.iter_mut().for_each(without_computed),
        _ => {}
    }
}
