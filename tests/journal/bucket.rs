//! What only a bucket can do wrong: the sandbox's Cloud Storage, which speaks the interface of the real one.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use cloud_failover::{
    api::{
        ApiError, ApiErrorKind, Secret,
        tokens::{StaticToken, Token, Tokens},
    },
    journal::{Create, Journal, JournalLocation, JournalSettings, Newest, key},
};
use sandbox::{
    Aim, Fault, Options, Sandbox, Service,
    google::access::{FUNCTION_ACCOUNT, OPERATOR_ACCOUNT},
};

use crate::suite::{entry, fill, newest, site};

const BUCKET: &str = "gleich-tech-failover";
const FOLDER: &str = "journal/shop";

/// Long enough for a busy machine, short enough to wait for.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
const IMPATIENT: Duration = Duration::from_millis(400);

pub(crate) async fn fresh() -> (Journal, Sandbox) {
    let sandbox = started().await;
    (open(&sandbox, BUCKET, CALL_TIMEOUT), sandbox)
}

async fn started() -> Sandbox {
    Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await.unwrap()
}

fn open(sandbox: &Sandbox, bucket: &str, call_timeout: Duration) -> Journal {
    let issue = || Secret::new(&sandbox.world.access.issue(FUNCTION_ACCOUNT, Duration::from_hours(1)));
    open_with(sandbox, bucket, call_timeout, vec![issue()])
}

fn open_with(sandbox: &Sandbox, bucket: &str, call_timeout: Duration, tokens: Vec<Secret>) -> Journal {
    let location = JournalLocation::Gs { bucket: bucket.to_owned(), prefix: "journal".to_owned() };
    let settings = JournalSettings {
        call_timeout,
        endpoint: Some(sandbox.url(Service::Storage)),
        tokens: Some(Arc::new(Desk { issued: Mutex::new(tokens) })),
        ..JournalSettings::default()
    };
    Journal::open(&location, settings).unwrap()
}

/// Gives the token that was issued last, until it is told to forget it.
#[derive(Debug)]
struct Desk {
    issued: Mutex<Vec<Secret>>,
}

#[async_trait]
impl Tokens for Desk {
    async fn token(&self) -> Result<Token, ApiError> {
        let newest = self.issued.lock().unwrap().last().cloned().unwrap();
        StaticToken(newest).token().await
    }

    async fn forget(&self, _refused: &Token) {
        let mut issued = self.issued.lock().unwrap();
        if issued.len() > 1 {
            issued.pop();
        }
    }
}

/// Fills the bucket past its interface, which takes no time.
fn stock(sandbox: &Sandbox, entries: u64) {
    for number in 1..=entries {
        sandbox.world.storage.put(BUCKET, &format!("{FOLDER}/{}", key(number).unwrap()), entry(number));
    }
}

#[tokio::test]
async fn the_newest_of_100_000_entries_takes_one_listing_page() {
    let (journal, sandbox) = fresh().await;
    stock(&sandbox, 100_000);
    assert_eq!(newest(&journal, &site("shop")).await, Some(100_000));
    let calls = sandbox.world.ledger.calls();
    assert_eq!(calls.iter().map(|call| call.operation).collect::<Vec<_>>(), ["storage.list"]);
}

/// What the newest entry says, without asking for it.
async fn copied(journal: &Journal) -> Option<Newest> {
    journal.newest(&site("shop")).await.unwrap()
}

fn told(number: u64, copy: Option<Bytes>) -> Newest {
    Newest { number, copy }
}

#[tokio::test]
async fn the_listing_brings_the_newest_entry_along() {
    let (journal, sandbox) = fresh().await;
    fill(&journal, &site("shop"), 0, 12).await;
    let before = sandbox.world.ledger.position();
    assert_eq!(copied(&journal).await, Some(told(12, Some(entry(12)))));
    let calls = sandbox.world.ledger.since(before);
    assert_eq!(calls.iter().map(|call| call.operation).collect::<Vec<_>>(), ["storage.list"]);
}

