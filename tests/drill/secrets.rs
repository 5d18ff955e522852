//! No token, key or password in anything the function prints, keeps, announces, shows or answers, whatever goes wrong.

use sandbox::{
    Aim, Fault, Options,
    pubsub::{PUSH_ACCOUNT, PUSH_AUDIENCE, subscription},
    tokens::{forged::Forgery, push_claims},
};
use serde_json::{Value, json};
use stage::{Drill, Settings, payload, settings::signed};
use tokio::net::TcpListener;
use warp::Filter;

/// Path of a webhook, which is its secret.
const HOOK: &str = "services/T000/webhook-secret-in-the-path";
/// Opens the status page.
const PAGE_KEY: &str = "key-of-the-status-page-0123456789";
/// A token that a provider repeats in its own words.
const ECHOED: &str = "ya29.a0-echoed-by-a-provider";
/// Everything that anybody can be made to say, our own crates and those that carry our requests.
const MOST: &str = "trace,cloudflare=trace,google_cloud_auth=trace,google_cloud_gax_internal=trace,\
                    google_cloud_pubsub=trace,h2=trace,hyper=trace,hyper_util=trace,object_store=trace,\
                    reqwest=trace,rustls=trace,tonic=trace,tower=trace,warp=trace";
/// Every kind of call that a move makes.
const OPERATIONS: [&str; 6] = [
    "cloudflare.patch_page_rule",
    "cloudflare.get_page_rule",
    "run.get_iam_policy",
    "run.set_iam_policy",
    "monitoring.patch_check",
    "storage.create",
];

/// A webhook that is none any more, so that each of its failures is logged.
async fn webhook() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let gone = warp::any().map(|| warp::http::StatusCode::GONE);
    tokio::spawn(warp::serve(gone).incoming(listener).run());
    format!("http://{address}/{HOOK}")
}

async fn verbose() -> Drill {
    let settings = Settings {
        top: format!("{}page = true\n", Settings::default().top),
        push: signed("jwt"),
        rest: "\n[[webhooks]]\nkind = \"slack\"\nurl_env = \"TEAM_WEBHOOK\"\n\n\
               [events]\ntopic = \"projects/gleich-tech/topics/failover-events\"\n"
            .to_owned(),
        environment: vec![
            ("FAILOVER_LOG", MOST.to_owned()),
            ("FAILOVER_PAGE_KEY", PAGE_KEY.to_owned()),
            ("TEAM_WEBHOOK", webhook().await),
        ],
        ..Settings::default()
    };
    Drill::with(settings, Options::default()).await
}

/// Somebody who writes down every answer.
struct Scribe<'a> {
    drill: &'a Drill,
    http: reqwest::Client,
    token: String,
    heard: String,
}

impl<'a> Scribe<'a> {
    fn beside(drill: &'a Drill) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { drill, http, token: drill.sandbox.world.signer.sign(&claims()), heard: String::new() }
    }

    async fn push(&mut self, token: &str, name: &str, body: &Value) -> u16 {
        let push = payload::push(name, &payload::fresh_id(), jiff::Timestamp::now(), body);
        let request = self.http.post(format!("{}/push", self.drill.function.base()));
        let answer = request.bearer_auth(token).json(&push).send().await.expect("an answer");
        let status = answer.status().as_u16();
        self.heard.push_str(&answer.text().await.expect("its text"));
        status
    }

    async fn order(&mut self, verb: &str) {
        let token = self.token.clone();
        self.push(&token, "failover-commands", &json!({ "command": verb })).await;
    }

    async fn look(&mut self, path: &str, key: &str) {
        let request = self.http.get(format!("{}{path}", self.drill.function.base()));
        let answer = request.bearer_auth(key).send().await.expect("an answer");
        let headers = format!("{:?}", answer.headers());
        self.heard.push_str(&(headers + &answer.text().await.expect("its text")));
    }

    /// Every call of a failover and of a failback fails in every way, and reconcile brings the move to its end.
    async fn every_call_fails(&mut self) {
        let world = &self.drill.sandbox.world;
        for operation in OPERATIONS {
            for fault in faults(operation) {
                for verb in ["failover", "failback"] {
                    world.fault(Aim::at(operation).nth(1), fault.clone());
                    self.order(verb).await;
                    world.faults.clear();
                    self.order("reconcile").await;
                }
            }
        }
    }

