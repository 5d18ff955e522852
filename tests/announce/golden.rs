//! Every announcement in every form, as files: what lies on a lock screen, and what programs are sent.

use std::{fmt::Write, time::Duration};

use cloud_failover::announce::{Announcement, Kind, Outlet, WebhookKind};
use failover_core::SiteName;
use serde_json::Value;
use stage::golden::Golden;

use crate::{
    events::events,
    receiver::{Arrival, Receiver},
};

const FORMS: [(&str, WebhookKind); 5] = [
    ("ntfy", WebhookKind::Ntfy),
    ("slack", WebhookKind::Slack),
    ("discord", WebhookKind::Discord),
    ("apprise", WebhookKind::Apprise),
    ("generic", WebhookKind::Generic),
];

/// What a receiver of ntfy's form goes by.
const HEADERS: [&str; 5] = ["title", "priority", "tags", "click", "actions"];

async fn sent(kind: WebhookKind, told: &Announcement) -> Arrival {
    let receiver = Receiver::answering([]).await;
    let page = "https://failover-page-abc123-uc.a.run.app/".parse().ok();
    let webhook = receiver.webhook(kind, None, Duration::from_secs(10)).linking_to(page);
    webhook.deliver(told).await.unwrap();
    receiver.arrived(1).await.remove(0)
}

fn text(arrival: &Arrival) -> String {
    let headers = HEADERS.iter().filter(|name| arrival.headers.contains_key(**name));
    let mut text = headers.fold(String::new(), |mut text, name| {
        let _ = writeln!(text, "{name}: {}", arrival.header(name));
        text
    });
    if let Ok(json) = serde_json::from_slice::<Value>(&arrival.body) {
        text += &serde_json::to_string_pretty(&json).unwrap();
    } else {
        text.push('\n');
        text.push_str(std::str::from_utf8(&arrival.body).unwrap());
    }
    text.trim_end().to_owned() + "\n"
}

#[tokio::test]
async fn golden_files_show_every_announcement_in_every_form() {
    let mut golden = Golden::of("announce/golden");
    for (name, told) in events() {
        let mut says = String::new();
        for (form, kind) in FORMS {
            let _ = write!(says, "== {form}\n{}\n", text(&sent(kind, &told).await));
        }
        golden.compare(name, &(says.trim_end().to_owned() + "\n"));
    }
    golden.holds();
}

#[test]
fn every_kind_is_among_them() {
    for kind in Kind::ALL {
        assert!(events().iter().any(|(_, told)| told.kind == kind), "{kind}");
    }
}

/// A lock screen shows about two lines, and a person wakes up to them.
#[tokio::test]
async fn a_title_is_short_and_names_the_site() {
    for (name, told) in events() {
        let arrival = sent(WebhookKind::Ntfy, &told).await;
        let title = arrival.header("title");
        assert!(title.len() <= 50, "{name}: {title}");
        let subject = told.site.as_ref().map_or("cloud-failover", SiteName::as_str);
        assert!(title.starts_with(subject), "{name}: {title}");
        let body = String::from_utf8(arrival.body.to_vec()).unwrap();
        assert!(body.lines().next().is_some_and(|line| line.chars().count() <= 130), "{name}: {body}");
    }
}