#[tokio::test]
async fn an_entry_of_an_earlier_release_or_a_long_one_is_listed_without_what_it_says() {
    let (journal, sandbox) = fresh().await;
    stock(&sandbox, 1);
    assert_eq!(copied(&journal).await, Some(told(1, None)));
    let long = Bytes::from(format!("{{\"sentence\":\"{}\"}}", "x".repeat(9000)));
    journal.create(&site("shop"), 2, long.clone()).await.unwrap();
    assert_eq!(copied(&journal).await, Some(told(2, None)));
    assert_eq!(journal.read(&site("shop"), 2).await.unwrap(), Some(long));
}

#[tokio::test]
async fn a_copy_that_somebody_changed_is_not_believed() {
    let (journal, sandbox) = fresh().await;
    fill(&journal, &site("shop"), 0, 1).await;
    let name = format!("{FOLDER}/{}", key(1).unwrap()).replace('/', "%2F");
    let url = sandbox.url(Service::Storage).join(&format!("storage/v1/b/{BUCKET}/o/{name}")).unwrap();
    let token = sandbox.world.access.issue(OPERATOR_ACCOUNT, Duration::from_mins(5));
    let changed = r#"{"metadata":{"entry":"{}"}}"#;
    let patch = reqwest::Client::new().patch(url).bearer_auth(token).body(changed);
    assert!(patch.send().await.unwrap().status().is_success());
    assert_eq!(copied(&journal).await, Some(told(1, None)));
}

/// Its JSON interface may be switched off, or be answered by something in between.
#[tokio::test]
async fn a_listing_that_cannot_bring_entries_along_is_made_without() {
    let (journal, sandbox) = fresh().await;
    fill(&journal, &site("shop"), 0, 3).await;
    for fault in [Fault::status(403), Fault::status(404), Fault::status(500), Fault::Reset, Fault::Garbage] {
        sandbox.world.faults.set(Aim::at("storage.list").nth(1), fault.clone());
        assert_eq!(copied(&journal).await, Some(told(3, None)), "{fault:?}");
        sandbox.world.faults.clear();
    }
}

#[tokio::test]
async fn an_entry_whose_copy_is_refused_is_stored_without() {
    let (journal, sandbox) = fresh().await;
    for (number, refusal) in (1..).zip([Fault::status(400), page(400), page(413), page(431)]) {
        sandbox.world.faults.set(Aim::at("storage.create").nth(1), refusal);
        fill(&journal, &site("shop"), number - 1, number).await;
        sandbox.world.faults.clear();
        assert_eq!(copied(&journal).await, Some(told(number, None)));
    }
}

#[tokio::test]
async fn asking_for_the_next_entry_is_one_cheap_read() {
    let (journal, sandbox) = fresh().await;
    stock(&sandbox, 3);
    assert_eq!(journal.read(&site("shop"), 4).await.unwrap(), None);
    let calls = sandbox.world.ledger.calls();
    assert_eq!(calls.iter().map(|call| call.operation).collect::<Vec<_>>(), ["storage.get"]);
}

#[tokio::test]
async fn strangers_files_that_sort_first_hide_nothing() {
    let (journal, sandbox) = fresh().await;
    stock(&sandbox, 2);
    for number in 0..25 {
        sandbox.world.storage.put(BUCKET, &format!("{FOLDER}/0-note-{number:02}.txt"), "mine");
    }
    assert_eq!(newest(&journal, &site("shop")).await, Some(2));
}

