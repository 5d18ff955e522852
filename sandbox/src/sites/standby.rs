//! The standby as its visitors meet it: Google's front end, whom it lets in, and what is behind it.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;

use super::site::Site;
use super::{Sites, page};
use crate::frame::call::{Call, Reply};
use crate::google::run::door::FrontDoor;
use crate::google::tokens::subject_of;
use crate::service::Service;

impl Sites {
    /// What somebody is told who types the service's own address.
    pub(super) fn standby_page(&self, site: &Site, call: &Call) -> Reply {
        // Google's front end finds the service by its host name alone.
        self.at_the_front(site, call, call.host == site.standby.to_string())
    }

    /// What the standby says to this call from the edge, whose host name is mapped to the service.
    pub(crate) fn standby_origin(&self, site: &Site, call: &Call) -> Reply {
        self.at_the_front(site, call, true)
    }

    /// What the standby's container says to whoever was let in.
    pub(crate) fn standby_let_in(&self, site: &Site, call: &Call) -> Reply {
        let own = || page(self.pages.standby(site.name()), "standby", site, call);
        self.pages.said(Service::Standby, site).unwrap_or_else(own)
    }

    fn at_the_front(&self, site: &Site, call: &Call, known: bool) -> Reply {
        match self.run.front_door(&site.seed.service, Instant::now()) {
            FrontDoor::Hidden => google(404),
            _ if !known => google(404),
            FrontDoor::Forbidden if self.is_invited(site, call) => self.standby_let_in(site, call),
            FrontDoor::Forbidden => google(403),
            FrontDoor::Unready => google(503),
            FrontDoor::Open => self.standby_let_in(site, call),
        }
    }

    /// Whether the call shows the identity token, for this service, of an account that may invoke it (Cloud Run
    /// documentation, "Authenticating service-to-service").
    fn is_invited(&self, site: &Site, call: &Call) -> bool {
        let token = call.header("x-serverless-authorization").or(call.header("authorization"));
        let claims =
            token.and_then(|token| token.strip_prefix("Bearer ")).and_then(|token| self.signer.verify(token));
        let (Some(claims), Some(policy)) = (claims, self.run.policy(&site.seed.service)) else {
            return false;
        };
        let good = claims["aud"] == format!("http://{}", call.host)
            && claims["exp"].as_i64().is_some_and(|exp| exp > Timestamp::now().as_second());
        let bindings = policy["bindings"].as_array().into_iter().flatten();
        let invokers = bindings.filter(|binding| binding["role"] == "roles/run.invoker");
        let mut members = invokers.flat_map(|binding| binding["members"].as_array().into_iter().flatten());
        let is_theirs = |member: &Value| {
            let account = member.as_str().and_then(|member| member.strip_prefix("serviceAccount:"));
            account.is_some_and(|account| claims["sub"] == subject_of(account))
        };
        good && members.any(is_theirs)
    }
}

/// The pages of Google's front end; the container never sees these requests.
fn google(status: u16) -> Reply {
    let text = match status {
        403 => "Error: Forbidden\nYour client does not have permission to get URL from this server.",
        404 => "Error: Page not found\nThe requested URL was not found on this server.",
        _ => "Service Unavailable",
    };
    Reply::html(status, format!("<html><head><title>{status}</title></head><body>{text}</body></html>\n"))
        .header("server", "Google Frontend")
}
