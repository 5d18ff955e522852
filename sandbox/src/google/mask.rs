//! Update masks: which fields of an object a PATCH changes (google.protobuf.FieldMask; AIP-134).

use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::strict::Fields;

/// The paths of an update mask, in the spelling that JSON uses.
///
/// # Errors
/// 400 `INVALID_ARGUMENT` when a path's first part names no field of the message.
pub fn parse(mask: &str, fields: Fields) -> Result<Vec<String>, Refusal> {
    let paths: Vec<String> = mask.split(',').map(|path| lower_camel(path.trim())).collect();
    for path in &paths {
        let first = path.split('.').next().unwrap_or_default();
        if path != "*" && !fields.iter().any(|(field, _)| *field == first) {
            let message = format!("Invalid update mask: path \"{path}\" names no field.");
            return Err(
                Refusal::invalid_argument(message).with_violation("update_mask", "Invalid field path")
            );
        }
    }
    Ok(paths)
}

/// Copies what the mask names from `update` to `object`; what it names and `update` lacks is cleared.
pub fn apply(object: &mut Map<String, Value>, update: &Map<String, Value>, paths: &[String]) {
    for path in paths {
        if path == "*" {
            object.clone_from(update);
        } else {
            apply_path(object, update, path);
        }
    }
}

fn apply_path(object: &mut Map<String, Value>, update: &Map<String, Value>, path: &str) {
    let Some((first, rest)) = path.split_once('.') else {
        set_or_clear(object, path, update.get(path));
        return;
    };
    let nothing = Map::new();
    let inner_update = update.get(first).and_then(Value::as_object).unwrap_or(&nothing);
    let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
    if let Some(inner) = inner.as_object_mut() {
        apply_path(inner, inner_update, rest);
    }
}

fn set_or_clear(object: &mut Map<String, Value>, name: &str, value: Option<&Value>) {
    match value {
        Some(value) if !value.is_null() => object.insert(name.to_owned(), value.clone()),
        _ => object.remove(name),
    };
}

/// `update_mask` to `updateMask`: both spellings are understood.
pub(super) fn lower_camel(path: &str) -> String {
    let mut camel = String::with_capacity(path.len());
    let mut upper = false;
    for letter in path.chars() {
        match letter {
            '_' => upper = true,
            _ if upper => {
                camel.extend(letter.to_uppercase());
                upper = false;
            }
            _ => camel.push(letter),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::strict::Shape;
    use super::*;

    const FIELDS: Fields = &[("disabled", Shape::Bool), ("httpCheck", Shape::Any)];

    fn patched(update: &Value, mask: &str) -> Value {
        let mut object = json!({"disabled": true, "httpCheck": {"path": "/", "port": 443}});
        let paths = parse(mask, FIELDS).expect("known fields");
        apply(object.as_object_mut().expect("an object"), update.as_object().expect("an object"), &paths);
        object
    }

    #[test]
    fn only_what_the_mask_names_changes() {
        assert_eq!(
            patched(&json!({"disabled": false, "httpCheck": {"path": "/x"}}), "disabled"),
            json!({"disabled": false, "httpCheck": {"path": "/", "port": 443}})
        );
        assert_eq!(
            patched(&json!({"httpCheck": {"path": "/x"}}), "http_check.path"),
            json!({"disabled": true, "httpCheck": {"path": "/x", "port": 443}})
        );
    }

    #[test]
    fn what_the_mask_names_and_the_body_lacks_is_cleared() {
        assert_eq!(patched(&json!({}), "disabled"), json!({"httpCheck": {"path": "/", "port": 443}}));
    }

    #[test]
    fn an_unknown_path_is_refused() {
        assert_eq!(parse("disabled,colour", FIELDS).expect_err("a refusal").code, 400);
    }
}
