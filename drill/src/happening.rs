//! One thing that happened, as one line of the drill; and the board where the story pins its own.

use std::{sync::Mutex, time::Instant};

use super::lock;

/// Who did it, or saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// The primary's house.
    Home,
    /// Those who want to see the site.
    Visitors,
    /// Our own watcher.
    Watcher,
    /// Cloud Monitoring.
    Monitoring,
    /// Pub/Sub.
    PubSub,
    /// The function.
    Function,
    /// Cloud Run.
    CloudRun,
    /// Cloudflare.
    Cloudflare,
    /// The cluster that the primary is in.
    Kubernetes,
    /// Cloud Storage, where the journal is.
    Storage,
    /// The metadata server, where tokens come from.
    Metadata,
    /// A person with a keyboard.
    Operator,
    /// What is broken on purpose.
    Fault,
}

impl Who {
    /// The name at the line's beginning.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Visitors => "visitors",
            Self::Watcher => "watcher",
            Self::Monitoring => "Monitoring",
            Self::PubSub => "Pub/Sub",
            Self::Function => "function",
            Self::CloudRun => "Cloud Run",
            Self::Cloudflare => "Cloudflare",
            Self::Kubernetes => "Kubernetes",
            Self::Storage => "Storage",
            Self::Metadata => "metadata",
            Self::Operator => "operator",
            Self::Fault => "fault",
        }
    }
}

/// How good that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Neither.
    Plain,
    /// As one hopes.
    Good,
    /// Worth a second look.
    Doubtful,
    /// Visitors suffer.
    Bad,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A new part of the story, whose time begins here.
    Chapter(&'static str),
    /// One line.
    Line {
        /// Whose.
        who: Who,
        /// How good that is.
        tone: Tone,
        /// What to say.
        text: String,
    },
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Happening {
    /// When.
    pub(super) at: Instant,
    /// What.
    pub(super) what: What,
}

impl Happening {
    /// One line.
    pub(super) fn line(at: Instant, who: Who, tone: Tone, text: impl Into<String>) -> Self {
        Self { at, what: What::Line { who, tone, text: text.into() } }
    }
}

/// Where the story pins what it does itself, until it is shown.
#[derive(Debug, Default)]
pub(super) struct Board(Mutex<Vec<Happening>>);

impl Board {
    /// A new part begins now.
    pub(super) fn chapter(&self, title: &'static str) -> Instant {
        let at = Instant::now();
        lock(&self.0).push(Happening { at, what: What::Chapter(title) });
        at
    }

    /// Something happens now.
    pub(super) fn tell(&self, who: Who, tone: Tone, text: impl Into<String>) {
        lock(&self.0).push(Happening::line(Instant::now(), who, tone, text));
    }

    /// Takes down what is pinned.
    pub(super) fn take(&self) -> Vec<Happening> {
        std::mem::take(&mut lock(&self.0))
    }
}
