//! The site `resume` of the sandbox, moved by our own switches.

use std::{sync::Arc, time::Duration};

use cloud_failover::{
    api::{Secret, tokens::StaticToken},
    clouds::{self, Change, Clients, Endpoints, Settings, Switch},
};
use failover_core::Position;
use sandbox::{Options, Sandbox, Service, Site, google::access::FUNCTION_ACCOUNT};

pub(crate) const BUCKET: &str = "gleich-tech-failover";

pub(crate) struct Ours {
    pub(crate) sandbox: Sandbox,
    pub(crate) site: Site,
    clients: Clients,
}

impl Ours {
    pub(crate) async fn new() -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let endpoints = Endpoints {
            run: Some(sandbox.url(Service::Run)),
            monitoring: Some(sandbox.url(Service::Monitoring)),
            ..Endpoints::default()
        };
        let settings = Settings { endpoints, ..Settings::default() };
        let clients = Clients::with_tokens(settings, Arc::new(token(&sandbox))).unwrap();
        Self { site: sandbox.site("resume"), sandbox, clients }
    }

    /// Moves the gate of the standby.
    pub(crate) async fn move_gate(&self, position: Position) {
        self.set("cloud_run_invoker", &format!("service = {:?}", self.site.seed.service), position).await;
    }

    /// Pauses the uptime check.
    pub(crate) async fn pause(&self) {
        self.set("uptime_check", &format!("check = {:?}", self.site.seed.check), Position::Standby).await;
    }

    async fn set(&self, kind: &str, keys: &str, position: Position) {
        let switch: Arc<dyn Switch> =
            clouds::read(kind, &keys.parse().unwrap()).unwrap().build(&self.clients);
        assert_eq!(switch.set(position, None).await.unwrap(), Change::Made);
    }
}

/// The function's own token.
pub(crate) fn token(sandbox: &Sandbox) -> StaticToken {
    StaticToken(Secret::new(&sandbox.world.access.issue(FUNCTION_ACCOUNT, Duration::from_hours(1))))
}
