//! Two machines that mirror each other, and what the mirror's callback does on them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use sandbox::{
    Options, Sandbox, Service,
    compute::{Pair, PairSeed},
};
use tempfile::TempDir;
use tokio::process::Child;

use super::operator::{self, Ran, failover};

/// Which of the pair's two addresses is the mirror's; the other one is somebody else's and stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// The private one, by `gcp_alias_ip`.
    Alias,
    /// The external one, by `gcp_access_config`.
    External,
}

/// The machines, on loopback addresses, and the one configuration that both have.
#[derive(Debug)]
pub struct Mirror {
    /// The clouds.
    pub sandbox: Sandbox,
    /// The machines.
    pub pair: Pair,
    /// Where the configuration is, and a `file:` journal.
    pub folder: TempDir,
    config: PathBuf,
    moves: Moves,
}

impl Moves {
    /// The kind of the switch.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Alias => "gcp_alias_ip",
            Self::External => "gcp_access_config",
        }
    }

    /// The one that isn't the mirror's.
    pub fn other(self) -> Self {
        if self == Self::Alias { Self::External } else { Self::Alias }
    }

    /// The key that names the address.
    pub fn key(self, seed: &PairSeed) -> String {
        match self {
            Self::Alias => format!("range = \"{}/32\"", seed.alias()),
            Self::External => format!("address = \"{}\"", seed.address()),
        }
    }

    /// The address itself.
    pub fn ip(self, seed: &PairSeed) -> Ipv4Addr {
        match self {
            Self::Alias => seed.alias(),
            Self::External => seed.external(),
        }
    }

    /// Where clients connect to.
    pub fn socket(self, pair: &Pair) -> SocketAddr {
        match self {
            Self::Alias => pair.alias,
            Self::External => pair.external,
        }
    }
}

impl Mirror {
    /// With the journal in a bucket and a public URL that is a connection.
    pub async fn start() -> Self {
        Self::moving(Moves::Alias).await
    }

    /// The same, and this address moves.
    pub async fn moving(moves: Moves) -> Self {
        Self::build(moves, "gs://gleich-tech-failover/journal", true).await
    }

    /// With this journal, in which `{folder}` stands for the folder, and visitors or none.
    pub async fn with(journal: &str, visitors: bool) -> Self {
        Self::build(Moves::Alias, journal, visitors).await
    }

    async fn build(moves: Moves, journal: &str, visitors: bool) -> Self {
        let options = Options { sites: Vec::new(), pairs: Vec::new(), ..Options::default() };
        let sandbox = Sandbox::start(options).await.expect("loopback");
        let pair = sandbox.add_pair(PairSeed::on_loopback("mirror")).expect("loopback").expect("a pair");
        let folder = TempDir::new().expect("a folder");
        let config = folder.path().join("failover.toml");
        let journal = journal.replace("{folder}", &folder.path().display().to_string());
        let socket = moves.socket(&pair);
        let public = if visitors { format!("public_url = \"tcp://{socket}\"\n") } else { String::new() };
        let text = format!(
            "journal = \"{journal}\"\ncall_timeout = \"1s\"\nclaim_for = \"500ms\"\njournal_patience = \"2s\"\n\
             [endpoints]\nstorage = \"{}\"\ncompute = \"{}compute/v1\"\n[[sites]]\nname = \"db\"\n{public}\
             [[sites.switches]]\nkind = \"{}\"\n{}\nprimary = \"{}\"\n\
             standby = \"projects/gleich-tech/instances/mirror-b\"\n",
            sandbox.url(Service::Storage),
            sandbox.url(Service::Compute),
            moves.kind(),
            moves.key(&pair.seed),
            pair.seed.instance(0),
        );
        std::fs::write(&config, text).expect("a file");
        Self { sandbox, pair, folder, config, moves }
    }

    /// The mirror's callback on one of the machines.
    pub async fn promote(&self, index: usize, words: &[&str]) -> Ran {
        let patience: &[&str] = if words.contains(&"--within") { &[] } else { &["--within", "20s"] };
        let words = [&["promote", "--site", "db"], patience, words].concat();
        failover(&self.sandbox, &self.config, &words, &[("GCE_METADATA_HOST", &self.metadata(index))]).await
    }

    /// The same, begun and not waited for.
    pub fn begin_promotion(&self, index: usize) -> Child {
        let words = ["promote", "--site", "db", "--within", "20s"];
        let host = self.metadata(index);
        let environment = [("GCE_METADATA_HOST", host.as_str())];
        operator::command(&self.sandbox, &self.config, &words, &environment)
            .spawn()
            .expect("the binary starts")
    }

    /// An operator's command, on neither machine.
    pub async fn operator(&self, words: &[&str]) -> Ran {
        failover(&self.sandbox, &self.config, words, &[]).await
    }

    /// A command on a machine that has no metadata server.
    pub async fn nowhere(&self, words: &[&str]) -> Ran {
        failover(&self.sandbox, &self.config, words, &[("GCE_METADATA_HOST", "127.0.0.1:9")]).await
    }

    /// Who answers a client that connects to the address.
    pub async fn client_sees(&self) -> Option<String> {
        let answer = reqwest::get(format!("http://{}/", self.moves.socket(&self.pair))).await.ok()?;
        Some(answer.headers().get("served-machine")?.to_str().ok()?.to_owned())
    }

    /// Which machines the network leads the address to.
    pub fn holders(&self) -> Vec<String> {
        self.sandbox.world.compute.holders(self.moves.ip(&self.pair.seed))
    }

    /// Which machines have the address that isn't the mirror's.
    pub fn holders_of_the_other(&self) -> Vec<String> {
        self.sandbox.world.compute.holders(self.moves.other().ip(&self.pair.seed))
    }

    fn metadata(&self, index: usize) -> String {
        self.pair.metadata[index].to_string()
    }
}
