//! `failover init` in a real terminal, and without one, against stand-ins of the site, of Cloudflare and of Google.

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
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

use crate::harness::{Drill, operator};

const TOKEN: &str = "the-token-of-whoever-applies";
const ZONE: &str = "023e105f4ecef8ad9ca31a8372d0c353";

/// Everything that init asks, on loopback.
struct World {
    base: String,
    folder: TempDir,
}

impl World {
    async fn start(billing: bool, list: bool) -> Self {
        let site = warp::path("site").map(|| page("<html><title>My home lab</title></html>"));
        let home = warp::path("home").map(|| page("<html><title>My home lab</title></html>"));
        let other = warp::path("other").map(|| page("It works!"));
        let cloudflare = warp::path("cf")
            .and(warp::path::tail())
            .and(warp::query::raw().or(warp::any().map(String::new)).unify())
            .and(warp::header::optional("authorization"))
            .map(move |path: warp::path::Tail, query: String, token: Option<String>| {
                cloudflare(path.as_str(), &query, token.as_deref(), list)
            });
        let google = warp::path("google").and(warp::path::tail()).map(move |path: warp::path::Tail| {
            let body = match path.as_str() {
                "v1/projects" => {
                    json!({ "projects": [{ "projectId": "home-lab" }, { "projectId": "office" }] })
                }
                "v1/projects/home-lab/billingInfo" => json!({ "billingEnabled": billing }),
                _ => json!({}),
            };
            warp::reply::with_status(warp::reply::json(&body), StatusCode::OK)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("its address"));
        let routes = site.or(home).or(other).or(cloudflare).or(google);
        tokio::spawn(warp::serve(routes).incoming(listener).run());
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("terraform")).expect("made");
        Self { base, folder }
    }

    /// What is typed, with the environment of somebody who has credentials of Google's.
    fn command(&self, program: &str) -> Command {
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
            .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER", format!("{}/google/", self.base))
            .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDBILLING", format!("{}/google/", self.base))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Without a terminal.
    async fn types(&self, words: &[&str], environment: &[(&str, &str)]) -> Output {
        let site = format!("{}/site", self.base);
        let mut command = self.command(env!("CARGO_BIN_EXE_failover"));
        command.args(["init", &site]).args(words).envs(environment.iter().copied());
        command.output().await.expect("it runs")
    }

    fn vars(&self) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("terraform/terraform.tfvars")).ok()
    }

    fn secrets(&self) -> std::path::PathBuf {
        self.folder.path().join(".config/failover/env")
    }

    /// Nothing was written, not even half of it.
    #[track_caller]
    fn nothing_is_written(&self) {
        assert_eq!((self.vars(), self.secrets().exists()), (None, false));
    }
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
        _ => result(json!([])),
    };
    warp::reply::with_status(warp::reply::json(&body), status)
}

