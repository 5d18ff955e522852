//! One object and what is known about it.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::md5;

/// An object that is there.
#[derive(Debug, Clone)]
pub struct Object {
    /// What it holds.
    pub content: Bytes,
    /// Its media type.
    pub content_type: String,
    /// Which writing of this name it is; grows with time.
    pub generation: u64,
    /// Which writing of its description it is.
    pub metageneration: u64,
    /// When it was written.
    pub created: Timestamp,
    /// What its owner says of it: custom metadata, how it may be cached.
    pub description: Map<String, Value>,
}

impl Object {
    /// An object written now.
    pub fn new(content: Bytes, content_type: &str) -> Self {
        let created = Timestamp::now();
        let (generation, content_type) = (next_generation(created), content_type.to_owned());
        Self { content, content_type, generation, metageneration: 1, created, description: Map::new() }
    }

    /// With these words of its owner's, if there are any.
    pub(super) fn describe(&mut self, metadata: Map<String, Value>) {
        if !metadata.is_empty() {
            self.description.insert("metadata".to_owned(), metadata.into());
        }
    }

    /// Quoted; clients take it as it is. The real one is the content's MD5.
    pub(super) fn etag(&self) -> String {
        let digest = digest::digest(&digest::SHA256, &self.content);
        let number = digest.as_ref().iter().take(16).fold(0_u128, |sum, &byte| (sum << 8) | u128::from(byte));
        format!("\"{number:032x}\"")
    }

    /// When it was written, to the millisecond, as listings say it.
    pub(super) fn created_text(&self) -> String {
        self.created.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// MD5 in base64, as the JSON interface has it.
    pub(super) fn md5(&self) -> String {
        BASE64_STANDARD.encode(md5::digest(&self.content))
    }

    /// CRC32C in base64, as `x-goog-hash` and the JSON interface carry it.
    pub(super) fn crc32c(&self) -> String {
        BASE64_STANDARD.encode(crc32c(&self.content).to_be_bytes())
    }
}

/// Microseconds since 1970, as Google's generations are, and never the same twice.
fn next_generation(now: Timestamp) -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(now.as_microsecond()).unwrap_or_default();
    let last = LAST.fetch_max(now, Ordering::Relaxed);
    if now > last { now } else { LAST.fetch_add(1, Ordering::Relaxed) + 1 }
}

/// CRC32C (RFC 3720, appendix B.4), bit by bit: journal entries are short.
fn crc32c(bytes: &[u8]) -> u32 {
    const REVERSED_POLYNOMIAL: u32 = 0x82F6_3B78;
    let fold = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ REVERSED_POLYNOMIAL } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(u32::MAX, fold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn generations_grow() {
        let generations: Vec<u64> = (0..100).map(|_| Object::new(Bytes::new(), "x").generation).collect();
        assert!(generations.is_sorted_by(|earlier, later| earlier < later));
    }
}
