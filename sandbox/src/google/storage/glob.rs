//! `matchGlob` of listings: `*` and `?` stay within a folder, `**` doesn't (Cloud Storage documentation, "List objects and
//! prefixes using glob").

/// Whether a name fits the pattern.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => name.is_empty(),
        Some('*') => match letters.as_str().strip_prefix('*') {
            Some(rest) => ends(name, |_| true).any(|tail| fits(rest, tail)),
            None => ends(name, |letter| letter != '/').any(|tail| fits(letters.as_str(), tail)),
        },
        Some(wanted) => {
            let mut told = name.chars();
            let fit = told
                .next()
                .is_some_and(|letter| if wanted == '?' { letter != '/' } else { letter == wanted });
            fit && fits(letters.as_str(), told.as_str())
        }
    }
}

/// What is left of a name after none, one, two … of its letters, as long as they may be passed.
fn ends(name: &str, may_pass: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let passed = name.find(|letter| !may_pass(letter)).unwrap_or(name.len());
    let starts = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    starts.filter(move |at| *at <= passed).map(|at| &name[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_in_its_folder_and_two_do_not() {
        for (pattern, name, fit) in [
            ("journal/*.json", "journal/1.json", true),
            ("journal/*.json", "journal/resume/1.json", false),
            ("journal/**.json", "journal/resume/1.json", true),
            ("**/1.json", "journal/resume/1.json", true),
            ("journal/?.json", "journal/12.json", false),
            ("*", "", true),
            ("a*", "b", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }
}
