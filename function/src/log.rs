//! The log: one line an event, as Cloud Logging reads it or as a person does; and nothing secret in any of them.
//!
//! `init` is called once by `main`. Everything else logs through `tracing`; fields named `site` and `incident`
//! become labels, `error` is a chain of causes told once, `details` may be JSON.

mod fields;
mod heard;
mod human;
mod json;
mod redact;
mod trace;

use std::{
    error::Error,
    io::{IsTerminal, Write},
    iter,
    sync::OnceLock,
};

use jiff::Timestamp;
use tracing::{Event, Subscriber, span};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

pub use redact::{hide, hide_passing, redact};
pub use trace::Trace;

use fields::Fields;
use heard::Heard;

pub(crate) use heard::take_trouble;

/// The variable that says how much is logged: a level, or `target=level` as often as wanted, with commas.
pub const LEVEL_VARIABLE: &str = "FAILOVER_LOG";
/// Our own crates, which a bare level is meant for.
const OURS: [&str; 4] = ["cloud_failover", "failover_core", "failover", "sandbox"];

/// The project that traces belong to, once the configuration is read.
static PROJECT: OnceLock<String> = OnceLock::new();

/// For whom lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For Cloud Logging: one JSON object a line.
    Json,
    /// For a person at a terminal.
    Human {
        /// Whether to use colours.
        colour: bool,
    },
}

/// What the environment says of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// How much is logged, where [`LEVEL_VARIABLE`] says.
    pub level: Option<String>,
    /// Whether colours are welcome.
    pub colour: bool,
    /// Whether Cloud Logging reads it.
    pub by_cloud_logging: bool,
}

impl Asked {
    /// A person's format, where a terminal is looked at and Cloud Logging doesn't read it.
    pub fn format(&self) -> Format {
        if std::io::stderr().is_terminal() && !self.by_cloud_logging {
            Format::Human { colour: self.colour }
        } else {
            Format::Json
        }
    }
}

/// Starts logging to standard error, in the form that fits and as much as [`LEVEL_VARIABLE`] says.
pub fn init(asked: &Asked) {
    start(asked, asked.format(), "info", None);
}

/// As `init`, for a command that a person runs and that says itself what matters: nothing is logged unless
/// [`LEVEL_VARIABLE`] asks for it, and then as a person reads it.
pub fn init_for_command(asked: &Asked) {
    let colour = std::io::stderr().is_terminal() && asked.colour;
    start(asked, Format::Human { colour }, "off", Some(Heard));
}

fn start(asked: &Asked, format: Format, usual: &str, heard: Option<Heard>) {
    let (filter, complaint) = match filter(asked.level.as_deref().unwrap_or(usual)) {
        Ok(filter) => (filter, None),
        Err(why) => (Targets::new().with_default(LevelFilter::INFO), Some(why)),
    };
    let lines = Lines { format, write: write_to_stderr };
    let subscriber = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(heard.map(|heard| heard.with_filter(LevelFilter::WARN)));
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("the log was started before");
    }
    if let Some(why) = complaint {
        tracing::warn!("{LEVEL_VARIABLE} is no level, so info is logged; write info, debug or trace: {why}");
    }
}

/// Says which project traces belong to.
pub fn in_project(project: &str) {
    // The first one stays: a process has one configuration.
    let _ = PROJECT.set(project.to_owned());
}

/// An error with its causes, each told once.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut told = String::new();
    for link in iter::successors(Some(error), |&link| link.source()) {
        let text = link.to_string();
        if told.is_empty() {
            told = text;
        } else if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
    }
    told
}

/// A bare level is meant for our own crates; others, which might show what passes through them, only warn.
fn filter(asked: &str) -> Result<Targets, String> {
    let quiet = if asked.eq_ignore_ascii_case("off") { "off" } else { "warn" };
    let directives = asked.split(',').map(str::trim).filter(|part| !part.is_empty()).map(widen);
    let all: Vec<String> = iter::once(quiet.to_owned()).chain(directives).collect();
    all.join(",").parse::<Targets>().map_err(|error| chain(&error))
}

fn widen(directive: &str) -> String {
    if directive.contains(['=', '[']) || directive.parse::<tracing::Level>().is_err() {
        return directive.to_owned();
    }
    OURS.map(|name| format!("{name}={directive}")).join(",")
}

fn write_to_stderr(line: &str) {
    // Nobody is left to be told that the log is broken.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Writes a line for each event, with what its spans say.
struct Lines<W> {
    format: Format,
    write: W,
}

/// What a line is made of.
struct Line {
    time: Timestamp,
    level: tracing::Level,
    target: &'static str,
    message: String,
    fields: Fields,
}

impl Line {
    fn is_ours(&self) -> bool {
        OURS.iter().any(|name| self.target.split("::").next() == Some(name))
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in
            context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            if let Some(said) = span.extensions().get::<Fields>() {
                fields.take_over(said);
            }
        }
        event.record(&mut fields);
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let message = fields.take_message();
        let line = Line { time: Timestamp::now(), level, target, message, fields };
        (self.write)(&match self.format {
            Format::Json => json::write(&line, PROJECT.get().map(String::as_str)),
            Format::Human { colour } => human::write(&line, colour),
        });
    }
}

#[cfg(test)]
mod tests;
