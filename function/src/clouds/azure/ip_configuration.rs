//! A secondary ip-configuration on Azure: a private address, with its public one if it has one, moved from one network
//! interface to the other.
//!
//! An interface is written as a whole, so it is read and written back with that one configuration added or removed. The
//! address is taken from the one before it is given to the other, and each change is followed to its end: two can't have
//! it, and of two changes at once Azure drops the older.

mod check;
mod findings;
mod handover;
mod interface;
mod joins;
mod neighbours;

use std::{net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use failover_core::{Observed, Position, Role, SwitchId};
use serde_json::Value;

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Change, Checked, Clients, Keys, LeadsBy, Observation, Operation, Provider, Read, Readiness,
        Situation, Spec, Switch, SwitchError,
        azure::{
            Azure,
            ip_configuration::{
                check::Checking,
                handover::Handover,
                interface::{Address, Configuration, ConfigurationName, Side, Sides},
                joins::Asked,
                neighbours::Neighbour,
            },
            names::{InterfaceId, PublicAddressId},
        },
        machine::Identity,
        pair::{Refusals, Taken, Tries, is_missing, pauses},
    },
};

/// The kind `azure_ip_configuration`.
pub const PROVIDER: Provider = Provider {
    kind: "azure_ip_configuration",
    cloud: super::CLOUD,
    called: "the address of {site} on Azure",
    read,
};

/// What a move may wait for what is only compared: own choice, some ten times what Resource Manager takes.
const SOON: Duration = Duration::from_secs(1);

const PRIMARY: &str = "/subscriptions/6e0d5f3a-0000-0000-0000-000000000000/resourceGroups/db/providers/\
                       Microsoft.Network/networkInterfaces/db-a-nic";
const STANDBY: &str = "/subscriptions/6e0d5f3a-0000-0000-0000-000000000000/resourceGroups/db/providers/\
                       Microsoft.Network/networkInterfaces/db-b-nic";
const PUBLIC: &str = "/subscriptions/6e0d5f3a-0000-0000-0000-000000000000/resourceGroups/db/providers/\
                      Microsoft.Network/publicIPAddresses/db-public";

#[derive(Debug, Clone)]
struct IpConfigurationSpec {
    ours: Configuration,
    primary: InterfaceId,
    standby: InterfaceId,
}

#[derive(Debug)]
struct IpConfiguration {
    id: SwitchId,
    spec: IpConfigurationSpec,
    azure: Arc<Azure>,
    taken: Taken,
    refusals: Refusals,
}

/// Whether it is known that an address that is taken can be given.
#[derive(Debug, PartialEq, Eq)]
enum Known {
    /// It is.
    Asked,
    /// It is, since both interfaces were written as they are: they have to be read again.
    Written,
}

