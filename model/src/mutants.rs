//! Mutants: faults put into the core or into the shell as it is modelled. Each is caught by a named property, or the model
//! proves nothing.

use std::{sync::Arc, time::Duration};

use crate::{promises::Promise, rules::Rules, scopes, search::search, site::Site};

/// A fault that is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mutant {
    /// The core: an automatic failover doesn't mind a site that answers.
    MovesWhatAnswers,
    /// The core: a failback doesn't ask the primary.
    FailsBackUnasked,
    /// The core: the time of the last order isn't known.
    ForgetsOrders,
    /// The core: which messages were dealt with isn't known.
    ForgetsMessages,
    /// The core: what was held back is forgotten.
    ForgetsPending,
    /// The core: that monitoring was paused is forgotten.
    ForgetsPauses,
    /// The core: that the standby drains is forgotten.
    ForgetsDrains,
    /// The core: a route moved by hand is left as it is.
    LeavesTheRoute,
    /// The core: anybody may write a step, or a plan's end.
    AnybodyWrites,
    /// The core: whoever takes a plan over doesn't get its claim.
    KeepsClaims,
    /// The shell: a plan is taken over although its executor lives.
    TakesOverTheLiving,
    /// The shell: a claim that is too old to write on isn't renewed first.
    WritesOnAnOldClaim,
    /// The shell: what was decided is written although somebody else wrote meanwhile.
    DecidesOnAStaleHead,
    /// The shell: a newer order doesn't wait for the older one's executor.
    TakesNoTurn,
    /// The shell: visitors are led to a standby that hasn't answered.
    RoutesUnproven,
    /// The table: monitoring is paused although no visitor was served.
    PausesUnseen,
    /// The table: a failback closes the standby first.
    ClosesFirst,
    /// The table: nothing is undone.
    UndoesNothing,
    /// The table: no place has to answer before visitors are led there.
    AsksNobody,
    /// The shell: switches aren't looked at before the end.
    LooksNoMore,
}

/// A mutant, the scope that it is played in, and the promise that it breaks there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// The fault.
    pub(crate) mutant: Mutant,
    /// What it is, in words.
    pub(crate) says: &'static str,
    /// Where it is played.
    pub(crate) scope: &'static str,
    /// What notices.
    pub(crate) by: Promise,
}

const fn case(mutant: Mutant, says: &'static str, scope: &'static str, by: Promise) -> Case {
    Case { mutant, says, scope, by }
}

/// All of them.
pub(crate) const TABLE: &[Case] = &[
    case(Mutant::MovesWhatAnswers, "a site that answers is moved", "incident", Promise::MovesToWhatAnswers),
    case(
        Mutant::AsksNobody,
        "nobody has to answer before visitors are led there",
        "incident",
        Promise::TellsEverything,
    ),
    case(
        Mutant::RoutesUnproven,
        "the shell doesn't wait for the standby's answer",
        "incident",
        Promise::ComesToRest,
    ),
    case(
        Mutant::PausesUnseen,
        "monitoring is paused although nobody was served",
        "incident",
        Promise::PausesOnProof,
    ),
    case(Mutant::UndoesNothing, "nothing is undone", "incident", Promise::ComesToRest),
    case(Mutant::AnybodyWrites, "anybody writes a step, or an end", "incident", Promise::OneWriter),
    case(
        Mutant::TakesOverTheLiving,
        "a living executor's plan is taken over",
        "incident",
        Promise::OneWriter,
    ),
    case(Mutant::WritesOnAnOldClaim, "a claim isn't renewed before a write", "incident", Promise::OneWriter),
    case(
        Mutant::DecidesOnAStaleHead,
        "what was decided on an old state is written",
        "incident",
        Promise::OneFailoverAnOutage,
    ),
    case(Mutant::KeepsClaims, "who takes a plan over doesn't get its claim", "incident", Promise::Finishes),
    case(Mutant::LooksNoMore, "no last look at the switches", "failback", Promise::ComesToRest),
    case(Mutant::ForgetsPauses, "that monitoring was paused is forgotten", "failback", Promise::ComesToRest),
    case(
        Mutant::LeavesTheRoute,
        "a route that was moved by hand is left so",
        "failback",
        Promise::ComesToRest,
    ),
    case(Mutant::ClosesFirst, "a failback closes the standby first", "failback", Promise::StandbyStaysOpen),
    case(Mutant::TakesNoTurn, "a newer order doesn't wait for its turn", "failback", Promise::OneWriter),
    case(
        Mutant::ForgetsMessages,
        "which messages were dealt with is forgotten",
        "operator",
        Promise::RedeliveryWritesNothing,
    ),
    case(
        Mutant::ForgetsOrders,
        "when the last order was given is forgotten",
        "operator",
        Promise::NewerOrderWins,
    ),
    case(
        Mutant::FailsBackUnasked,
        "a failback doesn't ask the primary",
        "failback",
        Promise::MovesToWhatAnswers,
    ),
    case(
        Mutant::ForgetsPending,
        "what was held back is forgotten",
        "alerts alone",
        Promise::NobodyIsLeftDark,
    ),
    case(Mutant::ForgetsDrains, "that the standby drains is forgotten", "drain", Promise::ComesToRest),
];

/// Plays a mutant until the first promise is broken, which is told with the length of the way there.
pub(crate) fn play(case: &Case, within: Duration) -> Option<(Promise, usize)> {
    let scope = scopes::named(case.scope)?;
    let site = Arc::new(Site::new(scope, Rules { mutant: Some(case.mutant) }));
    let outcome = search(&site, 1, within);
    outcome.broken.into_iter().map(|(promise, way)| (promise, way.len())).min_by_key(|(_, steps)| *steps)
}
