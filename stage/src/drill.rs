//! The real binary on the sandbox, with the verbs of an operator and of what happens to a home lab.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use sandbox::{Options, Power, Sandbox, Site};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Answer, Function, PATIENCE, Ran, Settings,
    journal::{BUCKET, Journals},
    operator, payload,
    settings::FILE,
};

/// A sandbox, the function in a process of its own, and one site.
#[derive(Debug)]
pub struct Drill {
    /// The clouds and the sites.
    pub sandbox: Sandbox,
    /// The function.
    pub function: Function,
    /// How it is configured.
    pub settings: Settings,
    folder: Arc<TempDir>,
    /// Whether somebody changed the journal past the function.
    is_tampered: AtomicBool,
}

impl Drill {
    /// One site, everything at its default, timeouts at a tenth.
    pub async fn start() -> Self {
        Self::with(Settings::default(), Options::default()).await
    }

    /// As `start`, with settings of one's own.
    pub async fn with(settings: Settings, options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.expect("the sandbox starts");
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let function = Function::start(&sandbox, &settings, folder.path()).await;
        Self { sandbox, function, settings, folder, is_tampered: AtomicBool::new(false) }
    }

    /// Another instance of the function on the same journal.
    pub async fn second_instance(&self) -> Function {
        Function::start(&self.sandbox, &self.settings, self.folder.path()).await
    }

    /// Starts the function again, after it was killed.
    pub async fn restart(&mut self) {
        self.function = Function::start(&self.sandbox, &self.settings, self.folder.path()).await;
    }

    /// The configuration's file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    /// The site.
    pub fn site(&self) -> Site {
        self.sandbox.site("resume")
    }

    /// The power at home fails.
    pub fn cut_power(&self) {
        self.sandbox.world.set_primary("resume", Power::Off);
    }

    /// The power at home is back.
    pub fn restore_power(&self) {
        self.sandbox.world.set_primary("resume", Power::On);
    }

    /// Monitoring says that the site is down, just now.
    pub async fn open_incident(&self, id: &str) -> Answer {
        self.alert(&payload::incident(id, "open", Timestamp::now())).await
    }

    /// Monitoring says that an incident is over.
    pub async fn close_incident(&self, id: &str) -> Answer {
        self.alert(&payload::incident(id, "closed", Timestamp::now())).await
    }

    /// An alert is delivered, published just now under a message id of its own.
    pub async fn alert(&self, body: &Value) -> Answer {
        self.function.push(&payload::push_now(payload::ALERTS, body)).await
    }

    /// An operator publishes a command.
    pub async fn command(&self, body: Value) -> Answer {
        self.function.push(&payload::push_now(payload::COMMANDS, &body)).await
    }

    /// `{"command": …}` and nothing else.
    pub async fn order(&self, verb: &str) -> Answer {
        self.command(json!({ "command": verb })).await
    }

    /// Who serves a visitor now.
    pub async fn visit(&self) -> sandbox::Served {
        sandbox::visitors::visit(&self.site().public_url()).await.expect("a visitor").served
    }

    /// Asserts that no promise was broken, nothing unknown was asked, and every journal is one that the model could have
    /// written.
    #[track_caller]
    pub fn all_promises_hold(&self) {
        let violations = self.sandbox.violations();
        assert!(violations.is_empty(), "{violations:#?}");
        let unknown = self.sandbox.world.ledger.unknown();
        assert!(unknown.is_empty(), "{unknown:#?}");
        if !self.is_tampered.load(Ordering::Relaxed) {
            let claim_for = Some(self.settings.claim_for());
            trace::replay_all(self.journaled(), claim_for).unwrap_or_else(|why| panic!("{why}"));
        }
    }

