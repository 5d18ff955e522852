//! Transcripts: what is asked and what is answered, in `sandbox/transcripts`, a file a service, a fresh world a story.
//!
//! ```text
//! == a title that says what the story shows
//! as nobody                           whose token: `operator` (until said otherwise), `function`, `nobody`, or any text
//! deny some.permission                everybody loses it
//! PATCH {rule} {"status": "active"}   a request; `{rule}` and its like are paths that the world has
//!     if-match: <etag>                a header, or more of the body; `<etag>` was told by an earlier answer
//! 200 {"etag": "<etag>"}              its answer: at least these fields; `<etag>` is remembered, or the same as before;
//!                                     `…` is anything, null is nothing; `200 = {…}` wants these fields and no more;
//!                                     or text that has to be in it, joined by ` & `
//! ```

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use std::{fs, path::Path};

use http::{HeaderMap, HeaderName};
use serde_json::Value;

use crate::frame::call::{Call, Reply};
use crate::frame::provider::Providers;
use crate::google::access::{FUNCTION_ACCOUNT, OPERATOR_ACCOUNT};
use crate::{Options, PairSeed, Service, Site, SiteSeed, World};

/// Each file, with whom it asks.
const FILES: [(&str, Service); 10] = [
    ("azure", Service::Azure),
    ("azure_metadata", Service::AzureMetadata),
    ("cloudflare", Service::Cloudflare),
    ("compute", Service::Compute),
    ("iam", Service::Iam),
    ("kubernetes", Service::Kubernetes),
    ("monitoring", Service::Monitoring),
    ("pubsub", Service::Pubsub),
    ("run", Service::Run),
    ("storage", Service::Storage),
];

