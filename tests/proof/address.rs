//! A site that is two machines on loopback addresses: visitors are led by who has the address.

use sandbox::{
    Sandbox, World,
    compute::{Pair, PairSeed},
};
use url::Url;

use crate::{
    harness::{Settings, mirror::Moves},
    story::SERVED_BY,
};

/// The same for all cases, since a journal that is restored names it; what differs is the port.
const NETWORK: [u8; 3] = [127, 96, 7];

/// The machines, and the address that one of them has.
#[derive(Debug)]
pub(crate) struct Address {
    moves: Moves,
    pair: Pair,
}

impl Address {
    /// Adds the machines to the sandbox.
    pub(crate) fn in_sandbox(sandbox: &Sandbox, moves: Moves) -> Self {
        let seed = PairSeed { name: "mirror".to_owned(), network: NETWORK };
        let pair = sandbox.add_pair(seed).expect("loopback").expect("a pair that can be connected to");
        Self { moves, pair }
    }

    /// The usual settings, for this site: a private address is connected to, at an external one a page is asked for.
    pub(crate) fn settings(&self, usual: Settings) -> Settings {
        let socket = self.moves.socket(&self.pair);
        let [primary, standby] = self.pair.own;
        let urls = match self.moves {
            Moves::Alias => format!("public_url = \"tcp://{socket}\"\nprimary_url = \"tcp://{primary}\"\n"),
            Moves::External => format!(
                "public_url = \"http://{socket}/\"\nprimary_url = \"http://{primary}/\"\n\
                 standby_url = \"http://{standby}/\"\n{SERVED_BY}"
            ),
        };
        let switches = format!(
            "[[sites.switches]]\nkind = \"{}\"\n{}\nprimary = \"{}\"\nstandby = \"projects/gleich-tech/instances/{}\"\n",
            self.moves.kind(),
            self.moves.key(&self.pair.seed),
            self.pair.seed.instance(0),
            self.machine(1),
        );
        Settings { urls: Some(urls), switches: Some(switches), ..usual }
    }

    /// Where a visitor finds a page that says which machine answers.
    pub(crate) fn url(&self) -> Url {
        format!("http://{}/", self.moves.socket(&self.pair)).parse().expect("a URL")
    }

    /// Who has the address.
    pub(crate) fn holders(&self, world: &World) -> Vec<String> {
        world.compute.holders(self.moves.ip(&self.pair.seed))
    }

    /// Whether the standby has it, and nobody else.
    pub(crate) fn is_at_standby(&self, world: &World) -> bool {
        self.holders(world) == [self.machine(1)]
    }

    /// Brings it to where it was.
    pub(crate) fn restore(&self, world: &World, holder: Option<&str>) {
        let ip = self.moves.ip(&self.pair.seed);
        match self.moves {
            Moves::Alias => world.hand_alias(ip, holder),
            Moves::External => world.hand_external(ip, holder),
        }
    }

    /// Whether the primary runs.
    pub(crate) fn run_primary(&self, world: &World, running: bool) {
        world.run_machine(&self.machine(0), running);
    }

    /// What isn't the site's and isn't where it was.
    pub(crate) fn disturbed(&self, world: &World) -> Option<String> {
        let others = world.compute.holders(self.moves.other().ip(&self.pair.seed));
        if others != [self.machine(0)] {
            return Some(format!("the address that isn't ours is at {others:?}"));
        }
        [0, 1].into_iter().find_map(|index| {
            let machine = world.compute.machine(&self.machine(index)).unwrap_or_default();
            let ranges = machine["networkInterfaces"][0]["aliasIpRanges"].to_string();
            let lost = !ranges.contains("\"pods\"");
            lost.then(|| format!("{} lost what isn't ours: {ranges}", self.machine(index)))
        })
    }

    fn machine(&self, index: usize) -> String {
        self.pair.seed.machine(index)
    }
}
