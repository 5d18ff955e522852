//! Appends entries: one at a time, each right after the newest that is known.

use std::sync::Arc;

use failover_core::{Direction, ENTRY_VERSION, Entry, Event, Illegal, State};
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{Head, RecordError, entries::Entries, heads::Heads};

/// What writes an entry, and makes sure that it may come next.
#[derive(Debug)]
pub(super) struct Appender {
    entries: Arc<Entries>,
    heads: Arc<Heads>,
    /// Held while an entry is written, so that this process doesn't compete with itself for a number.
    writing: Mutex<()>,
}

impl Appender {
    pub(super) fn new(entries: Arc<Entries>, heads: Arc<Heads>) -> Self {
        Self { entries, heads, writing: Mutex::default() }
    }

    /// Appends `event` right after `head`: what was decided on that head holds only if nobody wrote meanwhile.
    pub(super) async fn append_after(&self, head: &Head, event: &Event) -> Result<Head, RecordError> {
        let _writing = self.writing.lock().await;
        if self.heads.known().is_some_and(|known| known.number > head.number) {
            return Err(RecordError::Moved(self.entries.site.clone()));
        }
        match self.create(head, event).await? {
            Ok(head) => Ok(head),
            Err(number) => {
                if let Some(entry) = self.entries.read(number).await? {
                    self.heads.learn(entry);
                }
                Err(RecordError::Moved(self.entries.site.clone()))
            }
        }
    }

    /// Appends `event` after whatever the newest entry is.
    pub(super) async fn append(&self, event: &Event) -> Result<Head, RecordError> {
        let _writing = self.writing.lock().await;
        let mut head = self.heads.known_or_look().await?;
        loop {
            match self.create(&head, event).await? {
                Ok(head) => return Ok(head),
                Err(_) => head = self.heads.look_on().await?,
            }
        }
    }

    /// Tries to be the one who writes the number after `head`; the inner error names the number that somebody
    /// else wrote first.
    async fn create(&self, head: &Head, event: &Event) -> Result<Result<Head, u64>, RecordError> {
        let number = head.number + 1;
        let at = Timestamp::now();
        let state = head.state.after(number, at, event)?;
        let writer = uuid::Uuid::new_v4().to_string();
        let (site, event) = (self.entries.site.clone(), event.clone());
        let entry = Entry { v: ENTRY_VERSION, site, number, at, writer, event, state };
        let created = self.entries.create(&entry).await?;
        Ok(if created { Ok(self.heads.learn(entry)) } else { Err(number) })
    }

    /// Appends an executor's entry, and says under which number.
    pub(super) async fn write(&self, event: &Event) -> Result<u64, RecordError> {
        let written = match event {
            Event::Intent { direction, nonce, .. } => self.write_intent(*direction, nonce, event).await,
            Event::Claim { plan, nonce } => self.renew(*plan, nonce, event).await,
            Event::Ended { plan, nonce, .. } => self.end(*plan, nonce, event).await,
            event => self.append(event).await,
        };
        written.map(|head| head.number)
    }

    /// Renews a claim only while it is its executor's: one that was kept from running while another took its plan over
    /// must not take it back.
    async fn renew(&self, plan: u64, nonce: &str, claim: &Event) -> Result<Head, RecordError> {
        loop {
            let head = self.heads.known_or_look().await?;
            if !is_executor(&head.state, plan, nonce) {
                return Err(Illegal::NotTheExecutor(plan).into());
            }
            match self.append_after(&head, claim).await {
                Err(RecordError::Moved(_)) => {}
                written => return written,
            }
        }
    }

    /// Tells of a move that began while the journal was away, unless another process made the same one meanwhile and told
    /// of it: one outage is one move.
    async fn write_intent(
        &self,
        direction: Direction,
        nonce: &str,
        intent: &Event,
    ) -> Result<Head, RecordError> {
        loop {
            let head = self.heads.look_on().await?;
            if let Some(plan) = head.state.newest().filter(|plan| is_executor(&head.state, plan.id, nonce)) {
                // It was stored by a try whose answer was lost.
                return Ok(Head { number: plan.id, state: Arc::clone(&head.state) });
            }
            if head.state.active == direction.leads_to() {
                return Err(Illegal::AlreadyOpen(direction).into());
            }
            match self.append_after(&head, intent).await {
                Err(RecordError::Moved(_)) => {}
                told => return told,
            }
        }
    }

    /// Older plans end before this one does: it has gone on without them, and none may be carried on after it and take
    /// visitors back. Only while it is open may it end them, so that its own end waits for theirs.
    async fn end(&self, ours: u64, nonce: &str, ended: &Event) -> Result<Head, RecordError> {
        let known = self.heads.known().map(|head| head.state).unwrap_or_default();
        for older in known.plans.iter().filter(|open| open.id < ours) {
            let sentence = format!(
                "a newer order took the place of this {} while the journal could not be reached",
                older.direction
            );
            let over = Event::overtaken(older.id, nonce.to_owned(), known.active, sentence);
            match self.append(&over).await {
                // Its own executor may have ended it just now.
                Ok(_) | Err(RecordError::Illegal(_)) => {}
                Err(why) => return Err(why),
            }
        }
        self.append(ended).await
    }
}

fn is_executor(state: &State, plan: u64, nonce: &str) -> bool {
    let claim = state.plan(plan).and_then(|open| open.claim.as_ref());
    claim.is_some_and(|claim| claim.nonce == nonce)
}
