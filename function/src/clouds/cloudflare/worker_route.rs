//! A route of Workers at Cloudflare, whose script fetches visitors' answers from the standby, or asks home first.
//!
//! A route is found by its pattern and replaced as a whole (page "Workers Routes" of the API reference, read 2026-11-29),
//! so it is read right before, and everything but its script is written as it was. One that runs no script leads
//! visitors home. `request_limit_fail_open` is kept true: without it, the account's quota would end in an error page on
//! a healthy site.

pub mod check;
pub mod script;

use std::{str::FromStr, sync::Arc};

use async_trait::async_trait;
use failover_core::{Observed, Position};
use futures::future::join_all;
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::{
        Checked, Keys, LeadsBy, Provider, Read, Situation, Spec,
        cloudflare::{
            ByHand, Cloudflare, HexId, Purpose,
            object::{self, Object},
            worker_route::script::Mode,
        },
    },
};

/// The kind `cloudflare_worker_route`.
pub const PROVIDER: Provider = Provider {
    kind: "cloudflare_worker_route",
    cloud: super::CLOUD,
    called: "the Worker's route of {site}",
    read,
};

#[derive(Debug, Clone)]
struct WorkerRouteSpec {
    zone: HexId,
    pattern: Pattern,
    standby_script: Script,
    /// What runs in ordinary times, if anything does.
    gate_script: Option<Script>,
}

/// Which URLs a route is for, as Cloudflare writes it.
#[derive(Debug, Clone)]
struct Pattern(String);

impl FromStr for Pattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let host =
            text.split_once("://").map_or(text, |(_, rest)| rest).split('/').next().unwrap_or_default();
        if host.is_empty() || text.contains(['?', ' ']) {
            return Err("is no pattern of a host and a path");
        }
        Ok(Self(text.to_owned()))
    }
}

/// A script's name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Script(String);

impl FromStr for Script {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if fits { Ok(Self(text.to_owned())) } else { Err("is no name of a script") }
    }
}

fn read(mut keys: Keys<'_>) -> Read {
    let zone = keys.required("zone", "023e105f4ecef8ad9ca31a8372d0c353");
    let pattern = keys.required("pattern", "www.example.com/*");
    let standby: Option<Script> = keys.required("standby_script", "www-standby");
    let always = keys.flag("always");
    let gate: Option<Script> = if always {
        keys.required("gate_script", "www-gate")
    } else {
        keys.optional("gate_script", "www-gate")
    };
    if gate.is_some() && !always {
        keys.refuse("gate_script", "never runs without always = true", "www-gate, with always = true");
    }
    if gate.is_some() && gate == standby {
        keys.refuse("gate_script", "is the standby's too", "www-gate");
    }
    let spec = zone.zip(pattern).zip(standby).map(|((zone, pattern), standby_script)| WorkerRouteSpec {
        zone,
        pattern,
        standby_script,
        gate_script: gate,
    });
    keys.finish(spec).map(|spec| Arc::new(spec) as Arc<dyn Spec>)
}

impl WorkerRouteSpec {
    /// The script that the route has at a position.
    fn script(&self, position: Position) -> Option<&str> {
        match position {
            Position::Standby => Some(&self.standby_script.0),
            Position::Primary => self.gate_script.as_ref().map(|script| script.0.as_str()),
        }
    }

    /// The scripts that it may have, each with what it is for.
    fn scripts(&self) -> impl Iterator<Item = (&Script, Mode)> {
        let gate = self.gate_script.iter().map(|script| (script, Mode::Gate));
        std::iter::once((&self.standby_script, Mode::Standby)).chain(gate)
    }

    /// The whole route with another script, everything else as it was.
    fn definition(&self, route: &Value, position: Position) -> Value {
        let mut fields: Map<String, Value> = route.as_object().cloned().unwrap_or_default();
        fields.retain(|key, _| key != "id" && key != "script");
        if let Some(script) = self.script(position) {
            fields.insert("script".to_owned(), json!(script));
        }
        fields.insert("request_limit_fail_open".to_owned(), json!(true));
        Value::Object(fields)
    }
}

