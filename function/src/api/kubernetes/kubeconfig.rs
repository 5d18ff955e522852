//! Reads a kubeconfig: the file that `kubectl` uses, as far as a program without a person beside it can follow it.
//!
//! Source: the reference of `client.config.k8s.io/v1` Config, read 2026-11-20. What would run a program, ask a person
//! or trust anybody is refused. No error repeats anything of the file but names.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::{
    access::{Access, Trust, bearer, bytes, token},
    yaml,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    current_context: String,
    #[serde(default)]
    clusters: Vec<NamedCluster>,
    #[serde(default)]
    users: Vec<NamedUser>,
    #[serde(default)]
    contexts: Vec<NamedContext>,
}

#[derive(Deserialize)]
struct NamedCluster {
    name: String,
    cluster: Cluster,
}

#[derive(Deserialize)]
struct NamedUser {
    name: String,
    user: User,
}

#[derive(Deserialize)]
struct NamedContext {
    name: String,
    context: Context,
}

#[derive(Deserialize)]
struct Context {
    cluster: String,
    user: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Cluster {
    server: String,
    certificate_authority: Option<String>,
    certificate_authority_data: Option<String>,
    insecure_skip_tls_verify: bool,
    tls_server_name: Option<String>,
    proxy_url: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct User {
    token: Option<String>,
    // This one is written in another way than all others.
    #[serde(rename = "tokenFile")]
    token_file: Option<String>,
    client_certificate: Option<String>,
    client_certificate_data: Option<String>,
    client_key: Option<String>,
    client_key_data: Option<String>,
    username: Option<String>,
    exec: Option<serde::de::IgnoredAny>,
    auth_provider: Option<serde::de::IgnoredAny>,
    #[serde(rename = "as")]
    acts_as: Option<String>,
}

/// What the file says of one context.
pub(super) struct Told {
    cluster: Cluster,
    user: User,
}

/// Reads `text`; the error is a fragment that reads after the file's name.
pub(super) fn read(text: &str, context: Option<&str>) -> Result<Told, String> {
    let value = yaml::read(text).map_err(|line| format!("is no YAML that can be read here (line {line})"))?;
    // Serde would repeat values, and one of them is a token.
    let file: File = serde_json::from_value(value).map_err(|_| "is no kubeconfig".to_owned())?;
    let wanted = context.unwrap_or(&file.current_context);
    if wanted.is_empty() {
        return Err("has no current-context; name one by the key context".to_owned());
    }
    let known: Vec<&str> = file.contexts.iter().map(|context| context.name.as_str()).collect();
    let unknown = || format!("has no context {wanted:?}, but {}", listed(&known));
    let Some(NamedContext { context, .. }) = file.contexts.iter().find(|one| one.name == wanted) else {
        return Err(unknown());
    };
    let missing =
        |what: &str, name: &str| format!("has no {what} {name:?}, which the context {wanted:?} names");
    let cluster = file.clusters.into_iter().find(|one| one.name == context.cluster);
    let user = file.users.into_iter().find(|one| one.name == context.user);
    let told = Told {
        cluster: cluster.ok_or_else(|| missing("cluster", &context.cluster))?.cluster,
        user: user.ok_or_else(|| missing("user", &context.user))?.user,
    };
    match told.refusal() {
        Some(why) => Err(format!("can't be used: {why}")),
        None => Ok(told),
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none at all".to_owned() } else { names.join(", ") }
}

impl Told {
    /// Why it can't be followed as it is written.
    fn refusal(&self) -> Option<&'static str> {
        let Self { cluster, user } = self;
        let https = cluster.server.starts_with("https://");
        let certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
        let key = user.client_key.is_some() || user.client_key_data.is_some();
        [
            (!https && !cluster.server.starts_with("http://"), "its server is no URL of HTTPS"),
            (cluster.insecure_skip_tls_verify, "insecure-skip-tls-verify trusts anybody; give the cluster's certificate authority"),
            (cluster.tls_server_name.is_some(), "tls-server-name is not understood; use the name in the certificate as the server"),
            (cluster.proxy_url.is_some(), "proxy-url is not understood; set HTTPS_PROXY"),
            (user.exec.is_some(), "its user runs a program (exec) to get a token, and none is run here; make a service account's token"),
            (user.auth_provider.is_some(), "its user needs an auth-provider, and there is none here; make a service account's token"),
            (user.username.is_some(), "its user has a password, which Kubernetes doesn't take any more; make a service account's token"),
            (user.acts_as.is_some(), "its user acts as another one; make a service account's token"),
            (certificate != key, "its user has a client certificate without a key, or a key without a certificate"),
            (
                user.token.is_none() && user.token_file.is_none() && !certificate,
                "its user has neither a token nor a client certificate",
            ),
        ]
        .into_iter()
        .find_map(|(wrong, why)| wrong.then_some(why))
    }

    /// Reads what it names; paths are taken from the file's own `folder`.
    pub(super) async fn access(self, folder: &Path) -> Result<Access, String> {
        let Self { cluster, user } = self;
        let authority = (cluster.certificate_authority_data, cluster.certificate_authority);
        let certificate = (user.client_certificate_data, user.client_certificate);
        let key = (user.client_key_data, user.client_key);
        let authorities = part("certificate-authority-data", authority, folder).await?;
        let certificate = part("client-certificate-data", certificate, folder).await?;
        let key = part("client-key-data", key, folder).await?;
        let identity =
            certificate.zip(key).map(|(certificate, key)| [certificate, b"\n".to_vec(), key].concat());
        // A file is newer than what was once copied from it (`kubectl` does the same).
        let bearer = match (user.token_file, user.token) {
            (Some(file), _) => Some(token(&folder.join(file)).await?),
            (None, Some(text)) => Some(bearer(&text).ok_or("its token is not one word")?),
            (None, None) => None,
        };
        let server = cluster.server.trim_end_matches('/').to_owned();
        Ok(Access { server, trust: Trust { authorities, identity }, bearer })
    }
}

/// What is in the file itself wins over what it names, as `kubectl` has it.
async fn part(
    name: &str,
    (data, path): (Option<String>, Option<String>),
    folder: &Path,
) -> Result<Option<Vec<u8>>, String> {
    match (data.filter(|data| !data.is_empty()), path) {
        (Some(data), _) => {
            let compact: String = data.split_whitespace().collect();
            BASE64_STANDARD.decode(compact).map(Some).map_err(|_| format!("its {name} is no base64"))
        }
        (None, Some(path)) => bytes(&folder.join(path)).await.map(Some),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "
apiVersion: v1
kind: Config
current-context: home
preferences: {}
clusters:
- name: home
  cluster: {server: 'https://home.example.com:6443/', certificate-authority-data: aGVsbG8=, extensions: []}
- name: lab
  cluster: {server: 'http://127.0.0.1:8001'}
users:
- name: failover
  user: {token: a-token-of-the-tests}
- name: program
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks]}}
contexts:
- name: home
  context: {cluster: home, user: failover, namespace: web}
- name: lab
  context: {cluster: lab, user: failover}
- name: cloud
  context: {cluster: home, user: program}
- name: astray
  context: {cluster: nowhere, user: failover}
";

