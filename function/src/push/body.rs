//! Reads a request's body: not more than the limit, not longer than a while, and few long ones at a time.

use std::{pin::pin, time::Duration};

use bytes::Buf;
use futures::{Stream, StreamExt};
use http::{HeaderMap, header};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::{Limits, Outcome, refusal::Refusal};

/// A body up to this size is read beside any number of others; an alert has some 6 KiB. The HTTP server's buffer of
/// a connection doubles with every full read, so that waiting early keeps it small too.
const SMALL: usize = 16 * 1024;
/// So many longer ones are read at a time, however many clients there are.
const LARGE_AT_A_TIME: usize = 8;
/// How long the rest of a body that is too long is listened to, so that its sender hears why.
const LISTEN: Duration = Duration::from_secs(5);
/// How much of it: Cloud Run takes no longer request.
const LISTEN_BYTES: usize = 32 * 1024 * 1024;

/// Reads bodies.
#[derive(Debug)]
pub(super) struct Bodies {
    limits: Limits,
    large: Semaphore,
}

/// A body, and its place among the large ones.
struct Reading<'a> {
    bytes: Vec<u8>,
    place: Option<SemaphorePermit<'a>>,
}

/// Why a body was not read.
enum Unread {
    TooLarge,
    Broken,
}

impl Bodies {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, large: Semaphore::new(LARGE_AT_A_TIME) }
    }

    /// The whole body, or why not.
    pub(super) async fn read<S, B, E>(&self, headers: &HeaderMap, body: S) -> Result<Vec<u8>, Refusal>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: Buf,
    {
        let mut body = pin!(body);
        let read = async {
            if declared(headers).is_some_and(|length| length > self.limits.body) {
                return Err(Unread::TooLarge);
            }
            self.collect(&mut body).await
        };
        match timeout(self.limits.body_within, read).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(Unread::TooLarge)) => {
                listen(&mut body).await;
                let limit = self.limits.body / 1024;
                let reason =
                    format!("the body is longer than {limit} KiB, and an alert or a command is never");
                Err(Refusal::new(Outcome::TooLarge, reason))
            }
            Ok(Err(Unread::Broken)) => {
                Err(Refusal::new(Outcome::Unreadable, "the body broke off before its end"))
            }
            Err(_) => {
                let seconds = self.limits.body_within.as_secs();
                Err(Refusal::new(Outcome::TryAgain, format!("the body did not arrive within {seconds} s")))
            }
        }
    }

    async fn collect<S, B, E>(&self, mut body: S) -> Result<Vec<u8>, Unread>
    where
        S: Stream<Item = Result<B, E>> + Unpin,
        B: Buf,
    {
        let mut reading = Reading { bytes: Vec::new(), place: None };
        while let Some(piece) = body.next().await {
            let mut piece = piece.map_err(|_| Unread::Broken)?;
            let length = reading.bytes.len() + piece.remaining();
            if length > self.limits.body {
                return Err(Unread::TooLarge);
            }
            if length > SMALL && reading.place.is_none() {
                reading.place = self.large.acquire().await.ok();
            }
            append(&mut reading.bytes, &mut piece);
        }
        Ok(reading.bytes)
    }
}

fn append(bytes: &mut Vec<u8>, piece: &mut impl Buf) {
    while piece.has_remaining() {
        let part = piece.chunk();
        bytes.extend_from_slice(part);
        let length = part.len();
        piece.advance(length);
    }
}

/// Hears a sender out without keeping anything: one that is cut off in the middle never reads the answer.
async fn listen<S, B, E>(mut body: S)
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: Buf,
{
    let mut heard = 0;
    let rest = async {
        while let Some(Ok(piece)) = body.next().await {
            heard += piece.remaining();
            if heard > LISTEN_BYTES {
                break;
            }
        }
    };
    // However it ends, the answer is the same.
    let _ = timeout(LISTEN, rest).await;
}

fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
