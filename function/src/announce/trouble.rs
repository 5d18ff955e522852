//! Trouble, in the order in which a person at night needs it: what to do, what failed, and the provider's own words.

/// A sentence of the engine's, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told<'a> {
    /// What to do, where it says so.
    pub mend: Option<&'a str>,
    /// What failed.
    pub failed: &'a str,
    /// Who said what about it.
    pub said: Option<(&'a str, &'a str)>,
}

impl<'a> Told<'a> {
    /// "could not … : PROVIDER answered STATUS: WORDS; REMEDY", as clients put it; any other sentence stays whole.
    pub fn read(sentence: &'a str) -> Self {
        let whole = Self { mend: None, failed: sentence, said: None };
        let Some((place, rest)) = answered(sentence) else { return whole };
        let (words, mend) = remedy(rest);
        let provider = sentence[..place].rsplit(": ").next().unwrap_or_default();
        let provider = provider.split(" answered ").next().unwrap_or_default();
        let said = (!words.trim().is_empty()).then_some((provider, words));
        Self { mend, failed: &sentence[..place], said }
    }
}

/// Where the status of an answer ends, and what follows it.
fn answered(sentence: &str) -> Option<(usize, &str)> {
    let at = sentence.find(" answered ")? + " answered ".len();
    let status =
        sentence.get(at..at + 3).filter(|status| status.bytes().all(|byte| byte.is_ascii_digit()))?;
    let end = at + status.len();
    let rest = sentence[end..].strip_prefix(": ")?;
    Some((end, rest))
}

/// Providers join their own messages with a semicolon too, but begin each with a capital or a code.
fn remedy(rest: &str) -> (&str, Option<&str>) {
    let breaks = rest.match_indices("; ").map(|(at, _)| at);
    let ours = |at: &usize| rest[at + 2..].starts_with(|letter: char| letter.is_ascii_lowercase());
    match breaks.clone().find(ours) {
        Some(at) => (&rest[..at], Some(&rest[at + 2..])),
        None => (rest, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_what_failed_and_the_providers_words_are_told_apart() {
        let sentence = "could not read the page rule of www.example.com: Cloudflare answered 400: Invalid request \
                        headers: Invalid format (6111) (6003); That is odd (1); make one at https://dash.cloudflare.com \
                        and set CLOUDFLARE_API_TOKEN";
        let told = Told::read(sentence);
        assert_eq!(told.mend, Some("make one at https://dash.cloudflare.com and set CLOUDFLARE_API_TOKEN"));
        assert_eq!(told.failed, "could not read the page rule of www.example.com: Cloudflare answered 400");
        let words = "Invalid request headers: Invalid format (6111) (6003); That is odd (1)";
        assert_eq!(told.said, Some(("Cloudflare", words)));
    }

    #[test]
    fn a_sentence_of_another_shape_stays_whole() {
        for sentence in ["the page rule is gone", "Cloudflare answered late", "it answered 20: no", ""] {
            assert_eq!(Told::read(sentence), Told { mend: None, failed: sentence, said: None });
        }
    }
}
