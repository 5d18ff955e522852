//! Sequences that went wrong once, as short as they could be made, each with the outage that it would have been.

use sandbox::{Moment, Power};

use crate::{
    runner::Theatre,
    sequence::{Act, Conditions, Event, How, Route, Sequence, Until, Word},
};

const PLAIN: Conditions = Conditions {
    instances: 1,
    repair: false,
    approve: false,
    cooldown: false,
    cached: 0,
    spread: 0,
    route: Route::PageRule,
};

fn how(held: bool) -> How {
    How { held, to: 0, until: Until::Answered }
}

/// An operator's command, a minute after what was before it.
fn order(verb: &'static str) -> Event {
    Event { after: 60, act: Act::Say(Word::Command(verb, false, "alice"), how(false)) }
}

/// The same, held up on its way.
fn late(verb: &'static str) -> Event {
    Event { after: 60, act: Act::Say(Word::Command(verb, false, "alice"), how(true)) }
}

fn at_once(event: Event) -> Event {
    Event { after: 0, ..event }
}

fn act(act: Act) -> Event {
    Event { after: 1, act }
}

#[track_caller]
fn goes_well(events: Vec<Event>) {
    let sequence = Sequence { conditions: PLAIN, events };
    Theatre::open().play(&sequence).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Visitors were led back to a primary that the operator had just left: within one second, the failback that had
/// found nothing to do was delivered again.
#[test]
fn a_failback_that_found_nothing_to_do_does_nothing_when_it_is_delivered_again() {
    goes_well(vec![order("failback"), at_once(order("failover"))]);
}

/// Visitors were led away from a primary that the operator had decided to keep: a failover that was held up on its
/// way came after the failback that took it back.
#[test]
fn a_failover_that_comes_after_the_failback_that_took_it_back_does_nothing() {
    goes_well(vec![late("failover"), order("failback"), act(Act::Arrive(how(false)))]);
}

/// Visitors stayed in the dark for a day: a hold that was held up on its way came after its own release.
#[test]
fn a_hold_that_comes_after_its_release_holds_nothing() {
    goes_well(vec![
        late("hold"),
        order("release"),
        act(Act::Arrive(how(false))),
        act(Act::Primary(Power::Off)),
        act(Act::Say(Word::Down, how(false))),
    ]);
}

/// Visitors were led away again by the very outage that an operator had insisted on sitting out: the failback had
/// overtaken a failover whose executor was dead, so the journal had never seen visitors on the standby, and took the
/// forced failback, which ended stuck, for no move.
#[test]
fn a_forced_failback_that_overtook_its_failover_makes_that_outage_stale() {
    goes_well(vec![
        act(Act::Primary(Power::Off)),
        act(Act::CrashAt(0, "run.get_iam_policy", Moment::BeforeEffect, 2)),
        act(Act::Say(Word::SixDown, How { until: Until::Calls(4), ..how(false) })),
        at_once(act(Act::Say(Word::Command("failback", true, ""), how(false)))),
        at_once(act(Act::Arrive(how(false)))),
        at_once(order("acknowledge")),
    ]);
}
