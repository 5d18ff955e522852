//! Nights, and calm days, as everybody should be able to read them: shown in a browser, and kept as text.

use cloud_failover::page::Overview;
use failover_core::{Position, Served};
use jiff::Timestamp;

use crate::{
    markup::{everywhere, hostile_moves},
    nights::{blind, crowded, dark, halted, pending, retried, stuck, unclosed, unwatched},
    story::{Story, after, before, calm, during, returned},
};

/// A night, and what has to be read off it at once.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) sites: Vec<Overview>,
    pub(crate) now: Timestamp,
    /// Seen without scrolling on a phone.
    pub(crate) at_once: &'static [&'static str],
    /// Somewhere on the page.
    pub(crate) anywhere: &'static [&'static str],
}

fn scene(
    name: &'static str,
    story: &Story,
    at_once: &'static [&'static str],
    anywhere: &'static [&'static str],
) -> Scene {
    Scene { name, sites: vec![story.overview()], now: story.now, at_once, anywhere }
}

fn several() -> Scene {
    let mut blog = after();
    blog.facts.name = "blog".parse().unwrap();
    blog.facts.public_url = Some("https://blog.gleich.tech/".to_owned());
    let first = before().at("2026-11-20T05:27:02Z");
    Scene {
        name: "several",
        now: blog.now,
        sites: vec![first.overview(), blog.overview()],
        at_once: &["blog\nstandby", "resume\nprimary"],
        anywhere: &["blog.gleich.tech"],
    }
}

/// Six sites on a calm day.
fn six() -> Scene {
    let names = ["resume", "blog", "shop", "wiki", "git", "mail"];
    let site = |name: &str| {
        let mut story = calm();
        story.facts.name = name.parse().unwrap();
        story.facts.public_url = Some(format!("https://{name}.gleich.tech/"));
        story.overview()
    };
    Scene {
        name: "six",
        now: calm().now,
        sites: names.map(site).to_vec(),
        at_once: &["resume", "blog", "shop", "wiki", "git", "mail"],
        anywhere: &["primary"],
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one entry a state of the page")]
pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene(
            "calm",
            &calm(),
            &["Visitors are served by the\nprimary", "for 47 d 11 h", "What next?", "Nothing is to be done."],
            &[
                "Would it work?",
                "Check Nothing was found that would break.",
                "Rehearsal The standby was open and answered after 1 min 34 s.",
                "Certificate It is good for 60 days.",
                "Watcher pi Seen at work",
                "99.99 % answered, 1 outage, 2 min 25 s without an answer",
                "More: commands",
            ],
        ),
        six(),
        scene(
            "halted",
            &halted().silent(),
            &["Visitors get\nno answer", "What next?", "Mend this: That is not a Cloudflare token"],
            &[
                "The failover can't go on",
                "What failed: Could not read the page rule of will.gleich.tech: Cloudflare answered 400.",
                "In Cloudflare's words",
                "11 times since 03:13",
            ],
        ),
        scene(
            "before",
            &before().answered(Position::Primary),
            &[
                "Visitors are served by the\nprimary",
                "for as long as the journal tells",
                "Why: No move is on record.",
                "What next?",
                "Nothing is to be done.",
            ],
            &["it would be moved to the standby by itself", "Last move: rehearsal Done"],
        ),
        scene(
            "during",
            &during().silent(),
            &["Visitors get\nno answer", "for 2 min 40 s", "Being moved to the standby", "What next?"],
            &["Under way: failover", "for 3.4 s now", "moving for 3.4 s"],
        ),
        scene(
            "after",
            &after().answered(Position::Standby),
            &["Visitors are served by the\nstandby", "for 2 h 14 min", "03:12:40 UTC", "What next?"],
            &[
                "Start the primary.",
                "failover send failback --site resume",
                "Last move: failover Done",
                "visitors were without an answer for 2 min 40 s",
            ],
        ),
        scene(
            "returned",
            &returned().answered(Position::Primary),
            &["Visitors are served by the\nprimary", "says alice: power is back", "What next?"],
            &["Earlier moves", "the cooldown after the last move"],
        ),
        scene(
            "stuck",
            &stuck(),
            &[
                "Visitors are led to the\nprimary",
                "A plan is stuck: Cloudflare refuses the token",
                "Stuck since",
            ],
            &["failover send acknowledge --site resume"],
        ),
        scene(
            "retried",
            &retried().silent(),
            &["Visitors get\nno answer", "Stuck since", "It is tried again by itself"],
            &["It is tried again every five minutes", "failover send hold --site resume"],
        ),
        scene(
            "unwatched",
            &unwatched().answered(Position::Primary),
            &[
                "Visitors are served by the\nprimary",
                "What next?",
                "Mend this: Grant roles/monitoring.editor",
            ],
            &["Maintenance is refused", "Drift: a switch is not where it belongs"],
        ),
        scene(
            "unclosed",
            &unclosed().answered(Position::Primary),
            &["Visitors are served by the\nprimary", "What next?", "Mend this: Grant roles/run.admin"],
            &["Maintenance is refused", "It is to be closed since"],
        ),
        scene(
            "pending",
            &pending().silent(),
            &[
                "Visitors get\nno answer",
                "not acted on: automatic moves are off",
                "Pending: an outage was",
                "What next?",
            ],
            &["failover send failover --site resume", "failover send release --site resume"],
        ),
        scene(
            "dark",
            &dark().silent(),
            &["Visitors get\nno answer", "for 6 min 40 s", "Why: Three reconciles in a row", "What next?"],
            &["Monitoring watches it again", "failover check"],
        ),
        scene(
            "crowded",
            &crowded().answered(Position::Standby),
            &["Visitors are served by the\nstandby", "What next?"],
            &[
                "Drift: a switch is not where it belongs",
                "Hold: nothing moves by itself",
                "What would break in an outage",
            ],
        ),
        scene(
            "blind",
            &blind(),
            &["Who serves visitors is\nunknown", "Find out what can't be read", "What next?"],
            &["Not everything could be read", "--force"],
        ),
        scene(
            "unjudged",
            &calm().asks(Served::Unknown("https://will.gleich.tech/ answered a challenge".to_owned()), false),
            &["Visitors are led to the\nprimary", "could not be judged", "What next?"],
            &["the primary itself gives no answer", "failover send failover --site resume"],
        ),
        scene("hostile", &everywhere(hostile_moves(before())), &["<script>alert('x')</script>"], &[]),
        several(),
    ]
}
