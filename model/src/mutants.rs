//! Mutants: faults put into the core or into the shell as it is modelled. Each is caught by a named property, or the model
//! proves nothing.

use std::{sync::Arc, time::Duration};

use Mutant as M;
use Promise as P;

use crate::{mutant::Mutant, promises::Promise, rules::Rules, scopes, search::search, site::Site};

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
    case(M::MovesWhatAnswers, "a site that answers is moved", "incident", P::MovesToWhatAnswers),
    case(M::AsksNobody, "nobody has to answer before visitors are led there", "incident", P::LegalEntries),
    case(
        M::RoutesUnproven,
        "the shell doesn't wait for the standby's answer",
        "meddled",
        P::MovesToWhatAnswers,
    ),
    case(M::PausesUnseen, "monitoring is paused although nobody was served", "incident", P::PausesOnProof),
    case(M::UndoesNothing, "nothing is undone", "incident", P::ComesToRest),
    case(M::AnybodyWrites, "anybody writes a step, or an end", "frost", P::OneWriter),
    case(M::ForgetsTheNonce, "an executor forgets its nonce", "frost", P::OneWriter),
    case(M::TakesOverTheLiving, "a living executor's plan is taken over", "incident", P::OneWriter),
    case(M::WritesOnAnOldClaim, "a claim isn't renewed before a write", "frost", P::OneWriter),
    case(M::DecidesOnAStaleHead, "what was decided on an old state is written", "incident", P::LegalEntries),
    case(M::KeepsClaims, "who takes a plan over doesn't get its claim", "incident", P::Finishes),
    case(M::LooksNoMore, "no last look at the switches", "meddled", P::ComesToRest),
    case(M::ForgetsPauses, "that monitoring was paused is forgotten", "back at once", P::ComesToRest),
    case(
        M::PausesUntold,
        "monitoring is paused before the journal tells that it may be",
        "back at once",
        P::ComesToRest,
    ),
    case(M::LeavesTheRoute, "a route that was moved by hand is left so", "by hand", P::NobodyIsLeftDark),
    case(
        M::LeavesItClosed,
        "a standby that is closed under visitors is left so",
        "alerts alone",
        P::NobodyIsLeftDark,
    ),
    case(M::ClosesFirst, "a failback closes the standby first", "back at once", P::StandbyStaysOpen),
    case(M::TakesNoTurn, "a newer order doesn't wait for its turn", "failback", P::OneWriter),
    case(
        M::ForgetsMessages,
        "which messages were dealt with is forgotten",
        "operator",
        P::RedeliveryWritesNothing,
    ),
    case(M::ForgetsOrders, "when the last order was given is forgotten", "operator", P::LegalEntries),
    case(
        M::FailsBackUnasked,
        "a failback asks nobody whether the primary answers",
        "back at once",
        P::MovesToWhatAnswers,
    ),
    case(
        M::ForgetsTheFingerprint,
        "a policy is written back without its etag",
        "beside others",
        P::NothingForeign,
    ),
    case(
        M::WritesMoreThanItsField,
        "a rule and a check are written whole",
        "beside others",
        P::NothingForeign,
    ),
    case(
        M::KeepsWhatIsAnswered,
        "what a failover has answered stays pending",
        "back at once",
        P::OneFailoverAnOutage,
    ),
    case(M::EndsBeforeItTells, "an end is written before what was done", "incident", P::TellsEverything),
    case(
        M::ForgetsOrders,
        "when the last order was given is forgotten, and an older one comes late",
        "failback",
        P::NewerOrderWins,
    ),
    case(
        M::EndsTheClaimed,
        "a deserted plan is ended after whatever is newest",
        "failback in frost",
        P::OneWriter,
    ),
    case(
        M::WaitsForTheJournal,
        "a failover waits for the journal",
        "journal away from one",
        P::NobodyIsLeftDark,
    ),
    case(
        M::WaitsForAnEnd,
        "a failover waits for an end that the journal can't take",
        "journal away and orders",
        P::NobodyIsLeftDark,
    ),
    case(
        M::TellsOfItTwice,
        "a move without the journal is told although another process has told of it",
        "journal away from two",
        P::OneFailoverAnOutage,
    ),
    case(
        M::LeavesOlderPlans,
        "what went on without the journal leaves an older plan open",
        "journal away and orders",
        P::NewerOrderWins,
    ),
    case(M::ForgetsPending, "what was held back is forgotten", "alerts alone", P::NobodyIsLeftDark),
    case(M::ForgetsDrains, "that the standby drains is forgotten", "drain of one", P::ComesToRest),
];

/// Plays a mutant until it breaks its promise: the length of the way there.
pub(crate) fn play(case: &Case, within: Duration) -> Option<usize> {
    let scope = scopes::named(case.scope)?;
    let site = Arc::new(Site::new(scope, Rules { mutant: Some(case.mutant) }));
    let outcome = search(&site, 1, within, Some(case.by));
    outcome.broken.into_iter().find(|(promise, _)| *promise == case.by).map(|(_, way)| way.len())
}