#[async_trait]
impl Object for WorkerRouteSpec {
    const KIND: &'static str = PROVIDER.kind;

    fn resource(&self) -> String {
        format!("zones/{}/workers/routes/{}", self.zone, self.pattern.0)
    }

    fn leads(&self) -> LeadsBy {
        LeadsBy::Proxy { always: self.gate_script.is_some() }
    }

    fn meets(&self, url: &Url) -> bool {
        check::matches(&self.pattern.0, url.as_str())
    }

    type Found = Value;
    const WHOLE: bool = true;

    async fn find(&self, cloudflare: &Cloudflare, purpose: Purpose) -> Result<Value, ApiError> {
        let routes = cloudflare.workers().worker_routes(purpose, &self.zone).await?;
        let ours = routes.into_iter().find(|route| route["pattern"] == self.pattern.0);
        ours.filter(|route| route["id"].is_string()).ok_or_else(|| ApiError {
            kind: ApiErrorKind::Missing,
            message: format!(
                "could not find {}: no route of the zone has this pattern; terraform apply makes it",
                self.resource()
            ),
        })
    }

    fn observed(&self, route: &Value) -> Observed {
        let script = route["script"].as_str().filter(|script| !script.is_empty());
        let at = [Position::Standby, Position::Primary].into_iter().find(|at| self.script(*at) == script);
        at.map_or_else(
            || {
                let runs =
                    script.map_or_else(|| "no script".to_owned(), |script| format!("the script {script}"));
                Observed::Mixed(format!(
                    "it runs {runs}, neither the standby's nor what runs in ordinary times"
                ))
            },
            Observed::At,
        )
    }

    async fn write(
        &self,
        cloudflare: &Cloudflare,
        route: Option<&Value>,
        position: Position,
    ) -> Result<Option<Value>, ApiError> {
        let Some(route) = route else { return Ok(None) };
        let id = route["id"].as_str().unwrap_or_default();
        let told =
            cloudflare.workers().set_worker_route(&self.zone, id, &self.definition(route, position)).await?;
        // What isn't the route shows nothing of it.
        Ok(Some(told).filter(|told| told["pattern"] == self.pattern.0))
    }

    async fn check(&self, cloudflare: &Cloudflare, situation: &Situation) -> Checked {
        let zone = ByHand::at(cloudflare.url(&format!("zones/{}", self.zone)));
        let (routes, redirects, front, scripts) = tokio::join!(
            cloudflare.workers().worker_routes(Purpose::Read, &self.zone),
            cloudflare.rules().redirects(Purpose::Read, &self.zone),
            object::check_front(cloudflare, &self.zone, situation),
            self.check_account(cloudflare, situation)
        );
        let mut checked = Checked::default();
        match routes {
            Ok(routes) => {
                checked.seen += 1;
                let observe = |route: &Value| self.observed(route);
                let wanted = check::Wanted { pattern: &self.pattern.0, observe: &observe };
                checked.extend(check::of_routes(&routes, &wanted, &zone, situation));
                // A zone may have none. What may not be read may be there, and it would run first.
                let redirects = match redirects {
                    Err(error) if error.kind == ApiErrorKind::Missing => None,
                    redirects => checked.look(redirects),
                };
                checked.extend(redirects.and_then(|rules| check::redirected(&rules, &zone, situation)));
                checked.merge(front);
                checked.merge(scripts);
            }
            Err(error) => checked.unseen(&error, object::TOKENS),
        }
        checked
    }
}

