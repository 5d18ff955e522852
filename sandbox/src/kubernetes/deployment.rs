//! One deployment: what is wanted of it, and what has come of that so far.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::status::KubernetesDenied;

/// A deployment and the one thing of it that is moved here.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    namespace: String,
    name: String,
    uid: String,
    pub(super) replicas: u64,
    generation: u64,
    resource_version: u64,
    /// What was told before the last change, and until when it is told still: controllers take a moment.
    before: Value,
    told_from: Instant,
    ready_from: Instant,
}

impl Deployment {
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        let (uid, now) = (uuid::Uuid::new_v4().to_string(), Instant::now());
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid,
            replicas: 1,
            generation: 1,
            resource_version: 4_711,
            before: Value::Null,
            told_from: now,
            ready_from: now,
        }
    }

    /// What a patch of the scale wants. A field that nobody knows is dropped, as the real one does unless it is asked to
    /// be strict.
    pub(super) fn check(&self, patch: &Value, strict: bool) -> Result<u64, KubernetesDenied> {
        let fields =
            patch.as_object().ok_or_else(|| KubernetesDenied::bad_request("the patch is no object"))?;
        let known =
            |key: &String| ["apiVersion", "kind", "metadata", "spec", "status"].contains(&key.as_str());
        if let Some(foreign) = fields.keys().find(|key| strict && !known(key)) {
            return Err(KubernetesDenied::bad_request(&format!(
                "strict decoding error: unknown field \"{foreign}\""
            )));
        }
        let told = patch["metadata"]["resourceVersion"].as_str();
        if told.is_some_and(|version| version != self.resource_version.to_string()) {
            return Err(KubernetesDenied::conflict(&self.name));
        }
        let spec = patch["spec"].as_object().into_iter().flatten();
        if let Some((foreign, _)) = spec.into_iter().find(|(key, _)| strict && *key != "replicas") {
            return Err(KubernetesDenied::bad_request(&format!(
                "strict decoding error: unknown field \"spec.{foreign}\""
            )));
        }
        let replicas = &patch["spec"]["replicas"];
        if replicas.is_null() {
            return Ok(self.replicas);
        }
        replicas.as_u64().ok_or_else(|| {
            KubernetesDenied::invalid(&self.name, &format!("spec.replicas: Invalid value: {replicas}"))
        })
    }

    /// What is there already changes nothing, not even the generation.
    pub(super) fn scale(&mut self, replicas: u64, now: Instant, starting_takes: Duration) {
        if self.replicas == replicas {
            return;
        }
        self.before = self.status(now);
        let starts = replicas > self.replicas;
        self.replicas = replicas;
        self.generation += 1;
        self.resource_version += 1;
        self.told_from = now + starting_takes / 4;
        self.ready_from = if starts { now + starting_takes } else { now };
    }

    /// Whether a pod takes visitors: those that end take none any more.
    pub(super) fn serves(&self, now: Instant) -> bool {
        self.replicas > 0 && now >= self.ready_from
    }

    fn status(&self, now: Instant) -> Value {
        if now < self.told_from {
            return self.before.clone();
        }
        let mut status = json!({ "observedGeneration": self.generation });
        // Nought is left out, as by the real one.
        if self.replicas > 0 {
            status["replicas"] = json!(self.replicas);
            status["updatedReplicas"] = json!(self.replicas);
            let key = if self.serves(now) { "readyReplicas" } else { "unavailableReplicas" };
            status[key] = json!(self.replicas);
        }
        status
    }

    /// As `GET` shows it.
    pub(super) fn view(&self, now: Instant) -> Value {
        let labels = json!({ "app": "primary" });
        json!({
            "kind": "Deployment",
            "apiVersion": "apps/v1",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "uid": self.uid,
                "generation": self.generation,
                "resourceVersion": self.resource_version.to_string(),
            },
            "spec": {
                "replicas": self.replicas,
                "strategy": { "type": "Recreate" },
                "selector": { "matchLabels": labels },
                "template": {
                    "metadata": { "labels": labels },
                    "spec": { "containers": [{ "name": "primary", "image": "docker.io/library/primary:1" }] },
                },
            },
            "status": self.status(now),
        })
    }

    /// As its scale is shown.
    pub(super) fn scale_view(&self, now: Instant) -> Value {
        let mut scale = json!({
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "uid": self.uid,
                "resourceVersion": self.resource_version.to_string(),
            },
            "spec": {},
            "status": { "replicas": self.status(now)["replicas"].as_u64().unwrap_or(0), "selector": "app=primary" },
        });
        if self.replicas > 0 {
            scale["spec"]["replicas"] = json!(self.replicas);
        }
        scale
    }
}
