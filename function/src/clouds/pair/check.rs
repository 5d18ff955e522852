//! Two machines of which one has an address: whether the other could take it, and give it back.
//!
//! Sources: the resources `Instance` and `Address` in the discovery document of `compute` v1, revision 20261106.

use std::net::IpAddr;

use failover_core::{Observed, Position};
use serde_json::Value;

use crate::clouds::{
    Problem, Situation,
    google::names::{AddressName, MachineName},
    machine::carries,
};

/// A machine that isn't there can be given nothing.
pub(crate) fn absent(name: &MachineName) -> Problem {
    let sentence = format!("{name} is not there, so the address could not be given to it");
    Problem::critical(sentence, format!("{}   # create it, or correct its name", list(name)))
}

/// One that is off answers nobody. The former primary of a site on its standby may well be.
pub(crate) fn stopped(
    name: &MachineName,
    status: &str,
    at: Position,
    situation: &Situation,
) -> Option<Problem> {
    let is_away = situation.settled_at != Some(Position::Primary) && at == Position::Primary;
    (status != "RUNNING").then(|| {
        let verb = if status == "SUSPENDED" { "resume" } else { "start" };
        let sentence = format!("{name} is {status}: it would answer nobody at the address");
        let mend = on(name, verb, "");
        if is_away { Problem::warning(sentence, mend) } else { Problem::critical(sentence, mend) }
    })
}

/// Permissions on a machine, a subnet or an address that would be missing when the address is to be moved.
pub(crate) fn of_permissions(missing: &[&str], path: &str, member: &str) -> Option<Problem> {
    (!missing.is_empty()).then(|| {
        let sentence = format!("{member} lacks {} on {path}", missing.join(", "));
        Problem::critical(sentence, grant(path, member))
    })
}

/// The command that grants what is needed of it. Addresses have no policy of their own.
fn grant(path: &str, member: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let to = |role: &str| format!("--member {member} --role roles/compute.{role}");
    match parts[..] {
        ["projects", project, "zones", zone, "instances", name] => format!(
            "gcloud compute instances add-iam-policy-binding {name} --zone {zone} --project {project} {}",
            to("instanceAdmin.v1")
        ),
        ["projects", project, "regions", region, "subnetworks", name] => format!(
            "gcloud compute networks subnets add-iam-policy-binding {name} --region {region} --project {project} {}",
            to("networkUser")
        ),
        ["projects", project, ..] => {
            format!("gcloud projects add-iam-policy-binding {project} {}", to("instanceAdmin.v1"))
        }
        _ => format!("grant it to {member}"),
    }
}

/// The command that shows a machine, a subnet or an address.
pub(crate) fn describe(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        ["projects", project, "zones", zone, "instances", name] => {
            format!("gcloud compute instances describe {name} --zone {zone} --project {project}")
        }
        ["projects", project, "regions", region, "subnetworks", name] => {
            format!("gcloud compute networks subnets describe {name} --region {region} --project {project}")
        }
        ["projects", project, "regions", region, "addresses", name] => {
            format!("gcloud compute addresses describe {name} --region {region} --project {project}")
        }
        ["projects", project, ..] => format!("gcloud compute instances list --project {project}"),
        _ => "gcloud compute instances list".to_owned(),
    }
}

/// A range is of the subnet's primary range or of a secondary one, and whoever gives it has to say so.
pub(crate) fn of_secondary(
    held: Option<&str>,
    configured: Option<&str>,
    range: &str,
    holder: &MachineName,
) -> Option<Problem> {
    if held == configured {
        return None;
    }
    let [held_in, said] = [held, configured].map(|name| {
        name.map_or_else(
            || "the subnet's primary range".to_owned(),
            |name| format!("the secondary range {name}"),
        )
    });
    let sentence = format!(
        "{range} of {holder} is of {held_in}, and the configuration says {said}: a move that is killed halfway could \
         not be finished"
    );
    let mend = match held {
        Some(name) => format!("secondary_range = \"{name}\"   # in the configuration, beside range"),
        None => "remove secondary_range from the configuration".to_owned(),
    };
    Some(Problem::warning(sentence, mend))
}

/// What the network leads to a machine, its operating system has to take. Only a check on that machine can tell, which is
/// known by its `own` address.
pub(crate) fn carried(address: IpAddr, own: &str, machine: &str) -> Option<Problem> {
    let here = carries(own.parse().ok()?)?;
    (here && !carries(address)?).then(|| {
        let sentence = format!(
            "{machine} is this machine, as it has {own}, and its operating system does not have {address}: clients \
             that are led here would get no answer"
        );
        let mend = format!("ip address add {address}/32 dev eth0   # and for each start as docs/virtual-ip.md says");
        Problem::warning(sentence, mend)
    })
}

/// Clients need exactly one machine that has the address.
pub(crate) fn of_position(observed: &Observed, situation: &Situation) -> Option<Problem> {
    let Observed::Mixed(how) = observed else { return None };
    let act = match situation.settled_at {
        Some(Position::Standby) => "failover",
        _ => "failback",
    };
    let sentence = format!("the address leads nowhere in particular: {how}");
    Some(Problem::critical(sentence, format!("failover act {act} --force --site {}", situation.site)))
}

/// An alias range belongs to one subnet, so a machine in another can't have it.
pub(crate) fn in_one_subnet(one: (&MachineName, &Value), other: (&MachineName, &Value)) -> Option<Problem> {
    let [first, second] = [one.1, other.1].map(|interface| path(&interface["subnetwork"]));
    (first != second).then(|| {
        let sentence = format!(
            "{} is in {first} and {} in {second}: an alias range of the one can't be given to the other",
            one.0, other.0
        );
        Problem::critical(
            sentence,
            format!("{}   # make one of them anew in the other's subnet", list(one.0)),
        )
    })
}

