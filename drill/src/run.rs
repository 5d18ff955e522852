//! One drill from its beginning to its end.

use std::{pin::pin, time::Duration};

use sandbox::{Visitors, checker::Checker};
use tokio::time::MissedTickBehavior;

use super::{
    BADLY, INTERRUPTED, WELL,
    arguments::{DrillArguments, Scenario},
    child::Child,
    edge, findings,
    happening::Board,
    keep, places,
    report::Report,
    show::{self, DrillScreen, summary},
    signals,
    stage::{Home, Pace, Stage},
    story::{DrillStory, Marks},
    virtual_ip,
    watcher::Watcher,
};

/// Between two looks at what happened: often enough to be live, too seldom to be a load.
const TICK: Duration = Duration::from_millis(50);

/// Carries a drill out; the exit code says how it ended.
///
/// # Errors
/// When it could not even begin.
pub(super) async fn run(arguments: &DrillArguments) -> anyhow::Result<u8> {
    match arguments.scenario {
        Scenario::Site => site(arguments, Home::Server).await,
        Scenario::Kubernetes if arguments.broken().is_some() => {
            Err(anyhow::anyhow!("--fault belongs to the scenario site"))
        }
        Scenario::Kubernetes => site(arguments, Home::Deployment).await,
        Scenario::Edge => edge::run(arguments).await,
        Scenario::GcpVip => virtual_ip::run(arguments, virtual_ip::Cloud::Google).await,
        Scenario::AzureVip => virtual_ip::run(arguments, virtual_ip::Cloud::Azure).await,
    }
}

/// What is there when the story is over.
struct Played {
    stage: Stage,
    visitors: Visitors,
    checker: Checker,
    child: Child,
    watcher: Option<Watcher>,
    marks: Marks,
    stopped: Option<String>,
}

async fn site(arguments: &DrillArguments, home: Home) -> anyhow::Result<u8> {
    let mut screen = DrillScreen::fitting(arguments.json);
    let mut asked_to_end = signals::asked_to_end();
    let played = unless_interrupted(&mut asked_to_end, play(arguments, home, &mut screen)).await;
    let Some(played) = played else {
        screen.settle();
        show::write_error("\nThe drill was interrupted; nothing of it is left running.\n");
        return Ok(INTERRUPTED);
    };
    let played = played?;
    if arguments.keep {
        keep_on(arguments, &mut screen, played, asked_to_end).await
    } else {
        end(arguments, &mut screen, played).await
    }
}

/// Nothing if somebody ends the drill meanwhile, or has done so before.
async fn unless_interrupted<T>(
    asked_to_end: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        () = asked_to_end => None,
        done = work => Some(done),
    }
}

/// Starts everything, plays the story and shows it meanwhile.
async fn play(arguments: &DrillArguments, home: Home, screen: &mut DrillScreen) -> anyhow::Result<Played> {
    let pace = if arguments.slow { Pace::slow() } else { Pace::fast() };
    let stage = Stage::set(pace, arguments.broken(), home).await?;
    let child = stage.start_function().await?;
    let watcher = stage.start_watcher().await?;
    screen.open(&stage);
    let board = Board::default();
    board.chapter("All is well");
    let visitors = Visitors::start(&stage.site.public_url(), stage.pace.visitor_every)?;
    let checker = stage.start_checker();
    let (marks, child, came_out) = {
        let mut story = pin!(DrillStory::new(&stage, &visitors, &board, child).play());
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                played = &mut story => break played,
                _ = ticks.tick() => screen.look(&stage, &visitors, &board),
            }
        }
    };
    screen.look(&stage, &visitors, &board);
    screen.settle();
    visitors.stop();
    let stopped = came_out.err().map(|why| why.to_string());
    Ok(Played { stage, visitors, checker, child, watcher, marks, stopped })
}

async fn end(arguments: &DrillArguments, screen: &mut DrillScreen, played: Played) -> anyhow::Result<u8> {
    let Played { stage, visitors, checker, child, watcher, marks, stopped } = played;
    drop(checker);
    let mut report = Report::draw(&stage, &visitors, &marks, stopped);
    if let Some(watcher) = watcher {
        report.add_end(findings::farewell("the watcher ended when it was told to", watcher.end().await));
    }
    report.add_end(findings::farewell("the function ended when it was told to", child.end().await));
    tell(arguments, screen, &report, &visitors);
    Ok(code(&report))
}

async fn keep_on(
    arguments: &DrillArguments,
    screen: &mut DrillScreen,
    played: Played,
    asked_to_end: impl Future<Output = ()>,
) -> anyhow::Result<u8> {
    let Played { stage, visitors, checker: _checker, child, watcher: _watcher, marks, stopped } = played;
    let places = places::open(&stage, &child).await?;
    let mut report = Report::draw(&stage, &visitors, &marks, stopped);
    report.kept = Some(places.clone());
    tell(arguments, screen, &report, &visitors);
    drop(visitors);
    if let Some(kept) = unless_interrupted(asked_to_end, keep::go_on(&stage, &places, screen)).await {
        kept?;
    }
    screen.settle();
    child.end().await;
    Ok(code(&report))
}

fn tell(arguments: &DrillArguments, screen: &mut DrillScreen, report: &Report, visitors: &Visitors) {
    if arguments.json {
        show::write(&report.to_json());
    } else {
        let style = screen.style();
        screen.say(&summary::of(report, visitors, &style));
    }
}

fn code(report: &Report) -> u8 {
    if report.ended_well { WELL } else { BADLY }
}
