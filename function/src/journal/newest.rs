//! Finding a site's newest entry without reading its history.

use failover_core::SiteName;
use futures::TryStreamExt;
use object_store::{
    Error as StoreError, ObjectMeta, ObjectStoreExt, Result,
    list::{PaginatedListOptions, PaginatedListStore},
    path::Path,
};

use super::{Journal, key, number};

/// Names asked for at once: one would do, the others are there for strangers' files that sort before ours.
const PAGE: usize = 10;

impl Journal {
    /// The first page of a listing begins with the newest entry. Pages without any of ours are turned.
    pub(super) async fn newest_listed(
        &self,
        pages: &dyn PaginatedListStore,
        site: &SiteName,
    ) -> Result<Option<u64>> {
        let folder = self.folder(site);
        let mut page_token = None;
        loop {
            let options = PaginatedListOptions { max_keys: Some(PAGE), page_token, ..Default::default() };
            let page = pages.list_paginated(Some(&folder), options).await?;
            let newest = page.result.objects.iter().filter_map(|object| numbered(object, &folder)).max();
            if newest.is_some() || page.page_token.is_none() {
                return Ok(newest);
            }
            page_token = page.page_token;
        }
    }

    /// Doubles the number until there is no such entry, then halves the gap: numbers have none from 1 on.
    ///
    /// If entry 1 was taken away, the folder is listed as a whole: a history cut short must not look empty.
    pub(super) async fn newest_galloped(&self, site: &SiteName) -> Result<Option<u64>> {
        if !self.exists(site, 1).await? {
            return self.newest_of_all(site).await;
        }
        let (mut known, mut absent) = (1, 2);
        while self.exists(site, absent).await? {
            (known, absent) = (absent, absent * 2);
        }
        while absent - known > 1 {
            let middle = known.midpoint(absent);
            if self.exists(site, middle).await? { known = middle } else { absent = middle }
        }
        Ok(Some(known))
    }

    async fn newest_of_all(&self, site: &SiteName) -> Result<Option<u64>> {
        let folder = self.folder(site);
        let listing = self.0.objects.list(Some(&Path::from(folder.as_str())));
        let numbers = listing.map_ok(|object| numbered(&object, &folder));
        numbers.try_fold(None, async |newest, number| Ok(number.max(newest))).await
    }

    async fn exists(&self, site: &SiteName, number: u64) -> Result<bool> {
        let Some(key) = key(number) else { return Ok(false) };
        match self.0.objects.head(&Path::from(format!("{}{key}", self.folder(site)))).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn numbered(object: &ObjectMeta, folder: &str) -> Option<u64> {
    object.location.as_ref().strip_prefix(folder).and_then(number)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use object_store::{ListResult, list::PaginatedListResult};

    use super::*;
    use crate::journal::{JournalLocation, JournalSettings};

    /// Pages as a server gives them that goes by no order and asks for no size.
    struct Pages(Mutex<Vec<Vec<String>>>);

    #[async_trait]
    impl PaginatedListStore for Pages {
        async fn list_paginated(
            &self,
            prefix: Option<&str>,
            _: PaginatedListOptions,
        ) -> Result<PaginatedListResult> {
            let mut pages = self.0.lock().unwrap();
            let objects =
                pages.remove(0).into_iter().map(|name| object(&format!("{}{name}", prefix.unwrap())));
            let objects = objects.collect();
            let page_token = (!pages.is_empty()).then(|| "more".to_owned());
            let result =
                ListResult { common_prefixes: Vec::new(), objects, extensions: http::Extensions::new() };
            Ok(PaginatedListResult { result, page_token })
        }
    }

    fn object(name: &str) -> ObjectMeta {
        let last_modified = std::time::SystemTime::UNIX_EPOCH.into();
        ObjectMeta { location: Path::from(name), last_modified, size: 1, e_tag: None, version: None }
    }

    async fn newest(pages: Vec<Vec<String>>) -> (Option<u64>, usize) {
        let journal = Journal::open(&JournalLocation::Memory, JournalSettings::default()).unwrap();
        let pages = Pages(Mutex::new(pages));
        let newest = journal.newest_listed(&pages, &"shop".parse().unwrap()).await.unwrap();
        (newest, pages.0.into_inner().unwrap().len())
    }

    fn entries(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
        numbers.into_iter().map(|number| key(number).unwrap()).collect()
    }

    #[tokio::test]
    async fn a_server_that_ignores_size_and_order_is_understood() {
        assert_eq!(newest(vec![entries([3, 1, 2_000, 7]), entries([1])]).await, (Some(2_000), 1));
    }

    #[tokio::test]
    async fn pages_without_an_entry_are_turned() {
        let strangers = || vec!["0.txt".to_owned(), "notes/9999999990.json".to_owned()];
        assert_eq!(newest(vec![strangers(), Vec::new(), entries([4, 3])]).await, (Some(4), 0));
        assert_eq!(newest(vec![strangers(), strangers()]).await, (None, 0));
    }
}
