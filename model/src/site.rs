//! The site as it is searched: its scope, the rules it is played by, and what was found out so far.

use std::sync::Arc;

use failover_core::Plan;

use crate::{
    decided::Verdicts,
    graph::Graph,
    ledger::Ledger,
    memo::Memo,
    rules::{Plans, Rules},
    scope::Scope,
    world::{Run, World},
};

/// A scope, the rules it is played by, and what was found out so far.
#[derive(Debug)]
pub(crate) struct Site {
    /// What may happen.
    pub(crate) scope: Scope,
    /// Who decides.
    pub(crate) rules: Rules,
    /// The journal's states.
    pub(crate) ledger: Ledger,
    /// What was decided in each.
    pub(crate) verdicts: Verdicts,
    /// The plans.
    pub(crate) plans: Plans,
    /// What leads where.
    pub(crate) graph: Graph,
    /// Whether a rest may be dark, by journal and time.
    pub(crate) excused: Memo<(u32, u8, bool), bool>,
}

impl Site {
    /// A site that is played by these rules.
    pub(crate) fn new(scope: Scope, rules: Rules) -> Self {
        let (ledger, verdicts, graph) = (Ledger::new(rules), Verdicts::default(), Graph::default());
        let (plans, excused) = (Plans::default(), Memo::default());
        Self { scope, rules, ledger, verdicts, plans, graph, excused }
    }

    /// Whether no other instant is to come.
    pub(crate) fn is_over(&self, world: &World) -> bool {
        usize::from(world.clock) + 1 == self.scope.minutes.len()
    }

    /// The plan that is executed.
    pub(crate) fn plan(&self, run: &Run) -> Arc<Plan> {
        self.rules.plan(&self.plans, &self.scope.policy, (run.direction, run.terms(), run.task))
    }
}
