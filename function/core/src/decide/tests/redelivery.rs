//! Messages that arrive again.

use super::*;

fn again(verb: Verb) -> String {
    format!("stay: message m-{verb} was dealt with before: this is a redelivery")
}

#[test]
fn of_a_command_whose_plan_is_open_carries_it_on() {
    let order = Order { message: "m-failback".to_owned(), ..by_operator("13:00:00") };
    let story = Story::on_standby().then("13:00:01", intent(Direction::Failback, order, "y"));
    let carried = "carry on 3: the failback of entry 3 is carried on";
    check(&story, &down(), &asks(Verb::Failback, "13:00:00"), carried);
    check(&story, &down(), &asks(Verb::Failback, "12:00:00"), carried);
}

#[test]
fn of_a_command_that_was_overtaken_is_not_carried_out() {
    let order = Order { message: "m-failover".to_owned(), ..by_operator("12:00:00") };
    let story = Story::default()
        .then("12:00:01", intent(Direction::Failover, order, "x"))
        .then("12:00:06", intent(Direction::Failback, by_operator("12:00:05"), "y"));
    check(&story, &home(), &asks(Verb::Failover, "12:00:00"), &again(Verb::Failover));
}

#[test]
fn of_a_command_that_was_carried_out_is_not_carried_out_again() {
    for end in [End::Done, End::Unwound, End::Stuck] {
        let order = Order { message: "m-failback".to_owned(), ..by_operator("13:00:00") };
        let story = Story::on_standby()
            .then("13:00:01", intent(Direction::Failback, order, "y"))
            .then("13:02:00", ended(3, "y", end, Position::Standby));
        check(&story, &well(), &asks(Verb::Failback, "13:00:00"), &again(Verb::Failback));
    }
}

fn confirmed(plan: Option<u64>, verb: Verb, ordered: &str) -> Event {
    let (message, command) = (format!("m-{verb}"), verb.to_string());
    Event::Confirmed { plan, ordered: t(ordered), message, command, by: None, reason: "so it is".to_owned() }
}

#[test]
fn of_an_order_that_found_nothing_to_do_does_nothing_either() {
    let story = Story::default()
        .then("12:00:01", confirmed(None, Verb::Failback, "12:00:00"))
        .then("12:00:02", intent(Direction::Failover, by_operator("12:00:00"), "x"))
        .then("12:00:03", ended(2, "x", End::Done, Position::Standby));
    check(&story, &well(), &asks(Verb::Failback, "12:00:00"), &again(Verb::Failback));
}

#[test]
fn of_an_order_that_joined_a_plan_carries_it_on_and_then_does_nothing() {
    let story = Story::failing_over().then("12:00:03", confirmed(Some(1), Verb::Failover, "12:00:02"));
    let carried = "carry on 1: the failover of entry 1 is carried on";
    check(&story, &Facts::none(), &asks(Verb::Failover, "12:00:02"), carried);
    let story = story.then("12:00:05", ended(1, "x", End::Done, Position::Standby));
    check(&story, &away(), &asks(Verb::Failover, "12:00:02"), &again(Verb::Failover));
}

#[test]
fn an_order_older_than_one_that_found_nothing_to_do_is_not_carried_out() {
    let story = Story::default().then("12:00:06", confirmed(None, Verb::Failback, "12:00:05"));
    let late = as_message(asks(Verb::Failover, "12:00:04"), "m-late");
    let decision = decide(&policy(), &story.state, &home(), &late, t("12:01:00"));
    assert_eq!(decision.verdict, Verdict::Stay, "{}", told(&decision));
    let newer = as_message(asks(Verb::Failover, "12:00:05"), "m-newer");
    check(&story, &home(), &newer, "start failover: asked for by an operator");
}

#[test]
fn of_an_order_that_was_stale_while_a_newer_one_ran_does_nothing_when_that_came_to_nothing() {
    let late = asks(Verb::Failover, "11:59:59");
    let decision = decide(&policy(), &Story::failing_over().state, &Facts::none(), &late, t("12:00:03"));
    let story = Story::failing_over()
        .then("12:00:03", decision.record[0].clone())
        .then("12:00:30", ended(1, "x", End::Unwound, Position::Primary));
    check(&story, &home(), &late, &again(Verb::Failover));
}

#[test]
fn of_a_refusal_is_final() {
    let refused = Event::Refused {
        message: "m-failback".to_owned(),
        command: "failback".to_owned(),
        by: None,
        reason: "no".to_owned(),
    };
    let story = Story::on_standby().then("13:00:01", refused);
    check(&story, &well(), &asks(Verb::Failback, "13:00:00"), &again(Verb::Failback));
    let other = as_message(asks(Verb::Failback, "13:00:00"), "m-another");
    check(&story, &well(), &other, "start failback: asked for by an operator");
}

#[test]
fn of_a_word_says_it_once() {
    let released = Event::Released { by: None, message: "m-release".to_owned(), ordered: None };
    let story = Story::default()
        .then("12:00:00", hold_until("13:00:00"))
        .then("12:00:01", released)
        .then("12:00:02", acknowledged());
    for verb in [Verb::Hold, Verb::Release, Verb::Acknowledge] {
        check(&story, &silent(), &asks(verb, "12:05:00"), &again(verb));
    }
}

#[test]
fn adopts_nothing() {
    let story = Story::default().then("12:00:00", hold_until("13:00:00"));
    check(&story, &away(), &asks(Verb::Hold, "12:05:00"), &again(Verb::Hold));
}
