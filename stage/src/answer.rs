//! What the function answers to a push.

use anyhow::{Result, ensure};
use serde_json::Value;

/// What the function answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: Value,
}

impl Answer {
    /// One of the body's texts.
    pub fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }

    /// The answer, if it is that a move was `Done`.
    pub fn done(self) -> Result<Self> {
        let is_done = self.status == 200 && self.body["end"] == "Done";
        ensure!(is_done, "no move was done: {} {}", self.status, self.body);
        Ok(self)
    }

    /// Asserts status, verdict and end in one line.
    #[track_caller]
    pub fn is(&self, status: u16, verdict: &str, end: Option<&str>) -> &Self {
        let seen = (self.status, self.text("verdict"), self.body["end"].as_str());
        assert_eq!(seen, (status, verdict, end), "{}", self.body);
        self
    }

    /// Asserts that the reason says this.
    #[track_caller]
    pub fn because(&self, words: &str) -> &Self {
        assert!(self.text("reason").contains(words), "{:?} isn't in {}", words, self.body);
        self
    }
}
