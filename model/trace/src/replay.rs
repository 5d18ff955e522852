//! A journal against the model, entry by entry: each is one that could be written after those before it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use failover_core::{
    Approval, Claim, End, Entry, Event, Failback, Policy, Roles, RouteOrder, SiteName, State,
};
use jiff::{SignedDuration, Timestamp};

use super::legal::{Legal, may_follow};

/// What the end of an older plan says that was gone on without.
const WITHOUT: &str = "while the journal could not be reached";

/// Replays `entries`, oldest first, of a site whose claims are good for `claim_for` where that is known.
///
/// # Errors
/// Names the first entry that could not have been written.
pub fn replay(entries: &[Entry], claim_for: Option<Duration>) -> Legal {
    let mut reader = Reader::new(claim_for);
    for entry in entries {
        let told = |why: String| format!("entry {} ({}): {why}", entry.number, word(&entry.event));
        reader.read(entry).map_err(told)?;
    }
    Ok(())
}

/// Replays every journal of one site each among these objects, by their names. One with an entry that can't be read isn't
/// this one's to judge.
///
/// # Errors
/// As `replay`.
pub fn replay_all(objects: impl Iterator<Item = (String, Vec<u8>)>, claim_for: Option<Duration>) -> Legal {
    let mut journals: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for (name, bytes) in objects {
        let Some((folder, key)) = name.rsplit_once('/') else { continue };
        journals.entry(folder.to_owned()).or_default().insert(key.to_owned(), bytes);
    }
    for (folder, files) in &journals {
        if let Some(entries) = all_of(folder, files) {
            replay(&entries, claim_for).map_err(|why| format!("{folder}: {why}"))?;
        }
    }
    Ok(())
}

/// The newest entry has the smallest name.
fn all_of(folder: &str, files: &BTreeMap<String, Vec<u8>>) -> Option<Vec<Entry>> {
    let site: SiteName = folder.rsplit('/').next()?.parse().ok()?;
    files.values().rev().zip(1..).map(|(bytes, number)| Entry::read(bytes, &site, number).ok()).collect()
}

fn word(event: &Event) -> String {
    let event = serde_json::to_value(event).unwrap_or_default();
    event["type"].as_str().unwrap_or("?").to_owned()
}

/// What was read so far.
struct Reader {
    state: State,
    claim_for: Option<SignedDuration>,
    /// The sites that it may be a journal of: by the switches they have, and by whether the standby is asked first.
    policies: Vec<Policy>,
    /// Executors that held a plan's claim until another took it.
    lost: HashSet<(u64, String)>,
    /// When each plan's claim was renewed last.
    claimed: HashMap<u64, Timestamp>,
}

impl Reader {
    fn new(claim_for: Option<Duration>) -> Self {
        Self {
            state: State::default(),
            claim_for: claim_for.and_then(|claim_for| claim_for.try_into().ok()),
            policies: all_policies(),
            lost: HashSet::new(),
            claimed: HashMap::new(),
        }
    }

    fn read(&mut self, entry: &Entry) -> Legal {
        let Entry { number, at, event, .. } = entry;
        let next = self.state.after(*number, *at, event).map_err(|why| why.to_string())?;
        if next != entry.state && !matches!(event, Event::Later(_)) {
            return Err("its state does not follow from its event".to_owned());
        }
        self.is_of_some_site(*at, event)?;
        self.is_of_its_executor(*at, event)?;
        self.note(*number, *at, event);
        self.state = entry.state.clone();
        Ok(())
    }

    fn is_of_some_site(&mut self, at: Timestamp, event: &Event) -> Legal {
        let mut why = Ok(());
        let state = &self.state;
        self.policies.retain(|policy| {
            let legal = may_follow(policy, state, at, event);
            let so = legal.is_ok();
            why = std::mem::replace(&mut why, Ok(())).and(legal);
            so
        });
        if self.policies.is_empty() { why } else { Ok(()) }
    }

    /// A plan's claim is taken by nobody who had lost it, and from nobody who lives.
    fn is_of_its_executor(&self, at: Timestamp, event: &Event) -> Legal {
        match event {
            Event::Claim { plan, nonce } => {
                if self.lost.contains(&(*plan, nonce.clone())) {
                    return Err("its writer had lost the plan to another".to_owned());
                }
                self.is_dead(*plan, nonce, at)
            }
            // Who has gone on without the journal ends what was older, whoever took that up meanwhile.
            Event::Ended { end: End::Overtaken, sentence, .. } if sentence.contains(WITHOUT) => Ok(()),
            Event::Ended { plan, nonce, end: End::Overtaken, .. } => self.is_dead(*plan, nonce, at),
            _ => Ok(()),
        }
    }

    fn is_dead(&self, plan: u64, taker: &str, at: Timestamp) -> Legal {
        let holder = self.holder(plan).filter(|claim| claim.nonce != taker);
        let (Some(_), Some(since), Some(claim_for)) = (holder, self.claimed.get(&plan), self.claim_for)
        else {
            return Ok(());
        };
        let age = at.duration_since(*since);
        if age >= claim_for {
            return Ok(());
        }
        Err(format!("its executor told of itself {age:#} before, and lives for {claim_for:#}"))
    }

    fn holder(&self, plan: u64) -> Option<&Claim> {
        self.state.plan(plan).and_then(|open| open.claim.as_ref())
    }

    fn note(&mut self, number: u64, at: Timestamp, event: &Event) {
        if let Event::Claim { plan, nonce } = event
            && let Some(before) = self.holder(*plan).filter(|before| before.nonce != *nonce)
        {
            self.lost.insert((*plan, before.nonce.clone()));
        }
        match event {
            Event::Intent { .. } => self.claimed.insert(number, at),
            Event::Claim { plan, .. } | Event::Step { plan, .. } => self.claimed.insert(*plan, at),
            _ => None,
        };
    }
}

/// By what a plan's lines depend on. Of the rest the most is allowed.
fn all_policies() -> Vec<Policy> {
    let both = [true, false];
    let mut all = Vec::new();
    for order in [RouteOrder::StandbyFirst, RouteOrder::Together] {
        for gate in both {
            for monitor in both {
                for power in both {
                    all.push(policy(order, Roles { gate, route: true, monitor, power }));
                }
            }
        }
    }
    all
}

fn policy(order: RouteOrder, roles: Roles) -> Policy {
    Policy {
        order,
        approve: Approval::Automatic,
        failback: Failback::Manual,
        cooldown: Duration::ZERO,
        moves_per_day: u32::MAX,
        drain: Duration::ZERO,
        has_primary_url: true,
        has_standby_url: true,
        has_public_url: true,
        roles,
    }
}

#[cfg(test)]
mod tests;
