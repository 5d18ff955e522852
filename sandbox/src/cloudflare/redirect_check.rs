//! What a redirect rule must look like.
//! Source: developers.cloudflare.com/rules/url-forwarding/single-redirects/settings.

use serde_json::Value;

use super::envelope::CloudflareRefusal;
use super::language::{Condition, Expression};
use super::zone::Object;

/// Refuses what the API refuses; among it a PATCH with parameters and without the action they belong to.
pub(super) fn check(rule: &Object) -> Result<(), CloudflareRefusal> {
    let parameters = rule.get("action_parameters");
    match rule.get("action").and_then(Value::as_str) {
        None if parameters.is_some() => {
            return Err(refused("action is required for action parameters", "/action"));
        }
        None => return Err(missing_field("action")),
        Some("redirect") => {}
        Some(other) => {
            let text = format!("'{other}' is not a valid value for action in this phase");
            return Err(refused(&text, "/action"));
        }
    }
    let expression = text(rule, "expression")?.ok_or_else(|| missing_field("expression"))?;
    let parse_error = |reason| refused(&format!("Filter parsing error: {reason}"), "/expression");
    Condition::parse(expression).map_err(parse_error)?;
    text(rule, "description")?;
    text(rule, "ref")?;
    if rule.get("enabled").is_some_and(|enabled| !enabled.is_boolean()) {
        return Err(refused("'enabled' must be a boolean", "/enabled"));
    }
    target(parameters.ok_or_else(|| missing_field("action_parameters"))?)
}

fn target(parameters: &Value) -> Result<(), CloudflareRefusal> {
    const AT: &str = "/action_parameters/from_value";
    let from = only(parameters, &["from_value"], "/action_parameters")?.get("from_value");
    let from =
        only(from.unwrap_or(&Value::Null), &["target_url", "status_code", "preserve_query_string"], AT)?;
    if from.get("status_code").is_some_and(|code| !matches!(code.as_u64(), Some(301..=303 | 307 | 308))) {
        return Err(refused("'status_code' must be one of 301, 302, 303, 307, 308", AT));
    }
    if from.get("preserve_query_string").is_some_and(|preserve| !preserve.is_boolean()) {
        return Err(refused("'preserve_query_string' must be a boolean", AT));
    }
    let target = only(from.get("target_url").unwrap_or(&Value::Null), &["value", "expression"], AT)?;
    match (text(target, "value")?, text(target, "expression")?) {
        (Some(value), None) if value.starts_with("https://") || value.starts_with("http://") => Ok(()),
        (Some(_), None) => Err(refused("'value' must be an absolute URL", AT)),
        (None, Some(expression)) => Expression::parse(expression)
            .map(|_| ())
            .map_err(|reason| refused(&format!("Expression parsing error: {reason}"), AT)),
        _ => Err(refused("'target_url' needs either 'value' or 'expression'", AT)),
    }
}

fn only<'a>(value: &'a Value, fields: &[&str], at: &str) -> Result<&'a Object, CloudflareRefusal> {
    let object = value.as_object().ok_or_else(|| refused("an object is required", at))?;
    match object.keys().find(|field| !fields.contains(&field.as_str())) {
        Some(field) => Err(refused(&format!("unknown field '{field}'"), at)),
        None => Ok(object),
    }
}

fn text<'a>(object: &'a Object, field: &str) -> Result<Option<&'a str>, CloudflareRefusal> {
    match object.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(refused(&format!("'{field}' must be a string"), &format!("/{field}"))),
    }
}

pub(super) fn missing_field(field: &str) -> CloudflareRefusal {
    refused(&format!("'{field}' is required"), &format!("/{field}"))
}

pub(super) fn refused(message: &str, pointer: &str) -> CloudflareRefusal {
    CloudflareRefusal::new(400, 20127, message).at(pointer)
}