    async fn an_outage_comes_and_goes(&mut self) {
        self.drill.cut_power();
        let (token, now) = (self.token.clone(), jiff::Timestamp::now());
        self.push(&token, "failover-alerts", &payload::incident("0.outage", "open", now)).await;
        self.drill.restore_power();
        for verb in ["rehearse", "failback", "rehearse", "check"] {
            self.order(verb).await;
        }
    }

    async fn strangers_push(&mut self) {
        let (token, command) = (self.token.clone(), json!({ "command": "failover" }));
        assert_eq!(self.push(&token, "failover-alerts", &command).await, 403, "an alert that commands");
        for forgery in Forgery::ALL {
            let forged = forgery.forge(&self.drill.sandbox.world.signer, &claims());
            let status = self.push(&forged, "failover-commands", &command).await;
            assert!(matches!(status, 401 | 403), "{forgery:?} came out as {status}");
        }
    }

    async fn everybody_looks_at_the_page(&mut self) {
        for path in ["/", "/sites", &format!("/?key={PAGE_KEY}")] {
            self.look(path, PAGE_KEY).await;
            self.look(path, "wrong").await;
        }
    }

    /// All that was printed, kept, announced, shown and answered.
    fn everything(self) -> String {
        let world = &self.drill.sandbox.world;
        let entries = world.storage.objects(&Options::default().bucket);
        let events = world.pubsub.waiting(&subscription("failover-events"));
        assert!(events.len() > 10, "{} events were announced", events.len());
        let kept = entries.into_iter().map(|(_, entry)| String::from_utf8_lossy(&entry).into_owned());
        let told = events
            .into_iter()
            .map(|(event, named)| String::from_utf8_lossy(&event).into_owned() + &format!("{named:?}"));
        let all = [self.drill.function.output(), self.heard];
        all.into_iter().chain(kept).chain(told).collect::<Vec<_>>().join("\n")
    }
}

/// What a provider answers that repeats the credentials of the request, in the envelope of each.
fn echo(operation: &str, code: u16) -> Fault {
    let words = format!("Invalid credentials: Bearer {ECHOED} and {}", Options::default().cloudflare_token);
    let body = match operation.split('.').next() {
        Some("cloudflare") => {
            json!({ "success": false, "errors": [{ "code": 6111, "message": words }] }).to_string()
        }
        Some("storage") => format!("<Error><Code>AccessDenied</Code><Message>{words}</Message></Error>"),
        _ => json!({ "error": { "code": code, "message": words, "status": "UNKNOWN" } }).to_string(),
    };
    Fault::Status { code, retry_after: None, body: Some(body) }
}

fn faults(operation: &str) -> [Fault; 5] {
    let [denied, failed] = [403, 500].map(|code| echo(operation, code));
    [denied, failed, Fault::Garbage, Fault::LostAnswer, Fault::SuccessFalse]
}

fn claims() -> Value {
    push_claims(PUSH_AUDIENCE, PUSH_ACCOUNT, jiff::Timestamp::now())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_printed_kept_announced_shown_or_answered_whatever_goes_wrong() {
    let drill = verbose().await;
    let mut scribe = Scribe::beside(&drill);
    scribe.every_call_fails().await;
    scribe.an_outage_comes_and_goes().await;
    scribe.strangers_push().await;
    scribe.everybody_looks_at_the_page().await;
    let token = scribe.token.clone();
    let everything = scribe.everything();
    for word in ["begins", "served by the standby", "served by the primary", "<html", "403", "hyper"] {
        assert!(everything.contains(word), "{word:?} is missing, so not everything was said");
    }
    let cloudflare = Options::default().cloudflare_token;
    // The last is how the head and the claims of any pushed token begin, good or forged.
    for secret in [&cloudflare, PAGE_KEY, "webhook-secret", ECHOED, "ya29.", &token, "eyJ"] {
        let at = everything.find(secret);
        let around = at.map(|at| everything[..at].chars().rev().take(300).collect::<Vec<_>>());
        let before: String = around.into_iter().flatten().rev().collect();
        assert!(at.is_none(), "{secret:?} is in there, after {before}");
    }
}
