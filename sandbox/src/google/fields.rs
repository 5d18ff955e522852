//! Partial answers: `fields=items(name,generation),nextPageToken` (Google documentation, "Partial response").

use serde_json::{Map, Value};

/// The part of an answer that was asked for; nothing where the mask can't be read.
pub fn select(value: &Value, mask: &str) -> Option<Value> {
    let mut rest = mask;
    let paths = read(&mut rest)?;
    rest.is_empty().then(|| pick(value, &paths))
}

/// One field, and what of it is wanted; all of it where nothing more is said.
#[derive(Debug)]
struct Path {
    name: String,
    below: Vec<Path>,
}

fn read(rest: &mut &str) -> Option<Vec<Path>> {
    let mut paths = Vec::new();
    loop {
        paths.push(one(rest)?);
        match rest.strip_prefix(',') {
            Some(more) => *rest = more,
            None => return Some(paths),
        }
    }
}

fn one(rest: &mut &str) -> Option<Path> {
    let end = rest.find([',', '(', ')', '/']).unwrap_or(rest.len());
    let (name, more) = rest.split_at(end);
    *rest = more;
    let name = name.trim().to_owned();
    let below = if let Some(inner) = rest.strip_prefix('/') {
        *rest = inner;
        vec![one(rest)?]
    } else if let Some(inner) = rest.strip_prefix('(') {
        *rest = inner;
        let paths = read(rest)?;
        *rest = rest.strip_prefix(')')?;
        paths
    } else {
        Vec::new()
    };
    (!name.is_empty()).then_some(Path { name, below })
}

fn pick(value: &Value, paths: &[Path]) -> Value {
    match value {
        _ if paths.is_empty() => value.clone(),
        Value::Array(items) => items.iter().map(|item| pick(item, paths)).collect(),
        Value::Object(fields) => {
            let mut picked = Map::new();
            for (name, value) in fields {
                if let Some(path) = paths.iter().find(|path| path.name == "*" || path.name == *name) {
                    picked.insert(name.clone(), pick(value, &path.below));
                }
            }
            Value::Object(picked)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_asked_for_is_answered() {
        let answer =
            json!({ "kind": "list", "next": "t", "items": [{ "name": "a", "size": 1 }, { "name": "b" }] });
        for (mask, picked) in [
            ("next", json!({ "next": "t" })),
            ("items(name)", json!({ "items": [{ "name": "a" }, { "name": "b" }] })),
            ("items/size,kind", json!({ "kind": "list", "items": [{ "size": 1 }, {}] })),
            ("*", answer.clone()),
        ] {
            assert_eq!(select(&answer, mask), Some(picked), "{mask}");
        }
        assert_eq!(select(&answer, "items(name"), None);
    }
}
