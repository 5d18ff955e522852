//! What the identity may do with a resource, asked before it is tried (`Microsoft.Authorization`, "Permissions - List For
//! Resource"): actions with wildcards, less those that are taken out again.

use serde_json::Value;

use super::{Azure, Request, operations::is_at};
use crate::api::{ApiError, ApiErrorKind, task::Task};

const VERSION: &str = "2022-04-01";

/// A list of permissions is short; one without an end is none. Own choice.
const PAGES: usize = 20;

/// What an identity may do with one resource.
#[derive(Debug, Default, Clone)]
pub struct Permissions(Vec<Grant>);

#[derive(Debug, Clone, Default)]
struct Grant {
    actions: Vec<String>,
    not_actions: Vec<String>,
}

impl Grant {
    fn of(told: &Value) -> Self {
        let texts = |key: &str| {
            let listed = told[key].as_array().into_iter().flatten();
            listed.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self { actions: texts("actions"), not_actions: texts("notActions") }
    }
}

impl Permissions {
    /// Whether one of the roles allows it.
    pub fn allow(&self, action: &str) -> bool {
        let among = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, action));
        self.0.iter().any(|grant| among(&grant.actions) && !among(&grant.not_actions))
    }
}

/// Whether a pattern, in which `*` is any text, means this action. Neither minds case.
fn fits(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == action };
    let Some(mut left) = action.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

impl Azure {
    /// What the identity may do with the resource of this id.
    pub async fn permissions(&self, id: &str) -> Result<Permissions, ApiError> {
        let task = Task {
            provider: super::PARTY,
            verb: "ask for the permissions on",
            subject: id,
            grant: "grant the identity Microsoft.Authorization/permissions/read on it",
            missing: "check its id",
            refused: "",
        };
        let base = self.endpoints.azure();
        let mut url =
            format!("{base}{id}/providers/Microsoft.Authorization/permissions?api-version={VERSION}");
        let mut grants = Vec::new();
        for _ in 0..PAGES {
            let answer = self.call(&task, &Request::get(&url)).await?;
            let page = answer.json();
            let unlisted = || task.error(ApiErrorKind::Transient, "answered without a list");
            grants.extend(page["value"].as_array().ok_or_else(unlisted)?.iter().map(Grant::of));
            match page["nextLink"].as_str().filter(|next| !next.is_empty()) {
                Some(next) if is_at(next, &base) => next.clone_into(&mut url),
                // Our token is shown to nobody but Azure, and a part is not all.
                Some(_) => {
                    return Err(task.error(ApiErrorKind::Transient, "has the rest of its list elsewhere"));
                }
                None => return Ok(Permissions(grants)),
            }
        }
        Err(task.error(ApiErrorKind::Transient, "listed without an end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOIN: &str = "Microsoft.Network/publicIPAddresses/join/action";

    #[test]
    fn an_action_is_meant_by_its_name_and_by_wildcards_in_any_case() {
        for pattern in [
            "*",
            JOIN,
            "microsoft.network/PUBLICIPADDRESSES/*",
            "Microsoft.Network/*/join/action",
            "*/action",
        ] {
            assert!(fits(pattern, JOIN), "{pattern}");
        }
        for pattern in ["", "*/read", "Microsoft.Network/*/write", "Microsoft.Network", "Microsoft.Compute/*"]
        {
            assert!(!fits(pattern, JOIN), "{pattern}");
        }
    }

    #[test]
    fn what_a_role_takes_out_another_may_still_allow() {
        let grant = |actions: &[&str], not: &[&str]| Grant {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            not_actions: not.iter().map(|action| (*action).to_owned()).collect(),
        };
        let less = grant(&["*"], &["Microsoft.Network/publicIPAddresses/*"]);
        assert!(!Permissions(vec![less.clone()]).allow(JOIN));
        assert!(Permissions(vec![less, grant(&[JOIN], &[])]).allow(JOIN));
        assert!(!Permissions::default().allow(JOIN));
    }
}
