//! The `api-version` that every request has to carry.

use super::envelope::AzureDenied;
use crate::frame::call::Call;

/// Versions of `Microsoft.Network` (azure-mgmt-network 33.1.0 sends the newest one; older ones live on).
const NETWORK: [&str; 24] = [
    "2026-03-01",
    "2025-05-01",
    "2025-03-01",
    "2025-01-01",
    "2024-10-01",
    "2024-07-01",
    "2024-05-01",
    "2024-03-01",
    "2024-01-01",
    "2023-11-01",
    "2023-09-01",
    "2023-06-01",
    "2023-05-01",
    "2023-04-01",
    "2023-02-01",
    "2022-11-01",
    "2022-09-01",
    "2022-07-01",
    "2022-05-01",
    "2022-01-01",
    "2021-08-01",
    "2021-05-01",
    "2021-02-01",
    "2020-11-01",
];

/// The version that was asked for, of whatever part of Azure.
///
/// # Errors
/// 400 where there is none.
pub(super) fn sent(call: &Call) -> Result<&str, AzureDenied> {
    let message = "The api-version query parameter (?api-version=) is required for all requests.";
    let sent = call.query("api-version").filter(|sent| !sent.is_empty());
    sent.ok_or_else(|| AzureDenied::new(400, "MissingApiVersionParameter", message))
}

/// The version of the network that was asked for.
///
/// # Errors
/// 400 where there is none, or one that the network doesn't have.
pub(super) fn check(call: &Call) -> Result<&str, AzureDenied> {
    let sent = sent(call)?;
    if NETWORK.contains(&sent) {
        return Ok(sent);
    }
    let message =
        format!("The api-version '{sent}' is invalid. The supported versions are '{}'.", NETWORK.join(","));
    Err(AzureDenied::new(400, "InvalidApiVersionParameter", message))
}
