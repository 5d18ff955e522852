//! A way to a server on loopback that counts who takes it, and can swallow what the first of them says.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use url::Url;

pub(crate) struct Relay {
    pub(crate) url: Url,
    connections: Arc<AtomicUsize>,
}

impl Relay {
    /// A way to `target`.
    pub(crate) async fn to(target: &Url) -> Self {
        Self::start(target, 0).await
    }

    /// A way to `target` on which the first connection stays silent, as a firewall that forgot it does.
    pub(crate) async fn first_silent(target: &Url) -> Self {
        Self::start(target, 1).await
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    async fn start(target: &Url, silent: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut url = target.clone();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let relay = Self { url, connections: Arc::default() };
        tokio::spawn(serve(listener, target.port().unwrap(), silent, Arc::clone(&relay.connections)));
        relay
    }
}

async fn serve(listener: TcpListener, port: u16, silent: usize, connections: Arc<AtomicUsize>) {
    let mut swallowed = Vec::new();
    while let Ok((mut here, _)) = listener.accept().await {
        if connections.fetch_add(1, Ordering::SeqCst) < silent {
            swallowed.push(here);
            continue;
        }
        tokio::spawn(async move {
            let mut there = TcpStream::connect(("127.0.0.1", port)).await?;
            copy_bidirectional(&mut here, &mut there).await
        });
    }
}
