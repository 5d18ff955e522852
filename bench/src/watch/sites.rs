//! Web sites over TLS, and a way over TLS to the sandbox's Pub/Sub.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use rcgen::{CertifiedKey, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use sandbox::{Sandbox, Service};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 7\r\n\r\nwelcome";

/// No round takes longer, also with a thousand sites that are waited for.
const PATIENCE: Duration = Duration::from_mins(10);

/// All sites are one server, which tells them apart no more than a look needs.
#[derive(Debug)]
pub(super) struct Sites {
    /// Where they are.
    pub(super) port: u16,
    /// Where Pub/Sub is.
    pub(super) pubsub_port: u16,
    /// What both show, as PEM.
    pub(super) certificate: String,
    looks: watch::Receiver<u64>,
    dark: watch::Sender<bool>,
    /// Looks that were waited for already.
    counted: u64,
}

impl Sites {
    /// Serves them until the process ends.
    pub(super) async fn serve(sandbox: &Sandbox) -> Result<Self> {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let certificate = pair.cert.pem();
        let (count, looks) = watch::channel(0);
        let dark = watch::Sender::new(false);
        let port = visitors(acceptor(&pair, b"http/1.1")?, count, dark.subscribe()).await?;
        let pubsub_port = forward(acceptor(&pair, b"h2")?, sandbox.address(Service::Pubsub)).await?;
        Ok(Self { port, pubsub_port, certificate, looks, dark, counted: 0 })
    }

    /// From now on they take requests and say nothing.
    pub(super) fn go_dark(&self) {
        self.dark.send_replace(true);
    }

    /// How often somebody looked.
    pub(super) fn looks(&self) -> u64 {
        *self.looks.borrow()
    }

    /// Waits until so many more looks were taken.
    pub(super) async fn looked_at(&mut self, more: u64) -> Result<()> {
        self.counted = self.looks() + more;
        let enough = self.counted;
        let waited = tokio::time::timeout(PATIENCE, self.looks.wait_for(|looks| *looks >= enough)).await;
        waited.context("the watcher looks too seldom")??;
        Ok(())
    }
}

fn acceptor(pair: &CertifiedKey<KeyPair>, protocol: &[u8]) -> Result<TlsAcceptor> {
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)?;
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn visitors(tls: TlsAcceptor, count: watch::Sender<u64>, dark: watch::Receiver<bool>) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (tls, count, dark) = (tls.clone(), count.clone(), dark.clone());
            tokio::spawn(async move {
                if let Ok(stream) = tls.accept(tcp).await {
                    visit(stream, &count, &dark).await;
                }
            });
        }
    });
    Ok(port)
}

/// Answers one request, or lets it wait until the visitor goes.
async fn visit(mut stream: TlsStream<TcpStream>, count: &watch::Sender<u64>, dark: &watch::Receiver<bool>) {
    let mut request = [0; 2048];
    // A visitor who has gone already has looked all the same.
    let _gone = stream.read(&mut request).await;
    count.send_modify(|count| *count += 1);
    if *dark.borrow() {
        let _gone = stream.read(&mut request).await;
        return;
    }
    let _gone = stream.write_all(ANSWER).await;
    let _gone = stream.shutdown().await;
}

async fn forward(tls: TlsAcceptor, to: SocketAddr) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                let (Ok(mut near), Ok(mut far)) = (tls.accept(tcp).await, TcpStream::connect(to).await)
                else {
                    return;
                };
                // Either side may end it.
                let _ended = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    Ok(port)
}
