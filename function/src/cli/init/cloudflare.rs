//! What Cloudflare has of the site already: its zone, its record, and what else leads visitors there.

use serde_json::Value;

use super::{
    super::exit::Failure,
    ask::{Asker, Wanted},
    web::{Answered, Web},
};
use crate::{api::Secret, config::Environment};

macro_rules! link {
    ($keys:literal, $name:literal) => {
        concat!(
            "https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys=%5B",
            $keys,
            "%5D&accountId=%2A&zoneId=all&name=",
            $name
        )
    };
}

/// One for whoever makes the rule and for the function that switches it: both need the same, as long as no DNS record is
/// to be made.
const TOKEN: Wanted = Wanted {
    what: "a Cloudflare token for making the rule and for the function (Single Redirect Edit, Zone Read, DNS Read)",
    variable: "CLOUDFLARE_API_TOKEN",
    link: link!(
        "%7B%22key%22%3A%22dynamic_url_redirects%22%2C%22type%22%3A%22edit%22%7D%2C%7B%22key%22%3A%22zone%22%2C%22type%22%3A%22read%22%7D%2C%7B%22key%22%3A%22dns%22%2C%22type%22%3A%22read%22%7D",
        "failover-function"
    ),
    or: "Ctrl-C ends this",
};
/// What the function may have of its own, where somebody sets it.
const FUNCTION: Wanted = Wanted {
    what: "the function's Cloudflare token (Single Redirect Edit)",
    variable: "TF_VAR_cloudflare_token",
    ..TOKEN
};
/// Of the status page, which anybody can reach: it must not hold one that moves traffic.
const PAGE: Wanted = Wanted {
    what: "the status page's Cloudflare token (Single Redirect Read)",
    variable: "TF_VAR_cloudflare_read_token",
    link: link!("%7B%22key%22%3A%22dynamic_url_redirects%22%2C%22type%22%3A%22read%22%7D", "failover-page"),
    or: "an empty line goes without a page",
};

/// The site's zone, and what is in it.
#[derive(Debug)]
pub(super) struct Zone {
    /// Its id.
    pub(super) id: String,
    /// The list of redirect rules that it has already.
    pub(super) list: Option<String>,
    name: String,
    host: String,
    record: Result<Option<HostRecord>, String>,
    rules: Vec<String>,
    page_rules: Result<Vec<String>, String>,
    workers: Result<Vec<String>, String>,
}

/// A DNS record of the host's.
#[derive(Debug)]
struct HostRecord {
    kind: String,
    content: String,
    proxied: bool,
}

impl Zone {
    /// What is worth knowing; what begins with an exclamation mark wants a hand.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!("zone {} ({})", self.name, self.id)];
        let host = &self.host;
        notes.push(match &self.record {
            Ok(Some(HostRecord { kind, content, proxied: true })) => {
                format!("{host} is a proxied {kind} record, to {content}; it stays as it is")
            }
            Ok(Some(HostRecord { kind, .. })) => format!(
                "! {host} is a {kind} record without the proxy (grey cloud): switch it on, rules run there"
            ),
            Ok(None) => format!("! {host} has no record of its own in this zone: make a proxied one"),
            Err(why) => {
                format!("! the record of {host} could not be looked at, so see that it is proxied: {why}")
            }
        });
        notes.extend(self.rules.iter().map(|rule| {
            format!(
                "! the redirect rule {rule} names {host}: where it matches first, the failover's does nothing"
            )
        }));
        notes.push(others("page rule", &self.page_rules, host));
        notes.push(others("Worker", &self.workers, host));
        notes
    }

    /// What to say of the way to the primary.
    pub(super) fn way_home(&self) -> &'static str {
        match &self.record {
            Ok(Some(HostRecord { content, .. })) if content.ends_with(".cfargotunnel.com") => {
                "  The site comes through a Cloudflare Tunnel: give the tunnel a second public host name for the same service, and say it here."
            }
            _ => {
                "  docs/primary-url.md has recipes: a tunnel's second name, a forwarded port, a private network."
            }
        }
    }
}

fn base(environment: &Environment) -> String {
    let usual = "https://api.cloudflare.com/client/v4";
    environment.variable("CLOUDFLARE_BASE_URL").unwrap_or(usual).trim_end_matches('/').to_owned()
}

/// A token that finds the site's zone, and what it finds there.
pub(super) async fn zone_and_token(
    web: &Web,
    environment: &Environment,
    asker: &mut Asker,
    host: &str,
) -> Result<(Secret, Zone), Failure> {
    let base = base(environment);
    if let Ok(Some(token)) = environment.secret(TOKEN.variable) {
        let zone = look(web, &base, &token, host).await?;
        return Ok((token, zone));
    }
    let found = asker.secret_until(TOKEN, async |token| {
        let zone = look(web, &base, &token, host).await?;
        Ok((token, zone))
    });
    found.await?.ok_or_else(|| {
        Failure::usage("without a token of Cloudflare's nothing can be found out there")
            .next(format!("export {}=…", TOKEN.variable))
    })
}

/// The function's own token, where one is set; else it has the one that makes the rule.
pub(super) async fn function_token(
    web: &Web,
    environment: &Environment,
    zone: &Zone,
) -> Result<Option<Secret>, Failure> {
    let Ok(Some(token)) = environment.secret(FUNCTION.variable) else { return Ok(None) };
    try_out(web, environment, &token, zone, FUNCTION).await?;
    Ok(Some(token))
}

