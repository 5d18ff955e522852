//! The pure core, without a process around it.

use std::hint::black_box;

use divan::{Bencher, Divan};
use failover_core::{
    Approval, Entry, Event, Facts, Failback, Incident, IncidentState, Policy, Roles, RouteOrder, Served,
    Signal, SignalKind, SiteName, State, decide,
};
use jiff::Timestamp;

use crate::{
    history,
    options::Options,
    table::{Report, Table, progress},
};

pub(crate) fn measure(options: &Options, report: &mut Report) {
    progress("the core alone");
    let samples = if options.quick { 5 } else { 200 };
    if options.json {
        let mut table = Table::new("The core alone", &["said"]);
        table.row(["not in the document: run it without --json"]);
        return report.add(&table);
    }
    Divan::default().sample_count(samples).run_benches();
}

fn site() -> SiteName {
    "resume".parse().unwrap_or_else(|_| unreachable!("a constant name"))
}

fn newest() -> Entry {
    let entries = history::entries(&site(), 2000).unwrap_or_default();
    entries.into_iter().next_back().unwrap_or_else(|| unreachable!("there are two thousand"))
}

fn policy() -> Policy {
    Policy {
        order: RouteOrder::StandbyFirst,
        approve: Approval::Automatic,
        failback: Failback::Manual,
        cooldown: std::time::Duration::from_mins(10),
        moves_per_day: 4,
        drain: std::time::Duration::ZERO,
        has_primary_url: true,
        has_standby_url: true,
        has_public_url: true,
        roles: Roles { gate: true, route: true, monitor: true, power: false },
    }
}

fn signal(now: Timestamp) -> Signal {
    let incident = Incident {
        id: "0.abc".to_owned(),
        state: IncidentState::Open,
        started_at: Some(now),
        summary: "Uptime check on the site failed".to_owned(),
        metric: None,
        policy: None,
        labels: std::collections::BTreeMap::new(),
        check_id: None,
        host: None,
        watched_checks: Vec::new(),
        watched_hosts: Vec::new(),
        reporter: None,
    };
    let kind = SignalKind::Incident(incident);
    Signal { message: "message".to_owned(), published: now, received: now, kind }
}

/// An incident is decided on a state with a history.
#[divan::bench]
fn decide_an_incident(bencher: Bencher<'_, '_>) {
    let now = Timestamp::now();
    let facts = Facts { public: Served::Silent("no answer".to_owned()), ..Facts::none() };
    let (policy, state, signal) = (policy(), newest().state, signal(now));
    bencher
        .bench(|| decide(black_box(&policy), black_box(&state), black_box(&facts), black_box(&signal), now));
}

/// One entry more.
#[divan::bench]
fn fold_one_entry(bencher: Bencher<'_, '_>) {
    let entry = newest();
    let event = Event::Acknowledged { by: None, message: "message".to_owned(), ordered: None };
    bencher.bench(|| black_box(&entry.state).after(entry.number + 1, entry.at, black_box(&event)));
}

/// A whole history, entry by entry.
#[divan::bench]
fn fold_1000_entries(bencher: Bencher<'_, '_>) {
    let entries = history::entries(&site(), 1000).unwrap_or_default();
    bencher.bench(|| {
        entries
            .iter()
            .try_fold(State::default(), |state, entry| state.after(entry.number, entry.at, &entry.event))
    });
}

/// An entry becomes bytes.
#[divan::bench]
fn write_an_entry(bencher: Bencher<'_, '_>) {
    let entry = newest();
    bencher.bench(|| black_box(&entry).to_bytes());
}

/// Bytes become an entry.
#[divan::bench]
fn read_an_entry(bencher: Bencher<'_, '_>) {
    let (bytes, site) = (newest().to_bytes(), site());
    let number = newest().number;
    bencher.bench(|| Entry::read(black_box(&bytes), &site, number));
}
