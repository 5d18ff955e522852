//! Stand-ins of all that init asks, and a terminal to type at.

use std::{
    path::PathBuf,
    process::{Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    process::Command,
};
use warp::{Filter, http::StatusCode};

pub(super) const TOKEN: &str = "the-token-of-whoever-applies";
pub(super) const ZONE: &str = "023e105f4ecef8ad9ca31a8372d0c353";

/// What there is of the site already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    /// Somebody pays for the project.
    pub(super) billing: bool,
    /// The zone has a list of redirect rules.
    pub(super) list: bool,
    /// The project has a check of the host and a service of the site's name, in a region that maps no domains.
    pub(super) holdings: bool,
}

/// A project with billing, and nothing else.
pub(super) const NOTHING: Before = Before { billing: true, list: false, holdings: false };

/// Everything that init asks, on loopback.
pub(super) struct World {
    pub(super) base: String,
    pub(super) folder: TempDir,
}

impl World {
    pub(super) async fn start(before: Before) -> Self {
        let site = warp::path("site").map(|| page("<html><title>My home lab</title></html>"));
        let home = warp::path("home").map(|| page("<html><title>My home lab</title></html>"));
        let other = warp::path("other").map(|| page("It works!"));
        let cloudflare = warp::path("cf")
            .and(warp::path::tail())
            .and(warp::query::raw().or(warp::any().map(String::new)).unify())
            .and(warp::header::optional("authorization"))
            .map(move |path: warp::path::Tail, query: String, token: Option<String>| {
                cloudflare(path.as_str(), &query, token.as_deref(), before.list)
            });
        let google = warp::path("google").and(warp::path::tail()).map(move |path: warp::path::Tail| {
            let (status, body) = google(path.as_str(), before);
            warp::reply::with_status(warp::reply::json(&body), status)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("its address"));
        let routes = site.or(home).or(other).or(cloudflare).or(google);
        tokio::spawn(warp::serve(routes).incoming(listener).run());
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("terraform")).expect("made");
        Self { base, folder }
    }

    /// Where Google's interfaces are, as gcloud is told.
    pub(super) fn google(&self) -> impl Iterator<Item = (String, String)> + use<> {
        let base = format!("{}/google/", self.base);
        ["CLOUDRESOURCEMANAGER", "CLOUDBILLING", "MONITORING", "RUN"]
            .map(|name| (format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}"), base.clone()))
            .into_iter()
    }

    /// What is typed, with the environment of somebody who has credentials of Google's.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm")
            .env("HOME", self.folder.path())
            .env("NO_COLOR", "1")
            .env("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.a-token")
            .env("CLOUDFLARE_BASE_URL", format!("{}/cf", self.base))
            .envs(self.google())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Without a terminal.
    pub(super) async fn types(&self, words: &[&str], environment: &[(&str, &str)]) -> Output {
        let site = format!("{}/site", self.base);
        let mut command = self.command(env!("CARGO_BIN_EXE_failover"));
        command.args(["init", &site]).args(words).envs(environment.iter().copied());
        command.output().await.expect("it runs")
    }

    pub(super) fn vars(&self) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("terraform/terraform.tfvars")).ok()
    }

    pub(super) fn secrets(&self) -> PathBuf {
        self.folder.path().join(".config/failover/env")
    }

    /// Nothing was written, not even half of it.
    #[track_caller]
    pub(super) fn nothing_is_written(&self) {
        assert_eq!((self.vars(), self.secrets().exists()), (None, false));
    }
}

