//! Which operation a path is.

use crate::cloudflare::access::Permission;
use crate::frame::call::Call;

/// Everything the API can be asked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    VerifyUserToken,
    VerifyAccountToken(String),
    ListZones,
    GetScript(String, String),
    GetScriptSettings(String, String),
    QueryAnalytics,
    InZone(String, Zonal),
    Unknown,
}

/// What can be asked of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Zonal {
    Get,
    ListPageRules,
    CreatePageRule,
    GetPageRule(String),
    ReplacePageRule(String),
    PatchPageRule(String),
    DeletePageRule(String),
    ListRulesets,
    GetRuleset(String),
    GetEntrypoint(String),
    ReplaceEntrypoint(String),
    CreateRule(String),
    PatchRule(String, String),
    DeleteRule(String, String),
    ListRecords,
    CreateRecord,
    GetRecord(String),
    PatchRecord(String),
    DeleteRecord(String),
    ListWorkerRoutes,
    CreateWorkerRoute,
    GetWorkerRoute(String),
    ReplaceWorkerRoute(String),
    DeleteWorkerRoute(String),
}

impl Route {
    pub(super) fn of(call: &Call) -> Self {
        let route = call.route();
        let ["client", "v4", rest @ ..] = route.as_slice() else { return Self::Unknown };
        match (call.method.as_str(), rest) {
            ("GET", ["user", "tokens", "verify"]) => Self::VerifyUserToken,
            ("GET", ["accounts", account, "tokens", "verify"]) => {
                Self::VerifyAccountToken((*account).to_owned())
            }
            ("GET", ["zones"]) => Self::ListZones,
            ("POST", ["graphql"]) => Self::QueryAnalytics,
            ("GET", ["accounts", account, "workers", "scripts", script]) => {
                Self::GetScript((*account).to_owned(), (*script).to_owned())
            }
            ("GET", ["accounts", account, "workers", "scripts", script, "settings"]) => {
                Self::GetScriptSettings((*account).to_owned(), (*script).to_owned())
            }
            (method, ["zones", zone, rest @ ..]) if is_id(zone) => {
                let zonal = Zonal::of(method, rest);
                zonal.map_or(Self::Unknown, |zonal| Self::InZone((*zone).to_owned(), zonal))
            }
            _ => Self::Unknown,
        }
    }

    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::VerifyUserToken => "cloudflare.verify_token",
            Self::VerifyAccountToken(_) => "cloudflare.verify_account_token",
            Self::ListZones => "cloudflare.list_zones",
            Self::GetScript(..) => "cloudflare.get_worker_script",
            Self::GetScriptSettings(..) => "cloudflare.get_worker_script_settings",
            Self::QueryAnalytics => "cloudflare.query_analytics",
            Self::InZone(_, zonal) => zonal.operation(),
            Self::Unknown => "cloudflare.unknown",
        }
    }
}

impl Zonal {
    fn of(method: &str, rest: &[&str]) -> Option<Self> {
        let own = |id: &&str| (*id).to_owned();
        if let ["rulesets", "phases", phase, "entrypoint"] = rest {
            return match method {
                "GET" => Some(Self::GetEntrypoint(own(phase))),
                "PUT" => Some(Self::ReplaceEntrypoint(own(phase))),
                _ => None,
            };
        }
        if let ["workers", "routes", rest @ ..] = rest {
            return Self::of_workers(method, rest);
        }
        let ids = rest.iter().skip(1).step_by(2);
        if !ids.clone().all(|id| is_id(id)) {
            return None;
        }
        Some(match (method, rest) {
            ("GET", []) => Self::Get,
            ("GET", ["pagerules"]) => Self::ListPageRules,
            ("POST", ["pagerules"]) => Self::CreatePageRule,
            ("GET", ["pagerules", id]) => Self::GetPageRule(own(id)),
            ("PUT", ["pagerules", id]) => Self::ReplacePageRule(own(id)),
            ("PATCH", ["pagerules", id]) => Self::PatchPageRule(own(id)),
            ("DELETE", ["pagerules", id]) => Self::DeletePageRule(own(id)),
            ("GET", ["rulesets"]) => Self::ListRulesets,
            ("GET", ["rulesets", id]) => Self::GetRuleset(own(id)),
            ("POST", ["rulesets", id, "rules"]) => Self::CreateRule(own(id)),
            ("PATCH", ["rulesets", id, "rules", rule]) => Self::PatchRule(own(id), own(rule)),
            ("DELETE", ["rulesets", id, "rules", rule]) => Self::DeleteRule(own(id), own(rule)),
            ("GET", ["dns_records"]) => Self::ListRecords,
            ("POST", ["dns_records"]) => Self::CreateRecord,
            ("DELETE", ["dns_records", id]) => Self::DeleteRecord(own(id)),
            ("GET", ["dns_records", id]) => Self::GetRecord(own(id)),
            ("PATCH", ["dns_records", id]) => Self::PatchRecord(own(id)),
            _ => return None,
        })
    }

