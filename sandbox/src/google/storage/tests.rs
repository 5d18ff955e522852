//! The XML interface as the real `object_store` crate meets it, and the JSON one by hand.

mod json;

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use object_store::gcp::{GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, ClientOptions, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions, RetryConfig, StaticCredentialProvider,
};
use serde_json::Value;

use crate::google::access::{FUNCTION_ACCOUNT, OPERATOR_ACCOUNT};
use crate::{Options, Sandbox, Service};

const BUCKET: &str = "gleich-tech-failover";

async fn sandbox() -> Sandbox {
    Sandbox::start(Options { sites: Vec::new(), ..Options::default() }).await.expect("loopback")
}

fn store_with(sandbox: &Sandbox, bearer: String) -> GoogleCloudStorage {
    GoogleCloudStorageBuilder::new()
        .with_bucket_name(BUCKET)
        .with_base_url(sandbox.url(Service::Storage).as_str().trim_end_matches('/'))
        .with_client_options(ClientOptions::new().with_allow_http(true))
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
        .with_credentials(Arc::new(StaticCredentialProvider::new(GcpCredential { bearer })))
        .build()
        .expect("a store")
}

fn store(sandbox: &Sandbox) -> GoogleCloudStorage {
    store_with(sandbox, sandbox.world.access.issue(FUNCTION_ACCOUNT, Duration::from_mins(5)))
}

fn entry(number: u32) -> Path {
    Path::from(format!("journal/{number:04}.json"))
}

async fn create(store: &GoogleCloudStorage, path: &Path, content: &'static str) -> object_store::Result<()> {
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    store.put_opts(path, content.into(), options).await.map(|_| ())
}

#[tokio::test]
async fn an_object_is_created_once_and_read_as_it_was_written() {
    let sandbox = sandbox().await;
    let store = store(&sandbox);
    create(&store, &entry(1), "{\"first\":1}").await.expect("created");
    let again = create(&store, &entry(1), "{\"second\":2}").await;
    assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
    let read = store.get(&entry(1)).await.expect("there");
    assert!(read.meta.e_tag.is_some() && read.meta.version.is_some());
    assert_eq!(read.bytes().await.expect("a body"), "{\"first\":1}");
    let head = store.head(&entry(1)).await.expect("there");
    assert_eq!(head.size, 11);
    assert_eq!(sandbox.world.ledger.journal_writes().len(), 2);
    assert_eq!(sandbox.world.ledger.calls()[0].operation, "storage.create");
    assert_eq!(sandbox.world.ledger.calls()[0].path, "/gleich%2Dtech%2Dfailover/journal%2F0001%2Ejson");
}

#[tokio::test]
async fn custom_metadata_is_kept_with_the_object_up_to_8_kib() {
    let sandbox = sandbox().await;
    let store = store(&sandbox);
    let said = Attribute::Metadata("entry".into());
    let put = |number, length| {
        let attributes = Attributes::from_iter([(said.clone(), "x".repeat(length))]);
        let options = PutOptions { mode: PutMode::Create, attributes, ..PutOptions::default() };
        let store = &store;
        async move { store.put_opts(&entry(number), "{}".into(), options).await }
    };
    put(1, 8187).await.expect("created");
    let read = store.get(&entry(1)).await.expect("there");
    assert_eq!(read.attributes.get(&said).map(|value| value.len()), Some(8187));
    put(2, 8188).await.expect_err("it is too large");
}

#[tokio::test]
async fn a_missing_object_is_not_found() {
    let sandbox = sandbox().await;
    let missing = store(&sandbox).get(&entry(1)).await;
    assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
}

#[tokio::test]
async fn of_many_writers_one_wins() {
    let sandbox = sandbox().await;
    let store = store(&sandbox);
    let path = entry(1);
    let tries = (0..32).map(|_| create(&store, &path, "x"));
    let outcomes = futures::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let lost = |outcome: &object_store::Result<()>| matches!(outcome, Err(Error::AlreadyExists { .. }));
    assert_eq!(outcomes.iter().filter(|outcome| lost(outcome)).count(), 31);
}

