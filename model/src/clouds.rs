//! The clouds' switches, the two places, and what a look at them shows.

use failover_core::{Facts, Looks, Observed, Position, Role, Roles, Served, Sighting, SwitchId};

use crate::sets::Theirs;

/// The roles of a site's switches.
pub(crate) const ROLES: [Role; 3] = [Role::Gate, Role::Route, Role::Monitor];

/// The switches as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Clouds {
    gate: Position,
    route: Position,
    monitor: Position,
    /// What others have beside each switch, as it is now.
    pub(crate) theirs: Theirs,
    /// Whether the primary answers.
    pub(crate) primary: bool,
}

/// What was seen before a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    public: Public,
    primary: Option<bool>,
    switches: Option<[Position; 3]>,
}

/// Who answered the public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Public {
    /// Nobody asked.
    Unasked,
    /// Nobody answered.
    Silent,
    /// This place.
    By(Position),
}

impl Clouds {
    /// Everything at home. A standby without a gate is as if it were always open to whoever may ask.
    pub(crate) fn at_home(roles: Roles) -> Self {
        let at = Position::Primary;
        let gate = if roles.gate { at } else { Position::Standby };
        Self { gate, route: at, monitor: at, theirs: Theirs::default(), primary: true }
    }

    /// Where the switch of this role points.
    pub(crate) fn at(self, role: Role) -> Position {
        match role {
            Role::Gate => self.gate,
            Role::Route => self.route,
            Role::Monitor | Role::Power => self.monitor,
        }
    }

    /// Points it there.
    pub(crate) fn set(&mut self, role: Role, to: Position) {
        match role {
            Role::Gate => self.gate = to,
            Role::Route => self.route = to,
            Role::Monitor | Role::Power => self.monitor = to,
        }
    }

    /// Whether a place answers at its own URL.
    pub(crate) fn answers(self, place: Position) -> bool {
        match place {
            Position::Primary => self.primary,
            Position::Standby => self.gate == Position::Standby,
        }
    }

    /// Who answers a visitor of the public URL, if anybody does.
    pub(crate) fn served(self) -> Option<Position> {
        Some(self.route).filter(|place| self.answers(*place))
    }

    fn public(self) -> Public {
        self.served().map_or(Public::Silent, Public::By)
    }

    /// What is seen by these looks.
    pub(crate) fn look(self, looks: Looks) -> Seen {
        Seen {
            public: if looks.public { self.public() } else { Public::Unasked },
            primary: (looks.public || looks.primary).then_some(self.primary),
            switches: looks.switches.then(|| ROLES.map(|role| self.at(role))),
        }
    }

    /// All of it.
    pub(crate) fn look_around(self) -> Seen {
        self.look(Looks { public: true, beside: true, primary: true, switches: true })
    }
}

impl Seen {
    /// As the core is told.
    pub(crate) fn facts(self, roles: Roles) -> Facts {
        let mut facts = Facts::none();
        match self.public {
            Public::Unasked => {}
            Public::Silent => facts.public = served(None),
            Public::By(place) => facts.public = Served::By(place),
        }
        if let Some(primary) = self.primary {
            facts.primary = served(primary.then_some(Position::Primary));
        }
        if let Some(switches) = self.switches {
            let seen = ROLES.into_iter().zip(switches).filter(|(role, _)| roles.has(*role));
            facts.switches = seen.map(sighting).collect();
        }
        facts
    }

    /// Whether the public URL was silent.
    pub(crate) fn is_silent(self) -> bool {
        self.public == Public::Silent
    }

    /// Whether the primary was silent at its own URL.
    pub(crate) fn is_primary_silent(self) -> bool {
        self.primary == Some(false)
    }
}

fn served(by: Option<Position>) -> Served {
    by.map_or_else(|| Served::Silent("no answer".to_owned()), Served::By)
}

fn sighting((role, at): (Role, Position)) -> Sighting {
    Sighting { switch: switch(role), role, observed: Observed::At(at) }
}

/// The one switch of this role.
pub(crate) fn switch(role: Role) -> SwitchId {
    SwitchId::new("switch", format!("{role:?}"))
}

/// The role of a switch.
pub(crate) fn role(id: &SwitchId) -> Option<Role> {
    ROLES.into_iter().find(|role| switch(*role) == *id)
}
