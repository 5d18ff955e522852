//! An alias range of a virtual machine's network interface on Compute Engine, moved to the other machine's.
//!
//! Alias ranges are written as a whole list on top of a fingerprint (discovery document of `compute` v1), so other
//! ranges are read and written back. The range is taken from the one before it is given to the other: two can't have it.

use std::{net::Ipv4Addr, str::FromStr, sync::Arc};

use async_trait::async_trait;
use failover_core::{Position, Role, SwitchId};
use serde_json::{Value, json};

use super::{
    Change, Keys, LeadsBy, Observation, Operation, Provider, Read, Readiness, Spec, Switch, SwitchError,
    gcp_pair::{Pair, PairSpec, Side, Sides},
    pair::given_back,
};
use crate::api::{ApiError, ApiErrorKind, Clients, names::MachineName};
use crate::check::{Checked, Situation, machines};
use crate::machine::Identity;

/// The kind `gcp_alias_ip`.
pub const PROVIDER: Provider = Provider { kind: "gcp_alias_ip", read };

/// What the account has to be allowed on both machines.
const NEEDED: [&str; 2] = ["compute.instances.get", "compute.instances.updateNetworkInterface"];

#[derive(Debug, Clone)]
struct AliasIpSpec {
    range: Range,
    /// The secondary range of the subnet that it is from; none is the primary one.
    secondary: Option<RangeName>,
    pair: PairSpec,
}

#[derive(Debug)]
struct AliasIp {
    id: SwitchId,
    range: Range,
    secondary: Option<RangeName>,
    pair: Pair,
}

/// A range of addresses; one address is a range of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: Ipv4Addr,
    length: u32,
}

/// A secondary range of a subnet.
#[derive(Debug, Clone)]
struct RangeName(String);

fn read(mut keys: Keys<'_>) -> Read {
    let range = keys.required("range", "10.0.0.250/32");
    let secondary = keys.optional("secondary_range", "vip");
    let pair = PairSpec::read(&mut keys);
    let spec = range.zip(pair).map(|(range, pair)| AliasIpSpec { range, secondary, pair });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

impl FromStr for Range {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "is no range of IPv4 addresses";
        let (first, length) = text.split_once('/').unwrap_or((text, "32"));
        let first: Ipv4Addr = first.parse().map_err(|_| WRONG)?;
        let length: u32 = length.parse().ok().filter(|length| (1..=32).contains(length)).ok_or(WRONG)?;
        let begins = u32::from(first).trailing_zeros() >= 32 - length;
        if begins { Ok(Self { first, length }) } else { Err(WRONG) }
    }
}

impl FromStr for RangeName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if fits { Ok(Self(text.to_owned())) } else { Err("is no name of a secondary range") }
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

impl Spec for AliasIpSpec {
    fn id(&self) -> SwitchId {
        let Range { first, length } = self.range;
        let range = if length == 32 { first.to_string() } else { format!("{first}-{length}") };
        SwitchId::new(PROVIDER.kind, format!("projects/{}/aliasIps/{range}", self.pair.primary.project()))
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn leads_by(&self) -> LeadsBy {
        LeadsBy::Address
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        let (id, range, secondary) = (self.id(), self.range, self.secondary.clone());
        Arc::new(AliasIp { id, range, secondary, pair: self.pair.build(clients) })
    }
}

impl AliasIp {
    fn has(&self, side: &Side) -> bool {
        aliases(side).iter().any(|alias| self.is_ours(alias))
    }

    /// The provider may leave the length of a single address out.
    fn is_ours(&self, alias: &Value) -> bool {
        alias["ipCidrRange"].as_str().and_then(|range| range.parse().ok()) == Some(self.range)
    }

    fn without(&self, side: &Side) -> Vec<Value> {
        aliases(side).iter().filter(|alias| !self.is_ours(alias)).cloned().collect()
    }

    fn with(&self, side: &Side) -> Vec<Value> {
        let mut ours = json!({ "ipCidrRange": self.range.to_string() });
        if let Some(RangeName(name)) = &self.secondary {
            ours["subnetworkRangeName"] = json!(name);
        }
        self.without(side).into_iter().chain([ours]).collect()
    }

