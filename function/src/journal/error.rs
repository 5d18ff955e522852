//! Why the journal could not be read or written, and what mends it.

use std::{error::Error, io, iter, time::Duration};

use object_store::Error as StoreError;

use super::{
    JournalLocation,
    courier::{Foreign, Refusal},
};
use crate::api::{ApiError, ApiErrorKind};

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    List,
    Read,
    Create,
}

impl Operation {
    fn words(self) -> &'static str {
        match self {
            Self::List => "could not list the entries in",
            Self::Read => "could not read an entry in",
            Self::Create => "could not create an entry in",
        }
    }

    /// Cloud Storage, "IAM permissions for XML methods". Without the permission to list, reading what isn't there is
    /// answered 403 too.
    fn permission(self) -> &'static str {
        match self {
            Self::List => "storage.objects.list (roles/storage.objectViewer)",
            Self::Read => "storage.objects.get and storage.objects.list (roles/storage.objectViewer)",
            Self::Create => "storage.objects.create (roles/storage.objectCreator)",
        }
    }
}

/// Why the journal could not be opened, read or written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct JournalError {
    /// What kind of failure it is: a permanent one waits for an operator, for the others another try may help.
    pub kind: ApiErrorKind,
    /// One sentence: what was tried, what came of it, and what mends it.
    pub message: String,
    absent: bool,
    too_large: bool,
}

impl JournalError {
    /// Whether trying again without mending anything can't help.
    pub fn is_permanent(&self) -> bool {
        matches!(self.kind, ApiErrorKind::Denied | ApiErrorKind::Missing | ApiErrorKind::Refused)
    }

    /// Whether it says no more than that there is no such entry.
    pub(super) fn is_absence(&self) -> bool {
        self.absent
    }

    /// Whether the entry may be there in spite of this error, so that reading back is worth it.
    pub(super) fn may_be_stored(&self) -> bool {
        !matches!(self.kind, ApiErrorKind::Missing | ApiErrorKind::Refused)
    }

    /// Whether the same entry without its copy may be taken.
    pub(super) fn may_mind_the_copy(&self) -> bool {
        self.kind == ApiErrorKind::Refused || self.too_large
    }

    pub(super) fn opening(location: &JournalLocation, error: &StoreError) -> Self {
        let cause = cause(location, Operation::Create, error);
        Self::new(cause.0, &format!("could not open the journal at {location}: {}", cause.1))
    }

    pub(super) fn number(location: &JournalLocation, operation: Operation, number: u64) -> Self {
        let words = operation.words();
        Self::new(ApiErrorKind::Refused, &format!("{words} {location}: there is no entry {number}"))
    }

    pub(super) fn unanswered(location: &JournalLocation, operation: Operation, waited: Duration) -> Self {
        let words = operation.words();
        Self::new(ApiErrorKind::Transient, &format!("{words} {location}: no answer within {waited:?}"))
    }

    pub(super) fn of(location: &JournalLocation, operation: Operation, error: &StoreError) -> Self {
        let (kind, why) = cause(location, operation, error);
        let absent = kind == ApiErrorKind::Missing && !lacks_bucket(error);
        let too_large = find::<Foreign>(error).is_some_and(Foreign::is_about_size);
        Self { absent, too_large, ..Self::new(kind, &format!("{} {location}: {why}", operation.words())) }
    }

    fn new(kind: ApiErrorKind, message: &str) -> Self {
        let ApiError { kind, message } = ApiError::in_words_of_others(kind, message);
        Self { kind, message, absent: false, too_large: false }
    }
}

fn cause(location: &JournalLocation, operation: Operation, error: &StoreError) -> (ApiErrorKind, String) {
    if let Some(refusal) = find::<Refusal>(error) {
        return refused(location, operation, refusal);
    }
    if let Some(token) = find::<ApiError>(error) {
        return (token.kind, token.message.clone());
    }
    match error {
        StoreError::NotFound { .. } => (ApiErrorKind::Missing, "no such entry".to_owned()),
        StoreError::AlreadyExists { .. } | StoreError::Precondition { .. } => {
            (ApiErrorKind::Conflict, "the entry exists, but could not be read back".to_owned())
        }
        other => find::<io::Error>(other).and_then(of_disk).unwrap_or_else(|| transient(other)),
    }
}

/// An answer of Cloud Storage that no other try will change.
fn refused(location: &JournalLocation, operation: Operation, refusal: &Refusal) -> (ApiErrorKind, String) {
    let permission = operation.permission();
    let says = refusal.says();
    match refusal.status.as_u16() {
        401 => (ApiErrorKind::Denied, format!("the token was not accepted; Google says: {says}")),
        403 => (
            ApiErrorKind::Denied,
            format!("not permitted; grant this account {permission} on the bucket; Google says: {says}"),
        ),
        // Only an entry that is to be read can be missing; whoever lists or creates misses the bucket.
        404 if operation == Operation::Read && !no_such_bucket(refusal) => {
            (ApiErrorKind::Missing, "no such entry".to_owned())
        }
        404 => (
            ApiErrorKind::Missing,
            format!(
                "no such bucket; create it or correct `journal`, now \"{location}\"; Google says: {says}"
            ),
        ),
        status => (ApiErrorKind::Refused, format!("refused with {status}; Google says: {says}")),
    }
}

fn of_disk(error: &io::Error) -> Option<(ApiErrorKind, String)> {
    match error.kind() {
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::NotADirectory => Some((
            ApiErrorKind::Denied,
            format!("{error}; make the folder writable to the account that runs this"),
        )),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some((ApiErrorKind::Transient, format!("{error}; make room on the disk")))
        }
        _ => None,
    }
}

/// The innermost cause: the outer ones repeat it with the store's own wording.
fn transient(error: &StoreError) -> (ApiErrorKind, String) {
    let innermost = links(error).last().map_or_else(|| error.to_string(), ToString::to_string);
    (ApiErrorKind::Transient, innermost)
}

fn lacks_bucket(error: &StoreError) -> bool {
    find::<Refusal>(error).is_some_and(no_such_bucket)
}

fn no_such_bucket(refusal: &Refusal) -> bool {
    refusal.code() == Some("NoSuchBucket")
}

fn find<E: Error + 'static>(error: &StoreError) -> Option<&E> {
    links(error).find_map(|link| link.downcast_ref())
}

fn links(error: &StoreError) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    iter::successors(Some(first), |&link| link.source())
}