fn read(mut keys: Keys<'_>) -> Read {
    let name = keys.required::<ConfigurationName>("configuration", "vip");
    let address = keys.required::<Address>("address", "10.0.0.250");
    let public = keys.optional("public_ip", PUBLIC);
    let primary = keys.required::<InterfaceId>("primary", PRIMARY);
    let standby = keys.required::<InterfaceId>("standby", STANDBY);
    if primary.is_some() && primary == standby {
        keys.refuse("standby", "is the primary too", STANDBY);
    }
    let ours = name.zip(address).map(|(name, address)| Configuration { name, address, public });
    let spec = ours.zip(primary.zip(standby));
    let spec = spec.map(|(ours, (primary, standby))| IpConfigurationSpec { ours, primary, standby });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

impl Spec for IpConfigurationSpec {
    fn id(&self) -> SwitchId {
        SwitchId::new(
            PROVIDER.kind,
            format!("{}/ipConfigurations/{}", self.primary.group(), self.ours.address),
        )
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn leads_by(&self) -> LeadsBy {
        LeadsBy::Address
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        let (id, spec, azure) = (self.id(), self.clone(), clients.azure());
        Arc::new(IpConfiguration { id, spec, azure, taken: Taken::default(), refusals: Refusals::default() })
    }
}

impl IpConfigurationSpec {
    fn interface(&self, position: Position) -> &InterfaceId {
        if position == Position::Primary { &self.primary } else { &self.standby }
    }

    fn absent(&self, position: Position) -> ApiError {
        let id = self.interface(position);
        let message =
            format!("{id} is not there, so the address stays where it is; create it, or correct its id");
        ApiError { kind: ApiErrorKind::Missing, message }
    }

    /// The public address that belongs to it, as far as it may be looked at.
    async fn public_address(&self, azure: &Azure) -> Option<(&PublicAddressId, Value)> {
        let id = self.ours.public.as_ref()?;
        Some((id, azure.public_address(id).await.ok()?))
    }

    fn observed(&self, sides: &Sides) -> Observed {
        let ours = &self.ours;
        let unsettled = sides.present().find(|side| side.has(ours) && !side.provisioning().is_settled());
        unsettled.map_or_else(
            || sides.observed("interface", |side| side.has(ours)),
            |side| Observed::Mixed(side.provisioning().told()),
        )
    }
}

impl IpConfiguration {
    /// Reads both interfaces at the same time.
    async fn look(&self) -> Result<Sides, ApiError> {
        let read = async |position| Side::read(&self.azure, self.spec.interface(position)).await;
        let (primary, standby) = tokio::join!(read(Position::Primary), read(Position::Standby));
        Sides::read_or_hidden(primary, standby)
    }

    /// Both interfaces once those that would be written are not being changed any more, by whomever: of two changes at
    /// once the older one is lost.
    async fn at_rest(&self, mut sides: Sides, is_written: impl Fn(&Side) -> bool) -> Result<Sides, ApiError> {
        let mut pauses = pauses(self.azure.pace());
        loop {
            let busy = sides
                .present()
                .find(|side| side.provisioning().is_busy() && is_written(side))
                .map(|side| side.provisioning().still_changing());
            match (busy, pauses.next()) {
                (None, _) => return Ok(sides),
                (Some(error), None) => return Err(error),
                (Some(_), Some(pause)) => tokio::time::sleep(pause).await,
            }
            sides = self.look().await?;
        }
    }

    /// Takes it from whoever has it and gives it to the interface of this position. Others who change the interfaces
    /// meanwhile are read again.
    async fn move_to(&self, position: Position, seen: Option<Sides>) -> Result<Change, ApiError> {
        let (mut tries, mut change) = (Tries::of(self.azure.pace(), seen), Change::Already);
        let mut proven = false;
        loop {
            let is_written =
                |side: &Side| side.id == *self.spec.interface(position) || side.has(&self.spec.ours);
            let sides = self.at_rest(tries.seen_or(self.look()).await?, is_written).await?;
            let receiver = self.receiver(&sides, position)?;
            let holder = sides.at(position.opposite()).filter(|side| side.has(&self.spec.ours));
            if holder.is_none() && receiver.has(&self.spec.ours) && !receiver.provisioning().has_failed() {
                self.taken.set(None);
                return Ok(change);
            }
            change = Change::Made;
            if let Some(holder) = holder.filter(|_| !proven && !receiver.has(&self.spec.ours)) {
                self.refusals.of(position, [&holder.interface, &receiver.interface]).map_or(Ok(()), Err)?;
                proven = true;
                if self.make_sure(&sides, holder, receiver).await? == Known::Written {
                    continue;
                }
            }
            match self.handover().make((holder, receiver), position).await {
                Ok(()) => return Ok(change),
                Err(error) => tries.after(Self::explained(&sides, error)).await?,
            }
        }
    }

    /// Nothing is taken before it is known that it can be given, and given back: neither mends itself. All is asked at
    /// the same time; whoever may not ask writes both interfaces as they are, which takes the same permissions.
    async fn make_sure(&self, sides: &Sides, holder: &Side, receiver: &Side) -> Result<Known, ApiError> {
        let ours = &self.spec.ours;
        let needed = joins::needed(ours, holder, receiver);
        let (asked, (public, others)) =
            tokio::join!(joins::ask(&self.azure, &needed), self.public_and_neighbours_of(receiver));
        let what = format!("{} from {} to {}", ours.address, holder.id.name(), receiver.id.name());
        let objection = public.and_then(|(id, public)| {
            let apart = || others.iter().find_map(|one| one.objection_to(&public, id));
            findings::objection_to(&public, id, sides).or_else(apart)
        });
        if let Some(why) = objection {
            let message = format!("could not move {what}: {why}, so nothing was taken from anybody");
            return Err(ApiError { kind: ApiErrorKind::Refused, message });
        }
        match asked? {
            Asked::Allowed => Ok(Known::Asked),
            Asked::Lacking(lacking) => Err(joins::refusal(&what, &lacking)),
            Asked::MayNotAsk(why) => {
                tracing::debug!("{why}; it is tried instead");
                self.write_as_is(Some(sides.clone())).await.map(|()| Known::Written)
            }
        }
    }

    /// The public address, and what it has to agree with where it is given, as far as that may be looked at soon: what is
    /// only compared delays no move.
    async fn public_and_neighbours_of(
        &self,
        receiver: &Side,
    ) -> (Option<(&PublicAddressId, Value)>, Vec<Neighbour>) {
        let Some((id, public)) = self.spec.public_address(&self.azure).await else {
            return (None, Vec::new());
        };
        let reading = neighbours::read(&self.azure, receiver, (&public, id));
        let others = tokio::time::timeout(SOON, reading).await.unwrap_or_default();
        (Some((id, public)), others)
    }

    /// Who is refused since somebody else has the address may be refused since the place that could not be looked at has
    /// it.
    fn explained(sides: &Sides, error: ApiError) -> ApiError {
        match sides.hidden().filter(|_| error.kind == ApiErrorKind::Conflict) {
            Some(hidden) => ApiError {
                kind: ApiErrorKind::Denied,
                message: format!(
                    "{}; who has it may be the one that was not seen: {}",
                    error.message, hidden.message
                ),
            },
            None => error,
        }
    }

    /// The interface that the address is to be given to.
    ///
    /// # Errors
    /// It can't be given: then nothing may be taken from the other one for it.
    fn receiver<'a>(&self, sides: &'a Sides, position: Position) -> Result<&'a Side, ApiError> {
        let gone = || sides.hidden().cloned().unwrap_or_else(|| self.spec.absent(position));
        let receiver = sides.at(position).ok_or_else(gone)?;
        match self.spec.ours.objection(sides) {
            Some(message) => Err(ApiError { kind: ApiErrorKind::Refused, message }),
            None => Ok(receiver),
        }
    }

    fn handover(&self) -> Handover<'_> {
        Handover { azure: &self.azure, ours: &self.spec.ours, taken: &self.taken, refusals: &self.refusals }
    }

    /// Writes both interfaces as they are, one after the other.
    async fn write_as_is(&self, seen: Option<Sides>) -> Result<(), ApiError> {
        let mut tries = Tries::of(self.azure.pace(), seen);
        'again: loop {
            let sides = self.at_rest(tries.seen_or(self.look()).await?, |_| true).await?;
            for side in sides.present() {
                let proof = ("prove write access for", "at");
                if let Err(error) = self.handover().write(proof, side, &side.interface).await {
                    tries.after(error).await?;
                    continue 'again;
                }
            }
            return Ok(());
        }
    }
}

