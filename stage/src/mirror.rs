//! Two machines that mirror each other, and what the mirror's callback does on them.

use std::{net::IpAddr, path::PathBuf};

use sandbox::{Cidr, Options, Sandbox, Service, compute::MachineSeed};
use tempfile::TempDir;
use tokio::process::Child;

use crate::{
    Settings,
    machines::{Machines, Moves},
    operator::{self, Ran, failover},
};

/// The machines, on loopback addresses, and the one configuration that both have.
#[derive(Debug)]
pub struct Mirror {
    /// The clouds.
    pub sandbox: Sandbox,
    /// Where the configuration is, and a `file:` journal.
    pub folder: TempDir,
    machines: Machines,
    config: PathBuf,
}

impl Mirror {
    /// With the journal in a bucket and a public URL that is a connection.
    pub async fn start() -> Self {
        Self::moving(Moves::Alias).await
    }

    /// The same, and this moves.
    pub async fn moving(moves: Moves) -> Self {
        Self::build(moves, "gs://gleich-tech-failover/journal", true).await
    }

    /// With this journal, in which `{folder}` stands for the folder, and visitors or none.
    pub async fn with(journal: &str, visitors: bool) -> Self {
        Self::build(Moves::Alias, journal, visitors).await
    }

    async fn build(moves: Moves, journal: &str, visitors: bool) -> Self {
        let (pairs, azure_pairs) = (Vec::new(), Vec::new());
        let options = Options { sites: Vec::new(), pairs, azure_pairs, ..Options::default() };
        let sandbox = Sandbox::start(options).await.expect("loopback");
        let machines = Machines::add(&sandbox, moves, None);
        let folder = TempDir::new().expect("a folder");
        let socket = machines.socket();
        let public = if visitors { format!("public_url = \"tcp://{socket}\"\n") } else { String::new() };
        let settings = Settings {
            journal: journal.to_owned(),
            top: "call_timeout = \"1s\"\nclaim_for = \"500ms\"\njournal_patience = \"2s\"\n".to_owned(),
            push: Vec::new(),
            services: vec![Service::Storage, Service::Compute, Service::Azure],
            rest: format!("[[sites]]\nname = \"db\"\n{public}\n{}", machines.switch()),
            ..Settings::as_deployed()
        };
        let config = settings.write(&sandbox, folder.path()).expect("a file");
        Self { sandbox, folder, machines, config }
    }

    /// The mirror's callback on one of the machines.
    pub async fn promote(&self, index: usize, words: &[&str]) -> Ran {
        let patience: &[&str] = if words.contains(&"--within") { &[] } else { &["--within", "20s"] };
        let words = [&["promote", "--site", "db"], patience, words].concat();
        let (variable, place) = self.machines.metadata(index);
        failover(&self.sandbox, &self.config, &words, &[(variable, &place)]).await
    }

    /// The same, begun and not waited for.
    pub fn begin_promotion(&self, index: usize) -> Child {
        let words = ["promote", "--site", "db", "--within", "20s"];
        let (variable, place) = self.machines.metadata(index);
        operator::command(&self.sandbox, &self.config, &words, &[(variable, &place)])
            .spawn()
            .expect("the binary starts")
    }

    /// An operator's command; on a machine of the mirror where only those may ask the cloud.
    pub async fn operator(&self, words: &[&str]) -> Ran {
        let own = (self.machines.moves == Moves::Configuration).then(|| self.machines.metadata(0));
        let environment: Vec<(&str, &str)> =
            own.iter().map(|(variable, place)| (*variable, place.as_str())).collect();
        failover(&self.sandbox, &self.config, words, &environment).await
    }

    /// A command on a machine that has no metadata server.
    pub async fn nowhere(&self, words: &[&str]) -> Ran {
        failover(&self.sandbox, &self.config, words, &[("GCE_METADATA_HOST", "127.0.0.1:9")]).await
    }

    /// Who answers a client that connects to the address.
    pub async fn client_sees(&self) -> Option<String> {
        let answer = reqwest::get(format!("http://{}/", self.machines.socket())).await.ok()?;
        Some(answer.headers().get("served-machine")?.to_str().ok()?.to_owned())
    }

    /// One of the machines.
    pub fn machine(&self, index: usize) -> String {
        self.machines.machine(index)
    }

    /// Which machines the network leads what moves to.
    pub fn holders(&self) -> Vec<String> {
        self.machines.holders(&self.sandbox.world)
    }

    /// Somebody takes the address away from whoever has it.
    pub fn take_away(&self) {
        self.machines.hand(&self.sandbox.world, None);
    }

    /// A third machine has the address.
    pub fn hand_to_a_third(&self) {
        self.take_away();
        let IpAddr::V4(address) = self.machines.socket().ip() else { panic!("an address of IPv4") };
        let [first, second, third, _] = address.octets();
        self.sandbox.world.compute.add_machine(MachineSeed {
            project: "gleich-tech".to_owned(),
            zone: "us-central1-c".to_owned(),
            name: "mirror-c".to_owned(),
            subnet: "projects/gleich-tech/regions/us-central1/subnetworks/mirror".to_owned(),
            ip: [first, second, third, 13].into(),
            aliases: vec![(Cidr::of(address), None)],
        });
    }

    /// How often an interface was written.
    pub fn writes(&self) -> usize {
        let operations = ["compute.update_network_interface", "azure.put_interface"];
        operations.iter().map(|operation| self.sandbox.world.ledger.count(operation)).sum()
    }

    /// What of the machines isn't the mirror's and is not as it was.
    pub fn astray(&self) -> Vec<String> {
        self.machines.astray(&self.sandbox.world)
    }
}