#[tokio::test]
async fn an_entry_that_was_stored_though_its_answer_was_lost_is_created() {
    let (journal, sandbox) = fresh().await;
    for (number, fault) in
        [(1, Fault::LostAnswer), (2, Fault::status(503)), (3, Fault::Reset), (4, Fault::status(429))]
    {
        sandbox.world.faults.set(Aim::at("storage.create").nth(1), fault.clone());
        assert_eq!(
            journal.create(&site("shop"), number, entry(number)).await.unwrap(),
            Create::Created,
            "{fault:?}"
        );
        sandbox.world.faults.clear();
    }
    assert_eq!(sandbox.world.storage.objects(BUCKET).len(), 4);
}

#[tokio::test]
async fn an_entry_that_was_stored_and_never_answered_is_created() {
    let sandbox = started().await;
    let journal = open(&sandbox, BUCKET, IMPATIENT);
    sandbox.world.faults.set(Aim::at("storage.create"), Fault::HangAfter);
    assert_eq!(journal.create(&site("shop"), 1, entry(1)).await.unwrap(), Create::Created);
}

#[tokio::test]
async fn an_entry_whose_answer_was_lost_to_another_writer_exists() {
    let (journal, sandbox) = fresh().await;
    stock(&sandbox, 1);
    sandbox.world.faults.set(Aim::at("storage.create").nth(1), Fault::LostAnswer);
    let lost = journal.create(&site("shop"), 1, Bytes::from_static(b"ours")).await.unwrap();
    assert_eq!(lost, Create::Exists(entry(1)));
}

#[tokio::test]
async fn a_create_that_takes_effect_after_we_gave_up_is_found_by_the_next_try() {
    let sandbox = started().await;
    let journal = open(&sandbox, BUCKET, IMPATIENT);
    sandbox.world.faults.set(Aim::at("storage.create").nth(1), Fault::LateEffect(IMPATIENT * 3));
    let unknown = journal.create(&site("shop"), 1, entry(1)).await.unwrap_err();
    assert_eq!(unknown.kind, ApiErrorKind::Transient, "{unknown}");
    let stored = || sandbox.world.storage.objects(BUCKET).len() == 1;
    sandbox.world.ledger.until(|_| stored()).await;
    assert_eq!(journal.create(&site("shop"), 1, entry(1)).await.unwrap(), Create::Created);
}

#[tokio::test]
async fn a_store_that_stays_broken_is_a_passing_error_and_stores_nothing() {
    let sandbox = started().await;
    let journal = open(&sandbox, BUCKET, IMPATIENT);
    for fault in [Fault::status(500), Fault::retry_after(503, 1), Fault::Reset, Fault::Garbage, Fault::Hang] {
        sandbox.world.faults.set(Aim::service(Service::Storage), fault.clone());
        let created = journal.create(&site("shop"), 1, entry(1)).await;
        let listed = journal.newest(&site("shop")).await;
        sandbox.world.faults.clear();
        for error in [created.map(|_| ()).unwrap_err(), listed.map(|_| ()).unwrap_err()] {
            assert_eq!(error.kind, ApiErrorKind::Transient, "{fault:?}: {error}");
        }
        assert_eq!(sandbox.world.storage.objects(BUCKET).len(), 0, "{fault:?}");
    }
}

/// What a front end says in the store's place.
fn page(code: u16) -> Fault {
    let page = "<!DOCTYPE html><title>Sorry</title>Your client does not have permission to get this URL.";
    Fault::Status { code, retry_after: None, body: Some(page.to_owned()) }
}

const REFUSALS: [u16; 8] = [400, 401, 403, 404, 405, 410, 413, 431];

#[tokio::test]
async fn a_web_page_that_refuses_is_no_word_of_the_stores() {
    let sandbox = started().await;
    let journal = open(&sandbox, BUCKET, IMPATIENT);
    let shop = site("shop");
    for code in REFUSALS {
        sandbox.world.faults.set(Aim::service(Service::Storage), page(code));
        let errors = [
            journal.newest(&shop).await.map(|_| ()).unwrap_err(),
            journal.read(&shop, 1).await.map(|_| ()).unwrap_err(),
            journal.create(&shop, 1, entry(1)).await.map(|_| ()).unwrap_err(),
        ];
        sandbox.world.faults.clear();
        for error in errors {
            assert_eq!(error.kind, ApiErrorKind::Transient, "{code}: {error}");
        }
    }
    assert_eq!(sandbox.world.storage.objects(BUCKET).len(), 0);
}

