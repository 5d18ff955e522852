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
        assert_eq!(page.matches("<script").count(), 1, "ours");
        for markup in ["<img", "</pre><s", "javascript:</", "href=\"javascript", "onerror=\""] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
    }
}

#[tokio::test]
async fn the_page_fetches_nothing() {
    let page = shown(vec![during().overview()]).await;
    for markup in ["src=", "@import", "url(", " style=", "<iframe"] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("<style>").count(), 1);
    assert_eq!(page.matches("<link").count(), 1, "the icon, which is data");
}

#[tokio::test]
async fn it_looks_again_sooner_while_something_moves() {
    for (story, seconds) in [(before(), 30), (during(), 5)] {
        let page = shown(vec![story.overview()]).await;
        // Without a script, and with one.
        let meta = format!(r#"<noscript><meta http-equiv="refresh" content="{seconds}"></noscript>"#);
        assert!(page.contains(&meta) && page.contains(&format!(r#"data-refresh="{seconds}""#)), "{page}");
    }
}

#[tokio::test]
async fn without_a_script_it_can_be_had_to_stand_still() {
    let (story, now) = (before(), before().now);
    let server = Server::start(Told(vec![story.overview()]), None, now).await;
    let get = async |path: &str| reqwest::get(server.url(path)).await.unwrap().text().await.unwrap();
    assert!(get("/").await.contains(r#"<noscript><a href="/?still">Stop that</a></noscript>"#));
    let still = get("/?still").await;
    assert!(
        !still.contains("http-equiv") && still.contains(r#"<a href="/">look again by itself</a>"#),
        "{still}"
    );
}

/// What is fetched first, and again every few seconds on a phone at night.
#[tokio::test]
async fn the_page_and_its_script_are_small() {
    let page = shown(vec![during().overview()]).await;
    let script = page.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    assert!(script.len() < 4_096, "{} bytes of script", script.len());
    assert!(page.len() < 65_536, "{} bytes in all", page.len());
}

#[tokio::test]
async fn several_sites_are_listed_and_those_that_ask_for_somebody_come_first() {
    let one = before();
    let mut other = during().silent();
    other.facts.name = "blog".parse().unwrap();
    let page = shown(vec![one.overview(), other.overview()]).await;
    assert!(page.contains(r#"<nav aria-label="Sites">"#) && page.contains(r##"href="#blog""##));
    assert!(page.contains("<title>blog: failing over, resume: primary · cloud-failover</title>"));
    assert!(page.contains(r#"id="blog-fold" open>"#) && page.contains(r#"id="resume-fold">"#));
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "every id is there once");
}
