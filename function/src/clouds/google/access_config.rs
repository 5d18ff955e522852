//! A reserved external address on Compute Engine, moved from one virtual machine's interface to the other's.
//!
//! An interface has at most one access config, and an address at most one user (discovery document of `compute` v1), so
//! it is detached before it is attached. There is no write that changes nothing: permissions are asked for instead.

use std::sync::Arc;

use async_trait::async_trait;
use failover_core::{Position, Role, SwitchId};
use serde_json::{Value, json};

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Change, Checked, Clients, Keys, LeadsBy, Observation, Operation, Problem, Provider, Read, Readiness,
        Situation, Spec, Switch, SwitchError,
        google::{
            machines::{MachineSide, Needed, Pair, PairSpec, Sides},
            names::AddressName,
        },
        machine::Identity,
        pair::{Taken, check as pair_check, given_back},
    },
};

/// The kind `gcp_access_config`.
pub const PROVIDER: Provider =
    Provider { kind: "gcp_access_config", cloud: super::CLOUD, called: "the public address of {site}", read };

/// What the account has to be allowed on both machines.
const NEEDED: [&str; 2] = ["compute.instances.addAccessConfig", "compute.instances.deleteAccessConfig"];

/// What it has to be allowed to look and to move.
const CHECKED: [&str; 3] = ["compute.instances.get", NEEDED[0], NEEDED[1]];

/// What an access config is called unless it has a name already, as the console calls it.
const NAT: &str = "External NAT";

/// What of an access config is set by adding one (`AccessConfig` in the discovery document).
const SETTABLE: [&str; 6] = ["type", "name", "natIP", "networkTier", "setPublicPtr", "publicPtrDomainName"];

#[derive(Debug, Clone)]
struct AccessConfigSpec {
    address: AddressName,
    pair: PairSpec,
}

#[derive(Debug)]
struct AccessConfig {
    id: SwitchId,
    address: AddressName,
    pair: Pair,
    /// The access config as it was at the machine that it was taken from.
    taken: Taken,
}

/// Both machines and the address as they were read.
#[derive(Debug, Clone)]
struct Seen {
    sides: Sides,
    address: Value,
}