    async fn followed(text: &str, context: Option<&str>) -> Result<Access, String> {
        read(text, context)?.access(Path::new("/nowhere")).await
    }

    #[tokio::test]
    async fn the_current_context_is_followed_unless_another_is_named() {
        let home = followed(FILE, None).await.unwrap();
        assert_eq!(home.server, "https://home.example.com:6443");
        assert_eq!(home.trust.authorities.as_deref(), Some(&b"hello"[..]));
        assert_eq!(home.bearer.unwrap().expose(), "a-token-of-the-tests");
        let lab = followed(FILE, Some("lab")).await.unwrap();
        assert_eq!((lab.server.as_str(), lab.trust.authorities), ("http://127.0.0.1:8001", None));
    }

    #[tokio::test]
    async fn the_one_that_the_manual_makes_is_followed() {
        let manual = include_str!("../../../../docs/kubernetes.md");
        let text = manual.split_once("cat > kubeconfig <<END\n").unwrap().1.split_once("\nEND\n").unwrap().0;
        let text = text.replace("$CA", "aGVsbG8=").replace("$TOKEN", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
        let access = followed(&text, None).await.unwrap();
        assert_eq!(access.server, "https://home.example.com:6443");
        assert_eq!(access.trust.authorities.as_deref(), Some(&b"hello"[..]));
        assert_eq!(access.bearer.unwrap().expose(), "eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
    }

    #[track_caller]
    fn refused(text: &str, context: Option<&str>, expected: &str) {
        assert_eq!(read(text, context).err().as_deref(), Some(expected));
    }

    #[test]
    fn what_is_named_has_to_be_there() {
        refused(FILE, Some("moon"), "has no context \"moon\", but home, lab, cloud, astray");
        refused(FILE, Some("astray"), "has no cluster \"nowhere\", which the context \"astray\" names");
        refused("{}", None, "has no current-context; name one by the key context");
        refused("current-context: x", None, "has no context \"x\", but none at all");
    }

    #[test]
    fn what_needs_a_person_or_a_program_is_refused_with_a_sentence() {
        refused(
            FILE,
            Some("cloud"),
            "can't be used: its user runs a program (exec) to get a token, and none is run here; make a service \
             account's token",
        );
        for (written, instead, told) in [
            ("token: a-token-of-the-tests", "username: alice, password: x", "has a password"),
            ("token: a-token-of-the-tests", "auth-provider: {name: gcp}", "needs an auth-provider"),
            ("token: a-token-of-the-tests", "token: x, as: admin", "acts as another one"),
            ("token: a-token-of-the-tests", "client-key: k", "a key without a certificate"),
            ("user: {token: a-token-of-the-tests}", "user: {}", "neither a token nor a client certificate"),
            ("certificate-authority-data: aGVsbG8=", "insecure-skip-tls-verify: true", "trusts anybody"),
            (
                "certificate-authority-data: aGVsbG8=",
                "tls-server-name: x",
                "tls-server-name is not understood",
            ),
            ("certificate-authority-data: aGVsbG8=", "proxy-url: x", "HTTPS_PROXY"),
            ("https://home.example.com:6443/", "home:6443", "no URL of HTTPS"),
        ] {
            let text = FILE.replace(written, instead);
            let why = read(&text, None).err().unwrap_or_default();
            assert!(why.starts_with("can't be used: ") && why.contains(told), "{instead}: {why}");
        }
    }

    #[test]
    fn no_error_repeats_what_may_be_secret() {
        let broken = FILE.replace("{token: a-token-of-the-tests}", "{token: a-token-of-the-tests");
        let why = read(&broken, None).err().unwrap();
        assert!(why.starts_with("is no YAML that can be read here (line "), "{why}");
        let odd = FILE.replace("{token: a-token-of-the-tests}", "a-token-of-the-tests");
        assert_eq!(read(&odd, None).err().as_deref(), Some("is no kubeconfig"));
    }

    #[tokio::test]
    async fn files_are_taken_from_the_kubeconfigs_own_folder_and_tokens_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let text = FILE
            .replace("token: a-token-of-the-tests", "tokenFile: token, token: an-older-one")
            .replace("certificate-authority-data: aGVsbG8=", "certificate-authority: ca.pem");
        std::fs::write(folder.path().join("ca.pem"), "from a file").unwrap();
        for word in ["first-of-two-tokens", "second-of-two-tokens"] {
            std::fs::write(folder.path().join("token"), format!("{word}\n")).unwrap();
            let access = read(&text, None).unwrap().access(folder.path()).await.unwrap();
            assert_eq!(access.bearer.unwrap().expose(), word);
            assert_eq!(access.trust.authorities.as_deref(), Some(&b"from a file"[..]));
        }
        let gone = followed(&text, None).await.unwrap_err();
        assert!(gone.starts_with("/nowhere/ca.pem can't be read: "), "{gone}");
    }
}
