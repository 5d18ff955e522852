//! A zone as the interface shows it, with everything that its clients require.
//! Source: developers.cloudflare.com/api, "Zones".

use serde_json::{Value, json};

use super::ACCOUNT;
use super::zone::Zone;

/// When every zone was made.
const MADE: &str = "2024-02-01T12:00:00.000000Z";

pub(super) fn summary(zone: &Zone) -> Value {
    let mut summary = json!({
        "id": zone.id, "name": zone.name, "status": "active", "paused": false, "type": "full",
        "development_mode": 0, "activated_on": MADE, "created_on": MADE, "modified_on": MADE,
        "account": { "id": ACCOUNT, "name": "gleich.tech" },
        "owner": { "id": ACCOUNT, "name": "gleich.tech", "type": "organization" },
        "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
        "original_dnshost": null, "original_name_servers": null, "original_registrar": null,
        "permissions": ["#zone:read", "#dns_records:read", "#dns_records:edit"],
        "tenant": { "id": null, "name": null }, "tenant_unit": { "id": null },
    });
    summary["meta"] = json!({
        "step": 2, "custom_certificate_quota": 0, "page_rule_quota": zone.page_rule_quota,
        "phishing_detected": false, "cdn_only": false, "dns_only": false, "foundation_dns": false,
    });
    summary["plan"] = json!({
        "id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "name": "Free Website", "price": 0, "currency": "USD",
        "frequency": "", "is_subscribed": false, "can_subscribe": false, "legacy_id": "free",
        "legacy_discount": false, "externally_managed": false,
    });
    zone.fields.iter().for_each(|(field, value)| summary[field] = value.clone());
    summary
}