    fn of_workers(method: &str, rest: &[&str]) -> Option<Self> {
        Some(match (method, rest) {
            ("GET", []) => Self::ListWorkerRoutes,
            ("POST", []) => Self::CreateWorkerRoute,
            ("GET", [id]) if is_id(id) => Self::GetWorkerRoute((*id).to_owned()),
            ("PUT", [id]) if is_id(id) => Self::ReplaceWorkerRoute((*id).to_owned()),
            ("DELETE", [id]) if is_id(id) => Self::DeleteWorkerRoute((*id).to_owned()),
            _ => return None,
        })
    }

    fn operation(&self) -> &'static str {
        match self {
            Self::Get => "cloudflare.get_zone",
            Self::ListPageRules => "cloudflare.list_page_rules",
            Self::CreatePageRule => "cloudflare.create_page_rule",
            Self::GetPageRule(_) => "cloudflare.get_page_rule",
            Self::ReplacePageRule(_) => "cloudflare.replace_page_rule",
            Self::PatchPageRule(_) => "cloudflare.patch_page_rule",
            Self::DeletePageRule(_) => "cloudflare.delete_page_rule",
            Self::ListRulesets => "cloudflare.list_rulesets",
            Self::GetRuleset(_) => "cloudflare.get_ruleset",
            Self::GetEntrypoint(_) => "cloudflare.get_entrypoint",
            Self::ReplaceEntrypoint(_) => "cloudflare.replace_entrypoint",
            Self::CreateRule(_) => "cloudflare.create_rule",
            Self::PatchRule(..) => "cloudflare.patch_rule",
            Self::DeleteRule(..) => "cloudflare.delete_rule",
            Self::ListRecords => "cloudflare.list_dns_records",
            Self::GetRecord(_) => "cloudflare.get_dns_record",
            Self::PatchRecord(_) => "cloudflare.patch_dns_record",
            Self::CreateRecord => "cloudflare.create_dns_record",
            Self::DeleteRecord(_) => "cloudflare.delete_dns_record",
            Self::ListWorkerRoutes => "cloudflare.list_worker_routes",
            Self::CreateWorkerRoute => "cloudflare.create_worker_route",
            Self::GetWorkerRoute(_) => "cloudflare.get_worker_route",
            Self::ReplaceWorkerRoute(_) => "cloudflare.replace_worker_route",
            Self::DeleteWorkerRoute(_) => "cloudflare.delete_worker_route",
        }
    }

    pub(super) fn permission(&self) -> Permission {
        match self {
            Self::Get => Permission::ZoneRead,
            Self::ListPageRules | Self::GetPageRule(_) => Permission::PageRulesRead,
            Self::CreatePageRule
            | Self::ReplacePageRule(_)
            | Self::PatchPageRule(_)
            | Self::DeletePageRule(_) => Permission::PageRulesEdit,
            Self::ListRulesets | Self::GetRuleset(_) | Self::GetEntrypoint(_) => Permission::RedirectRead,
            Self::ReplaceEntrypoint(_) | Self::CreateRule(_) | Self::PatchRule(..) | Self::DeleteRule(..) => {
                Permission::RedirectEdit
            }
            Self::ListRecords | Self::GetRecord(_) => Permission::DnsRead,
            Self::CreateRecord | Self::PatchRecord(_) | Self::DeleteRecord(_) => Permission::DnsEdit,
            Self::ListWorkerRoutes | Self::GetWorkerRoute(_) => Permission::WorkersRoutesRead,
            Self::CreateWorkerRoute | Self::ReplaceWorkerRoute(_) | Self::DeleteWorkerRoute(_) => {
                Permission::WorkersRoutesEdit
            }
        }
    }
}

/// Ids are 32 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
