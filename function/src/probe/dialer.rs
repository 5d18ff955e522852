//! Asks a URL over a connection of its own, and notes how long each phase took.
//!
//! One configuration of TLS and one account of name lookups for all sites; nothing is kept between two visits, not
//! even a TLS session, so that each sees what a new visitor sees.

mod body;
mod names;
mod race;
mod unanswered;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{HeaderValue, Method, Request, header};
use http_body_util::Empty;
use hyper::{
    body::Bytes,
    client::conn::http1,
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use reqwest::{Body, Response};
use rustls::{
    ClientConfig,
    client::Resumption,
    pki_types::{CertificateDer, ServerName},
};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::{net::TcpStream, time::Instant};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::Url;

use super::{certificate, visit::authority, witness, word};
use crate::host::HostPort;
use body::ConnectedBody;
use names::Names;

pub use unanswered::Unanswered;

const WATCH: &str = concat!("cloud-failover-watch/", env!("CARGO_PKG_VERSION"));
const PROBE: &str = concat!("cloud-failover-probe/", env!("CARGO_PKG_VERSION"));

/// The part of a visit that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The host's name is looked up.
    Dns,
    /// A connection is made.
    Tcp,
    /// The certificate is shown and checked.
    Tls,
    /// The request is answered, up to the end of the answer's head.
    Http,
}

impl Phase {
    /// What a visitor waits for meanwhile.
    pub fn waiting_for(self) -> &'static str {
        match self {
            Self::Dns => "its name was still being looked up",
            Self::Tcp => "no connection came about",
            Self::Tls => "TLS was still being negotiated",
            Self::Http => "it took the request and said nothing",
        }
    }
}

/// How long each phase of a visit took, over all its redirects; `None` where there was no such phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// Looking names up.
    pub dns: Option<Duration>,
    /// Connecting.
    pub tcp: Option<Duration>,
    /// Negotiating TLS.
    pub tls: Option<Duration>,
    /// From the request to the head of the answer.
    pub http: Option<Duration>,
}

impl Times {
    fn add(&mut self, phase: Phase, took: Duration) {
        let time = match phase {
            Phase::Dns => &mut self.dns,
            Phase::Tcp => &mut self.tcp,
            Phase::Tls => &mut self.tls,
            Phase::Http => &mut self.http,
        };
        *time = Some(time.unwrap_or_default() + took);
    }
}

/// What a visit showed besides its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How long each phase took.
    pub times: Times,
    /// The phase that did not end.
    pub stuck_in: Option<Phase>,
    /// When the certificate of the first host expires.
    pub expires: Option<Timestamp>,
    /// Whether the last answer was that we are not let in (401, 403).
    pub refused: bool,
}

/// What all visits share.
#[derive(Debug)]
pub struct Dialer {
    tls: Arc<ClientConfig>,
    names: Names,
    agent: &'static str,
    turns: AtomicUsize,
}

impl Dialer {
    /// A dialer that trusts whom the system trusts.
    ///
    /// # Errors
    /// Where the system has no certificates.
    pub fn new() -> Result<Self, rustls::Error> {
        Ok(Self::trusting(ClientConfig::with_platform_verifier()?))
    }

    /// A dialer with this configuration of TLS.
    pub fn trusting(mut tls: ClientConfig) -> Self {
        tls.resumption = Resumption::disabled();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { tls: Arc::new(tls), names: Names::default(), agent: WATCH, turns: AtomicUsize::new(0) }
    }

    /// The same for the function's own probes, which call themselves so.
    pub(crate) fn probing(self) -> Self {
        Self { agent: PROBE, ..self }
    }

    /// The way of one visit.
    pub fn line(&self) -> VisitLine<'_> {
        VisitLine { dialer: self, turn: 0, token: None, seen: Mutex::default() }
    }

    /// The way of one visit among several that are to meet every address of a name in turn.
    pub fn line_in_turn(&self) -> VisitLine<'_> {
        VisitLine { turn: self.turns.fetch_add(1, Ordering::Relaxed), ..self.line() }
    }
}

/// The way of one visit, along its redirects.
#[derive(Debug)]
pub struct VisitLine<'a> {
    dialer: &'a Dialer,
    /// Which of a name's addresses comes first.
    turn: usize,
    /// What is shown to Cloud Run's door, beside what is meant for the application.
    token: Option<HeaderValue>,
    seen: Mutex<Seen>,
}

