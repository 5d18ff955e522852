//! One switch in a sandbox of its own.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use cloud_failover::{
    api::{Pace, Secret, tokens::StaticToken},
    clouds::{
        self, Change, Clients, Endpoints, Observation, Settings, Situation, Switch, SwitchError,
        kubernetes::Source,
    },
};
use failover_core::{Observed, Position, Served};
use sandbox::{
    Aim, Fault, Kind as CallKind, Options, Promise, Sandbox, Service, Site, World,
    google::access::FUNCTION_ACCOUNT, kubernetes::Kubernetes,
};
use url::Url;

use crate::kinds::Kind;

/// A switch, and the world that it moves.
pub(crate) struct Bench {
    pub(crate) kind: &'static Kind,
    pub(crate) sandbox: Sandbox,
    pub(crate) site: Site,
    pub(crate) switch: Arc<dyn Switch>,
    mark: u64,
}

impl Bench {
    /// The switch as the sandbox's site has it, at its primary position.
    pub(crate) async fn of(kind: &'static Kind) -> Self {
        Self::patient(kind, Duration::from_secs(4)).await
    }

    /// One whose calls are tried for so long.
    pub(crate) async fn patient(kind: &'static Kind, budget: Duration) -> Self {
        Self::named(kind, kind.table, budget).await
    }

    /// One that names a thing that isn't there.
    pub(crate) async fn astray(kind: &'static Kind) -> Self {
        Self::named(kind, kind.astray, Duration::from_secs(4)).await
    }

    async fn named(kind: &'static Kind, table: fn(&sandbox::SiteSeed) -> String, budget: Duration) -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let site = sandbox.site("resume");
        let spec = clouds::read(
            kind.key,
            &table(&site.seed).replace("{edge}", &site.edge.to_string()).parse().unwrap(),
        )
        .unwrap();
        let switch = spec.build(&clients(&sandbox, budget));
        assert_eq!((switch.id(), switch.role()), (&spec.id(), spec.role()));
        Self { kind, sandbox, site, switch, mark: 0 }
    }

    pub(crate) fn world(&self) -> &World {
        &self.sandbox.world
    }

    /// From now on the write goes wrong like this.
    pub(crate) fn break_write(&self, hits: u32, fault: Fault) {
        self.world().fault(Aim::at(self.kind.write).times(hits), fault);
    }

    /// From now on every read goes wrong like this.
    pub(crate) fn break_reads(&self, hits: u32, fault: &Fault) {
        for read in self.kind.reads {
            self.world().fault(Aim::at(read).times(hits), fault.clone());
        }
    }

    /// Where the switch really is.
    pub(crate) fn truth(&self) -> Position {
        if (self.kind.is_standby)(self.world(), &self.site) { Position::Standby } else { Position::Primary }
    }

    /// What hangs on the switch and isn't its own.
    pub(crate) fn rest(&self) -> serde_json::Value {
        (self.kind.rest)(self.world(), &self.site)
    }

    pub(crate) async fn look(&self) -> Observation {
        self.switch.observe().await.unwrap_or_else(|error| panic!("{}: {}", self.kind.name, error.cause))
    }

    pub(crate) async fn set(&self, position: Position) -> Result<Change, SwitchError> {
        self.switch.set(position, None).await
    }

    /// Sets it, which has to work, and has to be seen afterwards.
    pub(crate) async fn move_to(&self, position: Position) -> Change {
        let set = self.set(position).await;
        let change = set.unwrap_or_else(|error| panic!("{}: {}", self.kind.name, error.cause));
        assert_eq!(self.truth(), position, "{}", self.kind.name);
        assert_eq!(self.look().await.observed, Observed::At(position), "{}", self.kind.name);
        change
    }

    /// Counts from here.
    pub(crate) fn begin(&mut self) {
        self.mark = self.world().ledger.position();
    }

    /// How many writes there were since `begin`.
    pub(crate) fn writes(&self) -> usize {
        self.since(CallKind::Write)
    }

    /// How many reads there were since `begin`.
    pub(crate) fn reads(&self) -> usize {
        self.since(CallKind::Read)
    }

    fn since(&self, kind: CallKind) -> usize {
        self.world().ledger.since(self.mark).iter().filter(|call| call.kind == kind).count()
    }
}

impl Drop for Bench {
    /// However it went: nothing was asked that no provider has, and nothing foreign was changed. The other promises
    /// are those of a whole plan.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(format!("{:?}", self.world().ledger.unknown()), "[]", "{}", self.kind.name);
            let mut broken = self.sandbox.violations();
            broken.retain(|violation| violation.promise == Promise::NothingForeign);
            assert_eq!(broken, [], "{}", self.kind.name);
        }
    }
}

/// A site on its primary, at which nothing is under way.
pub(crate) fn situation() -> Situation {
    Situation {
        site: "db".parse().unwrap(),
        settled_at: Some(Position::Primary),
        public: Served::By(Position::Primary),
        public_url: None,
        standby_url: None,
        primary_url: None,
        drain: None,
        member: "user:alice@gleich.tech".to_owned(),
        switches: Vec::new(),
    }
}

/// Clients of this sandbox, quick to try again.
pub(crate) fn clients(sandbox: &Sandbox, budget: Duration) -> Clients {
    clients_within(sandbox, budget, Duration::from_millis(800))
}

/// The same, whose calls take no longer than this.
pub(crate) fn clients_within(sandbox: &Sandbox, budget: Duration, call_timeout: Duration) -> Clients {
    let token = sandbox.world.access.issue(FUNCTION_ACCOUNT, Duration::from_hours(1));
    let settings = Settings {
        endpoints: endpoints(sandbox),
        own_cluster: Source::Kubeconfig { path: kubeconfig(sandbox), context: None },
        cloudflare_token: Some(Secret::new(&format!(" {}\n", Options::default().cloudflare_token))),
        call_timeout,
        pace: pace(budget),
        ..Settings::default()
    };
    Clients::with_tokens(settings, Arc::new(StaticToken(Secret::new(&token)))).unwrap()
}

/// A kubeconfig of this sandbox's cluster, where Cargo keeps what tests leave behind.
pub(crate) fn kubeconfig(sandbox: &Sandbox) -> PathBuf {
    let server = sandbox.url(Service::Kubernetes);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kubeconfig-{}", uuid::Uuid::new_v4()));
    std::fs::write(&path, Kubernetes::kubeconfig(&server)).unwrap();
    path
}

pub(crate) fn endpoints(sandbox: &Sandbox) -> Endpoints {
    let url = |service: Service| Some(sandbox.url(service));
    Endpoints {
        run: url(Service::Run),
        monitoring: url(Service::Monitoring),
        compute: url(Service::Compute).map(|url: Url| url.join("compute/v1").unwrap()),
        azure: url(Service::Azure),
        azure_metadata: url(Service::AzureMetadata),
        azure_login: url(Service::AzureLogin),
        cloudflare: url(Service::Cloudflare).map(|url: Url| url.join("client/v4").unwrap()),
        ..Endpoints::default()
    }
}

pub(crate) fn pace(budget: Duration) -> Pace {
    Pace { budget, ..Pace::default().scaled(0.01) }
}
