//! What the function says on its events topic: once it has taken an outage up, its report needs no repetition.

use std::{collections::HashMap, sync::Arc, time::Duration};

use failover_core::SiteName;
use jiff::Timestamp;
use tokio::time::sleep;

use super::Ears;
use crate::{
    announce::{Kind, TYPE_PREFIX},
    pubsub::PubSub,
};

/// From one attempt to listen to the next. Without listening reports are repeated, which is harmless.
const AGAIN: Duration = Duration::from_secs(30);

/// The words that show that the function knows of an outage.
const ANSWERS: [Kind; 3] = [Kind::Started, Kind::Ended, Kind::Pending];

/// Listens for ever; an end is told and begun again.
pub(super) async fn listen(pubsub: PubSub, subscription: String, ears: Arc<Ears>) {
    loop {
        let ended = pubsub.listen(&subscription, |attributes| {
            if let Some((site, at)) = answer(attributes) {
                ears.heard(&site, at);
            }
        });
        let error = ended.await;
        tracing::warn!("the function's answers aren't heard, so reports are repeated: {error}");
        sleep(AGAIN).await;
    }
}

/// The site that an event shows the function to have taken up, and when.
fn answer(attributes: &HashMap<String, String>) -> Option<(SiteName, Timestamp)> {
    let kind = attributes.get("ce-type")?.strip_prefix(TYPE_PREFIX)?;
    ANSWERS.iter().any(|answer| answer.as_str() == kind).then_some(())?;
    Some((attributes.get("ce-subject")?.parse().ok()?, attributes.get("ce-time")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str) -> HashMap<String, String> {
        let attributes = [
            ("ce-type", format!("cloud-failover.{kind}")),
            ("ce-subject", "resume".to_owned()),
            ("ce-time", "2026-11-20T03:00:00.25Z".to_owned()),
        ];
        attributes.map(|(name, value)| (name.to_owned(), value)).into()
    }

    #[test]
    fn a_move_of_a_site_is_an_answer() {
        let at: Timestamp = "2026-11-20T03:00:00.25Z".parse().unwrap();
        for kind in ["started", "ended", "pending"] {
            assert_eq!(answer(&event(kind)), Some(("resume".parse().unwrap(), at)), "{kind}");
        }
    }

    #[test]
    fn other_news_and_events_of_no_site_are_none() {
        assert_eq!(answer(&event("drift")), None);
        assert_eq!(answer(&HashMap::new()), None);
        let mut of_all = event("started");
        of_all.remove("ce-subject");
        assert_eq!(answer(&of_all), None);
    }
}