#[tokio::test]
async fn the_function_neither_overwrites_nor_deletes() {
    let sandbox = sandbox().await;
    let store = store(&sandbox);
    create(&store, &entry(1), "x").await.expect("created");
    let overwritten = store.put(&entry(1), "y".into()).await;
    assert!(matches!(overwritten, Err(Error::PermissionDenied { .. })), "{overwritten:?}");
    let deleted = store.delete(&entry(1)).await;
    assert!(matches!(deleted, Err(Error::PermissionDenied { .. })), "{deleted:?}");
    assert_eq!(sandbox.world.storage.read(BUCKET, "journal/0001.json").expect("there"), "x");
    sandbox.world.storage.forbid_before_conditions(true);
    let again = create(&store, &entry(1), "y").await;
    assert!(matches!(again, Err(Error::PermissionDenied { .. })), "{again:?}");
}

#[tokio::test]
async fn without_a_good_token_nothing_is_read() {
    let sandbox = sandbox().await;
    let stranger = store_with(&sandbox, "ya29.made-up".to_owned());
    let read = stranger.get(&entry(1)).await;
    assert!(matches!(read, Err(Error::Unauthenticated { .. })), "{read:?}");
}

#[tokio::test]
async fn a_list_begins_behind_its_offset_and_is_sorted() {
    let sandbox = sandbox().await;
    let store = store(&sandbox);
    for number in [3, 1, 2] {
        create(&store, &entry(number), "x").await.expect("created");
    }
    sandbox.world.storage.put(BUCKET, "other/0001.json", "x");
    let listed = store.list_with_offset(Some(&Path::from("journal")), &entry(1));
    let names: Vec<Path> = listed.map_ok(|meta| meta.location).try_collect().await.expect("a list");
    assert_eq!(names, [entry(2), entry(3)]);
    let nothing: Vec<_> = store.list_with_offset(Some(&Path::from("journal")), &entry(3)).collect().await;
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn pages_are_as_long_as_asked_and_a_thousand_at_most() {
    let sandbox = sandbox().await;
    let store = store(&sandbox);
    for number in 0..1200 {
        sandbox.world.storage.put(BUCKET, entry(number).as_ref(), "x");
    }
    let options = PaginatedListOptions { max_keys: Some(2), ..PaginatedListOptions::default() };
    let first = store.list_paginated(Some("journal/"), options.clone()).await.expect("a page");
    assert_eq!(first.result.objects.len(), 2);
    let options = PaginatedListOptions { page_token: first.page_token, ..options };
    let second = store.list_paginated(Some("journal/"), options).await.expect("a page");
    assert_eq!(second.result.objects[0].location, entry(2));
    let all: Vec<_> = store.list(None).try_collect().await.expect("all pages");
    assert_eq!(all.len(), 1200);
    assert_eq!(sandbox.world.ledger.count("storage.list"), 4, "two pages asked for, two more by the stream");
}

#[tokio::test]
async fn deeper_names_are_folded_by_a_delimiter() {
    let sandbox = sandbox().await;
    for name in ["journal/a/1", "journal/a/2", "journal/b/1", "journal/1"] {
        sandbox.world.storage.put(BUCKET, name, "x");
    }
    let listed = store(&sandbox).list_with_delimiter(Some(&Path::from("journal"))).await.expect("a list");
    assert_eq!(listed.common_prefixes, [Path::from("journal/a"), Path::from("journal/b")]);
    assert_eq!(listed.objects.len(), 1);
}

#[tokio::test]
async fn a_part_of_an_object_can_be_read() {
    let sandbox = sandbox().await;
    sandbox.world.storage.put(BUCKET, "x", "0123456789");
    let options = GetOptions { range: Some(GetRange::Bounded(2..5)), ..GetOptions::default() };
    let part = store(&sandbox).get_opts(&Path::from("x"), options).await.expect("there");
    assert_eq!(part.bytes().await.expect("a body"), "234");
}

#[tokio::test]
async fn names_of_any_letters_come_back_as_they_went() {
    let sandbox = sandbox().await;
    let store = store(&sandbox);
    let path = Path::from("journal/ä & <b> \"c\"+%.json");
    create(&store, &path, "x").await.expect("created");
    let listed: Vec<_> = store.list(None).map_ok(|meta| meta.location).try_collect().await.expect("a list");
    assert_eq!(listed, [path]);
}
