//! Reads as much of a body as it takes to find a text in it.

use reqwest::Response;

/// How much of a body is read at most, in bytes.
const MOST: usize = 1 << 20;

/// Whether `text` is in the first mebibyte of the body. Nothing is read for an empty text.
pub(super) async fn contains(mut response: Response, text: &str) -> Result<bool, reqwest::Error> {
    let mut search = Search::new(text);
    while !search.found() && search.read.len() < MOST {
        let Some(chunk) = response.chunk().await? else { break };
        search.push(&chunk[..chunk.len().min(MOST - search.read.len())]);
    }
    Ok(search.found())
}

/// A search in what arrives piece by piece.
#[derive(Debug)]
struct Search<'a> {
    text: &'a [u8],
    read: Vec<u8>,
    found: bool,
}

impl<'a> Search<'a> {
    fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), read: Vec::new(), found: text.is_empty() }
    }

    fn found(&self) -> bool {
        self.found
    }

    fn push(&mut self, piece: &[u8]) {
        // The text may begin in an earlier piece.
        let from = self.read.len().saturating_sub(self.text.len());
        self.read.extend_from_slice(piece);
        self.found |= self.read[from..].windows(self.text.len().max(1)).any(|window| window == self.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_across_pieces() {
        let mut search = Search::new("resume");
        for (piece, found) in [("a res", false), ("", false), ("u", false), ("me b", true), ("c", true)] {
            search.push(piece.as_bytes());
            assert_eq!(search.found(), found, "{piece}");
        }
        assert!(Search::new("").found());
    }
}
