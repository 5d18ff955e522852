//! What the switches that are one object at Cloudflare have in common: how it is looked at, moved, and believed.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use failover_core::{Observed, Position, Role, SwitchId};
use serde_json::Value;
use url::Url;

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Change, Checked, Clients, LeadsBy, Observation, Operation, Situation, Spec, Switch, SwitchError,
        cloudflare::{ByHand, Cloudflare, HexId, Purpose, front},
    },
};

/// Where tokens are made.
pub(crate) const TOKENS: &str = "https://dash.cloudflare.com/profile/api-tokens";

/// One object at Cloudflare that leads visitors: a rule, a record, a route.
#[async_trait]
pub(crate) trait Object: fmt::Debug + Clone + Send + Sync + 'static {
    /// The kind of switch that moves it.
    const KIND: &'static str;

    /// Which one it is, below the interface's base; found by other marks than an id, it is named by those.
    fn resource(&self) -> String;

    /// How it leads visitors.
    fn leads(&self) -> LeadsBy {
        LeadsBy::Redirect
    }

    /// Whether it is in front of what answers at this URL.
    fn meets(&self, _url: &Url) -> bool {
        false
    }

    /// It, as it was read.
    type Found: Send + Sync;

    /// Whether it can only be written whole, so that it is read right before: whatever somebody changed until then stays.
    const WHOLE: bool;

    /// Reads it.
    async fn find(&self, cloudflare: &Cloudflare, purpose: Purpose) -> Result<Self::Found, ApiError>;

    /// Where it is.
    fn observed(&self, found: &Self::Found) -> Observed;

    /// Writes it, on top of what was `found` where it is written whole, and gives it as the answer shows it.
    async fn write(
        &self,
        cloudflare: &Cloudflare,
        found: Option<&Self::Found>,
        position: Position,
    ) -> Result<Option<Self::Found>, ApiError>;

    /// Whether it is, now, what was to be written on top of what was `found`.
    fn arrived(&self, now: &Self::Found, _found: Option<&Self::Found>, position: Position) -> bool {
        self.observed(now).is_at(position)
    }

    /// What it is, in words.
    fn told(&self, found: &Self::Found) -> String {
        self.observed(found).to_string()
    }

    /// What of it would break in an outage, or in the way back from one.
    async fn check(&self, cloudflare: &Cloudflare, situation: &Situation) -> Checked;
}

impl<O: Object> Spec for O {
    fn id(&self) -> SwitchId {
        SwitchId::new(O::KIND, self.resource())
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["CLOUDFLARE_API_TOKEN"]
    }

    fn leads_by(&self) -> LeadsBy {
        self.leads()
    }

    fn is_in_front_of(&self, url: &Url) -> bool {
        self.meets(url)
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        Arc::new(Moved { id: self.id(), object: self.clone(), cloudflare: clients.cloudflare() })
    }
}

/// A switch that moves such an object.
#[derive(Debug)]
struct Moved<O> {
    id: SwitchId,
    object: O,
    cloudflare: Cloudflare,
}

impl<O: Object> Moved<O> {
    async fn look(&self, purpose: Purpose) -> Result<O::Found, ApiError> {
        self.object.find(&self.cloudflare, purpose).await
    }

    async fn seen(&self, purpose: Purpose) -> Result<Observation, SwitchError> {
        let found = self.look(purpose).await.map_err(Operation::Observe.failed(&self.id))?;
        Ok(Observation { observed: self.object.observed(&found), basis: None })
    }

    async fn move_to(&self, position: Position, seen: Option<Observation>) -> Result<Change, ApiError> {
        if O::WHOLE {
            return self.move_whole(position).await;
        }
        if Observation::shows(seen.as_ref(), position) {
            return Ok(Change::Already);
        }
        self.write(None, position).await?;
        Ok(Change::Made)
    }

    /// Writes on top of what is there now; what was made anew meanwhile is looked up once more.
    async fn move_whole(&self, position: Position) -> Result<Change, ApiError> {
        let found = self.look(Purpose::Write).await?;
        if self.object.observed(&found).is_at(position) {
            return Ok(Change::Already);
        }
        match self.write(Some(&found), position).await {
            Err(error) if matches!(error.kind, ApiErrorKind::Missing | ApiErrorKind::Conflict) => {
                self.write(Some(&self.look(Purpose::Write).await?), position).await?;
            }
            written => written?,
        }
        Ok(Change::Made)
    }

