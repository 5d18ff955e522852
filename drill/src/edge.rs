//! The scenario `edge`: a site with the gate in front of it, in Cloudflare's own runtime, under load. Home dies in three
//! ways; the gate serves from the closed standby, reports, and the function moves the route.

mod crowd;
mod socket;
mod ways;
mod workerd;

use std::{
    collections::HashMap,
    fmt::Write,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use ::stage::process::environment;
use anyhow::{Context, anyhow};
use sandbox::{
    Aim, Fault, Options, Power, Sandbox, Service, Site,
    cloudflare::worker_route_id,
    edge::{GATE_SCRIPT, STANDBY_SCRIPT},
    google::access::FUNCTION_ACCOUNT,
    pubsub::topic,
    tokens::TOKEN_PATH,
};
use serde::Serialize;
use serde_json::json;
use tempfile::TempDir;

use self::{
    crowd::{Crowd, Tally},
    socket::{Conversation, Talker},
    ways::Ways,
    workerd::Workerd,
};
use super::{
    BADLY, WELL,
    arguments::DrillArguments,
    child::Child,
    logbook::{Clock, LogBook, in_seconds},
    patience::until,
    settings::gated,
    show,
};

/// The gate's account: it may invoke the standby and publish alerts, nothing else.
const GATE_ACCOUNT: &str = "failover-gate@gleich-tech.iam.gserviceaccount.com";
/// Everything is well for so long before something happens, and afterwards.
const CALM: Duration = Duration::from_secs(2);
/// How long an act may take.
const ACT_ENDS_WITHIN: Duration = Duration::from_mins(2);
/// How many calls Cloudflare's interface refuses in the first act, before it is itself again.
const REFUSED_CALLS: u32 = 4;

/// A way for home to be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Death {
    /// Connections are refused: Cloudflare answers 521.
    Refused,
    /// The tunnel is gone: 530.
    Tunnel,
    /// Nothing is said: 522, after 19 s.
    BlackHole,
}

impl Death {
    const ALL: [Self; 3] = [Self::Refused, Self::Tunnel, Self::BlackHole];

    fn told(self) -> &'static str {
        match self {
            Self::Refused => {
                "the power is cut: connections are refused (521); Cloudflare's interface is down, too"
            }
            Self::Tunnel => "the tunnel to home is gone (530)",
            Self::BlackHole => "home says nothing any more (522, after 19 s)",
        }
    }
}

/// What came of it, for people and for machines.
#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    scenario: &'static str,
    ended_well: bool,
    visitors_lost: usize,
    acts: Vec<Act>,
    /// What is not as it should be.
    wrong: Vec<String>,
}

/// One loss of home, and the way back.
#[derive(Debug, Serialize)]
struct Act {
    death: Death,
    /// From the loss until the route had the script of an outage.
    #[serde(rename = "route_moved_s", serialize_with = "in_seconds")]
    route_moved: Duration,
    /// From the order to fail back until the route had the gate again.
    #[serde(rename = "route_back_s", serialize_with = "in_seconds")]
    route_back: Duration,
    /// Everybody who came from before the loss until after the way back.
    visitors: Tally,
    /// The visitor with a socket, who came before the loss and stayed.
    socket: Conversation,
}

struct EdgeStage {
    sandbox: Arc<Sandbox>,
    site: Site,
    ways: Arc<Ways>,
    binary: PathBuf,
    bindings: workerd::Bindings,
    crowd: Crowd,
    function: Child,
    _folder: TempDir,
}

/// Plays it, and tells of it at the end.
pub(super) async fn run(arguments: &DrillArguments) -> anyhow::Result<u8> {
    let binary = workerd::find().ok_or_else(|| {
        anyhow!(
            "this scenario runs Cloudflare's own runtime, which isn't here; this puts it here (160 MB, from npm): {}",
            workerd::INSTALL
        )
    })?;
    let stage = EdgeStage::build(binary).await?;
    let mut acts = Vec::new();
    for death in Death::ALL {
        acts.push(stage.play(death).await?);
    }
    let wrong = stage.wrong();
    let visitors_lost = acts.iter().map(|act| act.visitors.lost + act.socket.lost).sum();
    let ended_well = wrong.is_empty() && visitors_lost == 0;
    // Its end is its own: what counts has been seen.
    let _ = stage.function.end().await;
    let report = Report { version: 1, scenario: "edge", ended_well, visitors_lost, acts, wrong };
    if arguments.json {
        show::write(&format!("{}\n", serde_json::to_string_pretty(&report)?));
    } else {
        show::write(&told(&report));
    }
    Ok(if report.ended_well { WELL } else { BADLY })
}

