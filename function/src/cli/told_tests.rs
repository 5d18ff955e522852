//! What commands print, kept as files at three widths: `just golden` writes what they print now.

#[path = "../../../tests/page/nights.rs"]
pub(super) mod nights;
#[path = "../../../tests/page/story.rs"]
#[allow(dead_code, reason = "the page's tests tell more of it")]
pub(super) mod story;

use stage::golden::Golden;

use super::words::visible;

/// A terminal as it is, one beside another window, and one on a wrist.
const WIDTHS: [usize; 3] = [80, 40, 20];

/// What is printed at some width.
pub(super) type Print<'a> = &'a dyn Fn(usize) -> String;

/// Compares what is printed with its files, and sees that it fits.
#[track_caller]
pub(super) fn keep(command: &str, prints: &[(&str, Print<'_>)]) {
    let mut golden = Golden::of(&format!("operator/golden/{command}"));
    for (name, print) in prints {
        let told = WIDTHS.map(|width| {
            let told = anstream::adapter::strip_str(&print(width)).to_string();
            fits(name, &told, width);
            format!("== {width} columns\n{}\n", told.trim_end())
        });
        golden.compare(name, &told.join("\n"));
    }
    golden.holds();
}

/// A command is copied whole, and a word that is too long can't be broken.
#[track_caller]
fn fits(name: &str, told: &str, width: usize) {
    for line in told.lines().filter(|line| visible(line) > width) {
        let text = line.trim_start_matches([' ', '·', '✗', '!', '"']);
        let is_whole = ["failover ", "gcloud "].iter().any(|program| text.starts_with(program));
        assert!(is_whole || !text.contains(' '), "{name} at {width}: {line}");
    }
}
