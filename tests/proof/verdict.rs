//! Where everything is in the end, and what must be true of every world at every end.

use failover_core::{Direction, End, Position};
use sandbox::{Kind, Served};
use serde_json::Value;

use crate::{
    cast::Word, chronicle::Chronicle, runner::Played, stage::Stage, stories::ON_STANDBY, story::Story,
};

/// Where a story ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    /// Where visitors are led.
    pub(crate) active: Position,
    /// Whether they are served there.
    pub(crate) served: bool,
    /// Whether the standby lets everybody in.
    pub(crate) open: bool,
    /// Whether monitoring is paused.
    pub(crate) paused: bool,
    /// How the newest plan may have ended.
    pub(crate) plan: &'static [(Direction, End)],
    /// How many outages there were, each of which may be answered by one failover.
    pub(crate) failovers: usize,
}

impl Ending {
    /// What is not yet as it should be.
    pub(crate) fn missing(&self, stage: &Stage) -> Result<Option<String>, String> {
        Ok(self.missing_in(&stage.chronicle()?, stage))
    }

    fn missing_in(&self, chronicle: &Chronicle, stage: &Stage) -> Option<String> {
        let (world, site) = (&stage.sandbox.world, stage.site());
        let state = chronicle.state();
        let routed = stage.is_routed();
        let open = world.run.is_granted(&site.seed.service);
        let paused = !world.monitoring.is_enabled(&site.seed.check);
        let newest = chronicle.newest_end();
        let wrong = [
            (routed != (self.active == Position::Standby))
                .then(|| format!("routed to the standby: {routed}")),
            (open != self.open).then(|| format!("the standby is open: {open}")),
            (paused != self.paused).then(|| format!("monitoring is paused: {paused}")),
            (state.active != self.active).then(|| format!("the journal says {}", state.active)),
            state.upkeep.as_ref().map(|upkeep| format!("{:?} was begun and not ended", upkeep.task)),
            state.maintenance.as_ref().map(|plan| format!("{:?} was begun and not ended", plan.task)),
            (!state.plans.is_empty()).then(|| "a plan is still open".to_owned()),
            newest
                .is_none_or(|end| !self.plan.contains(&end))
                .then(|| format!("the newest end is {newest:?}")),
        ];
        wrong.into_iter().flatten().reduce(|all, one| format!("{all}; {one}"))
    }
}

/// So many reconciles are waited for: three that find the site silent, and some more.
const RECONCILES: usize = 6;

/// So many reconciles may pass until visitors are served: three that find them in the dark, and some more.
const UNTIL_SERVED: usize = 8;

/// Reconciles until all is as it should be, or nothing more happens.
pub(crate) async fn reconciled(stage: &mut Stage, ending: &Ending) -> Played {
    for _ in 0..RECONCILES {
        stage.say(Word::Reconcile).await?;
        if ending.missing(stage)?.is_none() {
            break;
        }
    }
    Ok("by reconcile")
}

/// What is to be undone may end otherwise, too, where a look `may_have_failed`: it may have been the one that would have
/// had it undone.
pub(crate) fn ended_otherwise(
    stage: &Stage,
    story: &Story,
    may_have_failed: bool,
) -> Result<Option<(&'static str, Ending)>, String> {
    let is_undone = story.ending.plan.iter().all(|(_, end)| *end == End::Unwound);
    let went_on = stage.chronicle()?.newest_end() == Some((Direction::Failover, End::Done));
    Ok((is_undone && went_on && may_have_failed).then_some(("as the site looked silent", ON_STANDBY)))
}

/// Whatever happened meanwhile, at a call of it or otherwise, the story comes to its end: by itself, by reconcile, or by
/// the message once more.
pub(crate) async fn comes_right(
    stage: &mut Stage,
    story: &Story,
    a_look_may_have_failed: bool,
    message: &Value,
) -> Played {
    let mut way = "by itself";
    if let Some((way, ending)) = ended_otherwise(stage, story, a_look_may_have_failed)? {
        all_is_well(stage, &ending).await?;
        nothing_is_written_any_more(stage, message).await?;
        return Ok(way);
    }
    if story.ending.missing(stage)?.is_some() {
        way = reconciled(stage, &story.ending).await?;
    }
    if story.ending.missing(stage)?.is_some() {
        stage.settle(message).await?;
        reconciled(stage, &story.ending).await?;
        way = "by a redelivery after reconciles";
    }
    if story.ending.missing(stage)?.is_some() && story.message != Word::Reconcile {
        // What was refused is final: whoever asked asks again.
        stage.say(story.message).await?;
        reconciled(stage, &story.ending).await?;
        way = "by a new message";
    }
    all_is_well(stage, &story.ending).await?;
    nothing_is_written_any_more(stage, message).await?;
    Ok(way)
}

