//! What our own crates last complained of, for a command that says what it waits for.

use std::sync::{Mutex, PoisonError};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

use super::OURS;

static TROUBLE: Mutex<Option<String>> = Mutex::new(None);

/// Remembers the last warning.
pub(super) struct Heard;

/// What was last complained of, once.
pub(crate) fn take_trouble() -> Option<String> {
    TROUBLE.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        let ours = OURS.iter().any(|name| metadata.target().split("::").next() == Some(name));
        if !ours || *metadata.level() > Level::WARN {
            return;
        }
        let mut message = Message::default();
        event.record(&mut message);
        let told = super::redact(&message.0).into_owned();
        *TROUBLE.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }
}
