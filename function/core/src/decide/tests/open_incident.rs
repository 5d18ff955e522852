//! What an open incident leads to, wherever the site is.

use super::*;

#[test]
fn on_the_primary_fails_over() {
    check(&Story::default(), &silent(), &opened("i1", "12:00:00"), SILENT);
    check(&Story::back_home(), &silent(), &opened("i2", "13:10:18"), SILENT);
}

#[test]
fn says_when_only_the_way_to_the_primary_is_broken() {
    let facts = Facts { primary: Served::By(Position::Primary), ..silent() };
    check(
        &Story::default(),
        &facts,
        &opened("i1", "12:00:00"),
        "start failover: an incident is open and the public URL doesn't answer (no answer within 2s) while the \
         primary itself does: the way through Cloudflare is broken",
    );
    let facts = Facts { primary: Served::By(Position::Standby), ..silent() };
    check(&Story::default(), &facts, &opened("i1", "12:00:00"), SILENT);
}

#[test]
fn fails_over_if_nobody_could_tell() {
    let facts = Facts { public: Served::Unknown("a bot challenge".to_owned()), ..Facts::none() };
    check(
        &Story::default(),
        &facts,
        &opened("i1", "12:00:00"),
        "start failover: an incident is open and our own probe could not tell otherwise (a bot challenge)",
    );
}

#[test]
fn completes_a_move_that_the_journal_does_not_know() {
    check(
        &Story::default(),
        &answering(Position::Standby),
        &opened("i1", "12:00:00"),
        "start failover: an incident is open and visitors are led to the standby already: the move is completed",
    );
}

#[test]
fn that_a_rule_holds_back_is_pending() {
    check(
        &Story::default(),
        &answering(Position::Primary),
        &opened("i1", "12:00:00"),
        &format!("{ANSWERS} + pending i1"),
    );
    let held = Story::default().then("11:00:00", hold_until("13:00:00"));
    check(
        &held,
        &silent(),
        &opened("i1", "12:00:00"),
        "pending: automatic moves are off until 2026-01-10 13:00:00 UTC, says alice + pending i1",
    );
    check(
        &Story::back_home(),
        &silent(),
        &opened("i2", "13:10:17"),
        "pending: the cooldown after the last move lasts until 2026-01-10 13:10:20 UTC; \"acknowledge\" lifts it \
         + pending i2",
    );
    let approved = Policy { approve: Approval::Operator, ..policy() };
    under(
        &approved,
        &Story::default(),
        &silent(),
        &opened("i1", "12:00:00"),
        "pending: this site moves only with an operator's approval; send \"failover\" to move it + pending i1",
    );
}

#[test]
fn is_kept_as_it_was_told() {
    let signal = opened("i1", "12:00:00");
    let decision =
        decide(&policy(), &Story::default().state, &answering(Position::Primary), &signal, t("12:00:09"));
    let kept = PendingIncident {
        id: "i1".to_owned(),
        started_at: t("12:00:00"),
        since: t("12:00:02"),
        summary: "i1 says so".to_owned(),
    };
    let reason = "the public URL still answers: a false alarm, unless it falls silent".to_owned();
    assert_eq!(decision.record, [Event::Pending { incident: kept, reason }]);
}

#[test]
fn held_back_again_is_recorded_once() {
    let story = Story::default().then("12:00:03", kept(pending("i1", "12:00:02")));
    check(&story, &answering(Position::Primary), &opened("i1", "12:00:00"), ANSWERS);
    check(
        &story,
        &answering(Position::Primary),
        &opened("i2", "12:00:01"),
        &format!("{ANSWERS} + pending i2"),
    );
}

#[test]
fn that_was_pending_for_a_day_is_kept_anew() {
    let story = Story::default().then("12:00:02", kept(pending("i1", "12:00:02")));
    let again = |received: &str| Signal { received: t(received), ..opened("i1", "12:00:00") };
    check(&story, &answering(Position::Primary), &again("11T12:00:01"), ANSWERS);
    let anew = format!("{ANSWERS} + pending i1");
    check(&story, &answering(Position::Primary), &again("11T12:00:02"), &anew);
}

#[test]
fn while_failing_over_carries_that_plan_on() {
    let carried = "carry on 1: the failover of entry 1 is carried on";
    check(&Story::failing_over(), &Facts::none(), &opened("i1", "11:59:58"), carried);
    check(&Story::failing_over(), &answering(Position::Primary), &opened("i1", "11:59:58"), carried);
}

#[test]
fn that_joins_a_failover_is_kept_in_case_it_unwinds() {
    let joined = "carry on 1: the failover of entry 1 is carried on + pending i2";
    check(&Story::failing_over(), &Facts::none(), &opened("i2", "12:00:03"), joined);
    let known = Story::failing_over().then("12:00:06", kept(pending("i2", "12:00:03")));
    let carried = "carry on 1: the failover of entry 1 is carried on";
    check(&known, &Facts::none(), &opened("i2", "12:00:03"), carried);
    let over = Story::failing_over().then("12:00:06", dropped("i2"));
    check(&over, &Facts::none(), &opened("i2", "12:00:03"), carried);
}

#[test]
fn while_an_overtaken_failback_still_ends_joins_the_newer_failover() {
    let story =
        Story::failing_back().then("13:00:11", intent(Direction::Failover, by_operator("13:00:10"), "z"));
    check(
        &story,
        &Facts::none(),
        &opened("i2", "13:00:05"),
        "carry on 4: the failover of entry 4 is carried on + pending i2",
    );
}

#[test]
fn on_the_standby_stays() {
    check(
        &Story::on_standby(),
        &silent(),
        &opened("i2", "12:30:00"),
        "stay: the site is on its standby already, since 2026-01-10 12:00:30 UTC",
    );
}

