//! Two machines on Compute Engine of which one has an address: what both switches of that kind have in common.

use std::{
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use failover_core::Position;
use futures::future::{join_all, try_join_all};
use serde_json::Value;

use crate::{
    api::{ApiError, ApiErrorKind, Pace},
    clouds::{
        Checked, Clients, Keys, Readiness, Situation,
        google::{At, Google, names::MachineName},
        machine::Identity,
        missing,
        pair::{self, Refusals, Tries, check as pair_check, is_missing},
    },
};

const PRIMARY: &str = "projects/acme-prod/zones/us-central1-a/instances/db-a";
const STANDBY: &str = "projects/acme-prod/zones/us-central1-b/instances/db-b";

/// What Compute Engine says of a machine that is on.
const RUNNING: &str = "RUNNING";

/// The machines, as the configuration names them.
#[derive(Debug, Clone)]
pub(super) struct PairSpec {
    pub(super) primary: MachineName,
    pub(super) standby: MachineName,
    pub(super) interface: InterfaceName,
}

/// An interface of a machine, the same on both: `nic0`.
#[derive(Debug, Clone)]
pub(super) struct InterfaceName(String);

/// The machines, with a client.
#[derive(Debug)]
pub(super) struct Pair {
    names: PairNames,
    interface: InterfaceName,
    pub(super) google: Arc<Google>,
    pace: Pace,
    refusals: Refusals,
}

/// What the account may do, asked and told. Nothing is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grants<'a>(&'a Google);

/// The machines' names, and the zones that were looked up.
#[derive(Debug)]
struct PairNames {
    primary: MachineName,
    standby: MachineName,
    zones: [Mutex<Option<String>>; 2],
}

/// One machine as it was read.
#[derive(Debug, Clone)]
pub(super) struct MachineSide {
    pub(super) name: MachineName,
    pub(super) status: String,
    pub(super) interface: Value,
}

/// What the account has to be allowed on one thing: a machine, a subnet, an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needed {
    /// Its path.
    pub(super) on: String,
    pub(super) permissions: Vec<&'static str>,
}

/// Both machines as they were read.
pub(super) type Sides = pair::Sides<MachineSide>;

impl PairSpec {
    /// Reads `primary`, `standby` and `interface`.
    pub(super) fn read(keys: &mut Keys<'_>) -> Option<Self> {
        let primary: Option<MachineName> = keys.required("primary", PRIMARY);
        let standby: Option<MachineName> = keys.required("standby", STANDBY);
        let interface = match keys.optional::<InterfaceName>("interface", "nic0") {
            None if keys.has("interface") => None,
            given => Some(given.unwrap_or(InterfaceName("nic0".to_owned()))),
        };
        let (primary, standby, interface) = (primary?, standby?, interface?);
        let zones_differ = primary.zone().zip(standby.zone()).is_some_and(|(one, other)| one != other);
        if primary.project() == standby.project() && primary.machine() == standby.machine() && !zones_differ {
            keys.refuse("standby", "is the primary too", STANDBY);
        }
        Some(Self { primary, standby, interface })
    }

    /// With the clients that it needs.
    pub(super) fn build(&self, clients: &Clients) -> Pair {
        let zones = [&self.primary, &self.standby].map(|name| Mutex::new(name.zone().map(str::to_owned)));
        let refusals = Refusals::default();
        let names = PairNames { primary: self.primary.clone(), standby: self.standby.clone(), zones };
        let (interface, google, pace) = (self.interface.clone(), clients.google(), clients.pace());
        Pair { names, interface, google, pace, refusals }
    }
}

impl FromStr for InterfaceName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_prefix("nic").filter(|number| !number.is_empty());
        let fits = number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()));
        if fits { Ok(Self(text.to_owned())) } else { Err("is no interface of a machine") }
    }
}

impl Pair {
    /// Which of the two this machine is.
    pub(super) fn place_of(&self, me: &Identity) -> Option<Position> {
        let Identity::Google(me) = me else { return None };
        let is_primary = me.is(&self.names.primary).then_some(Position::Primary);
        is_primary.or_else(|| me.is(&self.names.standby).then_some(Position::Standby))
    }

