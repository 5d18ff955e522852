//! What visitors have of a deployment. What its interface says is in `transcripts/kubernetes.txt`.

use reqwest::StatusCode;

use super::*;
use crate::{Options, Sandbox};

#[tokio::test]
async fn the_primary_serves_only_while_a_pod_is_ready() {
    let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
    let site = sandbox.site("resume");
    let served = || async { reqwest::get(site.public_url()).await.expect("an answer").status() };
    assert_eq!(served().await, StatusCode::OK);
    sandbox.world.kubernetes.scale("resume", 0);
    assert_eq!(served().await, StatusCode::SERVICE_UNAVAILABLE);
    sandbox.world.kubernetes.starting_takes(Duration::from_hours(1));
    sandbox.world.kubernetes.scale("resume", 1);
    assert_eq!(served().await, StatusCode::SERVICE_UNAVAILABLE, "it is starting");
    let starting = sandbox.world.kubernetes.deployment("resume").expect("a deployment");
    assert_eq!(starting["status"]["observedGeneration"], 2, "what is told is of before");
}
