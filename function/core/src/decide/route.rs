//! What is made of a route that somebody moved while no plan was open.

use super::adopt;
use crate::{Approval, Event, Facts, Order, Policy, Position, Reason, Served, Signal, State};

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteFound {
    /// It is where the journal says, or it can't be told what is to be done: it is left and reported.
    Left,
    /// The observation wins.
    Adopted(Event),
    /// The route was set back although the outage lasts: the failover is completed again.
    SetAgain(Box<Order>, Reason),
}

/// Where the route was set back while the site is on its standby, it is adopted only if visitors are answered there.
/// Silent, it is the same outage, unless the primary itself answers or an operator wants nothing to move by itself.
pub fn route_found(policy: &Policy, state: &State, facts: &Facts, signal: &Signal) -> RouteFound {
    let Some((_, event)) = adopt(state, facts) else { return RouteFound::Left };
    if state.active == Position::Primary || !policy.has_public_url {
        return RouteFound::Adopted(event);
    }
    match &facts.public {
        Served::By(Position::Primary) => RouteFound::Adopted(event),
        Served::Silent(probe)
            if is_free(policy, state, signal) && !facts.primary.is_by(Position::Primary) =>
        {
            RouteFound::SetAgain(Box::new(again(signal)), Reason::SameOutage { probe: probe.clone() })
        }
        _ => RouteFound::Left,
    }
}

fn is_free(policy: &Policy, state: &State, signal: &Signal) -> bool {
    let unheld = state.hold_at(signal.order_time()).is_none() && state.stuck.is_none();
    unheld && policy.approve == Approval::Automatic
}

fn again(signal: &Signal) -> Order {
    Order { unfinished: true, ..Order::standing(signal) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::*;

    fn set_back(public: Served, primary: Served) -> Facts {
        let at = |position| switches(Position::Standby, position, Position::Standby);
        Facts { public, primary, ..looked(at(Position::Primary)) }
    }

    #[track_caller]
    fn check(policy: &Policy, story: &Story, facts: &Facts, expected: &str) {
        let found = route_found(policy, &story.state, facts, &asks(crate::Verb::Reconcile, "13:00:00"));
        let word = match found {
            RouteFound::Left => "left",
            RouteFound::Adopted(_) => "adopted",
            RouteFound::SetAgain(..) => "set again",
        };
        assert_eq!(word, expected);
    }

    #[test]
    fn a_route_that_was_set_back_is_adopted_where_it_is_answered_and_set_again_where_nobody_answers() {
        let story = || Story::default().then("12:00:00", adopted(Position::Standby));
        let (silent, well) = (|| Served::Silent("522".to_owned()), || Served::By(Position::Primary));
        let unknown = || Served::Unknown("a challenge".to_owned());
        check(&policy(), &story(), &set_back(well(), silent()), "adopted");
        check(&policy(), &story(), &set_back(silent(), silent()), "set again");
        check(&policy(), &story(), &set_back(silent(), unknown()), "set again");
        check(&policy(), &story(), &set_back(silent(), well()), "left");
        check(&policy(), &story(), &set_back(unknown(), silent()), "left");
        let held = story().then("12:30:00", hold_until("14:00:00"));
        check(&policy(), &held, &set_back(silent(), silent()), "left");
        let asked = Policy { approve: Approval::Operator, ..policy() };
        check(&asked, &story(), &set_back(silent(), silent()), "left");
        let unjudged = Policy { has_public_url: false, ..policy() };
        check(&unjudged, &story(), &set_back(unknown(), unknown()), "adopted");
    }
}
