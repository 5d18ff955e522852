//! What happens in a month, the same each time: one site after the other has an outage, or seems to.

/// What happens to a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// Its power fails, and Monitoring says so.
    Outage,
    /// Its power fails, and nobody says so.
    SwallowedOutage,
    /// It is silent for one look.
    Flaps,
}

/// So many rounds after its beginning the power is back.
pub(crate) const LASTS: usize = 6;

impl Happening {
    /// After so many rounds its power is back.
    pub(crate) fn lasts(self) -> usize {
        if self == Self::Flaps { 1 } else { LASTS }
    }

    /// Whether visitors are moved, there and back again.
    pub(crate) fn moves(self) -> bool {
        self != Self::Flaps
    }
}

/// What begins in this round, and at which of so many sites; something does every so many rounds, as long as it can end.
pub(crate) fn begins(round: usize, rounds: usize, sites: usize, every: usize) -> Option<(usize, Happening)> {
    let number = round / every;
    let is_time = round.is_multiple_of(every) && round > 0 && round + LASTS + 2 < rounds;
    let kinds = [Happening::Outage, Happening::Flaps, Happening::SwallowedOutage];
    // Far enough apart that none meets the one before.
    is_time.then(|| ((number * 7) % sites, kinds[number % kinds.len()]))
}
