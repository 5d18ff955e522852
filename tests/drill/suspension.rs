//! A machine that is suspended and wakes up: what it had a right to before, somebody else may have taken over.
//!
//! A process is stopped, and a small library that is loaded before it takes the time that it was stopped off its usual
//! clock, as a suspended machine's does; the clock that runs on is left alone.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use sandbox::{Options, Power, Sandbox, Served};
use tempfile::TempDir;

use crate::harness::{Function, Settings};

/// Reads how many nanoseconds the machine was suspended from a file, and takes them off `CLOCK_MONOTONIC`.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile long long *slept;

__attribute__((constructor)) static void begin(void) {
  int file = open(getenv("SUSPENDED"), O_RDONLY);
  if (file >= 0) {
    void *seen = mmap(0, sizeof *slept, PROT_READ, MAP_SHARED, file, 0);
    if (seen != MAP_FAILED) slept = seen;
  }
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int told = real(clock, now);
  if (told == 0 && clock == CLOCK_MONOTONIC && slept) {
    long long left = now->tv_sec * 1000000000LL + now->tv_nsec - *slept;
    now->tv_sec = left / 1000000000LL;
    now->tv_nsec = left % 1000000000LL;
  }
  return told;
}
"#;

/// A machine that can be suspended, with one process on it.
struct Laptop {
    function: Function,
    slept: PathBuf,
}

impl Laptop {
    /// `None` where there is no C compiler to make its clock with.
    async fn start(sandbox: &Sandbox, settings: &Settings, folder: &TempDir) -> Option<Self> {
        let slept = folder.path().join("slept");
        std::fs::write(&slept, 0_i64.to_ne_bytes()).expect("a file");
        let clock = build(folder.path())?;
        let environment =
            vec![("LD_PRELOAD", clock.display().to_string()), ("SUSPENDED", slept.display().to_string())];
        let settings = Settings { environment, ..settings.clone() };
        Some(Self { function: Function::start(sandbox, &settings, folder).await, slept })
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
        let slept = i64::try_from(begun.elapsed().as_nanos()).expect("not for centuries");
        write_in_place(&self.slept, slept);
        self.signal("CONT");
        happened
    }
}

fn write_in_place(path: &Path, nanoseconds: i64) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().write(true).open(path).expect("the file");
    file.write_all(&nanoseconds.to_ne_bytes()).expect("it is written");
}

fn build(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, CLOCK).expect("the source");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    built.is_ok_and(|status| status.success()).then_some(library)
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
        say("skipped: there is no C compiler");
        return;
    };
    // It opens the standby, and waits for its answer.
    world.set_standby("resume", Power::Failing(500));
    world.set_primary("resume", Power::Off);
    let incident = crate::harness::payload::incident("0.outage", "open", jiff::Timestamp::now());
    let push = crate::harness::payload::push("failover-alerts", "1", jiff::Timestamp::now(), &incident);
    let other = async {
        world.ledger.ended("standby.get", 3).await;
        laptop
            .suspended(async {
                world.set_standby("resume", Power::On);
                let other = Function::start(&sandbox, &settings, &folder).await;
                other.push(&push).await.is(200, "move", Some("Done"));
                world.set_primary("resume", Power::On);
                let order = serde_json::json!({ "command": "failback" });
                let order =
                    crate::harness::payload::push("failover-commands", "2", jiff::Timestamp::now(), &order);
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

/// A test that can't be played here says so.
fn say(line: &str) {
    use std::io::Write;
    let _closed_is_fine = writeln!(std::io::stderr(), "{line}");
}
