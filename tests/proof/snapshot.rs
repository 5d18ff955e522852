//! A world as a story's prologue left it, to begin there again and again without playing the prologue.

use ::stage::journal::BUCKET;
use bytes::Bytes;
use jiff::Timestamp;
use sandbox::{
    Power,
    cloudflare::{PRIMARY_CONTENT, STANDBY_CONTENT, worker_route_id},
};
use serde_json::{Value, json};

use crate::stage::Stage;

/// What a prologue leaves behind.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// When that was, as its processes saw it.
    taken_at: Timestamp,
    journal: Vec<(String, Bytes)>,
    primary: Power,
    standby: Power,
    replicas: u64,
    open: bool,
    routed: bool,
    content: &'static str,
    /// What the site's Workers route runs.
    script: Value,
    paused: bool,
    /// The machine that has the address, where there is one.
    holder: Option<String>,
    /// The story's own message, if it was delivered before.
    pub(crate) message: Option<Value>,
}

impl Snapshot {
    /// Of a world whose processes are gone.
    pub(crate) fn of(stage: &Stage, message: Option<Value>) -> Self {
        let (world, site) = (&stage.sandbox.world, stage.site());
        let route = worker_route_id(site.name());
        Self {
            taken_at: stage.now(),
            journal: world.storage.objects(BUCKET),
            primary: world.sites.pages.primary(site.name()),
            standby: world.sites.pages.standby(site.name()),
            replicas: world.kubernetes.replicas(site.name()),
            open: world.run.is_granted(&site.seed.service),
            routed: world.cloudflare.is_routed(&site)
                && !world.cloudflare.is_named(&site)
                && !world.cloudflare.is_scripted(&site),
            content: if world.cloudflare.is_named(&site) { STANDBY_CONTENT } else { PRIMARY_CONTENT },
            script: world
                .cloudflare
                .worker_route(&site.seed.zone, &route)
                .map_or(Value::Null, |route| route["script"].clone()),
            paused: !world.monitoring.is_enabled(&site.seed.check),
            holder: stage.address.as_ref().and_then(|address| address.holders(world).pop()),
            message,
        }
    }

    /// Brings a fresh world to where this one was, and to its time, if the world has a clock of its own.
    pub(crate) fn restore(&self, stage: &Stage) {
        let (world, site) = (&stage.sandbox.world, stage.site());
        if let Some(clock) = &stage.clock {
            clock.goes_on_from(self.taken_at);
        }
        for (name, content) in &self.journal {
            world.storage.put(BUCKET, name, content.clone());
        }
        if self.open {
            world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers");
        }
        let status = if self.routed { "active" } else { "disabled" };
        world.cloudflare.edits.edit_page_rule(&site.seed.zone, &site.seed.rule, "status", json!(status));
        let (zone, route) = (&site.seed.zone, worker_route_id(site.name()));
        world.cloudflare.edits.edit_worker_route(zone, &route, "script", self.script.clone());
        let name = format!("{}.gleich.tech", site.name());
        world.cloudflare.edits.edit_record(&site.seed.zone, &name, "content", json!(self.content));
        world
            .monitoring
            .edit(&site.seed.check, |check| drop(check.insert("disabled".to_owned(), json!(self.paused))));
        if let Some(address) = &stage.address {
            address.restore(world, self.holder.as_deref());
        }
        stage.deployment(self.replicas);
        stage.primary(self.primary);
        stage.standby(self.standby);
    }
}
