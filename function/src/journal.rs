//! The journal's store: one immutable entry per event, created only if absent, on a bucket, in a folder or in memory.
//!
//! It knows bytes and numbers; what an entry says is the core's. Whoever writes one puts a nonce in it, so that a
//! create whose answer was lost is recognised by reading back. Nothing here overwrites or deletes.

mod copy;
mod courier;
mod error;
mod google;
mod key;
mod location;
mod newest;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use failover_core::SiteName;
use object_store::{
    Attributes, Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    list::PaginatedListStore, local::LocalFileSystem, memory::InMemory, path::Path,
};
use url::Url;

pub use copy::Newest;
pub use error::JournalError;
pub use key::{NEWEST_POSSIBLE, key, number};
pub use location::{BadLocation, JournalLocation};

use crate::api::tokens::Tokens;
use copy::Copies;
use error::Operation;

/// How a store is reached.
#[derive(Debug, Clone)]
pub struct JournalSettings {
    /// Most that one call waits for its answer, retries included.
    pub call_timeout: Duration,
    /// Where Cloud Storage is, if not at Google: `[endpoints] storage` or `STORAGE_EMULATOR_HOST`.
    pub endpoint: Option<Url>,
    /// The function's one HTTP client; without it the journal builds its own.
    pub http: Option<reqwest::Client>,
    /// The function's one source of tokens; without it requests are unsigned, which only an emulator takes.
    pub tokens: Option<Arc<dyn Tokens>>,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self { call_timeout: Duration::from_secs(10), endpoint: None, http: None, tokens: None }
    }
}

/// What creating an entry came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Create {
    /// The entry is ours: just written, or found there byte for byte after an answer was lost.
    Created,
    /// Another's entry has the number; these are its bytes.
    Exists(Bytes),
}

/// The store of all sites' entries; cheap to clone.
#[derive(Clone)]
pub struct Journal(Arc<Store>);

struct Store {
    location: JournalLocation,
    objects: Arc<dyn ObjectStore>,
    /// Listing page by page, where the store can (Cloud Storage).
    pages: Option<Arc<dyn PaginatedListStore>>,
    /// Listing entries with what they say, where the store can (Cloud Storage).
    copies: Option<Copies>,
    call_timeout: Duration,
}

impl Journal {
    /// Opens the store at `location`; a folder is made if it is missing, a bucket isn't looked at yet.
    pub fn open(location: &JournalLocation, settings: JournalSettings) -> Result<Self, JournalError> {
        let call_timeout = settings.call_timeout;
        let opening = |error| JournalError::opening(location, &error);
        let plain = |objects: Arc<dyn ObjectStore>| Store {
            location: location.clone(),
            objects,
            pages: None,
            copies: None,
            call_timeout,
        };
        let store = match location {
            JournalLocation::Gs { bucket, .. } => {
                let (store, copies) = google::open(bucket, settings).map_err(opening)?;
                Store { pages: Some(Arc::new(store.clone())), copies, ..plain(Arc::new(store)) }
            }
            JournalLocation::File(folder) => plain(Arc::new(open_folder(folder).map_err(opening)?)),
            JournalLocation::Memory => plain(Arc::new(InMemory::new())),
        };
        Ok(Self(Arc::new(store)))
    }

    /// Where the entries are.
    pub fn location(&self) -> &JournalLocation {
        &self.0.location
    }

    /// A site's newest entry, found in the same time however many there are: by one listing page of a bucket, which
    /// brings along what it says, or by some thirty existence checks in a folder or in memory.
    pub async fn newest(&self, site: &SiteName) -> Result<Option<Newest>, JournalError> {
        self.timed(Operation::List, self.find_newest(site)).await
    }

    async fn find_newest(&self, site: &SiteName) -> Result<Option<Newest>, StoreError> {
        if let Some(copies) = &self.0.copies {
            match copies.newest(&self.folder(site)).await {
                Ok(told) => return Ok(told),
                Err(why) => tracing::debug!(%site, why, "the journal is listed without copies"),
            }
        }
        let number = match &self.0.pages {
            Some(pages) => self.newest_listed(pages.as_ref(), site).await?,
            None => self.newest_galloped(site).await?,
        };
        Ok(number.map(|number| Newest { number, copy: None }))
    }

