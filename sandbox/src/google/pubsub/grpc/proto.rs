//! Protocol buffers on the wire, the little of them that is needed: varints and length-delimited fields
//! (protobuf.dev, "Encoding").

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;

/// Reads the fields of one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

enum Field<'a> {
    Number,
    Bytes(&'a [u8]),
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// Every text of this number; `None` where the message is garbled.
    pub(super) fn texts(self, number: u64) -> Option<Vec<String>> {
        self.bytes(number)?.into_iter().map(|bytes| String::from_utf8(bytes.to_vec()).ok()).collect()
    }

    /// Every message of this number.
    pub(super) fn messages(self, number: u64) -> Option<Vec<Reader<'a>>> {
        Some(self.bytes(number)?.into_iter().map(Reader).collect())
    }

    /// Every run of bytes of this number.
    pub(super) fn bytes(self, number: u64) -> Option<Vec<&'a [u8]>> {
        let mut rest = self.0;
        let mut found = Vec::new();
        while !rest.is_empty() {
            let (key, after) = varint(rest)?;
            let (field, after) = field(key & 7, after)?;
            if let (Field::Bytes(bytes), true) = (field, key >> 3 == number) {
                found.push(bytes);
            }
            rest = after;
        }
        Some(found)
    }
}

fn field(kind: u64, rest: &[u8]) -> Option<(Field<'_>, &[u8])> {
    match kind {
        0 => varint(rest).map(|(_, rest)| (Field::Number, rest)),
        1 => Some((Field::Number, rest.get(8..)?)),
        2 => {
            let (length, rest) = varint(rest)?;
            let (bytes, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some((Field::Bytes(bytes), rest))
        }
        5 => Some((Field::Number, rest.get(4..)?)),
        _ => None,
    }
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

/// Writes the fields of one message; what is empty or zero is left out, as by everybody.
#[derive(Debug, Default)]
pub(super) struct Writer(BytesMut);

impl Writer {
    pub(super) fn text(&mut self, number: u64, text: &str) {
        if !text.is_empty() {
            self.message(number, text.as_bytes());
        }
    }

    pub(super) fn number(&mut self, number: u64, value: u64) {
        if value != 0 {
            self.varint(number << 3);
            self.varint(value);
        }
    }

    /// A message, also an empty one: its presence says something.
    pub(super) fn message(&mut self, number: u64, bytes: &[u8]) {
        self.varint(number << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.put_slice(bytes);
    }

    /// A duration such as `"1.5s"`; nothing where there is none.
    pub(super) fn duration(&mut self, number: u64, text: &Value) {
        let seconds = text.as_str().and_then(|text| text.strip_suffix('s')?.parse::<f64>().ok());
        let Some(duration) = seconds.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok())
        else {
            return;
        };
        let mut message = Self::default();
        message.number(1, duration.as_secs());
        message.number(2, u64::from(duration.subsec_nanos()));
        self.message(number, &message.finish());
    }

    pub(super) fn finish(self) -> Bytes {
        self.0.freeze()
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            // The lowest seven bits, and the word that more follow.
            self.0.put_u8(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
            value >>= 7;
        }
        self.0.put_u8(u8::try_from(value).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut inner = Writer::default();
        inner.text(1, &"x".repeat(300));
        let mut writer = Writer::default();
        writer.text(1, "a");
        writer.number(5, 600);
        writer.message(2, &inner.finish());
        writer.text(1, "b");
        let message = writer.finish();
        let reader = Reader::new(&message);
        assert_eq!(reader.texts(1), Some(vec!["a".to_owned(), "b".to_owned()]));
        let inner = reader.messages(2).expect("messages");
        assert_eq!(inner[0].texts(1), Some(vec!["x".repeat(300)]));
        assert_eq!(Reader::new(&message[..message.len() - 1]).texts(1), None);
    }
}
