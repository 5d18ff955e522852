//! Which points of a table are played by default: every call of every story once, and every kind of fault at every kind
//! of call. The same ones each time; `PROOF_WHOLE=1` plays all, `PROOF_WHOLE=crash,pair` all of these tables.

use std::collections::BTreeMap;

/// Whether this case is played although it isn't selected: its table is asked for whole, or `PROOF` names some cases.
pub(crate) fn is_whole(name: &str) -> bool {
    std::env::var_os("PROOF").is_some()
        || std::env::var("PROOF_WHOLE").is_ok_and(|tables| is_among(name, &tables))
}

/// Whether a case's name begins with one of these tables'; `1` stands for all of them.
fn is_among(name: &str, tables: &str) -> bool {
    tables == "1" || tables.split(',').any(|table| name.starts_with(&format!("{table}/")))
}

/// Alternatives of which one is played, each in its turn.
#[derive(Debug, Default)]
pub(crate) struct Turns(usize);

impl Turns {
    /// Which of so many is played this time.
    pub(crate) fn next_of(&mut self, alternatives: usize) -> usize {
        let turn = self.0 % alternatives.max(1);
        self.0 += 1;
        turn
    }
}

/// Of all that could be played, one in so many is: where that number shares no divisor with how many alternatives a point
/// has, each alternative comes about equally often.
#[derive(Debug)]
pub(crate) struct Sparse {
    every: usize,
    passed: usize,
}

impl Sparse {
    /// One in so many.
    pub(crate) fn one_in(every: usize) -> Self {
        Self { every, passed: 0 }
    }

    /// Whether the next one is played.
    pub(crate) fn is_next(&mut self) -> bool {
        let is_next = self.passed.is_multiple_of(self.every);
        self.passed += 1;
        is_next
    }
}

/// For each point, given by its operation and the names of what may go wrong there, which of these are played: one, that
/// was least played at this operation so far, and in the end whatever was never played at it.
pub(crate) fn faults(points: &[(&'static str, Vec<&'static str>)]) -> Vec<Vec<usize>> {
    let mut played: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut chosen: Vec<Vec<usize>> = Vec::new();
    for (operation, names) in points {
        let times = |name: &str| played.get(&(*operation, name)).copied().unwrap_or_default();
        let least = (0..names.len()).min_by_key(|index| times(names[*index]));
        if let Some(index) = &least {
            *played.entry((*operation, names[*index])).or_default() += 1;
        }
        chosen.push(least.into_iter().collect());
    }
    for ((operation, names), chosen) in points.iter().zip(&mut chosen) {
        for (index, name) in names.iter().enumerate() {
            played.entry((*operation, name)).or_insert_with(|| {
                chosen.push(index);
                1
            });
        }
    }
    chosen
}

#[test]
fn whole_are_all_tables_or_those_that_are_named() {
    let crash = "crash/failover/storage.create#1/Before";
    assert_eq!(
        ["1", "pair,crash", "fault", "cras", ""].map(|tables| is_among(crash, tables)),
        [true, true, false, false, false]
    );
    assert!(is_among("fault/promotion/gcp_alias_ip/500", "crash,fault/promotion"));
}

#[test]
fn one_in_five_is_every_alternative_in_its_turn() {
    let mut sparse = Sparse::one_in(5);
    let played: Vec<usize> = (0..30).filter(|_| sparse.is_next()).map(|number| number % 3).collect();
    assert_eq!(played, [0, 2, 1, 0, 2, 1]);
}

#[test]
fn every_point_is_played_and_every_fault_at_every_operation() {
    let all = vec!["500", "reset", "hang"];
    let points = vec![("get", all.clone()), ("get", all.clone()), ("set", all.clone()), ("get", all.clone())];
    assert_eq!(faults(&points), [vec![0], vec![1], vec![0, 1, 2], vec![2]]);
    let mut turns = Turns::default();
    assert_eq!([3, 3, 2, 3].map(|of| turns.next_of(of)), [0, 1, 0, 0]);
}
