//! Lines of TOML for people to read: values stand one below the other.

/// These keys with values as TOML has them.
pub fn lines(lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
    lines.iter().fold(String::new(), |lines, (key, value)| lines + &format!("{key:<width$} = {value}\n"))
}

/// These keys with texts.
pub fn texts(texts: &[(&str, &str)]) -> String {
    let quoted: Vec<(&str, String)> = texts.iter().map(|(key, text)| (*key, quoted(text))).collect();
    lines(&quoted)
}

/// A text in quotes; none of ours has what would have to be escaped.
pub fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_one_below_the_other() {
        assert_eq!(texts(&[("zone", "a"), ("standby", "b")]), "zone    = \"a\"\nstandby = \"b\"\n");
    }
}
