//! The two ways through Cloudflare that a visitor takes: to the script that the route has, and from there to home.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use sandbox::{
    Power, Sandbox, Site,
    cloudflare::worker_route_id,
    edge::{GATE_SCRIPT, STANDBY_SCRIPT},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::lock;

/// How long the edge waits for an address that says nothing before its 522 (15 to 19 s, by Cloudflare's documentation).
const SILENCE: Duration = Duration::from_secs(19);
/// How soon an open socket notices what became of home.
const GLANCE: Duration = Duration::from_millis(50);
/// No request of this drill has a longer head.
const LONGEST_HEAD: usize = 16 << 10;

/// Where visitors come, and where home is asked.
#[derive(Debug)]
pub(super) struct Ways {
    sandbox: Arc<Sandbox>,
    site: Site,
    /// What visitors type.
    pub(super) front: SocketAddr,
    /// The zone's origin.
    pub(super) origin: SocketAddr,
    /// Where the scripts run now: the gate, and the one of an outage.
    scripts: Mutex<Option<[SocketAddr; 2]>>,
    /// Whether the tunnel to home is gone.
    untunnelled: Mutex<bool>,
}

impl Ways {
    pub(super) async fn open(sandbox: &Arc<Sandbox>) -> anyhow::Result<Arc<Self>> {
        let (front, origin) =
            (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let ways = Arc::new(Self {
            sandbox: Arc::clone(sandbox),
            site: sandbox.site("resume"),
            front: front.local_addr()?,
            origin: origin.local_addr()?,
            scripts: Mutex::default(),
            untunnelled: Mutex::default(),
        });
        tokio::spawn(Arc::clone(&ways).lead(front));
        tokio::spawn(Arc::clone(&ways).ask_home(origin));
        Ok(ways)
    }

    pub(super) fn run_scripts_at(&self, scripts: [SocketAddr; 2]) {
        *lock(&self.scripts) = Some(scripts);
    }

    pub(super) fn untunnel(&self, gone: bool) {
        *lock(&self.untunnelled) = gone;
    }

    /// The script that the site's route has.
    pub(super) fn script(&self) -> Option<String> {
        let cloudflare = &self.sandbox.world.cloudflare;
        let route = cloudflare.worker_route(&self.site.seed.zone, &worker_route_id(self.site.name()))?;
        route["script"].as_str().map(ToOwned::to_owned)
    }

    async fn lead(self: Arc<Self>, listener: TcpListener) {
        while let Ok((mut visitor, _)) = listener.accept().await {
            let scripts = *lock(&self.scripts);
            let to = match (self.script().as_deref(), scripts) {
                (Some(GATE_SCRIPT), Some([gate, _])) => gate,
                (Some(STANDBY_SCRIPT), Some([_, standby])) => standby,
                _ => self.origin,
            };
            tokio::spawn(async move {
                let mut script = TcpStream::connect(to).await?;
                copy_bidirectional(&mut visitor, &mut script).await
            });
        }
    }

    async fn ask_home(self: Arc<Self>, listener: TcpListener) {
        while let Ok((edge, _)) = listener.accept().await {
            let ways = Arc::clone(&self);
            tokio::spawn(async move { ways.answer(edge).await });
        }
    }

    /// One request: what Cloudflare makes of a home that isn't there, or home's own answer.
    async fn answer(&self, mut edge: TcpStream) -> std::io::Result<()> {
        let head = read_head(&mut edge).await?;
        let refusal = match self.sandbox.world.sites.pages.primary(self.site.name()) {
            _ if *lock(&self.untunnelled) => Some(530),
            Power::Off => Some(521),
            Power::Dark => {
                tokio::time::sleep(SILENCE).await;
                Some(522)
            }
            _ => None,
        };
        if let Some(status) = refusal {
            let text = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            edge.write_all(text.as_bytes()).await?;
            return edge.shutdown().await;
        }
        let mut home = TcpStream::connect(self.site.primary).await?;
        home.write_all(&head).await?;
        let (mut from_edge, mut to_edge) = edge.into_split();
        let (mut from_home, mut to_home) = home.into_split();
        let sending = tokio::spawn(async move { copy(&mut from_edge, &mut to_home).await });
        let begun = read_line(&mut from_home).await?;
        to_edge.write_all(&begun).await?;
        let told = if begun.windows(5).any(|part| part == b" 101 ") {
            // A socket that is open when home is lost breaks, or falls silent as home does.
            tokio::select! {
                told = copy(&mut from_home, &mut to_edge) => told.map(drop),
                silence = self.home_is_lost() => { tokio::time::sleep(silence).await; Ok(()) }
            }
        } else {
            // One request a connection: what is open when the power fails is no request.
            to_edge.write_all(b"connection: close\r\n").await?;
            copy(&mut from_home, &mut to_edge).await.map(drop)
        };
        sending.abort();
        told
    }

    /// Until home is lost; gives how long nothing is said then before the connection breaks.
    async fn home_is_lost(&self) -> Duration {
        loop {
            tokio::time::sleep(GLANCE).await;
            match self.sandbox.world.sites.pages.primary(self.site.name()) {
                Power::Dark => return SILENCE,
                Power::Off => return Duration::ZERO,
                _ if *lock(&self.untunnelled) => return Duration::ZERO,
                _ => {}
            }
        }
    }
}

pub(super) async fn read_head(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < LONGEST_HEAD {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

async fn read_line(stream: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await?);
    }
    Ok(line)
}
