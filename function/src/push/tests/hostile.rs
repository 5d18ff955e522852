//! Clients that are slow, endless, huge or confusing: the door answers, and goes on answering.

use futures::{StreamExt, future::join_all, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::*;

const WITHIN: Duration = Duration::from_secs(10);

async fn healthy(door: &Fixture) {
    let asked = Instant::now();
    let answer = timeout(WITHIN, door.http.get(door.url("/health")).send()).await.unwrap().unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert!(asked.elapsed() < Duration::from_secs(1), "it took {:?}", asked.elapsed());
}

/// A connection on which `text` was sent, and nothing more.
async fn begun(door: &Fixture, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn heard(mut stream: TcpStream) -> String {
    let mut text = vec![0; 4096];
    let length = timeout(WITHIN, stream.read(&mut text)).await.unwrap().unwrap();
    String::from_utf8_lossy(&text[..length]).into_owned()
}

fn head(length: usize) -> String {
    format!("POST /push HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n")
}

#[tokio::test]
async fn half_open_requests_keep_nobody_out() {
    let limits = Limits { body_within: Duration::from_secs(3), ..Limits::default() };
    let door = Fixture::with(&config("none", ""), limits, |_| settled()).await;
    let half = head(1000) + "{\"message\":";
    let bodies = join_all((0..150).map(|_| begun(&door, &half))).await;
    let heads = join_all((0..50).map(|_| begun(&door, "POST /push HTTP/1.1\r\nHost: x\r\nContent-Le"))).await;
    healthy(&door).await;
    assert_eq!(door.post(push(COMMANDS, "1", FAILBACK), None).await.0, 200);
    for answer in join_all(bodies.into_iter().map(heard)).await {
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("the body did not arrive within 3 s"), "{answer}");
    }
    healthy(&door).await;
    drop(heads);
}

#[tokio::test]
async fn many_large_bodies_at_a_time_wait_for_each_other_and_all_are_read() {
    let door = Fixture::open().await;
    let command = format!("{{\"command\":\"failback\",\"reason\":\"{}\"}}", "x".repeat(500_000));
    let body = push(COMMANDS, "1", command.as_bytes());
    let answers = join_all((0..40).map(|_| door.post(body.clone(), None))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
}

#[tokio::test]
async fn large_bodies_that_never_end_keep_small_ones_not_waiting() {
    let limits = Limits { body_within: Duration::from_secs(3), ..Limits::default() };
    let door = Fixture::with(&config("none", ""), limits, |_| settled()).await;
    let half = head(1_000_000) + &" ".repeat(200_000);
    let large = join_all((0..40).map(|_| begun(&door, &half))).await;
    assert_eq!(door.post(push(COMMANDS, "1", FAILBACK), None).await.0, 200);
    for answer in join_all(large.into_iter().map(heard)).await {
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
}

const TOO_LONG: &str = "the body is longer than 1024 KiB, and an alert or a command is never";

#[tokio::test]
async fn a_body_over_the_limit_is_413_with_and_without_a_declared_length() {
    let door = Fixture::open().await;
    let huge = vec![b' '; 30 * 1024 * 1024];
    let (status, body) = door.post(huge, None).await;
    assert_eq!((status, &body["reason"]), (413, &json!(TOO_LONG)));
    let pieces = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 64 * 1024]));
    let chunked = reqwest::Body::wrap_stream(pieces.take(17));
    assert_eq!(door.post(chunked, None).await.0, 413);
    healthy(&door).await;
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_read() {
    let door = Fixture::open().await;
    let mut body = push(COMMANDS, "1", FAILBACK);
    body.push_str(&" ".repeat(1024 * 1024 - body.len()));
    assert_eq!(door.post(body.clone(), None).await.0, 200);
    assert_eq!(door.post(body + " ", None).await.0, 413);
}

#[tokio::test]
async fn a_body_in_pieces_without_a_length_is_read() {
    let door = Fixture::open().await;
    let pieces: Vec<_> = push(COMMANDS, "1", FAILBACK).into_bytes().chunks(7).map(<[u8]>::to_vec).collect();
    let body = reqwest::Body::wrap_stream(stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)));
    assert_eq!(door.post(body, None).await.0, 200);
}

#[tokio::test]
async fn deep_json_is_400_wherever_it_is_nested() {
    let door = Fixture::open().await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let object = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    for body in [deep(500_000), object(100_000), format!("{{\"message\":{}}}", deep(400_000))] {
        assert_eq!(door.post(body, None).await.0, 400);
    }
    for (subscription, data) in
        [(ALERTS, deep(300_000)), (ALERTS, object(80_000)), (COMMANDS, object(80_000))]
    {
        assert_eq!(door.post(push(subscription, "1", data.as_bytes()), None).await.0, 400);
    }
    let aside = format!("{{\"version\":\"1.2\",\"x\":{},\"incident\":7}}", deep(100));
    assert_eq!(door.post(push(ALERTS, "1", aside.as_bytes()), None).await.0, 400);
    healthy(&door).await;
}

#[tokio::test]
async fn nonsense_instead_of_http_hurts_nobody() {
    let door = Fixture::open().await;
    for nonsense in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "POST /push HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
    ] {
        drop(begun(&door, nonsense).await);
    }
    let endless = format!("GET /{} HTTP/1.1\r\n", "x".repeat(1_000_000));
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    // The door may hang up in the middle.
    let _ = stream.write_all(endless.as_bytes()).await;
    healthy(&door).await;
}

#[tokio::test]
async fn a_half_sent_request_does_not_hold_up_a_stop() {
    let mut door = Fixture::open().await;
    let _half = begun(&door, &head(1000)).await;
    healthy(&door).await;
    let asked = Instant::now();
    door.stop.take().unwrap().send(()).unwrap();
    timeout(WITHIN, door.served).await.unwrap().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(9), "it took {:?}", asked.elapsed());
}
