//! The stories that are told again and again with something going wrong: data.

use ::stage::machines::Moves;
use failover_core::{Direction, End, Position, Role};
use sandbox::{Moment::AfterEffect, Power, edge::GATE_SCRIPT};

use crate::{
    cast::Word,
    story::{
        Act::{DieAt, Drained, PowerFails, PowerReturns, Say, ScaledDown, Standby, Strays},
        Route, Story,
    },
    verdict::Ending,
};

/// Visitors are served by the standby, and monitoring sleeps.
pub(crate) const ON_STANDBY: Ending = Ending {
    active: Position::Standby,
    served: true,
    open: true,
    paused: true,
    plan: &[(Direction::Failover, End::Done)],
    failovers: 1,
};

/// Visitors are served by the primary, and all is as before the outage.
pub(crate) const ON_PRIMARY: Ending = Ending {
    active: Position::Primary,
    served: true,
    open: false,
    paused: false,
    plan: &[(Direction::Failback, End::Done)],
    failovers: 1,
};

/// Where the standby stays closed to everybody but the Worker.
const BEHIND_A_WORKER: Ending = Ending { open: false, ..ON_STANDBY };

/// Where there is nothing to open and no monitoring to pause.
const ADDRESS_ON_STANDBY: Ending = Ending { open: false, paused: false, ..ON_STANDBY };

const FAILOVER: Story = Story {
    name: "failover",
    site: "",
    route: Route::PageRule,
    prologue: &[PowerFails],
    message: Word::Incident,
    same_process: false,
    ending: ON_STANDBY,
};

const FAILBACK: Story = Story {
    name: "failback",
    prologue: &[PowerFails, Say(Word::Incident), PowerReturns],
    message: Word::Order("failback"),
    ending: ON_PRIMARY,
    ..FAILOVER
};

const DRAINED: Story = Story {
    name: "reconcile-closes-a-drained-standby",
    site: "drain = \"1s\"\n",
    prologue: &[PowerFails, Say(Word::Incident), PowerReturns, Say(Word::Order("failback")), Drained],
    message: Word::Reconcile,
    ..FAILBACK
};

const REHEARSAL: Story = Story {
    name: "rehearsal",
    prologue: &[],
    message: Word::Order("rehearse"),
    ending: Ending {
        plan: &[(Direction::Rehearsal, End::Done), (Direction::Rehearsal, End::Unwound)],
        ..ON_PRIMARY
    },
    ..FAILOVER
};

/// Our own looks raise an alarm only of a site that was seen well: this one has been moved there and back.
const KNOWN_AND_SILENT_TWICE: &[crate::story::Act] = &[
    Say(Word::Order("failover")),
    Say(Word::Order("failback")),
    PowerFails,
    Say(Word::Reconcile),
    Say(Word::Reconcile),
];

const SCALES_UP: Story = Story {
    name: "failback-scales-up",
    route: Route::PageRuleAndScale,
    prologue: &[ScaledDown, Say(Word::Incident)],
    ..FAILBACK
};

