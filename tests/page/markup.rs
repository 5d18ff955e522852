//! What others wrote stays text: a summary, a reason or an error may be hostile.

use cloud_failover::{
    clouds::Severity,
    page::{Finding, Overview},
};
use failover_core::{Asker, Direction, End, Event, Hold, Observed, Position, Step};

use crate::{
    server::{Server, Told},
    story::{Story, before, during, incident, order, time},
};

const HOSTILE: &str = r#"</pre><script>alert('x')</script>"><img src=x onerror="alert(1)">{{7*7}}&lt;'"#;

fn hostile() -> String {
    HOSTILE.to_owned()
}

pub(crate) fn everywhere(story: Story) -> Story {
    let mut story = story;
    let facts = &mut story.facts;
    facts.public_url = Some(format!("javascript:{HOSTILE}"));
    facts.standby_url = Some(hostile());
    facts.primary_url = Some(hostile());
    facts.commands_topic = hostile();
    facts.troubles = vec![hostile()];
    facts.findings =
        vec![Finding { severity: Severity::Critical, sentence: hostile(), mend: Some(hostile()) }];
    let story = story.sees(0, Observed::Mixed(hostile())).sees(1, Observed::Unknown(hostile()));
    let mut story = story;
    story.facts.switches[2].sighting.switch.resource = hostile();
    story
}

/// Text from outside in every event that has any.
fn hostile_events(story: Story) -> Story {
    let held = Hold {
        by: Some(hostile()),
        reason: Some(hostile()),
        since: time("2026-11-20T03:00:00Z"),
        until: time("2026-12-01T00:00:00Z"),
    };
    let mut pending = incident();
    (pending.id, pending.summary) = (hostile(), hostile());
    story
        .with(Event::Held { hold: held, message: hostile() })
        .with(Event::Pending { incident: pending, reason: hostile() })
        .with(Event::Refused {
            message: hostile(),
            command: hostile(),
            by: Some(hostile()),
            reason: hostile(),
        })
        .with(Event::Adopted { position: Position::Primary, sentence: hostile() })
}

pub(crate) fn hostile_moves(story: Story) -> Story {
    let mut asked = order(Asker::Operator(Some(hostile())), time("2026-11-20T03:12:00Z"));
    asked.reason = Some(hostile());
    let story = story
        .begins(Direction::Failover, asked.clone(), HOSTILE)
        .noted(Step::Open, 300, Some(HOSTILE))
        .ends(End::Stuck, Position::Primary, HOSTILE)
        .begins(Direction::Failover, asked, HOSTILE)
        .noted(Step::Open, 300, Some(HOSTILE));
    let plan = story.state().newest().unwrap().id;
    story.with(Event::AttemptEnded { plan, nonce: "n".to_owned(), trouble: Some(hostile()), about: None })
}

async fn shown(sites: Vec<Overview>) -> String {
    let now = sites[0].at;
    let server = Server::start(Told(sites), None, now).await;
    reqwest::get(server.url("/")).await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn whatever_others_wrote_stays_text() {
    let quiet = everywhere(hostile_events(before()));
    let moving = everywhere(hostile_moves(before()));
    for story in [quiet, moving] {
        let page = shown(vec![story.overview()]).await;
        assert!(page.matches("alert").count() > 8, "the text is shown");
        for markup in ["<script", "<img", "</pre><s", "javascript:</", "href=\"javascript", "onerror=\""] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
    }
}

#[tokio::test]
async fn the_page_fetches_nothing() {
    let page = shown(vec![during().overview()]).await;
    for markup in ["src=", "<script", "@import", "url(", " style="] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert_eq!(page.matches("<style>").count(), 1);
    assert_eq!(page.matches("<link").count(), 1, "the icon, which is data");
}

#[tokio::test]
async fn it_looks_again_sooner_while_something_moves() {
    assert!(shown(vec![before().overview()]).await.contains(r#"<meta http-equiv="refresh" content="30">"#));
    assert!(shown(vec![during().overview()]).await.contains(r#"<meta http-equiv="refresh" content="5">"#));
}

#[tokio::test]
async fn several_sites_are_listed_before_the_first() {
    let one = before();
    let mut other = during();
    other.facts.name = "blog".parse().unwrap();
    let page = shown(vec![one.overview(), other.overview()]).await;
    assert!(page.contains(r#"<nav aria-label="Sites">"#) && page.contains(r##"href="#blog""##));
    assert!(page.contains("<title>resume: primary, blog: failing over · cloud-failover</title>"));
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "every id is there once");
}
