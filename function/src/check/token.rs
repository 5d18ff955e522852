//! Cloudflare's token: of which kind it is, whether it is active, and for how long.

use std::sync::Arc;

use failover_core::SwitchId;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::is_of;
use crate::{
    api::{ApiError, ApiErrorKind},
    check::Checker,
    clouds::{
        Checked, Problem, Switch, SwitchError,
        cloudflare::{self, page_rule},
    },
};

/// The kind of rule that takes no token of an account's own.
const PAGE_RULE: &str = page_rule::PROVIDER.kind;

/// What an account's own token would spare.
const OF_A_USER: &str = "Cloudflare's token is a user's: whatever else that user does counts against its rate limit, which \
                         an account's own token has to itself";

/// So long before its end a token should be replaced: own choice, a month's notice.
const NOTICE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Where tokens are made.
const DASHBOARD: &str = "https://dash.cloudflare.com/profile/api-tokens";

/// An operator may have none; the function doesn't start without one.
const NOT_HERE: &str = "the token was not looked at: CLOUDFLARE_API_TOKEN is not set here; \"failover send check\" has the \
                        function look";

impl Checker {
    /// Whether there is a token to look with.
    pub(crate) fn holds_token(&self) -> bool {
        self.config.cloudflare_token().is_some()
    }

    /// What the token itself is.
    pub(crate) async fn token(&self) -> Checked {
        let mut checked = Checked::default();
        let routes: Vec<SwitchId> = self.cloudflares().map(|switch| switch.id().clone()).collect();
        let Some(zone) = routes.first().and_then(|id| id.resource.split('/').nth(1)) else { return checked };
        if !self.holds_token() {
            checked.blind(NOT_HERE);
            return checked;
        }
        match self.verified(zone).await {
            Ok((verified, owner)) => {
                checked.seen += 1;
                checked.extend(of_token(&verified, Timestamp::now()));
                if owner == Owner::User && !routes.iter().any(|id| id.kind == PAGE_RULE) {
                    checked.note(OF_A_USER);
                }
            }
            Err(error) if is_for_elsewhere(&error) => {
                checked.seen += 1;
                checked.problem(Problem::critical(error.message, DASHBOARD));
            }
            Err(error) if error.is_of_rights() => self.unverified(&error.message, &mut checked).await,
            Err(error) => checked.blind(error.message),
        }
        checked
    }

    fn cloudflares(&self) -> impl Iterator<Item = &Arc<dyn Switch>> {
        let switches = self.sites.iter().flat_map(|site| site.switches.iter());
        switches.filter(|switch| is_of(switch.id(), cloudflare::CLOUD))
    }

    /// What Cloudflare says of the token, as a user's or as one of the account's own.
    async fn verified(&self, zone: &str) -> Result<(Value, Owner), ApiError> {
        let cloudflare = self.clients.cloudflare();
        let error = match cloudflare.tokens().verify_user_token().await {
            Ok(verified) => return Ok((verified, Owner::User)),
            // An account's own token is refused here by 401 or by 403.
            Err(error) if error.is_of_rights() && !is_for_elsewhere(&error) => error,
            Err(error) => return Err(error),
        };
        let zone = cloudflare.zones().zone(zone).await;
        let account = zone.ok().and_then(|zone| zone["account"]["id"].as_str().map(str::to_owned));
        match account {
            Some(account) => Ok((cloudflare.tokens().verify_account_token(&account).await?, Owner::Account)),
            None => Err(error),
        }
    }

    /// An account's token that may not read its zone can't be verified, though it may well be good: whether a rule can
    /// be read decides.
    async fn unverified(&self, said: &str, checked: &mut Checked) {
        checked.seen += 1;
        let looks = join_all(self.cloudflares().map(|switch| switch.observe())).await;
        let accepted = |look: &Result<_, SwitchError>| match look {
            Ok(_) => true,
            // It is known, and may not.
            Err(error) => !error.cause.is_permanent() || error.cause.kind == ApiErrorKind::Missing,
        };
        if looks.iter().any(accepted) {
            checked.note("Cloudflare's token can read its rule, but of which kind it is and when it expires can't be told; Zone: Read would tell");
        } else if looks.iter().filter_map(|look| look.as_ref().err()).any(is_told_to_be_anothers) {
            checked.note("Cloudflare's token is one that an account owns, and when it expires can't be told; Zone: Read would tell");
        } else {
            checked.problem(unknown(said));
        }
    }
}

/// Whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    User,
    Account,
}

/// Whether the token may be used from other addresses alone, whosever it is.
fn is_for_elsewhere(error: &ApiError) -> bool {
    error.kind == ApiErrorKind::Denied && error.message.ends_with(cloudflare::NOT_FROM_HERE)
}

/// Page rules refuse tokens that an account owns, which is told where the rule is looked at.
fn is_told_to_be_anothers(error: &SwitchError) -> bool {
    error.cause.kind == ApiErrorKind::Denied && error.cause.message.contains("account owns")
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
    let not_before: Option<Timestamp> = verified["not_before"].as_str().and_then(|time| time.parse().ok());
    if let Some(begins) = not_before.filter(|begins| *begins > now) {
        let sentence = format!("Cloudflare's token is not good before {}", failover_core::clock(begins));
        return Some(Problem::critical(sentence, format!("{DASHBOARD}   # let it begin now")));
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
