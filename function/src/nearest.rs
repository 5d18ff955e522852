//! The key that somebody meant who mistyped one.

/// The one of `known` that is nearest to `word`, if one is near enough to be meant.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
    let typed = plain(word);
    let near = known.into_iter().map(|key| (distance(&typed, &plain(key)), key));
    // A third of the letters may be wrong: more, and any short word would be near to any other.
    near.filter(|(far, key)| far * 3 <= key.len().max(3)).min_by_key(|(far, _)| *far).map(|(_, key)| key)
}

/// How many letters were left out, put in, changed or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = rows[i][j] + usize::from(a != b);
            let mut least = changed.min(row[j] + 1).min(rows[i][j + 1] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let keys = ["cooldown", "repair", "expect", "standby_expect", "public_url", "host"];
        for (typed, meant) in [
            ("cooldwon", Some("cooldown")),
            ("cool_down", Some("cooldown")),
            ("Public-URL", Some("public_url")),
            ("hots", Some("host")),
            ("expects", Some("expect")),
            ("zones", None),
            ("x", None),
        ] {
            assert_eq!(nearest(typed, keys), meant, "{typed}");
        }
    }
}
