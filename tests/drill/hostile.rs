//! Whoever can reach the port: slow, half-open, huge, deep.

use std::{process::Command, time::Duration};

use futures::future::join_all;
use jiff::Timestamp;
use sandbox::{Options, Power, SiteSeed};
use serde_json::json;
use stage::{Drill, Settings, payload};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

/// `/health` answers within this, whatever else is going on.
const A_SECOND: Duration = Duration::from_secs(1);
/// No single push takes longer, however busy this machine is with other tests.
const A_WHILE: Duration = Duration::from_secs(10);
/// Resident memory stays under this.
const MOST_MEMORY_KIB: u64 = 100 * 1024;

async fn answers_health(drill: &Drill) {
    let begun = Instant::now();
    let answer = reqwest::get(format!("{}/health", drill.function.base())).await.expect("an answer");
    assert!(answer.status().is_success());
    assert!(begun.elapsed() < A_SECOND, "it took {:?}", begun.elapsed());
    let memory = drill.function.resident_kib();
    assert!(memory < MOST_MEMORY_KIB, "{memory} KiB are resident");
}

async fn connect(drill: &Drill) -> TcpStream {
    let address = drill.function.base().trim_start_matches("http://").to_owned();
    TcpStream::connect(address).await.expect("a connection")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_half_open_requests_keep_nobody_waiting() {
    let drill = Drill::start().await;
    let mut open = Vec::new();
    for number in 0..200 {
        let mut stream = connect(&drill).await;
        let head: &[u8] = if number % 2 == 0 {
            b"POST /push HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900000\r\n\r\n{\"message\""
        } else {
            b"POST /push HTTP/1.1\r\nhost:"
        };
        stream.write_all(head).await.expect("it takes the beginning");
        open.push(stream);
    }
    for _ in 0..10 {
        answers_health(&drill).await;
    }
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    answers_health(&drill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_thirty_mebibytes_are_refused_without_being_kept() {
    let drill = Drill::start().await;
    let declared =
        reqwest::Client::new().post(format!("{}/push", drill.function.base())).body(vec![b'x'; 30 << 20]);
    if let Ok(answer) = declared.send().await {
        assert_eq!(answer.status(), 413);
    }
    let mut stream = connect(&drill).await;
    stream
        .write_all(b"POST /push HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .expect("a head");
    let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 0x10000], b"\r\n"].concat();
    for _ in 0..(30 << 20) / 0x10000 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(read.is_err() || answer.is_empty() || answer.contains("413"), "{answer}");
    answers_health(&drill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_of_any_depth_is_answered_and_forgotten() {
    let drill = Drill::start().await;
    for depth in [100, 10_000, 400_000] {
        let body = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let sent =
            reqwest::Client::new().post(format!("{}/push", drill.function.base())).body(body).send().await;
        assert_eq!(sent.expect("an answer").status(), 400);
        answers_health(&drill).await;
    }
    assert!(drill.writes().is_empty());
    assert!(drill.sandbox.world.ledger.journal_writes().is_empty());
}

/// A head that stops in the middle, and a body that never ends.
const HALVES: [&[u8]; 2] = [
    b"POST /push HTTP/1.1\r\nhost: x\r\n",
    b"POST /push HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n{",
];

/// As many as a process has by default on most systems.
const DESCRIPTORS: u32 = 1024;

fn has_descriptors(drill: &Drill, most: u32) {
    let limit = Command::new("prlimit")
        .args(["--pid", &drill.function.pid().to_string(), &format!("--nofile={most}:{most}")])
        .status();
    assert!(limit.expect("prlimit runs").success());
}

/// So many sockets with half a request each.
async fn half_open(drill: &Drill, sockets: usize) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for number in 0..sockets {
        let mut stream = connect(drill).await;
        // One that was ended already is as good.
        let _ = stream.write_all(HALVES[number % 2]).await;
        open.push(stream);
    }
    open
}

/// Sends one byte after the other on each of them, for as long as it is polled.
async fn trickle(bodies: &mut [TcpStream]) {
    loop {
        for body in &mut *bodies {
            let _ = body.write_all(b" ").await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_half_open_requests_keep_nobody_waiting() {
    let drill = Drill::start().await;
    has_descriptors(&drill, DESCRIPTORS);
    let _open = half_open(&drill, 2000).await;
    for _ in 0..3 {
        drill.order("reconcile").await.is(200, "stay", None);
        answers_health(&drill).await;
    }
}

/// What is done for a site while another one's plan waits and the port is under load from outside.
struct UnderLoad {
    drill: Drill,
    other: String,
}

impl UnderLoad {
    async fn start() -> Self {
        let settings = Settings { every_site: true, ..Settings::default() };
        let sites = vec![SiteSeed::example(), SiteSeed::numbered(1)];
        let drill = Drill::with(settings, Options { sites, ..Options::default() }).await;
        has_descriptors(&drill, DESCRIPTORS);
        Self { drill, other: SiteSeed::numbered(1).name }
    }

    async fn pushes_of_the_other_are_answered(&self) {
        let mut took = Vec::new();
        for verb in ["hold", "release"].repeat(5) {
            let begun = Instant::now();
            self.drill.command(json!({ "command": verb, "site": self.other })).await.is(200, "stay", None);
            took.push(begun.elapsed());
        }
        took.sort();
        assert!(took[took.len() / 2] < A_SECOND && took[took.len() - 1] < A_WHILE, "they took {took:?}");
    }

    async fn an_outage_of_the_other_is_dealt_with(&self) {
        self.drill.sandbox.world.set_primary(&self.other, Power::Off);
        let mut incident = payload::incident("0.other", "open", Timestamp::now());
        incident["incident"]["policy_user_labels"] = json!({ "failover_site": self.other });
        self.drill.alert(&incident).await.is(200, "move", Some("Done"));
    }

    /// A hundred reconciles find the plan of the first site under way.
    async fn reconciles(&self) {
        let answers = join_all((0..100).map(|_| self.drill.order("reconcile"))).await;
        let others: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
        assert!(others.is_empty(), "{others:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn load_from_outside_and_a_plan_that_waits_keep_no_other_site_waiting() {
    let load = UnderLoad::start().await;
    let world = &load.drill.sandbox.world;
    world.set_standby("resume", Power::Failing(500));
    load.drill.cut_power();
    let meanwhile = async {
        world.ledger.ended("standby.get", 1).await;
        let _open = half_open(&load.drill, 2000).await;
        let mut slow = half_open(&load.drill, 200).await;
        let others = async {
            load.pushes_of_the_other_are_answered().await;
            load.an_outage_of_the_other_is_dealt_with().await;
            answers_health(&load.drill).await;
            world.set_standby("resume", Power::On);
        };
        let all = async { tokio::join!(load.reconciles(), others) };
        tokio::select! {
            _ = all => {}
            () = trickle(&mut slow) => {}
        }
    };
    let (answer, ()) = tokio::join!(load.drill.open_incident("0.outage"), meanwhile);
    answer.is(200, "move", Some("Done"));
    load.drill.all_promises_hold();
}
