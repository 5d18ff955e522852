//! Which part of the function, of its sandbox, stage and drill, may use which: a table each, from the bottom up. A new arrow is a
//! decision, made here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Each part with what it uses, every part after those that it uses. So there is no circle.
type Layers = &'static [(&'static str, &'static [&'static str])];

const FUNCTION: Layers = &[
    ("clock", &[]),
    ("edge", &[]),
    ("host", &[]),
    ("log", &[]),
    ("nearest", &[]),
    ("pace", &[]),
    ("api", &["log"]),
    ("pubsub", &["api"]),
    ("journal", &["api"]),
    ("record", &["clock", "journal", "pace"]),
    ("clouds", &["api", "edge", "host", "log", "nearest"]),
    ("probe", &["api", "clouds", "host", "log"]),
    ("announce", &["api", "clouds", "log", "pubsub"]),
    ("config", &["announce", "api", "clouds", "host", "journal", "log", "nearest", "pace", "probe"]),
    ("site", &["announce", "api", "clouds", "log", "pace", "probe", "record"]),
    ("push", &["api", "clouds", "config", "log"]),
    ("act", &["announce", "api", "clock", "clouds", "log", "push", "record", "site"]),
    ("check", &["api", "clouds", "config", "journal", "log", "pubsub", "record", "site"]),
    ("watch", &["announce", "api", "clouds", "config", "log", "probe", "pubsub"]),
    ("page", &["announce", "api", "clouds", "config", "log", "pubsub", "push", "record", "site"]),
    ("monitors", &["page", "push", "site", "watch"]),
    (
        "cycle",
        &["act", "announce", "check", "clock", "clouds", "config", "log", "push", "record", "site", "watch"],
    ),
    (
        "app",
        &[
            "announce", "api", "check", "clouds", "config", "cycle", "journal", "monitors", "pace", "page",
            "probe", "pubsub", "push", "record", "site", "watch",
        ],
    ),
    (
        "cli",
        &[
            "announce", "api", "app", "check", "clouds", "config", "cycle", "edge", "log", "nearest", "page",
            "push", "record", "site", "watch",
        ],
    ),
];

const SANDBOX: Layers = &[
    ("service", &[]),
    ("frame", &["service"]),
    ("network", &["frame"]),
    ("google", &["frame", "network", "service"]),
    ("azure", &["frame", "google", "network"]),
    ("kubernetes", &["frame"]),
    ("sites", &["frame", "google", "kubernetes", "service"]),
    ("cloudflare", &["frame", "sites"]),
    ("options", &["network", "service", "sites"]),
    (
        "world",
        &["azure", "cloudflare", "frame", "google", "kubernetes", "network", "options", "service", "sites"],
    ),
    ("judge", &["azure", "cloudflare", "frame", "google", "sites", "world"]),
    ("sandbox", &["frame", "google", "judge", "network", "options", "service", "sites", "world"]),
    ("checker", &["frame", "google", "sites", "world"]),
    ("visitors", &["frame", "sites"]),
];

const STAGE: Layers = &[
    ("answer", &[]),
    ("binary", &[]),
    ("golden", &[]),
    ("journal", &[]),
    ("payload", &[]),
    ("process", &[]),
    ("table", &[]),
    ("clock", &["binary"]),
    ("switches", &["table"]),
    ("settings", &["switches", "table"]),
    ("function", &["binary", "process"]),
    ("operator", &["binary", "process"]),
    ("watching", &["binary", "process"]),
    ("machines", &["switches"]),
    ("mirror", &["machines", "operator"]),
    ("drill", &["journal", "operator", "payload", "settings"]),
];

const DRILL: Layers = &[
    ("fault", &[]),
    ("happening", &[]),
    ("logbook", &[]),
    ("patience", &[]),
    ("signals", &[]),
    ("arguments", &["fault"]),
    ("child", &["logbook", "patience"]),
    ("watcher", &["child", "logbook", "patience"]),
    ("settings", &["watcher"]),
    ("control", &[]),
    ("stage", &["child", "fault", "logbook", "settings", "watcher"]),
    ("calls", &["stage"]),
    ("journal", &["stage"]),
    ("observer", &["happening", "logbook", "stage", "watcher"]),
    ("places", &["child", "control", "stage"]),
    ("outlook", &["journal", "patience", "stage", "watcher"]),
    ("story", &["child", "fault", "happening", "outlook", "patience", "stage"]),
    ("findings", &["fault", "journal", "stage", "story"]),
    ("moves", &["journal", "logbook", "stage", "story"]),
    ("report", &["calls", "fault", "findings", "logbook", "moves", "places", "stage", "story"]),
    ("show", &["calls", "findings", "happening", "moves", "observer", "report", "stage"]),
    ("edge", &["arguments", "child", "logbook", "patience", "settings", "show"]),
    ("keep", &["happening", "places", "show", "stage"]),
    ("sandbox_command", &["arguments", "control", "settings", "show", "signals"]),
    ("virtual_ip", &["arguments", "logbook", "show"]),
    (
        "run",
        &[
            "arguments",
            "child",
            "edge",
            "findings",
            "happening",
            "keep",
            "places",
            "report",
            "show",
            "signals",
            "stage",
            "story",
            "virtual_ip",
            "watcher",
        ],
    ),
];

