//! `failover plan`: what a move would do now, in order, and what holds it back. Looks at everything, writes nothing.

use failover_core::{
    Act, Command, Decision, Direction, Event, Facts, Incident, Line, Plan, Position, Reason, Role, Round,
    Served, Sighting, Signal, SignalKind, SiteName, State, Step, Terms, UpkeepTask, Verdict, decide, looks,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{
    act::Way,
    exit::{Exit, Failure},
    look,
    paint::{BOLD, GOOD, PLAIN, WARN, in_style},
    session::Session,
    words,
};
use crate::site::Guarded;

/// Where the second column begins.
const COLUMN: usize = 14;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which way.
    #[arg(value_enum)]
    way: Way,
    /// The site; without it the only one.
    #[arg(long, short, value_name = "NAME", value_hint = clap::ValueHint::Other)]
    site: Option<SiteName>,
    /// As if the command were given with --force.
    #[arg(long)]
    force: bool,
}

/// What would be done.
#[derive(Debug, Serialize)]
struct Prospect {
    site: SiteName,
    direction: Direction,
    /// What an operator's command would come to now.
    command: Word,
    /// What an alert would come to now; for a failover only.
    automatic: Option<Word>,
    steps: Vec<Ahead>,
    /// Why the standby could not serve, if it could not.
    standby_unable: Option<String>,
    public: Served,
    primary: Served,
    /// What the next round of reconcile would set where it belongs, if it came now.
    maintenance: Vec<Due>,
}

/// Maintenance that would be done.
#[derive(Debug, Serialize)]
struct Due {
    reason: String,
    steps: Vec<Ahead>,
}

/// A decision that is not taken.
#[derive(Debug, Serialize)]
struct Word {
    moves: bool,
    verdict: &'static str,
    reason: String,
    /// Until when the rule that holds it back does so, where that is known.
    until: Option<Timestamp>,
}

/// A step that would be made.
#[derive(Debug, Serialize)]
struct Ahead {
    step: Step,
    what: String,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    let site = session.site(args.site.as_ref())?;
    let progress = super::progress::Progress::of(session.screen, "looking at the site and its switches");
    let prospect = prospect(site, &args).await?;
    drop(progress);
    session.screen.show(&json!(prospect), |width| prospect.told(width));
    Ok(if prospect.command.moves { Exit::Done } else { Exit::NotAsAsked })
}

async fn prospect(site: &Guarded, args: &Args) -> Result<Prospect, Failure> {
    let verb = args.way.verb();
    let direction = if args.way == Way::Failover { Direction::Failover } else { Direction::Failback };
    let (head, fresh, switches) =
        tokio::join!(site.record.look_past(), site.fresh_facts(), site.switches.look_at(&look::ROLES));
    let state = head?.state;
    let now = Timestamp::now();
    let signal = |kind| Signal { message: "plan".to_owned(), published: now, received: now, kind };
    let command = Command { force: args.force, ..Command::new(verb) };
    let ordered = signal(SignalKind::Command(command));
    let wanted = looks(&state, &ordered);
    let primary = if wanted.primary { site.ask_primary_twice().await } else { fresh.primary.clone() };
    let seen = if wanted.switches { switches.clone() } else { Vec::new() };
    let facts = Facts { switches: seen, primary: primary.clone(), ..fresh.clone() };
    let decision = decide(&site.policy, &state, &facts, &ordered, now);
    let alerted = signal(SignalKind::Incident(imagined(now)));
    // An alert is decided as if the site were silent: that it still answers is said beside it.
    let silent = Facts { public: if_silent(&fresh.public), switches: Vec::new(), ..fresh.clone() };
    let automatic = (direction == Direction::Failover)
        .then(|| Word::of(&decide(&site.policy, &state, &silent, &alerted, now)));
    let terms = match &decision.verdict {
        Verdict::Start(_, order) => Terms::from(&**order),
        _ => Terms { force: args.force, ..Terms::default() },
    };
    let maintenance = maintenance(site, &state, &switches, &fresh.public);
    Ok(Prospect {
        site: site.name.clone(),
        direction,
        command: Word::of(&decision),
        automatic,
        steps: ahead(site, (direction, terms), &state, &switches),
        standby_unable: fresh.standby_unable,
        public: fresh.public,
        primary,
        maintenance,
    })
}

fn if_silent(public: &Served) -> Served {
    match public {
        Served::Silent(_) | Served::Unknown(_) => public.clone(),
        Served::By(_) => Served::Silent("as if it were silent".to_owned()),
    }
}

fn imagined(now: Timestamp) -> Incident {
    Incident::opened("imagined by failover plan".to_owned(), now, String::new())
}

