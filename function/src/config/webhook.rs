//! `[[webhooks]]`: where else announcements go. A webhook's URL is its password, so it comes from the environment.

use std::str::FromStr;

use super::{Environment, Purpose, address::WebUrl, section::Section};
use crate::{
    announce::{Ping, SigningKey, WebhookKind},
    api::Secret,
};

/// All that `[[webhooks]]` names.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    /// Told what happens.
    pub(super) told: Vec<Webhook>,
    /// Told that all is well.
    pub(super) pinged: Vec<Ping>,
    /// The variables of those whose URL isn't here; serving can't do without, other commands can.
    pub(super) without_url: Vec<String>,
}

/// A place that announcements are posted to.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// What it understands.
    pub kind: WebhookKind,
    /// The variable that held its URL, by which it is named in logs.
    pub name: String,
    /// Its URL.
    pub url: Secret,
    /// What a generic webhook's messages are signed with.
    pub secret: Option<Secret>,
}

/// The kinds by their names; none of them is what is only pinged.
const KINDS: &[(&str, Option<WebhookKind>)] = &[
    ("slack", Some(WebhookKind::Slack)),
    ("discord", Some(WebhookKind::Discord)),
    ("ntfy", Some(WebhookKind::Ntfy)),
    ("apprise", Some(WebhookKind::Apprise)),
    ("generic", Some(WebhookKind::Generic)),
    ("ping", None),
];

/// The name of a variable of the environment.
struct VariableName(String);

impl FromStr for VariableName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if starts_well && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            Ok(Self(text.to_owned()))
        } else {
            // The text isn't repeated: people put the URL itself here.
            Err("is not the name of an environment variable")
        }
    }
}

pub(super) fn read_all(root: &mut Section<'_, '_>, environment: &Environment) -> Webhooks {
    let mut webhooks = Webhooks::default();
    for (index, table) in root.tables("webhooks").into_iter().enumerate() {
        root.within(format!("webhooks[{index}]"), table, |webhook| {
            read(webhook, environment, &mut webhooks);
        });
    }
    webhooks
}

fn read(webhook: &mut Section<'_, '_>, environment: &Environment, all: &mut Webhooks) {
    let kind = webhook.required_choice("kind", KINDS);
    let Some(VariableName(name)) = webhook.required("url_env", "SLACK_WEBHOOK_URL") else { return };
    let url = read_url(webhook, environment, &name);
    let secret = read_secret(webhook, environment, kind.flatten());
    match (kind, url) {
        (Some(Some(kind)), Some(url)) => all.told.push(Webhook { kind, name, url, secret }),
        (Some(None), Some(url)) => all.pinged.push(Ping { name, url }),
        (Some(Some(_)), None) => all.without_url.push(name),
        _ => {}
    }
}

/// The URL in the variable; only serving can't do without.
fn read_url(webhook: &mut Section<'_, '_>, environment: &Environment, name: &str) -> Option<Secret> {
    let (variable, reason) = match environment.secret(name) {
        Ok(None) if environment.purpose != Purpose::Serve => return None,
        Ok(None) => {
            (name.to_owned(), format!("is not set, but {} names it", webhook.notes.name_of("url_env")))
        }
        Ok(Some(url)) if url.expose().parse().is_ok_and(|url: WebUrl| url.is_private()) => return Some(url),
        Ok(Some(_)) => {
            let reason = "is not a URL that begins with https://; http:// is for this machine's own loopback alone, since \
                          whoever is on the way reads the URL, which is the webhook's password";
            (name.to_owned(), reason.to_owned())
        }
        Err(problem) => problem,
    };
    webhook.notes.environment_problem(&variable, &reason, "https://hooks.example.com/…");
    None
}

/// The secret in the variable that `secret_env` names, if it names one.
fn read_secret(
    webhook: &mut Section<'_, '_>,
    environment: &Environment,
    kind: Option<WebhookKind>,
) -> Option<Secret> {
    let VariableName(name) = webhook.optional("secret_env", "WEBHOOK_SECRET")?;
    if kind.is_some_and(|kind| kind != WebhookKind::Generic) {
        webhook.notes.problem(
            "secret_env",
            "has no use: only what a generic webhook gets is signed",
            "kind = \"generic\"",
        );
    }
    let (variable, reason) = match environment.secret(&name) {
        Ok(None) if environment.purpose != Purpose::Serve => return None,
        Ok(None) => (name, format!("is not set, but {} names it", webhook.notes.name_of("secret_env"))),
        Ok(Some(secret)) => match SigningKey::read(&secret) {
            Ok(_) => return Some(secret),
            Err(reason) => (name, format!("can't be used: {reason}")),
        },
        Err(problem) => problem,
    };
    webhook.notes.environment_problem(&variable, &reason, "whsec_… as `openssl rand -base64 32` makes it");
    None
}
