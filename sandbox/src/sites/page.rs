//! A page that a place gives instead of its usual one: a firewall's, a login, a site that an owner built otherwise.

use crate::frame::call::Reply;

/// What is answered, whatever is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub text: String,
}

impl Page {
    /// A page of text.
    pub fn new(status: u16, text: &str) -> Self {
        Self { status, headers: Vec::new(), text: text.to_owned() }
    }

    /// The same page with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Whether a visitor takes it for the site.
    pub fn is_well(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn reply(&self) -> Reply {
        let reply = Reply::html(self.status, self.text.clone());
        self.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
    }
}
