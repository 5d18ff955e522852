//! Reads a kubeconfig: the file that `kubectl` uses, as far as a program without a person beside it can follow it.
//!
//! Source: the reference of `client.config.k8s.io/v1` Config, read 2026-11-20. What would run a program, ask a person
//! or trust anybody is refused. No error repeats anything of the file but names.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use url::{Host, Url};

use super::{
    access::{Access, Trust, bearer, bytes, token},
    yaml,
};

/// What the file says of one context.
pub(super) struct Told {
    cluster: Value,
    user: Value,
}

/// Reads `text`; the error is a fragment that reads after the file's name. What the context doesn't name is not looked
/// at, as `kubectl` doesn't; a null or an empty text is as if it weren't there.
pub(super) fn read(text: &str, context: Option<&str>) -> Result<Told, String> {
    let file = yaml::read(text).map_err(|line| {
        let has_tab = text.lines().nth(line.saturating_sub(1)).is_some_and(|line| line.contains('\t'));
        let tab = if has_tab { ", which has a tab; write blanks" } else { "" };
        format!("is no YAML that can be read here (line {line}{tab})")
    })?;
    if !file.is_object() && !file.is_null() {
        return Err("is no kubeconfig".to_owned());
    }
    let wanted = context.or(said(&file, "current-context"));
    let wanted = wanted.ok_or("has no current-context; name one by the key context")?;
    let unknown = || format!("has no context {wanted:?}, but {}", listed(&file));
    let context = named(&file, "contexts", "context", wanted)?.ok_or_else(unknown)?;
    let of = |list: &str, kind: &str| {
        let name =
            said(context, kind).ok_or_else(|| format!("has a context {wanted:?} that names no {kind}"))?;
        let missing = || format!("has no {kind} {name:?}, which the context {wanted:?} names");
        named(&file, list, kind, name)?.cloned().ok_or_else(missing)
    };
    let told = Told { cluster: of("clusters", "cluster")?, user: of("users", "user")? };
    match told.refusal() {
        Some(why) => Err(format!("can't be used: {why}")),
        None => Ok(told),
    }
}

/// The entry of this name in a list: `clusters: [{name, cluster}]`.
fn named<'a>(file: &'a Value, list: &str, kind: &str, name: &str) -> Result<Option<&'a Value>, String> {
    let mut found = entries(file, list).filter(|entry| said(entry, "name") == Some(name));
    let (first, second) = (found.next(), found.next());
    if second.is_some() {
        return Err(format!("has two {list} of the name {name:?}"));
    }
    Ok(first.map(|entry| &entry[kind]))
}

fn entries<'a>(file: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    file[list].as_array().into_iter().flatten()
}

/// A text that is there and isn't empty.
fn said<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str().filter(|text| !text.is_empty())
}

fn owned(value: &Value, key: &str) -> Option<String> {
    said(value, key).map(str::to_owned)
}