impl Word {
    fn of(decision: &Decision) -> Self {
        let (moves, verdict) = match decision.verdict {
            Verdict::Start(..) | Verdict::CarryOn(_) => (true, "move"),
            Verdict::Pending => (false, "pending"),
            Verdict::Stay => (false, "stay"),
            Verdict::Refused => (false, "refused"),
        };
        let until = match &decision.reason {
            Reason::Held(hold) => Some(hold.until),
            Reason::CoolingDown { until } | Reason::BudgetSpent { until, .. } => Some(*until),
            _ => None,
        };
        let adopted = decision.record.iter().find_map(|event| match event {
            Event::Adopted { sentence, .. } => Some(format!("{sentence}; ")),
            _ => None,
        });
        let reason = adopted.unwrap_or_default() + &decision.reason.to_string();
        Self { moves, verdict, reason, until }
    }
}

/// What the plan that is open, or would be begun, has still to do.
fn ahead(
    site: &Guarded,
    (direction, terms): (Direction, Terms),
    state: &State,
    seen: &[Sighting],
) -> Vec<Ahead> {
    let open = state.newest().filter(|plan| plan.direction == direction);
    let terms = open.map_or(terms, |plan| Terms::from(&plan.order));
    let plan = Plan::new(direction, &site.policy, terms);
    let left = plan.steps().filter(|step| open.is_none_or(|plan| !plan.has_done(*step)));
    left.map(|step| Ahead { step, what: what(site, step, direction, seen) }).collect()
}

fn what(site: &Guarded, step: Step, direction: Direction, seen: &[Sighting]) -> String {
    let url = |url: Option<&url::Url>| url.map_or_else(|| "its URL".to_owned(), ToString::to_string);
    match step {
        Step::Answer => format!("wait until {} answers", url(site.targets.standby.as_ref())),
        Step::Verify => {
            let place = direction.leads_to();
            match &site.targets.public {
                Some(public) => format!("wait until a visitor of {public} is served by the {place}"),
                None => format!("look whether every route leads to the {place}"),
            }
        }
        Step::Open => set(Role::Gate, Position::Standby, seen),
        Step::Close if !site.policy.drain.is_zero() => {
            let drain = humantime::format_duration(site.policy.drain);
            format!("{}, no sooner than {drain} after that", set(Role::Gate, Position::Primary, seen))
        }
        Step::Close => set(Role::Gate, Position::Primary, seen),
        Step::Pause => set(Role::Monitor, Position::Standby, seen),
        Step::Resume => set(Role::Monitor, Position::Primary, seen),
        Step::Route | Step::Unroute => set(Role::Route, direction.leads_to(), seen),
        Step::Power => set(Role::Power, Position::Primary, seen),
    }
}

/// What would be set where it belongs while nothing moves, by the tables that are executed then.
fn maintenance(site: &Guarded, state: &State, seen: &[Sighting], public: &Served) -> Vec<Due> {
    if state.newest().is_some() {
        return Vec::new();
    }
    let now = Timestamp::now();
    let round = Round { state, seen, public, long_silent: false, repair: site.repair, now };
    let due = round.due().map(|due| (due.task(), due.reason()));
    let repairs = round.repairs().into_iter().map(|(strayed, to)| {
        let reason = format!("{} is at {} and belongs at {to}", strayed.switch, strayed.observed);
        (UpkeepTask::Repair(strayed.switch.clone(), to), reason)
    });
    let told = due.into_iter().chain(repairs).map(|(task, reason)| {
        let plan =
            Plan::maintenance(&task, |id| seen.iter().find(|seen| seen.switch == *id).map(|seen| seen.role));
        Due { reason, steps: plan.lines.iter().filter_map(|line| ahead_of(line, seen)).collect() }
    });
    told.collect()
}

fn ahead_of(line: &Line, seen: &[Sighting]) -> Option<Ahead> {
    let Act::Set(role, to) = line.act else { return None };
    let is_meant = |sighting: &&Sighting| line.only.as_ref().is_none_or(|only| *only == sighting.switch);
    let meant: Vec<Sighting> = seen.iter().filter(is_meant).cloned().collect();
    Some(Ahead { step: line.step, what: set(role, to, &meant) })
}

/// Each switch of a role with where it is and where it would be.
fn set(role: Role, to: Position, seen: &[Sighting]) -> String {
    let of_role = seen.iter().filter(|sighting| sighting.role == role);
    let told = of_role.map(|sighting| {
        let target = Sighting { observed: failover_core::Observed::At(to), ..sighting.clone() };
        let (now, then) = (look::position(sighting), look::position(&target));
        let switch = look::short(&sighting.switch);
        if now == then { format!("{switch}: {now} already") } else { format!("{switch}: {now} → {then}") }
    });
    told.collect::<Vec<_>>().join("; ")
}

