//! Cloudflare's token: of which kind it is, whether it is active, and for how long.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Checked, Checker, Problem, is_cloudflares};
use crate::api::ApiErrorKind;

/// So long before its end a token should be replaced: own choice, a month's notice.
const NOTICE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Where tokens are made.
const DASHBOARD: &str = "https://dash.cloudflare.com/profile/api-tokens";

/// An operator may have none; the function doesn't start without one.
const NOT_HERE: &str = "CLOUDFLARE_API_TOKEN is not set here, so the token and the rules were not looked at; \
                                   \"failover send check\" has the function look";

impl Checker {
    /// Whether there is a token to look with.
    pub(super) fn holds_token(&self) -> bool {
        self.config.cloudflare_token().is_some()
    }

    /// What the token itself is.
    pub(super) async fn token(&self) -> Checked {
        let mut checked = Checked::default();
        let zone = self.sites.iter().flat_map(|site| &site.switches).find_map(|switch| {
            let id = switch.id();
            is_cloudflares(&id.kind).then(|| id.resource.split('/').nth(1).unwrap_or_default().to_owned())
        });
        let Some(zone) = zone else { return checked };
        if !self.holds_token() {
            checked.note(NOT_HERE);
            return checked;
        }
        let cloudflare = self.clients.cloudflare();
        let verified = match cloudflare.verify_user_token().await {
            Err(error) if error.kind == ApiErrorKind::Denied => match cloudflare.account_of(&zone).await {
                Ok(account) => cloudflare.verify_account_token(&account).await,
                Err(_) => Err(error),
            },
            Ok(verified) => {
                checked.note("Cloudflare's token is a user's: whatever else that user does counts against its rate limit, which an account's own token has to itself");
                Ok(verified)
            }
            other => other,
        };
        match verified {
            Ok(verified) => checked.extend(of_token(&verified, Timestamp::now())),
            Err(error) if error.kind == ApiErrorKind::Denied => {
                self.unverified(&error.message, &mut checked).await;
            }
            Err(error) => checked.note(error.message),
        }
        checked
    }

    /// An account's token that may not read its zone can't be verified, though it may well be good: whether a rule can
    /// be read decides.
    async fn unverified(&self, said: &str, checked: &mut Checked) {
        let routes = self
            .sites
            .iter()
            .flat_map(|site| &site.switches)
            .filter(|switch| is_cloudflares(&switch.id().kind));
        let looks = join_all(routes.map(|switch| switch.observe())).await;
        if looks.iter().any(Result::is_ok) {
            checked.note("Cloudflare's token can read its rule, but of which kind it is and when it expires can't be told; Zone: Read would tell");
        } else {
            checked.problem(unknown(said));
        }
    }
}

/// What Cloudflare says of a token that it was asked to verify (`/tokens/verify`).
fn of_token(verified: &Value, now: Timestamp) -> Option<Problem> {
    let status = verified["status"].as_str().unwrap_or_default();
    if status != "active" {
        let sentence = format!("Cloudflare's token is {status}, so nobody could be led to the standby");
        return Some(Problem::critical(
            sentence,
            format!("{DASHBOARD}   # roll it, then gcloud secrets versions add"),
        ));
    }
    let expires: Timestamp = verified["expires_on"].as_str()?.parse().ok()?;
    let left = expires.duration_since(now);
    let mend = format!("{DASHBOARD}   # extend it, or make another and gcloud secrets versions add");
    let told = failover_core::clock(expires);
    if left <= SignedDuration::ZERO {
        Some(Problem::critical(format!("Cloudflare's token expired at {told}"), mend))
    } else if left < NOTICE {
        let left = failover_core::span(left);
        Some(Problem::warning(format!("Cloudflare's token expires in {left}, at {told}"), mend))
    } else {
        None
    }
}

/// A token that Cloudflare doesn't know, by either of its two ways of asking.
fn unknown(said: &str) -> Problem {
    let sentence = format!("Cloudflare doesn't know this token: {said}");
    Problem::critical(sentence, format!("{DASHBOARD}   # make one, then set CLOUDFLARE_API_TOKEN"))
}
