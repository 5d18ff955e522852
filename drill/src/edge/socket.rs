//! A visitor with a socket: says something a few times a second, and comes again when nothing comes back.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};

use super::ways::read_head;
use crate::{lock, logbook::in_seconds};

/// Between two words.
const EVERY: Duration = Duration::from_millis(200);
/// A page that hears nothing for so long opens its socket anew.
const SILENCE: Duration = Duration::from_secs(2);
/// So long a new socket may take: a browser waits no longer, and the gate's patience is two seconds.
const OPENS_WITHIN: Duration = Duration::from_secs(10);
/// One text frame of four bytes, masked with nothing as the mask.
const WORD: &[u8] = b"\x81\x84\0\0\0\0here";
/// The same as it comes back.
const ECHO: &[u8] = b"\x81\x04here";

/// What became of it.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Conversation {
    /// Sockets that home opened.
    pub(super) by_primary: usize,
    /// Sockets that the standby opened.
    pub(super) by_standby: usize,
    /// Sockets that were not opened, or by nobody who could be asked for a page.
    pub(super) lost: usize,
    /// Words that came back.
    pub(super) heard: usize,
    /// The longest time between two words that came back.
    #[serde(rename = "longest_silence_s", serialize_with = "in_seconds")]
    pub(super) silence: Duration,
}

impl Conversation {
    fn opened(&mut self, by: Option<&str>) {
        match by {
            Some("primary") => self.by_primary += 1,
            Some("standby") => self.by_standby += 1,
            _ => self.lost += 1,
        }
    }

    fn heard(&mut self, after: Duration) {
        self.heard += 1;
        self.silence = self.silence.max(after);
    }
}

/// A visitor who keeps talking.
#[derive(Debug)]
pub(super) struct Talker {
    said: Arc<Mutex<Conversation>>,
    talking: JoinHandle<()>,
}

impl Talker {
    pub(super) fn begin(host: SocketAddr) -> Self {
        let said = Arc::new(Mutex::new(Conversation::default()));
        let told = Arc::clone(&said);
        let talking = tokio::spawn(async move {
            let mut heard = Instant::now();
            loop {
                let opened = timeout(OPENS_WITHIN, open(host)).await.ok().and_then(Result::ok);
                let by = opened.as_ref().map(|(_, by)| by.as_str());
                lock(&told).opened(by);
                match opened {
                    Some((socket, _)) => talk(socket, &told, &mut heard).await,
                    None => tokio::time::sleep(EVERY).await,
                }
            }
        });
        Self { said, talking }
    }

    /// What became of it so far.
    pub(super) fn end(self) -> Conversation {
        lock(&self.said).clone()
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        self.talking.abort();
    }
}

async fn open(host: SocketAddr) -> std::io::Result<(TcpStream, String)> {
    let mut stream = TcpStream::connect(host).await?;
    let wish = format!(
        "GET /live HTTP/1.1\r\nhost: {host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(wish.as_bytes()).await?;
    let head = String::from_utf8_lossy(&read_head(&mut stream).await?).to_ascii_lowercase();
    if !head.starts_with("http/1.1 101 ") {
        return Err(std::io::Error::other(head.lines().next().unwrap_or_default().to_owned()));
    }
    let by = head.lines().find_map(|line| line.strip_prefix("failover-served-by:")).unwrap_or_default();
    Ok((stream, by.trim().to_owned()))
}

/// Talks until the socket breaks or nothing comes back any more.
async fn talk(mut socket: TcpStream, told: &Mutex<Conversation>, heard: &mut Instant) {
    loop {
        let mut echo = [0; ECHO.len()];
        let exchange = async {
            socket.write_all(WORD).await?;
            socket.read_exact(&mut echo).await
        };
        match timeout(SILENCE, exchange).await {
            Ok(Ok(_)) if echo == ECHO => {}
            _ => return,
        }
        lock(told).heard(heard.elapsed());
        *heard = Instant::now();
        tokio::time::sleep(EVERY).await;
    }
}