impl VisitLine<'_> {
    /// The same way, with this token for Cloud Run's door (Cloud Run documentation, "Authenticating service-to-service").
    pub(super) fn showing(self, token: Option<HeaderValue>) -> Self {
        Self { token, ..self }
    }

    /// The head of the answer, over a connection of its own, following nothing; or why there is none. `instead` is
    /// connected to in place of what the host's name leads to.
    pub(super) async fn get(&self, url: &Url, instead: Option<&HostPort>) -> Result<Response, Unanswered> {
        let tcp = self.connect(url, instead).await?;
        let answer = if url.scheme() == "https" {
            match self.negotiate(url, tcp).await {
                Ok(tls) => self.exchange(url, TokioIo::new(tls)).await,
                Err(why) => Err(why),
            }
        } else {
            self.exchange(url, TokioIo::new(tcp)).await
        };
        if let Ok(answer) = &answer {
            self.noted(|seen| seen.refused = matches!(answer.status().as_u16(), 401 | 403));
        }
        answer.map_err(Unanswered::There)
    }

    /// Whether the token that was shown did not let us in.
    pub(super) fn showed_in_vain(&self) -> bool {
        self.token.is_some() && self.seen().refused
    }

    /// Whether a name was still being looked up when the visit was given up.
    pub(super) fn waits_for_a_name(&self) -> bool {
        self.seen().stuck_in == Some(Phase::Dns)
    }

    /// What the visit has shown so far.
    pub fn seen(&self) -> Seen {
        self.noted(|seen| seen.clone())
    }

    /// Asks once, whatever the answer redirects to: its status, or why there is none.
    ///
    /// # Errors
    /// What stood in the way, in words.
    pub async fn ask(&self, url: &Url) -> Result<u16, String> {
        let answer = self.get(url, None).await.map_err(|why| why.to_string())?;
        Ok(answer.status().as_u16())
    }

    /// Connects, and no more.
    ///
    /// # Errors
    /// What stood in the way.
    pub async fn connect(&self, url: &Url, instead: Option<&HostPort>) -> Result<TcpStream, Unanswered> {
        let mut addresses = match instead {
            Some(HostPort { host, port }) => self.resolve(host, *port).await?,
            None => self.look_up(url).await?,
        };
        let turn = self.turn.checked_rem(addresses.len()).unwrap_or_default();
        addresses.rotate_left(turn);
        let tcp = self.timed(Phase::Tcp, race::connect(addresses)).await;
        let tcp = tcp.map_err(|error| Unanswered::of_connection(&error))?;
        let _a_hint = tcp.set_nodelay(true);
        Ok(tcp)
    }

    /// Where the URL's host leads to.
    pub(super) async fn look_up(&self, url: &Url) -> Result<Vec<SocketAddr>, Unanswered> {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(Unanswered::Ours("it is not of the form tcp://host:port".to_owned()));
        };
        self.resolve(host.trim_matches(['[', ']']), port).await
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unanswered> {
        self.timed(Phase::Dns, self.dialer.names.resolve(host, port)).await
    }

    async fn negotiate(&self, url: &Url, tcp: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
        let connector = TlsConnector::from(Arc::clone(&self.dialer.tls));
        let tls = self.timed(Phase::Tls, connector.connect(name, tcp)).await;
        let tls = tls.map_err(|error| format!("TLS failed: {error}"))?;
        let leaf = tls.get_ref().1.peer_certificates().and_then(<[CertificateDer<'_>]>::first);
        let expires = leaf.and_then(|leaf| certificate::expiry(leaf));
        self.noted(|seen| seen.expires = seen.expires.or(expires));
        Ok(tls)
    }

    /// Sends the request and waits for the head of the answer; the rest comes as it is read.
    async fn exchange<T>(&self, url: &Url, io: TokioIo<T>) -> Result<Response, String>
    where
        TokioIo<T>: Read + Write + Send + Unpin + 'static,
    {
        let work = async {
            let (mut sender, connection) = http1::handshake(io).await?;
            let driver = body::drive(connection);
            let answer = sender.send_request(request(url, self.dialer.agent, self.token.clone())).await?;
            Ok::<_, hyper::Error>(answer.map(|rest| Body::wrap(ConnectedBody::new(rest, driver))))
        };
        let answer = self.timed(Phase::Http, work).await;
        answer.map(Response::from).map_err(|error| format!("HTTP failed: {}", crate::log::chain(&error)))
    }

    /// Does the work of one phase, and notes how long it took; a phase that is broken off stays noted as such.
    async fn timed<T>(&self, phase: Phase, work: impl Future<Output = T>) -> T {
        self.noted(|seen| seen.stuck_in = Some(phase));
        let begun = Instant::now();
        let done = work.await;
        self.noted(|seen| {
            seen.times.add(phase, begun.elapsed());
            seen.stuck_in = None;
        });
        done
    }

    fn noted<T>(&self, note: impl FnOnce(&mut Seen) -> T) -> T {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn request(url: &Url, agent: &'static str, token: Option<HeaderValue>) -> Request<Empty<Bytes>> {
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::GET;
    // What was read as a URL can be written as a target and as a header.
    *request.uri_mut() = target.parse().unwrap_or_default();
    let headers = request.headers_mut();
    if let Ok(host) = authority(url).parse() {
        headers.insert(header::HOST, host);
    }
    headers.insert(header::USER_AGENT, header::HeaderValue::from_static(agent));
    if let Some(Ok(word)) = word(url).map(HeaderValue::try_from) {
        headers.insert(witness::PROBE, word);
    }
    if let Some(token) = token {
        headers.insert("x-serverless-authorization", token);
    }
    headers.insert(header::ACCEPT, header::HeaderValue::from_static("*/*"));
    headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    request
}
