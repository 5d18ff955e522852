//! What the overview says of maintenance: what is refused asks for somebody, what is under way does not.

use cloud_failover::page::{Overview, Tone};
use failover_core::{Observed, Position, UpkeepTask};

use crate::{
    nights::{monitor, unclosed, unwatched},
    story::calm,
};

/// One switch is told to be astray, where it belongs, and that somebody has to grant this role.
#[track_caller]
fn asks_for_somebody(overview: &Overview, tone: Tone, (switch, belongs): (usize, &str), role: &str) {
    let seen = &overview.switches[switch];
    assert_eq!((overview.tone, seen.drifted, seen.belongs_words()), (tone, true, belongs));
    let next = &overview.next;
    assert!(next.sentence.starts_with(&format!("Mend this: Grant {role}")), "{}", next.sentence);
    assert!(next.sentence.contains("within ten minutes"), "{}", next.sentence);
    assert_eq!(next.commands[0].send, "failover check");
}

/// It would keep the next outage unnoticed.
#[test]
fn monitoring_that_nobody_may_resume_is_an_alarm() {
    let overview = unwatched().answered(Position::Primary).overview();
    asks_for_somebody(&overview, Tone::Alarm, (2, "watching"), "roles/monitoring.editor to");
}

#[test]
fn a_standby_that_nobody_may_close_is_where_it_does_not_belong() {
    let overview = unclosed().answered(Position::Primary).overview();
    asks_for_somebody(&overview, Tone::Warning, (0, "closed"), "roles/run.admin");
}

#[test]
fn monitoring_that_was_resumed_by_hand_is_no_alarm_any_more() {
    let by_hand = unwatched().answered(Position::Primary).sees(2, Observed::At(Position::Primary));
    assert_eq!((by_hand.overview().tone, by_hand.overview().has_drift()), (Tone::Warning, false));
}

#[test]
fn what_maintenance_is_about_to_set_is_no_drift() {
    let task = UpkeepTask::Repair(monitor(), Position::Primary);
    let overview = calm().maintains(task).sees(2, Observed::At(Position::Standby)).overview();
    assert_eq!((overview.has_drift(), overview.tone), (false, Tone::Calm));
}
