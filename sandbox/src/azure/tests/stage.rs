//! A pair on loopback, asked through the front doors.

use serde_json::Value;

use super::cloud::VERSION;
use crate::network::{Pair, PairSeed};
use crate::options::Options;
use crate::sandbox::Sandbox;
use crate::service::Service;

pub(super) struct Stage {
    pub(super) sandbox: Sandbox,
    pub(super) pair: Pair,
    pub(super) token: String,
    client: reqwest::Client,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let options = Options { sites: Vec::new(), ..Options::default() };
        let sandbox = Sandbox::start(options).await.expect("loopback");
        let seed = PairSeed::on_loopback("vip");
        let pair = sandbox.add_azure_pair(seed).expect("loopback").expect("a pair");
        let token = sandbox.world.azure.directory.issue("somebody");
        Self { sandbox, pair, token, client: reqwest::Client::new() }
    }

    pub(super) fn url(&self, index: usize) -> String {
        let path = self.pair.seed.on_azure().interface(index);
        format!("http://{}{path}?api-version={VERSION}", self.sandbox.address(Service::Azure))
    }

    pub(super) async fn get(&self, index: usize) -> Value {
        json_of(self.client.get(self.url(index)).bearer_auth(&self.token)).await
    }

    /// Writes back what was read, edited, on top of its etag; nothing where no answer came.
    pub(super) async fn try_put(
        &self,
        index: usize,
        edit: impl FnOnce(&mut Value),
    ) -> Option<reqwest::Response> {
        let mut body = self.get(index).await;
        let etag = body["etag"].as_str().expect("an etag").to_owned();
        edit(&mut body);
        self.put_on(index, &body, &etag).await
    }

    pub(super) async fn put_on(&self, index: usize, body: &Value, etag: &str) -> Option<reqwest::Response> {
        let request = self.client.put(self.url(index)).bearer_auth(&self.token);
        request.header("if-match", etag).body(body.to_string()).send().await.ok()
    }

    pub(super) async fn put(&self, index: usize, edit: impl FnOnce(&mut Value)) -> reqwest::Response {
        self.try_put(index, edit).await.expect("an answer")
    }

    /// What is at a URL that an answer gave.
    pub(super) async fn follow(&self, url: &str) -> Value {
        json_of(self.client.get(url).bearer_auth(&self.token)).await
    }

    /// Who answers at the private address.
    pub(super) async fn served(&self) -> Option<String> {
        let answer = reqwest::get(format!("http://{}/", self.pair.private)).await.ok()?;
        Some(answer.headers()["served-machine"].to_str().ok()?.to_owned())
    }

    /// Waits until that is so.
    pub(super) async fn until_served(&self, by: Option<&str>) {
        while self.served().await.as_deref() != by {}
    }
}

pub(super) async fn json_of(request: reqwest::RequestBuilder) -> Value {
    let body = request.send().await.expect("an answer").bytes().await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}
