//! One page of a bucket's listing, whichever interface asks for it.

use std::ops::Bound;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::refusal::Refused;
use super::{Object, Objects, glob};

/// Nobody gets more names at once (Cloud Storage documentation, "List objects").
pub(super) const LARGEST_PAGE: usize = 1000;

/// What is asked for.
#[derive(Debug, Default)]
pub(super) struct Query<'call> {
    pub(super) prefix: &'call str,
    pub(super) delimiter: &'call str,
    /// Names up to and with this one are left out.
    pub(super) after: Option<String>,
    /// Names before this one are left out.
    pub(super) from: &'call str,
    /// Names from this one on are left out.
    pub(super) until: &'call str,
    /// Names that don't fit this pattern are left out.
    pub(super) glob: &'call str,
    pub(super) size: usize,
}

/// What is answered.
#[derive(Debug, Default)]
pub(super) struct Page<'state> {
    pub(super) objects: Vec<(&'state str, &'state Object)>,
    pub(super) prefixes: Vec<String>,
    /// Where the next page begins, if there is one.
    pub(super) next: Option<String>,
}

impl<'state> Page<'state> {
    /// The first names in order that fit the query; what shares a prefix up to the delimiter counts once.
    pub(super) fn of(objects: &'state Objects, query: &Query<'_>) -> Self {
        let mut page = Self::default();
        let mut last = None;
        for (name, object) in candidates(objects, query) {
            if page.prefixes.last().is_some_and(|prefix| name.starts_with(prefix.as_str())) {
                continue;
            }
            if page.objects.len() + page.prefixes.len() == query.size {
                page.next = last.map(token);
                break;
            }
            match common_prefix(name, query) {
                Some(prefix) => page.prefixes.push(prefix.to_owned()),
                None => page.objects.push((name, object)),
            }
            last = Some(common_prefix(name, query).map_or_else(|| name.to_owned(), past));
        }
        page
    }

    /// The number of names on this page.
    pub(super) fn count(&self) -> usize {
        self.objects.len() + self.prefixes.len()
    }
}

fn candidates<'state>(
    objects: &'state Objects,
    query: &Query<'_>,
) -> impl Iterator<Item = (&'state str, &'state Object)> {
    let after = query.after.clone().map_or(Bound::Unbounded, Bound::Excluded);
    objects
        .range::<String, _>((after, Bound::Unbounded))
        .filter(|(name, _)| name.starts_with(query.prefix))
        .filter(|(name, _)| {
            name.as_str() >= query.from && (query.until.is_empty() || name.as_str() < query.until)
        })
        .filter(|(name, _)| query.glob.is_empty() || glob::fits(query.glob, name))
        .map(|(name, object)| (name.as_str(), object))
}

/// The name up to and with the first delimiter behind the prefix.
fn common_prefix<'name>(name: &'name str, query: &Query<'_>) -> Option<&'name str> {
    if query.delimiter.is_empty() {
        return None;
    }
    let rest = &name[query.prefix.len()..];
    let end = rest.find(query.delimiter)? + query.delimiter.len();
    Some(&name[..query.prefix.len() + end])
}

/// A name behind everything that begins with `prefix`.
fn past(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// Where the next page begins, as an opaque word.
fn token(last: String) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(last)
}

/// The place a token stands for.
///
/// # Errors
/// 400 for a token that was never given out.
pub(super) fn place(token: &str) -> Result<String, Refused> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    let place = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    place.ok_or_else(|| Refused::invalid("The continuation token provided is incorrect."))
}

/// The size of a page: 1000 at most, and by default.
///
/// # Errors
/// 400 for what is no number.
pub(super) fn size(text: Option<&str>) -> Result<usize, Refused> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(LARGEST_PAGE) };
    let size: usize = text.parse().map_err(|_| Refused::invalid("Invalid argument: page size."))?;
    Ok(size.min(LARGEST_PAGE))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn bucket(names: &[&str]) -> Objects {
        names.iter().map(|name| ((*name).to_owned(), Object::new(Bytes::new(), "text/plain"))).collect()
    }

    #[track_caller]
    fn check(query: &Query<'_>, objects: &[&str], prefixes: &[&str], more: bool) {
        let bucket = bucket(&["a", "j/1", "j/2", "j/sub/1", "j/sub/2", "k"]);
        let page = Page::of(&bucket, query);
        let names: Vec<&str> = page.objects.iter().map(|(name, _)| *name).collect();
        assert_eq!((names.as_slice(), page.next.is_some()), (objects, more));
        assert_eq!(page.prefixes, prefixes);
    }

    #[test]
    fn a_prefix_and_a_place_narrow_the_list() {
        check(
            &Query { prefix: "j/", after: Some("j/1".to_owned()), size: 9, ..Query::default() },
            &["j/2", "j/sub/1", "j/sub/2"],
            &[],
            false,
        );
        check(
            &Query { from: "j/2", until: "j/sub/2", size: 9, ..Query::default() },
            &["j/2", "j/sub/1"],
            &[],
            false,
        );
    }

    #[test]
    fn a_delimiter_folds_what_lies_deeper() {
        let query = Query { prefix: "j/", delimiter: "/", size: 9, ..Query::default() };
        check(&query, &["j/1", "j/2"], &["j/sub/"], false);
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let bucket = bucket(&["a", "j/1", "j/2", "k", "l/1"]);
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = Page::of(&bucket, &Query { delimiter: "/", size: 1, after, ..Query::default() });
            seen.extend(page.objects.iter().map(|(name, _)| (*name).to_owned()));
            seen.extend(page.prefixes.iter().cloned());
            match page.next {
                Some(next) => after = Some(place(&next).expect("a token that was given out")),
                None => break,
            }
        }
        assert_eq!(seen, ["a", "j/", "k", "l/"]);
    }

    #[test]
    fn names_sort_by_their_bytes() {
        let bucket = bucket(&["b", "B", "\u{e9}", "z"]);
        let page = Page::of(&bucket, &Query { size: 9, ..Query::default() });
        let names: Vec<&str> = page.objects.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["B", "b", "z", "\u{e9}"]);
    }
}
