//! Lines as Cloud Logging reads them: "Structured logging", special fields (Google Cloud documentation, read
//! 2026-11-20).

use serde_json::{Map, Value, json};

use super::Line;

/// Fields that become labels: log entries are searched by them.
const LABELS: [&str; 2] = ["site", "incident"];
/// Names that mean something to Cloud Logging: a field of ours that is called so would be taken for it.
const TAKEN: [&str; 4] = ["severity", "message", "time", "httpRequest"];

/// One JSON object and a line break.
pub(super) fn write(line: &Line, project: Option<&str>) -> String {
    let mut entry = Map::new();
    entry.insert("severity".into(), severity(line.level).into());
    entry.insert("message".into(), line.message.clone().into());
    entry.insert("time".into(), line.time.to_string().into());
    if !line.is_ours() {
        entry.insert("target".into(), line.target.into());
    }
    let mut fields = line.fields.clone();
    add_trace(&mut entry, &mut fields, project);
    let mut labels = Map::new();
    for (name, value) in fields.into_iter() {
        if LABELS.contains(&name) {
            labels.insert(name.into(), text(value).into());
        } else if TAKEN.contains(&name) {
            entry.insert(format!("said_{name}"), value);
        } else {
            entry.insert(name.into(), value);
        }
    }
    if !labels.is_empty() {
        entry.insert("logging.googleapis.com/labels".into(), labels.into());
    }
    format!("{}\n", Value::Object(entry))
}

fn add_trace(entry: &mut Map<String, Value>, fields: &mut super::Fields, project: Option<&str>) {
    let (trace, span) = (fields.take_text("trace_id"), fields.take_text("span_id"));
    let sampled = fields.take_text("trace_sampled");
    if let Some(trace) = trace {
        let whole = project.map_or(trace.clone(), |project| format!("projects/{project}/traces/{trace}"));
        entry.insert("logging.googleapis.com/trace".into(), whole.into());
    }
    if let Some(span) = span {
        entry.insert("logging.googleapis.com/spanId".into(), span.into());
    }
    if let Some(sampled) = sampled {
        entry.insert("logging.googleapis.com/trace_sampled".into(), json!(sampled == "true"));
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn severity(level: tracing::Level) -> &'static str {
    match level {
        tracing::Level::ERROR => "ERROR",
        tracing::Level::WARN => "WARNING",
        tracing::Level::INFO => "INFO",
        _ => "DEBUG",
    }
}
