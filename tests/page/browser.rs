//! The page in a real headless Chromium, at the sizes of a phone and of a desk, dark and light, before, during and
//! after a failover: what is visible, what a screen reader is told, and that the browser has nothing to complain of.

mod axe;
mod chromium;
mod findings;
mod script;

use chromium::{Chromium, Screen};
use failover_core::Position;

use crate::{
    scenes::scenes,
    server::{Server, Told},
    story::after,
};

const PHONE: Screen = Screen { name: "phone", width: 390, height: 844, phone: true };
const NARROW: Screen = Screen { name: "narrow", width: 360, height: 640, phone: true };
const DESK: Screen = Screen { name: "desk", width: 1280, height: 900, phone: false };

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_who_serves_since_when_why_and_what_next() {
    let Some(browser) = Chromium::start().await else { return };
    let rules = axe::rules();
    for scene in scenes() {
        let server = Server::start(Told(scene.sites.clone()), None, scene.now).await;
        for screen in [PHONE, NARROW, DESK] {
            for scheme in ["dark", "light"] {
                let name = format!("{}-{}-{scheme}", scene.name, screen.name);
                browser.show(&server.url("/"), screen, scheme).await;
                browser.keep_picture(&name).await;
                findings::check(&browser, &name, screen).await;
                if let Some(rules) = rules.as_ref().filter(|_| screen != NARROW) {
                    axe::check(&browser, &name, rules).await;
                }
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

/// The pictures in the documentation: `FAILOVER_PAGE_PICTURE` names the folder in which they are drawn anew.
const PICTURES: [(&str, &str, Screen); 4] = [
    ("after", "status-page.png", Screen { name: "docs", width: 980, height: 1130, phone: false }),
    ("calm", "status-page-calm.png", Screen { name: "docs", width: 980, height: 1130, phone: false }),
    ("halted", "status-page-halted.png", PHONE),
    ("six", "status-page-six.png", PHONE),
];

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_it_fit_the_documentation() {
    let Some(browser) = Chromium::start().await else { return };
    for (name, file, screen) in PICTURES {
        let scene = scenes().into_iter().find(|scene| scene.name == name).unwrap();
        let server = Server::start(Told(scene.sites), None, scene.now).await;
        browser.show(&server.url("/"), screen, "dark").await;
        let picture = browser.picture(false).await;
        if let Some(folder) = std::env::var_os("FAILOVER_PAGE_PICTURE") {
            std::fs::write(std::path::Path::new(&folder).join(file), &picture).unwrap();
        }
        let shown = std::fs::metadata(format!("../docs/{file}")).unwrap().len();
        assert!(shown < 150_000, "{file}: {shown} bytes");
    }
    browser.end().await;
}
