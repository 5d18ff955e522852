//! What spans and events say, gathered: values as JSON, freed of secrets on their way in.

use std::{collections::BTreeMap, error::Error, fmt};

use serde_json::{Number, Value};
use tracing::field::{Field, Visit};

use super::redact;

/// Names and values, the message among them.
#[derive(Debug, Default, Clone)]
pub(super) struct Fields(BTreeMap<&'static str, Value>);

impl Fields {
    /// Takes over what an outer span said.
    pub(super) fn take_over(&mut self, outer: &Self) {
        self.0.extend(outer.0.iter().map(|(name, value)| (*name, value.clone())));
    }

    /// The message, which is no field any more.
    pub(super) fn take_message(&mut self) -> String {
        self.take_text("message").unwrap_or_default()
    }

    /// The text of `name`, which is no field any more.
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        match self.0.remove(name)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (&'static str, Value)> {
        self.0.into_iter()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// Keeps a text unless it is empty, which says nothing.
    fn keep(&mut self, field: &Field, text: &str) {
        let text = redact(text);
        if !text.is_empty() || field.name() == "message" {
            self.0.insert(field.name(), structured(field.name(), text.into_owned()));
        }
    }
}

/// Details come as JSON in a text; they are kept as what they are.
fn structured(name: &str, text: String) -> Value {
    if name == "details" {
        return serde_json::from_str(&text).unwrap_or(Value::String(text));
    }
    Value::String(text)
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name(), Number::from_f64(value).map_or(Value::Null, Value::Number));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.keep(field, &super::chain(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field, &format!("{value:?}"));
    }
}
