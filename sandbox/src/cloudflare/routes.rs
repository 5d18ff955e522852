//! Which request means what, and what a token needs for it. Ids are 32 hexadecimal digits.

use self::Does::{All, Zonal};
use super::access::Permission::{
    DnsEdit, DnsRead, PageRulesEdit, PageRulesRead, RedirectEdit, RedirectRead, WorkersRoutesEdit,
    WorkersRoutesRead, ZoneRead,
};
use super::access::{self, Asked, Permission};
use super::envelope::{self, CloudflareRefusal};
use super::scripts::Scripts;
use super::summary::summary;
use super::zone::Zone;
use super::{CloudflareState, dns, page_rules, rulesets, workers};
use crate::frame::call::Reply;
use crate::frame::routes::{Route, Routes};

/// Of the whole account, with the names that the path tells.
type OfAll = fn(&CloudflareState, &Asked, &[String]) -> Result<Reply, CloudflareRefusal>;
/// Of one zone, the first of the names.
type OfZone = fn(&mut Zone, &Asked, &Scripts, &[String]) -> Result<Reply, CloudflareRefusal>;

/// What carries a call out.
#[derive(Clone, Copy)]
pub(super) enum Does {
    All(OfAll),
    /// And what the token must be permitted in the zone.
    Zonal(Permission, OfZone),
}