/// Whether something is there: anything but nothing, an empty text, an empty list, an empty mapping.
fn is_there(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// As YAML has it where a truth value is expected.
fn is_true(value: &Value) -> bool {
    value == &Value::Bool(true)
        || value
            .as_str()
            .is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y"))
}

fn listed(file: &Value) -> String {
    let names: Vec<&str> = entries(file, "contexts").filter_map(|entry| said(entry, "name")).collect();
    if names.is_empty() { "none at all".to_owned() } else { names.join(", ") }
}

/// Whether what is sent there by plain HTTP stays on this machine.
fn is_this_machine(server: &Url) -> bool {
    match server.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl Told {
    /// Why it can't be followed as it is written.
    fn refusal(&self) -> Option<&'static str> {
        let Self { cluster, user } = self;
        let server = said(cluster, "server").and_then(|server| server.parse::<Url>().ok());
        let scheme = server.as_ref().map(Url::scheme);
        let plain =
            server.as_ref().is_some_and(|server| server.scheme() == "http" && !is_this_machine(server));
        let has = |keys: [&str; 2]| keys.iter().any(|key| said(user, key).is_some());
        let certificate = has(["client-certificate", "client-certificate-data"]);
        let key = has(["client-key", "client-key-data"]);
        let acts_as = ["as", "as-uid", "as-groups", "as-user-extra"];
        [
            (!matches!(scheme, Some("https" | "http")), "its server is no URL of HTTPS"),
            (plain, "its server is reached by plain HTTP, by which a token is told to nobody but this machine itself; write https://"),
            (is_true(&cluster["insecure-skip-tls-verify"]), "insecure-skip-tls-verify trusts anybody; give the cluster's certificate authority"),
            (is_there(&cluster["tls-server-name"]), "tls-server-name is not understood; use the name in the certificate as the server"),
            (is_there(&cluster["proxy-url"]), "proxy-url is not understood; set HTTPS_PROXY"),
            (is_there(&user["exec"]), "its user runs a program (exec) to get a token, and none is run here; make a service account's token"),
            (is_there(&user["auth-provider"]), "its user needs an auth-provider, and there is none here; make a service account's token"),
            (is_there(&user["username"]), "its user has a password, which Kubernetes doesn't take any more; make a service account's token"),
            (acts_as.iter().any(|key| is_there(&user[*key])), "its user acts as another one; make a service account's token"),
            (certificate != key, "its user has a client certificate without a key, or a key without a certificate"),
            (!has(["token", "tokenFile"]) && !certificate, "its user has neither a token nor a client certificate"),
        ]
        .into_iter()
        .find_map(|(wrong, why)| wrong.then_some(why))
    }

    /// Reads what it names; paths are taken from the file's own `folder`.
    pub(super) async fn access(self, folder: &Path) -> Result<Access, String> {
        let Self { cluster, user } = self;
        let authorities = part(&cluster, "certificate-authority", folder).await?;
        let certificate = part(&user, "client-certificate", folder).await?;
        let key = part(&user, "client-key", folder).await?;
        let identity =
            certificate.zip(key).map(|(certificate, key)| [certificate, b"\n".to_vec(), key].concat());
        let inside = || owned(&user, "token").map(|text| bearer(&text).ok_or("its token is not one word"));
        // A file is newer than what was once copied from it, as long as it is there (`kubectl` does the same).
        let bearer = match owned(&user, "tokenFile") {
            None => inside().transpose()?,
            Some(file) => match (token(&folder.join(file)).await, inside()) {
                (Ok(token), _) => Some(token),
                (Err(_), Some(inside)) => Some(inside?),
                (Err(why), None) => return Err(why),
            },
        };
        let server = said(&cluster, "server").unwrap_or_default().trim_end_matches('/').to_owned();
        Ok(Access { server, trust: Trust { authorities, identity }, bearer })
    }
}

/// What is in the file itself (`…-data`) wins over what it names, as `kubectl` has it.
async fn part(place: &Value, name: &str, folder: &Path) -> Result<Option<Vec<u8>>, String> {
    let data = format!("{name}-data");
    match (said(place, &data), said(place, name)) {
        (Some(text), _) => {
            let compact: String = text.split_whitespace().collect();
            BASE64_STANDARD.decode(compact).map(Some).map_err(|_| format!("its {data} is no base64"))
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
        let emptied = "apiVersion: v1\nclusters: null\ncontexts: null\ncurrent-context: \"\"\nusers: null\n";
        refused(emptied, None, "has no current-context; name one by the key context");
        refused(
            &FILE.replace(", user: program", ""),
            Some("cloud"),
            "has a context \"cloud\" that names no user",
        );
        let twice = FILE.replace("- name: lab\n  cluster", "- name: home\n  cluster");
        refused(&twice, None, "has two clusters of the name \"home\"");
    }

    #[test]
    fn what_kubectl_reads_is_read() {
        for (written, instead) in [
            ("context: {cluster: nowhere, user: failover}", "context: {cluster: home}"),
            ("context: {cluster: nowhere, user: failover}", "context: null"),
            ("- name: astray\n", "- "),
            ("user: {exec:", "user: {exec: null, tokenFile: {}, x:"),
            ("extensions: []", "tls-server-name: \"\", proxy-url: \"\", certificate-authority: \"\""),
            (
                "token: a-token-of-the-tests",
                "token: a-token-of-the-tests, username: \"\", password: null, as: \"\"",
            ),
            ("preferences: {}", "preferences: null\nextensions: null"),
            ("extensions: []", "insecure-skip-tls-verify: False"),
        ] {
            let text = FILE.replace(written, instead);
            assert_ne!(text, FILE, "{instead}");
            assert_eq!(read(&text, None).err(), None, "{instead}");
        }
        let anchored =
            FILE.replace("'https://home.example.com:6443/'", "&home 'https://home.example.com:6443/'");
        assert_eq!(read(&anchored.replace("'http://127.0.0.1:8001'", "*home"), Some("lab")).err(), None);
    }

    #[test]
    fn a_token_is_told_to_nobody_by_plain_http_but_to_this_machine() {
        let at = |server: &str| read(&FILE.replace("https://home.example.com:6443/", server), None).err();
        for here in
            ["http://127.0.0.1:8001", "http://localhost:8001/k8s", "http://[::1]:1", "HTTPS://home:6443"]
        {
            assert_eq!(at(here), None, "{here}");
        }
        for elsewhere in ["http://home.example.com:8080", "HTTP://10.0.0.1", "http://localhost.example.com"] {
            let why = at(elsewhere).unwrap();
            assert!(why.contains("plain HTTP, by which a token is told to nobody"), "{elsewhere}: {why}");
        }
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
            ("certificate-authority-data: aGVsbG8=", "insecure-skip-tls-verify: True", "trusts anybody"),
            ("certificate-authority-data: aGVsbG8=", "insecure-skip-tls-verify: 'yes'", "trusts anybody"),
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
        let why = read(&odd, None).err().unwrap();
        assert_eq!(why, "can't be used: its user has neither a token nor a client certificate");
        assert_eq!(read("a-token-of-the-tests", None).err().as_deref(), Some("is no kubeconfig"));
    }

    /// The same file as another tool, editor or system writes it.
    #[tokio::test]
    async fn one_file_written_in_many_ways_is_one_file() {
        let json = serde_json::to_string_pretty(&yaml::read(FILE).unwrap()).unwrap();
        let copied = FILE.replace(
            "- name: lab\n  cluster: {server: 'http://127.0.0.1:8001'}",
            "- &lab {name: lab, cluster: {server: 'http://127.0.0.1:8001'}}",
        );
        let merged = FILE.replace(
            "cluster: {server: 'https://home.example.com:6443/', certificate-authority-data: aGVsbG8=, extensions: []}",
            "cluster:\n    <<: {certificate-authority-data: aGVsbG8=, server: 'https://nowhere.example.com'}\n    server: https://home.example.com:6443/",
        );
        let block = FILE.replace(
            "cluster: {server: 'https://home.example.com:6443/', certificate-authority-data: aGVsbG8=, extensions: []}",
            "cluster:\n    server: \"https://home.example.com:6443/\"\n    certificate-authority-data: |\n      aGVs\n      bG8=\n",
        );
        let folded = block.replace("data: |", "data: >-");
        for (what, text) in [
            ("CRLF", FILE.replace('\n', "\r\n")),
            ("a byte order mark", format!("\u{feff}{FILE}")),
            ("both", format!("\u{feff}{}", FILE.replace('\n', "\r\n"))),
            ("JSON", json.clone()),
            ("JSON in one line", yaml::read(FILE).unwrap().to_string()),
            ("JSON with tabs", json.replace("  ", "\t")),
            ("JSON with a mark", format!("\u{feff}{json}")),
            ("a document's start and end", format!("---{FILE}...\n")),
            ("a directive", format!("%YAML 1.2\n---{FILE}")),
            ("another document after it", format!("{FILE}---\nkind: Secret\n")),
            ("another one that is broken", format!("{FILE}---\n{{\n")),
            ("comments", FILE.replace("\nusers:", "\n# our own\nusers:   # two of them")),
            ("tabs after values", FILE.replace("current-context: home", "current-context: home\t")),
            ("an anchor", copied),
            ("a merge", merged),
            ("data of several lines", block),
            ("data that is folded", folded),
            ("unknown fields", format!("{FILE}whatever: [1, {{a: ~}}]\n")),
            ("keys twice", format!("{FILE}current-context: home\n")),
            ("an insecure cluster that isn't used", FILE.replace("'http://127.0.0.1:8001'", "x, insecure-skip-tls-verify: \"true\"")),
            ("nulls", FILE.replace("{token: a-token-of-the-tests}", "{token: a-token-of-the-tests, tokenFile: null, exec: ~, auth-provider: null, as-groups: null, as-user-extra: {}, client-key-data: ''}")),
        ] {
            let read = followed(&text, None).await.unwrap_or_else(|why| panic!("{what}: it {why}"));
            assert_eq!(read.server, "https://home.example.com:6443", "{what}");
            assert_eq!(read.trust.authorities.as_deref(), Some(&b"hello"[..]), "{what}");
            assert_eq!(read.bearer.unwrap().expose(), "a-token-of-the-tests", "{what}");
        }
    }

    #[tokio::test]
    async fn what_is_no_kubeconfig_says_what_it_is_instead() {
        for (text, told) in [
            ("", "has no current-context; name one by the key context"),
            ("# nothing\n", "has no current-context; name one by the key context"),
            ("---\n---\nkind: Config\n", "has no current-context; name one by the key context"),
            (
                "apiVersion: v1\nkind: Secret\ndata: {token: x}\n",
                "has no current-context; name one by the key context",
            ),
            ("- kind: Config\n", "is no kubeconfig"),
            ("hello", "is no kubeconfig"),
            (
                "clusters:\n\t- name: x\n",
                "is no YAML that can be read here (line 2, which has a tab; write blanks)",
            ),
            (
                "current-context:\tx\n",
                "is no YAML that can be read here (line 1, which has a tab; write blanks)",
            ),
            ("current-context: [home]\n", "has no current-context; name one by the key context"),
            ("current-context: x\ncontexts: {x: {cluster: home}}\n", "has no context \"x\", but none at all"),
            (
                "current-context: x\ncontexts: [x, null, {name: x}]\n",
                "has a context \"x\" that names no cluster",
            ),
            (
                "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: null\nusers: null\n",
                "has no cluster \"c\", which the context \"x\" names",
            ),
        ] {
            assert_eq!(followed(text, None).await.err().as_deref(), Some(told), "{text:?}");
        }
        let text =
            FILE.replace("certificate-authority-data: aGVsbG8=", "certificate-authority-data: aGVs*G8=");
        let told = "its certificate-authority-data is no base64";
        assert_eq!(followed(&text, None).await.err().as_deref(), Some(told));
        let text = FILE.replace("token: a-token-of-the-tests", "token: two words");
        assert_eq!(followed(&text, None).await.err().as_deref(), Some("its token is not one word"));
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
        std::fs::remove_file(folder.path().join("token")).unwrap();
        let access = read(&text, None).unwrap().access(folder.path()).await.unwrap();
        assert_eq!(access.bearer.unwrap().expose(), "an-older-one", "the file is not mounted here");
        let alone = text.replace(", token: an-older-one", "");
        let gone = read(&alone, None).unwrap().access(folder.path()).await.unwrap_err();
        assert!(gone.ends_with("/token can't be read: No such file or directory (os error 2)"), "{gone}");
    }
}
