//! As whom Azure is asked: a machine's own identity, one of several, or an app that trusts Google's tokens.

use std::{sync::Arc, time::Duration};

use cloud_failover::{
    api::{ApiErrorKind, Secret, tokens::StaticToken},
    clouds::{self, Clients, Settings, Switch, SwitchError, azure::Account},
};
use sandbox::{
    Aim, Fault, Options, Sandbox, Service,
    azure::{directory::TENANT, login::CLIENT, machine::Identity},
};

use crate::{
    bench::{endpoints, pace},
    kinds::IP_CONFIGURATION,
};

struct Asking {
    sandbox: Sandbox,
    switch: Arc<dyn Switch>,
}

impl Asking {
    async fn with(account: fn(&Sandbox) -> Account) -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let settings = Settings {
            endpoints: endpoints(&sandbox),
            azure: account(&sandbox),
            pace: pace(Duration::from_secs(4)),
            call_timeout: Duration::from_millis(800),
            ..Settings::default()
        };
        let clients = Clients::with_tokens(settings, Arc::new(StaticToken(Secret::new("x")))).unwrap();
        let seed = sandbox.site("resume").seed;
        let table = (IP_CONFIGURATION.table)(&seed).parse().unwrap();
        let switch = clouds::read(IP_CONFIGURATION.key, &table).unwrap().build(&clients);
        Self { sandbox, switch }
    }

    async fn look(&self) -> Result<(), SwitchError> {
        self.switch.observe().await.map(drop)
    }

    fn asked(&self, operation: &str) -> usize {
        self.sandbox.world.ledger.count(operation)
    }
}

fn itself(_: &Sandbox) -> Account {
    Account::default()
}

fn one_of_several(_: &Sandbox) -> Account {
    Account { client: Some("1b4e28ba-2fa1-4d2b-883f-0016d3cca427".to_owned()), ..Account::default() }
}

fn federated(sandbox: &Sandbox) -> Account {
    Account {
        tenant: Some(TENANT.to_owned()),
        client: Some(CLIENT.to_owned()),
        google: Some(sandbox.address(Service::Metadata).to_string()),
    }
}

#[tokio::test]
async fn one_token_serves_until_it_is_refused_and_then_another() {
    let asking = Asking::with(itself).await;
    asking.look().await.unwrap();
    asking.look().await.unwrap();
    assert_eq!(asking.asked("azure_metadata.token"), 1);
    asking.sandbox.world.azure.directory.expire_all();
    asking.look().await.unwrap();
    assert_eq!(asking.asked("azure_metadata.token"), 2);
}

#[tokio::test]
async fn a_metadata_service_that_is_being_renewed_is_asked_again() {
    for status in [404, 410, 429, 500] {
        let asking = Asking::with(itself).await;
        asking.sandbox.world.fault(Aim::at("azure_metadata.token").times(2), Fault::status(status));
        asking.look().await.unwrap();
        assert_eq!(asking.asked("azure_metadata.token"), 3, "{status}");
    }
}

#[tokio::test]
async fn a_machine_with_several_identities_is_told_which_is_meant() {
    let asking = Asking::with(one_of_several).await;
    let client = one_of_several(&asking.sandbox).client.unwrap();
    let cause = asking.look().await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Denied, "{cause}");
    assert!(cause.message.contains("Identity not found"), "{cause}");
    let mut identities = asking.sandbox.world.azure.identities("db-a");
    identities.push(Identity { client_id: client, ..Identity::assigned("/subscriptions/s/assigned") });
    asking.sandbox.world.azure.hand.set_identities("db-a", identities);
    asking.look().await.unwrap();
}

#[tokio::test]
async fn from_cloud_run_a_google_token_is_exchanged() {
    let asking = Asking::with(federated).await;
    asking.look().await.unwrap();
    asking.look().await.unwrap();
    assert_eq!((asking.asked("azure_login.token"), asking.asked("azure_metadata.token")), (1, 0));
}

#[tokio::test]
async fn an_app_that_does_not_trust_us_says_so_in_one_sentence() {
    let asking =
        Asking::with(|sandbox| Account { client: Some("another".to_owned()), ..federated(sandbox) }).await;
    let cause = asking.look().await.unwrap_err().cause;
    assert_eq!(cause.kind, ApiErrorKind::Denied, "{cause}");
    assert!(
        cause.message.contains("Azure's login service answered 4") && !cause.message.contains('\n'),
        "{cause}"
    );
    assert!(cause.message.contains("AADSTS") && !cause.message.contains("eyJ"), "{cause}");
}

#[tokio::test]
async fn variables_of_other_programs_on_a_machine_of_azures_do_no_harm() {
    // Nobody is where Google's metadata server would be.
    let account = |client: String| Account {
        tenant: Some(TENANT.to_owned()),
        client: Some(client),
        google: Some("127.0.0.1:9".to_owned()),
    };
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let own = sandbox.world.azure.identities("db-a")[0].client_id.clone();
    for (client, known) in [(own, true), ("1b4e28ba-2fa1-4d2b-883f-0016d3cca427".to_owned(), false)] {
        let settings = Settings {
            endpoints: endpoints(&sandbox),
            azure: account(client),
            pace: pace(Duration::from_millis(300)),
            call_timeout: Duration::from_millis(800),
            ..Settings::default()
        };
        let clients = Clients::with_tokens(settings, Arc::new(StaticToken(Secret::new("x")))).unwrap();
        let table = (IP_CONFIGURATION.table)(&sandbox.site("resume").seed).parse().unwrap();
        let switch = clouds::read(IP_CONFIGURATION.key, &table).unwrap().build(&clients);
        match switch.observe().await {
            Ok(_) => assert!(known),
            Err(error) => {
                assert!(
                    !known && error.cause.message.contains("AZURE_TENANT_ID is set: unset it"),
                    "{}",
                    error.cause
                );
            }
        }
    }
}
