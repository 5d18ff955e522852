//! Watchers, the function and the clouds: what is published is pushed to the real binary.

use std::sync::Arc;

use async_trait::async_trait;
use cloud_failover::{
    api::{ApiError, ApiErrorKind},
    watch::Letterbox,
};
use sandbox::{Options, visitors::Served};
use serde_json::{Value, json};
use stage::{Answer, Drill, Settings};
use tokio::sync::watch;

use crate::lookout::{Setting, targets};

/// Pushes what is posted to the function, as Pub/Sub does, until it is answered 200.
#[derive(Debug, Clone)]
struct Push {
    drill: Arc<Drill>,
    answers: Arc<watch::Sender<Vec<Answer>>>,
}

#[async_trait]
impl Letterbox for Push {
    async fn post(&self, message: &Value) -> Result<(), ApiError> {
        let answer = self.drill.alert(message).await;
        let status = answer.status;
        self.answers.send_modify(|answers| answers.push(answer));
        match status {
            200 => Ok(()),
            other => Err(ApiError { kind: ApiErrorKind::Transient, message: other.to_string() }),
        }
    }
}

impl Push {
    async fn to(settings: Settings) -> Self {
        let drill = Arc::new(Drill::with(settings, Options::default()).await);
        Self { drill, answers: Arc::default() }
    }

    /// A watcher of this name begins.
    fn watched_by(&self, name: &'static str) -> crate::lookout::Lookout {
        let setting = Setting::of(targets(&self.drill.site()));
        Setting { name, ..setting }.watch(Arc::new(self.clone()))
    }

    /// The first answer whose reason says this.
    async fn answer(&self, words: &str) -> Answer {
        let fits = |answer: &&Answer| answer.text("reason").contains(words);
        let mut answers = self.answers.subscribe();
        let waiting = answers.wait_for(|answers| answers.iter().any(|answer| fits(&answer)));
        let answers = tokio::time::timeout(stage::PATIENCE, waiting).await;
        let answers =
            answers.unwrap_or_else(|_| panic!("nothing said {words}: {}", self.drill.function.output()));
        answers.unwrap().iter().find(fits).cloned().unwrap()
    }

    async fn moved(&self) -> Answer {
        let mut answers = self.answers.subscribe();
        let done = |answer: &Answer| answer.body["end"] == "Done";
        let waiting = answers.wait_for(|answers| answers.iter().any(done));
        let answers = tokio::time::timeout(stage::PATIENCE, waiting).await;
        let answers = answers.unwrap_or_else(|_| panic!("no move: {}", self.drill.function.output()));
        answers.unwrap().iter().find(|answer| done(answer)).cloned().unwrap()
    }
}

fn agreeing(watchers: u32) -> Settings {
    let rest = format!("[watch]\nagree = {watchers}\nevery = \"5s\"\n");
    Settings { rest, ..Settings::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_watcher_sees_fails_the_site_over_and_its_end_is_seen_too() {
    let push = Push::to(Settings::default()).await;
    let _pi = push.watched_by("pi");
    push.answer("the watcher pi lives").await.is(200, "stay", None);
    push.drill.cut_power();
    push.moved().await.is(200, "move", Some("Done"));
    assert_eq!(push.drill.visit().await, Served::Standby);
    push.answer("proves nothing").await.is(200, "stay", None);
    assert_eq!(push.drill.writes().len(), 3);
    push.drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_two_have_to_agree_one_watcher_moves_nothing() {
    let push = Push::to(agreeing(2)).await;
    let pi = push.watched_by("pi");
    push.drill.cut_power();
    push.answer("1 of 2 watchers: pi reports resume").await.is(200, "pending", None);
    let mut answers = push.answers.subscribe();
    answers.wait_for(|answers| answers.len() > 6).await.unwrap();
    assert!(push.drill.writes().is_empty());
    assert!(push.drill.sandbox.world.ledger.journal_writes().is_empty(), "what isn't agreed isn't written");
    let vm = push.watched_by("vm");
    push.moved().await.is(200, "move", Some("Done"));
    assert_eq!(push.drill.visit().await, Served::Standby);
    push.drill.all_promises_hold();
    pi.end().await;
    vm.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn monitorings_own_alert_needs_nobodys_agreement() {
    let push = Push::to(agreeing(2)).await;
    push.drill.cut_power();
    push.drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_of_life_touches_no_journal_and_no_cloud() {
    let drill = Drill::start().await;
    // The start reads the journal by itself, beside the token that it fetches.
    drill.sandbox.world.ledger.ended("storage.list", 1).await;
    let calls = || drill.sandbox.world.ledger.number(|call| !call.operation.starts_with("metadata"));
    let before = calls();
    let beat = failover_core::report::heartbeat("pi", "pi watches 1 site");
    drill.alert(&beat).await.is(200, "stay", None).because("the watcher pi lives");
    let mut unnamed = beat;
    unnamed["incident"]["policy_user_labels"] = json!({});
    drill.alert(&unnamed).await.is(200, "stay", None).because("no site");
    assert_eq!(calls(), before);
}
