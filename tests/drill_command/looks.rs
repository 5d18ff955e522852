//! What is printed where there is no terminal: plain lines that fit 80 columns.

use crate::process::{failover, told};

#[test]
fn without_a_terminal_there_are_plain_lines_and_no_escape_codes() {
    let output = failover(&["drill"]).env("LANG", "en_US.UTF-8").env("TERM", "xterm").output();
    let output = output.expect("the binary starts");
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(!text.contains(['\x1b', '\r']), "{text}");
    let chapters = ["All is well", "The power fails", "The power is back", "What happened"];
    let found: Vec<&str> = text.lines().filter(|line| chapters.contains(line)).collect();
    assert_eq!(found, chapters, "{text}");
    let too_wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(too_wide.is_empty(), "{too_wide:#?}");
    assert!(text.contains("Everything ended where it should"), "{text}");
}
