//! Where a journal is kept, as the configuration's `journal` spells it.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where the entries are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalLocation {
    /// `gs://bucket/prefix`: Cloud Storage. The prefix may be empty, and neither begins nor ends with a slash.
    Gs {
        /// The bucket's name.
        bucket: String,
        /// What all names begin with.
        prefix: String,
    },
    /// `file:/var/lib/failover`: a folder. Not for Cloud Run, whose disk is its memory.
    File(PathBuf),
    /// `memory:`: gone when the process ends; for sandboxes.
    Memory,
}

/// Why a text names no place for a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a journal is kept at \"gs://bucket/prefix\", \"file:/folder\" or \"memory:\", not at \"{0}\"")]
pub struct BadLocation(String);

impl JournalLocation {
    pub(super) fn prefix(&self) -> &str {
        match self {
            Self::Gs { prefix, .. } => prefix,
            Self::File(_) | Self::Memory => "",
        }
    }
}

impl FromStr for JournalLocation {
    type Err = BadLocation;

    fn from_str(text: &str) -> Result<Self, BadLocation> {
        let bad = || BadLocation(text.to_owned());
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(folder) = text.strip_prefix("file:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            return if folder.is_empty() { Err(bad()) } else { Ok(Self::File(folder.into())) };
        }
        let (bucket, prefix) = split_bucket(text.strip_prefix("gs://").ok_or_else(bad)?);
        let prefix_fits = prefix.split('/').all(|part| !part.is_empty()) || prefix.is_empty();
        if !is_bucket_name(bucket) || !prefix_fits || !prefix.chars().all(is_plain) {
            return Err(bad());
        }
        Ok(Self::Gs { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for JournalLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gs { bucket, prefix } if prefix.is_empty() => write!(f, "gs://{bucket}"),
            Self::Gs { bucket, prefix } => write!(f, "gs://{bucket}/{prefix}"),
            Self::File(folder) => write!(f, "file:{}", folder.display()),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

fn split_bucket(rest: &str) -> (&str, &str) {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    (bucket, prefix.strip_suffix('/').unwrap_or(prefix))
}

/// Cloud Storage, "Bucket naming requirements": small letters, digits, dashes, underscores and dots, 3 to 63 (222
/// with dots), a letter or digit at both ends.
fn is_bucket_name(name: &str) -> bool {
    let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    (3..=222).contains(&name.len())
        && name.chars().all(plain)
        && ends_well(name.chars().next())
        && ends_well(name.chars().last())
}

/// Names that need no escaping anywhere.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn gs(text: &str, bucket: &str, prefix: &str) {
        let expected = JournalLocation::Gs { bucket: bucket.into(), prefix: prefix.into() };
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }

    #[test]
    fn a_bucket_is_named_with_and_without_a_prefix() {
        gs("gs://gleich-tech-failover/journal", "gleich-tech-failover", "journal");
        gs("gs://bucket/a/b/", "bucket", "a/b");
        gs("gs://bucket", "bucket", "");
        gs("gs://bucket/", "bucket", "");
    }

    #[test]
    fn folders_and_memory_are_named() {
        assert_eq!("file:/var/lib/failover".parse(), Ok(JournalLocation::File("/var/lib/failover".into())));
        assert_eq!("file:///var/lib".parse(), Ok(JournalLocation::File("/var/lib".into())));
        assert_eq!("file:state".parse(), Ok(JournalLocation::File("state".into())));
        assert_eq!("memory:".parse(), Ok(JournalLocation::Memory));
    }

    #[test]
    fn everything_else_is_refused_with_examples() {
        for text in [
            "",
            "s3://bucket",
            "gs://",
            "gs:///x",
            "gs://Bucket/x",
            "gs://ab",
            "gs://b//x",
            "gs://bucket/a//b",
            "gs://bucket/a b",
            "file:",
            "memory",
            "/var/lib",
        ] {
            let refused = text.parse::<JournalLocation>().unwrap_err();
            assert!(refused.to_string().contains("gs://bucket/prefix"), "{text}");
        }
    }

    #[test]
    fn what_is_printed_is_what_was_written() {
        for text in ["gs://bucket/a/b", "gs://bucket", "file:/var/lib/failover", "memory:"] {
            assert_eq!(text.parse::<JournalLocation>().unwrap().to_string(), text);
        }
    }
}
