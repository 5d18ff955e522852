//! A clock of a process's own: a small library that is loaded before the process has its clocks run as a test says.

use std::{
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;

use crate::binary;

/// What is loaded; its numbers are in this order.
const SOURCE: &str = include_str!("clock.c");

const BEHIND: usize = 0;
const AHEAD: usize = 1;
const PASSED: usize = 2;
const SPEED: usize = 3;
const BEGAN: usize = 4;
const LATER: usize = 5;
const NUMBERS: usize = 6;

/// The clock of all processes that are started with its environment.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
    library: &'static Path,
    began: Timestamp,
    later: OnceLock<Duration>,
    speed: u32,
    ahead: AtomicU64,
    passed: AtomicU64,
}

impl Clock {
    /// Whether there can be one: a C compiler makes it. Where not, it is said that `what` is skipped.
    pub fn can_be_made(what: &str) -> bool {
        let made = library().is_some();
        if !made {
            use std::io::Write;
            let _closed_is_fine = writeln!(std::io::stdout(), "{what}: skipped, there is no C compiler");
        }
        made
    }

    /// A clock that runs so many times as fast, kept in `folder`.
    ///
    /// # Panics
    /// Where it can't be made.
    pub fn new(folder: &Path, speed: u32) -> Self {
        let library = library().expect("a C compiler");
        let (file, began) = (folder.join("clock"), Timestamp::now());
        std::fs::write(&file, [0_u8; NUMBERS * 8]).expect("a file");
        let (later, ahead, passed) = (OnceLock::new(), AtomicU64::default(), AtomicU64::default());
        let clock = Self { file, library, began, later, speed, ahead, passed };
        clock.write(SPEED, i64::from(speed));
        clock.write(BEGAN, i64::try_from(began.as_nanosecond()).expect("not for centuries"));
        clock
    }

    /// What a process needs to have this clock.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.display().to_string()),
            ("TEST_CLOCK", self.file.display().to_string()),
        ]
    }

    /// The one on the wall goes on from `then`, however long ago that was; before any process has it.
    ///
    /// # Panics
    /// When called twice.
    pub fn goes_on_from(&self, then: Timestamp) {
        let later = Duration::try_from(self.began.duration_since(then)).unwrap_or_default();
        self.later.set(later).expect("once");
        self.write(LATER, nanoseconds(later));
    }

    /// The usual clock stood still for so long in all, as in a machine that was suspended; the others ran on by themselves.
    pub fn stood_still(&self, in_all: Duration) {
        self.write(BEHIND, nanoseconds(in_all));
    }

    /// The machine was suspended for so long between two instants.
    pub fn suspended(&self, how_long: Duration) {
        self.write(AHEAD, more(&self.ahead, how_long));
    }

    /// So long passes at once, on every clock.
    pub fn passes(&self, how_long: Duration) {
        self.write(PASSED, more(&self.passed, how_long));
    }

    /// The time of day, as the process sees it.
    pub fn now(&self) -> Timestamp {
        let since = Duration::try_from(Timestamp::now().duration_since(self.began)).unwrap_or_default();
        let jumped = [&self.ahead, &self.passed].map(|jumped| jumped.load(Ordering::Relaxed));
        let later = self.later.get().copied().unwrap_or_default();
        self.began - later + since * self.speed + Duration::from_nanos(jumped.iter().sum())
    }

    fn write(&self, number: usize, value: i64) {
        let file = std::fs::OpenOptions::new().write(true).open(&self.file).expect("the file");
        file.write_all_at(&value.to_ne_bytes(), number as u64 * 8).expect("it is written");
    }
}

/// What is in all where so much is added.
fn more(to: &AtomicU64, time: Duration) -> i64 {
    let time = u64::try_from(time.as_nanos()).expect("not for centuries");
    i64::try_from(to.fetch_add(time, Ordering::Relaxed) + time).expect("not for centuries")
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).expect("not for centuries")
}

/// The library, made once for all tests of this process.
fn library() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    MADE.get_or_init(|| make(&binary::scratch())).as_deref()
}

fn make(folder: &Path) -> Option<PathBuf> {
    let named = |ending: &str| folder.join(format!("clock-{}.{ending}", std::process::id()));
    let (source, library) = (named("c"), named("so"));
    std::fs::write(&source, SOURCE).expect("the source");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .status();
    std::fs::remove_file(&source).expect("the source is there");
    // Another process of tests may have made the same: whose name stays doesn't matter.
    let kept = folder.join("clock.so");
    built
        .is_ok_and(|status| status.success())
        .then(|| std::fs::rename(&library, &kept).expect("it is kept"))?;
    Some(kept)
}