    /// What the account may do.
    pub(super) fn grants(&self) -> Grants<'_> {
        Grants(&self.google)
    }

    /// Reads both machines at the same time.
    ///
    /// # Errors
    /// When either could not be read, or neither is there: then nobody can tell where the address is.
    pub(super) async fn look(&self) -> Result<Sides, ApiError> {
        let (primary, standby) = tokio::join!(self.read(Position::Primary), self.read(Position::Standby));
        Sides::read(primary, standby)
    }

    async fn read(&self, position: Position) -> Result<MachineSide, ApiError> {
        let name = self.names.of(&self.google, position).await?;
        let side = self.read_at(&name).await;
        if side.as_ref().is_err_and(is_missing) {
            self.names.forget_zone(position);
        }
        side
    }

    /// Reads a machine whose zone is known.
    pub(super) async fn read_at(&self, name: &MachineName) -> Result<MachineSide, ApiError> {
        let machine = self.google.compute().machine(name).await?;
        let interfaces = machine["networkInterfaces"].as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(interface) = interfaces.iter().find(|known| known["name"] == self.interface.0) else {
            let message = format!("{name} has no interface {}", self.interface.0);
            return Err(ApiError { kind: ApiErrorKind::Refused, message });
        };
        let status = machine["status"].as_str().unwrap_or_default().to_owned();
        Ok(MachineSide { name: name.clone(), status, interface: interface.clone() })
    }

    /// Where to write.
    pub(super) fn at<'a>(&'a self, side: &'a MachineSide) -> At<'a> {
        At { machine: &side.name, interface: &self.interface.0 }
    }

    /// The machine that an address is to be given to.
    ///
    /// # Errors
    /// It isn't there: nothing may be taken from the other one for it.
    pub(super) fn receiver<'a>(
        &self,
        sides: &'a Sides,
        position: Position,
    ) -> Result<&'a MachineSide, ApiError> {
        sides.at(position).ok_or_else(|| {
            let message = format!(
                "{} is not there, so the address stays where it is; create it, or correct its name",
                self.names.name(position)
            );
            ApiError { kind: ApiErrorKind::Missing, message }
        })
    }

    /// Why nothing is taken: the same was tried and refused, and the holder lives. One that is off loses nothing.
    pub(super) fn unless_refused(
        &self,
        to: Position,
        holder: &MachineSide,
        receiver: &MachineSide,
    ) -> Result<(), ApiError> {
        let refused = self.refusals.of(to, [&holder.interface, &receiver.interface]);
        refused.filter(|_| holder.status == RUNNING).map_or(Ok(()), Err)
    }

    /// Remembers this refusal of a move between the holder and the receiver.
    pub(super) fn refused(&self, to: Position, between: [&MachineSide; 2], error: &ApiError) -> ApiError {
        self.refusals.remember(to, between.map(|side| &side.interface), error);
        error.clone()
    }

    /// Whether the standby could answer if it had the address now.
    pub(super) async fn readiness(&self) -> Result<Readiness, ApiError> {
        let side = match self.read(Position::Standby).await {
            Err(error) if is_missing(&error) => return Ok(Readiness::Unable(error.message)),
            side => side?,
        };
        if side.status == RUNNING {
            return Ok(Readiness::Ready);
        }
        Ok(Readiness::Unable(format!("{} is {}", side.name, side.status)))
    }

    /// Both machines as they are, where either could be read; what is wrong with them is told.
    pub(super) async fn check(
        &self,
        needed: &[&'static str],
        situation: &Situation,
        checked: &mut Checked,
    ) -> Option<Sides> {
        let looks = [Position::Primary, Position::Standby].map(|at| self.check_one(at, needed, situation));
        let [primary, standby] = looks;
        let ((primary, of_primary), (standby, of_standby)) = tokio::join!(primary, standby);
        for found in [of_primary, of_standby] {
            checked.merge(found);
        }
        Some(Sides::new(primary?, standby?))
    }

    /// One machine, none where it isn't there; nothing at all where it could not be read.
    async fn check_one(
        &self,
        at: Position,
        needed: &[&'static str],
        situation: &Situation,
    ) -> (Option<Option<MachineSide>>, Checked) {
        let mut checked = Checked::default();
        let read = self.read(at).await;
        let name = self.names.of(&self.google, at).await.unwrap_or_else(|_| self.names.name(at).clone());
        let is_there = !read.as_ref().is_err_and(is_missing);
        let mut told = false;
        if is_there && name.zone().is_some() {
            let needed = Needed { on: name.to_string(), permissions: needed.to_vec() };
            self.grants().check_needed(&[needed], situation, &mut checked).await;
            told = !checked.problems.is_empty();
        }
        let side = match read {
            Ok(side) => {
                checked.extend(pair_check::stopped(&side.name, &side.status, at, situation));
                Some(Some(side))
            }
            Err(error) if is_missing(&error) => {
                checked.problem(pair_check::absent(&name));
                Some(None)
            }
            Err(error) if told && error.kind == ApiErrorKind::Denied => None,
            Err(error) => {
                checked.unseen(&error, pair_check::list(&name));
                None
            }
        };
        (side, checked)
    }

    /// The tries of one change, the first of them on top of what was `seen`.
    pub(super) fn tries<Seen>(&self, seen: Option<Seen>) -> Tries<Seen> {
        Tries::of(self.pace, seen)
    }
}

impl PairNames {
    /// The machine's name with its zone, which is looked up once where it isn't given.
    async fn of(&self, google: &Google, position: Position) -> Result<MachineName, ApiError> {
        let known = self.zone(position).clone();
        if let Some(zone) = known {
            return Ok(self.name(position).in_zone(&zone));
        }
        let zone = google.compute().zone_of(self.name(position)).await?;
        *self.zone(position) = Some(zone.clone());
        Ok(self.name(position).in_zone(&zone))
    }

    /// A machine may be made anew in another zone.
    fn forget_zone(&self, position: Position) {
        if self.name(position).zone().is_none() {
            *self.zone(position) = None;
        }
    }

    fn zone(&self, position: Position) -> std::sync::MutexGuard<'_, Option<String>> {
        self.zones[index(position)].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self, position: Position) -> &MachineName {
        if position == Position::Primary { &self.primary } else { &self.standby }
    }
}

