//! `[push]`: who may push, and what each subscription may carry.

use std::str::FromStr;

use super::{Environment, Purpose, SubscriptionName, TopicName, section::Section};

/// Who may push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// How a push proves who sent it.
    pub verify: Verify,
    /// Subscriptions that carry alerts and probe reports, and never a command.
    pub alerts: Vec<SubscriptionName>,
    /// Subscriptions that carry commands.
    pub commands: Vec<SubscriptionName>,
    /// The topic that the first of `alerts` delivers, where somebody named it: else Pub/Sub is asked.
    pub alerts_topic: Option<TopicName>,
    /// The topic that the first of `commands` delivers, likewise.
    pub commands_topic: Option<TopicName>,
}

/// How a push proves who sent it; never guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verify {
    /// Cloud Run has checked the token and stripped its signature; what it says is compared once more.
    CloudRunIam(Expected),
    /// The whole token is checked here, signature included.
    Jwt(Expected),
    /// Nothing is proven: for sandboxes.
    Nothing,
}

/// What a push's token has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Whom it is for.
    pub audience: String,
    /// Whose it is.
    pub service_account: String,
}

/// What a subscription may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Incidents and probe reports.
    Alerts,
    /// An operator's commands.
    Commands,
}

impl Push {
    /// What `subscription` may carry; nothing, if it isn't configured.
    pub fn carries(&self, subscription: &str) -> Option<Carries> {
        let holds = |list: &[SubscriptionName]| list.iter().any(|name| name.as_str() == subscription);
        if holds(&self.alerts) {
            Some(Carries::Alerts)
        } else {
            holds(&self.commands).then_some(Carries::Commands)
        }
    }
}

const VERIFY_EXAMPLE: &str = "cloud_run_iam";

pub(super) fn read(root: &mut Section<'_, '_>, environment: &Environment) -> Option<Push> {
    if !root.has("push") {
        root.notes.knows("push");
        if environment.purpose != Purpose::Serve {
            // A machine that is promoted takes no pushes.
            return Some(Push {
                verify: Verify::Nothing,
                alerts: Vec::new(),
                commands: Vec::new(),
                alerts_topic: None,
                commands_topic: None,
            });
        }
        root.notes.problem("push", "is missing", "[push]");
        return None;
    }
    root.section("push", |push| read_push(push, environment)).flatten()
}

fn read_push(push: &mut Section<'_, '_>, environment: &Environment) -> Option<Push> {
    let verify = read_verify(push, environment);
    let alerts: Vec<SubscriptionName> =
        push.list("alerts", "projects/acme-prod/subscriptions/failover-alerts");
    let commands: Vec<SubscriptionName> =
        push.list("commands", "projects/acme-prod/subscriptions/failover-commands");
    if let Some(both) = commands.iter().find(|name| alerts.contains(name)) {
        let reason =
            format!("has {both}, which is in alerts too: whoever may publish an alert could command");
        push.notes.problem(
            "commands",
            &reason,
            "commands = [\"projects/acme-prod/subscriptions/failover-commands\"]",
        );
    }
    let alerts_topic = push.optional("alerts_topic", "projects/acme-prod/topics/failover-alerts");
    let commands_topic = push.optional("commands_topic", "projects/acme-prod/topics/failover-commands");
    Some(Push { verify: verify?, alerts, commands, alerts_topic, commands_topic })
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    CloudRunIam,
    Jwt,
    Nothing,
}

const MODES: &[(&str, Mode)] =
    &[("cloud_run_iam", Mode::CloudRunIam), ("jwt", Mode::Jwt), ("none", Mode::Nothing)];

fn read_verify(push: &mut Section<'_, '_>, environment: &Environment) -> Option<Verify> {
    let mode = push.required_choice("verify", MODES);
    check_place(push, mode, environment);
    if mode == Some(Mode::Nothing) {
        // Allowed beside it, so that trying without proof is one changed word.
        push.optional::<Word>("audience", "failover");
        push.optional::<Account>("service_account", ACCOUNT_EXAMPLE);
        return Some(Verify::Nothing);
    }
    let audience = push.required::<Word>("audience", "failover");
    let service_account = push.required::<Account>("service_account", ACCOUNT_EXAMPLE);
    let expected = Expected { audience: audience?.0, service_account: service_account?.0 };
    Some(if mode? == Mode::Jwt { Verify::Jwt(expected) } else { Verify::CloudRunIam(expected) })
}

/// Whether the mode means anything where this runs.
fn check_place(push: &mut Section<'_, '_>, mode: Option<Mode>, environment: &Environment) {
    let on_cloud_run = environment.is_on_cloud_run();
    let serves = environment.purpose == Purpose::Serve;
    if mode == Some(Mode::CloudRunIam) && serves && !on_cloud_run {
        let reason = "is \"cloud_run_iam\", but this is not Cloud Run (K_SERVICE is not set), so nobody has \
                      checked the token";
        push.notes.problem_with("verify", reason, "jwt");
    }
    if mode == Some(Mode::Nothing) && on_cloud_run {
        let reason = "is \"none\", but on Cloud Run (K_SERVICE is set) anybody could push";
        push.notes.problem_with("verify", reason, VERIFY_EXAMPLE);
    }
}

const ACCOUNT_EXAMPLE: &str = "failover-push@acme-prod.iam.gserviceaccount.com";

/// A text that is not empty.
struct Word(String);

impl FromStr for Word {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() { Err("is empty") } else { Ok(Self(text.to_owned())) }
    }
}

/// A service account's address.
struct Account(String);

impl FromStr for Account {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('@').filter(|(name, domain)| !name.is_empty() && domain.contains('.'));
        let plain = !text.contains(char::is_whitespace);
        if parts.is_some() && plain {
            Ok(Self(text.to_owned()))
        } else {
            Err("is no service account's address")
        }
    }
}
