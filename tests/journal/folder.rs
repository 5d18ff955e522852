//! What only a folder can do wrong.

use std::{
    fs,
    future::{Ready, ready},
};

use bytes::Bytes;
use cloud_failover::journal::{Create, Journal, JournalLocation, JournalSettings, key};
use tempfile::TempDir;

use crate::suite::{entry, fill, newest, site};

pub(crate) fn fresh() -> Ready<(Journal, TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    ready((open(&folder), folder))
}

fn open(folder: &TempDir) -> Journal {
    let location = JournalLocation::File(folder.path().join("kept/here"));
    Journal::open(&location, JournalSettings::default()).unwrap()
}

#[tokio::test]
async fn entries_outlive_the_process() {
    let (journal, folder) = fresh().await;
    fill(&journal, &site("shop"), 0, 3).await;
    drop(journal);
    let reopened = open(&folder);
    assert_eq!(newest(&reopened, &site("shop")).await, Some(3));
    assert_eq!(reopened.read(&site("shop"), 2).await.unwrap(), Some(entry(2)));
}

#[tokio::test]
async fn two_processes_share_one_folder() {
    let (here, folder) = fresh().await;
    let there = open(&folder);
    here.create(&site("shop"), 1, Bytes::from_static(b"here")).await.unwrap();
    let beaten = there.create(&site("shop"), 1, Bytes::from_static(b"there")).await.unwrap();
    assert_eq!(beaten, Create::Exists(Bytes::from_static(b"here")));
}

#[tokio::test]
async fn an_entry_is_a_plain_file_under_its_sites_name() {
    let (journal, folder) = fresh().await;
    fill(&journal, &site("shop"), 0, 1).await;
    let file = folder.path().join("kept/here/shop").join(key(1).unwrap());
    assert_eq!(fs::read(file).unwrap(), entry(1));
}

#[tokio::test]
async fn a_history_cut_short_does_not_look_empty() {
    let (journal, folder) = fresh().await;
    fill(&journal, &site("shop"), 0, 12).await;
    for number in 1..=5 {
        fs::remove_file(folder.path().join("kept/here/shop").join(key(number).unwrap())).unwrap();
    }
    assert_eq!(newest(&journal, &site("shop")).await, Some(12));
}

#[tokio::test]
async fn files_that_are_not_entries_are_passed_over() {
    let (journal, folder) = fresh().await;
    fill(&journal, &site("shop"), 0, 2).await;
    fs::write(folder.path().join("kept/here/shop/0000-notes.txt"), "mine").unwrap();
    assert_eq!(newest(&journal, &site("shop")).await, Some(2));
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let location = JournalLocation::File(folder.path().join("file/journal"));
    let error = Journal::open(&location, JournalSettings::default()).unwrap_err();
    assert!(error.is_permanent(), "{error}");
    assert!(error.to_string().contains("make the folder writable"), "{error}");
}
