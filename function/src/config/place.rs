//! Where in the file a key stands, and what stands there: found afterwards, by the key's own name.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

impl Place {
    /// Where the byte at `offset` of `text` stands.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        Self { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1 }
    }
}

/// Where `key`, as problems name it (`sites.resume.switches[1].zone`), stands in `text`, and its value as it is
/// written; of what isn't there, where the table is that lacks it.
pub(super) fn find(text: &str, key: &str) -> Option<(Place, Option<String>)> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut nearest = 0;
    let mut steps = key.split('.').peekable();
    while let Some(step) = steps.next() {
        let (name, index) = step.split_once('[').map_or((step, None), |(name, rest)| (name, Some(rest)));
        let Some((given, value)) = table.iter().find(|(given, _)| given.get_ref() == name) else {
            return Some((Place::of(text, nearest), None));
        };
        nearest = given.span().start;
        let value = match index {
            None => value,
            Some(index) => element(value, index.trim_end_matches(']'))?,
        };
        let value = match (value.get_ref().as_array(), steps.peek()) {
            // A site is named by its name.
            (Some(_), Some(named)) => {
                let (item, by_name) = named_element(value, named)?;
                if by_name {
                    steps.next();
                }
                item
            }
            _ => value,
        };
        if steps.peek().is_none() {
            let start = if index.is_some() { value.span().start } else { nearest };
            return Some((Place::of(text, start), written(text, value)));
        }
        if value.get_ref().is_table() {
            nearest =
                if index.is_some() || value.span().start > nearest { value.span().start } else { nearest };
        }
        table = value.get_ref().as_table()?;
    }
    None
}

fn element<'v, 't>(list: &'v Spanned<DeValue<'t>>, index: &str) -> Option<&'v Spanned<DeValue<'t>>> {
    list.get_ref().as_array()?.get(index.parse::<usize>().ok()?)
}

/// The table whose name this is; else the only one there is.
fn named_element<'v, 't>(
    list: &'v Spanned<DeValue<'t>>,
    name: &str,
) -> Option<(&'v Spanned<DeValue<'t>>, bool)> {
    let items = list.get_ref().as_array()?;
    let named = items
        .iter()
        .find(|item| item.get_ref().get("name").and_then(|given| given.get_ref().as_str()) == Some(name));
    named.map(|item| (item, true)).or_else(|| items.first().map(|item| (item, false)))
}

/// A value on one line, as it is written; tables say more than anybody wants to read.
fn written(text: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
    let short = text.get(value.span())?;
    let plain = !value.get_ref().is_table() && !short.contains('\n') && short.chars().count() <= 80;
    plain.then(|| short.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "journal = 3\n[push]\nverify = \"jwt\"\n\n[[sites]]\nname = \"a\"\n\n[[sites]]\nname = \"b\"\n  \
                        cooldwon = \"1m\"\nexpect = { status = 2 }\n[[sites.switches]]\nkind = \"x\"\nzone = \"1\"\n";

    #[test]
    fn a_key_is_found_where_it_is_written() {
        for (key, line, column, value) in [
            ("journal", 1, 1, Some("3")),
            ("push.verify", 3, 1, Some("\"jwt\"")),
            ("push.alerts", 2, 2, None),
            ("sites.b.cooldwon", 10, 3, Some("\"1m\"")),
            ("sites.b.expect.status", 11, 12, Some("2")),
            ("sites.b.switches[0].zone", 14, 1, Some("\"1\"")),
            ("sites[1].name", 9, 1, Some("\"b\"")),
        ] {
            let (place, shown) = find(TEXT, key).unwrap_or_else(|| panic!("{key}"));
            assert_eq!((place.line, place.column, shown.as_deref()), (line, column, value), "{key}");
        }
    }

    #[test]
    fn what_is_missing_is_shown_where_its_table_is() {
        let (place, value) = find(TEXT, "sites.b.switches[0].rule").expect("a place");
        assert_eq!((place.line, value), (12, None));
        assert_eq!(find("no toml", "journal"), None);
    }
}
