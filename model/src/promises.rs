//! The promises, by the numbers that `docs/reliability.md` and the sandbox's judge give them.
//!
//! Most are judged at the very transition that would break them; what must be so in the end is judged on the whole graph
//! (`search`), by whether a state where it is so can be reached from every other.

/// What must never be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Promise {
    /// 1
    MovesToWhatAnswers,
    /// 2
    PausesOnProof,
    /// 3
    StandbyStaysOpen,
    /// 4
    OneFailoverAnOutage,
    /// 5
    RedeliveryWritesNothing,
    /// 6
    Finishes,
    /// 7
    NothingForeign,
    /// 8
    TellsEverything,
    /// 9
    NewerOrderWins,
    /// 10
    NobodyIsLeftDark,
    /// One executor writes to a site's clouds at a time.
    OneWriter,
    /// Every entry is one that recorded journals may have.
    LegalEntries,
    /// Every run comes to a rest at which everything is where the journal says.
    ComesToRest,
}

impl Promise {
    /// Those that are judged at a transition.
    pub(crate) const JUDGED: [Self; 10] = [
        Self::MovesToWhatAnswers,
        Self::PausesOnProof,
        Self::StandbyStaysOpen,
        Self::OneFailoverAnOutage,
        Self::RedeliveryWritesNothing,
        Self::NothingForeign,
        Self::TellsEverything,
        Self::NewerOrderWins,
        Self::OneWriter,
        Self::LegalEntries,
    ];

    /// Those that are judged on the whole graph.
    pub(crate) const REACHED: [Self; 3] = [Self::Finishes, Self::NobodyIsLeftDark, Self::ComesToRest];

    /// What it says.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MovesToWhatAnswers => "1: traffic moves only to what answers",
            Self::PausesOnProof => "2: monitoring is paused only once a visitor was served",
            Self::StandbyStaysOpen => "3: the standby isn't closed under visitors",
            Self::OneFailoverAnOutage => "4: one outage, one failover",
            Self::RedeliveryWritesNothing => "5: a redelivery of what is done writes nothing",
            Self::Finishes => "6: whatever dies, the next delivery or reconcile finishes",
            Self::NothingForeign => "7: nothing that isn't ours changes",
            Self::TellsEverything => "8: the journal tells every move",
            Self::NewerOrderWins => "9: a newer order wins",
            Self::NobodyIsLeftDark => "10: nobody is left dark who could be served",
            Self::OneWriter => "one writer at a time",
            Self::LegalEntries => "every entry is one that a recorded journal may have",
            Self::ComesToRest => "every run comes to rest, with everything where the journal says",
        }
    }
}

/// A set of promises that were broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Broken(u16);

impl Broken {
    /// One more.
    pub(crate) fn add(&mut self, promise: Promise) {
        self.0 |= 1 << promise as u16;
    }

    /// Whether any was.
    pub(crate) fn any(self) -> bool {
        self.0 != 0
    }

    /// Whether this one was.
    pub(crate) fn has(self, promise: Promise) -> bool {
        self.0 & (1 << promise as u16) != 0
    }
}
