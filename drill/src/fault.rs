//! What can be broken on purpose: each a thing that happens to people, and is to end well all the same.

use std::time::Duration;

use sandbox::{Aim, Fault, Moment, Power, Service, World, run::door::Spreading};
use tokio::sync::oneshot;

/// How long the standby's new grant takes with `late-iam`: seconds instead of Google's minutes.
const LATE: Duration = Duration::from_secs(8);

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultName {
    /// Cloudflare throttles.
    CloudflareThrottles,
    /// The journal can't be reached.
    JournalGone,
    /// Writes are made, their answers are lost.
    LostAnswer,
    /// The function is killed.
    Killed,
    /// The grant spreads slowly.
    LateIam,
    /// Cloudflare refuses the token.
    TokenRefused,
    /// The primary takes connections and says nothing.
    SilentPrimary,
}

impl FaultName {
    /// Every fault, in the order of the list.
    pub(super) const ALL: [Self; 7] = [
        Self::CloudflareThrottles,
        Self::JournalGone,
        Self::LostAnswer,
        Self::Killed,
        Self::LateIam,
        Self::TokenRefused,
        Self::SilentPrimary,
    ];

    /// What it is asked for by.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CloudflareThrottles => "cloudflare-429",
            Self::JournalGone => "journal-gone",
            Self::LostAnswer => "lost-answer",
            Self::Killed => "killed",
            Self::LateIam => "late-iam",
            Self::TokenRefused => "token-refused",
            Self::SilentPrimary => "silent-primary",
        }
    }

    /// What it does.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::CloudflareThrottles => "Cloudflare answers the first two changes of the rule with 429",
            Self::JournalGone => "the journal's bucket can't be reached from the power cut on, for a while",
            Self::LostAnswer => "the standby is opened and the intent is stored, but both answers are lost",
            Self::Killed => {
                "the function is killed (SIGKILL) in the middle of the failover, and started again"
            }
            Self::LateIam => "the standby lets visitors in only 8 s after its policy was changed",
            Self::TokenRefused => "Cloudflare refuses the token until somebody mends it",
            Self::SilentPrimary => {
                "the primary takes connections and never answers, instead of refusing them"
            }
        }
    }

    /// How the primary is when its power fails.
    pub(super) fn primary(self) -> Power {
        if self == Self::SilentPrimary { Power::Dark } else { Power::Off }
    }

    /// Breaks it, just before the power fails, for the site whose standby is `service`. For `killed`, tells when the
    /// moment has come.
    pub(super) fn arm(self, world: &World, service: &str) -> Option<oneshot::Receiver<()>> {
        match self {
            Self::CloudflareThrottles => {
                world.fault(Aim::at("cloudflare.patch_page_rule").times(2), Fault::status(429));
            }
            Self::JournalGone => world.fault(Aim::service(Service::Storage), Fault::status(503)),
            Self::LostAnswer => {
                world.fault(Aim::at("run.set_iam_policy").nth(1), Fault::LostAnswer);
                world.fault(Aim::at("storage.create").nth(1), Fault::LostAnswer);
            }
            Self::Killed => return Some(world.stop_at("cloudflare.patch_page_rule", 1, Moment::AfterEffect)),
            Self::LateIam => {
                world.run.spread(service, Spreading::After(LATE), Spreading::IMMEDIATE);
            }
            Self::TokenRefused => world.fault(Aim::at("cloudflare.patch_page_rule"), Fault::status(403)),
            Self::SilentPrimary => {}
        }
        None
    }
}

/// All of them, for `--fault list`.
pub(super) fn list() -> String {
    let lines = FaultName::ALL.map(|fault| format!("{:<15} {}\n", fault.name(), fault.sentence()));
    lines.concat()
}
