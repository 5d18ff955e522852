//! What Cloudflare has of the site already: its zone, its record, and what else leads visitors there.

use serde_json::Value;

use super::{
    super::exit::Failure,
    web::{Answered, Web},
};
use crate::{api::Secret, config::Environment};

/// A token that somebody has to make.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Whose it is.
    pub(super) what: &'static str,
    /// The variable that carries it.
    pub(super) variable: &'static str,
    /// Fills the form in.
    pub(super) link: &'static str,
}

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

/// Of whoever applies.
pub(super) const APPLY: Wanted = Wanted {
    what: "a Cloudflare token of yours (Zone Read, DNS Edit, Single Redirect Edit)",
    variable: "CLOUDFLARE_API_TOKEN",
    link: link!(
        "%7B%22key%22%3A%22zone%22%2C%22type%22%3A%22read%22%7D%2C%7B%22key%22%3A%22dns%22%2C%22type%22%3A%22edit%22%7D%2C%7B%22key%22%3A%22dynamic_url_redirects%22%2C%22type%22%3A%22edit%22%7D",
        "failover-terraform"
    ),
};
/// Of the function.
pub(super) const FUNCTION: Wanted = Wanted {
    what: "the function's Cloudflare token (Single Redirect Edit)",
    variable: "TF_VAR_cloudflare_token",
    link: link!(
        "%7B%22key%22%3A%22dynamic_url_redirects%22%2C%22type%22%3A%22edit%22%7D",
        "failover-function"
    ),
};
/// Of the status page.
pub(super) const PAGE: Wanted = Wanted {
    what: "the status page's Cloudflare token (Single Redirect Read)",
    variable: "TF_VAR_cloudflare_read_token",
    link: link!("%7B%22key%22%3A%22dynamic_url_redirects%22%2C%22type%22%3A%22read%22%7D", "failover-page"),
};

/// The site's zone, and what is in it.
#[derive(Debug)]
pub(super) struct Zone {
    /// Its id.
    pub(super) id: String,
    name: String,
    host: String,
    record: Option<(String, String, bool)>,
    /// Whether it has a list of redirect rules already.
    pub(super) has_list: bool,
    page_rules: Vec<String>,
    workers: Vec<String>,
}

impl Zone {
    /// What is worth knowing; what begins with an exclamation mark wants a hand.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!("zone {} ({})", self.name, self.id)];
        match &self.record {
            Some((kind, content, true)) => notes
                .push(format!("{} is a proxied {kind} record, to {content}; it stays as it is", self.host)),
            Some((kind, ..)) => notes.push(format!(
                "! {} is a {kind} record without the proxy (grey cloud): switch it on, rules run there",
                self.host
            )),
            None => notes
                .push(format!("! {} has no record of its own in this zone: make a proxied one", self.host)),
        }
        notes.extend(
            self.page_rules.iter().map(|rule| format!("! a page rule of {rule} may lead visitors elsewhere")),
        );
        notes.extend(
            self.workers
                .iter()
                .map(|route| format!("! a Worker runs at {route}: it sees visitors before a page rule does")),
        );
        notes
    }

    /// What to say of the way to the primary.
    pub(super) fn way_home(&self) -> &'static str {
        match &self.record {
            Some((_, content, _)) if content.ends_with(".cfargotunnel.com") => {
                "  The site comes through a Cloudflare Tunnel: give the tunnel a second public host name for the same service, and say it here."
            }
            _ => {
                "  docs/primary-url.md has recipes: a tunnel's second name, a forwarded port, a private network."
            }
        }
    }
}

pub(super) fn base(environment: &Environment) -> String {
    let usual = "https://api.cloudflare.com/client/v4";
    environment.variable("CLOUDFLARE_BASE_URL").unwrap_or(usual).trim_end_matches('/').to_owned()
}

/// Looks the site's zone up.
pub(super) async fn look(
    web: &Web,
    environment: &Environment,
    token: &Secret,
    host: &str,
) -> Result<Zone, Failure> {
    let base = base(environment);
    let (id, name) = zone(web, &base, token, host).await?;
    let ask = async |path: &str| web.get_as(&format!("{base}/zones/{id}/{path}"), token).await;
    let records = list(&ask(&format!("dns_records?name={host}")).await?);
    let record = records.first().map(|record| {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        (text("type"), text("content"), record["proxied"] == true)
    });
    let entrypoint = ask("rulesets/phases/http_request_dynamic_redirect/entrypoint").await?;
    let has_list = match entrypoint.status {
        200 => true,
        404 => false,
        _ => return Err(may_not(&entrypoint, "read redirect rules", APPLY)),
    };
    // Whether these may be read is no condition: they are only mentioned.
    let rules = list(&ask("pagerules").await?);
    let page_rules = texts(&rules, "/targets/0/constraint/value", host);
    let workers = texts(&list(&ask("workers/routes").await?), "/pattern", host);
    Ok(Zone { id, name, host: host.to_owned(), record, has_list, page_rules, workers })
}

/// The longest end of the host's name that is a zone.
async fn zone(web: &Web, base: &str, token: &Secret, host: &str) -> Result<(String, String), Failure> {
    let mut candidate = Some(host);
    while let Some(name) = candidate {
        let answered = web.get_as(&format!("{base}/zones?name={name}"), token).await?;
        if answered.status != 200 {
            return Err(may_not(&answered, "look for the zone", APPLY));
        }
        if let Some(id) = list(&answered).first().and_then(|zone| zone["id"].as_str()) {
            return Ok((id.to_owned(), name.to_owned()));
        }
        candidate = name.split_once('.').map(|(_, rest)| rest).filter(|rest| rest.contains('.'));
    }
    let sentence = format!("Cloudflare has no zone of {host} that this token may see");
    Err(Failure::new(sentence)
        .next("the domain has to be at Cloudflare, and the token restricted to its zone or to none"))
}

/// Proves a token by a look that changes nothing.
pub(super) async fn try_out(
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

fn list(answered: &Answered) -> Vec<Value> {
    answered.json()["result"].as_array().cloned().unwrap_or_default()
}

/// Those texts that name the host.
fn texts(values: &[Value], pointer: &str, host: &str) -> Vec<String> {
    let texts = values.iter().filter_map(|value| value.pointer(pointer).and_then(Value::as_str));
    texts.filter(|text| text.contains(host)).map(str::to_owned).collect()
}
