//! IAM takes its time: the standby is opened and answers at once, late, now and then, or never. Judged for every
//! kind of gate and of route.

use std::{sync::Arc, time::Duration};

use failover_core::{Direction, End};
use sandbox::{Options, Power, Promise, run::door::Spreading};

use serde_json::Value;

use crate::{
    cast::Word,
    evidence::Evidence,
    runner::{Case, Played, survive},
    selection::Turns,
    stage::Stage,
    stories::{ON_PRIMARY, ON_STANDBY},
    story::settings,
    switches::{RECORD, with_switches},
    verdict::{Ending, all_is_well, nothing_is_written_any_more},
};

/// 0, 4 and 90 seconds at a tenth.
const AT_ONCE: Spreading = Spreading::After(Duration::ZERO);
const SOON: Spreading = Spreading::After(Duration::from_millis(400));
const LATE: Spreading = Spreading::After(Duration::from_secs(9));
const NOW_AND_THEN: Spreading =
    Spreading::Flicker { settled_after: Duration::from_secs(3), turn: Duration::from_millis(150) };

/// A failover that was undone: all is as before.
const UNDONE: Ending = Ending { plan: &[(Direction::Failover, End::Unwound)], ..ON_PRIMARY };

/// What happens while the standby doesn't answer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// The power at home returns once the standby was opened.
    PowerReturns,
    /// An operator wants visitors back, once they were led away.
    FailsBack,
    /// The instance is told to end after it has asked so often; what it waited for comes true for the next one.
    InstanceEnds,
}

/// So often the standby is asked in vain before the instance ends.
const IN_VAIN: usize = 20;

/// One way for the opening to spread, and how a failover ends that meets it.
#[derive(Debug, Clone, Copy)]
struct Trial {
    name: &'static str,
    /// Lines for the site's configuration.
    site: &'static str,
    word: Word,
    /// Whether the primary answers.
    power: Power,
    spreading: Spreading,
    meanwhile: Meanwhile,
    /// Whether visitors are led away without a proof, by the operator's own word.
    unproven: bool,
    ending: Ending,
}

const OUTAGE: Trial = Trial {
    name: "outage/at-once",
    site: "",
    word: Word::Incident,
    power: Power::Off,
    spreading: AT_ONCE,
    meanwhile: Meanwhile::Nothing,
    unproven: false,
    ending: ON_STANDBY,
};

/// An operator moves a site that answers.
const ORDERED: Trial =
    Trial { name: "ordered/at-once", word: Word::Order("failover"), power: Power::On, ..OUTAGE };

/// An operator insists.
const FORCED: Trial =
    Trial { name: "forced/at-once", word: Word::Force("failover"), unproven: true, ..ORDERED };

/// Visitors are led away together with the opening.
const TOGETHER: Trial =
    Trial { name: "together/at-once", site: "order = \"together\"\n", unproven: true, ..OUTAGE };

const TRIALS: &[Trial] = &[
    OUTAGE,
    Trial { name: "outage/soon", spreading: SOON, ..OUTAGE },
    Trial { name: "outage/late", spreading: LATE, ..OUTAGE },
    Trial { name: "outage/now-and-then", spreading: NOW_AND_THEN, ..OUTAGE },
    Trial {
        name: "outage/never-and-the-power-returns",
        spreading: Spreading::Never,
        meanwhile: Meanwhile::PowerReturns,
        ending: UNDONE,
        ..OUTAGE
    },
    Trial {
        name: "outage/never-for-the-first-instance",
        spreading: Spreading::Never,
        meanwhile: Meanwhile::InstanceEnds,
        ..OUTAGE
    },
    ORDERED,
    Trial { name: "ordered/soon", spreading: SOON, ..ORDERED },
    Trial { name: "ordered/later-than-the-operator-waits", spreading: LATE, ending: UNDONE, ..ORDERED },
    Trial { name: "ordered/late-but-the-site-is-dark", spreading: LATE, power: Power::Off, ..ORDERED },
    Trial { name: "ordered/never", spreading: Spreading::Never, ending: UNDONE, ..ORDERED },
    Trial { name: "ordered/now-and-then", spreading: NOW_AND_THEN, ..ORDERED },
    FORCED,
    Trial { name: "forced/late", spreading: LATE, ..FORCED },
    Trial { name: "forced/now-and-then", spreading: NOW_AND_THEN, ..FORCED },
    Trial {
        name: "forced/never-and-an-operator-fails-back",
        spreading: Spreading::Never,
        meanwhile: Meanwhile::FailsBack,
        ending: ON_PRIMARY,
        ..FORCED
    },
    TOGETHER,
    Trial { name: "together/late", spreading: LATE, ..TOGETHER },
    Trial { name: "together/now-and-then", spreading: NOW_AND_THEN, ..TOGETHER },
    Trial {
        name: "together/never-and-the-power-returns",
        spreading: Spreading::Never,
        meanwhile: Meanwhile::PowerReturns,
        ending: UNDONE,
        ..TOGETHER
    },
];

