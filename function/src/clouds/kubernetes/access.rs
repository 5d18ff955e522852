//! Whom to ask, whom to trust, and as whom: from a kubeconfig, or from what a pod is given.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use reqwest::{Certificate, Identity, redirect};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::kubeconfig;
use crate::api::Secret;

/// Where every pod finds its account (documentation, "Accessing the Kubernetes API from a Pod", read 2026-11-20).
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Where the way to a cluster is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In a kubeconfig.
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The context; none is the file's current one.
        context: Option<String>,
    },
    /// In the pod that this runs in.
    Pod {
        /// Host and port of the interface, as the environment tells them; none where this is no pod.
        server: Option<String>,
        /// The folder with the account's token and the cluster's certificate.
        account: PathBuf,
    },
}

/// The cluster that this runs in; `variable` reads the environment.
pub fn in_this_pod<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Source {
    let server = variable("KUBERNETES_SERVICE_HOST").map(|host| {
        let port = variable("KUBERNETES_SERVICE_PORT").unwrap_or("443");
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        format!("https://{host}:{port}")
    });
    Source::Pod { server, account: PathBuf::from(ACCOUNT) }
}

/// What one call is made with.
#[derive(Debug)]
pub(super) struct Access {
    /// The base URL, without a slash at its end.
    pub(super) server: String,
    pub(super) trust: Trust,
    pub(super) bearer: Option<Secret>,
}

/// What a client is built of; two that are the same need one client.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Trust {
    /// The certificates that vouch for the cluster; none are the system's.
    pub(super) authorities: Option<Vec<u8>>,
    /// Our own certificate and its key.
    pub(super) identity: Option<Vec<u8>>,
}

impl Source {
    /// Reads it; why not, in words that hold nothing of what was read.
    pub(super) async fn read(&self) -> Result<Access, String> {
        match self {
            Self::Kubeconfig { path, context } => {
                let text = text(path).await?;
                let folder = path.parent().unwrap_or(Path::new(""));
                let told = kubeconfig::read(&text, context.as_deref());
                told.map_err(|why| format!("{} {why}", path.display()))?.access(folder).await
            }
            Self::Pod { server: None, .. } => {
                Err("this is no pod (KUBERNETES_SERVICE_HOST is not set), and the \
                                                   switch names no kubeconfig"
                    .to_owned())
            }
            Self::Pod { server: Some(server), account } => {
                let bearer = token(&account.join("token")).await?;
                let authorities = bytes(&account.join("ca.crt")).await?;
                let trust = Trust { authorities: Some(authorities), identity: None };
                Ok(Access { server: server.clone(), trust, bearer: Some(bearer) })
            }
        }
    }
}

impl Trust {
    /// A client that trusts this and nothing else. Redirects would take the token elsewhere.
    pub(super) fn client(&self) -> Result<reqwest::Client, String> {
        let agent = concat!("cloud-failover/", env!("CARGO_PKG_VERSION"));
        let mut builder = reqwest::Client::builder().user_agent(agent).redirect(redirect::Policy::none());
        if let Some(authorities) = &self.authorities {
            builder = builder.tls_certs_only(usable(authorities)?);
        }
        if let Some(identity) = &self.identity {
            let read = Identity::from_pem(identity).map_err(|_| no_identity(identity))?;
            builder = builder.identity(read);
        }
        builder
            .build()
            .map_err(|error| format!("HTTPS can't be prepared: {}", crate::api::retry::causes(&error)))
    }
}

/// The authorities of a bundle that can be asked here. One of an odd kind is passed over where there are others, as
/// `kubectl` does.
fn usable(bundle: &[u8]) -> Result<Vec<Certificate>, String> {
    let found: Vec<CertificateDer<'_>> =
        CertificateDer::pem_slice_iter(bundle).filter_map(Result::ok).collect();
    if found.is_empty() {
        return Err("the cluster's certificate authority is no PEM".to_owned());
    }
    let is_usable = |one: &&CertificateDer<'_>| RootCertStore::empty().add((*one).clone()).is_ok();
    let usable: Vec<Certificate> =
        found.iter().filter(is_usable).filter_map(|one| Certificate::from_der(one).ok()).collect();
    if usable.is_empty() {
        return Err(
            "the cluster's certificate authority is PEM, but no certificate that can be read".to_owned()
        );
    }
    Ok(usable)
}