impl Prospect {
    fn told(&self, width: usize) -> String {
        let (verb, site) = (self.direction, &self.site);
        let title = format!("{BOLD}{verb} of {site}{BOLD:#}, if it were asked for now");
        let mut text = words::wrap(&title, 2, width) + "\n\n";
        let mut line = |label: &str, told: &str| text += &words::labelled(label, PLAIN, told, COLUMN, width);
        for (number, ahead) in (1..).zip(&self.steps) {
            line(&format!("{number} {}", ahead.step), &ahead.what);
        }
        line("", "");
        line("a command", &self.command.told());
        if let Some(automatic) = &self.automatic {
            line("an alert", &automatic.told());
            if let Served::By(_) = self.public {
                line(
                    "",
                    "The public URL answers now; while it does, an alert is a false alarm and stays pending.",
                );
            }
        }
        if let Some(why) = &self.standby_unable {
            line("standby", &format!("{} {}", in_style(WARN, "can't serve:"), words::sentence(why)));
        }
        if self.direction == Direction::Failback && !self.command.moves {
            line("primary", &primary(&self.primary));
        }
        for due in &self.maintenance {
            let steps: Vec<String> =
                due.steps.iter().map(|step| format!("{}: {}", step.step, step.what)).collect();
            line("meanwhile", &format!("{}, as {}", steps.join("; "), due.reason));
        }
        text
    }
}

impl Word {
    fn told(&self) -> String {
        let verdict = match self.verdict {
            "move" => in_style(GOOD, "would move it:"),
            "pending" => in_style(WARN, "would be held back:"),
            "refused" => in_style(WARN, "would be refused:"),
            _ => in_style(BOLD, "would change nothing:"),
        };
        format!("{verdict} {}", words::sentence(&self.reason))
    }
}

fn primary(served: &Served) -> String {
    match served {
        Served::By(position) => format!("the {position} answers at the primary's own URL"),
        Served::Silent(why) => format!("silent: {why}"),
        Served::Unknown(why) => why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::told_tests::{Print, keep};
    use super::*;

    fn word(moves: bool, verdict: &'static str, reason: &str) -> Word {
        Word { moves, verdict, reason: reason.to_owned(), until: None }
    }

    fn prospect(
        direction: Direction,
        command: Word,
        automatic: Option<Word>,
        steps: &[(Step, &str)],
    ) -> Prospect {
        let silent = || Served::Silent("connection refused".to_owned());
        let public = if direction == Direction::Failover { Served::By(Position::Primary) } else { silent() };
        Prospect {
            site: "resume".parse().expect("a name"),
            direction,
            command,
            automatic,
            steps: steps.iter().map(|(step, what)| Ahead { step: *step, what: (*what).to_owned() }).collect(),
            standby_unable: None,
            public,
            primary: silent(),
            maintenance: Vec::new(),
        }
    }

    #[test]
    fn golden_files_show_what_would_be_done() {
        let forth = [
            (Step::Open, "cloud_run_invoker resume: closed → open"),
            (Step::Answer, "wait until https://will.iam.gleich.tech/ answers"),
            (
                Step::Route,
                "cloudflare_page_rule 9a7806061c88ada191ed06f989cc3dac: to the primary → to the standby",
            ),
            (Step::Verify, "wait until a visitor of https://will.gleich.tech/ is served by the standby"),
            (Step::Pause, "uptime_check resume-abc123: watching → paused"),
        ];
        let back = [
            (
                Step::Route,
                "cloudflare_page_rule 9a7806061c88ada191ed06f989cc3dac: to the standby → to the primary",
            ),
            (Step::Close, "cloud_run_invoker resume: open → closed"),
        ];
        let asked = || word(true, "move", "asked for by an operator");
        let alerted = word(true, "move", "an incident is open and the public URL doesn't answer");
        let cooling =
            "the cooldown after the last move lasts until 2026-11-20 03:22:40 UTC; \"acknowledge\" lifts it";
        let silent = "the primary has not answered twice in a row (connection refused); start it, or send \"failback\" with \"force\": true";
        let failover = |automatic| prospect(Direction::Failover, asked(), Some(automatic), &forth);
        let mut unable =
            failover(word(false, "pending", "the standby can't serve: it has no ready revision"));
        unable.standby_unable = Some("it has no ready revision".to_owned());
        let prospects = [
            ("failover", failover(alerted)),
            ("failover-held-back", failover(word(false, "pending", cooling))),
            ("failover-to-a-standby-that-is-unable", unable),
            ("failback-refused", prospect(Direction::Failback, word(false, "refused", silent), None, &back)),
            (
                "failback-already-there",
                prospect(
                    Direction::Failback,
                    word(false, "stay", "the site is on its primary already"),
                    None,
                    &[],
                ),
            ),
        ];
        let prints = prospects.each_ref().map(|(name, prospect)| (*name, move |width| prospect.told(width)));
        keep("plan", &prints.each_ref().map(|(name, print)| (*name, print as Print<'_>)));
    }
}
