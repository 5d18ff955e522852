//! The address is taken from one interface and given to the other; what can't be given goes back to where it was.

use failover_core::Position;
use serde_json::Value;

use super::interface::{Configuration, Side};
use crate::{
    api::ApiError,
    clouds::{
        azure::{Azure, Deed},
        pair::{Refusals, Taken, given_back},
    },
};

/// What it takes to hand it over, and what is remembered of how that went.
pub(super) struct Handover<'a> {
    pub(super) azure: &'a Azure,
    pub(super) ours: &'a Configuration,
    /// The configuration as it was taken, until somebody has it again.
    pub(super) taken: &'a Taken,
    /// What can't be given isn't taken a second time.
    pub(super) refusals: &'a Refusals,
}

impl Handover<'_> {
    /// Takes it from whoever has it, and gives it to the receiver, the interface of `position`.
    pub(super) async fn make(
        &self,
        (holder, receiver): (Option<&Side>, &Side),
        position: Position,
    ) -> Result<(), ApiError> {
        let ours = self.ours;
        if let Some(holder) = holder {
            // Before it is taken: the take may land without an answer, and then nobody has it to be read from.
            self.taken.set(holder.configuration(ours).cloned());
            self.write(("take", "from"), holder, &holder.without(ours)).await?;
        }
        match (holder, self.give(receiver).await) {
            (_, Ok(())) => {
                self.taken.set(None);
                Ok(())
            }
            // Nobody would have it until somebody mends that.
            (Some(holder), Err(error)) if error.is_permanent() => {
                let error = self.give_back(&error, holder, receiver).await;
                self.refusals.remember(position, [&holder.interface, &receiver.interface], &error);
                Err(error)
            }
            (_, given) => given,
        }
    }

    async fn give(&self, receiver: &Side) -> Result<(), ApiError> {
        let ours = self.ours;
        if !receiver.has(ours) {
            let given = receiver.with(ours, self.taken.get().as_ref());
            return self.write(("give", "to"), receiver, &given).await;
        }
        // It has it, and the other one had it too, or its last change failed: written again, that is mended.
        if receiver.provisioning().has_failed() {
            return self.write(("give", "to"), receiver, &receiver.interface).await;
        }
        Ok(())
    }

    /// Gives it back to who had it, exactly as it was, unless the receiver lists it in spite of the failure.
    async fn give_back(&self, error: &ApiError, before: &Side, receiver: &Side) -> ApiError {
        let ours = self.ours;
        let back = async {
            let (receiver, holder) =
                tokio::try_join!(Side::read(self.azure, &receiver.id), Side::read(self.azure, &before.id))?;
            if receiver.has(ours) {
                self.write(("take", "from"), &receiver, &receiver.without(ours)).await?;
            }
            if holder.has(ours) {
                return Ok(());
            }
            let restored = match self.taken.get() {
                Some(taken) => holder.restored(ours, before, &taken),
                None => holder.with(ours, None),
            };
            self.write(("give", "back to"), &holder, &restored).await?;
            self.taken.set(None);
            Ok(())
        };
        let back = back.await;
        given_back(error, before.id.name(), back)
    }

    /// Writes an interface, for what `verb` and `to` say of the address.
    pub(super) async fn write(
        &self,
        (verb, to): (&'static str, &str),
        side: &Side,
        interface: &Value,
    ) -> Result<(), ApiError> {
        let subject = format!("{} {to} {}", self.ours.address, side.id.name());
        let deed = Deed { verb, subject: &subject };
        self.azure.replace_interface(deed, &side.id, &side.etag, interface).await
    }
}
