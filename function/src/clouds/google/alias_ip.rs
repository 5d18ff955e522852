//! An alias range of a virtual machine's network interface on Compute Engine, moved to the other machine's.
//!
//! Alias ranges are written as a whole list on top of a fingerprint (discovery document of `compute` v1), so other
//! ranges are read and written back. The range is taken from the one before it is given to the other: two can't have it.

use std::{
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
    sync::Arc,
};

use async_trait::async_trait;
use failover_core::{Position, Role, SwitchId};
use serde_json::{Value, json};

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Change, Checked, Clients, Keys, LeadsBy, Observation, Operation, Problem, Provider, Read, Readiness,
        Situation, Spec, Switch, SwitchError,
        google::machines::{MachineSide, Needed, Pair, PairSpec, Sides},
        machine::Identity,
        pair::{Taken, check as pair_check, given_back},
    },
};

/// The kind `gcp_alias_ip`.
pub const PROVIDER: Provider =
    Provider { kind: "gcp_alias_ip", cloud: super::CLOUD, called: "the alias address of {site}", read };

/// What the account has to be allowed on both machines.
const NEEDED: [&str; 2] = ["compute.instances.get", "compute.instances.updateNetworkInterface"];

/// What it has to be allowed on their subnet.
const SUBNET: [&str; 1] = ["compute.subnetworks.use"];

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
    /// The range as it was at the machine that it was taken from.
    taken: Taken,
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

impl Range {
    /// Whether the whole other range is in this one.
    fn covers(self, other: Self) -> bool {
        let kept = 32 - self.length;
        let start = |range: Self| u32::from(range.first).checked_shr(kept).unwrap_or(0);
        other.length >= self.length && start(self) == start(other)
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
        let (pair, taken) = (self.pair.build(clients), Taken::default());
        Arc::new(AliasIp { id, range, secondary, pair, taken })
    }
}

impl AliasIp {
    fn has(&self, side: &MachineSide) -> bool {
        aliases(side).iter().any(|alias| self.is_ours(alias))
    }

    /// The provider may leave the length of a single address out.
    fn is_ours(&self, alias: &Value) -> bool {
        alias["ipCidrRange"].as_str().and_then(|range| range.parse().ok()) == Some(self.range)
    }

    fn without(&self, side: &MachineSide) -> Vec<Value> {
        aliases(side).iter().filter(|alias| !self.is_ours(alias)).cloned().collect()
    }

    /// Ours, as the configuration knows it.
    fn as_configured(&self) -> Value {
        let mut ours = json!({ "ipCidrRange": self.range.to_string() });
        if let Some(RangeName(name)) = &self.secondary {
            ours["subnetworkRangeName"] = json!(name);
        }
        ours
    }