fn read(mut keys: Keys<'_>) -> Read {
    let address = keys.required("address", "projects/acme-prod/regions/us-central1/addresses/db-public");
    let pair = PairSpec::read(&mut keys);
    let spec = address.zip(pair).map(|(address, pair)| AccessConfigSpec { address, pair });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

impl Spec for AccessConfigSpec {
    fn id(&self) -> SwitchId {
        SwitchId::new(PROVIDER.kind, self.address.as_str())
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn leads_by(&self) -> LeadsBy {
        LeadsBy::Address
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        let (id, address) = (self.id(), self.address.clone());
        Arc::new(AccessConfig { id, address, pair: self.pair.build(clients), taken: Taken::default() })
    }
}

impl AccessConfig {
    async fn look(&self) -> Result<Seen, ApiError> {
        let (sides, address) =
            tokio::try_join!(self.pair.look(), self.pair.google.compute().address(&self.address))?;
        Ok(Seen { sides, address })
    }

    /// Detaches it from whoever has it and attaches it to the machine of this position. Others who come between are
    /// read again.
    async fn move_to(&self, position: Position, seen: Option<Seen>) -> Result<Change, ApiError> {
        let (mut tries, mut change) = (self.pair.tries(seen), Change::Already);
        loop {
            let Seen { sides, address } = tries.seen_or(self.look()).await?;
            let receiver = self.pair.receiver(&sides, position)?;
            if config(receiver, &address).is_some() {
                self.taken.set(None);
                return Ok(change);
            }
            is_free(receiver)?;
            change = Change::Made;
            match self.hand_over(sides.at(position.opposite()), receiver, &address, position).await {
                Ok(()) => return Ok(change),
                Err(error) => tries.after(error).await?,
            }
        }
    }

    async fn hand_over(
        &self,
        holder: Option<&MachineSide>,
        receiver: &MachineSide,
        address: &Value,
        position: Position,
    ) -> Result<(), ApiError> {
        let Some((holder, held)) = holder.and_then(|side| Some((side, config(side, address)?))) else {
            let is_of_it = |config: &Value| config["natIP"] == address["address"];
            let config = self.taken.get().filter(is_of_it).unwrap_or_else(|| ours(address));
            self.attach(receiver, &config).await?;
            self.taken.set(None);
            return Ok(());
        };
        self.pair.unless_refused(position, holder, receiver)?;
        self.may_move(holder, receiver).await?;
        let (name, config) = (held["name"].as_str().unwrap_or(NAT), settable(held));
        let what = self.address.as_str();
        // Before it is taken: the take may land without an answer, and then nobody has it to be read from.
        self.taken.set(Some(config.clone()));
        let detached =
            self.pair.google.compute().delete_access_config(self.pair.at(holder), what, name).await;
        self.unless_moved(detached, holder, |has_it| !has_it, address).await?;
        let attached = self.attach(receiver, &config).await;
        match self.unless_moved(attached, receiver, |has_it| has_it, address).await {
            Err(error) if error.is_permanent() => {
                let back = self.attach(holder, &config).await;
                if back.is_ok() {
                    self.taken.set(None);
                }
                let error = given_back(&error, holder.name.machine(), back);
                Err(self.pair.refused(position, [holder, receiver], &error))
            }
            Ok(()) => {
                self.taken.set(None);
                Ok(())
            }
            unsure => unsure,
        }
    }

    /// What is detached for somebody who may not be given it would be nobody's.
    async fn may_move(&self, holder: &MachineSide, receiver: &MachineSide) -> Result<(), ApiError> {
        let machines = [&holder.name, &receiver.name];
        if let Some(problem) = pair_check::far(&self.address, machines) {
            return Err(ApiError { kind: ApiErrorKind::Refused, message: problem.sentence });
        }
        let what = format!("{} from {} to {}", self.address, holder.name.machine(), receiver.name.machine());
        self.pair.grants().may(&self.needed([holder, receiver]), &what).await
    }

    /// What is needed of all that takes part in a move.
    fn needed(&self, sides: [&MachineSide; 2]) -> Vec<Needed> {
        let machines = sides.map(|side| Needed::on(side.name.to_string(), &NEEDED));
        machines.into_iter().chain(self.needed_besides(sides)).collect()
    }

    /// What is needed of all but the machines.
    fn needed_besides(&self, sides: [&MachineSide; 2]) -> Vec<Needed> {
        let address = Needed::on(self.address.as_str(), &["compute.addresses.use"]);
        Needed::on_subnets(sides, &["compute.subnetworks.useExternalIp"])
            .into_iter()
            .chain([address])
            .collect()
    }

    /// There is no fingerprint here: what is refused since somebody else did it meanwhile is a conflict.
    async fn unless_moved(
        &self,
        written: Result<(), ApiError>,
        side: &MachineSide,
        as_wished: fn(bool) -> bool,
        address: &Value,
    ) -> Result<(), ApiError> {
        match written {
            Err(error) if error.kind == ApiErrorKind::Refused => {
                let now = self.pair.read_at(&side.name).await?;
                let moved = as_wished(config(&now, address).is_some());
                Err(if moved { ApiError { kind: ApiErrorKind::Conflict, ..error } } else { error })
            }
            written => written,
        }
    }

    async fn attach(&self, side: &MachineSide, config: &Value) -> Result<(), ApiError> {
        self.pair.google.compute().add_access_config(self.pair.at(side), self.address.as_str(), config).await
    }

    /// What is wrong with the address, where both machines are there to have it.
    fn check_address(&self, sides: &Sides, address: &Value, situation: &Situation) -> Vec<Problem> {
        let Some(both) = sides.both() else { return Vec::new() };
        if let Some(problem) = pair_check::of_address(address, &self.address, both.map(|side| &side.name)) {
            return vec![problem];
        }
        let receivers = both.into_iter().filter(|side| config(side, address).is_none());
        let occupied = receivers.filter_map(|side| {
            let why = is_free(side).err()?.message;
            Some(pair_check::occupied(&side.name, why, &side.interface))
        });
        let observed = sides.observed("machine", |side| config(side, address).is_some());
        occupied.chain(pair_check::of_position(&observed, situation)).collect()
    }

    async fn may_write_both(&self) -> Result<(), ApiError> {
        let Seen { sides, .. } = self.look().await?;
        let needed = match sides.both() {
            Some(both) => self.needed(both),
            None => sides.present().map(|side| Needed::on(side.name.to_string(), &NEEDED)).collect(),
        };
        self.pair.grants().may(&needed, self.address.as_str()).await
    }
}

/// The access config as a new one is made.
fn ours(address: &Value) -> Value {
    let mut config = json!({ "type": "ONE_TO_ONE_NAT", "name": NAT, "natIP": address["address"] });
    if let Some(tier) = address["networkTier"].as_str() {
        config["networkTier"] = json!(tier);
    }
    config
}

/// An access config as it was, without what Google only ever says.
fn settable(held: &Value) -> Value {
    let fields = SETTABLE.into_iter().filter(|field| !held[*field].is_null());
    Value::Object(fields.map(|field| (field.to_owned(), held[field].clone())).collect())
}

/// The machine's access config that holds the address.
fn config<'a>(side: &'a MachineSide, address: &Value) -> Option<&'a Value> {
    let configs = side.interface["accessConfigs"].as_array()?;
    configs.iter().find(|config| config["natIP"].is_string() && config["natIP"] == address["address"])
}

