//! What all sites share: the subscriptions, the function itself, the events topic, the journal's bucket, the clock.

use futures::future::join_all;

use super::{Checker, Whom, asks_google, clock, function, journal, subscription};
use crate::{
    api::ApiErrorKind,
    clouds::{Checked, Problem, missing},
    config::Verify,
    journal::JournalLocation,
};

impl Checker {
    pub(super) async fn subscriptions(&self) -> Checked {
        let mut checked = Checked::default();
        if self.config.emulated.pubsub {
            checked.note("Pub/Sub is an emulator here, so the subscriptions were not looked at");
            return checked;
        }
        let push = &self.config.push;
        let expected = match &push.verify {
            Verify::CloudRunIam(expected) | Verify::Jwt(expected) => Some(expected),
            Verify::Nothing => None,
        };
        let names = push.alerts.iter().chain(&push.commands);
        let reads = names.map(|name| async move { (name, self.pubsub.subscription(name.as_str()).await) });
        for (name, read) in join_all(reads).await {
            match read {
                Err(error) if error.kind == ApiErrorKind::Missing => {
                    let sentence = format!("{name} is not there: nothing reaches the function through it");
                    checked.seen += 1;
                    checked.problem(Problem::critical(sentence, "terraform apply"));
                }
                read => {
                    let settings = checked.look(read);
                    checked.extend(
                        settings.iter().flat_map(|settings| subscription::of_settings(settings, expected)),
                    );
                }
            }
        }
        checked
    }

    pub(super) async fn events(&self, member: &str) -> Checked {
        const PUBLISH: [&str; 1] = ["pubsub.topics.publish"];
        let mut checked = Checked::default();
        let Some(topic) = self.config.events.as_ref().filter(|_| !self.config.emulated.pubsub) else {
            return checked;
        };
        let held = self.clients.google().access().pubsub_permissions(topic.as_str(), &PUBLISH).await;
        match checked.look(held) {
            Some(held) if !missing(&PUBLISH, &held).is_empty() => {
                let sentence = format!(
                    "announcements can't be published: {member} lacks pubsub.topics.publish on {topic}"
                );
                let mend = format!(
                    "gcloud pubsub topics add-iam-policy-binding {topic} --member {member} --role roles/pubsub.publisher"
                );
                checked.problem(Problem::warning(sentence, mend));
            }
            _ => {}
        }
        checked
    }

    pub(super) async fn function(&self, whom: &Whom) -> Checked {
        let mut checked = Checked::default();
        let Some(name) = &whom.function else {
            const NOT_FOUND: &str = "the function's own service was not looked at: it was not found by where its subscriptions push";
            let subscribed = !(self.config.push.alerts.is_empty() && self.config.push.commands.is_empty());
            match &self.config.push.verify {
                // Without a subscription there is no function to look for.
                _ if !subscribed => {}
                Verify::CloudRunIam(_) => checked.blind(NOT_FOUND),
                // It may be anywhere.
                Verify::Jwt(_) | Verify::Nothing => checked.note(NOT_FOUND),
            }
            return checked;
        };
        let google = self.clients.google();
        let (service, policy) = tokio::join!(google.run().run_service(name), google.run().run_policy(name));
        let (service, policy) = (checked.look(service), checked.look(policy));
        if let Some(service) = &service {
            checked.extend(function::of_settings(service, name));
        }
        if let (Some(service), Some(policy), Verify::CloudRunIam(_)) =
            (&service, &policy, &self.config.push.verify)
        {
            checked.extend(function::of_doors(service, policy, name));
        }
        checked
    }

    pub(super) async fn journal_grants(&self, member: &str) -> Checked {
        let mut checked = Checked::default();
        let JournalLocation::Gs { bucket, .. } = &self.config.journal else { return checked };
        if self.config.emulated.storage {
            return checked;
        }
        let held = self.clients.google().access().bucket_permissions(bucket, &journal::PERMISSIONS).await;
        if let Some(held) = checked.look(held) {
            let missing = missing(&journal::PERMISSIONS, &held);
            checked.extend(journal::of_permissions(&missing, bucket, member));
        }
        checked
    }

    pub(super) async fn clock(&self) -> Checked {
        let mut checked = Checked::default();
        // Google's tokens and incidents are what the clock is needed for.
        if !asks_google(&self.config) {
            return checked;
        }
        let time = self.clients.google().access().time().await;
        if let Some((here, there)) = checked.look(time) {
            checked.extend(clock::of_skew(here, there));
        }
        checked
    }
}