pub(super) const ROUTES: Routes<Does> = Routes::new(
    "cloudflare.unknown",
    &[
        Route::get(
            "/client/v4/user/tokens/verify",
            "cloudflare.verify_token",
            All(|state, asked, _| access::verify(&state.tokens, asked.call, None)),
        ),
        Route::get(
            "/client/v4/accounts/{*}/tokens/verify",
            "cloudflare.verify_account_token",
            All(|state, asked, names| access::verify(&state.tokens, asked.call, Some(&names[0]))),
        ),
        Route::get(
            "/client/v4/accounts/{*}/workers/scripts/{*}",
            "cloudflare.get_worker_script",
            All(|state, asked, names| state.scripts_of(asked.call, &names[0])?.text(&names[1])),
        ),
        Route::get(
            "/client/v4/accounts/{*}/workers/scripts/{*}/settings",
            "cloudflare.get_worker_script_settings",
            All(|state, asked, names| state.scripts_of(asked.call, &names[0])?.settings(&names[1])),
        ),
        Route::ask(
            "/client/v4/graphql",
            "cloudflare.query_analytics",
            All(|state, asked, _| {
                let token = access::token(&state.tokens, asked.call)?;
                state.scripts.requests(asked.call, token)
            }),
        ),
        Route::get(
            "/client/v4/zones",
            "cloudflare.list_zones",
            All(|state, asked, _| state.list_zones(asked.call)),
        ),
        Route::get(
            "/client/v4/zones/{#}",
            "cloudflare.get_zone",
            Zonal(ZoneRead, |zone, _, _, _| Ok(envelope::ok(&summary(zone)))),
        ),
        Route::get(
            "/client/v4/zones/{#}/pagerules",
            "cloudflare.list_page_rules",
            Zonal(PageRulesRead, |zone, asked, _, _| page_rules::list(zone, asked)),
        ),
        Route::post(
            "/client/v4/zones/{#}/pagerules",
            "cloudflare.create_page_rule",
            Zonal(PageRulesEdit, |zone, asked, _, _| page_rules::create(zone, asked)),
        ),
        Route::get(
            "/client/v4/zones/{#}/pagerules/{#}",
            "cloudflare.get_page_rule",
            Zonal(PageRulesRead, |zone, _, _, names| page_rules::get(zone, &names[1])),
        ),
        Route::put(
            "/client/v4/zones/{#}/pagerules/{#}",
            "cloudflare.replace_page_rule",
            Zonal(PageRulesEdit, |zone, asked, _, names| page_rules::replace(zone, asked, &names[1])),
        ),
        Route::patch(
            "/client/v4/zones/{#}/pagerules/{#}",
            "cloudflare.patch_page_rule",
            Zonal(PageRulesEdit, |zone, asked, _, names| page_rules::patch(zone, asked, &names[1])),
        ),
        Route::delete(
            "/client/v4/zones/{#}/pagerules/{#}",
            "cloudflare.delete_page_rule",
            Zonal(PageRulesEdit, |zone, asked, _, names| page_rules::delete(zone, asked, &names[1])),
        ),
        Route::get(
            "/client/v4/zones/{#}/rulesets",
            "cloudflare.list_rulesets",
            Zonal(RedirectRead, |zone, _, _, _| Ok(rulesets::list(zone))),
        ),
        Route::get(
            "/client/v4/zones/{#}/rulesets/{#}",
            "cloudflare.get_ruleset",
            Zonal(RedirectRead, |zone, _, _, names| rulesets::get(zone, &names[1])),
        ),
        Route::get(
            "/client/v4/zones/{#}/rulesets/phases/{*}/entrypoint",
            "cloudflare.get_entrypoint",
            Zonal(RedirectRead, |zone, _, _, names| rulesets::entrypoint(zone, &names[1])),
        ),
        Route::put(
            "/client/v4/zones/{#}/rulesets/phases/{*}/entrypoint",
            "cloudflare.replace_entrypoint",
            Zonal(RedirectEdit, |zone, asked, _, names| rulesets::replace(zone, asked, &names[1])),
        ),
        Route::post(
            "/client/v4/zones/{#}/rulesets/{#}/rules",
            "cloudflare.create_rule",
            Zonal(RedirectEdit, |zone, asked, _, names| rulesets::create(zone, asked, &names[1])),
        ),
        Route::patch(
            "/client/v4/zones/{#}/rulesets/{#}/rules/{#}",
            "cloudflare.patch_rule",
            Zonal(RedirectEdit, |zone, asked, _, names| rulesets::patch(zone, asked, &names[1], &names[2])),
        ),
        Route::delete(
            "/client/v4/zones/{#}/rulesets/{#}/rules/{#}",
            "cloudflare.delete_rule",
            Zonal(RedirectEdit, |zone, asked, _, names| rulesets::delete(zone, asked, &names[1], &names[2])),
        ),
        Route::get(
            "/client/v4/zones/{#}/dns_records",
            "cloudflare.list_dns_records",
            Zonal(DnsRead, |zone, asked, _, _| dns::list(zone, asked)),
        ),
        Route::post(
            "/client/v4/zones/{#}/dns_records",
            "cloudflare.create_dns_record",
            Zonal(DnsEdit, |zone, asked, _, _| dns::create(zone, asked)),
        ),
        Route::get(
            "/client/v4/zones/{#}/dns_records/{#}",
            "cloudflare.get_dns_record",
            Zonal(DnsRead, |zone, _, _, names| dns::get(zone, &names[1])),
        ),
        Route::patch(
            "/client/v4/zones/{#}/dns_records/{#}",
            "cloudflare.patch_dns_record",
            Zonal(DnsEdit, |zone, asked, _, names| dns::patch(zone, asked, &names[1])),
        ),
        Route::delete(
            "/client/v4/zones/{#}/dns_records/{#}",
            "cloudflare.delete_dns_record",
            Zonal(DnsEdit, |zone, _, _, names| dns::delete(zone, &names[1])),
        ),
        Route::get(
            "/client/v4/zones/{#}/workers/routes",
            "cloudflare.list_worker_routes",
            Zonal(WorkersRoutesRead, |zone, _, _, _| Ok(workers::list(zone))),
        ),
        Route::post(
            "/client/v4/zones/{#}/workers/routes",
            "cloudflare.create_worker_route",
            Zonal(WorkersRoutesEdit, |zone, asked, scripts, _| workers::create(zone, asked, scripts)),
        ),
        Route::get(
            "/client/v4/zones/{#}/workers/routes/{#}",
            "cloudflare.get_worker_route",
            Zonal(WorkersRoutesRead, |zone, _, _, names| workers::get(zone, &names[1])),
        ),
        Route::put(
            "/client/v4/zones/{#}/workers/routes/{#}",
            "cloudflare.replace_worker_route",
            Zonal(WorkersRoutesEdit, |zone, asked, scripts, names| {
                workers::replace(zone, asked, scripts, &names[1])
            }),
        ),
        Route::delete(
            "/client/v4/zones/{#}/workers/routes/{#}",
            "cloudflare.delete_worker_route",
            Zonal(WorkersRoutesEdit, |zone, asked, _, names| workers::delete(zone, asked, &names[1])),
        ),
    ],
);
