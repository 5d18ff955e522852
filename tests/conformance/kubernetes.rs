//! What only the scale of a deployment can get wrong: waiting for pods, whom to trust, and as whom.

use std::{net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use cloud_failover::{
    api::{ApiErrorKind, Pace},
    clouds::{
        Change,
        kubernetes::{DeploymentName, Kubernetes, Source},
    },
};
use failover_core::{
    Observed,
    Position::{Primary, Standby},
};
use rcgen::CertifiedKey;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use sandbox::{Options, Sandbox, Service};
use tokio::{io::copy_bidirectional, net::TcpListener, net::TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::{
    bench::{Bench, kubeconfig, pace},
    kinds::KUBERNETES_SCALE,
};

fn resume() -> DeploymentName {
    DeploymentName { namespace: "web".to_owned(), deployment: "resume".to_owned() }
}

fn client(source: Source) -> Kubernetes {
    Kubernetes::new(source, Duration::from_secs(5), Pace { budget: Duration::ZERO, ..pace(Duration::ZERO) })
}

/// The sandbox's cluster behind a listener that speaks TLS, as `localhost`, with a certificate signed by itself.
async fn over_tls(sandbox: &Sandbox) -> (String, String) {
    over_tls_for(sandbox, None).await
}

/// As `over_tls`, only for whoever has this certificate, if one is given.
async fn over_tls_for(sandbox: &Sandbox, guest: Option<CertificateDer<'static>>) -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![cert.der().clone()];
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = match guest {
        None => config.with_no_client_auth(),
        Some(guest) => {
            let mut roots = RootCertStore::empty();
            roots.add(guest).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            config.with_client_cert_verifier(verifier.unwrap())
        }
    };
    let config = config.with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let behind = sandbox.address(Service::Kubernetes);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                let mut plain = TcpStream::connect(behind).await.unwrap();
                drop(copy_bidirectional(&mut tls, &mut plain).await);
            });
        }
    });
    (format!("https://localhost:{port}"), cert.pem())
}

/// A pod's account in `folder`, with this certificate and the token of the sandbox's account.
fn account(folder: &Path, sandbox: &Sandbox, authority: &str) {
    let kubeconfig = std::fs::read_to_string(kubeconfig(sandbox)).unwrap();
    let token = kubeconfig.lines().find_map(|line| line.trim().strip_prefix("token: ")).unwrap();
    std::fs::write(folder.join("token"), format!("{token}\n")).unwrap();
    std::fs::write(folder.join("ca.crt"), authority).unwrap();
}

#[tokio::test]
async fn a_pod_that_is_starting_is_neither_on_nor_off() {
    let bench = Bench::of(&KUBERNETES_SCALE).await;
    bench.move_to(Standby).await;
    bench.world().kubernetes.starting_takes(Duration::from_millis(400));
    assert_eq!(bench.set(Primary).await.unwrap(), Change::Made);
    let Observed::Mixed(how) = bench.look().await.observed else { panic!("ready at once") };
    assert!(how.starts_with("scaled up, "), "{how}");
    assert_eq!(bench.set(Primary).await.unwrap(), Change::Already, "asked for once is enough");
    let ready = async {
        while bench.look().await.observed != Observed::At(Primary) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ready).await.expect("it gets ready");
}

#[tokio::test]
async fn more_replicas_than_asked_for_are_left_alone() {
    let bench = Bench::of(&KUBERNETES_SCALE).await;
    bench.world().kubernetes.scale("resume", 3);
    assert_eq!(bench.set(Primary).await.unwrap(), Change::Already);
    assert_eq!(bench.world().kubernetes.replicas("resume"), 3);
}

#[tokio::test]
async fn only_the_replicas_are_written_as_a_merge_patch() {
    let bench = Bench::of(&KUBERNETES_SCALE).await;
    bench.move_to(Standby).await;
    let sent = bench.world().ledger.find(|call| call.operation == "kubernetes.patch_scale").unwrap();
    assert_eq!(sent.path, "/apis/apps/v1/namespaces/web/deployments/resume/scale");
}

