//! What all sites share: the subscriptions, the function itself, the events topic, the journal's bucket, the clock.

use futures::future::join_all;

use super::{Checked, Checker, Problem, Whom, clock, function, journal, missing, subscription};
use crate::{api::ApiErrorKind, config::Verify, journal::JournalLocation};

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
                Ok(settings) => checked.extend(subscription::of_settings(&settings, expected)),
                Err(error) if error.kind == ApiErrorKind::Missing => {
                    let sentence = format!("{name} is not there: nothing reaches the function through it");
                    checked.problem(Problem::critical(sentence, "terraform apply"));
                }
                Err(error) => checked.note(error.message),
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
        match self.clients.google().pubsub_permissions(topic.as_str(), &PUBLISH).await {
            Ok(held) if missing(&PUBLISH, &held).is_empty() => {}
            Ok(_) => {
                let sentence = format!(
                    "announcements can't be published: {member} lacks pubsub.topics.publish on {topic}"
                );
                let mend = format!(
                    "gcloud pubsub topics add-iam-policy-binding {topic} --member {member} --role roles/pubsub.publisher"
                );
                checked.problem(Problem::warning(sentence, mend));
            }
            Err(error) => checked.note(error.message),
        }
        checked
    }

    pub(super) async fn function(&self, whom: &Whom) -> Checked {
        let mut checked = Checked::default();
        let Some(name) = &whom.function else {
            checked.note("the function's own service was not found by where its subscriptions push, so it was not looked at");
            return checked;
        };
        let google = self.clients.google();
        let (service, policy) = tokio::join!(google.run_service(name), google.run_policy(name));
        match (service, policy) {
            (Ok(service), Ok(policy)) => {
                if matches!(self.config.push.verify, Verify::CloudRunIam(_)) {
                    checked.extend(function::of_doors(&service, &policy, name));
                }
                checked.extend(function::of_settings(&service, name));
            }
            (Err(error), _) | (_, Err(error)) => checked.note(error.message),
        }
        checked
    }

    pub(super) async fn journal_grants(&self, member: &str) -> Checked {
        let mut checked = Checked::default();
        let JournalLocation::Gs { bucket, .. } = &self.config.journal else { return checked };
        if self.config.emulated.storage {
            return checked;
        }
        match self.clients.google().bucket_permissions(bucket, &journal::PERMISSIONS).await {
            Ok(held) => checked.extend(journal::of_permissions(
                &missing(&journal::PERMISSIONS, &held),
                bucket,
                member,
            )),
            Err(error) => checked.note(error.message),
        }
        checked
    }

    pub(super) async fn clock(&self) -> Checked {
        let mut checked = Checked::default();
        match self.clients.google().time().await {
            Ok((here, there)) => checked.extend(clock::of_skew(here, there)),
            Err(error) => checked.note(error.message),
        }
        checked
    }
}