/// The address was never reserved, or was released.
pub(crate) fn unreserved(address: &AddressName) -> Problem {
    let sentence = format!("{address} is not reserved, so no machine can be given it");
    let create =
        format!("gcloud compute addresses create {} --region {}", address.address(), address.region());
    Problem::critical(sentence, format!("{create} --project {}", address.project()))
}

/// An address is used in its own region, from outside, and by one machine.
pub(crate) fn of_address(
    address: &Value,
    name: &AddressName,
    machines: [&MachineName; 2],
) -> Option<Problem> {
    internal(address, name).or_else(|| far(name, machines)).or_else(|| foreign(address, name, machines))
}

fn internal(address: &Value, name: &AddressName) -> Option<Problem> {
    (address["addressType"] == "INTERNAL").then(|| {
        let sentence = format!("{name} is an internal address, which is no access config's");
        let range = address["address"].as_str().unwrap_or("ADDRESS");
        let mend = format!("kind = \"gcp_alias_ip\", range = \"{range}/32\"   # in the configuration");
        Problem::critical(sentence, mend)
    })
}

/// An address is of one region, and so are those that may have it.
pub(crate) fn far(name: &AddressName, machines: [&MachineName; 2]) -> Option<Problem> {
    let region = |machine: &MachineName| Some(machine.zone()?.rsplit_once('-')?.0.to_owned());
    let away =
        machines.into_iter().find(|machine| region(machine).is_some_and(|region| region != name.region()))?;
    let sentence = format!("{away} is in another region than {name}, which it can't be given");
    let mend = format!("{}   # machines and address have to be in one region", list(away));
    Some(Problem::critical(sentence, mend))
}

fn foreign(address: &Value, name: &AddressName, machines: [&MachineName; 2]) -> Option<Problem> {
    let ours = |user: &str| machines.iter().any(|machine| user.ends_with(&machine.within_project()));
    let mut users = address["users"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let other = users.find(|user| !ours(user))?;
    let sentence = format!("{name} is used by {}, which is neither machine", path(&Value::from(other)));
    let mend = format!("gcloud compute addresses describe {} --region {}", name.address(), name.region());
    Some(Problem::critical(sentence, format!("{mend} --project {}   # free it there", name.project())))
}

/// A receiver that has another external address can't be given ours.
pub(crate) fn occupied(name: &MachineName, why: String, interface: &Value) -> Problem {
    let config = interface["accessConfigs"][0]["name"].as_str().unwrap_or("External NAT");
    let nic = interface["name"].as_str().unwrap_or("nic0");
    let which = format!(" --network-interface {nic} --access-config-name \"{config}\"");
    Problem::critical(why, on(name, "delete-access-config", &which))
}

fn on(name: &MachineName, verb: &str, rest: &str) -> String {
    let place = format!("--zone {} --project {}", name.zone().unwrap_or("ZONE"), name.project());
    format!("gcloud compute instances {verb} {} {place}{rest}", name.machine())
}

/// The command that shows the project's machines.
pub(crate) fn list(name: &MachineName) -> String {
    format!("gcloud compute instances list --project {}", name.project())
}

/// A link's path: `projects/…`.
pub(crate) fn path(link: &Value) -> &str {
    let link = link.as_str().unwrap_or_default();
    link.find("projects/").map_or(link, |start| &link[start..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn machine(name: &str) -> MachineName {
        format!("projects/p/zones/us-central1-a/instances/{name}").parse().expect("a name")
    }

    #[test]
    fn whether_this_machine_takes_the_address_is_told_where_it_is_this_machine() {
        let nobodys = "192.0.2.7".parse().expect("an address");
        let found = carried(nobodys, "127.0.0.1", "db-b").expect("a finding");
        assert!(found.mend.starts_with("ip address add 192.0.2.7/32 dev eth0 "), "{found:?}");
        assert_eq!(carried(nobodys, "192.0.2.8", "db-b"), None, "another machine's");
        assert_eq!(carried("127.0.0.1".parse().expect("an address"), "127.0.0.1", "db-b"), None);
    }

    #[track_caller]
    fn address(region: &str, address: &Value, expected: Option<&str>) {
        let name: AddressName = format!("projects/p/regions/{region}/addresses/db").parse().expect("a name");
        let (a, b) = (machine("db-a"), machine("db-b"));
        let found = of_address(address, &name, [&a, &b]).map(|problem| problem.sentence);
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn an_address_is_external_near_and_of_one_of_the_machines() {
        let used_by = |machine: &str| {
            let link = "https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/instances";
            json!({ "address": "203.0.113.9", "addressType": "EXTERNAL", "users": [format!("{link}/{machine}")] })
        };
        let free = json!({ "address": "203.0.113.9", "addressType": "EXTERNAL" });
        address("us-central1", &free, None);
        address("us-central1", &used_by("db-b"), None);
        let other = "projects/p/regions/us-central1/addresses/db is used by \
                     projects/p/zones/us-central1-a/instances/web-db-b, which is neither machine";
        address("us-central1", &used_by("web-db-b"), Some(other));
        let far = "projects/p/zones/us-central1-a/instances/db-a is in another region than \
                   projects/p/regions/us-central2/addresses/db, which it can't be given";
        address("us-central2", &free, Some(far));
        let internal =
            "projects/p/regions/us-central1/addresses/db is an internal address, which is no access config's";
        address("us-central1", &json!({ "address": "10.0.0.9", "addressType": "INTERNAL" }), Some(internal));
    }
}
