//! Which fields a request may carry: everything else is refused in the words of Google's JSON front end.
//!
//! A shape lists what a message may hold, so that a misspelt field fails here as it would in production.

use serde_json::{Map, Value};

use super::mask;
use super::refusal::Refusal;
use crate::frame::call::{Call, Reply};

/// What a JSON value may be.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Anything: a part that no test looks into.
    Any,
    /// Text, also dates, durations and bytes.
    Text,
    /// One of these names, in the order of their numbers, which are understood too (proto3's JSON mapping).
    Enum(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// A whole number that fits 32 bits.
    Int,
    /// A whole number of 64 bits: in answers text, in requests either.
    Int64,
    /// A fraction.
    Number,
    /// A message with these fields.
    Object(Fields),
    /// A list.
    List(&'static Shape),
    /// Text to text.
    Labels,
}

/// The fields of a message.
pub type Fields = &'static [(&'static str, Shape)];

/// Query parameters that every Google API understands (Google documentation, "Standard query parameters").
const STANDARD_PARAMETERS: [&str; 11] = [
    "alt",
    "$alt",
    "fields",
    "key",
    "prettyPrint",
    "quotaUser",
    "userProject",
    "access_token",
    "callback",
    "upload_protocol",
    "$.xgafv",
];

/// An answer of 200.
pub fn ok(value: &Value) -> Reply {
    Reply::json(200, value)
}

/// Refuses query parameters that the method doesn't know.
///
/// # Errors
/// 400 `INVALID_ARGUMENT`, naming the parameter.
pub fn check_query(call: &Call, known: &[&str]) -> Result<(), Refusal> {
    let unknown = |name: &str| !known.contains(&name) && !STANDARD_PARAMETERS.contains(&name);
    let Some((name, _)) = call.query.iter().find(|(name, _)| unknown(name)) else { return Ok(()) };
    let description = format!(
        "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' \
         could not be found in request message."
    );
    Err(Refusal::invalid_argument(description.clone()).with_violation("", &description))
}

/// The value of a query parameter; empty counts as absent.
pub fn query<'call>(call: &'call Call, name: &str) -> Option<&'call str> {
    call.query(name).filter(|value| !value.is_empty())
}

/// Reads the body as a message with these fields.
///
/// # Errors
/// 400 `INVALID_ARGUMENT` for a body that isn't JSON, isn't an object, or carries a field that is unknown or
/// of the wrong type.
pub fn body(call: &Call, fields: Fields) -> Result<Map<String, Value>, Refusal> {
    let mut value: Value = serde_json::from_slice(&call.body).map_err(|error| {
        Refusal::invalid_argument(format!("Invalid JSON payload received. Parse error: {error}"))
    })?;
    spell(&mut value, Shape::Object(fields));
    check(&value, Shape::Object(fields), "")?;
    match value {
        Value::Object(message) => Ok(message),
        _ => Err(Refusal::invalid_argument("Invalid JSON payload received. Root element must be a message.")),
    }
}

/// Spells fields and enumerations as the service itself does: `update_mask` is `updateMask`, 1 the first name but one.
fn spell(value: &mut Value, shape: Shape) {
    match (shape, value) {
        (Shape::Object(fields), Value::Object(message)) => {
            let named = std::mem::take(message).into_iter().map(|(name, mut value)| {
                let is = |name: &str| fields.iter().find(|(field, _)| *field == name);
                let camel = mask::lower_camel(&name);
                let known = is(&name).or_else(|| is(&camel));
                if let Some((_, shape)) = known {
                    spell(&mut value, *shape);
                }
                (known.map_or(name, |(field, _)| (*field).to_owned()), value)
            });
            *message = named.collect();
        }
        (Shape::List(item), Value::Array(items)) => items.iter_mut().for_each(|value| spell(value, *item)),
        (Shape::Enum(names), value) => {
            let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
            if let Some(name) = number.and_then(|number| names.get(number)) {
                *value = Value::String((*name).to_owned());
            }
        }
        _ => {}
    }
}

/// Refuses what doesn't fit the shape.
///
/// # Errors
/// 400 `INVALID_ARGUMENT`, naming the field and where it was found.
pub fn check(value: &Value, shape: Shape, path: &str) -> Result<(), Refusal> {
    match (shape, value) {
        (_, Value::Null) | (Shape::Any, _) => Ok(()),
        (Shape::Object(fields), Value::Object(message)) => check_fields(message, fields, path),
        (Shape::List(item), Value::Array(items)) => check_items(items, *item, path),
        (Shape::Labels, Value::Object(labels)) => {
            labels.iter().try_for_each(|(name, value)| check(value, Shape::Text, &joined(path, name)))
        }
        _ if fits(value, shape) => Ok(()),
        _ => Err(wrong_type(value, shape, path)),
    }
}

