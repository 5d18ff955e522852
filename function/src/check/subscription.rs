//! The subscriptions that push: whether they wait long enough, try often enough and live for ever.

use std::time::Duration;

use crate::{
    clouds::Problem,
    config::Expected,
    pubsub::{PushSettings, SubscriptionSettings},
};

/// A failover may take minutes; a shorter deadline delivers again while the first delivery still works.
const ACK_DEADLINE: Duration = Duration::from_mins(10);
/// Between two deliveries.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// Deliveries before a message is given up.
const ATTEMPTS: u32 = 100;
/// Messages that are given up so soon need no place to be kept in: what a schedule says is said again.
const SOON: Duration = Duration::from_hours(1);
/// What Pub/Sub calls the topic of a subscription whose topic is gone.
const DELETED: &str = "_deleted-topic_";

/// What differs from what a failover needs; `expected` is what a push's token has to say, where it is looked at.
pub fn of_settings(settings: &SubscriptionSettings, expected: Option<&Expected>) -> Vec<Problem> {
    if settings.detached || settings.topic == DELETED {
        let sentence = format!("{} has lost its topic: nothing reaches the function", short(settings));
        return vec![Problem::critical(sentence, "terraform apply")];
    }
    let looks = [deadline, retry, attempts, expiry, filter];
    let mut problems: Vec<Problem> = looks.into_iter().filter_map(|look| look(settings)).collect();
    match &settings.push {
        None => {
            let sentence =
                format!("{} doesn't push: its messages wait to be fetched, and nobody does", short(settings));
            problems
                .push(Problem::critical(sentence, update(settings, "--push-endpoint https://FUNCTION/push")));
        }
        Some(push) => problems.extend(of_push(settings, push, expected)),
    }
    problems
}

fn of_push(
    settings: &SubscriptionSettings,
    push: &PushSettings,
    expected: Option<&Expected>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !push.wrapped {
        let sentence = format!(
            "{} pushes without an envelope, which is refused: a publisher could choose headers",
            short(settings)
        );
        problems.push(Problem::critical(sentence, update(settings, "--clear-push-no-wrapper-config")));
    }
    if !push.endpoint.ends_with("/push") {
        let sentence =
            format!("{} pushes to {}, and pushes are taken at /push", short(settings), push.endpoint);
        problems.push(Problem::critical(sentence, update(settings, "--push-endpoint https://FUNCTION/push")));
    }
    let Some(expected) = expected else { return problems };
    if push.service_account != expected.service_account {
        let sentence = format!(
            "{} pushes as {}, and {} is expected: every push is refused",
            short(settings),
            named(&push.service_account),
            expected.service_account
        );
        let mend = update(settings, &format!("--push-auth-service-account {}", expected.service_account));
        problems.push(Problem::critical(sentence, mend));
    } else if push.audience != expected.audience {
        let sentence = format!(
            "{} pushes to the audience {}, and \"{}\" is expected: every push is refused",
            short(settings),
            named(&push.audience),
            expected.audience
        );
        let mend = update(settings, &format!("--push-auth-token-audience {}", expected.audience));
        problems.push(Problem::critical(sentence, mend));
    }
    problems
}

fn deadline(settings: &SubscriptionSettings) -> Option<Problem> {
    let waits = settings.ack_deadline;
    (waits < ACK_DEADLINE).then(|| {
        let sentence = format!(
            "{} waits only {} s for an answer, so a failover would be delivered again while it still runs",
            short(settings),
            waits.as_secs()
        );
        Problem::warning(sentence, update(settings, "--ack-deadline 600"))
    })
}

fn retry(settings: &SubscriptionSettings) -> Option<Problem> {
    let mend = update(settings, "--min-retry-delay 1s --max-retry-delay 60s");
    match settings.retry {
        None => {
            let sentence = format!("{} delivers again at once and without a pause", short(settings));
            Some(Problem::warning(sentence, mend))
        }
        Some((least, most)) if least > RETRY.0 || most > RETRY.1 => {
            let sentence = format!(
                "{} waits {} to {} between two deliveries, where 1s to 1m would do",
                short(settings),
                told(least),
                told(most)
            );
            Some(Problem::warning(sentence, mend))
        }
        Some(_) => None,
    }
}

fn attempts(settings: &SubscriptionSettings) -> Option<Problem> {
    match &settings.dead_letter {
        None if settings.retention <= SOON => None,
        None => {
            let sentence = format!(
                "{} has no dead-letter topic: what can't be read would be delivered for days",
                short(settings)
            );
            let mend =
                update(settings, "--dead-letter-topic failover-dead-letters --max-delivery-attempts 100");
            Some(Problem::warning(sentence, mend))
        }
        Some(dead_letter) if dead_letter.attempts < ATTEMPTS => {
            let sentence = format!(
                "{} gives a message up after {} deliveries, which a bad hour uses up",
                short(settings),
                dead_letter.attempts
            );
            Some(Problem::warning(sentence, update(settings, "--max-delivery-attempts 100")))
        }
        Some(_) => None,
    }
}

fn expiry(settings: &SubscriptionSettings) -> Option<Problem> {
    let after = settings.expires_after?;
    let sentence = format!(
        "{} is deleted after {} without a message, and a quiet month is what everybody hopes for",
        short(settings),
        told(after)
    );
    Some(Problem::critical(sentence, update(settings, "--expiration-period never")))
}

fn filter(settings: &SubscriptionSettings) -> Option<Problem> {
    (!settings.filter.is_empty()).then(|| {
        let sentence = format!(
            "{} takes only messages that fit {}, and alerts carry no attributes",
            short(settings),
            settings.filter
        );
        Problem::critical(
            sentence,
            "terraform apply   # a filter can't be changed, so the subscription is made anew",
        )
    })
}

fn update(settings: &SubscriptionSettings, what: &str) -> String {
    let project = settings.name.split('/').nth(1).unwrap_or_default();
    format!("gcloud pubsub subscriptions update {} --project {project} {what}", short(settings))
}

/// As it would be written into a command; whole days as days.
fn told(time: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match time.as_secs() {
        seconds if seconds >= DAY && seconds % DAY == 0 => format!("{} days", seconds / DAY),
        _ => humantime::format_duration(time).to_string(),
    }
}

fn short(settings: &SubscriptionSettings) -> &str {
    settings.name.rsplit('/').next().unwrap_or_default()
}

fn named(text: &str) -> String {
    if text.is_empty() { "nobody in particular".to_owned() } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(retention: Duration) -> SubscriptionSettings {
        SubscriptionSettings {
            name: "projects/p/subscriptions/failover-schedule".to_owned(),
            topic: "projects/p/topics/failover-schedule".to_owned(),
            push: Some(PushSettings {
                endpoint: "https://function/push".to_owned(),
                service_account: String::new(),
                audience: String::new(),
                wrapped: true,
            }),
            ack_deadline: ACK_DEADLINE,
            retry: Some(RETRY),
            dead_letter: None,
            retention,
            expires_after: None,
            filter: String::new(),
            detached: false,
        }
    }

    #[test]
    fn what_the_schedule_says_need_not_be_kept() {
        let found = |retention| of_settings(&settings(retention), None);
        assert_eq!(found(Duration::from_mins(10)), []);
        let kept = found(Duration::from_hours(7 * 24));
        assert!(kept[0].sentence.starts_with("failover-schedule has no dead-letter topic"), "{kept:?}");
    }
}
