//! What a provider changed, told with the answer to whoever asked for it.

use serde_json::Value;

/// One thing that isn't as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What it is, in the words of the provider that has it.
    pub kind: &'static str,
    /// What it is part of, where names are good only there: a zone.
    pub within: String,
    /// Its name.
    pub name: String,
    /// As it was; null if there was none.
    pub before: Value,
    /// As it is; null if it is gone.
    pub after: Value,
}

impl Change {
    /// Something whose name is good everywhere.
    pub fn new(kind: &'static str, name: &str, [before, after]: [Value; 2]) -> Self {
        Self { kind, within: String::new(), name: name.to_owned(), before, after }
    }

    /// The same, as a part of something.
    pub fn within(self, whole: &str) -> Self {
        Self { within: whole.to_owned(), ..self }
    }
}