fn check_fields(message: &Map<String, Value>, fields: Fields, path: &str) -> Result<(), Refusal> {
    for (name, value) in message {
        let known = fields.iter().find(|(field, _)| field == name);
        let (_, shape) = known.ok_or_else(|| unknown_name(name, path))?;
        check(value, *shape, &joined(path, name))?;
    }
    Ok(())
}

fn check_items(items: &[Value], item: Shape, path: &str) -> Result<(), Refusal> {
    items.iter().enumerate().try_for_each(|(index, value)| check(value, item, &format!("{path}[{index}]")))
}

/// Whether a scalar is of the right kind.
fn fits(value: &Value, shape: Shape) -> bool {
    match shape {
        Shape::Text => value.is_string(),
        Shape::Enum(names) => value.as_str().is_some_and(|name| names.contains(&name)),
        Shape::Bool => value.is_boolean(),
        Shape::Number => value.is_number(),
        Shape::Int => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        Shape::Int64 => value.is_i64() || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
        Shape::Any | Shape::Object(_) | Shape::List(_) | Shape::Labels => false,
    }
}

fn unknown_name(name: &str, path: &str) -> Refusal {
    let place = if path.is_empty() { String::new() } else { format!(" at '{path}'") };
    let description =
        format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field.");
    Refusal::invalid_argument(description.clone()).with_violation(path, &description)
}

fn wrong_type(value: &Value, shape: Shape, path: &str) -> Refusal {
    let kind = match shape {
        Shape::Bool => "TYPE_BOOL",
        Shape::Int => "TYPE_INT32",
        Shape::Int64 => "TYPE_INT64",
        Shape::Number => "TYPE_DOUBLE",
        Shape::Enum(_) => "TYPE_ENUM",
        Shape::Object(_) | Shape::Labels | Shape::List(_) => "TYPE_MESSAGE",
        Shape::Text | Shape::Any => "TYPE_STRING",
    };
    let description = format!("Invalid value at '{path}' ({kind}), {value}");
    Refusal::invalid_argument(description.clone()).with_violation(path, &description)
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::google::testing;

    const FIELDS: Fields = &[
        ("name", Shape::Text),
        ("count", Shape::Int),
        ("bindings", Shape::List(&Shape::Object(&[("role", Shape::Text)]))),
        ("launchStage", Shape::Enum(&["UNSPECIFIED", "ALPHA"])),
    ];

    #[test]
    fn fields_and_enumerations_may_be_spelled_as_in_the_protocol_itself() {
        let read =
            |body: &Value| super::body(&testing::call("POST", "/x").with_body(body.to_string()), FIELDS);
        for body in [json!({"launch_stage": 1}), json!({"launchStage": "ALPHA"})] {
            assert_eq!(read(&body).expect("understood")["launchStage"], "ALPHA");
        }
        let refusal = read(&json!({"launchStage": 7})).expect_err("a refusal");
        assert!(refusal.message.contains("TYPE_ENUM"), "{}", refusal.message);
    }

    #[track_caller]
    fn refused(value: &Value, expected: &str) {
        assert_eq!(check(value, Shape::Object(FIELDS), "").expect_err("a refusal").message, expected);
    }

    #[test]
    fn an_unknown_field_is_named_with_its_place() {
        refused(
            &json!({"nmae": "x"}),
            "Invalid JSON payload received. Unknown name \"nmae\": Cannot find field.",
        );
        refused(
            &json!({"bindings": [{"role": "x"}, {"members_": []}]}),
            "Invalid JSON payload received. Unknown name \"members_\" at 'bindings[1]': Cannot find field.",
        );
    }

    #[test]
    fn a_field_of_the_wrong_type_is_refused() {
        refused(&json!({"count": "many"}), "Invalid value at 'count' (TYPE_INT32), \"many\"");
        refused(&json!({"bindings": {}}), "Invalid value at 'bindings' (TYPE_MESSAGE), {}");
    }

    #[test]
    fn an_unknown_query_parameter_is_refused_and_a_standard_one_is_not() {
        let call = testing::call("GET", "/x?alt=json&prettyPrint=false");
        assert!(check_query(&call, &[]).is_ok());
        let refusal =
            check_query(&testing::call("GET", "/x?update_mask=a"), &["updateMask"]).expect_err("a refusal");
        assert!(refusal.message.contains("Unknown name \"update_mask\""), "{}", refusal.message);
    }

    #[test]
    fn a_body_that_is_not_an_object_is_refused() {
        for body in ["", "[]", "{", "null"] {
            let call = testing::call("POST", "/x").with_body(body);
            assert_eq!(
                super::body(&call, FIELDS).expect_err("a refusal").status,
                "INVALID_ARGUMENT",
                "{body:?}"
            );
        }
    }
}
