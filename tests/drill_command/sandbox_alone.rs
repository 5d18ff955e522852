//! `failover sandbox`: what compose and the container's test rely on.

use std::io::{Read, Write};

use rustix::process::Signal;
use serde_json::Value;

use crate::process::Running;

/// One request over a connection of its own: the answer's status and body.
fn ask(method: &str, url: &str, body: &str) -> (u16, String) {
    let (host, path) = url.trim_start_matches("http://").split_once('/').expect("a path");
    let mut stream = std::net::TcpStream::connect(host).expect("it listens");
    let length = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    (status, body.unwrap_or_default())
}

fn public_url(config: &str) -> &str {
    let line = config.lines().find(|line| line.starts_with("public_url")).expect("a public_url");
    line.split('"').nth(1).expect("its value")
}

#[test]
fn it_says_in_one_line_all_that_a_function_needs_and_obeys_its_control() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("failover.toml");
    let path = file.to_str().expect("a path");
    let mut sandbox =
        Running::start(&["sandbox", "--config", path, "--port", "control=0", "--port", "edge=0"]);
    let ready: Value = serde_json::from_str(&sandbox.line_with("config")).expect("JSON");
    let config = ready["config"].as_str().expect("a configuration");
    assert_eq!(std::fs::read_to_string(&file).expect("it is written"), config);
    assert!(config.contains("verify          = \"none\"") && config.contains("[endpoints]"), "{config}");
    let names: Vec<&String> = ready["environment"].as_object().expect("variables").keys().collect();
    assert_eq!(names, ["CLOUDFLARE_API_TOKEN", "GCE_METADATA_HOST"]);

    let power = format!("{}/primary/power", ready["control"].as_str().expect("a URL"));
    assert_eq!(ask("GET", public_url(config), "").0, 200);
    assert_eq!(ask("PUT", &power, "off").0, 200);
    assert_eq!(ask("GET", public_url(config), "").0, 521);
    assert_eq!(ask("PUT", &power, "perhaps").0, 400);
    assert_eq!(ask("PUT", &power, "on").0, 200);
    assert_eq!(ask("GET", public_url(config), "").0, 200);

    sandbox.signal(Signal::TERM);
    assert_eq!(sandbox.ended(), Some(0));
}

#[test]
fn a_function_is_pointed_at_the_emulator_where_there_is_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = crate::process::failover(&["sandbox"]);
    command.current_dir(&folder).env("PUBSUB_EMULATOR_HOST", "127.0.0.1:8085");
    // What other commands read is nothing to write over.
    command.env("FAILOVER_CONFIG", folder.path().join("mine.toml"));
    let mut sandbox = Running::of(command);
    let ready: Value = serde_json::from_str(&sandbox.line_with("config")).expect("JSON");
    let config = ready["config"].as_str().expect("a configuration");
    assert!(config.contains("pubsub     = \"http://127.0.0.1:8085\""), "{config}");
    assert!(config.contains("projects/gleich-tech/topics/failover-events"), "{config}");
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 0);
}