#[test]
fn every_transcript_is_answered_as_it_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    let written = fs::read_dir(&folder).expect("a folder").count();
    assert_eq!(written, FILES.len(), "each file is named here");
    let mut wrong = Vec::new();
    for (name, service) in FILES {
        let text = fs::read_to_string(folder.join(format!("{name}.txt"))).expect("a transcript");
        for story in text.split("\n== ").skip(1) {
            let (title, lines) = story.split_once('\n').expect("a story has lines");
            let played = Played::new(service).play(lines);
            wrong.extend(played.err().map(|why| format!("{name}: {title}\n{why}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A world, whoever asks in it, and what they remember.
struct Played {
    service: Service,
    world: World,
    token: Option<String>,
    known: BTreeMap<String, String>,
}

impl Played {
    fn new(service: Service) -> Self {
        let world = World::new(&Options::default());
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let seed = SiteSeed::example();
        let zone = format!("/client/v4/zones/{}", seed.zone);
        let paths = [
            ("{zone}", zone.clone()),
            ("{rule}", format!("{zone}/pagerules/{}", seed.rule)),
            ("{service}", seed.service.clone()),
            ("{check}", seed.check.clone()),
            ("{deployments}", "/apis/apps/v1/namespaces/web/deployments".to_owned()),
            ("{db-a}", format!("/compute/v1/{}", PairSeed::example().on_compute().instance(0))),
            ("{db-b}", format!("/compute/v1/{}", PairSeed::example().on_compute().instance(1))),
            (
                "{db}",
                PairSeed::example()
                    .on_azure()
                    .machine_id(0)
                    .replace("/Microsoft.Compute/virtualMachines/db-a", ""),
            ),
            ("{objects}", format!("/storage/v1/b/{}/o", Options::default().bucket)),
        ];
        world.seed(&Site { seed, edge: at(4001), primary: at(4002), standby: at(4003) });
        world.compute.add_pair(&PairSeed::example());
        world.azure.add_pair(&PairSeed::example());
        let known = paths.into_iter().map(|(name, path)| (name.to_owned(), path)).collect();
        let mut played = Self { service, world, token: None, known };
        played.ask_as("operator");
        played
    }

    fn play(mut self, lines: &str) -> Result<(), String> {
        let mut lines =
            lines.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("//")).peekable();
        while let Some(line) = lines.next() {
            let mut more = Vec::new();
            while let Some(line) = lines.next_if(|line| line.starts_with("    ")) {
                more.push(self.filled(line.trim()));
            }
            match line.split_once(' ').unwrap_or((line, "")) {
                ("as", who) => self.ask_as(who),
                ("deny", permission) => self.world.deny(permission),
                (method, rest) => {
                    let reply = self.ask(method, &self.filled(rest), &more);
                    let answer = lines.next().ok_or_else(|| format!("{line} has no answer"))?;
                    let mut told = answer.to_owned();
                    while let Some(line) = lines.next_if(|line| line.starts_with("    ")) {
                        told += line.trim();
                    }
                    let wrong = |why| format!("{line}\n{told}\n{why}: {}", shown(&reply));
                    self.compare(&told, &reply).map_err(wrong)?;
                }
            }
        }
        Ok(())
    }

    fn ask_as(&mut self, who: &str) {
        let google = |account| Some(self.world.access.issue(account, Duration::from_mins(5)));
        self.token = match (who, self.service) {
            ("nobody", _) => None,
            ("operator", Service::Cloudflare) => Some(Options::default().cloudflare_token),
            ("operator", Service::Azure | Service::AzureMetadata) => {
                Some(self.world.azure.directory.issue("11111111-0000-0000-0000-000000000001"))
            }
            ("operator", Service::Kubernetes) => Some(crate::kubernetes::TOKEN.to_owned()),
            ("operator", _) => google(OPERATOR_ACCOUNT),
            ("function", _) => google(FUNCTION_ACCOUNT),
            (token, _) => Some(token.to_owned()),
        };
    }

    /// The text with everything in it that is known by name.
    fn filled(&self, text: &str) -> String {
        self.known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    fn ask(&self, method: &str, rest: &str, more: &[String]) -> Reply {
        let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let local = SocketAddr::from(([127, 0, 0, 1], 80));
        let uri = path.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        let (mut headers, mut body) = (HeaderMap::new(), body.to_owned());
        let bearer = self.token.as_ref().map(|token| ("authorization".to_owned(), format!("Bearer {token}")));
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let told = more.iter().filter_map(|line| match line.split_once(": ") {
            Some((name, value)) if is_name(name) => Some((name.to_owned(), value.to_owned())),
            _ => {
                body += line;
                None
            }
        });
        for (name, value) in told.chain(bearer) {
            let name: HeaderName = name.parse().expect("a header");
            headers.insert(name, value.parse().expect("a value"));
        }
        let call = Call::new(self.service, local, method.parse().expect("a method"), &uri);
        let call = call.with_headers(headers).with_body(body);
        let reply = self.world.provider(self.service).answer(&call);
        self.world.answered(self.service, 0, &reply);
        reply
    }

    fn compare(&mut self, told: &str, reply: &Reply) -> Result<(), String> {
        let (status, wanted) = told.split_once(' ').unwrap_or((told, ""));
        if status != reply.status.to_string() {
            return Err("it was answered otherwise".to_owned());
        }
        let text = String::from_utf8_lossy(&reply.body);
        let exactly = wanted.starts_with("= ");
        let wanted = wanted.trim_start_matches("= ");
        if !wanted.starts_with(['{', '[']) {
            let wanted = self.filled(wanted);
            let missing = wanted.split(" & ").find(|part| !text.contains(part));
            return missing.map_or(Ok(()), |part| Err(format!("it doesn't say {part}")));
        }
        let wanted = serde_json::from_str(&self.filled(wanted)).map_err(|error| error.to_string())?;
        let found = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        self.fits(&wanted, &found, exactly)
    }

    fn fits(&mut self, wanted: &Value, found: &Value, exactly: bool) -> Result<(), String> {
        match (wanted, found) {
            (Value::Object(fields), Value::Object(all)) => {
                if let Some(more) = all.keys().find(|name| exactly && !fields.contains_key(*name)) {
                    return Err(format!("it says {more}, too"));
                }
                fields.iter().try_for_each(|(name, wanted)| self.fits(wanted, &found[name], exactly))
            }
            (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
                wanted.iter().zip(found).try_for_each(|(wanted, found)| self.fits(wanted, found, exactly))
            }
            (Value::String(any), found) if any == "…" && !found.is_null() => Ok(()),
            (Value::String(name), Value::String(value)) if name.starts_with('<') && name.ends_with('>') => {
                self.known.insert(name.clone(), value.clone());
                Ok(())
            }
            (wanted, found) if wanted == found => Ok(()),
            _ => Err(format!("it says {found} where {wanted} is wanted")),
        }
    }
}

fn shown(reply: &Reply) -> String {
    format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body))
}
