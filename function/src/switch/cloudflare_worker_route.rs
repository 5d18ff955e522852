//! A route of Workers at Cloudflare, whose script fetches visitors' answers from the standby, or asks home first.
//!
//! A route is found by its pattern and replaced as a whole (page "Workers Routes" of the API reference, read 2026-11-29),
//! so it is read right before, and everything but its script is written as it was. One that runs no script leads
//! visitors home. `request_limit_fail_open` is kept true: without it, the account's quota would end in an error page on
//! a healthy site.

use std::{str::FromStr, sync::Arc};

use async_trait::async_trait;
use failover_core::{Observed, Position, Role, SwitchId};
use serde_json::{Map, Value, json};

use super::cloudflare;
use super::{Change, Keys, LeadsBy, Observation, Operation, Provider, Read, Spec, Switch, SwitchError};
use crate::api::{ApiError, ApiErrorKind, Clients, Cloudflare, cloudflare::Purpose, names::HexId};
use crate::check::{ByHand, Checked, Situation, worker_route};

/// The kind `cloudflare_worker_route`.
pub const PROVIDER: Provider = Provider { kind: "cloudflare_worker_route", read };

#[derive(Debug, Clone)]
struct WorkerRouteSpec {
    zone: HexId,
    pattern: Pattern,
    standby_script: Script,
    /// What runs in ordinary times, if anything does.
    gate_script: Option<Script>,
}

#[derive(Debug)]
struct WorkerRoute {
    id: SwitchId,
    spec: WorkerRouteSpec,
    cloudflare: Cloudflare,
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

impl Spec for WorkerRouteSpec {
    fn id(&self) -> SwitchId {
        SwitchId::new(PROVIDER.kind, format!("zones/{}/workers/routes/{}", self.zone, self.pattern.0))
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["CLOUDFLARE_API_TOKEN"]
    }

    fn leads_by(&self) -> LeadsBy {
        LeadsBy::Proxy { always: self.gate_script.is_some() }
    }

    fn build(&self, clients: &Clients) -> Arc<dyn Switch> {
        Arc::new(WorkerRoute { id: self.id(), spec: self.clone(), cloudflare: clients.cloudflare() })
    }
}

impl WorkerRoute {
    async fn look(&self, purpose: Purpose) -> Result<Value, ApiError> {
        let routes = self.cloudflare.routes_of_workers(purpose, &self.spec.zone).await?;
        let ours = routes.into_iter().find(|route| route["pattern"] == self.spec.pattern.0);
        ours.filter(|route| route["id"].is_string()).ok_or_else(|| ApiError {
            kind: ApiErrorKind::Missing,
            message: format!(
                "could not find {}: no route of the zone has this pattern; terraform apply makes it",
                self.id.resource
            ),
        })
    }

    async fn seen(&self, purpose: Purpose) -> Result<Observation, SwitchError> {
        let route = self.look(purpose).await.map_err(Operation::Observe.failed(&self.id))?;
        Ok(Observation { observed: self.spec.observed(&route), basis: None })
    }

    /// Writes on top of what is there now; a route that was made anew meanwhile is looked up once more.
    async fn move_to(&self, position: Position) -> Result<Change, ApiError> {
        let route = self.look(Purpose::Write).await?;
        if self.spec.observed(&route).is_at(position) {
            return Ok(Change::Already);
        }
        match self.write(&route, position).await {
            Err(error) if matches!(error.kind, ApiErrorKind::Missing | ApiErrorKind::Conflict) => {
                self.write(&self.look(Purpose::Write).await?, position).await?;
            }
            written => written?,
        }
        Ok(Change::Made)
    }

    /// Writes the whole route and believes the one that comes back; where that doesn't show it, it is read again.
    async fn write(&self, route: &Value, position: Position) -> Result<(), ApiError> {
        let id = route["id"].as_str().unwrap_or_default();
        let definition = self.spec.definition(route, position);
        let told = self.cloudflare.set_worker_route(&self.spec.zone, id, &definition).await?;
        let look = async { Ok(self.spec.observed(&self.look(Purpose::Read).await?)) };
        cloudflare::confirm(&self.id, position, &self.told(&told), look).await
    }

    /// What an answer to a write shows; one that isn't the route shows nothing.
    fn told(&self, route: &Value) -> Observed {
        if route["pattern"] == self.spec.pattern.0 {
            return self.spec.observed(route);
        }
        Observed::Unknown("the answer doesn't show the route".to_owned())
    }

    async fn write_as_is(&self) -> Result<(), ApiError> {
        let route = self.look(Purpose::Read).await?;
        self.write(&route, cloudflare::place(&self.id, self.spec.observed(&route))?).await
    }
}

#[async_trait]
impl Switch for WorkerRoute {
    fn id(&self) -> &SwitchId {
        &self.id
    }

    fn role(&self) -> Role {
        Role::Route
    }

    fn is_rationed(&self) -> bool {
        true
    }

    async fn observe(&self) -> Result<Observation, SwitchError> {
        self.seen(Purpose::Read).await
    }

    async fn glance(&self) -> Result<Observation, SwitchError> {
        self.seen(Purpose::Glance).await
    }

    /// It is read, and written.
    async fn await_room(&self) {
        self.cloudflare.await_room(2).await;
    }

    async fn set(&self, position: Position, _seen: Option<Observation>) -> Result<Change, SwitchError> {
        self.move_to(position).await.map_err(Operation::Set(position).failed(&self.id))
    }

    async fn check(&self, situation: &Situation) -> Checked {
        let zone = ByHand::at(self.cloudflare.url(&format!("zones/{}", self.spec.zone)));
        let (routes, redirects, front) = tokio::join!(
            self.cloudflare.routes_of_workers(Purpose::Read, &self.spec.zone),
            self.cloudflare.redirects(Purpose::Read, &self.spec.zone),
            cloudflare::check_front(&self.cloudflare, &self.spec.zone, situation)
        );
        let mut checked = Checked::default();
        match routes {
            Ok(routes) => {
                checked.seen += 1;
                let observe = |route: &Value| self.spec.observed(route);
                let wanted = worker_route::Wanted { pattern: &self.spec.pattern.0, observe: &observe };
                checked.extend(worker_route::of_routes(&routes, &wanted, &zone, situation));
                // A token for routes alone may not read the redirects, and a zone may have none.
                checked.extend(
                    redirects.ok().and_then(|rules| worker_route::redirected(&rules, &zone, situation)),
                );
                checked.merge(front);
                checked.note(worker_route::QUOTA);
            }
            Err(error) => checked.unseen(&error, cloudflare::TOKENS),
        }
        checked
    }

    async fn touch(&self) -> Result<(), SwitchError> {
        self.write_as_is().await.map_err(Operation::Touch.failed(&self.id))
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
