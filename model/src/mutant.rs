//! Faults that may be put into the core, into a plan's table or into the shell as it is modelled.

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
    /// The shell: monitoring is paused before the journal tells that a visitor was served.
    PausesUntold,
    /// The shell: an executor goes on whoever holds its plan's claim.
    ForgetsTheNonce,
    /// The core: a standby that is closed under visitors is left so.
    LeavesItClosed,
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
    /// The shell: a policy is written without the etag that it was read with.
    ForgetsTheFingerprint,
    /// The shell: a rule and a check are written whole.
    WritesMoreThanItsField,
    /// The core: what a failover has answered is kept, as if nothing had answered it.
    KeepsWhatIsAnswered,
    /// The shell: a plan's end is written before all that was done is told.
    EndsBeforeItTells,
    /// The shell: a failover waits for the journal.
    WaitsForTheJournal,
    /// The shell: a failover waits for the end of an older plan also while the journal can't take that.
    WaitsForAnEnd,
    /// The shell: a move without the journal is told although another process told of the same one.
    TellsOfItTwice,
    /// The shell: what went on without the journal leaves older plans open.
    LeavesOlderPlans,
    /// The shell: a deserted plan is ended although somebody has claimed it since.
    EndsTheClaimed,
}
