//! A virtual machine on Compute Engine, as its metadata server knows it.

use std::fmt;

use crate::{api::retry::root_cause, clouds::google::names::MachineName};

/// A virtual machine on Compute Engine, as it knows itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleMachine {
    /// The project's id.
    pub project: String,
    /// The project's number, which some names have in its place.
    pub number: String,
    /// The zone.
    pub zone: String,
    /// The machine's name.
    pub machine: String,
}

impl GoogleMachine {
    /// Whether this is the machine that `name` names.
    pub fn is(&self, name: &MachineName) -> bool {
        let project = name.project() == self.project || name.project() == self.number;
        project && name.machine() == self.machine && name.zone().is_none_or(|zone| zone == self.zone)
    }
}

impl fmt::Display for GoogleMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "projects/{}/zones/{}/instances/{}", self.project, self.zone, self.machine)
    }
}

/// Asks the metadata server at `host` which machine this is (Compute Engine documentation, "About VM metadata").
///
/// # Errors
/// A sentence that says why nobody could tell; another try may help while the system starts.
pub(crate) async fn who_am_i(client: &reqwest::Client, host: &str) -> Result<GoogleMachine, String> {
    let (machine, zone, project) = tokio::try_join!(
        ask(client, host, "instance/name"),
        ask(client, host, "instance/zone"),
        ask(client, host, "project/project-id")
    )?;
    match zone.split('/').collect::<Vec<_>>()[..] {
        ["projects", number, "zones", zone] => {
            Ok(GoogleMachine { project, number: number.to_owned(), zone: zone.to_owned(), machine })
        }
        _ => Err(format!("the metadata server at {host} calls this zone {zone:?}")),
    }
}

async fn ask(client: &reqwest::Client, host: &str, what: &str) -> Result<String, String> {
    let url = format!("http://{host}/computeMetadata/v1/{what}");
    let silent = |error: reqwest::Error| {
        format!("the metadata server at {host} gave no answer: {}", root_cause(&error))
    };
    let answer = client.get(url).header("Metadata-Flavor", "Google").send().await.map_err(silent)?;
    let flavor = answer.headers().get("Metadata-Flavor").is_some_and(|flavor| flavor == "Google");
    match (answer.status().as_u16(), flavor) {
        (200, true) => answer.text().await.map(|text| text.trim().to_owned()).map_err(silent),
        (_, false) => Err(format!("what answers at {host} is no metadata server of Google's")),
        (status, true) => {
            Err(format!("the metadata server at {host} answered {status} when asked for {what}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> GoogleMachine {
        let [project, number, zone, machine] =
            ["acme", "365415247865", "us-central1-a", "db-a"].map(str::to_owned);
        GoogleMachine { project, number, zone, machine }
    }

    #[track_caller]
    fn check(name: &str, expected: bool) {
        assert_eq!(me().is(&name.parse().unwrap()), expected, "{name}");
    }

    #[test]
    fn a_machine_knows_itself_by_project_zone_and_name() {
        check("projects/acme/zones/us-central1-a/instances/db-a", true);
        check("projects/acme/instances/db-a", true);
        check("projects/365415247865/instances/db-a", true);
        check("projects/acme/zones/us-central1-b/instances/db-a", false);
        check("projects/acme/instances/db-b", false);
        check("projects/other/instances/db-a", false);
        assert!(me().is(&me().to_string().parse().unwrap()));
    }

    #[tokio::test]
    async fn who_is_no_metadata_server_is_not_believed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let client = crate::clouds::machine::client().unwrap();
        let answers = async {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _asked = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1024]).await.unwrap();
                let page = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndb-a";
                tokio::io::AsyncWriteExt::write_all(&mut stream, page).await.unwrap();
            }
        };
        tokio::select! {
            () = answers => {}
            told = who_am_i(&client, &host) => {
                assert_eq!(told, Err(format!("what answers at {host} is no metadata server of Google's")));
            }
        }
    }
}
