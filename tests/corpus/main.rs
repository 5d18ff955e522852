//! Replays the corpus of the fuzzer: whatever once made a parser stumble, or shows it a new road, is read in every run.
//!
//! `.ci/fuzz` looks for more. Each folder beside this file belongs to the fuzz target of its name.

use std::{fs, path::Path};

use cloud_failover::{
    config::{Config, Environment, Purpose},
    push::envelope,
};
use failover_core::{Command, Entry, Notification, SiteName, is_meant_as_command};

/// Hands every file of a target to `read`, and says how many there were.
fn replay(target: &str, read: impl Fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut count = 0;
    for file in files {
        read(&fs::read(file.expect("a file").path()).expect("its bytes"));
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
    count
}

#[test]
fn envelopes_of_the_corpus_are_read_or_refused() {
    replay("envelope", |bytes| drop(envelope::read(bytes)));
}

#[test]
fn incidents_of_the_corpus_are_read_or_refused() {
    replay("incident", |bytes| drop(Notification::read(bytes)));
}

#[test]
fn commands_of_the_corpus_are_read_or_refused() {
    replay("command", |bytes| {
        drop(Command::read(bytes));
        is_meant_as_command(bytes);
    });
}

#[test]
fn entries_of_the_corpus_read_again_as_they_were_written() {
    let site: SiteName = "resume".parse().expect("a name");
    replay("entry", |bytes| {
        if let Ok(entry) = Entry::read(bytes, &site, 1) {
            assert_eq!(Entry::read(&entry.to_bytes(), &site, 1).expect("it reads"), entry);
        }
    });
}

#[test]
fn configurations_of_the_corpus_are_read_or_refused_with_a_reason() {
    let environment = Environment::of(Purpose::Serve, &[("CLOUDFLARE_API_TOKEN", "token")]);
    replay("config", |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if let Err(problems) = Config::read(text, &environment) {
            assert!(problems.sentences().next().is_some(), "refused without a reason");
        }
    });
}
