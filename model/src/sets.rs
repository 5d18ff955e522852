//! The small sets that a state is made of, each in a word or two: a search holds millions of states.

use failover_core::{Position, Role, Step};

/// A set of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Steps(u16);

impl Steps {
    /// With one more.
    pub(crate) fn add(&mut self, step: Step) {
        self.0 |= 1 << step as u16;
    }

    /// Whether there is none.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it is in it.
    pub(crate) fn has(self, step: Step) -> bool {
        self.0 & (1 << step as u16) != 0
    }
}

/// Steps to be told, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Notes([Option<Step>; 10]);

impl Notes {
    /// One more, at the end.
    pub(crate) fn push(&mut self, step: Step) {
        if let Some(free) = self.0.iter_mut().find(|note| note.is_none()) {
            *free = Some(step);
        }
    }

    /// The next.
    pub(crate) fn first(self) -> Option<Step> {
        self.0[0]
    }

    /// Whether no more than one may still be added.
    pub(crate) fn is_full(self) -> bool {
        self.0[8].is_some()
    }

    /// Whether all is told.
    pub(crate) fn is_empty(self) -> bool {
        self.0[0].is_none()
    }

    /// Whether there is at most one.
    pub(crate) fn is_short(self) -> bool {
        self.0[1].is_none()
    }

    /// Without the next.
    pub(crate) fn pop(&mut self) {
        self.0.rotate_left(1);
        self.0[9] = None;
    }
}

/// Requests of those who are no more, by switch and position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Late(u8);

impl Late {
    fn bit(role: Role, to: Position) -> u8 {
        1 << (role as u8 * 2 + to as u8)
    }

    /// One more is on its way; two alike do what one does.
    pub(crate) fn add(&mut self, role: Role, to: Position) {
        self.0 |= Self::bit(role, to);
    }

    /// It has arrived, or never will.
    pub(crate) fn remove(&mut self, role: Role, to: Position) {
        self.0 &= !Self::bit(role, to);
    }

    /// Whether one is on its way.
    pub(crate) fn has(self, role: Role, to: Position) -> bool {
        self.0 & Self::bit(role, to) != 0
    }

    /// Whether none is.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What others have beside our switches, as it was at first or as they changed it last: a policy's other members, the other
/// fields of a rule or a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Theirs(u8);

impl Theirs {
    /// They change what they have beside this switch.
    pub(crate) fn change(&mut self, role: Role) {
        self.0 ^= 1 << role as u8;
    }

    /// Beside this switch it is as it was `then`.
    pub(crate) fn put_back(&mut self, role: Role, then: Self) {
        let beside = 1 << role as u8;
        self.0 = self.0 & !beside | then.0 & beside;
    }

    /// Whether it is beside this switch as it was `then`.
    pub(crate) fn is_as(self, role: Role, then: Self) -> bool {
        (self.0 ^ then.0) & 1 << role as u8 == 0
    }
}
