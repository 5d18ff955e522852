//! When an observation wins over the journal.

use super::*;

#[track_caller]
fn adopts(story: &Story, facts: &Facts, expected: Option<&str>) {
    let sentence = adopt(&story.state, facts).map(|(state, event)| match event {
        Event::Adopted { position, sentence } => {
            assert_eq!(position, state.active);
            sentence
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(sentence.as_deref(), expected);
}

#[test]
fn says_what_was_seen_and_what_was_said() {
    let expected = "visitors are routed to the standby, while the journal said primary";
    adopts(&Story::default(), &away(), Some(expected));
    let expected = "visitors are routed to the primary, while the journal said standby";
    adopts(&Story::on_standby(), &home(), Some(expected));
}

#[test]
fn takes_only_what_was_seen_for_certain() {
    adopts(&Story::default(), &home(), None);
    adopts(&Story::default(), &Facts::none(), None);
    adopts(&Story::default(), &looked(vec![seen(Role::Gate, Observed::At(Position::Standby))]), None);
    let unseen = looked(vec![seen(Role::Route, Observed::Unknown("403".to_owned()))]);
    adopts(&Story::on_standby(), &unseen, None);
}

#[test]
fn leaves_open_plans_alone() {
    adopts(&Story::failing_over(), &away(), None);
    adopts(&Story::failing_back(), &home(), None);
    adopts(&Story::rehearsing(), &away(), None);
}

#[test]
fn decides_on_the_state_that_the_journal_will_have() {
    for (story, facts, position) in
        [(Story::draining(), away(), Position::Standby), (Story::on_standby(), home(), Position::Primary)]
    {
        let (decided_on, event) = adopt(&story.state, &facts).expect("an adoption");
        let mut recorded = story.then("14:00:00", event).state;
        assert_eq!((recorded.since, decided_on.since), (Some(t("14:00:00")), None));
        recorded.since = None;
        assert_eq!(recorded, decided_on);
        assert_eq!(recorded.active, position);
    }
}