    async fn write(&self, side: &Side, what: &str, aliases: &[Value]) -> Result<(), ApiError> {
        self.pair.google.set_aliases(self.pair.at(side), what, side.fingerprint(), aliases).await
    }

    /// Takes it from whoever has it and gives it to the machine of this position. Others who change the interfaces
    /// meanwhile are read again.
    async fn move_to(&self, position: Position, seen: Option<Sides>) -> Result<Change, ApiError> {
        let (mut tries, mut change) = (self.pair.tries(seen), Change::Already);
        loop {
            let sides = tries.seen_or(self.pair.look()).await?;
            let receiver = self.pair.receiver(&sides, position)?;
            let holder = sides.at(position.opposite()).filter(|side| self.has(side));
            if holder.is_none() && self.has(receiver) {
                return Ok(change);
            }
            change = Change::Made;
            match self.hand_over(holder, receiver).await {
                Ok(()) => return Ok(change),
                Err(error) => tries.after(error).await?,
            }
        }
    }

    async fn hand_over(&self, holder: Option<&Side>, receiver: &Side) -> Result<(), ApiError> {
        if let Some(holder) = holder {
            self.write(holder, &format!("{} from", self.range), &self.without(holder)).await?;
        }
        if self.has(receiver) {
            return Ok(());
        }
        match (holder, self.give(receiver).await) {
            // Nobody would have it until somebody mends that.
            (Some(holder), Err(error)) if error.is_permanent() => {
                Err(given_back(&error, holder.name.machine(), self.give_back(&holder.name).await))
            }
            (_, given) => given,
        }
    }

    async fn give(&self, side: &Side) -> Result<(), ApiError> {
        self.write(side, &format!("{} to", self.range), &self.with(side)).await
    }

    async fn give_back(&self, name: &MachineName) -> Result<(), ApiError> {
        let side = self.pair.read_at(name).await?;
        if self.has(&side) { Ok(()) } else { self.give(&side).await }
    }

    /// Writes the holder's ranges as they are.
    async fn write_as_is(&self) -> Result<(), ApiError> {
        let mut tries = self.pair.tries(None);
        loop {
            let sides = tries.seen_or(self.pair.look()).await?;
            let holder = sides.present().find(|side| self.has(side));
            let Some(side) = holder.or_else(|| sides.present().next()) else {
                return Err(ApiError {
                    kind: ApiErrorKind::Missing,
                    message: "neither machine is there".into(),
                });
            };
            match self.write(side, &format!("{} at", self.range), aliases(side)).await {
                Ok(()) => return Ok(()),
                Err(error) => tries.after(error).await?,
            }
        }
    }
}

fn aliases(side: &Side) -> &[Value] {
    side.interface["aliasIpRanges"].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[async_trait]
impl Switch for AliasIp {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Route
    }

    async fn observe(&self) -> Result<Observation, SwitchError> {
        let sides = self.pair.look().await.map_err(Operation::Observe.failed(&self.id))?;
        let observed = sides.observed("machine", |side| self.has(side));
        Ok(sides.seen(observed))
    }

    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError> {
        if seen.as_ref().is_some_and(|seen| seen.observed.is_at(position)) {
            return Ok(Change::Already);
        }
        self.move_to(position, Sides::of(seen)).await.map_err(Operation::Set(position).failed(&self.id))
    }

    async fn place_of(&self, me: &Identity) -> Result<Option<Position>, SwitchError> {
        Ok(self.pair.place_of(me))
    }

    fn reads_first(&self) -> bool {
        true
    }

    async fn readiness(&self) -> Result<Readiness, SwitchError> {
        self.pair.readiness().await.map_err(Operation::Readiness.failed(&self.id))
    }

    async fn check(&self, situation: &Situation) -> Checked {
        let mut checked = Checked::default();
        let Some(sides) = self.pair.check(&NEEDED, situation, &mut checked).await else { return checked };
        let Some([primary, standby]) = sides.both() else { return checked };
        let [one, other] = [primary, standby].map(|side| (&side.name, &side.interface));
        checked.extend(machines::in_one_subnet(one, other));
        let observed = sides.observed("machine", |side| self.has(side));
        checked.extend(machines::of_position(&observed, situation));
        checked
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        self.write_as_is().await.map_err(Operation::Touch.failed(&self.id))
    }
}
