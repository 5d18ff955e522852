//! `failover announce --test`: who takes a test, who doesn't, and who could not be tried.

use sandbox::Options;
use warp::{Filter, http::StatusCode};

use crate::harness::{Drill, Settings, operator};

const EVENTS: &str = "[events]\ntopic = \"projects/gleich-tech/topics/failover-events\"\n";

/// A chat that answers with this, and where it is.
async fn chat(status: StatusCode) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/a-secret-path", listener.local_addr().expect("its address"));
    let answer = warp::any().map(move || warp::reply::with_status("", status));
    tokio::spawn(warp::serve(answer).incoming(listener).run());
    url
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
