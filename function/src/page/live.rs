//! The real source: each site's journal and switches, read and never written.
//!
//! What doesn't answer in time is shown as it was seen last, and said. A journal in which nothing is new costs one
//! read; only entries that are new are fetched.

mod asking;
mod history;
mod sight;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::future::join_all;
use jiff::Timestamp;
use tokio::{sync::OnceCell, time::timeout};

use self::{asking::ask, history::History, sight::Sight};
use super::{Finding, Overview, SiteFacts, Source};
use crate::{
    config::{self, Config, SubscriptionName},
    pubsub::PubSub,
    site::Guarded,
};

/// How long a journal, a switch or Pub/Sub may take: own choice, a little less than a visitor of the page waits.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Looks at the sites of this configuration.
pub struct Live {
    sites: Vec<Watched>,
    pubsub: PubSub,
    subscription: Option<SubscriptionName>,
    topic: OnceCell<String>,
}

/// A site, and what was seen of it before.
struct Watched {
    guarded: Arc<Guarded>,
    settings: Arc<config::Site>,
    history: History,
    sight: Sight,
}

impl Live {
    /// Looks at `sites`, which are those of `config`.
    pub fn new(config: &Config, sites: &[Arc<Guarded>], pubsub: &PubSub) -> Self {
        let pairs = sites.iter().zip(&config.sites);
        let watched = |(guarded, settings): (&Arc<Guarded>, &Arc<config::Site>)| Watched {
            guarded: Arc::clone(guarded),
            settings: Arc::clone(settings),
            history: History::default(),
            sight: Sight::default(),
        };
        Self {
            sites: pairs.map(watched).collect(),
            pubsub: pubsub.clone(),
            subscription: config.push.commands.first().cloned(),
            topic: OnceCell::new(),
        }
    }

    /// The topic of commands, as its subscription names it; where that may not be read, one of the same name, as the
    /// Terraform modules call it.
    async fn topic(&self) -> &str {
        self.topic.get_or_init(|| self.find_topic()).await
    }

    async fn find_topic(&self) -> String {
        let Some(subscription) = &self.subscription else { return String::new() };
        let settings = timeout(PATIENCE / 2, self.pubsub.subscription(subscription.as_str())).await;
        match settings {
            Ok(Ok(settings)) if settings.topic.starts_with("projects/") => settings.topic,
            _ => guess(subscription),
        }
    }

    async fn look(&self, watched: &Watched) -> Overview {
        let Watched { guarded, history, sight, .. } = watched;
        let (topic, told, seen, asked) = tokio::join!(
            self.topic(),
            history.look(&guarded.record),
            sight.look(&guarded.switches),
            ask(guarded)
        );
        let checked = told.state.as_ref().and_then(|state| state.checked.as_ref());
        let facts = SiteFacts {
            findings: checked
                .map_or_else(Vec::new, |checked| checked.findings.iter().map(Finding::from).collect()),
            checked_at: checked.map(|checked| checked.at),
            state: told.state,
            entries: told.entries,
            switches: seen.glimpses,
            asked,
            troubles: told.troubles.into_iter().chain(seen.troubles).collect(),
            ..watched.facts(topic.to_owned())
        };
        Overview::of(&facts, Timestamp::now())
    }
}

impl Watched {
    /// What is known without looking.
    fn facts(&self, commands_topic: String) -> SiteFacts {
        let settings = &self.settings;
        SiteFacts {
            name: settings.name.clone(),
            public_url: settings.public_url.as_ref().map(ToString::to_string),
            standby_url: settings.standby_url.as_ref().map(ToString::to_string),
            primary_url: settings.primary_url.as_ref().map(ToString::to_string),
            policy: settings.policy.clone(),
            commands_topic,
            state: None,
            entries: Vec::new(),
            switches: Vec::new(),
            asked: None,
            findings: Vec::new(),
            checked_at: None,
            troubles: Vec::new(),
        }
    }
}

fn guess(subscription: &SubscriptionName) -> String {
    subscription.as_str().replacen("/subscriptions/", "/topics/", 1)
}

#[async_trait]
impl Source for Live {
    async fn overviews(&self) -> Vec<Overview> {
        join_all(self.sites.iter().map(|watched| self.look(watched))).await
    }

    fn unlooked(&self) -> Vec<Overview> {
        let topic = self.topic.get().cloned();
        let topic = topic.or_else(|| self.subscription.as_ref().map(guess)).unwrap_or_default();
        let facts = self.sites.iter().map(|watched| SiteFacts {
            troubles: vec!["nothing has answered yet".to_owned()],
            ..watched.facts(topic.clone())
        });
        facts.map(|facts| Overview::of(&facts, Timestamp::now())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_guessed_from_its_subscription() {
        let subscription = "projects/acme-prod/subscriptions/failover-commands".parse().unwrap();
        assert_eq!(guess(&subscription), "projects/acme-prod/topics/failover-commands");
    }
}