/// The tenth promise: nobody is left in the dark who could be served. Once all is quiet again, some reconciles are enough
/// for a visitor to get an answer, from where the journal says, with no plan open.
pub(crate) async fn nobody_is_left_in_the_dark(stage: &mut Stage, outages: usize) -> Result<(), String> {
    let mut wrong = String::new();
    for _ in 0..UNTIL_SERVED {
        stage.say(Word::Reconcile).await?;
        let (chronicle, routed) = (stage.chronicle()?, stage.is_routed());
        let state = chronicle.state();
        let visited =
            sandbox::visitors::visit(&stage.public_url()).await.map_err(|error| error.to_string())?;
        let agrees = (state.active == Position::Standby) == routed && state.plans.is_empty();
        if visited.succeeded() && agrees {
            return nothing_was_broken(stage, &chronicle, outages);
        }
        wrong = format!(
            "the journal says {}, routed to the standby: {routed}, {} plans are open, a visitor was served by {}",
            state.active,
            state.plans.len(),
            visited.served
        );
    }
    Err(wrong)
}

/// What must be true whenever all is settled, whatever happened on the way.
pub(crate) async fn all_is_well(stage: &Stage, ending: &Ending) -> Result<(), String> {
    let chronicle = stage.chronicle()?;
    if let Some(missing) = ending.missing_in(&chronicle, stage) {
        return Err(missing);
    }
    nothing_was_broken(stage, &chronicle, ending.failovers)?;
    are_served(stage, ending.active, ending.served).await
}

/// A visitor is served by this place, or isn't.
async fn are_served(stage: &Stage, by: Position, served: bool) -> Result<(), String> {
    let visited = sandbox::visitors::visit(&stage.public_url()).await.map_err(|error| error.to_string())?;
    let expected = match by {
        Position::Primary => Served::Primary,
        Position::Standby => Served::Standby,
    };
    let as_expected = (visited.served == expected) == served;
    as_expected.then_some(()).ok_or(format!("a visitor was served by {}", visited.served))
}

/// Requests that nobody but the cloud could have stopped, calls of these numbers, may have undone the newest move, and a
/// promise with it. Then reconcile finds that, and the journal and the visitors are of one mind again: visitors are served
/// where it says.
pub(crate) async fn comes_to_rest(stage: &mut Stage, ending: &Ending, late: &[u64]) -> Result<(), String> {
    if ending.missing(stage)?.is_some() {
        stage.say(Word::Reconcile).await?;
    }
    let chronicle = stage.chronicle()?;
    let state = chronicle.state();
    let routed = stage.is_routed();
    if !state.plans.is_empty() || (state.active == Position::Standby) != routed {
        return Err(format!("the journal says {}, and routed to the standby: {routed}", state.active));
    }
    are_served(stage, state.active, true).await?;
    nothing_else_was_broken(stage, &chronicle, ending.failovers, late)
}

/// No promise was broken, nothing unknown was asked, and the journal tells it all: at most so many failovers.
pub(crate) fn nothing_was_broken(
    stage: &Stage,
    chronicle: &Chronicle,
    failovers: usize,
) -> Result<(), String> {
    nothing_else_was_broken(stage, chronicle, failovers, &[])
}

/// The same, but for what calls of these numbers broke.
fn nothing_else_was_broken(
    stage: &Stage,
    chronicle: &Chronicle,
    failovers: usize,
    excused: &[u64],
) -> Result<(), String> {
    let mut broken = stage.sandbox.violations();
    broken.retain(|violation| !excused.contains(&violation.position));
    if !broken.is_empty() {
        return Err(format!("promises were broken: {broken:?}"));
    }
    if let Some(disturbed) =
        stage.address.as_ref().and_then(|address| address.disturbed(&stage.sandbox.world))
    {
        return Err(disturbed);
    }
    let unknown = stage.sandbox.world.ledger.unknown();
    if !unknown.is_empty() {
        return Err(format!("something unknown was asked: {unknown:?}"));
    }
    let done = chronicle.ended(Direction::Failover, End::Done);
    if done > failovers {
        return Err(format!("{done} failovers were done, of {failovers} outages"));
    }
    chronicle.is_as_it_may_be(stage.claim_for())?;
    chronicle.gap(stage.steps_without_a_switch()).map_or(Ok(()), Err)
}

/// What was done is done: delivered again, or reconciled, nothing is written any more.
pub(crate) async fn nothing_is_written_any_more(stage: &mut Stage, push: &Value) -> Result<(), String> {
    for again in [push.clone(), Word::Reconcile.publish_at(stage.now())] {
        let (before, entries) = (stage.sandbox.world.ledger.position(), stage.entries());
        stage.settle(&again).await?;
        let later = stage.sandbox.world.ledger.since(before);
        let writes = later.iter().filter(|record| matches!(record.kind, Kind::Write | Kind::Journal));
        let writes: Vec<&str> = writes.map(|record| record.operation).collect();
        if !writes.is_empty() || stage.entries() > entries {
            return Err(format!("all was settled, and delivered again it wrote {writes:?}"));
        }
    }
    Ok(())
}
