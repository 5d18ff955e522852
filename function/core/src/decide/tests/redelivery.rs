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
    let released = Event::Released { by: None, message: "m-release".to_owned() };
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
