//! What reaches a line, in both forms.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::*;

/// Runs `work` and gives the lines that it logged.
fn lines(format: Format, level: &str, work: impl FnOnce()) -> Vec<String> {
    let written = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&written);
    let write = move |line: &str| sink.lock().unwrap().push(line.to_owned());
    let subscriber =
        tracing_subscriber::registry().with(filter(level).unwrap()).with(Lines { format, write });
    tracing::subscriber::with_default(subscriber, work);
    let lines = written.lock().unwrap();
    lines.clone()
}

/// The one JSON line of `work`, without its time.
#[track_caller]
fn entry(work: impl FnOnce()) -> Value {
    let lines = lines(Format::Json, "trace", work);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let mut entry: Value = serde_json::from_str(&lines[0]).unwrap();
    let time = entry.as_object_mut().unwrap().remove("time").unwrap();
    assert!(time.as_str().unwrap().parse::<Timestamp>().is_ok());
    entry
}

#[test]
fn a_line_is_what_cloud_logging_reads() {
    let line =
        entry(|| tracing::warn!(site = "resume", incident = "0.abc", tries = 3, open = true, "it is slow"));
    assert_eq!(
        line,
        json!({"severity": "WARNING", "message": "it is slow", "tries": 3, "open": true,
               "logging.googleapis.com/labels": {"site": "resume", "incident": "0.abc"}})
    );
}

#[test]
fn every_level_has_its_severity() {
    let severity = |work: fn()| entry(work)["severity"].as_str().unwrap().to_owned();
    assert_eq!(severity(|| tracing::error!("x")), "ERROR");
    assert_eq!(severity(|| tracing::warn!("x")), "WARNING");
    assert_eq!(severity(|| tracing::info!("x")), "INFO");
    assert_eq!(severity(|| tracing::debug!("x")), "DEBUG");
    assert_eq!(severity(|| tracing::trace!("x")), "DEBUG");
}

#[test]
fn a_line_says_what_its_spans_say() {
    let line = entry(|| {
        let outer = tracing::info_span!(
            "push",
            trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
            span_id = "00f067aa0ba902b7",
            trace_sampled = true,
            site = tracing::field::Empty
        );
        outer.record("site", "resume");
        outer.in_scope(|| tracing::info_span!("step", step = "open").in_scope(|| tracing::info!("done")));
    });
    assert_eq!(line["logging.googleapis.com/trace"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(line["logging.googleapis.com/spanId"], "00f067aa0ba902b7");
    assert_eq!(line["logging.googleapis.com/trace_sampled"], true);
    assert_eq!(
        (&line["step"], &line["logging.googleapis.com/labels"]["site"]),
        (&json!("open"), &json!("resume"))
    );
}

#[test]
fn a_trace_is_named_with_its_project() {
    let mut fields = Fields::default();
    let line = |fields: &Fields| Line {
        time: Timestamp::UNIX_EPOCH,
        level: tracing::Level::INFO,
        target: "cloud_failover",
        message: "m".into(),
        fields: fields.clone(),
    };
    let subscriber = tracing_subscriber::registry();
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("push", trace_id = tracing::field::Empty);
        let values: &dyn tracing::Value = &"abc";
        let field = span.metadata().unwrap().fields().field("trace_id").unwrap();
        values.record(&field, &mut fields);
    });
    let written: Value = serde_json::from_str(&json::write(&line(&fields), Some("acme"))).unwrap();
    assert_eq!(written["logging.googleapis.com/trace"], "projects/acme/traces/abc");
}

#[derive(Debug)]
struct Layered(&'static str, Option<Box<Layered>>);

impl fmt::Display for Layered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Layered {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[test]
fn an_error_tells_each_cause_once() {
    let root = Layered("connection refused", None);
    let middle = Layered("no answer: connection refused", Some(Box::new(root)));
    let error = Layered("failed to open", Some(Box::new(middle)));
    assert_eq!(chain(&error), "failed to open: no answer: connection refused");
    let line = entry(|| tracing::error!(error = &error as &(dyn Error + 'static), "x"));
    assert_eq!(line["error"], "failed to open: no answer: connection refused");
}

#[test]
fn details_are_kept_as_json_and_empty_fields_are_not_kept() {
    let details = json!({"step": "open", "took_ms": 12});
    let line = entry(|| tracing::info!(site = "", %details, severity = "odd", "x"));
    assert_eq!(line, json!({"severity": "INFO", "message": "x", "details": details, "said_severity": "odd"}));
}

#[test]
fn secrets_reach_neither_message_nor_fields() {
    let line = entry(|| {
        tracing::trace!(url = "https://al:hunter2@example.com/?token=hunter2", "Bearer hunter2hunter2");
    });
    assert!(!line.to_string().contains("hunter2"), "{line}");
}

#[test]
fn a_person_reads_one_line_without_control_characters() {
    let human = |colour| {
        let work = || tracing::info!(site = "resume", id = "x", "a\nb\u{1b}[31m");
        lines(Format::Human { colour }, "info", work).concat()
    };
    let plain = human(false);
    assert!(plain.ends_with(" INFO a b [31m site=resume\n"), "{plain}");
    assert_eq!(plain.find('Z'), Some(8), "{plain}");
    assert!(
        human(true).contains("\u{1b}[32m INFO\u{1b}[0m a b [31m\u{1b}[2m site=resume"),
        "{}",
        human(true)
    );
}

#[test]
fn a_level_is_meant_for_us_and_others_only_warn() {
    let heard = |level: &str| {
        let heard = lines(Format::Json, level, || {
            tracing::trace!("ours");
            tracing::trace!(target: "hyper::proto", "theirs");
            tracing::warn!(target: "hyper::proto", "their warning");
        });
        heard
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(heard("trace"), ["ours", "their warning"]);
    assert_eq!(heard("info"), ["their warning"]);
    assert_eq!(heard("info,hyper=trace"), ["theirs", "their warning"]);
    assert_eq!(heard("off"), [""; 0]);
    assert!(filter("cloud_failover=loud").is_err());
    assert!(filter("debug").is_ok());
}

#[test]
fn a_strangers_line_says_whose_it_is() {
    let line = entry(|| tracing::warn!(target: "h2::client", "going away"));
    assert_eq!(line["target"], "h2::client");
}
