//! Which machine this is: asked of its cloud's metadata server, which only the machine itself can reach.

mod own;

use std::{fmt, time::Duration};

use futures::future::{Either, select};

pub use super::azure::machine::AzureMachine;
pub use super::google::machine::GoogleMachine;
pub use own::carries;

use crate::api::retry::root_cause;

/// Where the metadata server of either cloud is, by its number: at system start names may not be known yet.
const METADATA: &str = "169.254.169.254";

/// The server is on the same host, so an answer that takes longer is none: own choice.
const PATIENCE: Duration = Duration::from_secs(2);

/// A virtual machine, as it knows itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// On Compute Engine.
    Google(GoogleMachine),
    /// On Azure.
    Azure(AzureMachine),
}

impl Identity {
    /// The machine's name alone.
    pub fn name(&self) -> &str {
        match self {
            Self::Google(machine) => &machine.machine,
            Self::Azure(machine) => &machine.name,
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Google(machine) => machine.fmt(f),
            Self::Azure(machine) => machine.fmt(f),
        }
    }
}

/// Where a machine asks who it is, where that isn't the cloud's own place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Places<'a> {
    /// Google's metadata server: host and port.
    pub google: Option<&'a str>,
    /// Azure's: a base URL.
    pub azure: Option<&'a str>,
}

/// Asks which machine this is. Both clouds' servers are at the same number, so both questions are asked at once and
/// the one that is understood is believed; where a place is named, only there.
///
/// # Errors
/// A sentence that says why nobody could tell; another try may help while the system starts.
pub async fn who_am_i(places: Places<'_>) -> Result<Identity, String> {
    let client = client()?;
    let google =
        async |host: &str| super::google::machine::who_am_i(&client, host).await.map(Identity::Google);
    let azure = async |base: &str| super::azure::machine::who_am_i(&client, base).await.map(Identity::Azure);
    match places {
        Places { azure: Some(base), .. } => azure(base).await,
        Places { google: Some(host), .. } => google(host).await,
        Places { .. } => either(google(METADATA), azure(&format!("http://{METADATA}"))).await,
    }
}

/// The first to know it; only if neither does, what both said.
async fn either(
    google: impl Future<Output = Result<Identity, String>>,
    azure: impl Future<Output = Result<Identity, String>>,
) -> Result<Identity, String> {
    let (google, azure) = (std::pin::pin!(google), std::pin::pin!(azure));
    let (first, second) = match select(google, azure).await {
        Either::Left((Ok(me), _)) | Either::Right((Ok(me), _)) => return Ok(me),
        Either::Left((Err(google), azure)) => (google, azure.await),
        Either::Right((Err(azure), google)) => (azure, google.await),
    };
    second.map_err(|second| format!("{first}, and {second}"))
}

/// Metadata servers are asked past any proxy.
pub(super) fn client() -> Result<reqwest::Client, String> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
    client.map_err(|error| format!("no request could be prepared: {}", root_cause(&error)))
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::*;

    fn machine(name: &str) -> Identity {
        let id =
            format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/{name}");
        Identity::Azure(AzureMachine { id, name: name.to_owned() })
    }

    fn says(answer: Result<&str, &str>) -> Ready<Result<Identity, String>> {
        ready(answer.map(machine).map_err(str::to_owned))
    }

    #[tokio::test]
    async fn the_cloud_that_knows_this_machine_is_believed_whichever_it_is() {
        assert_eq!(either(says(Ok("db-a")), says(Err("not here"))).await, Ok(machine("db-a")));
        assert_eq!(either(says(Err("not here")), says(Ok("db-a"))).await, Ok(machine("db-a")));
        assert_eq!(either(std::future::pending(), says(Ok("db-a"))).await, Ok(machine("db-a")));
    }

    #[tokio::test]
    async fn where_neither_cloud_knows_it_both_reasons_are_told() {
        let told = either(says(Err("no Google")), says(Err("no Azure"))).await;
        assert_eq!(told, Err("no Google, and no Azure".to_owned()));
    }
}