const GATES: [&str; 2] = ["all_users", "iam_check"];
const ROUTES: [&str; 3] = ["cloudflare_page_rule", "cloudflare_redirect_rule", RECORD];

/// Every trial with every gate and every route.
pub(crate) async fn table() {
    let (mut cases, mut gates, mut routes) = (Vec::new(), Turns::default(), Turns::default());
    for trial in TRIALS {
        let (gate_played, route_played) = (gates.next_of(GATES.len()), routes.next_of(ROUTES.len()));
        for gate in GATES {
            for route in ROUTES {
                let name = format!("spread/{}/{gate}/{route}", trial.name);
                let selected = GATES[gate_played] == gate && ROUTES[route_played] == route;
                let case = Case::new(name, move |evidence| play(trial, gate, route, evidence));
                cases.push(case.selected(selected));
            }
        }
    }
    survive("IAM propagation", cases).await;
}

async fn play(trial: &Trial, gate: &str, route: &str, evidence: Arc<Evidence>) -> Played {
    let settings = with_switches(settings(trial.site), gate, route);
    let mut stage = Stage::set(settings, Options::default(), evidence).await;
    let service = stage.site().seed.service;
    stage.sandbox.world.run.spread(&service, trial.spreading, AT_ONCE);
    stage.primary(trial.power);
    if trial.unproven {
        stage.sandbox.world.promises.allow(Promise::MovesToWhatAnswers);
    }
    let message = trial.word.publish();
    stage.function().await;
    if trial.meanwhile == Meanwhile::InstanceEnds {
        waits_in_vain(&stage, &message).await?;
        stage.sandbox.world.run.spread(&service, AT_ONCE, AT_ONCE);
        stage.restart().await;
    }
    let (answer, meanwhile) = tokio::join!(stage.settle_here(&message), happen(trial, &stage));
    answer?;
    meanwhile?;
    // What flickers may flicker once more: visitors are asked for when it has come to rest.
    stage.sandbox.world.run.spread(&service, AT_ONCE, AT_ONCE);
    all_is_well(&stage, &trial.ending).await?;
    nothing_is_written_any_more(&mut stage, &message).await?;
    Ok("as the contract says")
}

/// An instance that waits for an answer until it is told to end leaves its plan to the next delivery: nobody was led away,
/// and monitoring was not paused on a standby that never answered.
async fn waits_in_vain(stage: &Stage, message: &Value) -> Result<(), String> {
    let world = &stage.sandbox.world;
    let (answer, ()) = tokio::join!(stage.push(message), async {
        world.ledger.ended("standby.get", IN_VAIN).await;
        stage.tell_to_end();
    });
    let answer = answer?;
    let site = stage.site();
    let (led_away, paused) =
        (world.cloudflare.is_routed(&site), !world.monitoring.is_enabled(&site.seed.check));
    if answer.status != 503 || led_away || paused {
        let (status, body) = (answer.status, answer.body);
        return Err(format!("answered {status} {body}; routed: {led_away}, monitoring paused: {paused}"));
    }
    Ok(())
}

async fn happen(trial: &Trial, stage: &Stage) -> Result<(), String> {
    let (world, site) = (&stage.sandbox.world, stage.site());
    let led_away = || world.cloudflare.is_routed(&site);
    match trial.meanwhile {
        Meanwhile::Nothing | Meanwhile::InstanceEnds => {}
        Meanwhile::PowerReturns => {
            let opened = || world.run.is_granted(&site.seed.service) && (led_away() || !trial.unproven);
            world.ledger.until(|_| opened()).await;
            stage.primary(Power::On);
        }
        Meanwhile::FailsBack => {
            world.ledger.until(|_| led_away()).await;
            stage.settle_here(&Word::Order("failback").publish()).await?;
        }
    }
    Ok(())
}