impl WorkerRouteSpec {
    /// What is the account's: the scripts, and how many requests they answer.
    async fn check_account(&self, cloudflare: &Cloudflare, situation: &Situation) -> Checked {
        let mut checked = Checked::default();
        let zone = cloudflare.zones().zone(self.zone.as_str()).await;
        let account = permitted(zone, script::UNSEEN, &mut checked)
            .and_then(|zone| Some(zone["account"]["id"].as_str()?.to_owned()));
        let Some(account) = account else {
            checked.note(check::QUOTA);
            return checked;
        };
        let looks = self.scripts().map(|(script, mode)| {
            let wanted = script::Wanted { name: &script.0, mode };
            check_script(cloudflare, &account, wanted, situation)
        });
        let (scripts, requests) =
            tokio::join!(join_all(looks), cloudflare.workers().worker_requests(&account));
        for script in scripts {
            checked.merge(script);
        }
        if let Some(requests) = permitted(requests, check::QUOTA, &mut checked) {
            checked.merge(check::of_requests(requests));
        }
        checked
    }
}

async fn check_script(
    cloudflare: &Cloudflare,
    account: &str,
    wanted: script::Wanted<'_>,
    situation: &Situation,
) -> Checked {
    let mut checked = Checked::default();
    let by_hand = ByHand::at(cloudflare.url(&format!("accounts/{account}/workers/scripts/{}", wanted.name)));
    let (text, settings) = tokio::join!(
        cloudflare.workers().worker_script(account, wanted.name),
        cloudflare.workers().worker_settings(account, wanted.name)
    );
    if text.as_ref().is_err_and(script::is_gone) {
        checked.seen += 1;
        checked.problem(script::gone(&wanted));
        return checked;
    }
    if let Some(text) = permitted(text, script::UNSEEN, &mut checked) {
        checked.extend(script::of_text(&text, &wanted, &by_hand));
    }
    if let Some(settings) = permitted(settings, script::UNSEEN, &mut checked) {
        checked.extend(script::of_bindings(&settings, &wanted, &by_hand, situation));
    }
    checked
}

/// What was read. A token for routes alone may not, which is no fault of the deployment: then that is noted.
fn permitted<T>(read: Result<T, ApiError>, note: &str, checked: &mut Checked) -> Option<T> {
    match read {
        Err(error) if error.is_permanent() => {
            checked.note(note);
            None
        }
        read => checked.look(read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(gate: Option<&str>) -> WorkerRouteSpec {
        WorkerRouteSpec {
            zone: "023e105f4ecef8ad9ca31a8372d0c353".parse().unwrap(),
            pattern: Pattern("www.example.com/*".to_owned()),
            standby_script: Script("standby".to_owned()),
            gate_script: gate.map(|gate| Script(gate.to_owned())),
        }
    }

    #[test]
    fn the_script_is_the_position() {
        let (always, sometimes) = (spec(Some("gate")), spec(None));
        for (spec, script, expected) in [
            (&always, json!("standby"), Some(Position::Standby)),
            (&always, json!("gate"), Some(Position::Primary)),
            (&always, json!(null), None),
            (&sometimes, json!("standby"), Some(Position::Standby)),
            (&sometimes, json!(null), Some(Position::Primary)),
            (&sometimes, json!(""), Some(Position::Primary)),
            (&sometimes, json!("gate"), None),
        ] {
            let observed = spec.observed(&json!({ "script": script }));
            let at = [Position::Primary, Position::Standby].into_iter().find(|at| observed.is_at(*at));
            assert_eq!(at, expected, "{script}");
        }
    }

    #[test]
    fn a_route_is_written_as_a_whole_and_never_fails_closed() {
        let route =
            json!({ "id": "r", "pattern": "www.example.com/*", "script": "standby", "later": { "a": 1 } });
        let home = spec(None).definition(&route, Position::Primary);
        assert_eq!(
            home,
            json!({ "pattern": "www.example.com/*", "later": { "a": 1 }, "request_limit_fail_open": true })
        );
        let gated = spec(Some("gate")).definition(&route, Position::Primary);
        assert_eq!(gated["script"], "gate");
    }
}
