//! Tokens of the metadata server. The library reads `GCE_METADATA_HOST` from the environment, so each test here runs
//! itself once more with it.

use std::{future::Future, process::Command, sync::Arc, time::Duration};

use cloud_failover::{
    api::ApiErrorKind,
    clouds::{self, Clients, Endpoints, Readiness, Settings, Switch},
};
use sandbox::{Aim, Fault, Options, Sandbox, Service, SiteSeed};

use crate::{bench::pace, kinds::ALL_USERS};

/// Runs this test again as a process on a machine of this sandbox; `true` in the first process, once it is done.
async fn ran_again(name: &str, sandbox: impl Future<Output = Sandbox>) -> Option<Sandbox> {
    if std::env::var_os("GCE_METADATA_HOST").is_some() {
        return None;
    }
    let sandbox = sandbox.await;
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", &format!("tokens::{name}")]);
    again.env("GCE_METADATA_HOST", sandbox.address(Service::Metadata).to_string());
    again.env("RUN_AT", sandbox.url(Service::Run).as_str());
    again.env("HOME", "/nonexistent").env_remove("GOOGLE_APPLICATION_CREDENTIALS");
    let output = tokio::task::spawn_blocking(move || again.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Some(sandbox)
}

async fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).await.unwrap()
}

/// A gate whose clients look for their credentials themselves.
fn gate() -> (Clients, Arc<dyn Switch>) {
    let run = std::env::var("RUN_AT").unwrap().parse().unwrap();
    let endpoints = Endpoints { run: Some(run), ..Endpoints::default() };
    let settings = Settings { endpoints, pace: pace(Duration::from_secs(4)), ..Settings::default() };
    let clients = Clients::new(settings).unwrap();
    let table = (ALL_USERS.table)(&SiteSeed::example()).parse().unwrap();
    let gate = clouds::read(ALL_USERS.key, &table).unwrap().build(&clients);
    (clients, gate)
}

#[tokio::test]
async fn a_refused_token_is_replaced() {
    let expiring = async {
        let sandbox = sandbox().await;
        let world = Arc::clone(&sandbox.world);
        tokio::spawn(async move {
            world.ledger.ended("run.get_service", 1).await;
            world.access.expire_all();
        });
        sandbox
    };
    if let Some(sandbox) = ran_again("a_refused_token_is_replaced", expiring).await {
        assert_eq!(sandbox.world.ledger.select(|call| call.status() == Some(401)).len(), 1);
        return;
    }
    let (clients, gate) = gate();
    clients.warm().await;
    assert_eq!(gate.readiness().await.unwrap(), Readiness::Ready);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(gate.readiness().await.unwrap(), Readiness::Ready);
}

#[tokio::test]
async fn a_metadata_server_that_stumbles_is_asked_again() {
    let stumbling = async {
        let sandbox = sandbox().await;
        sandbox.world.fault(Aim::service(Service::Metadata).times(2), Fault::status(503));
        sandbox
    };
    if ran_again("a_metadata_server_that_stumbles_is_asked_again", stumbling).await.is_none() {
        assert_eq!(gate().1.readiness().await.unwrap(), Readiness::Ready);
    }
}

#[tokio::test]
async fn credentials_that_were_refused_are_looked_for_anew() {
    let refusing = async {
        let sandbox = sandbox().await;
        sandbox.world.fault(Aim::service(Service::Metadata).nth(1), Fault::status(403));
        sandbox
    };
    if ran_again("credentials_that_were_refused_are_looked_for_anew", refusing).await.is_none() {
        let gate = gate().1;
        let cause = gate.readiness().await.unwrap_err().cause;
        assert_eq!(cause.kind, ApiErrorKind::Denied, "{cause}");
        assert!(cause.message.contains("give the service a service account"), "{cause}");
        assert_eq!(gate.readiness().await.unwrap(), Readiness::Ready);
    }
}

/// A metadata server that hands out another account's token this many times; that account may do nothing.
async fn handing_out_anothers(times: u32) -> Sandbox {
    const ANOTHER: &str = "build@elsewhere.iam.gserviceaccount.com";
    let sandbox = sandbox().await;
    let access = &sandbox.world.access;
    access.deny_to(ANOTHER, "run.services.get");
    let token = access.issue(ANOTHER, Duration::from_hours(1));
    let body =
        serde_json::json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3599 }).to_string();
    let wrong = Fault::Status { code: 200, retry_after: None, body: Some(body) };
    sandbox.world.fault(Aim::at("metadata.token").times(times), wrong);
    sandbox
}

#[tokio::test]
async fn a_token_of_another_identity_is_replaced_before_its_refusal_is_believed() {
    let name = "a_token_of_another_identity_is_replaced_before_its_refusal_is_believed";
    if let Some(sandbox) = ran_again(name, handing_out_anothers(1)).await {
        assert_eq!(sandbox.world.ledger.count("metadata.token"), 2);
        return;
    }
    let (clients, _) = gate();
    let google = clients.google();
    let service = SiteSeed::example().service.parse().unwrap();
    // Those that were asked at the same time are asked again, too.
    let looks = futures::future::join_all((0..4).map(|_| google.run().run_service(&service))).await;
    for look in looks {
        assert!(look.is_ok(), "{look:?}");
    }
}

#[tokio::test]
async fn a_permission_that_is_missing_costs_one_fresh_token_and_is_believed_then() {
    let name = "a_permission_that_is_missing_costs_one_fresh_token_and_is_believed_then";
    if let Some(sandbox) = ran_again(name, handing_out_anothers(u32::MAX)).await {
        assert_eq!(sandbox.world.ledger.count("metadata.token"), 2);
        return;
    }
    let (_, gate) = gate();
    for _ in 0..3 {
        let cause = gate.readiness().await.unwrap_err().cause;
        assert_eq!(cause.kind, ApiErrorKind::Denied, "{cause}");
        assert!(cause.message.contains("grant the account run.services.get"), "{cause}");
    }
}
