//! The page in a real headless Chromium, at the sizes of a phone and of a desk, dark and light, before, during and
//! after a failover: what is visible, what a screen reader is told, and that the browser has nothing to complain of.

mod chromium;
mod findings;

use chromium::{Chromium, Screen};
use cloud_failover::{
    clouds::Severity,
    page::{Finding, Overview},
};
use failover_core::{Direction, End, Event, Observed, Position, Step};
use jiff::Timestamp;

use crate::{
    markup::{everywhere, hostile_moves},
    server::{Server, Told},
    story::{Story, after, before, during, incident, returned, time},
};

const PHONE: Screen = Screen { name: "phone", width: 390, height: 844, phone: true };
const NARROW: Screen = Screen { name: "narrow", width: 360, height: 640, phone: true };
const DESK: Screen = Screen { name: "desk", width: 1280, height: 900, phone: false };

/// A night, and what has to be read off it at once.
struct Scene {
    name: &'static str,
    sites: Vec<Overview>,
    now: Timestamp,
    /// Seen without scrolling on a phone.
    at_once: &'static [&'static str],
    /// Somewhere on the page.
    anywhere: &'static [&'static str],
}

fn scene(
    name: &'static str,
    story: &Story,
    at_once: &'static [&'static str],
    anywhere: &'static [&'static str],
) -> Scene {
    Scene { name, sites: vec![story.overview()], now: story.now, at_once, anywhere }
}

fn stuck() -> Story {
    let trouble = "Cloudflare refuses the token (403, code 10000); make one with Zone, Page Rules, Edit and put it \
                   into the secret CLOUDFLARE_API_TOKEN";
    during().ends(End::Stuck, Position::Primary, trouble).later(1_260_000)
}

fn pending() -> Story {
    let held = failover_core::Hold {
        by: Some("alice".to_owned()),
        reason: Some("moving house until Saturday".to_owned()),
        since: time("2026-11-19T18:00:00Z"),
        until: time("2026-11-21T18:00:00Z"),
    };
    let reason =
        "automatic moves are off until 2026-11-21 18:00:00 UTC, says alice: moving house until Saturday";
    before()
        .at("2026-11-19T18:00:00Z")
        .with(Event::Held { hold: held, message: "77".to_owned() })
        .at("2026-11-20T03:12:37.3Z")
        .with(Event::Pending { incident: incident(), reason: reason.to_owned() })
        .later(640_000)
}

/// Power failed on the standby's side too.
fn dark() -> Story {
    let sentence =
        "three reconciles in a row found the public URL silent (503 Service Unavailable)".to_owned();
    after()
        .with(Event::Outage { sentence, nonce: "n".to_owned() })
        .with(Event::Kept { nonce: "n".to_owned() })
        .sees(2, Observed::At(Position::Primary))
        .later(400_000)
}

/// Everything at once that may stand on the page of a site on its standby.
fn crowded() -> Story {
    let hold = failover_core::Hold {
        by: Some("alice".to_owned()),
        reason: None,
        since: time("2026-11-20T05:00:00Z"),
        until: time("2026-11-22T05:00:00Z"),
    };
    let finding = |severity, sentence: &str, mend: Option<&str>| Finding {
        severity,
        sentence: sentence.to_owned(),
        mend: mend.map(str::to_owned),
    };
    let mut story = after()
        .with(Event::Held { hold, message: "78".to_owned() })
        .sees(0, Observed::Mixed("allUsers holds the role, but under a condition".to_owned()))
        .sees(2, Observed::At(Position::Primary))
        .finds(finding(Severity::Critical, "the Cloudflare token expires in 3 days", None))
        .finds(finding(
            Severity::Warning,
            "the subscription failover-alerts expires after 31 days without activity",
            Some("gcloud pubsub subscriptions update failover-alerts --expiration-period=never --project=gleich-tech"),
        ))
        .finds(finding(Severity::Info, "page rules are deprecated; move to a redirect rule", None));
    story.facts.troubles = vec![
        "failed to observe uptime_check projects/gleich-tech/uptimeCheckConfigs/resume-abc123: no \
                                 answer within 2.5s"
            .to_owned(),
    ];
    story
}

fn blind() -> Story {
    let mut story = before();
    story.facts.state = None;
    story.facts.entries.clear();
    story.facts.troubles = vec!["the journal of resume could not be reached: connection refused".to_owned()];
    story.blind()
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
        at_once: &["resume\nprimary", "blog\nstandby"],
        anywhere: &["blog.gleich.tech"],
    }
}

