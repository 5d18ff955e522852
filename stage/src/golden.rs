//! Texts that people read, kept as files: `just golden` writes what they are now, and the diff is the review.

use std::{collections::BTreeSet, fs, path::PathBuf};

/// A folder of such files.
#[derive(Debug)]
pub struct Golden {
    folder: PathBuf,
    differ: Vec<String>,
    named: BTreeSet<String>,
}

impl Golden {
    /// The folder below `tests`.
    pub fn of(folder: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests").join(folder);
        Self { folder, differ: Vec::new(), named: BTreeSet::new() }
    }

    /// Compares what a file has with what is said now, or writes it.
    pub fn compare(&mut self, name: &str, says: &str) {
        let file = self.folder.join(format!("{name}.txt"));
        self.named.insert(format!("{name}.txt"));
        let known = fs::read_to_string(&file).unwrap_or_default();
        if known == says {
            return;
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&self.folder).expect("a folder");
            fs::write(&file, says).expect("written");
        } else {
            self.differ.push(format!("{}:\n{}", file.display(), difference(&known, says)));
        }
    }

    /// Asserts that all are as they were, and that no file is left of what isn't compared any more.
    #[track_caller]
    pub fn holds(self) {
        let there = fs::read_dir(&self.folder).expect("a folder");
        let left: Vec<String> = there
            .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
            .filter(|name| !self.named.contains(name))
            .collect();
        assert!(left.is_empty(), "nothing says this any more: {left:?}");
        let differ = self.differ.join("\n");
        assert!(differ.is_empty(), "`just golden` accepts what is said now:\n\n{differ}");
    }
}

/// The lines that only one of the two has.
fn difference(known: &str, says: &str) -> String {
    let only = |one: &str, other: &str, sign: &str| -> String {
        let others: Vec<&str> = other.lines().collect();
        let lines = one.lines().filter(|line| !others.contains(line)).map(|line| format!("{sign} {line}"));
        lines.collect::<Vec<_>>().join("\n") + "\n"
    };
    only(known, says, "-") + &only(says, known, "+")
}
