//! `failover announce --test`: who takes a test, who doesn't, and who could not be tried.

use std::sync::{Arc, Mutex};

use sandbox::Options;
use stage::{Drill, Settings, operator};
use warp::{Filter, http::StatusCode};

const EVENTS: &str = "[events]\ntopic = \"projects/gleich-tech/topics/failover-events\"\n";

/// A chat that answers with this, and where it is.
async fn chat(status: StatusCode) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/a-secret-path", listener.local_addr().expect("its address"));
    let answer = warp::any().map(move || warp::reply::with_status("", status));
    tokio::spawn(warp::serve(answer).incoming(listener).run());
    url
}

/// A phone that keeps what it is told: title, message, and where a tap leads.
async fn phone() -> (String, Arc<Mutex<Vec<(String, String, String)>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&told);
    let header = |name| warp::header::optional::<String>(name).map(Option::unwrap_or_default);
    let keep = header("title").and(header("click")).and(warp::body::bytes()).map(
        move |title: String, click: String, body: bytes::Bytes| {
            let text = String::from_utf8_lossy(&body).into_owned();
            kept.lock().expect("kept").push((title, text, click));
            warp::reply()
        },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/a-secret-path", listener.local_addr().expect("its address"));
    tokio::spawn(warp::serve(keep).incoming(listener).run());
    (url, told)
}

fn with(webhooks: &[(&str, &str)]) -> Settings {
    let tables = webhooks
        .iter()
        .map(|(kind, variable)| format!("[[webhooks]]\nkind = \"{kind}\"\nurl_env = \"{variable}\"\n"));
    Settings {
        rest: tables.fold(EVENTS.to_owned(), |rest, table| rest + &table),
        environment: webhooks.iter().map(|_| ("PHONE", "http://127.0.0.1:9/".to_owned())).collect(),
        ..Settings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_place_says_whether_it_took_the_test() {
    let drill = Drill::with(with(&[("ntfy", "PHONE")]), Options::default()).await;
    let taking = chat(StatusCode::OK).await;
    let words = ["announce", "--test"];
    let ran = operator::failover(&drill.sandbox, &drill.config(), &words, &[("PHONE", &taking)]).await;
    ran.ends(0).says("✓ Ntfy at 127.0.0.1 took it").says("topics/failover-events took it");
    let gone = chat(StatusCode::NOT_FOUND).await;
    let ran = operator::failover(&drill.sandbox, &drill.config(), &words, &[("PHONE", &gone)]).await;
    ran.ends(3)
        .says("Ntfy at 127.0.0.1")
        .says("404 Not Found; it was deleted or is mistyped: make a new one");
    assert!(!format!("{}{}", ran.out, ran.err).contains("a-secret-path"), "{ran:#?}");
    let ran = operator::failover(&drill.sandbox, &drill.config(), &words, &[]).await;
    ran.ends(3).says("the webhook in PHONE was not tried: PHONE isn't set in this shell");
    drill.failover(&["announce"]).await.ends(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_reads_well_on_a_lock_screen() {
    let (url, told) = phone().await;
    let settings = with(&[("ntfy", "PHONE")]);
    let top = format!("{}page_url = \"https://page.example.com/\"\n", settings.top);
    let drill =
        Drill::with(Settings { top, environment: vec![("PHONE", url)], ..settings }, Options::default())
            .await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.order("failback").await.is(200, "refused", None);
    drill.order("reconcile").await;
    drill.restore_power();
    drill.order("reconcile").await;
    drill.order("failback").await.is(200, "move", Some("Done"));
    let night = told.lock().expect("kept").clone();
    let titles: Vec<&str> = night.iter().map(|(title, ..)| title.as_str()).collect();
    let expected = [
        "resume: moving to the standby",
        "resume is on its STANDBY",
        "resume: failback was refused",
        "resume: its primary is back",
        "resume: moving back to the primary",
        "resume is back on its primary",
    ];
    assert_eq!(titles, expected, "{night:#?}");
    let says = |title: &str, line: usize, words: &str| {
        let (_, text, click) = night.iter().find(|(told, ..)| told == title).expect("it was told");
        let line = text.lines().nth(line).unwrap_or_default();
        assert!(line.contains(words), "{words:?} isn't in {line:?} of\n{text}");
        assert_eq!(click, "https://page.example.com/#resume");
    };
    says("resume: moving to the standby", 0, "Visitors have had no answer for ");
    says("resume is on its STANDBY", 0, "Visitors were without an answer for ");
    says("resume is on its STANDBY", 1, "An incident is open and the public URL doesn't answer.");
    says("resume is on its STANDBY", 2, "Next, once the primary runs: failover send failback --site resume");
    says("resume: its primary is back", 0, "Visitors have been on the standby for ");
    says("resume: its primary is back", 2, "Next: failover send failback --site resume");
    says("resume is back on its primary", 0, "It took ");
}