    /// Reads one entry; `None` if there is no such number.
    pub async fn read(&self, site: &SiteName, number: u64) -> Result<Option<Bytes>, JournalError> {
        let path = self.path(Operation::Read, site, number)?;
        let get = async { self.0.objects.get(&path).await?.bytes().await };
        match self.timed(Operation::Read, get).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_absence() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates entry `number` unless there is one, and never replaces one.
    ///
    /// # Guarantees
    /// Of any number of writers of one number exactly one is told `Created`, provided that their bytes differ.
    ///
    /// # Errors
    /// A transient error leaves open whether the entry was stored: create it again with the same bytes.
    pub async fn create(&self, site: &SiteName, number: u64, bytes: Bytes) -> Result<Create, JournalError> {
        let path = self.path(Operation::Create, site, number)?;
        let attributes = self.0.copies.as_ref().map(|_| copy::attributes(&bytes)).unwrap_or_default();
        let has_copy = !attributes.is_empty();
        let put = match self.put(&path, &bytes, attributes).await {
            // Whatever a store has against the copy, the entry doesn't wait for it.
            Err(error) if has_copy && error.may_mind_the_copy() => {
                tracing::debug!(%site, number, %error, "the entry is stored without its copy");
                self.put(&path, &bytes, Attributes::default()).await
            }
            put => put,
        };
        match put {
            Ok(()) => Ok(Create::Created),
            Err(error) if error.may_be_stored() => self.resolve(site, number, &bytes, error).await,
            Err(error) => Err(error),
        }
    }

    async fn put(&self, path: &Path, bytes: &Bytes, attributes: Attributes) -> Result<(), JournalError> {
        let options = PutOptions { mode: PutMode::Create, attributes, ..PutOptions::default() };
        let put = self.0.objects.put_opts(path, bytes.clone().into(), options);
        self.timed(Operation::Create, put).await.map(|_| ())
    }

    /// Reads back what a create that went wrong left behind: "exists", a lost answer, or a 403, which is what an
    /// account without `storage.objects.delete` is told when the object is there.
    async fn resolve(
        &self,
        site: &SiteName,
        number: u64,
        ours: &Bytes,
        error: JournalError,
    ) -> Result<Create, JournalError> {
        match self.read(site, number).await {
            Ok(Some(stored)) if stored == ours => Ok(Create::Created),
            Ok(Some(stored)) => Ok(Create::Exists(stored)),
            Ok(None) | Err(_) => Err(error),
        }
    }

    fn path(&self, operation: Operation, site: &SiteName, number: u64) -> Result<Path, JournalError> {
        let key = key(number).ok_or_else(|| JournalError::number(&self.0.location, operation, number))?;
        Ok(Path::from(format!("{}{key}", self.folder(site))))
    }

    /// The site's folder with a slash at its end, as object names begin.
    fn folder(&self, site: &SiteName) -> String {
        match self.0.location.prefix() {
            "" => format!("{site}/"),
            prefix => format!("{prefix}/{site}/"),
        }
    }

    async fn timed<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, JournalError> {
        match tokio::time::timeout(self.0.call_timeout, call).await {
            Ok(answer) => answer.map_err(|error| JournalError::of(&self.0.location, operation, &error)),
            Err(_) => Err(JournalError::unanswered(&self.0.location, operation, self.0.call_timeout)),
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({})", self.0.location)
    }
}

/// Entries are flushed to the disk before they count: a VM's power may fail too.
fn open_folder(folder: &std::path::Path) -> Result<LocalFileSystem, StoreError> {
    std::fs::create_dir_all(folder)
        .map_err(|source| StoreError::Generic { store: "folder", source: Box::new(source) })?;
    Ok(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
}