#[tokio::test]
async fn a_web_page_that_refuses_once_is_outlived() {
    let (journal, sandbox) = fresh().await;
    for (number, code) in (1..).zip(REFUSALS) {
        sandbox.world.faults.set(Aim::at("storage.create").nth(1), page(code));
        // Whoever creates tries again by itself.
        while let Err(error) = journal.create(&site("shop"), number, entry(number)).await {
            assert_eq!(error.kind, ApiErrorKind::Transient, "{code}: {error}");
        }
        sandbox.world.faults.clear();
        sandbox.world.faults.set(Aim::at("storage.get").nth(1), page(code));
        assert_eq!(journal.read(&site("shop"), number).await.unwrap(), Some(entry(number)), "{code}");
        sandbox.world.faults.clear();
    }
}

#[tokio::test]
async fn who_may_only_create_is_told_403_for_what_exists_and_still_learns_who_won() {
    let (journal, sandbox) = fresh().await;
    sandbox.world.storage.forbid_before_conditions(true);
    fill(&journal, &site("shop"), 0, 1).await;
    let second = journal.create(&site("shop"), 1, Bytes::from_static(b"ours")).await.unwrap();
    assert_eq!(second, Create::Exists(entry(1)));
    assert_eq!(journal.create(&site("shop"), 1, entry(1)).await.unwrap(), Create::Created);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let (journal, sandbox) = fresh().await;
    let shop = site("shop");
    for permission in ["storage.objects.create", "storage.objects.get", "storage.objects.list"] {
        sandbox.world.access.deny(permission);
        let error = match permission {
            "storage.objects.create" => journal.create(&shop, 1, entry(1)).await.unwrap_err(),
            "storage.objects.get" => journal.read(&shop, 1).await.unwrap_err(),
            _ => journal.newest(&shop).await.unwrap_err(),
        };
        sandbox.world.access.allow(permission);
        assert_eq!(error.kind, ApiErrorKind::Denied, "{error}");
        assert!(error.to_string().contains(permission), "{error}");
        assert!(error.to_string().contains("gs://gleich-tech-failover/journal"), "{error}");
    }
}

#[tokio::test]
async fn a_missing_bucket_is_not_an_empty_journal() {
    let sandbox = started().await;
    let journal = open(&sandbox, "another-bucket", CALL_TIMEOUT);
    let shop = site("shop");
    let errors = [
        journal.newest(&shop).await.map(|_| ()).unwrap_err(),
        journal.read(&shop, 1).await.map(|_| ()).unwrap_err(),
        journal.create(&shop, 1, entry(1)).await.map(|_| ()).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind, ApiErrorKind::Missing, "{error}");
        assert!(error.to_string().contains("no such bucket"), "{error}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_replaced_once() {
    let sandbox = started().await;
    let good = Secret::new(&sandbox.world.access.issue(FUNCTION_ACCOUNT, Duration::from_hours(1)));
    let journal = open_with(&sandbox, BUCKET, CALL_TIMEOUT, vec![good, Secret::new("ya29.stale")]);
    assert_eq!(newest(&journal, &site("shop")).await, None);
    assert_eq!(sandbox.world.ledger.count("storage.list"), 2);
}

#[tokio::test]
async fn tokens_that_are_never_accepted_are_a_permanent_error() {
    let (journal, sandbox) = fresh().await;
    sandbox.world.access.expire_all();
    let error = journal.newest(&site("shop")).await.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::Denied, "{error}");
    assert_eq!(sandbox.world.ledger.count("storage.list"), 4, "with copies and without, a fresh token each");
}
