//! A virtual machine on Azure, as its instance metadata service knows it.

use std::fmt;

use serde::Deserialize;

use crate::api::retry::root_cause;

/// The version that is asked for: every region has had it since 2021 ("Azure Instance Metadata Service", supported
/// API versions).
const VERSION: &str = "2021-02-01";

/// A virtual machine on Azure, as it knows itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AzureMachine {
    /// Its resource id: `/subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachines/…`.
    #[serde(rename = "resourceId")]
    pub id: String,
    /// Its name.
    pub name: String,
}

impl AzureMachine {
    /// Whether `id` names this machine; Azure's ids know no case.
    pub fn is(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
    }
}

impl fmt::Display for AzureMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// Asks the instance metadata service at `base` which machine this is. It answers only with the header `Metadata`, and
/// never through a proxy.
///
/// # Errors
/// A sentence that says why nobody could tell; another try may help while the system starts.
pub(crate) async fn who_am_i(client: &reqwest::Client, base: &str) -> Result<AzureMachine, String> {
    let url = format!("{base}/metadata/instance/compute");
    let silent = |error: reqwest::Error| {
        format!("Azure's instance metadata service at {base} gave no answer: {}", root_cause(&error))
    };
    let request = client.get(url).query(&[("api-version", VERSION)]).header("Metadata", "true");
    let answer = request.send().await.map_err(silent)?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map_err(silent)?;
    let machine = serde_json::from_slice::<AzureMachine>(&body).ok();
    match machine.filter(|machine| machine.id.starts_with("/subscriptions/") && !machine.name.is_empty()) {
        Some(machine) if status == 200 => Ok(machine),
        _ => Err(format!("what answers {status} at {base} names no machine of Azure's")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const ID: &str = "/subscriptions/s/resourceGroups/DB/providers/Microsoft.Compute/virtualMachines/db-a";

    /// What is made of a service that answers like this, and what it was asked.
    async fn told(status: &str, body: &str) -> (Result<AzureMachine, String>, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let answer = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            let length = stream.read(&mut asked).await.unwrap();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            String::from_utf8_lossy(&asked[..length]).into_owned()
        };
        let client = crate::clouds::machine::client().unwrap();
        let (told, asked) = tokio::join!(who_am_i(&client, &base), answer);
        (told.map_err(|sentence| sentence.replace(&base, "there")), asked)
    }

    #[tokio::test]
    async fn a_machine_knows_itself_by_its_resource_id_in_any_case() {
        let body = format!(r#"{{"name":"db-a","resourceId":"{ID}","vmId":"7","location":"westeurope"}}"#);
        let (told, asked) = told("200 OK", &body).await;
        let me = told.unwrap();
        assert_eq!((me.name.as_str(), me.to_string().as_str()), ("db-a", ID));
        assert!(me.is(&ID.to_lowercase()) && !me.is(&ID.replace("db-a", "db-b")));
        assert!(asked.starts_with("GET /metadata/instance/compute?api-version=2021-02-01 "), "{asked}");
        assert!(asked.to_lowercase().contains("\r\nmetadata: true\r\n"), "{asked}");
    }

    #[tokio::test]
    async fn who_is_no_instance_metadata_service_is_not_believed() {
        for (status, body) in [("404 Not Found", "not here"), ("200 OK", "{}"), ("200 OK", "<html>")] {
            let (told, _) = told(status, body).await;
            let expected = format!("what answers {} at there names no machine of Azure's", &status[..3]);
            assert_eq!(told, Err(expected));
        }
    }
}