#[async_trait]
impl Switch for IpConfiguration {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Route
    }

    async fn observe(&self) -> Result<Observation, SwitchError> {
        let sides = self.look().await.map_err(Operation::Observe.failed(&self.id))?;
        let observed = self.spec.observed(&sides);
        Ok(sides.seen(observed))
    }

    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError> {
        if Observation::shows(seen.as_ref(), position) {
            return Ok(Change::Already);
        }
        self.move_to(position, Sides::of(seen)).await.map_err(Operation::Set(position).failed(&self.id))
    }

    /// An interface knows which machine it is on.
    async fn place_of(&self, me: &Identity) -> Result<Option<Position>, SwitchError> {
        let Identity::Azure(me) = me else { return Ok(None) };
        let sides = self.look().await.map_err(Operation::Observe.failed(&self.id))?;
        let both = [Position::Primary, Position::Standby];
        let on_me = |position: &Position| sides.at(*position).is_some_and(|side| side.is_on(me));
        let gone = both.into_iter().find(|position| sides.at(*position).is_none());
        match (both.into_iter().find(on_me), gone) {
            // It may be the one that this machine is on.
            (None, Some(gone)) => {
                let unseen = sides.hidden().cloned().unwrap_or_else(|| self.spec.absent(gone));
                Err(Operation::Observe.failed(&self.id)(unseen))
            }
            (place, _) => Ok(place),
        }
    }

    fn address(&self) -> Option<IpAddr> {
        Some(self.spec.ours.address.ip())
    }

    fn reads_first(&self) -> bool {
        true
    }

    async fn readiness(&self) -> Result<Readiness, SwitchError> {
        match Side::read(&self.azure, &self.spec.standby).await {
            Ok(side) if side.machine().is_none() => {
                Ok(Readiness::Unable(format!("{} is attached to no machine", side.id.name())))
            }
            Ok(_) => Ok(Readiness::Ready),
            Err(error) if is_missing(&error) => Ok(Readiness::Unable(error.message)),
            Err(error) => Err(Operation::Readiness.failed(&self.id)(error)),
        }
    }

    async fn check(&self, situation: &Situation) -> Checked {
        let mut checked = Checked::default();
        let named = [&self.spec.primary, &self.spec.standby];
        match self.look().await {
            Ok(sides) => {
                let checking = Checking { azure: &self.azure, ours: &self.spec.ours, sides: &sides };
                checking.all(named, (&self.spec.observed(&sides), situation), &mut checked).await;
            }
            Err(error) => checked.unseen(&error, findings::show(named[0])),
        }
        checked
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        self.write_as_is(None).await.map_err(Operation::Touch.failed(&self.id))
    }
}
