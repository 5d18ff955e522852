//! `failover announce --test`: tells every place that moves are announced to that this is a test, and says which took it.

use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{
    exit::{Exit, Failure},
    paint::{BAD, GOOD, WARN},
    session::Session,
};
use crate::{
    announce::{Announcement, Kind, Outlet},
    app,
};

const SENTENCE: &str = "This is a test: what happens to your sites will be told here. Nothing has happened.";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Announce a test, here and now, with your own credentials.
    #[arg(long, required = true)]
    test: bool,
}

/// What became of it at one place.
#[derive(Debug, Serialize)]
struct Told {
    place: String,
    taken: bool,
    why: Option<String>,
}

pub(super) async fn run(_args: Args, session: &Session) -> Result<Exit, Failure> {
    let config = session.config();
    let outlets = app::outlets(config, &session.parts.clients, &session.parts.pubsub)?;
    let test = Announcement::new(Kind::Test, None, SENTENCE, Timestamp::now());
    let mut told = join_all(outlets.iter().map(|outlet| told(outlet, &test))).await;
    told.extend(config.webhooks_without_url.iter().map(|variable| Told {
        place: format!("the webhook in {variable}"),
        taken: false,
        why: Some(format!(
            "{variable} isn't set in this shell; with Terraform it is in Secret Manager, for the function alone"
        )),
    }));
    if told.is_empty() {
        return Err(Failure::usage("this configuration announces nothing to anybody")
            .next("add [[webhooks]] or [events]: docs/deploy.md, \"Be told\""));
    }
    let all = told.iter().all(|told| told.taken);
    session.screen.show(&json!({ "told": told }), |_| told.iter().map(line).collect());
    Ok(if all { Exit::Done } else { Exit::NotAsAsked })
}

async fn told(outlet: &Arc<dyn Outlet>, test: &Announcement) -> Told {
    let delivered = outlet.deliver(test).await;
    Told {
        place: outlet.name(),
        taken: delivered.is_ok(),
        why: delivered.err().map(|error| error.to_string()),
    }
}

fn line(told: &Told) -> String {
    let Told { place, taken, why } = told;
    match why {
        None if *taken => format!("{GOOD}✓{GOOD:#} {place} took it\n"),
        Some(why) if why.contains("isn't set") => format!("{WARN}!{WARN:#} {place} was not tried: {why}\n"),
        why => format!("{BAD}✗{BAD:#} {place}: {}\n", why.as_deref().unwrap_or("refused")),
    }
}
