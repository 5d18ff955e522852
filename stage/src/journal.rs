//! The journal as it lies in the bucket: read past every interface, so that nothing is counted.

use std::collections::BTreeSet;

use bytes::Bytes;
use failover_core::{Entry, SiteName, State};
use sandbox::World;

/// The bucket that the sandbox comes with.
pub const BUCKET: &str = "gleich-tech-failover";

/// What the entries' names begin with.
pub const PREFIX: &str = "journal/";

/// The journals of all sites, as they were at one moment.
#[derive(Debug, Clone)]
pub struct Journals(Vec<(String, Bytes)>);

impl Journals {
    /// Those of the sandbox's bucket.
    pub fn of(world: &World) -> Self {
        Self(world.storage.objects(BUCKET))
    }

    /// What lies there of a site, oldest first. Names are counted backwards: the newest has the smallest.
    pub fn stored(&self, site: &str) -> impl Iterator<Item = (&str, &Bytes)> {
        let beginning = format!("{PREFIX}{site}/");
        let ours = self.0.iter().rev().filter(move |(name, _)| name.starts_with(&beginning));
        ours.map(|(name, content)| (name.as_str(), content))
    }

    /// A site's entries, oldest first; what isn't one is passed over.
    pub fn entries(&self, site: &str) -> Vec<Entry> {
        self.stored(site).filter_map(|(_, content)| serde_json::from_slice(content).ok()).collect()
    }

    /// The same, where all must be as it should.
    ///
    /// # Errors
    /// What isn't.
    pub fn replayed(&self, site: &SiteName) -> Result<Vec<Entry>, String> {
        replay(site, self.stored(site.as_str()), &BTreeSet::new())
    }
}

/// All entries of the site, oldest first: numbers have no gaps, and each state follows from the one before that can be read.
///
/// # Errors
/// Which entry can't be read, but for those known, or doesn't follow.
pub fn replay(
    site: &SiteName,
    stored: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<[u8]>)>,
    unreadable: &BTreeSet<u64>,
) -> Result<Vec<Entry>, String> {
    let (mut entries, mut state) = (Vec::new(), State::default());
    for ((name, content), number) in stored.into_iter().zip(1..) {
        if unreadable.contains(&number) {
            continue;
        }
        let name = name.as_ref();
        let entry = Entry::read(content.as_ref(), site, number).map_err(|why| format!("{name}: {why}"))?;
        state = state.after(number, entry.at, &entry.event).map_err(|why| format!("{name}: {why}"))?;
        if state != entry.state {
            return Err(format!("the state of entry {number} does not follow from its event"));
        }
        entries.push(entry);
    }
    Ok(entries)
}
