//! Why a site's journal could not be read or written.

use failover_core::{Illegal, SiteName};

use crate::journal::JournalError;

/// Why a site's journal could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RecordError {
    /// The store could not be reached, or refused.
    #[error("the journal of {site} could not be reached: {source}")]
    Store {
        /// Whose journal.
        site: SiteName,
        /// What happened.
        source: JournalError,
    },
    /// The store gave no answer in time.
    #[error("the journal of {0} gave no answer in time")]
    Silent(SiteName),
    /// An entry is there, but it can't be read.
    #[error(
        "entry {number} of the journal of {site} can't be read: {why}; automatic moves stop until an operator's \
         command (\"acknowledge\", say) goes on after it"
    )]
    Unreadable {
        /// Whose journal.
        site: SiteName,
        /// Which entry.
        number: u64,
        /// Why.
        why: String,
    },
    /// The entry may not follow what the journal says.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// Somebody else wrote meanwhile: what was decided was decided on an old state.
    #[error("somebody else wrote to the journal of {0} meanwhile")]
    Moved(SiteName),
}

impl RecordError {
    /// Whether another try soon can't help.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Store { source, .. } => source.is_permanent(),
            Self::Unreadable { .. } => true,
            Self::Silent(_) | Self::Illegal(_) | Self::Moved(_) => false,
        }
    }

    /// Whether the journal itself can't be read or written, rather than that somebody else did.
    pub fn is_of_the_store(&self) -> bool {
        !matches!(self, Self::Illegal(_) | Self::Moved(_))
    }
}
