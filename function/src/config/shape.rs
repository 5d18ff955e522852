//! Every key there is, as the readers themselves ask for it: what the JSON schema and "did you mean" are made of.
//!
//! The readers are run on tables that have every key, each with the value of its own example, and note what they ask
//! for. So a key that is read is a key that is known, and there is no second list to forget it in.

use serde_json::{Map, Value, json};

use super::{Environment, Purpose, problems::Found, section::Section, table_notes::TableNotes};
use crate::{
    clouds::{self, Keyed, Kind},
    nearest::nearest,
};

/// A key, and where it stands: `sites[].expect.status`.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The path, lists as `[]`.
    pub(super) path: String,
    /// What belongs there.
    pub(super) kind: Kind,
    /// Whether it has to be there.
    pub(super) required: bool,
}

/// All keys but those of switches.
pub(super) fn keys() -> Vec<Known> {
    let mut found = Found::recording();
    let nothing = toml::Table::new();
    let mut root = Section { table: &nothing, notes: TableNotes::new(String::new(), &mut found) };
    super::read_all(&mut root, &Environment::of(Purpose::Serve, &[]));
    let mut known: Vec<Known> = Vec::new();
    for key in found.recorded() {
        if known.iter().all(|other| other.path != key.path) {
            known.push(key);
        }
    }
    known
}

/// The JSON schema of the configuration, for editors.
pub fn schema() -> Value {
    let mut root = object();
    for key in keys() {
        put(&mut root, &key.path, described(&key.kind), key.required);
    }
    let kinds: Vec<Value> = clouds::kinds().map(of_switch).collect();
    put(&mut root, "sites[].switches", json!({ "type": "array", "items": { "oneOf": kinds } }), true);
    root["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    root["title"] = "cloud-failover".into();
    root
}

/// Where `key`, or one like it, belongs that stands elsewhere: "of a site (cooldown)".
pub(super) fn place_of(key: &str) -> Option<String> {
    let known = keys();
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]").to_owned();
    let names: Vec<String> = known.iter().map(|key| name(&key.path)).collect();
    let meant = nearest(key, names.iter().map(String::as_str))?;
    let path = &known.iter().find(|key| name(&key.path) == meant)?.path;
    let place = match path.rsplit_once('.') {
        None => "of the whole file: above the first [table]".to_owned(),
        Some(("sites[]", _)) => "of a site: below [[sites]]".to_owned(),
        Some((table, _)) if table.ends_with("[]") => format!("below [[{}]]", table.trim_end_matches("[]")),
        Some((table, _)) => format!("below [{}]", table.replace("[]", "")),
    };
    Some(if meant == key { place } else { format!("({meant}) {place}") })
}

fn object() -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": {}, "required": [] })
}

fn of_switch(kind: &str) -> Value {
    let mut table = object();
    table["properties"]["kind"] = json!({ "const": kind });
    table["required"] = json!(["kind"]);
    for Keyed { key, kind, required } in clouds::keys_of(kind) {
        put(&mut table, &key, described(&kind), required);
    }
    table
}

/// Puts what belongs at `path` into the schema of a table.
fn put(table: &mut Value, path: &str, what: Value, required: bool) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let name = first.trim_end_matches("[]");
    let properties = table["properties"].as_object_mut();
    let Some(properties) = properties else { return };
    let Some(rest) = rest else {
        properties.insert(name.to_owned(), what);
        if let (true, Some(all)) = (required, table["required"].as_array_mut())
            && !all.contains(&name.into())
        {
            all.push(name.into());
        }
        return;
    };
    let is_list = first.ends_with("[]");
    let empty = || if is_list { json!({ "type": "array", "items": object() }) } else { object() };
    let place = properties.entry(name).or_insert_with(empty);
    if place.get("properties").is_none()
        && place.get("items").is_none_or(|items| items.get("properties").is_none())
    {
        *place = empty();
    }
    put(if is_list { &mut place["items"] } else { place }, rest, what, required);
}

fn described(kind: &Kind) -> Value {
    let described = match kind {
        Kind::Text { example } => json!({ "type": "string", "examples": [example] }),
        Kind::Time { usual } => {
            json!({ "type": "string", "pattern": "^[0-9].*[a-z]$", "default": usual, "examples": [usual] })
        }
        Kind::Number { usual, least, most } => {
            json!({ "type": "integer", "default": usual, "minimum": least, "maximum": most })
        }
        Kind::Flag => json!({ "type": "boolean", "default": false }),
        Kind::Choice { names, usual } => json!({ "enum": names, "default": usual }),
        Kind::Texts { example } => {
            json!({ "type": "array", "items": { "type": "string" }, "examples": [[example]] })
        }
        Kind::Table => object(),
        Kind::Tables => json!({ "type": "array", "items": object() }),
    };
    without_null(described)
}

fn without_null(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            map.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_in_the_schema_with_what_it_takes() {
        let schema = schema();
        let at = |pointer: &str| schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}\n{schema:#}"));
        assert_eq!(at("/required/0"), "journal");
        assert_eq!(at("/properties/call_timeout/default"), "10s");
        assert_eq!(at("/properties/push/properties/verify/enum/0"), "cloud_run_iam");
        let site = "/properties/sites/items/properties";
        assert_eq!(at(&format!("{site}/moves_per_day/maximum")), 1000);
        assert_eq!(at(&format!("{site}/expect/properties/status/default")), 200);
        assert_eq!(at(&format!("{site}/served_by/properties/header/type")), "string");
        assert_eq!(at("/properties/webhooks/items/properties/secret_env/type"), "string");
        let kinds = at(&format!("{site}/switches/items/oneOf")).as_array().expect("a list");
        assert_eq!(kinds.len(), clouds::kinds().count());
        for kind in kinds {
            assert!(kind["required"].as_array().is_some_and(|keys| keys.len() > 1), "{kind:#}");
        }
    }

    #[test]
    fn what_documents_show_is_in_the_schema() {
        let examples = [
            include_str!("../../../examples/failover.toml"),
            include_str!("../../../terraform/modules/settings/tests/rendered.toml"),
        ];
        let schema = schema();
        for text in examples {
            let given: Value =
                serde_json::to_value(text.parse::<toml::Table>().expect("TOML")).expect("JSON");
            assert_eq!(missing(&given, &schema, String::new()), Vec::<String>::new());
        }
    }

    /// The keys of `given` that the schema has no place for.
    fn missing(given: &Value, schema: &Value, at: String) -> Vec<String> {
        if let Some(any) = schema["oneOf"].as_array() {
            let kind = any.iter().find(|one| one["properties"]["kind"]["const"] == given["kind"]);
            return missing(given, kind.unwrap_or_else(|| panic!("{at}: {given}")), at);
        }
        match given {
            Value::Object(map) => map
                .iter()
                .flat_map(|(key, value)| {
                    let at = format!("{at}.{key}");
                    schema["properties"]
                        .get(key)
                        .map_or_else(|| vec![at.clone()], |schema| missing(value, schema, at.clone()))
                })
                .collect(),
            Value::Array(items) => {
                items.iter().flat_map(|item| missing(item, &schema["items"], format!("{at}[]"))).collect()
            }
            _ => Vec::new(),
        }
    }
}
