//! A site that is two machines on loopback addresses: visitors are led by who has the address.

use ::stage::{
    Settings,
    machines::{Machines, Moves},
};
use sandbox::{Sandbox, World};
use url::Url;

use crate::story::SERVED_BY;

/// The same for all cases, since a journal that is restored names it; what differs is the port.
const NETWORK: [u8; 3] = [127, 96, 7];

/// The machines, and the address that one of them has.
#[derive(Debug)]
pub(crate) struct Address(Machines);

impl Address {
    /// Adds the machines to the sandbox.
    pub(crate) fn in_sandbox(sandbox: &Sandbox, moves: Moves) -> Self {
        Self(Machines::add(sandbox, moves, Some(NETWORK)))
    }

    /// The usual settings, for this site: a private address is connected to, at an external one a page is asked for.
    pub(crate) fn settings(&self, usual: Settings) -> Settings {
        let socket = self.0.socket();
        let [primary, standby] = self.0.own();
        let urls = match self.0.moves {
            Moves::Alias | Moves::Configuration => {
                format!("public_url = \"tcp://{socket}\"\nprimary_url = \"tcp://{primary}\"\n")
            }
            Moves::External => format!(
                "public_url = \"http://{socket}/\"\nprimary_url = \"http://{primary}/\"\n\
                 standby_url = \"http://{standby}/\"\n{SERVED_BY}"
            ),
        };
        Settings { urls: Some(urls), switches: Some(self.0.switch()), ..usual }
    }

    /// Where a visitor finds a page that says which machine answers.
    pub(crate) fn url(&self) -> Url {
        format!("http://{}/", self.0.socket()).parse().expect("a URL")
    }

    /// Who has the address.
    pub(crate) fn holders(&self, world: &World) -> Vec<String> {
        self.0.holders(world)
    }

    /// Whether the standby has it, and nobody else.
    pub(crate) fn is_at_standby(&self, world: &World) -> bool {
        self.holders(world) == [self.0.machine(1)]
    }

    /// Brings it to where it was.
    pub(crate) fn restore(&self, world: &World, holder: Option<&str>) {
        self.0.hand(world, holder);
    }

    /// Whether the primary runs.
    pub(crate) fn run_primary(&self, world: &World, running: bool) {
        world.run_machine(&self.0.machine(0), running);
    }

    /// What isn't the site's and isn't where it was.
    pub(crate) fn disturbed(&self, world: &World) -> Option<String> {
        self.0.astray(world).pop()
    }
}
