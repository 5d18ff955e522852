//! What `check` finds of the address, beside what both interfaces say of themselves.

use failover_core::Observed;

use super::{
    findings,
    interface::{Configuration, Side, Sides},
    joins::{self, Asked},
    neighbours,
};
use crate::{
    api::ApiErrorKind,
    clouds::{
        Checked, Situation,
        azure::{
            Azure,
            names::{InterfaceId, PublicAddressId},
        },
        pair::check as pair_check,
    },
};

/// What is looked at, and what it is held against.
pub(super) struct Checking<'a> {
    pub(super) azure: &'a Azure,
    pub(super) ours: &'a Configuration,
    pub(super) sides: &'a Sides,
}

impl Checking<'_> {
    /// All of it; the interfaces are those `named`.
    pub(super) async fn all(
        &self,
        named: [&InterfaceId; 2],
        (observed, situation): (&Observed, &Situation),
        checked: &mut Checked,
    ) {
        let Self { ours, sides, .. } = *self;
        checked.extend(findings::of_sides(ours, sides, named));
        if let Some(hidden) = sides.hidden() {
            let unseen = named.into_iter().find(|id| !sides.present().any(|side| side.id == **id));
            checked.unseen(hidden, findings::show(unseen.unwrap_or(named[0])));
        }
        checked.extend(pair_check::of_position(observed, situation));
        // Both machines carry it always.
        checked.extend(sides.present().filter_map(|side| {
            let own = side.primary()?["properties"]["privateIPAddress"].as_str()?;
            pair_check::carried(ours.address.ip(), own, side.id.name())
        }));
        if let Some([one, other]) = sides.both() {
            self.permissions(one, other, checked).await;
        }
        if let Some(id) = &ours.public {
            self.public(id, checked).await;
        }
    }

    async fn public(&self, id: &PublicAddressId, checked: &mut Checked) {
        match self.azure.public_address(id).await {
            Ok(public) => {
                checked.extend(findings::of_public(&public, id, self.sides));
                checked.merge(neighbours::check(self.azure, &public, id, self.sides).await);
            }
            // It can be moved by whoever may join it.
            Err(error) if error.kind == ApiErrorKind::Denied => checked.blind(error.message),
            Err(error) => checked.unseen(&error, format!("az network public-ip show --ids {}", id.as_str())),
        }
    }

    /// Whether it could be moved either way.
    async fn permissions(&self, one: &Side, other: &Side, checked: &mut Checked) {
        let (holder, receiver) = if other.has(self.ours) { (other, one) } else { (one, other) };
        match joins::ask(self.azure, &joins::needed(self.ours, holder, receiver)).await {
            Ok(Asked::Allowed) => {}
            Ok(Asked::Lacking(lacking)) => checked.extend(lacking.iter().map(findings::of_permission)),
            Ok(Asked::MayNotAsk(why)) => checked.blind(format!("{why}; a rehearsal finds out what it may")),
            Err(error) => checked.unseen(&error, findings::show(&holder.id)),
        }
    }
}
