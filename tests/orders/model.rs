//! Who may serve at rest, as an operator would say it, without a line of the function's own rules.

/// Who is found serving visitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serves {
    Primary,
    Standby,
    Nobody,
}

/// What an observer from outside knows when all has come to rest.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "these are answers to yes-or-no questions")]
pub(crate) struct Known {
    /// Whether the primary answers now.
    pub(crate) primary_answers: bool,
    /// Whether it ever didn't.
    pub(crate) was_dark: bool,
    /// Whether anybody ever ordered a failover.
    pub(crate) failover_ordered: bool,
    /// Whether something may forbid automatic moves: a hold, approval, cooldown, a forced failback, a spent budget.
    pub(crate) may_be_forbidden: bool,
}

/// Those who may serve.
pub(crate) fn may_serve(known: &Known) -> Vec<Serves> {
    if known.primary_answers && !known.was_dark && !known.failover_ordered {
        return vec![Serves::Primary];
    }
    if known.primary_answers {
        return vec![Serves::Primary, Serves::Standby];
    }
    if known.may_be_forbidden {
        return vec![Serves::Standby, Serves::Nobody];
    }
    vec![Serves::Standby]
}

#[test]
fn an_undisturbed_site_is_served_by_its_primary() {
    let known = Known { primary_answers: true, ..Known::default() };
    assert_eq!(may_serve(&known), [Serves::Primary]);
}

#[test]
fn a_dark_site_is_served_by_its_standby_unless_something_forbids_it() {
    assert_eq!(may_serve(&Known { was_dark: true, ..Known::default() }), [Serves::Standby]);
    let held = Known { was_dark: true, may_be_forbidden: true, ..Known::default() };
    assert!(may_serve(&held).contains(&Serves::Nobody));
}
