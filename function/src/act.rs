//! Act: executes a plan, line by line of its table, and has each step recorded.
//!
//! One executor per site and plan. It waits for older plans (`older_plans`), runs the plan (`run`, `needs`, `proof`, `undo`) with
//! hands that are each held to one thing: `permit` says whether it may go on, `answers` asks places, `switches` sets, `keep`
//! looks again, `patience` tries again, `announce` tells people, `step_teller` and the journal writer have each step written.

use std::sync::{Arc, atomic::AtomicBool};

use failover_core::{Direction, End, Plan, Refused, Step, SwitchId, Terms};
use tokio::sync::watch;

use crate::{clock::Instant, site::Guarded};

mod announce;
mod answers;
mod assignment;
pub(crate) mod claim;
mod done;
mod ending;
mod journal_writer;
mod keep;
mod needs;
mod older_plans;
mod outcome;
mod overdue;
mod patience;
mod permit;
mod power;
mod proof;
mod run;
mod step_teller;
mod switches;
mod undo;

use announce::Teller;
use answers::Answers;
use done::Done;
use ending::{Finish, Halt};
use journal_writer::JournalWriter;
use older_plans::OlderPlans;
use overdue::Waiting;
use patience::Patience;
use permit::Permit;
use run::Run;
use step_teller::StepTeller;
use switches::Switches;

pub use assignment::{Assignment, Outcome, Prefetched};

/// Executes one plan of one site.
#[derive(Debug)]
pub struct Executor {
    permit: Arc<Permit>,
    teller: Arc<Teller>,
    older: OlderPlans,
    run: Run,
    waiting: Waiting,
    begun: Instant,
}

impl Executor {
    /// Is given its plan; nothing is done yet.
    pub fn new(
        site: Arc<Guarded>,
        task: Assignment,
        shutdown: watch::Receiver<bool>,
        overtaken: watch::Receiver<bool>,
    ) -> Self {
        let direction = task.direction;
        let claim = (task.plan, task.claimed_at);
        let (record, nonce) = (Arc::clone(&site.record), task.nonce.clone());
        let journal = JournalWriter::start(record, nonce, claim, site.pace.claim_for);
        let goes_on_blind = direction == Direction::Failover;
        let claim_for = site.pace.claim_for;
        let permit = Arc::new(Permit { journal, shutdown, overtaken, claim_for, goes_on_blind });
        let incident = task.order.incidents.first().map(|incident| incident.id.clone());
        let (for_teller, for_older) = (Arc::clone(&site), Arc::clone(&site));
        let teller = Arc::new(Teller { site: for_teller, permit: Arc::clone(&permit), direction, incident });
        let (nonce, permit_too) = (task.nonce.clone(), Arc::clone(&permit));
        let older = OlderPlans { site: for_older, permit: permit_too, direction, nonce };
        let waiting = Waiting::default();
        let run = run(site, task, &permit, &teller, &waiting);
        Self { permit, teller, older, run, waiting, begun: Instant::now() }
    }

    /// Executes the plan until it ends, or this attempt does.
    ///
    /// # Guarantees
    /// Nothing is written to a cloud without a claim that is younger than `claim_for`, except by a failover while
    /// the journal can't be reached.
    ///
    /// # Cancellation
    /// The process may end at any await: the next executor observes and goes on.
    pub async fn execute(mut self) -> Outcome {
        self.teller.start(&self.run.done);
        let what = (self.run.plan.direction, self.permit.plan());
        let _reminder = overdue::tell_if_it_takes_long(&self.run.site, &self.waiting, what);
        match self.come_out().await {
            Ok(finish) => self.finish(finish).await,
            Err(Halt::Permanent(refusal)) => self.give_up(refusal).await,
            // Every run turns its own unwinding into a finish; what arrives here has nothing left to undo.
            Err(Halt::Unwind(why) | Halt::InVain(why)) => {
                self.finish(Finish::new(End::Unwound, self.run.done.state.active, why)).await
            }
            Err(Halt::Stop(stop)) => self.stop(stop).await,
        }
    }

    async fn come_out(&mut self) -> Result<Finish, Halt> {
        self.waiting.is_for("an older plan's end");
        let asked = Instant::now();
        self.older.are_over().await?;
        // One writer a site in this process: also a move that the journal doesn't know yet, and work outside any plan.
        let clouds = Arc::clone(&self.run.site.clouds);
        let _writer = self.permit.unless_stopped(clouds.lock_owned()).await?;
        self.run.looks_again = asked.elapsed() >= answers::ANSWER_HOLDS;
        Box::pin(self.run.execute()).await
    }
}

/// The run of a task's plan, with all that it takes.
fn run(
    site: Arc<Guarded>,
    task: Assignment,
    permit: &Arc<Permit>,
    teller: &Arc<Teller>,
    waiting: &Waiting,
) -> Run {
    let terms = Terms::from(&task.order);
    let role_of = |id: &SwitchId| site.switches.iter().find(|s| s.id() == id).map(|s| s.role());
    let plan = match &task.task {
        Some(task) => Plan::maintenance(task, role_of),
        None => Plan::new(task.direction, &site.policy, terms),
    };
    let done = Done {
        direction: task.direction,
        order: task.order,
        task: task.task,
        reason: task.reason,
        steps: task.steps,
        state: task.state,
        resumed: task.resumed,
        trouble: task.trouble,
        undoing: false,
    };
    let answers = Answers::new(Arc::clone(&site), terms, waiting.clone(), done.has(Step::Route));
    let (permit, answers) = (Arc::clone(permit), Arc::new(answers));
    let patience = Patience {
        site: Arc::clone(&site),
        permit: Arc::clone(&permit),
        answers: Arc::clone(&answers),
        teller: Arc::clone(teller),
        gives_up: plan.refused == Refused::LeftToNextRound,
    };
    let switches = Switches {
        site: Arc::clone(&site),
        permit: Arc::clone(&permit),
        answers: Arc::clone(&answers),
        patience,
        has_written: AtomicBool::new(false),
        has_asked_to_lead: AtomicBool::new(false),
    };
    let teller = StepTeller {
        site: Arc::clone(&site),
        direction: task.direction,
        permit: Arc::clone(&permit),
        answers: Arc::clone(&answers),
    };
    let prefetched = task.prefetched;
    let (looks_again, has_moved) = (false, false);
    Run { site, plan, done, permit, answers, switches, teller, prefetched, looks_again, has_moved }
}