fn google(path: &str, before: Before) -> (StatusCode, Value) {
    let off =
        json!({ "error": { "message": "It is disabled.", "details": [{ "reason": "SERVICE_DISABLED" }] } });
    let body = match path {
        "v1/projects" => json!({ "projects": [{ "projectId": "home-lab" }, { "projectId": "office" }] }),
        "v1/projects/home-lab/billingInfo" => json!({ "billingEnabled": before.billing }),
        _ if !before.holdings => return (StatusCode::FORBIDDEN, off),
        "v3/projects/home-lab/uptimeCheckConfigs" => json!({ "uptimeCheckConfigs": [
            { "displayName": "mine", "monitoredResource": { "labels": { "host": "127.0.0.1" } } },
            { "displayName": "of another", "monitoredResource": { "labels": { "host": "example.org" } } },
        ] }),
        "v2/projects/home-lab/locations/-/services" => {
            json!({ "services": [{ "name": "projects/home-lab/locations/us-central1/services/site127" }] })
        }
        _ => return (StatusCode::NOT_IMPLEMENTED, json!({ "error": { "message": "not in this region" } })),
    };
    (StatusCode::OK, body)
}

fn page(body: &'static str) -> impl warp::Reply {
    warp::reply::with_header(warp::reply::html(body), "cf-ray", "8c1-FRA")
}

fn cloudflare(path: &str, query: &str, token: Option<&str>, list: bool) -> impl warp::Reply + use<> {
    let refused = |status: StatusCode, code: u32, message: &str| {
        (
            status,
            json!({ "success": false, "errors": [{ "code": code, "message": message }], "result": null }),
        )
    };
    let known = token.is_some_and(|token| token.contains(TOKEN) || token.contains("tested"));
    let result = |result: Value| {
        (StatusCode::OK, json!({ "success": true, "errors": [], "messages": [], "result": result }))
    };
    let (status, body) = match path {
        _ if !known => refused(StatusCode::FORBIDDEN, 10000, "Authentication error"),
        "zones" if query == "name=127.0.0.1" => result(json!([{ "id": ZONE, "name": "127.0.0.1" }])),
        "zones" => result(json!([])),
        path if path.ends_with("/dns_records") => {
            result(json!([{ "type": "CNAME", "content": "c1744f8b.cfargotunnel.com", "proxied": true }]))
        }
        path if path.ends_with("/entrypoint") && list => result(json!({ "id": "9a78", "rules": [] })),
        path if path.ends_with("/entrypoint") => {
            refused(StatusCode::NOT_FOUND, 10003, "could not find entrypoint ruleset")
        }
        "zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules" => {
            refused(StatusCode::FORBIDDEN, 9109, "Unauthorized")
        }
        _ => result(json!([])),
    };
    warp::reply::with_status(warp::reply::json(&body), status)
}

pub(super) fn said(output: &Output) -> String {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Types one line after the other at a real terminal, which `script` makes. A line without an end is a key.
pub(super) async fn at_a_terminal(world: &World, words: &str, lines: &[&str]) -> String {
    at_a_terminal_with(world, "", words, lines).await
}

/// The same with variables of a shell's before it.
pub(super) async fn at_a_terminal_with(world: &World, before: &str, words: &str, lines: &[&str]) -> String {
    // And afterwards, whether the terminal shows what is typed.
    let program = env!("CARGO_BIN_EXE_failover");
    let line = format!("trap : INT; {before} {program} init {}/site {words}; stty -a", world.base);
    let mut child = world
        .command("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of util-linux, is there");
    let mut stdin = child.stdin.take().expect("piped");
    let mut stdout = child.stdout.take().expect("piped");
    let mut seen = Vec::new();
    let typing = async {
        for (asked, line) in lines.iter().enumerate() {
            // As a person does: after the question.
            while String::from_utf8_lossy(&seen).matches("  > ").count() <= asked {
                if stdout.read_buf(&mut seen).await.expect("it is read") == 0 {
                    return;
                }
            }
            let end = if line.starts_with(char::is_control) { "" } else { "\n" };
            stdin.write_all(format!("{line}{end}").as_bytes()).await.expect("typed");
        }
        stdout.read_to_end(&mut seen).await.expect("it is read");
    };
    let ended = tokio::time::timeout(stage::PATIENCE, typing).await;
    let told = String::from_utf8_lossy(&seen).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(ended.is_ok(), "it has no end: {told}");
    told
}
