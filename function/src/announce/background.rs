//! What is known of a site besides what happened to it: how its things are called, and how its visitors get back.

use std::time::Duration;

use failover_core::{Failback, Policy, SwitchId};

use crate::clouds::Names;

/// What an announcement's words need of its site.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Background {
    /// What its switches are called.
    pub(super) names: Names,
    /// How visitors get back to its primary.
    pub(super) way_back: WayBack,
}

/// How visitors get back to the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum WayBack {
    /// By an order.
    #[default]
    Ordered,
    /// By an order with force: nobody can ask the primary past the redirect.
    Forced,
    /// By themselves, once it has answered for so long.
    ByItself(Duration),
    /// By the machine that takes them: there is no function to order anything of.
    Promoted,
}

impl Background {
    /// What is to be known of a site that visitors call `place`, and that takes orders or doesn't.
    pub fn of<'a>(
        switches: impl IntoIterator<Item = &'a SwitchId>,
        place: &str,
        policy: &Policy,
        takes_orders: bool,
    ) -> Self {
        let way_back = match policy.failback {
            _ if !takes_orders => WayBack::Promoted,
            Failback::Automatic { well_for } => WayBack::ByItself(well_for),
            Failback::Manual if policy.has_primary_url => WayBack::Ordered,
            Failback::Manual => WayBack::Forced,
        };
        Self { names: Names::of(switches, place), way_back }
    }
}
