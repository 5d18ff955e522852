//! What an identity has to be allowed before an ip-configuration can be moved: to write both interfaces, and to join all
//! that either of them names, since Resource Manager looks at the whole of what is written.

use futures::future::join_all;
use serde_json::Value;

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::azure::{
        Azure, Permissions,
        ip_configuration::interface::{Configuration, Side},
    },
};

const WRITE: &str = "Microsoft.Network/networkInterfaces/write";

/// Which action joins what is named in which field (Azure documentation, "Azure permissions for Networking").
const JOINS: [(&str, &str); 9] = [
    ("subnet", "Microsoft.Network/virtualNetworks/subnets/join/action"),
    ("publicIPAddress", "Microsoft.Network/publicIPAddresses/join/action"),
    ("networkSecurityGroup", "Microsoft.Network/networkSecurityGroups/join/action"),
    ("applicationSecurityGroups", "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"),
    ("loadBalancerBackendAddressPools", "Microsoft.Network/loadBalancers/backendAddressPools/join/action"),
    ("loadBalancerInboundNatRules", "Microsoft.Network/loadBalancers/inboundNatRules/join/action"),
    (
        "applicationGatewayBackendAddressPools",
        "Microsoft.Network/applicationGateways/backendAddressPools/join/action",
    ),
    ("gatewayLoadBalancer", "Microsoft.Network/loadBalancers/frontendIPConfigurations/join/action"),
    ("virtualNetworkTaps", "Microsoft.Network/virtualNetworkTaps/join/action"),
];

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needed {
    pub(super) action: &'static str,
    pub(super) on: String,
}

/// What asking came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// All of it is allowed.
    Allowed,
    /// This lacks.
    Lacking(Vec<Needed>),
    /// Whoever may not ask has to try: the first refusal to tell.
    MayNotAsk(String),
}

/// All that a move from one interface to the other takes, and that an undo takes.
pub(crate) fn needed(ours: &Configuration, holder: &Side, receiver: &Side) -> Vec<Needed> {
    let given = receiver.with(ours, holder.configuration(ours));
    let mut needed: Vec<Needed> = Vec::new();
    for (side, interface) in [(holder, &holder.interface), (receiver, &given)] {
        needed.push(Needed { action: WRITE, on: side.id.to_string() });
        for one in joined(interface) {
            if !needed
                .iter()
                .any(|known| known.action == one.action && known.on.eq_ignore_ascii_case(&one.on))
            {
                needed.push(one);
            }
        }
    }
    needed
}

/// Everything that an interface names.
fn joined(interface: &Value) -> Vec<Needed> {
    let properties = &interface["properties"];
    let configurations = properties["ipConfigurations"].as_array().into_iter().flatten();
    let places = std::iter::once(properties).chain(configurations.map(|one| &one["properties"]));
    let mut joined = Vec::new();
    for place in places {
        for (field, action) in JOINS {
            let one = place[field]["id"].as_str();
            let several =
                place[field].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str());
            joined.extend(one.into_iter().chain(several).map(|id| Needed { action, on: id.to_owned() }));
        }
    }
    joined
}

/// Asks for all of it at the same time.
///
/// # Errors
/// When nobody could tell for now.
pub(crate) async fn ask(azure: &Azure, needed: &[Needed]) -> Result<Asked, ApiError> {
    let mut places: Vec<&str> = Vec::new();
    for one in needed {
        if !places.iter().any(|known| known.eq_ignore_ascii_case(&one.on)) {
            places.push(&one.on);
        }
    }
    let answers = join_all(places.iter().map(|place| azure.permissions(place))).await;
    judged(needed, &places, answers)
}

fn judged(
    needed: &[Needed],
    places: &[&str],
    answers: Vec<Result<Permissions, ApiError>>,
) -> Result<Asked, ApiError> {
    let (mut lacking, mut untold) = (Vec::new(), None);
    for (place, answer) in places.iter().zip(answers) {
        let of_it = needed.iter().filter(|one| one.on.eq_ignore_ascii_case(place));
        match answer {
            Ok(held) => lacking.extend(of_it.filter(|one| !held.allow(one.action)).cloned()),
            // What lacks elsewhere is worth more than that this could not be asked.
            Err(error) => untold = untold.or(Some(error)),
        }
    }
    match untold {
        _ if !lacking.is_empty() => Ok(Asked::Lacking(lacking)),
        None => Ok(Asked::Allowed),
        Some(error) if error.is_permanent() => Ok(Asked::MayNotAsk(error.message)),
        Some(error) => Err(error),
    }
}

/// What is lacking, in one sentence.
pub(crate) fn refusal(what: &str, lacking: &[Needed]) -> ApiError {
    let all =
        lacking.iter().map(|one| format!("{} on {}", one.action, one.on)).collect::<Vec<_>>().join(", ");
    let message = format!(
        "could not move {what}: the identity lacks {all}, so nothing was taken from anybody; grant the identity {all}"
    );
    ApiError { kind: ApiErrorKind::Denied, message }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_an_interface_names_is_joined() {
        let interface = json!({"properties": {
            "networkSecurityGroup": {"id": "/nsg"},
            "virtualMachine": {"id": "/vm"},
            "ipConfigurations": [{"properties": {
                "subnet": {"id": "/subnet"}, "publicIPAddress": {"id": "/public"},
                "applicationSecurityGroups": [{"id": "/one"}, {"id": "/two"}]}}],
        }});
        let all: Vec<String> = joined(&interface).into_iter().map(|one| one.on).collect();
        assert_eq!(all, ["/nsg", "/subnet", "/public", "/one", "/two"]);
    }

    #[test]
    fn what_lacks_is_told_even_where_something_else_could_not_be_asked() {
        let needed =
            [Needed { action: WRITE, on: "/a".to_owned() }, Needed { action: WRITE, on: "/b".to_owned() }];
        let error = |kind| ApiError { kind, message: "no".to_owned() };
        let none = || Ok(Permissions::default());
        let judge = |answers| judged(&needed, &["/A", "/b"], answers);
        let lacks = Asked::Lacking(vec![needed[0].clone()]);
        assert_eq!(judge(vec![none(), Err(error(ApiErrorKind::Denied))]).unwrap(), lacks);
        let both = vec![Err(error(ApiErrorKind::Missing)), Err(error(ApiErrorKind::Denied))];
        assert_eq!(judge(both).unwrap(), Asked::MayNotAsk("no".to_owned()));
        let silent = vec![Err(error(ApiErrorKind::Transient)), Err(error(ApiErrorKind::Transient))];
        assert!(judge(silent).is_err());
    }
}
