//! Whose turn it is to have its rationed switches looked at when reconcile comes by.
//!
//! A few sites are looked at every round. Many would spend on looks what a provider allows for moves, so they take
//! turns by the minute, which every instance counts alike.

use jiff::Timestamp;

/// Sites whose rationed switches are looked at in one round: three quarters of the looks that Cloudflare's budget
/// has, since the last look of a move comes out of the same share.
const PER_ROUND: usize = 15;

/// A site's place among those that take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turns {
    place: usize,
    sites: usize,
}

impl Turns {
    /// A place for each site, in order; one that has nothing rationed shares the next one's.
    pub(super) fn draw(rationed: impl Iterator<Item = bool> + Clone) -> Vec<Self> {
        let sites = rationed.clone().filter(|rationed| *rationed).count();
        let mut next = 0;
        let place = |rationed| {
            let place = next;
            next += usize::from(rationed);
            Self { place, sites }
        };
        rationed.map(place).collect()
    }

    /// Whether it is this site's turn in the round at this time.
    pub(super) fn is_due(self, at: Timestamp) -> bool {
        let turns = self.sites.div_ceil(PER_ROUND).max(1);
        let minute = usize::try_from(at.as_second() / 60).unwrap_or_default();
        minute % turns == self.place / PER_ROUND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(sites: usize, minute: i64) -> Vec<usize> {
        let at = Timestamp::from_second(60 * minute).unwrap();
        let turns = Turns::draw(std::iter::repeat_n(true, sites));
        (0..sites).filter(|site| turns[*site].is_due(at)).collect()
    }

    #[test]
    fn a_few_sites_are_looked_at_every_round() {
        for minute in 0..5 {
            assert_eq!(due(PER_ROUND, minute).len(), PER_ROUND);
        }
    }

    #[test]
    fn sites_that_have_nothing_rationed_take_no_turn() {
        let turns = Turns::draw((0..100).map(|site| site % 10 == 0));
        let at = Timestamp::from_second(60 * 7).unwrap();
        assert!(turns.iter().step_by(10).all(|rota| rota.is_due(at)));
    }

    #[test]
    fn many_take_turns_and_nobody_is_left_out() {
        let turns = 1000_usize.div_ceil(PER_ROUND);
        let mut seen: Vec<usize> =
            (0..i64::try_from(turns).unwrap()).flat_map(|m| due(1000, m + 7)).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..1000).collect::<Vec<_>>());
        assert!((0..99).all(|minute| due(1000, minute).len() <= PER_ROUND));
    }
}
