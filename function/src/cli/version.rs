//! What `--version` says: the release, and the commit that this was built from, where whoever built it told.

use std::sync::LazyLock;

/// Set by the release, by CI and by the image's build; a tarball without git knows none.
const COMMIT: Option<&str> = option_env!("FAILOVER_COMMIT");

/// Characters of a commit that tell it from any other.
const SHORT: usize = 12;

static VERSION: LazyLock<String> = LazyLock::new(|| of(env!("CARGO_PKG_VERSION"), COMMIT));

/// The version in words.
pub(super) fn version() -> &'static str {
    &VERSION
}

fn of(release: &str, commit: Option<&str>) -> String {
    let is_commit = |text: &&str| text.len() >= SHORT && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match commit.map(str::trim).filter(is_commit) {
        Some(commit) => format!("{release} (commit {})", &commit[..SHORT]),
        None => format!("{release} (of a commit that its build was not told)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_names_its_commit_or_says_that_it_cannot() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(of("0.1.0", Some(commit)), "0.1.0 (commit 0123456789ab)");
        for unknown in [None, Some(""), Some("unknown"), Some("main-branch-of-us")] {
            assert_eq!(of("0.1.0", unknown), "0.1.0 (of a commit that its build was not told)");
        }
    }
}