#[test]
fn from_before_the_last_order_is_stale() {
    let stale = "stay: stale: it is from 2026-01-10 12:59:59 UTC, before the order of the last move at \
                 2026-01-10 13:00:00 UTC";
    check(&Story::back_home(), &silent(), &opened("i2", "12:59:59"), stale);
    check(
        &Story::back_home(),
        &answering(Position::Primary),
        &Signal { received: t("13:30:00"), ..opened("i2", "13:00:00") },
        &format!("{ANSWERS} + pending i2"),
    );
    let stale = "stay: stale: it is from 2026-01-10 11:59:59 UTC, before the order of the last move at \
                 2026-01-10 12:00:00 UTC";
    check(&Story::on_standby(), &silent(), &opened("i2", "11:59:59"), stale);
}

#[test]
fn without_a_beginning_began_when_it_was_published() {
    let unsaid = |published: &str, received: &str| Signal {
        published: t(published),
        received: t(received),
        kind: SignalKind::Incident(incident("i2", crate::IncidentState::Open, None)),
        message: "m-i2".to_owned(),
    };
    check(
        &Story::back_home(),
        &silent(),
        &unsaid("12:59:59.999", "14:00:00"),
        "stay: stale: it is from 2026-01-10 12:59:59 UTC, before the order of the last move at \
         2026-01-10 13:00:00 UTC",
    );
    check(&Story::back_home(), &silent(), &unsaid("13:00:00", "14:00:00"), SILENT);
    check(&Story::back_home(), &silent(), &unsaid("13:00:00.9", "14:00:00"), SILENT);
}

#[test]
fn that_began_within_the_second_of_the_order_is_not_stale() {
    let signal = Signal {
        kind: SignalKind::Incident(incident(
            "i2",
            crate::IncidentState::Open,
            Some(t("13:00:00") + Duration::from_millis(900)),
        )),
        ..opened("i2", "13:20:00")
    };
    check(&Story::back_home(), &silent(), &signal, SILENT);
}

#[test]
fn an_unwound_attempt_makes_nothing_stale() {
    let story = Story::failing_over().then("12:00:30", ended(1, "x", End::Unwound, Position::Primary));
    check(&story, &silent(), &opened("i0", "11:00:00"), SILENT);
}

#[test]
fn while_failing_back_waits_for_its_end() {
    let waits = "pending: the failback of entry 3 is under way; this is decided when it has ended";
    let story = Story::failing_back();
    check(&story, &Facts::none(), &opened("i2", "13:00:05"), &format!("{waits} + pending i2"));
    let known = story.then("13:00:08", kept(pending("i2", "13:00:05")));
    check(&known, &silent(), &opened("i2", "13:00:05"), waits);
}

#[test]
fn of_the_outage_before_the_failover_is_stale_while_failing_back() {
    check(
        &Story::failing_back(),
        &silent(),
        &opened("i2", "11:59:59"),
        "stay: stale: it is from 2026-01-10 11:59:59 UTC, before the order of the last move at \
         2026-01-10 12:00:00 UTC",
    );
}

#[test]
fn that_was_acted_on_is_a_redelivery() {
    let again = "stay: incident i1 was dealt with before: this is a redelivery";
    let seen_elsewhere = Story::on_standby().then("12:30:00", adopted(Position::Primary));
    check(&seen_elsewhere, &silent(), &opened("i1", "12:00:00"), again);
    let closed = Story::default().then("12:00:00", dropped("i1"));
    check(&closed, &silent(), &opened("i1", "12:00:00"), again);
    check(&Story::failing_back(), &silent(), &opened("i1", "12:00:00"), again);
    // An incident begins before it is published, and so before the order that it became.
    check(&Story::on_standby(), &silent(), &opened("i1", "11:59:50"), again);
}

#[test]
fn overtakes_a_rehearsal() {
    check(&Story::rehearsing(), &silent(), &opened("i1", "12:00:08"), SILENT);
}

#[test]
fn orders_at_its_publication_and_answers_all_that_is_pending() {
    let story = Story::default().then("11:00:00", kept(pending("i0", "10:59:00")));
    let signal = Signal { received: t("12:00:09"), ..opened("i1", "12:00:00") };
    let order = order_of(&story, &silent(), &signal);
    assert_eq!((order.at, order.message.as_str(), order.asker), (t("12:00:02"), "m-i1", Asker::Incident));
    assert_eq!((order.reason.as_deref(), order.force, order.unfinished), (Some("i1 says so"), false, false));
    let ids: Vec<&str> = order.incidents.iter().map(|incident| incident.id.as_str()).collect();
    assert_eq!(ids, ["i0", "i1"]);
}

#[test]
fn that_is_pending_itself_is_answered_once() {
    let story = Story::default().then("11:00:00", kept(pending("i1", "10:59:00")));
    let order = order_of(&story, &silent(), &opened("i1", "10:59:00"));
    assert_eq!(order.incidents, [pending("i1", "10:59:00")]);
    let day_later = Signal { received: t("11T10:59:00"), ..opened("i1", "10:59:00") };
    let order = order_of(&story, &silent(), &day_later);
    let since: Vec<_> = order.incidents.iter().map(|incident| incident.since).collect();
    assert_eq!(since, [t("11T10:59:00")], "kept anew, if it comes to that");
}

#[test]
fn without_a_summary_gives_no_words_of_its_own() {
    let mut told = incident("i1", crate::IncidentState::Open, None);
    told.summary = String::new();
    let signal = Signal { kind: SignalKind::Incident(told), ..opened("i1", "12:00:00") };
    assert_eq!(order_of(&Story::default(), &silent(), &signal).reason, None);
}