    /// What lies in the journal's bucket, or in its folder.
    fn journaled(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        let objects = self.sandbox.world.storage.objects(BUCKET).into_iter();
        let folders = std::fs::read_dir(self.folder.path().join("journal")).into_iter().flatten().flatten();
        let files = folders.flat_map(|site| std::fs::read_dir(site.path()).into_iter().flatten().flatten());
        let read = |file: std::fs::DirEntry| {
            let path = file.path();
            Some((path.display().to_string(), std::fs::read(path).ok()?))
        };
        objects.map(|(name, bytes)| (name, bytes.to_vec())).chain(files.filter_map(read))
    }

    /// An operator types `failover` and these words.
    pub async fn failover(&self, words: &[&str]) -> Ran {
        self.failover_with(words, &[]).await
    }

    /// As `failover`, with further environment.
    pub async fn failover_with(&self, words: &[&str], environment: &[(&str, &str)]) -> Ran {
        operator::failover(&self.sandbox, &self.config(), words, environment).await
    }

    /// The writes made to clouds so far, by operation, in order.
    pub fn writes(&self) -> Vec<&'static str> {
        self.sandbox.world.ledger.writes().iter().map(|record| record.operation).collect()
    }

    /// What happened, in the words of the journal's events, oldest first (a journal in the bucket).
    pub fn events(&self) -> Vec<String> {
        let journals = Journals::of(&self.sandbox.world);
        let word =
            |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON")["event"]["type"].clone();
        journals.stored("resume").map(|(_, bytes)| word(bytes).as_str().expect("a word").to_owned()).collect()
    }

    /// Somebody cuts the newest journal entry in half (a journal in a folder).
    pub fn spoil_newest_entry(&self) {
        self.is_tampered.store(true, Ordering::Relaxed);
        let newest = newest_in(&self.folder.path().join("journal/resume"));
        let text = std::fs::read_to_string(&newest).expect("its text");
        std::fs::write(&newest, &text[..text.len() / 2]).expect("it is spoilt");
    }

    /// Somebody else puts an entry of this name there (a journal in a folder).
    pub fn put_entry(&self, key: &str, entry: &Value) {
        self.is_tampered.store(true, Ordering::Relaxed);
        let folder = self.folder.path().join("journal/resume");
        std::fs::create_dir_all(&folder).expect("the journal's folder");
        std::fs::write(folder.join(key), entry.to_string()).expect("it is written");
    }

    /// Changes the newest journal entry (a journal in a folder), as if it had been written otherwise.
    pub fn edit_newest_entry(&self, edit: impl FnOnce(&mut Value)) {
        self.is_tampered.store(true, Ordering::Relaxed);
        let newest = newest_in(&self.folder.path().join("journal/resume"));
        let mut entry = serde_json::from_slice(&std::fs::read(&newest).expect("its text")).expect("JSON");
        edit(&mut entry);
        std::fs::write(&newest, entry.to_string()).expect("it is edited");
    }

    /// What was announced so far under this kind: each line of the log, as JSON.
    pub fn announced(&self, kind: &str) -> Vec<Value> {
        let output = self.function.output();
        let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["kind"] == kind).collect()
    }

    /// Waits until this kind was announced so often, and asserts that it wasn't more often: announcements come beside
    /// the answers.
    pub async fn announces(&self, kind: &str, times: usize) -> Vec<Value> {
        let said = async {
            while self.announced(kind).len() < times {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, said).await;
        let told = self.announced(kind);
        assert!(in_time.is_ok() && told.len() == times, "{kind}: {told:#?}\n{}", self.function.output());
        told
    }

    /// Somebody sets the page rule at Cloudflare's dashboard.
    pub fn route_by_hand(&self, status: &str) {
        let seed = self.site().seed;
        self.sandbox.world.cloudflare.edits.edit_page_rule(&seed.zone, &seed.rule, "status", json!(status));
    }
}

/// A journal's newest entry, which has the smallest name.
fn newest_in(folder: &Path) -> PathBuf {
    let entries = std::fs::read_dir(folder).expect("the journal's folder");
    entries.map(|entry| entry.expect("an entry").path()).min().expect("an entry")
}