impl EdgeStage {
    async fn build(binary: PathBuf) -> anyhow::Result<Self> {
        let sandbox =
            Sandbox::start(Options::default()).await.context("no port of loopback could be listened on")?;
        let sandbox = Arc::new(sandbox);
        let site = sandbox.site("resume");
        let world = &sandbox.world;
        for account in [FUNCTION_ACCOUNT, GATE_ACCOUNT] {
            world.run.grant(&site.seed.service, "roles/run.invoker", &format!("serviceAccount:{account}"));
        }
        let route = worker_route_id(site.name());
        world.cloudflare.edits.edit_worker_route(&site.seed.zone, &route, "script", GATE_SCRIPT.into());
        let ways = Ways::open(&sandbox).await?;
        let folder = tempfile::Builder::new().prefix("failover-drill-").tempdir()?;
        let settings = gated(&site, &format!("http://{}/", ways.front));
        let config = settings.write(&sandbox, folder.path())?;
        let logbook = Arc::new(LogBook::new(folder.path().join("function.log"), Clock::start()));
        let function = Child::start(&config, &environment(&sandbox), &logbook).await?;
        world.pubsub.push_to(&format!("http://{}/push", function.address()));
        let bindings = bindings(&sandbox, &site);
        let crowd = Crowd::gather(ways.front)?;
        Ok(Self { sandbox, site, ways, binary, bindings, crowd, function, _folder: folder })
    }

    async fn play(&self, death: Death) -> anyhow::Result<Act> {
        // Isolates come by the thousand: each loss is met by one that remembers nothing.
        let workerd = Workerd::start(&self.binary, self.ways.front, self.ways.origin, &self.bindings).await?;
        self.ways.run_scripts_at([workerd.gate, workerd.standby]);
        tokio::time::sleep(CALM).await;
        let (begun, talker) = (Instant::now(), Talker::begin(self.ways.front));
        tokio::time::sleep(CALM + at_random()).await;
        let lost = Instant::now();
        self.lose(death);
        self.routed("the route to the standby", STANDBY_SCRIPT, false).await?;
        let route_moved = lost.elapsed();
        tokio::time::sleep(CALM).await;
        self.ways.untunnel(false);
        self.sandbox.world.set_primary(self.site.name(), Power::On);
        let asked = Instant::now();
        let order = json!({ "command": "failback", "site": self.site.name(), "reason": "home is back", "by": "drill" });
        self.sandbox.world.pubsub.publish(&topic("failover-commands"), order.to_string(), &[]);
        self.routed("the route back to the gate", GATE_SCRIPT, true).await?;
        let route_back = asked.elapsed();
        tokio::time::sleep(CALM).await;
        let ended = Instant::now();
        tokio::time::sleep(CALM).await;
        let (visitors, socket) = (self.crowd.tally(begun, ended), talker.end());
        workerd.end().await;
        Ok(Act { death, route_moved, route_back, visitors, socket })
    }

    fn lose(&self, death: Death) {
        let world = &self.sandbox.world;
        let power = match death {
            Death::Refused => {
                let refused = Fault::Status { code: 503, retry_after: None, body: None };
                world.fault(Aim::service(Service::Cloudflare).times(REFUSED_CALLS), refused);
                Power::Off
            }
            Death::Tunnel => {
                self.ways.untunnel(true);
                Power::Off
            }
            Death::BlackHole => Power::Dark,
        };
        world.set_primary(self.site.name(), power);
    }

