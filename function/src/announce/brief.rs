//! Sentences as people read them: whole, and in few words for a lock screen.

/// A person takes in so many at a glance: own choice.
const WORDS: usize = 16;
/// What is hardly longer isn't cut: own choice.
const UNCUT: usize = 20;

/// Makes a sentence of a fragment: a capital first, a full stop last. A name of something begins as it is written.
pub fn sentence(fragment: &str) -> String {
    let trimmed = fragment.trim();
    let mut letters = trimmed.chars();
    let Some(first) = letters.next() else { return String::new() };
    let stop = if trimmed.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    let word = trimmed.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ':', ';', '.']);
    let is_a_name = word.contains(|letter: char| "-_./:@".contains(letter) || letter.is_ascii_digit());
    if is_a_name {
        return format!("{trimmed}{stop}");
    }
    first.to_uppercase().chain(letters).chain(stop.chars()).collect()
}

/// The fragment in few words: without what stands in parentheses, no further than its first clause, and cut where that is
/// still long.
pub(super) fn brief(fragment: &str) -> String {
    let bare = without_parentheses(fragment);
    let clause = bare.split("; ").next().unwrap_or_default();
    let words: Vec<&str> = clause.split_whitespace().collect();
    match words.get(..WORDS) {
        Some(first) if words.len() > UNCUT => format!("{}…", first.join(" ").trim_end_matches([',', ':'])),
        _ => words.join(" "),
    }
}

/// What is left when whatever stands in parentheses is taken out, with the blank before it.
fn without_parentheses(text: &str) -> String {
    let (mut left, mut depth) = (String::new(), 0_usize);
    for letter in text.chars() {
        match letter {
            '(' => {
                depth += 1;
                left.truncate(left.trim_end().len());
            }
            ')' if depth > 0 => depth -= 1,
            _ if depth == 0 => left.push(letter),
            _ => {}
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_becomes_a_sentence() {
        assert_eq!(sentence("the token expired "), "The token expired.");
        assert_eq!(sentence("Really?"), "Really?");
        assert_eq!(sentence(" "), "");
    }

    #[test]
    fn few_words_leave_out_what_a_probe_met_and_what_follows() {
        for (long, short) in [
            (
                "an incident is open and the public URL doesn't answer (http://a.example/ answered 521, not 200 (twice))",
                "an incident is open and the public URL doesn't answer",
            ),
            ("the cooldown lasts until 03:14; \"acknowledge\" lifts it", "the cooldown lasts until 03:14"),
            ("it (a) does, (b) doesn't", "it does, doesn't"),
            ("one :) smile", "one :) smile"),
            ("", ""),
        ] {
            assert_eq!(brief(long), short);
        }
        let counted: Vec<String> = (1..=21).map(|number| number.to_string()).collect();
        assert_eq!(brief(&counted.join(" ")), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16…");
    }
}