/// The page's token; without one there is no page.
pub(super) async fn page_token(
    web: &Web,
    environment: &Environment,
    zone: &Zone,
    asker: &mut Asker,
) -> Result<Option<Secret>, Failure> {
    let tried = async |token: Secret| {
        try_out(web, environment, &token, zone, PAGE).await?;
        Ok(token)
    };
    match environment.secret(PAGE.variable) {
        Ok(Some(token)) => tried(token).await.map(Some),
        _ if asker.is_interactive() => asker.secret_until(PAGE, tried).await,
        _ => Ok(None),
    }
}

/// Looks the site's zone up.
async fn look(web: &Web, base: &str, token: &Secret, host: &str) -> Result<Zone, Failure> {
    let (id, name) = zone(web, base, token, host).await?;
    let ask = async |path: &str| web.get_as(&format!("{base}/zones/{id}/{path}"), token).await;
    let record_path = format!("dns_records?name={host}");
    let (records, entrypoint, page_rules, workers) = futures::join!(
        ask(&record_path),
        ask("rulesets/phases/http_request_dynamic_redirect/entrypoint"),
        ask("pagerules"),
        ask("workers/routes"),
    );
    let entrypoint = entrypoint?;
    let json = entrypoint.json();
    let list = match entrypoint.status {
        200 => Some(json["result"]["id"].as_str().unwrap_or_default().to_owned()),
        404 => None,
        _ => return Err(may_not(&entrypoint, "read redirect rules", TOKEN)),
    };
    // Whether these may be read is no condition: they are only mentioned.
    let page_rules = listed(&page_rules?).map(|rules| texts(&rules, "/targets/0/constraint/value", host));
    let workers = listed(&workers?).map(|routes| texts(&routes, "/pattern", host));
    let record = listed(&records?).map(|records| records.first().map(HostRecord::read));
    Ok(Zone { list, rules: rules(&json, host), host: host.to_owned(), record, page_rules, workers, id, name })
}

impl HostRecord {
    fn read(record: &Value) -> Self {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        Self { kind: text("type"), content: text("content"), proxied: record["proxied"] == true }
    }
}

/// Those redirect rules that name the host, by what people call them.
fn rules(list: &Value, host: &str) -> Vec<String> {
    let rules = list.pointer("/result/rules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let text = |rule: &Value, key: &str| rule[key].as_str().unwrap_or_default().to_owned();
    let named = rules.iter().filter(|rule| text(rule, "expression").contains(host));
    named.map(|rule| format!("{:?} ({})", text(rule, "description"), text(rule, "expression"))).collect()
}

/// A redirect rule runs before these, so none is in its way.
fn others(what: &str, found: &Result<Vec<String>, String>, host: &str) -> String {
    match found {
        Ok(found) if found.is_empty() => format!("no {what} names {host}"),
        Ok(found) => format!("a {what} is there for {}: redirect rules run before it", found.join(", ")),
        Err(why) => format!(
            "whether a {what} names {host} this token may not see ({why}); redirect rules run before it"
        ),
    }
}

/// The longest end of the host's name that is a zone.
async fn zone(web: &Web, base: &str, token: &Secret, host: &str) -> Result<(String, String), Failure> {
    let mut candidate = Some(host);
    while let Some(name) = candidate {
        let answered = web.get_as(&format!("{base}/zones?name={name}"), token).await?;
        if answered.status != 200 {
            return Err(may_not(&answered, "look for the zone", TOKEN));
        }
        if let Some(id) = listed(&answered).unwrap_or_default().first().and_then(|zone| zone["id"].as_str()) {
            return Ok((id.to_owned(), name.to_owned()));
        }
        candidate = name.split_once('.').map(|(_, rest)| rest).filter(|rest| rest.contains('.'));
    }
    let sentence = format!("Cloudflare has no zone of {host} that this token may see");
    Err(Failure::new(sentence)
        .next("the domain has to be at Cloudflare, and the token restricted to its zone or to none"))
}

/// Proves a token by a look that changes nothing.
async fn try_out(
    web: &Web,
    environment: &Environment,
    token: &Secret,
    zone: &Zone,
    wanted: Wanted,
) -> Result<(), Failure> {
    let path = format!(
        "{}/zones/{}/rulesets/phases/http_request_dynamic_redirect/entrypoint",
        base(environment),
        zone.id
    );
    let answered = web.get_as(&path, token).await?;
    if matches!(answered.status, 200 | 404) {
        Ok(())
    } else {
        Err(may_not(&answered, "read redirect rules", wanted))
    }
}

fn may_not(answered: &Answered, what: &str, wanted: Wanted) -> Failure {
    let sentence = match answered.status {
        400 | 401 => format!("Cloudflare doesn't accept that token: {}", answered.reason()),
        403 => format!("that token may not {what}: {}", answered.reason()),
        status => format!("Cloudflare answered {status}, asked to {what}: {}", answered.reason()),
    };
    Failure::new(sentence).next(format!("{} is made by {}", wanted.what, wanted.link))
}

/// What is in a list, or why it can't be seen.
fn listed(answered: &Answered) -> Result<Vec<Value>, String> {
    match answered.json()["result"].as_array() {
        Some(list) if answered.status == 200 => Ok(list.clone()),
        _ => Err(answered.reason()),
    }
}

/// Those texts that name the host.
fn texts(values: &[Value], pointer: &str, host: &str) -> Vec<String> {
    let texts = values.iter().filter_map(|value| value.pointer(pointer).and_then(Value::as_str));
    texts.filter(|text| text.contains(host)).map(str::to_owned).collect()
}