impl Grants<'_> {
    /// Asks for all of `needed` at the same time.
    ///
    /// # Errors
    /// One of them lacks: nothing may be taken. Or nobody could tell.
    pub(super) async fn may(&self, needed: &[Needed], what: &str) -> Result<(), ApiError> {
        let missing = try_join_all(needed.iter().map(|needed| self.lacking(needed))).await?;
        let lacking: Vec<&Needed> =
            missing.iter().filter(|lacking| !lacking.permissions.is_empty()).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let of = |lacking: &&Needed| format!("{} on {}", lacking.permissions.join(" and "), lacking.on);
        let all = lacking.iter().map(of).collect::<Vec<_>>().join(", ");
        let message = format!(
            "could not move {what}: the account lacks {all}, so nothing was taken from anybody; grant the account {all}"
        );
        Err(ApiError { kind: ApiErrorKind::Denied, message })
    }

    /// What the account isn't allowed.
    pub(super) async fn lacking(&self, needed: &Needed) -> Result<Needed, ApiError> {
        let held = self.0.compute().compute_permissions(&needed.on, &needed.permissions).await?;
        Ok(Needed { on: needed.on.clone(), permissions: missing(&needed.permissions, &held) })
    }

    /// What is lacking of `needed`, told as findings; what could not be asked is told, too.
    pub(super) async fn check_needed(&self, needed: &[Needed], situation: &Situation, checked: &mut Checked) {
        for (needed, asked) in needed.iter().zip(join_all(needed.iter().map(|one| self.lacking(one))).await) {
            match asked {
                Ok(lacking) => {
                    let problem =
                        pair_check::of_permissions(&lacking.permissions, &lacking.on, &situation.member);
                    checked.extend(problem);
                }
                Err(error) => checked.unseen(&error, pair_check::describe(&needed.on)),
            }
        }
    }
}

impl Needed {
    pub(super) fn on(what: impl Into<String>, permissions: &[&'static str]) -> Self {
        Self { on: what.into(), permissions: permissions.to_vec() }
    }

    /// On the subnets of these machines, each once.
    pub(super) fn on_subnets(sides: [&MachineSide; 2], permissions: &[&'static str]) -> Vec<Self> {
        let mut subnets = sides.map(MachineSide::subnet).to_vec();
        subnets.dedup();
        // A legacy network has none.
        subnets
            .into_iter()
            .filter(|subnet| !subnet.is_empty())
            .map(|subnet| Self::on(subnet, permissions))
            .collect()
    }
}

impl MachineSide {
    /// The path of the subnet that it is in: `projects/P/regions/R/subnetworks/S`.
    pub(super) fn subnet(&self) -> &str {
        pair_check::path(&self.interface["subnetwork"])
    }

    /// What the interface is written on top of.
    pub(super) fn fingerprint(&self) -> &str {
        self.interface["fingerprint"].as_str().unwrap_or_default()
    }
}

fn index(position: Position) -> usize {
    usize::from(position == Position::Standby)
}