/// Where each table's sources are, beside the function's own manifest.
const TABLES: [(&str, Layers); 4] =
    [("src", FUNCTION), ("../sandbox/src", SANDBOX), ("../stage/src", STAGE), ("../drill/src", DRILL)];

#[test]
fn no_part_uses_one_that_stands_above_it() {
    for (place, layers) in TABLES {
        let mut below: BTreeSet<&str> = BTreeSet::new();
        for (part, uses) in layers {
            for used in *uses {
                assert!(below.contains(used), "{place}: {part} uses {used}, which doesn't stand below it");
            }
            assert!(below.insert(part), "{place}: {part} is listed twice");
        }
    }
}

#[test]
fn every_arrow_in_the_source_is_in_the_table_and_every_one_in_the_table_is_in_the_source() {
    for (place, layers) in TABLES {
        let wrong = differences(&Path::new(env!("CARGO_MANIFEST_DIR")).join(place), layers);
        assert!(wrong.is_empty(), "{place}: {}", wrong.join("\n"));
    }
}

fn differences(src: &Path, layers: Layers) -> Vec<String> {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        layers.iter().map(|(part, uses)| (*part, uses.iter().copied().collect())).collect();
    let mut wrong = Vec::new();
    for (part, uses) in &arrows(src) {
        let Some(allowed) = allowed.get(part.as_str()) else {
            wrong.push(format!("{part} has no place in the table"));
            continue;
        };
        for (used, file) in uses.iter().filter(|(used, _)| !allowed.contains(used.as_str())) {
            wrong.push(format!("{part} uses {used} in {}", file.display()));
        }
        for unused in allowed.iter().filter(|used| !uses.contains_key(**used)) {
            wrong.push(format!("{part} doesn't use {unused} any more"));
        }
    }
    wrong
}

/// What each part of `src` uses, with a file that does.
fn arrows(src: &Path) -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let mut found: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    let files = sources(src);
    let parts: BTreeSet<String> =
        files.iter().map(|file| part_of(file.strip_prefix(src).expect("it is below src"))).collect();
    for file in files {
        let below = file.strip_prefix(src).expect("it is below src");
        let (part, root) = (part_of(below), "super::".repeat(below.iter().count()));
        if matches!(part.as_str(), "lib" | "main") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a file of ours");
        let uses = found.entry(part.clone()).or_default();
        for used in used_in(&text, &root).into_iter().filter(|used| *used != part && parts.contains(used)) {
            uses.entry(used).or_insert_with(|| file.clone());
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|end| end == "rs") && !is_of_tests(path))
        .collect()
}

fn is_of_tests(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"))
}

fn part_of(path: &Path) -> String {
    path.iter().next().expect("a name").to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The parts that are named after `crate::`, or after what leads to the `root` from where it stands, alone or in braces;
/// comments and what is compiled for tests only don't count.
fn used_in(text: &str, root: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let by_root = code.match_indices(root).filter(|(at, _)| !code[..*at].ends_with("::"));
    let by_root = by_root.filter(|(at, found)| !code[at + found.len()..].starts_with("super::"));
    let all = code.match_indices("crate::").chain(by_root);
    all.flat_map(|(at, found)| named(&code[at + found.len()..])).collect()
}

fn named(path: &str) -> Vec<String> {
    if !path.starts_with('{') {
        return Vec::from_iter(word(path));
    }
    let (mut depth, mut names, mut expected) = (0, Vec::new(), false);
    for (at, letter) in path.char_indices() {
        match letter {
            '{' => (depth, expected) = (depth + 1, depth == 0),
            '}' if depth == 1 => return names,
            '}' => depth -= 1,
            ',' => expected = depth == 1,
            _ if expected && letter.is_alphabetic() => {
                names.extend(word(&path[at..]));
                expected = false;
            }
            _ => {}
        }
    }
    names
}

fn word(path: &str) -> Option<String> {
    let word: String = path.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    // A name with a capital is an item of the crate's root, not a part.
    word.starts_with(char::is_lowercase).then_some(word)
}