fn said(output: &Output) -> String {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Types one line after the other at a real terminal, which `script` makes.
async fn at_a_terminal(world: &World, words: &str, lines: &[&str]) -> String {
    let line = format!("{} init {}/site {words}", env!("CARGO_BIN_EXE_failover"), world.base);
    let mut command = world.command("script");
    let mut child = command
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
            stdin.write_all(format!("{line}\n").as_bytes()).await.expect("typed");
        }
        stdout.read_to_end(&mut seen).await.expect("it is read");
    };
    let ended = tokio::time::timeout(crate::harness::PATIENCE, typing).await;
    let told = String::from_utf8_lossy(&seen).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(ended.is_ok(), "it has no end: {told}");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn four_questions_at_a_terminal_make_what_terraform_needs() {
    let world = World::start(true, false).await;
    let home = format!("{}/home", world.base.replace("127.0.0.1", "localhost"));
    // Three pasted tokens, and four answers: the project, the text (its title), the way home, an address.
    let lines = [TOKEN, "home-lab", "", &home, "me@example.com", "tested-function", ""];
    let told = at_a_terminal(&world, "", &lines).await;
    let vars = world.vars().unwrap_or_else(|| panic!("{told}"));
    for words in [
        "is a proxied CNAME record",
        "comes through a Cloudflare Tunnel",
        "project home-lab, with billing",
        "terraform -chdir=terraform init",
    ] {
        assert!(told.contains(words), "{words:?} isn't in {told}");
    }
    for words in [
        "project = \"home-lab\"",
        ZONE,
        "contains = \"My home lab\"",
        "/home\"",
        "emails    = [\"me@example.com\"]",
    ] {
        assert!(vars.contains(words), "{words:?} isn't in {vars}");
    }
    let secrets = std::fs::read_to_string(world.secrets()).expect("it is there");
    assert!(
        secrets.contains(&format!("CLOUDFLARE_API_TOKEN='{TOKEN}'"))
            && secrets.contains("='tested-function'"),
        "{secrets}"
    );
    assert_eq!(mode(&world.secrets()), 0o600);
    assert!(told.contains("put the tokens that are still missing"), "{told}");
    assert!(!vars.contains(TOKEN), "{vars}");
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn by_options_it_asks_nothing_and_what_it_writes_is_valid() {
    let world = World::start(true, true).await;
    let words = ["--project", "home-lab", "--primary-url", "none", "--expect", "home lab", "--email", "none"];
    let output = world.types(&words, &[("CLOUDFLARE_API_TOKEN", TOKEN)]).await;
    assert!(output.status.success(), "{}", said(&output));
    let vars = world.vars().expect("written");
    // A list that is there belongs to whoever made it.
    assert!(vars.contains("redirect = { existing = \"failover_") && !vars.contains("primary_url"), "{vars}");
    assert!(said(&output).contains("The zone has a list of redirect rules already"), "{}", said(&output));
    let mut validate = world.command(env!("CARGO_BIN_EXE_failover"));
    let validated =
        validate.args(["validate", "terraform/terraform.tfvars"]).output().await.expect("it runs");
    assert!(validated.status.success(), "{}\n{vars}", said(&validated));
    // And once more: what is there is left alone.
    let output = world.types(&words, &[("CLOUDFLARE_API_TOKEN", TOKEN)]).await;
    assert!(
        output.status.code() == Some(2) && said(&output).contains("exists, and is left alone"),
        "{}",
        said(&output)
    );
    assert_eq!(world.vars().as_deref(), Some(vars.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_input_is_a_sentence_and_writes_nothing() {
    let cloudflare = ("CLOUDFLARE_API_TOKEN", TOKEN);
    let project = ["--project", "home-lab"];
    let table: [(&[&str], (&str, &str), &str); 6] = [
        (
            &[],
            ("CLOUDFLARE_API_TOKEN", "of-another-kind"),
            "that token may not look for the zone: Authentication error (10000)",
        ),
        (&[], ("NOTHING", ""), "there is no terminal to ask for it on"),
        (&["--project", "nobodys"], cloudflare, "is no project that you may see"),
        (&project, cloudflare, "there is no terminal to ask this on"),
        (&["--project", "home-lab", "--expect", "Welcome"], cloudflare, "the site doesn't show \"Welcome\""),
        (
            &["--project", "home-lab", "--expect", "home lab", "--primary-url", "OTHER"],
            cloudflare,
            "it isn't the site",
        ),
    ];
    for (words, environment, sentence) in table {
        let world = World::start(true, false).await;
        let other = format!("{}/other", world.base.replace("127.0.0.1", "localhost"));
        let words: Vec<&str> =
            words.iter().map(|word| if *word == "OTHER" { other.as_str() } else { word }).collect();
        let output = world.types(&words, &[environment]).await;
        assert!(
            !output.status.success() && said(&output).contains(sentence),
            "{sentence:?}: {}",
            said(&output)
        );
        assert!(said(&output).contains("next:"), "{}", said(&output));
        world.nothing_is_written();
    }
    let world = World::start(false, false).await;
    let output = world.types(&project, &[cloudflare]).await;
    assert!(said(&output).contains("nobody pays for home-lab"), "{}", said(&output));
    world.nothing_is_written();
    let mut nowhere = world.command(env!("CARGO_BIN_EXE_failover"));
    let output = nowhere.args(["init", "https://nothing.invalid/"]).output().await.expect("it runs");
    assert!(said(&output).contains("nothing.invalid gave no answer"), "{}", said(&output));
    // Whoever hangs up at a question.
    let told = at_a_terminal(&world, "", &["\u{3}"]).await;
    assert!(told.contains("nothing was written"), "{told}");
    world.nothing_is_written();
}

/// A `terraform` whose outputs are files.
fn terraform(folder: &Path, outputs: &[(&str, &str)]) -> String {
    for (name, text) in outputs {
        std::fs::write(folder.join(format!("output-{name}")), text).expect("written");
    }
    let program = folder.join("terraform");
    let script = format!("#!/bin/sh\nexec cat \"{}/output-$4\"\n", folder.display());
    std::fs::write(&program, script).expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("executable");
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn finish_fetches_the_configuration_waits_for_the_standby_and_checks() {
    let drill = Drill::start().await;
    drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    let folder = tempfile::tempdir().expect("a folder");
    let made = std::fs::read_to_string(drill.config()).expect("it is there");
    let path =
        terraform(folder.path(), &[("configuration", &made), ("page_url", "https://page.example.com")]);
    let config = folder.path().join("failover.toml");
    let words = ["init", "--finish", "--terraform", &folder.path().display().to_string()];
    let ran = operator::failover(&drill.sandbox, &config, &words, &[("PATH", &path)]).await;
    ran.says("failover.toml is what Terraform made").says("has its certificate").says("failover check");
    assert_eq!(std::fs::read_to_string(&config).expect("written"), made);
    // Whatever the check finds is mended first; without a finding it goes on to the rehearsal and the page.
    if ran.status == 0 {
        ran.says("https://page.example.com/?key=$TF_VAR_page_key").says("failover send failover --wait");
    } else {
        ran.ends(1).says("failover check found something to mend").says("type --finish again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn finish_without_an_apply_says_what_comes_first() {
    let drill = Drill::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = terraform(folder.path(), &[]);
    let config = folder.path().join("failover.toml");
    let words = ["init", "--finish", "--terraform", &folder.path().display().to_string()];
    let ran = operator::failover(&drill.sandbox, &config, &words, &[("PATH", &path)]).await;
    ran.ends(1).says("Terraform has no output configuration in").says("next: terraform apply first");
    assert!(!config.exists());
    let ran = operator::failover(&drill.sandbox, &config, &words, &[("PATH", "/nowhere")]).await;
    ran.ends(1).says("terraform could not be started");
}