#[tokio::test]
async fn a_pod_asks_its_own_cluster_by_the_certificate_and_the_token_that_it_is_given() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let (server, authority) = over_tls(&sandbox).await;
    let folder = tempfile::tempdir().unwrap();
    account(folder.path(), &sandbox, &authority);
    let pod = Source::Pod { server: Some(server), account: folder.path().to_owned() };
    let cluster = client(pod);
    assert_eq!(cluster.scale(&resume()).await.unwrap().wanted, 1);
    // A token that was replaced counts at once, and so does the right one again.
    std::fs::write(folder.path().join("token"), "a-token-that-nobody-knows").unwrap();
    let refused = cluster.scale(&resume()).await.unwrap_err();
    assert_eq!(refused.kind, ApiErrorKind::Unaccepted, "{refused}");
    account(folder.path(), &sandbox, &authority);
    assert_eq!(cluster.scale(&resume()).await.unwrap().wanted, 1);
}

#[tokio::test]
async fn a_cluster_that_the_given_certificate_does_not_vouch_for_is_told_no_token() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let (server, _) = over_tls(&sandbox).await;
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    account(folder.path(), &sandbox, &stranger.cert.pem());
    let pod = Source::Pod { server: Some(server), account: folder.path().to_owned() };
    let refused = client(pod).scale(&resume()).await.unwrap_err();
    assert!(refused.message.contains("certificate"), "{refused}");
    assert_eq!(refused.kind, ApiErrorKind::Refused, "trying again makes nobody trust it: {refused}");
    assert!(refused.message.contains("the authority that issued the cluster's"), "{refused}");
    assert_eq!(sandbox.world.ledger.count("kubernetes.get_deployment"), 0);
}

#[tokio::test]
async fn a_cluster_that_wants_a_certificate_is_shown_the_kubeconfigs() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let ours = rcgen::generate_simple_self_signed(vec!["failover".to_owned()]).unwrap();
    let (server, authority) = over_tls_for(&sandbox, Some(ours.cert.der().clone())).await;
    let path = kubeconfig(&sandbox);
    let folder = tempfile::tempdir().unwrap();
    for (name, pem) in [
        ("ca.pem", &authority),
        ("cert.pem", &ours.cert.pem()),
        ("key.pem", &ours.signing_key.serialize_pem()),
    ] {
        std::fs::write(folder.path().join(name), pem).unwrap();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replace(
        &format!("server: {}", sandbox.url(Service::Kubernetes)),
        &format!("server: {server}\n    certificate-authority: ca.pem"),
    );
    let path = folder.path().join("kubeconfig");
    let asked = async |text: &str| {
        std::fs::write(&path, text).unwrap();
        client(Source::Kubeconfig { path: path.clone(), context: None }).scale(&resume()).await
    };
    assert_eq!(asked(&text).await.unwrap_err().kind, ApiErrorKind::Transient, "it shows none");
    let shown = text.replace("token: ", "client-certificate: cert.pem\n    client-key: key.pem\n    token: ");
    assert_eq!(asked(&shown).await.unwrap().wanted, 1);
}

#[tokio::test]
async fn no_refusal_repeats_the_token() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let path = kubeconfig(&sandbox);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("sandbox-kubernetes-token", "a-wrong-token")).unwrap();
    let refused = client(Source::Kubeconfig { path, context: None }).scale(&resume()).await.unwrap_err();
    assert_eq!(refused.kind, ApiErrorKind::Unaccepted);
    assert!(!refused.message.contains("a-wrong-token"), "{refused}");
}

#[tokio::test]
async fn a_token_that_has_ended_is_told_apart_from_a_grant_that_lacks() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let path = kubeconfig(&sandbox);
    let text = std::fs::read_to_string(&path).unwrap();
    let source = Source::Kubeconfig { path: path.clone(), context: None };
    sandbox.world.kubernetes.deny("get", "deployments");
    let ungranted = client(source.clone()).scale(&resume()).await.unwrap_err().message;
    assert!(ungranted.contains("grant the account get on deployments"), "{ungranted}");
    std::fs::write(&path, text.replace("token: ", "token: x")).unwrap();
    let ended = client(source).scale(&resume()).await.unwrap_err().message;
    assert!(ended.contains("isn't accepted") && !ended.contains("grant the account"), "{ended}");
}
