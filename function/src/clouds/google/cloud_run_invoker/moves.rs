//! Opens and closes a service against others who change it at the same time.

use std::{sync::Arc, time::Duration};

use backon::BackoffBuilder;
use failover_core::Position;
use serde_json::Value;

use super::{
    Gate, Invoker,
    doors::{Doors, is_unchecked},
    policy,
};
use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::Change,
};

/// How often a change is tried against others who change the same policy or service.
const TRIES: usize = 6;

impl Invoker {
    /// Reads both doors at the same time.
    pub(super) async fn doors(&self) -> Result<Doors, ApiError> {
        let (policy, service) = tokio::try_join!(
            self.google.run().run_policy(&self.service),
            self.google.run().run_service(&self.service)
        )?;
        Ok(Doors { policy, service })
    }

    /// Moves our door, and makes sure after closing it that the other one is closed too.
    pub(super) async fn move_to(
        &self,
        position: Position,
        seen: Option<Arc<Doors>>,
    ) -> Result<Change, ApiError> {
        let open = position == Position::Standby;
        let change = match self.gate {
            Gate::AllUsers => self.set_members(open, seen.as_ref().map(|doors| doors.policy.clone())).await?,
            Gate::IamCheck => self.set_check(open, seen.as_ref().map(|doors| doors.service.clone())).await?,
        };
        if !open {
            self.prove_closed(seen).await?;
        }
        Ok(change)
    }

    /// Reads the policy, changes our one member and writes it back on top of what was read, until nobody else came
    /// between. The written policy that comes back is the proof.
    async fn set_members(&self, open: bool, mut seen: Option<Value>) -> Result<Change, ApiError> {
        let mut change = Change::Already;
        // What was seen may be old: then the first conflict is no sign of a crowd.
        let at_once = seen.as_ref().map(|_| Duration::ZERO);
        let mut pauses = at_once.into_iter().chain(self.conflicts());
        loop {
            let policy = match seen.take() {
                Some(policy) => policy,
                None => self.google.run().run_policy(&self.service).await?,
            };
            if policy::holds_all_users(&policy) == open {
                return Ok(change);
            }
            change = Change::Made;
            match self.google.run().set_run_policy(&self.service, &policy::with_all_users(policy, open)).await
            {
                Ok(written) if policy::holds_all_users(&written) == open => return Ok(change),
                Ok(_) => return Err(self.unchanged("the policy that came back")),
                Err(error) => pause_after_conflict(error, pauses.next()).await?,
            }
        }
    }

    async fn set_check(&self, open: bool, mut seen: Option<Value>) -> Result<Change, ApiError> {
        let mut change = Change::Already;
        let mut conflicts = self.conflicts();
        loop {
            let service = match seen.take() {
                Some(service) => service,
                None => self.google.run().run_service(&self.service).await?,
            };
            if is_unchecked(&service) == open {
                return Ok(change);
            }
            if change == Change::Made {
                return Err(self.unchanged("the service"));
            }
            match self.google.run().disable_invoker_check(&self.service, open).await {
                Ok(()) => change = Change::Made,
                Err(error) => pause_after_conflict(error, conflicts.next()).await?,
            }
        }
    }

    /// The pauses between tries that others came in between of.
    fn conflicts(&self) -> impl Iterator<Item = Duration> + use<> {
        self.pace.backoff().with_max_times(TRIES - 1).build()
    }

    fn unchanged(&self, what: &str) -> ApiError {
        let message =
            format!("Cloud Run accepted the change of {}, but {what} does not show it", self.service);
        ApiError { kind: ApiErrorKind::Transient, message }
    }

    /// Our door is closed; makes sure that the other one doesn't let everybody in.
    async fn prove_closed(&self, seen: Option<Arc<Doors>>) -> Result<(), ApiError> {
        let name = self.service.service();
        let region = self.service.location();
        let (open, mend) = match self.gate {
            Gate::AllUsers => {
                let service = match seen {
                    Some(doors) => doors.service.clone(),
                    None => self.google.run().run_service(&self.service).await?,
                };
                let mend = format!("gcloud run services update {name} --region={region} --invoker-iam-check");
                (is_unchecked(&service), format!("its invoker check is off; run {mend}"))
            }
            Gate::IamCheck => {
                let policy = match seen {
                    Some(doors) => doors.policy.clone(),
                    None => self.google.run().run_policy(&self.service).await?,
                };
                let mend = format!(
                    "gcloud run services remove-iam-policy-binding {name} --region={region} --member=allUsers \
                     --role=roles/run.invoker"
                );
                (policy::holds_all_users(&policy), format!("allUsers holds roles/run.invoker; run {mend}"))
            }
        };
        if open {
            let message = format!("{} stays open to everybody, because {mend}", self.service);
            return Err(ApiError { kind: ApiErrorKind::Refused, message });
        }
        Ok(())
    }

    /// Writes what is there, on top of what is there.
    pub(super) async fn write_as_is(&self) -> Result<(), ApiError> {
        let mut conflicts = self.conflicts();
        loop {
            let written = match self.gate {
                Gate::AllUsers => {
                    let policy = policy::at_version_3(self.google.run().run_policy(&self.service).await?);
                    self.google.run().set_run_policy(&self.service, &policy).await.map(drop)
                }
                Gate::IamCheck => {
                    let service = self.google.run().run_service(&self.service).await?;
                    let unchecked = is_unchecked(&service);
                    self.google.run().disable_invoker_check(&self.service, unchecked).await
                }
            };
            match written {
                Ok(()) => return Ok(()),
                Err(error) => pause_after_conflict(error, conflicts.next()).await?,
            }
        }
    }
}

/// Waits before the next try if somebody else came between and there is a next try.
async fn pause_after_conflict(error: ApiError, pause: Option<Duration>) -> Result<(), ApiError> {
    match pause {
        Some(pause) if error.kind == ApiErrorKind::Conflict => {
            tokio::time::sleep(pause).await;
            Ok(())
        }
        _ => Err(error),
    }
}
