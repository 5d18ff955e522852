//! The sockets of a site (RFC 6455): whatever is said to it, it says again, for as long as its address is open.

use base64::prelude::*;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::call::Reply;
use super::serve::response;

/// What RFC 6455 appends to a client's key before it is hashed.
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The last frame of a conversation.
const CLOSE: u8 = 8;
/// Longer frames than this need another form of length, which nobody here sends.
const LONGEST: u8 = 125;

/// A visitor's wish for a socket.
#[derive(Debug)]
pub(crate) struct Handshake {
    accept: String,
    upgrade: OnUpgrade,
}

impl Handshake {
    /// The wish, if it is one.
    pub(crate) fn of(request: &mut Request<Incoming>) -> Option<Self> {
        let wish = request.headers().get("upgrade")?.to_str().ok()?;
        let key = request.headers().get("sec-websocket-key")?.to_str().ok()?;
        if !wish.eq_ignore_ascii_case("websocket") {
            return None;
        }
        let hash = aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
            format!("{key}{MAGIC}").as_bytes(),
        );
        let accept = BASE64_STANDARD.encode(hash);
        Some(Self { accept, upgrade: hyper::upgrade::on(request) })
    }

    /// The same answer as an agreement, after which the site echoes until `closed`.
    pub(crate) fn agreed(
        self,
        reply: Reply,
        closed: impl Future<Output = ()> + Send + 'static,
    ) -> Response<Full<Bytes>> {
        let mut response = response(Reply { body: Bytes::new(), ..reply });
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response.headers_mut().remove("content-type");
        let accept = HeaderValue::from_str(&self.accept).ok();
        let said = [
            ("upgrade", Some(HeaderValue::from_static("websocket"))),
            ("connection", Some(HeaderValue::from_static("upgrade"))),
            ("sec-websocket-accept", accept),
        ];
        for (name, value) in said {
            if let Some(value) = value {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        tokio::spawn(async move {
            if let Ok(upgraded) = self.upgrade.await {
                tokio::select! { _ended = echo(TokioIo::new(upgraded)) => {}, () = closed => {} }
            }
        });
        response
    }
}

/// Every frame comes back as it was meant, without the visitor's mask, until one closes the socket.
async fn echo(mut socket: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    loop {
        let [first, second] = [socket.read_u8().await?, socket.read_u8().await?];
        let length = second & 0x7f;
        if second & 0x80 == 0 || length > LONGEST {
            return Ok(());
        }
        let mut mask = [0; 4];
        socket.read_exact(&mut mask).await?;
        let mut said = vec![0; usize::from(length)];
        socket.read_exact(&mut said).await?;
        said.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        socket.write_all(&[&[first, length], said.as_slice()].concat()).await?;
        socket.flush().await?;
        if first & 0x0f == CLOSE {
            return Ok(());
        }
    }
}
