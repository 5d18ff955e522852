//! Journals with a history: entries as the function writes them, each carrying the state that it led to.

use std::{sync::Arc, time::Duration};

use ::stage::{journal, settings};
use anyhow::{Context, Result};
use cloud_failover::{
    api::{Secret, tokens::StaticToken},
    journal::{Create, Journal, JournalSettings, key},
};
use failover_core::{
    Asker, Direction, ENTRY_VERSION, End, Entry, Event, Order, PendingIncident, Position, SiteName, State,
    Step, StepRecord,
};
use jiff::Timestamp;
use sandbox::{Service, google::access::FUNCTION_ACCOUNT};

use crate::stage::Stage;

/// How long before now the newest entry was written: far enough for no cooldown or budget to bind.
const AGO: Duration = Duration::from_hours(48);

/// Entries of one move there or back.
const PER_MOVE: u64 = 4;

/// The first entries of a site that is moved there and back again and again, and was left on its primary.
pub(crate) fn entries(site: &SiteName, count: u64) -> Result<Vec<Entry>> {
    let newest = Timestamp::now() - AGO;
    let mut state = State::default();
    let mut entries: Vec<Entry> = Vec::new();
    for number in 1..=count - count % (2 * PER_MOVE) {
        let at = newest - Duration::from_secs(30 * (count - number));
        add(&mut entries, &mut state, site, at, move_event(number, at))?;
    }
    for _ in entries.len() as u64..count {
        let message = format!("message-{}", entries.len());
        add(
            &mut entries,
            &mut state,
            site,
            newest,
            Event::Acknowledged { by: None, message, ordered: None },
        )?;
    }
    Ok(entries)
}

fn add(
    entries: &mut Vec<Entry>,
    state: &mut State,
    site: &SiteName,
    at: Timestamp,
    event: Event,
) -> Result<()> {
    let number = entries.len() as u64 + 1;
    *state = state.after(number, at, &event)?;
    let (site, state, writer) = (site.clone(), state.clone(), format!("writer-{number}"));
    entries.push(Entry { v: ENTRY_VERSION, site, number, at, writer, event, state });
    Ok(())
}

fn move_event(number: u64, at: Timestamp) -> Event {
    let (plan, nonce) = (number - (number - 1) % PER_MOVE, format!("nonce-{}", (number - 1) / PER_MOVE));
    let leads_away = ((number - 1) / PER_MOVE).is_multiple_of(2);
    let (direction, active, first, second) = if leads_away {
        (Direction::Failover, Position::Standby, Step::Open, Step::Route)
    } else {
        (Direction::Failback, Position::Primary, Step::Route, Step::Close)
    };
    match number - plan {
        0 => Event::Intent {
            direction,
            order: order(number, at, leads_away),
            reason: "a drill".to_owned(),
            nonce,
        },
        1 => Event::Step { plan, nonce, record: step(first, at) },
        2 => Event::Step { plan, nonce, record: step(second, at) },
        _ => {
            let sentence = format!("visitors are served by the {active}");
            Event::Ended { plan, nonce, end: End::Done, active, sentence, drain_until: None, retry: false }
        }
    }
}

fn order(number: u64, at: Timestamp, leads_away: bool) -> Order {
    let id = format!("incident-{number}");
    let summary = "Uptime check on the site failed".to_owned();
    let incident = PendingIncident { id, started_at: at, since: at, summary };
    let asker = if leads_away { Asker::Incident } else { Asker::Operator(Some("alice".to_owned())) };
    let message = format!("message-{number}");
    let incidents = if leads_away { vec![incident] } else { Vec::new() };
    Order { at, message, asker, reason: None, force: false, unfinished: false, incidents }
}

fn step(step: Step, at: Timestamp) -> StepRecord {
    StepRecord { step, at, took_ms: 250, note: None, redirect_lives_s: None }
}

/// Puts a history of the stage's first site into the sandbox's bucket; the newest entry as the function itself writes it.
pub(crate) async fn in_bucket(stage: &Stage, count: u64) -> Result<()> {
    let name: SiteName = stage.sites[0].name().parse()?;
    let mut entries = entries(&name, count)?;
    let newest = entries.pop().context("an entry")?;
    for entry in entries {
        let key = key(entry.number).context("a number within bounds")?;
        let object = format!("{}{name}/{key}", journal::PREFIX);
        stage.sandbox.world.storage.put(journal::BUCKET, &object, entry.to_bytes());
    }
    let created = own_journal(stage)?.create(&name, newest.number, newest.to_bytes().into()).await?;
    anyhow::ensure!(created == Create::Created, "entry {} was there already", newest.number);
    Ok(())
}

fn own_journal(stage: &Stage) -> Result<Journal> {
    let token = stage.sandbox.world.access.issue(FUNCTION_ACCOUNT, Duration::from_mins(5));
    let access = JournalSettings {
        endpoint: Some(stage.sandbox.url(Service::Storage)),
        tokens: Some(Arc::new(StaticToken(Secret::new(&token)))),
        ..JournalSettings::default()
    };
    Ok(Journal::open(&settings::BUCKET.parse()?, access)?)
}

/// Puts a history of the stage's first site into a folder.
pub(crate) fn in_folder(stage: &Stage, count: u64) -> Result<()> {
    let name: SiteName = stage.sites[0].name().parse()?;
    let folder = stage.folder().join("journal").join(name.as_str());
    std::fs::create_dir_all(&folder)?;
    for entry in entries(&name, count)? {
        let key = key(entry.number).context("a number within bounds")?;
        std::fs::write(folder.join(key), entry.to_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_can_be_read_again_and_the_site_is_left_on_its_primary() {
        let site: SiteName = "resume".parse().expect("a name");
        let entries = entries(&site, 27).expect("a legal history");
        assert_eq!(entries.len(), 27);
        for entry in &entries {
            assert_eq!(&Entry::read(&entry.to_bytes(), &site, entry.number).expect("an entry"), entry);
        }
        let newest = &entries[26].state;
        assert_eq!((newest.active, newest.plans.len()), (Position::Primary, 0));
    }
}