fn no_identity(identity: &[u8]) -> &'static str {
    let is_encrypted = identity.windows(9).any(|word| word == b"ENCRYPTED");
    if is_encrypted {
        "the key of the client certificate is encrypted, and nobody is here to type its password; store it without one"
    } else {
        "the client certificate and its key are no PEM"
    }
}

/// A key is in it.
impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

pub(super) async fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    tokio::fs::read(path).await.map_err(|error| format!("{} can't be read: {error}", path.display()))
}

async fn text(path: &Path) -> Result<String, String> {
    String::from_utf8(bytes(path).await?).map_err(|_| format!("{} is no text", path.display()))
}

/// The token in a file, read when it is needed: Kubernetes replaces it about once an hour.
pub(super) async fn token(path: &Path) -> Result<Secret, String> {
    bearer(&text(path).await?).ok_or_else(|| format!("{} holds no token", path.display()))
}

/// A token of one word, which no log shows from now on.
pub(super) fn bearer(text: &str) -> Option<Secret> {
    let token = Secret::new(text);
    crate::log::hide_passing(token.expose());
    token.is_one_word().then_some(token)
}

#[cfg(test)]
mod tests {
    use rcgen::CertifiedKey;

    use super::*;

    #[track_caller]
    fn builds(authorities: Option<&str>, identity: Option<&str>, expected: Result<(), &str>) {
        let pem = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        let trust = Trust { authorities: pem(authorities), identity: pem(identity) };
        assert_eq!(
            trust.client().map(|_| ()),
            expected.map_err(str::to_owned),
            "{authorities:?} {identity:?}"
        );
    }

    #[test]
    fn a_bundle_is_trusted_for_what_can_be_read_of_it() {
        let one = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
        let odd = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        let other = "-----BEGIN PUBLIC KEY-----\naGVsbG8=\n-----END PUBLIC KEY-----\n";
        for bundle in [
            one.clone(),
            one.replace('\n', "\r\n"),
            format!("{odd}{one}"),
            format!("{one}{odd}"),
            format!("subject=CN = kubernetes\n{other}{one}"),
            one.trim_end().to_owned(),
        ] {
            builds(Some(&bundle), None, Ok(()));
        }
        let none = Err("the cluster's certificate authority is no PEM");
        for bundle in ["", "hello", other, "-----BEGIN CERTIFICATE-----\naGVsbG8="] {
            builds(Some(bundle), None, none);
        }
        let unread = "the cluster's certificate authority is PEM, but no certificate that can be read";
        builds(Some(odd), None, Err(unread));
    }

    #[test]
    fn a_certificate_of_ones_own_comes_with_its_key() {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["failover".to_owned()]).unwrap();
        let (cert, key) = (cert.pem(), signing_key.serialize_pem());
        let other =
            rcgen::generate_simple_self_signed(["other".to_owned()]).unwrap().signing_key.serialize_pem();
        builds(None, Some(&format!("{cert}{key}")), Ok(()));
        // Both are often named by one file that holds both.
        builds(None, Some(&format!("{cert}{key}\n{cert}{key}")), Ok(()));
        builds(None, Some(&cert), Err("the client certificate and its key are no PEM"));
        let encrypted = "the key of the client certificate is encrypted, and nobody is here to type its password; store it \
                         without one";
        let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n";
        builds(None, Some(&format!("{cert}{locked}")), Err(encrypted));
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\naGVsbG8=\n-----END RSA PRIVATE KEY-----\n";
        builds(None, Some(&format!("{cert}{old}")), Err(encrypted));
        let mixed = Trust { authorities: None, identity: Some(format!("{cert}{other}").into_bytes()) };
        let why = mixed.client().unwrap_err();
        assert!(why.starts_with("HTTPS can't be prepared: "), "{why}");
    }
}
