//! Which sites can't be judged from here: a challenge, a login or a cache answers in their stead, look after look.
//!
//! A watcher that can't see guards nothing. It says so once, and its signs of life say so too.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use failover_core::{Served, SiteName};

/// So many times as many looks as make an outage, and none that says anything, are no accident: own choice.
const THRESHOLDS: u32 = 2;

/// What one site's looks showed lately.
#[derive(Debug)]
pub(super) struct Sight {
    unseen: u32,
    enough: u32,
}

/// What a look changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Nothing,
    /// Nothing can be said of the site any more, and why.
    Blind(String),
    /// It can be judged again.
    Seeing,
}

impl Sight {
    /// Nothing was looked at yet; `threshold` failures make an outage.
    pub(super) fn new(threshold: u32) -> Self {
        Self { unseen: 0, enough: threshold.saturating_mul(THRESHOLDS).max(THRESHOLDS) }
    }

    pub(super) fn saw(&mut self, served: &Served) -> Turn {
        let was_blind = self.unseen >= self.enough;
        let Served::Unknown(why) = served else {
            self.unseen = 0;
            return if was_blind { Turn::Seeing } else { Turn::Nothing };
        };
        self.unseen = self.unseen.saturating_add(1);
        if self.unseen == self.enough { Turn::Blind(why.clone()) } else { Turn::Nothing }
    }
}

/// The sites that can't be judged now, and why.
#[derive(Debug, Default)]
pub(super) struct Unseen(Mutex<BTreeMap<SiteName, String>>);

impl Unseen {
    /// Nothing can be said of the site, for this reason; or something can.
    pub(super) fn note(&self, site: &SiteName, why: Option<&str>) {
        let mut unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => unseen.insert(site.clone(), why.to_owned()),
            None => unseen.remove(site),
        };
    }

    /// What a sign of life adds; nothing where every site can be judged.
    pub(super) fn told(&self) -> String {
        let unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = unseen.iter().map(|(site, why)| format!("; it can't judge {site}: {why}"));
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use failover_core::Position;

    use super::*;

    #[test]
    fn looks_that_say_nothing_are_told_once_and_so_is_the_first_that_says_something() {
        let unseen = || Served::Unknown("a challenge".to_owned());
        let mut sight = Sight::new(3);
        for _ in 1..6 {
            assert_eq!(sight.saw(&unseen()), Turn::Nothing);
        }
        assert_eq!(sight.saw(&unseen()), Turn::Blind("a challenge".to_owned()));
        assert_eq!(sight.saw(&unseen()), Turn::Nothing);
        assert_eq!(sight.saw(&Served::Silent("refused".to_owned())), Turn::Seeing);
        assert_eq!(sight.saw(&Served::By(Position::Primary)), Turn::Nothing);
    }

    #[test]
    fn a_sign_of_life_names_what_it_does_not_see() {
        let (unseen, site) = (Unseen::default(), "resume".parse().expect("a name"));
        assert_eq!(unseen.told(), "");
        unseen.note(&site, Some("a challenge"));
        assert_eq!(unseen.told(), "; it can't judge resume: a challenge");
        unseen.note(&site, None);
        assert_eq!(unseen.told(), "");
    }
}