fn scenes() -> Vec<Scene> {
    vec![
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
                "verified",
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
        scene("hostile", &everywhere(hostile_moves(before())), &["<script>alert('x')</script>"], &[]),
        several(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_who_serves_since_when_why_and_what_next() {
    let Some(browser) = Chromium::start().await else { return };
    for scene in scenes() {
        let server = Server::start(Told(scene.sites.clone()), None, scene.now).await;
        for screen in [PHONE, NARROW, DESK] {
            for scheme in ["dark", "light"] {
                let name = format!("{}-{}-{scheme}", scene.name, screen.name);
                browser.show(&server.url("/"), screen, scheme).await;
                browser.keep_picture(&name).await;
                findings::check(&browser, &name, screen).await;
                let at_once = if screen == PHONE { scene.at_once } else { &[] };
                browser.sees_at_once(&name, at_once, screen.height).await;
                browser.sees(&name, scene.at_once).await;
                browser.sees(&name, scene.anywhere).await;
            }
        }
    }
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_from_another_site_opens_the_page_once_and_the_cookie_does_then() {
    let Some(browser) = Chromium::start().await else { return };
    let story = after().answered(Position::Standby);
    let server = Server::start(Told(vec![story.overview()]), Some("open-sesame"), story.now).await;
    browser.show(&server.url("/"), PHONE, "dark").await;
    browser.sees("locked", &["This page needs its key"]).await;
    browser.keep_picture("locked-phone-dark").await;
    findings::check_locked(&browser).await;
    // A link in a chat is followed from another site: by another name, loopback is one.
    let link = server.url("/?key=open-sesame");
    browser.follow_from_elsewhere(&link).await;
    browser.sees("opened", &["Visitors are served by the\nstandby"]).await;
    assert!(!browser.address().await.contains("sesame"), "the key is gone from the address");
    browser.show(&server.url("/"), PHONE, "dark").await;
    browser.sees("again", &["Visitors are served by the\nstandby"]).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_can_be_typed() {
    let Some(browser) = Chromium::start().await else { return };
    let story = after().answered(Position::Standby);
    let server = Server::start(Told(vec![story.overview()]), Some("open-sesame"), story.now).await;
    browser.show(&server.url("/"), PHONE, "light").await;
    browser.type_into("#key", "open-sesame\u{e007}").await;
    browser.sees("typed", &["Visitors are served by the\nstandby"]).await;
    browser.end().await;
}

/// A tap selects a command, and what is copied is the command, however it is wrapped.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_copied_whole() {
    let Some(browser) = Chromium::start().await else { return };
    let story = after();
    let server = Server::start(Told(vec![story.overview()]), None, story.now).await;
    browser.show(&server.url("/"), PHONE, "dark").await;
    for (index, advice) in [(0, "send"), (1, "publish")] {
        let script = format!(
            "const code = document.querySelectorAll('.commands code')[{index}];\
             getSelection().selectAllChildren(code); return getSelection().toString()"
        );
        let copied = browser.run(&script).await;
        let overview = story.overview();
        let command = &overview.next.commands[0];
        let meant = if advice == "send" { Some(command.send.as_str()) } else { command.publish.as_deref() };
        assert_eq!(copied.as_str(), meant);
    }
    browser.end().await;
}

/// A failover that ran a moment ago, for the picture in the documentation.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_it_fits_the_documentation() {
    let Some(browser) = Chromium::start().await else { return };
    let story = after();
    assert_eq!(story.overview().moves[0].direction, Direction::Failover);
    assert!(story.overview().moves[0].steps.iter().any(|part| part.step == Step::Verify));
    let server = Server::start(Told(vec![story.overview()]), None, story.now).await;
    let screen = Screen { name: "docs", width: 980, height: 1130, phone: false };
    browser.show(&server.url("/"), screen, "dark").await;
    let picture = browser.picture(false).await;
    if let Some(path) = std::env::var_os("FAILOVER_PAGE_PICTURE") {
        std::fs::write(path, &picture).unwrap();
    }
    let shown = std::fs::metadata("../docs/status-page.png").unwrap().len();
    assert!(shown < 200_000, "{shown} bytes");
    browser.end().await;
}
