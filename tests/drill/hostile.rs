//! Whoever can reach the port: slow, half-open, huge, deep.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::harness::Drill;

/// `/health` answers within this, whatever else is going on.
const A_SECOND: Duration = Duration::from_secs(1);
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