    /// Writes and believes what comes back; where that doesn't show the change, one more look decides.
    async fn write(&self, found: Option<&O::Found>, position: Position) -> Result<(), ApiError> {
        let arrived = |now: &O::Found| self.object.arrived(now, found, position);
        let told = self.object.write(&self.cloudflare, found, position).await?;
        if told.as_ref().is_some_and(arrived) {
            return Ok(());
        }
        let now = self.look(Purpose::Read).await?;
        if arrived(&now) {
            return Ok(());
        }
        let message = format!(
            "Cloudflare accepted the change of {}, but it is {}",
            self.id.resource,
            self.object.told(&now)
        );
        Err(ApiError { kind: ApiErrorKind::Transient, message })
    }

    async fn write_as_is(&self) -> Result<(), ApiError> {
        let found = self.look(Purpose::Read).await?;
        match self.object.observed(&found) {
            Observed::At(position) => self.write(Some(&found), position).await,
            Observed::Mixed(how) | Observed::Unknown(how) => {
                Err(ApiError { kind: ApiErrorKind::Refused, message: format!("{}: {how}", self.id.resource) })
            }
        }
    }
}

#[async_trait]
impl<O: Object> Switch for Moved<O> {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn is_rationed(&self) -> bool {
        true
    }

    async fn observe(&self) -> Result<Observation, SwitchError> {
        self.seen(Purpose::Read).await
    }

    async fn glance(&self) -> Result<Observation, SwitchError> {
        self.seen(Purpose::Glance).await
    }

    async fn await_room(&self) {
        self.cloudflare.await_room(if O::WHOLE { 2 } else { 1 }).await;
    }

    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError> {
        self.move_to(position, seen).await.map_err(Operation::Set(position).failed(&self.id))
    }

    async fn check(&self, situation: &Situation) -> Checked {
        self.object.check(&self.cloudflare, situation).await
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        self.write_as_is().await.map_err(Operation::Touch.failed(&self.id))
    }
}

/// Whether visitors come through Cloudflare at all, where a rule is what leads them. Whoever may read neither the zone nor
/// its records sees it by an answer of the site.
pub(crate) async fn check_front(cloudflare: &Cloudflare, zone: &HexId, situation: &Situation) -> Checked {
    let mut checked = Checked::default();
    let (Some(host), Some(url)) = (situation.domain(), &situation.public_url) else { return checked };
    let by_hand = ByHand::at(cloudflare.url(&format!("zones/{zone}")));
    let (read, records) =
        tokio::join!(cloudflare.zones().zone(zone.as_str()), leading(cloudflare, zone, host));
    if read.is_err() && records.is_err() {
        if let Some(is_before) = cloudflare.zones().is_before(url).await {
            checked.seen += 1;
            checked.extend(front::of_answer(situation).filter(|_| !is_before));
            return checked;
        }
        tracing::debug!("nobody answers who could tell whether Cloudflare is in front");
    }
    let zone = checked.look(read);
    let records = checked.look(records);
    let outside = zone.and_then(|zone| front::of_zone(&zone, &by_hand, situation));
    // What follows from the zone isn't told of its records too.
    let past = || records.and_then(|records| front::of_records(&records, &by_hand, situation));
    checked.extend(outside.or_else(past));
    checked
}

/// The records that lead visitors of `host`: its own, or those of the wildcard that stands for it.
async fn leading(cloudflare: &Cloudflare, zone: &HexId, host: &str) -> Result<Vec<Value>, ApiError> {
    let own = cloudflare.records().dns_records_of(zone.as_str(), host).await?;
    let mut parent = host;
    while own.is_empty()
        && let Some((_, rest)) = parent.split_once('.')
        && rest.contains('.')
    {
        let wild = cloudflare.records().dns_records_of(zone.as_str(), &format!("*.{rest}")).await?;
        if !wild.is_empty() {
            return Ok(wild);
        }
        parent = rest;
    }
    Ok(own)
}