    /// Until the route has this script and the check is as it is then: paused on the standby, awake at home.
    async fn routed(&self, what: &'static str, script: &str, awake: bool) -> anyhow::Result<()> {
        let monitoring = &self.sandbox.world.monitoring;
        let there = || {
            let routed = self.ways.script().is_some_and(|now| now == script);
            (routed && monitoring.is_enabled(&self.site.seed.check) == awake).then_some(())
        };
        until(what, ACT_ENDS_WITHIN, there).await.map_err(Into::into)
    }

    /// Orders that were carried out twice, and whatever nobody knows.
    fn wrong(&self) -> Vec<String> {
        let ledger = &self.sandbox.world.ledger;
        let mut orders: HashMap<String, usize> = HashMap::new();
        for record in ledger.since(0) {
            let sent = ["primary.send", "standby.send"].contains(&record.operation) || is_order(&record.path);
            if sent && record.service != Service::Edge && record.status() == Some(200) {
                *orders.entry(record.path.clone()).or_default() += 1;
            }
        }
        let twice = orders.iter().filter(|(path, times)| is_order(path) && **times > 1);
        let twice = twice.map(|(path, times)| format!("{path} was carried out {times} times"));
        let unknown = ledger.unknown();
        let asked = (!unknown.is_empty()).then(|| format!("calls that no provider has: {unknown:?}"));
        let open = self.sandbox.world.run.is_granted(&self.site.seed.service);
        let open = open.then(|| "the standby was opened to everybody".to_owned());
        twice.chain(asked).chain(open).collect()
    }
}

fn is_order(path: &str) -> bool {
    path.starts_with("/orders/")
}

/// Up to a second: home may die at any moment.
fn at_random() -> Duration {
    Duration::from_millis(u64::from(uuid::Uuid::new_v4().as_bytes()[0]) * 4)
}

fn bindings(sandbox: &Sandbox, site: &Site) -> workerd::Bindings {
    let base = |service| sandbox.url(service).to_string().trim_end_matches('/').to_owned();
    let standby = site.standby_url().to_string().trim_end_matches('/').to_owned();
    vec![
        ("SITE", site.name().to_owned()),
        ("STANDBY_URL", standby.clone()),
        ("TOKEN_AUDIENCE", standby),
        ("SERVICE_ACCOUNT", GATE_ACCOUNT.to_owned()),
        ("SIGNING_KEY", sandbox.world.keys.account_key(GATE_ACCOUNT)),
        ("TOKEN_URL", format!("{}{TOKEN_PATH}", base(Service::Jwks))),
        ("REPORT_URL", format!("{}/v1/{}:publish", base(Service::Pubsub), topic("failover-alerts"))),
    ]
}

fn told(report: &Report) -> String {
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let mut text =
        "A site with the gate in front of it, in Cloudflare's own runtime; fifty visitors a second, every \
         fourth sends an order, and one has a socket open\n\n"
            .to_owned();
    for Act { death, route_moved, route_back, visitors, socket } in &report.acts {
        let _ = writeln!(text, "  {}", death.told());
        let _ = writeln!(
            text,
            "    visitors {:>5}   home {:>5}   standby {:>5}   lost {:>3}   longest wait {}",
            visitors.visitors,
            visitors.by_primary,
            visitors.by_standby,
            visitors.lost,
            seconds(visitors.longest)
        );
        if visitors.told_so > 0 {
            let _ = writeln!(
                text,
                "    of {} orders, {} were on their way: a 503 says that nobody knows, and none is sent twice",
                visitors.orders, visitors.told_so
            );
        }
        let _ = writeln!(
            text,
            "    sockets opened   home {:>5}   standby {:>5}   lost {:>3}   longest silence {}",
            socket.by_primary,
            socket.by_standby,
            socket.lost,
            seconds(socket.silence)
        );
        let _ = writeln!(
            text,
            "    reported by the gate, route moved after {}; back {} after the order\n",
            seconds(*route_moved),
            seconds(*route_back)
        );
    }
    for wrong in &report.wrong {
        let _ = writeln!(text, "  wrong: {wrong}");
    }
    let _ = writeln!(text, "visitors lost: {}", report.visitors_lost);
    text.push_str(if report.ended_well {
        "Everything ended where it should.\n"
    } else {
        "It ended badly.\n"
    });
    text
}
