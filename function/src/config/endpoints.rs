//! `[endpoints]`, and what the environment says about where Google's services are.

use crate::clouds::{Endpoints, azure::Account};

use super::{Environment, address, section::Section};

/// Which of Google's services are emulators, named by `PUBSUB_EMULATOR_HOST` and `STORAGE_EMULATOR_HOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Emulated {
    /// Pub/Sub is.
    pub pubsub: bool,
    /// Cloud Storage is.
    pub storage: bool,
}

/// `[endpoints]`, and the emulators that the environment names where it says nothing of them.
pub(super) fn read(root: &mut Section<'_, '_>, environment: &Environment) -> (Endpoints, Emulated) {
    let mut endpoints = Endpoints::default();
    root.section("endpoints", |section| {
        for name in Endpoints::NAMES {
            let given = section.optional::<address::WebUrl>(name, "http://127.0.0.1:9000");
            if let (Some(place), Some(url)) = (endpoints.named(name), given) {
                *place = Some(url.0);
            }
        }
    });
    let mut emulator = |variable: &str, place: &mut Option<url::Url>| {
        let named = environment.variable(variable).filter(|_| place.is_none());
        let Some(host) = named else { return false };
        match address::emulator(host) {
            Ok(url) => *place = Some(url),
            Err(reason) => root.notes.environment_problem(variable, &reason, "127.0.0.1:8085"),
        }
        true
    };
    let emulated = Emulated {
        pubsub: emulator("PUBSUB_EMULATOR_HOST", &mut endpoints.pubsub),
        storage: emulator("STORAGE_EMULATOR_HOST", &mut endpoints.storage),
    };
    check_metadata_host(root, environment);
    azure_places(root, environment, &mut endpoints);
    (endpoints, emulated)
}

/// Microsoft's own libraries know these variables. Machines that share a configuration have a metadata service each.
fn azure_places(root: &mut Section<'_, '_>, environment: &Environment, endpoints: &mut Endpoints) {
    for (variable, place) in [
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", &mut endpoints.azure_metadata),
        ("AZURE_AUTHORITY_HOST", &mut endpoints.azure_login),
    ] {
        let Some(given) = environment.variable(variable).filter(|_| place.is_none()) else { continue };
        let whole = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
        match whole.parse::<address::WebUrl>() {
            Ok(url) => *place = Some(url.0),
            Err(reason) => root.notes.environment_problem(variable, &reason, "http://127.0.0.1:9000"),
        }
    }
}

/// As whom Azure is asked, in the variables that Microsoft's own libraries know.
pub(super) fn azure_account(environment: &Environment) -> Account {
    let said = |name| environment.variable(name).map(str::to_owned);
    Account {
        tenant: said("AZURE_TENANT_ID"),
        client: said("AZURE_CLIENT_ID"),
        google: said("GCE_METADATA_HOST"),
    }
}

/// Google's crates put `http://` before it themselves.
fn check_metadata_host(root: &mut Section<'_, '_>, environment: &Environment) {
    const NAME: &str = "GCE_METADATA_HOST";
    if environment.variable(NAME).is_some_and(|host| host.contains('/')) {
        root.notes.environment_problem(
            NAME,
            "is a URL, but only host and port belong there",
            "127.0.0.1:9099",
        );
    }
}
