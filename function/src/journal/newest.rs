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
