//! What every store must do, whatever is behind it.

use std::{
    collections::HashSet,
    future::{Ready, ready},
};

use bytes::Bytes;
use cloud_failover::journal::{Create, Journal, JournalLocation, JournalSettings, NEWEST_POSSIBLE};
use failover_core::SiteName;
use futures::{StreamExt, stream};

pub(crate) fn in_memory() -> Ready<(Journal, ())> {
    ready((Journal::open(&JournalLocation::Memory, JournalSettings::default()).unwrap(), ()))
}

pub(crate) fn site(name: &str) -> SiteName {
    name.parse().unwrap()
}

/// Number of a site's newest entry.
pub(crate) async fn newest(journal: &Journal, site: &SiteName) -> Option<u64> {
    journal.newest(site).await.unwrap().map(|newest| newest.number)
}

pub(crate) fn entry(number: u64) -> Bytes {
    Bytes::from(format!(r#"{{"schema":1,"entry":{number}}}"#))
}

/// Writes entries up to `last`, continuing after `written`; sixteen at a time, as a folder waits for its disk.
pub(crate) async fn fill(journal: &Journal, site: &SiteName, written: u64, last: u64) {
    let creates = stream::iter(written + 1..=last).map(|number| journal.create(site, number, entry(number)));
    let ends: Vec<_> = creates.buffer_unordered(16).map(Result::unwrap).collect().await;
    assert!(ends.iter().all(|end| *end == Create::Created), "{site} {written} {last}");
}

pub(crate) async fn an_entry_is_read_back_as_it_was_written(journal: Journal) {
    let shop = site("shop");
    let bytes = Bytes::from_static("{\"sentence\":\"l'été, 3 % & <more>\"}\n".as_bytes());
    assert_eq!(journal.create(&shop, 1, bytes.clone()).await.unwrap(), Create::Created);
    assert_eq!(journal.read(&shop, 1).await.unwrap(), Some(bytes));
}

pub(crate) async fn a_second_create_is_told_the_others_entry(journal: Journal) {
    let shop = site("shop");
    journal.create(&shop, 1, Bytes::from_static(b"first")).await.unwrap();
    let second = journal.create(&shop, 1, Bytes::from_static(b"second")).await.unwrap();
    assert_eq!(second, Create::Exists(Bytes::from_static(b"first")));
    assert_eq!(journal.read(&shop, 1).await.unwrap(), Some(Bytes::from_static(b"first")));
}

pub(crate) async fn our_own_bytes_again_count_as_created(journal: Journal) {
    let shop = site("shop");
    for _ in 0..3 {
        assert_eq!(journal.create(&shop, 1, entry(1)).await.unwrap(), Create::Created);
    }
    assert_eq!(newest(&journal, &shop).await, Some(1));
}

pub(crate) async fn what_does_not_exist_is_none(journal: Journal) {
    let shop = site("shop");
    assert_eq!(journal.read(&shop, 1).await.unwrap(), None);
    fill(&journal, &shop, 0, 2).await;
    assert_eq!(journal.read(&shop, 3).await.unwrap(), None);
}

pub(crate) async fn of_32_writers_exactly_one_wins(journal: Journal) {
    let shop = site("shop");
    let writers = (0..32).map(|writer| {
        let (journal, shop) = (journal.clone(), shop.clone());
        tokio::spawn(async move {
            journal.create(&shop, 1, Bytes::from(format!("writer {writer}"))).await.unwrap()
        })
    });
    let ends: Vec<_> = futures::future::join_all(writers).await.into_iter().map(Result::unwrap).collect();
    let seen_by_losers: HashSet<_> = ends.iter().filter_map(others_bytes).collect();
    assert_eq!(ends.iter().filter(|end| **end == Create::Created).count(), 1, "{ends:?}");
    let stored = journal.read(&shop, 1).await.unwrap().unwrap();
    assert_eq!(seen_by_losers, HashSet::from([&stored]));
}

fn others_bytes(end: &Create) -> Option<&Bytes> {
    match end {
        Create::Created => None,
        Create::Exists(bytes) => Some(bytes),
    }
}

pub(crate) async fn an_empty_journal_has_no_newest_entry(journal: Journal) {
    assert_eq!(journal.newest(&site("shop")).await.unwrap(), None);
}

pub(crate) async fn the_newest_entry_is_found_at_every_length(journal: Journal) {
    let shop = site("shop");
    let mut written = 0;
    for length in [1, 2, 3, 4, 5, 9, 10, 11, 999, 1000, 1001, 2500] {
        fill(&journal, &shop, written, length).await;
        written = length;
        assert_eq!(newest(&journal, &shop).await, Some(length));
    }
}

pub(crate) async fn sites_do_not_see_each_other(journal: Journal) {
    let (shop, shopping) = (site("shop"), site("shop-2"));
    fill(&journal, &shop, 0, 3).await;
    assert_eq!(newest(&journal, &shopping).await, None);
    fill(&journal, &shopping, 0, 7).await;
    assert_eq!(newest(&journal, &shop).await, Some(3));
    assert_eq!(newest(&journal, &shopping).await, Some(7));
    assert_eq!(journal.read(&shop, 5).await.unwrap(), None);
}

pub(crate) async fn numbers_out_of_range_are_refused_for_good(journal: Journal) {
    let shop = site("shop");
    for number in [0, NEWEST_POSSIBLE + 1, u64::MAX] {
        let refused = journal.create(&shop, number, entry(number)).await.unwrap_err();
        assert!(refused.is_permanent(), "{refused}");
        assert!(refused.to_string().ends_with(&format!("there is no entry {number}")), "{refused}");
    }
}
