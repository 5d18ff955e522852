//! The door for monitors, beside the page: from what Uptime Kuma posts to visitors on the standby.

use std::{net::TcpListener, process::Stdio};

use sandbox::Served;
use serde_json::{Value, json};
use stage::{Drill, operator};
use tokio::process::Child;

const KEY: &str = "what-monitors-show-at-the-door";

/// The page's service, with a door.
struct Door {
    base: String,
    http: reqwest::Client,
    _child: Child,
}

impl Door {
    async fn open(drill: &Drill) -> Self {
        let address =
            TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").to_string();
        let words = ["serve", "--page", "--listen", &address];
        let mut command =
            operator::command(&drill.sandbox, &drill.config(), &words, &[("FAILOVER_REPORT_KEY", KEY)]);
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let door = Self { base: format!("http://{address}"), http, _child: child };
        let healthy = async {
            while door.http.get(format!("{}/health", door.base)).send().await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(stage::PATIENCE, healthy).await.expect("it listens");
        door
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer =
            self.http.post(format!("{}{path}", self.base)).json(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }
}

/// What Uptime Kuma posts.
fn kuma(status: u8) -> Value {
    json!({
        "heartbeat": { "monitorID": 29, "status": status, "msg": "connect ECONNREFUSED", "important": true, "duration": 0 },
        "monitor": { "id": 29, "name": "My site", "url": "https://www.example.com/" },
        "msg": "[My site] Down",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_a_monitor_reports_moves_visitors() {
    let drill = Drill::start().await;
    drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    let door = Door::open(&drill).await;
    let path = format!("/monitors/resume?key={KEY}");
    drill.cut_power();
    let (status, told) = door.post(&path, &kuma(0)).await;
    assert_eq!((status, &told["published"], &told["seen"]), (200, &json!(true), &json!("down")), "{told}");
    assert!(told["incident"].as_str().is_some_and(|id| id.starts_with("uptime-kuma-resume-")), "{told}");
    let served = async {
        while drill.visit().await != Served::Standby {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(stage::PATIENCE, served).await.expect("visitors are served");
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_that_is_wrong_moves_nothing_and_may_not_command() {
    let drill = Drill::start().await;
    drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    let door = Door::open(&drill).await;
    let path = format!("/monitors?key={KEY}");
    let (_, first) = door.post(&path, &kuma(0)).await;
    let held_back = async {
        while drill.failover(&["status", "--json"]).await.json()["sites"][0]["pending"][0]["incident"]
            != first["incident"]
        {}
    };
    tokio::time::timeout(stage::PATIENCE, held_back).await.expect("it is held back");
    // The same outage, said again, and its end.
    let (_, again) = door.post(&path, &kuma(0)).await;
    assert_eq!(again["incident"], first["incident"]);
    let (_, over) = door.post(&path, &kuma(1)).await;
    assert_eq!((&over["incident"], &over["seen"]), (&first["incident"], &json!("up")), "{over}");
    assert_eq!(drill.visit().await, Served::Primary);
    let command = json!({ "command": "failover", "site": "resume", "force": true });
    assert_eq!(door.post(&path, &command).await.0, 400);
    // Reports, and nothing else.
    assert!(drill.writes().iter().all(|write| *write == "pubsub.publish"), "{:?}", drill.writes());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_is_closed_without_its_key_and_to_a_flood() {
    let drill = Drill::start().await;
    let door = Door::open(&drill).await;
    for path in ["/monitors/resume", "/monitors/resume?key=", "/monitors/resume?key=wrong"] {
        assert_eq!(door.post(path, &kuma(0)).await.0, 401, "{path}");
    }
    let path = format!("/monitors/nowhere?key={KEY}");
    let (status, told) = door.post(&path, &kuma(0)).await;
    assert!(status == 404 && told["error"].as_str().is_some_and(|why| why.contains("resume")), "{told}");
    let long = json!({ "status": "down", "message": "x".repeat(70_000) });
    assert_eq!(door.post(&format!("/monitors?key={KEY}"), &long).await.0, 413);
    let mut refused = 0;
    for _ in 0..40 {
        refused += u32::from(door.post("/monitors?key=guess", &kuma(0)).await.0 == 429);
    }
    assert!(refused > 0, "a key can be guessed without end");
    // The page behind the same address goes on.
    let page = door.http.get(format!("{}/health", door.base)).send().await.expect("an answer");
    assert_eq!(page.status().as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_there_is_no_door() {
    let drill = Drill::start().await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = http
        .post(format!("{}/monitors", drill.function.base()))
        .json(&kuma(0))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 404);
}
