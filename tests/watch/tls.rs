//! Looks over TLS: the phases have times, certificates are checked, and those that end soon are noticed.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use cloud_failover::{
    announce::{Announcement, Announcer, Outlet},
    api::ApiError,
    clouds::Severity,
    probe::{Expect, Targets, Witness},
    watch::Dialer,
};
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, CertifiedKey, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::lookout::{Reports, Setting};

/// A site over TLS, whose certificate was signed by itself.
struct Site {
    url: Url,
    certificate: CertificateDer<'static>,
    /// How many visits were answered, and over how many connections.
    visits: watch::Receiver<usize>,
}

impl Site {
    async fn with_certificate_for(days: i64) -> Self {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let end = Timestamp::now() + SignedDuration::from_hours(24 * days + 12);
        params.not_after = std::time::SystemTime::from(end).into();
        let signing_key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&signing_key).unwrap();
        Self::serving(&CertifiedKey { cert, signing_key }).await
    }

    async fn serving(pair: &CertifiedKey<KeyPair>) -> Self {
        let certificate = pair.cert.der().clone();
        let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (count, visits) = watch::channel(0);
        tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), count));
        Self { url: format!("https://localhost:{port}/").parse().unwrap(), certificate, visits }
    }

    fn targets(&self) -> Targets {
        Targets {
            public: Some(self.url.clone()),
            witness: Witness::Origin,
            standby: None,
            primary: None,
            connect: None,
            by_name: false,
            expect: Expect { status: 200, contains: "welcome".to_owned() },
            standby_expect: Expect::default(),
        }
    }

    /// A configuration that trusts this site's certificate.
    fn trusted(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        trusting(roots)
    }
}

/// Answers one request on every connection, and closes it.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor, count: watch::Sender<usize>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
        let mut request = vec![0; 4096];
        let read = tls.read(&mut request).await.unwrap_or_default();
        let request = String::from_utf8_lossy(&request[..read]).to_ascii_lowercase();
        assert!(request.contains("connection: close") && request.contains("host: localhost:"), "{request}");
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nwelcome";
        let _gone = tls.write_all(answer.as_bytes()).await;
        let _gone = tls.shutdown().await;
        count.send_modify(|count| *count += 1);
    }
}

fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// A configuration for sites without TLS: reading the system's certificates takes an unoptimised binary a while.
pub(crate) fn trusting_nobody() -> ClientConfig {
    trusting(RootCertStore::empty())
}

/// Keeps what is announced.
#[derive(Debug, Clone, Default)]
pub(crate) struct News(Arc<Mutex<Vec<Announcement>>>);

impl News {
    pub(crate) fn sentences(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|news| news.sentence.clone()).collect()
    }
}

#[async_trait]
impl Outlet for News {
    fn name(&self) -> String {
        "the test".to_owned()
    }

    async fn deliver(&self, announcement: &Announcement) -> Result<(), ApiError> {
        self.0.lock().unwrap().push(announcement.clone());
        Ok(())
    }
}

#[tokio::test]
async fn every_phase_of_a_visit_has_its_time() {
    let site = Site::with_certificate_for(60).await;
    let dialer = Dialer::trusting(site.trusted());
    let line = dialer.line();
    let status = line.ask(&site.url).await.unwrap();
    let seen = line.seen();
    assert_eq!((status, seen.stuck_in), (200, None));
    let times = [seen.times.dns, seen.times.tcp, seen.times.tls, seen.times.http];
    assert!(times.iter().all(|time| time.is_some_and(|time| time > Duration::ZERO)), "{times:?}");
    let left = seen.expires.unwrap().duration_since(Timestamp::now()).as_hours();
    assert_eq!(left, 60 * 24 + 11);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_no_answer() {
    let site = Site::with_certificate_for(60).await;
    let dialer = Dialer::trusting(trusting_nobody());
    let refused = dialer.line().ask(&site.url).await.unwrap_err();
    assert!(refused.starts_with("TLS failed: invalid peer certificate"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_soon_is_announced_once() {
    let site = Site::with_certificate_for(6).await;
    let (news, reports) = (News::default(), Reports::default());
    let setting = Setting::of(site.targets());
    let announcer = Announcer::new(vec![Arc::new(news.clone())]);
    let dialer = Dialer::trusting(site.trusted());
    let _lookout =
        Setting { dialer, announcer: announcer.clone(), ..setting }.watch(Arc::new(reports.clone()));
    site.visits.clone().wait_for(|visits| *visits >= 5).await.unwrap();
    assert!(announcer.settle(stage::PATIENCE).await);
    let told = news.0.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].sentence.starts_with("the certificate of localhost expires in 6 days"), "{told:?}");
    assert_eq!(told[0].severity, Severity::Warning);
    assert_eq!(reports.told(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_has_ended_is_an_outage() {
    let site = Site::with_certificate_for(-2).await;
    let reports = Reports::default();
    let setting = Setting::of(site.targets());
    let dialer = Dialer::trusting(site.trusted());
    let _lookout = Setting { dialer, ..setting }.watch(Arc::new(reports.clone()));
    reports.until("open", 1).await;
    let summary = reports.messages()[0]["incident"]["summary"].clone();
    assert!(summary.as_str().unwrap().contains("certificate expired"), "{summary}");
}
