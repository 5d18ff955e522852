//! A machine that is suspended and wakes up: what it had a right to before, somebody else may have taken over.
//!
//! A process has a clock of its own: while its machine is suspended the usual one stands still, and the others run on.

use std::{process::Command, sync::Arc, time::Duration};

use sandbox::{Aim, Fault, Options, Power, Sandbox, Served};
use stage::{Answer, Function, Settings, clock::Clock, payload};
use tempfile::TempDir;

/// A machine that can be suspended, with one process on it.
struct Laptop {
    function: Function,
    clock: Clock,
}

impl Laptop {
    /// `None` where its clock can't be made.
    async fn start(sandbox: &Sandbox, settings: &Settings, folder: &TempDir) -> Option<Self> {
        if !Clock::can_be_made("a machine that is suspended") {
            return None;
        }
        let clock = Clock::new(folder.path(), 1);
        let settings = Settings { environment: clock.environment(), ..settings.clone() };
        Some(Self { function: Function::start(sandbox, &settings, folder).await, clock })
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.function.pid().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "no SIG{name}");
    }

    /// Suspends it while `meanwhile` happens.
    async fn suspended<T>(&self, meanwhile: impl Future<Output = T>) -> T {
        let begun = std::time::Instant::now();
        self.signal("STOP");
        let happened = meanwhile.await;
        self.clock.stood_still(begun.elapsed());
        self.signal("CONT");
        happened
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wakes_up_on_a_machine_that_was_suspended_moves_nobody_against_a_newer_order() {
    let sandbox = Sandbox::start(Options::default()).await.expect("the sandbox starts");
    let folder = tempfile::tempdir().expect("a folder");
    let world = Arc::clone(&sandbox.world);
    let settings = Settings::default();
    let site = format!("{}drain = \"1h\"\n", settings.site);
    let settings = Settings { site, ..settings };
    let Some(laptop) = Laptop::start(&sandbox, &settings, &folder).await else {
        return;
    };
    // It opens the standby, and waits for its answer.
    world.set_standby("resume", Power::Failing(500));
    world.set_primary("resume", Power::Off);
    let incident = payload::incident("0.outage", "open", jiff::Timestamp::now());
    let push = payload::push("failover-alerts", "1", jiff::Timestamp::now(), &incident);
    let other = async {
        world.ledger.ended("standby.get", 3).await;
        laptop
            .suspended(async {
                world.set_standby("resume", Power::On);
                let other = Function::start(&sandbox, &settings, &folder).await;
                other.push(&push).await.is(200, "move", Some("Done"));
                world.set_primary("resume", Power::On);
                let order = serde_json::json!({ "command": "failback" });
                let order = payload::push("failover-commands", "2", jiff::Timestamp::now(), &order);
                other.push(&order).await.is(200, "move", Some("Done"));
                world.ledger.writes().len()
            })
            .await
    };
    let (answer, writes) = tokio::join!(laptop.function.push(&push), other);
    assert_eq!(answer.status, 200, "{answer:?}");
    let late: Vec<_> = world.ledger.writes().split_off(writes);
    assert!(late.is_empty(), "whoever woke up wrote {late:?}");
    let site = sandbox.site("resume");
    assert_eq!(
        sandbox::visitors::visit(&site.public_url()).await.expect("a visitor").served,
        Served::Primary
    );
    assert!(sandbox.violations().is_empty(), "{:?}", sandbox.violations());
}

/// A failover that one provider refuses for now, on a machine whose clocks are ours.
struct Refused {
    laptop: Laptop,
    sandbox: Sandbox,
    _folder: TempDir,
}

impl Refused {
    async fn start() -> Option<Self> {
        let sandbox = Sandbox::start(Options::default()).await.expect("the sandbox starts");
        let folder = tempfile::tempdir().expect("a folder");
        let laptop = Laptop::start(&sandbox, &Settings::default(), &folder).await?;
        sandbox.world.fault(Aim::at("run.set_iam_policy"), Fault::status(503));
        sandbox.world.set_primary("resume", Power::Off);
        Some(Self { laptop, sandbox, _folder: folder })
    }

    async fn failover(&self) -> Answer {
        let now = self.laptop.clock.now();
        let incident = payload::incident("0.outage", "open", now);
        self.laptop.function.push(&payload::push("failover-alerts", "1", now, &incident)).await
    }

    /// Waits until it was tried so many times more.
    async fn tries(&self, more: usize) {
        let ledger = &self.sandbox.world.ledger;
        let so_far = ledger.count("run.set_iam_policy");
        ledger.ended("run.set_iam_policy", so_far + more).await;
    }

    /// Waits until people are told that it ended, which they are behind the journal's entry.
    async fn is_stuck(&self) {
        let ends = async {
            while !self.laptop.function.output().contains("the failover of resume ended Stuck") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let told = tokio::time::timeout(Duration::from_mins(1), ends).await;
        assert!(told.is_ok(), "{}", self.laptop.function.output());
    }

    /// How often people were told.
    fn told(&self) -> usize {
        self.laptop.function.output().matches("it has been tried again for a minute").count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tried_for_a_minute_is_told_once_and_after_half_an_hour_it_waits_for_a_person() {
    let Some(refused) = Refused::start().await else { return };
    let time = async {
        refused.tries(2).await;
        assert_eq!(refused.told(), 0, "it has just begun");
        refused.laptop.clock.passes(Duration::from_secs(61));
        refused.tries(3).await;
        assert_eq!(refused.told(), 1);
        refused.laptop.clock.passes(Duration::from_mins(31));
    };
    // No push is answered later than after nine minutes; the plan goes on.
    let (answer, ()) = tokio::join!(refused.failover(), time);
    assert_eq!(answer.status, 503, "{answer:?}");
    while refused.failover().await.status != 200 {}
    refused.is_stuck().await;
    assert_eq!(refused.told(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_of_suspension_is_no_hour_of_trying() {
    let Some(refused) = Refused::start().await else { return };
    let sleep = async {
        refused.tries(2).await;
        refused.laptop.clock.suspended(Duration::from_hours(1));
        refused.tries(2).await;
        refused.sandbox.world.faults.clear();
    };
    let (answer, ()) = tokio::join!(refused.failover(), sleep);
    answer.is(200, "move", Some("Done"));
    assert_eq!(refused.told(), 0);
}