/// All of them.
pub(crate) const STORIES: &[Story] = &[
    FAILOVER,
    FAILBACK,
    Story { name: "operators-failover", prologue: &[], message: Word::Order("failover"), ..FAILOVER },
    Story {
        name: "reconcile-carries-a-failover-on",
        prologue: &[PowerFails, DieAt(Word::Incident, "run.set_iam_policy", 1, AfterEffect)],
        message: Word::Reconcile,
        ..FAILOVER
    },
    Story {
        name: "reconcile-carries-a-failback-on",
        prologue: &[
            PowerFails,
            Say(Word::Incident),
            PowerReturns,
            DieAt(Word::Order("failback"), "cloudflare.patch_page_rule", 1, AfterEffect),
        ],
        message: Word::Reconcile,
        ..FAILBACK
    },
    Story {
        name: "reconcile-decides-a-pending-incident",
        prologue: &[Say(Word::Incident), PowerFails],
        message: Word::Reconcile,
        ..FAILOVER
    },
    Story {
        name: "release-decides-a-pending-incident",
        prologue: &[Say(Word::Order("hold")), PowerFails, Say(Word::Incident)],
        message: Word::Order("release"),
        ..FAILOVER
    },
    Story {
        name: "reconcile-finds-the-third-silence",
        prologue: KNOWN_AND_SILENT_TWICE,
        message: Word::Reconcile,
        same_process: true,
        ending: Ending { failovers: 2, ..ON_STANDBY },
        ..FAILOVER
    },
    DRAINED,
    SCALES_UP,
    Story {
        name: "reconcile-carries-a-failback-that-scales-on",
        prologue: &[
            ScaledDown,
            Say(Word::Incident),
            DieAt(Word::Order("failback"), "kubernetes.patch_scale", 1, AfterEffect),
        ],
        message: Word::Reconcile,
        ..SCALES_UP
    },
    Story { name: "failover-by-record", route: Route::Record, ..FAILOVER },
    Story { name: "failback-by-record", route: Route::Record, ..FAILBACK },
    Story { name: "failover-by-worker", route: Route::Worker(""), ending: BEHIND_A_WORKER, ..FAILOVER },
    Story { name: "failback-by-worker", route: Route::Worker(""), ..FAILBACK },
    Story {
        name: "failover-behind-the-gate",
        route: Route::Worker(GATE_SCRIPT),
        ending: BEHIND_A_WORKER,
        ..FAILOVER
    },
    Story { name: "failback-behind-the-gate", route: Route::Worker(GATE_SCRIPT), ..FAILBACK },
    Story {
        name: "reconcile-finds-the-third-silence-behind-the-gate",
        route: Route::Worker(GATE_SCRIPT),
        prologue: KNOWN_AND_SILENT_TWICE,
        message: Word::Reconcile,
        same_process: true,
        ending: Ending { failovers: 2, ..BEHIND_A_WORKER },
        ..FAILOVER
    },
    Story {
        name: "failover-by-alias",
        route: Route::Address(Moves::Alias),
        ending: ADDRESS_ON_STANDBY,
        ..FAILOVER
    },
    Story { name: "failback-by-alias", route: Route::Address(Moves::Alias), ..FAILBACK },
    Story {
        name: "failover-by-external-address",
        route: Route::Address(Moves::External),
        ending: ADDRESS_ON_STANDBY,
        ..FAILOVER
    },
    Story { name: "failback-by-external-address", route: Route::Address(Moves::External), ..FAILBACK },
    Story {
        name: "failover-by-ip-configuration",
        route: Route::Address(Moves::Configuration),
        ending: ADDRESS_ON_STANDBY,
        ..FAILOVER
    },
    Story { name: "failback-by-ip-configuration", route: Route::Address(Moves::Configuration), ..FAILBACK },
    Story {
        name: "reconcile-fails-back-by-itself",
        site: "failback = \"automatic\"\nwell_for = \"1ms\"\n",
        prologue: &[PowerFails, Say(Word::Incident), PowerReturns, Say(Word::Reconcile)],
        message: Word::Reconcile,
        same_process: true,
        ..FAILBACK
    },
    Story {
        name: "reconcile-finds-an-outage-of-the-standby",
        prologue: &[
            PowerFails,
            Say(Word::Incident),
            Standby(Power::Failing(500)),
            Say(Word::Reconcile),
            Say(Word::Reconcile),
        ],
        message: Word::Reconcile,
        same_process: true,
        ending: Ending { served: false, paused: false, ..ON_STANDBY },
        ..FAILOVER
    },
    Story {
        name: "reconcile-finds-the-standby-well-again",
        prologue: &[
            PowerFails,
            Say(Word::Incident),
            Standby(Power::Failing(500)),
            Say(Word::Reconcile),
            Say(Word::Reconcile),
            Say(Word::Reconcile),
            Standby(Power::On),
        ],
        message: Word::Reconcile,
        ..FAILOVER
    },
    REHEARSAL,
    Story {
        name: "failover-is-undone",
        prologue: &[PowerFails, DieAt(Word::Incident, "run.set_iam_policy", 1, AfterEffect), PowerReturns],
        ending: Ending { plan: &[(Direction::Failover, End::Unwound)], ..ON_PRIMARY },
        ..FAILOVER
    },
    Story {
        name: "failback-is-undone",
        prologue: &[
            PowerFails,
            Say(Word::Incident),
            PowerReturns,
            DieAt(Word::Order("failback"), "cloudflare.patch_page_rule", 1, AfterEffect),
            PowerFails,
        ],
        ending: Ending { plan: &[(Direction::Failback, End::Unwound)], ..ON_STANDBY },
        ..FAILBACK
    },
    Story {
        name: "failback-is-undone-after-the-standby-was-closed",
        prologue: &[
            PowerFails,
            Say(Word::Incident),
            PowerReturns,
            DieAt(Word::Order("failback"), "run.set_iam_policy", 1, AfterEffect),
            PowerFails,
        ],
        ending: Ending { plan: &[(Direction::Failback, End::Unwound)], ..ON_STANDBY },
        ..FAILBACK
    },
];

/// Those that are told to the fault table, too.
pub(crate) const FAULTY: &[Story] = STORIES;

/// Those in which two instances may get in each other's way.
pub(crate) const SHARED: &[Story] = &[FAILOVER, FAILBACK, DRAINED, REHEARSAL];

/// There and back again: whatever is done by ourselves is done for a site that was moved before.
const MOVED_ONCE: &[crate::story::Act] =
    &[PowerFails, Say(Word::Incident), PowerReturns, Say(Word::Order("failback"))];

/// What we do by ourselves, which an outage may interrupt.
pub(crate) const OWN_WORK: &[Story] = &[
    DRAINED,
    REHEARSAL,
    Story { name: "daily-check", message: Word::Order("check"), prologue: MOVED_ONCE, ..FAILBACK },
    Story {
        name: "repair",
        site: "repair = true\n",
        message: Word::Reconcile,
        prologue: &[
            PowerFails,
            Say(Word::Incident),
            PowerReturns,
            Say(Word::Order("failback")),
            Strays(Role::Gate, Position::Standby),
        ],
        ..FAILBACK
    },
];