    async fn write(&self, side: &MachineSide, what: &str, aliases: &[Value]) -> Result<(), ApiError> {
        self.pair.google.compute().set_aliases(self.pair.at(side), what, side.fingerprint(), aliases).await
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
                self.taken.set(None);
                return Ok(change);
            }
            change = Change::Made;
            match self.hand_over(holder, receiver, position).await {
                Ok(()) => return Ok(change),
                Err(error) => tries.after(error).await?,
            }
        }
    }

    async fn hand_over(
        &self,
        holder: Option<&MachineSide>,
        receiver: &MachineSide,
        position: Position,
    ) -> Result<(), ApiError> {
        if let Some(holder) = holder {
            if !self.has(receiver) {
                self.pair.unless_refused(position, holder, receiver)?;
                self.may_move(holder, receiver).await?;
            }
            // Before it is taken: the take may land without an answer, and then nobody has it to be read from.
            self.taken.set(aliases(holder).iter().find(|alias| self.is_ours(alias)).cloned());
            self.write(holder, &format!("{} from", self.range), &self.without(holder)).await?;
        }
        if self.has(receiver) {
            self.taken.set(None);
            return Ok(());
        }
        match (holder, self.give(receiver).await) {
            (_, Ok(())) => {
                self.taken.set(None);
                Ok(())
            }
            // Nobody would have it until somebody mends that.
            (Some(holder), Err(error)) if error.is_permanent() => {
                let back = self.give_back(holder).await;
                Err(self.pair.refused(
                    position,
                    [holder, receiver],
                    &given_back(&error, holder.name.machine(), back),
                ))
            }
            (_, given) => given,
        }
    }

    /// Nothing is taken before it is known that it can be given, and given back: neither mends itself.
    async fn may_move(&self, holder: &MachineSide, receiver: &MachineSide) -> Result<(), ApiError> {
        if holder.subnet() != receiver.subnet() {
            let message = format!(
                "{} is in {} and {} in {}: an alias range of the one can't be given to the other, so it stays where it is",
                holder.name,
                holder.subnet(),
                receiver.name,
                receiver.subnet()
            );
            return Err(ApiError { kind: ApiErrorKind::Refused, message });
        }
        let machines = [holder, receiver].map(|side| Needed::on(side.name.to_string(), &NEEDED[1..]));
        let subnet = Needed::on_subnets([holder, receiver], &SUBNET);
        let needed: Vec<Needed> = machines.into_iter().chain(subnet).collect();
        let what = format!("{} from {} to {}", self.range, holder.name.machine(), receiver.name.machine());
        self.pair.grants().may(&needed, &what).await
    }

    /// Gives it as it was taken. Where nobody remembers that, since its mover was ended in between, the subnet tells from
    /// which of its ranges it is.
    async fn give(&self, side: &MachineSide) -> Result<(), ApiError> {
        let (to, taken) = (format!("{} to", self.range), self.taken.get());
        let known = taken.is_some() || self.secondary.is_some();
        let given = self.write(side, &to, &with(side, taken.unwrap_or_else(|| self.as_configured()))).await;
        match given {
            Err(error) if error.kind == ApiErrorKind::Refused && !known => {
                match self.range_of_the_subnet(side).await {
                    Some(found) => self.write(side, &to, &with(side, found)).await,
                    None => Err(error),
                }
            }
            given => given,
        }
    }

    /// Ours, from the secondary range of the subnet that it lies in, if it does and the subnet may be read.
    async fn range_of_the_subnet(&self, side: &MachineSide) -> Option<Value> {
        let subnet = self.pair.google.compute().subnet(side.subnet()).await.ok()?;
        let lies_in = |range: &&Value| {
            let range = range["ipCidrRange"].as_str().and_then(|range| range.parse::<Range>().ok());
            range.is_some_and(|range| range.covers(self.range))
        };
        let name = subnet["secondaryIpRanges"].as_array()?.iter().find(lies_in)?["rangeName"].as_str()?;
        Some(json!({ "ipCidrRange": self.range.to_string(), "subnetworkRangeName": name }))
    }

    /// The holder's ranges are what they were, in their old order, as far as nobody changed them meanwhile.
    async fn give_back(&self, before: &MachineSide) -> Result<(), ApiError> {
        let side = self.pair.read_at(&before.name).await?;
        if self.has(&side) {
            return Ok(());
        }
        let untouched = aliases(&side) == self.without(before).as_slice();
        let ranges = if untouched {
            aliases(before).to_vec()
        } else {
            with(&side, self.taken.get().unwrap_or_else(|| self.as_configured()))
        };
        self.write(&side, &format!("{} back to", self.range), &ranges).await?;
        self.taken.set(None);
        Ok(())
    }

    /// Whether the configuration says of which range of the subnet it is.
    fn check_range(&self, side: &MachineSide) -> Option<Problem> {
        let held = aliases(side).iter().find(|alias| self.is_ours(alias))?;
        let held = held["subnetworkRangeName"].as_str().filter(|name| !name.is_empty());
        let configured = self.secondary.as_ref().map(|RangeName(name)| name.as_str());
        pair_check::of_secondary(held, configured, &self.range.to_string(), &side.name)
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

/// The machine's ranges, and one more.
fn with(side: &MachineSide, ours: Value) -> Vec<Value> {
    aliases(side).iter().cloned().chain([ours]).collect()
}

fn aliases(side: &MachineSide) -> &[Value] {
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
        if Observation::shows(seen.as_ref(), position) {
            return Ok(Change::Already);
        }
        self.move_to(position, Sides::of(seen)).await.map_err(Operation::Set(position).failed(&self.id))
    }

    async fn place_of(&self, me: &Identity) -> Result<Option<Position>, SwitchError> {
        Ok(self.pair.place_of(me))
    }

    fn address(&self) -> Option<IpAddr> {
        (self.range.length == 32).then_some(self.range.first.into())
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
        checked.extend(pair_check::in_one_subnet(one, other));
        let needed = Needed::on_subnets([primary, standby], &SUBNET);
        self.pair.grants().check_needed(&needed, situation, &mut checked).await;
        checked.extend([primary, standby].into_iter().find_map(|side| self.check_range(side)));
        let observed = sides.observed("machine", |side| self.has(side));
        checked.extend(pair_check::of_position(&observed, situation));
        // Google's agent takes it while the machine has it.
        let holder = sides.present().find(|side| self.has(side));
        checked.extend(holder.zip(self.address()).and_then(|(holder, address)| {
            pair_check::carried(address, holder.interface["networkIP"].as_str()?, holder.name.machine())
        }));
        checked
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        self.write_as_is().await.map_err(Operation::Touch.failed(&self.id))
    }
}