/// Another external address of the receiver isn't ours to take away.
fn is_free(receiver: &MachineSide) -> Result<(), ApiError> {
    let other = receiver.interface["accessConfigs"].as_array().and_then(|configs| configs.first());
    let Some(other) = other else { return Ok(()) };
    let message = format!(
        "{} has the external address {} already, and an interface has at most one; remove its access config \"{}\"",
        receiver.name,
        other["natIP"].as_str().unwrap_or("of its own"),
        other["name"].as_str().unwrap_or_default()
    );
    Err(ApiError { kind: ApiErrorKind::Refused, message })
}

#[async_trait]
impl Switch for AccessConfig {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Route
    }

    async fn observe(&self) -> Result<Observation, SwitchError> {
        let seen = self.look().await.map_err(Operation::Observe.failed(&self.id))?;
        let observed = seen.sides.observed("machine", |side| config(side, &seen.address).is_some());
        Ok(Observation { observed, basis: Some(Arc::new(seen)) })
    }

    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError> {
        if Observation::shows(seen.as_ref(), position) {
            return Ok(Change::Already);
        }
        let seen = seen.and_then(|seen| seen.basis?.downcast::<Seen>().ok()).map(|seen| (*seen).clone());
        self.move_to(position, seen).await.map_err(Operation::Set(position).failed(&self.id))
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
        let (sides, address) = tokio::join!(
            self.pair.check(&CHECKED, situation, &mut checked),
            self.pair.google.compute().address(&self.address)
        );
        match address {
            Ok(address) => {
                let found = sides.as_ref().map(|sides| self.check_address(sides, &address, situation));
                checked.extend(found.unwrap_or_default());
                if let Some(both) = sides.as_ref().and_then(Sides::both) {
                    self.pair
                        .grants()
                        .check_needed(&self.needed_besides(both), situation, &mut checked)
                        .await;
                }
            }
            Err(error) if error.kind == ApiErrorKind::Missing => {
                checked.problem(pair_check::unreserved(&self.address));
            }
            Err(error) => checked.unseen(
                &error,
                format!("gcloud compute addresses list --project {}", self.address.project()),
            ),
        }
        checked
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        self.may_write_both().await.map_err(Operation::Touch.failed(&self.id))
    }
}
