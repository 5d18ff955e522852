//! The chain that can't be shortened: read the policy, write the policy, switch the rule on, one after the other.
//!
//! Made by a bare client with its token fetched and its connections open, on a sandbox of its own with the same
//! latency, right before each failover: whatever slows this machine down slows both.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use reqwest::{Client, RequestBuilder};
use sandbox::{Options, Sandbox, Service};
use serde_json::{Value, json};

use crate::stage::{Stage, usual};

/// A bare client and the clouds it asks.
#[derive(Debug)]
pub(crate) struct Chain {
    stage: Stage,
    http: Client,
    token: String,
}

impl Chain {
    /// Fetches a token, and runs through once so that every connection is open.
    pub(crate) async fn prepare() -> Result<Self> {
        let stage = Stage::single(usual()).await?;
        let http = Client::builder().no_proxy().build()?;
        let token = token(&http, &stage.sandbox).await?;
        let chain = Self { stage, http, token };
        chain.run().await?;
        Ok(chain)
    }

    /// One run through the three calls, and how long it took.
    pub(crate) async fn run(&self) -> Result<Duration> {
        let sandbox = &self.stage.sandbox;
        let seed = &self.stage.sites[0].seed;
        let service = format!("{}v2/{}", sandbox.url(Service::Run), seed.service);
        let rule = format!("zones/{}/pagerules/{}", seed.zone, seed.rule);
        let rule = format!("{}client/v4/{rule}", sandbox.url(Service::Cloudflare));
        let cloudflare = Options::default().cloudflare_token;

        let begun = Instant::now();
        let read = self.http.get(format!("{service}:getIamPolicy?options.requestedPolicyVersion=3"));
        let mut policy = said(read.bearer_auth(&self.token)).await?;
        policy["version"] = json!(3);
        policy["bindings"] = json!([{ "role": "roles/run.invoker", "members": ["allUsers"] }]);
        let write = self.http.post(format!("{service}:setIamPolicy")).json(&json!({ "policy": policy }));
        said(write.bearer_auth(&self.token)).await?;
        let switch = self.http.patch(rule).json(&json!({ "status": "active" }));
        said(switch.bearer_auth(cloudflare)).await?;
        Ok(begun.elapsed())
    }
}

async fn token(http: &Client, sandbox: &Sandbox) -> Result<String> {
    let path = "computeMetadata/v1/instance/service-accounts/default/token";
    let url = format!("{}{path}", sandbox.url(Service::Metadata));
    let token = said(http.get(url).header("metadata-flavor", "Google")).await?;
    Ok(token["access_token"].as_str().unwrap_or_default().to_owned())
}

async fn said(request: RequestBuilder) -> Result<Value> {
    let answer = request.send().await?;
    let status = answer.status();
    let body: Value = answer.json().await?;
    ensure!(status.is_success(), "{status}: {body}");
    Ok(body)
}
