//! Which keys sign tokens now: asked before the verifier is, which would fetch the keys for every unknown one.
//!
//! A key that nobody knows is looked for at most a few times a minute, so that a rotation is followed and nobody
//! outside decides how often we fetch.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use serde::Deserialize;
use tokio::time::Instant;

/// So many looks within [`SPAN`]: own choice; Google rotates once in days.
const LOOKS: usize = 6;
const SPAN: Duration = Duration::from_mins(1);
/// How long what was seen is believed: as long as the verifier does.
const FRESH: Duration = Duration::from_hours(1);
/// How long one look may take.
const LOOK_WITHIN: Duration = Duration::from_secs(5);

/// The ids of the keys, as last seen.
#[derive(Debug)]
pub(super) struct KeyIds {
    url: String,
    http: reqwest::Client,
    ids: HashSet<String>,
    seen_at: Option<Instant>,
    failed: Option<(Instant, String)>,
    looks: VecDeque<Instant>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    kid: String,
}

impl KeyIds {
    pub(super) fn new(url: String, http: reqwest::Client) -> Self {
        Self { url, http, ids: HashSet::new(), seen_at: None, failed: None, looks: VecDeque::new() }
    }

    /// Whether `id` is a key, as somebody asks who came at `asked` and may have waited since.
    ///
    /// # Errors
    /// When nobody can tell, since the keys can't be fetched; the text says why.
    pub(super) async fn knows(&mut self, id: &str, asked: Instant) -> Result<bool, String> {
        let fresh = self.seen_at.is_some_and(|seen| seen.elapsed() < FRESH);
        if fresh && self.ids.contains(id) {
            return Ok(true);
        }
        if self.seen_at.is_some_and(|seen| seen >= asked) {
            return Ok(false);
        }
        match &self.failed {
            Some((at, why)) if *at >= asked => return Err(why.clone()),
            _ => {}
        }
        if !self.may_look() {
            return if fresh { Ok(false) } else { Err("they were asked for too often just now".to_owned()) };
        }
        self.look().await.map(|()| self.ids.contains(id))
    }

    fn may_look(&mut self) -> bool {
        while self.looks.front().is_some_and(|look| look.elapsed() >= SPAN) {
            self.looks.pop_front();
        }
        let may = self.looks.len() < LOOKS;
        if may {
            self.looks.push_back(Instant::now());
        }
        may
    }

    async fn look(&mut self) -> Result<(), String> {
        match self.fetch().await {
            Ok(ids) => {
                self.ids = ids;
                self.seen_at = Some(Instant::now());
                self.failed = None;
                Ok(())
            }
            Err(why) => {
                self.failed = Some((Instant::now(), why.clone()));
                Err(why)
            }
        }
    }

    async fn fetch(&self) -> Result<HashSet<String>, String> {
        let failed = |error: reqwest::Error| crate::log::chain(&error.without_url());
        let answer = self.http.get(&self.url).timeout(LOOK_WITHIN).send().await.map_err(failed)?;
        let body =
            crate::api::answer::body(answer.error_for_status().map_err(failed)?).await.map_err(failed)?;
        let set: KeySet = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        Ok(set.keys.into_iter().map(|key| key.kid).collect())
    }
}
