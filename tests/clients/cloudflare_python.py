"""Cloudflare's own Python SDK, whose models are validated strictly."""

import cloudflare
from cloudflare import Cloudflare

from clouds import play


def client(clouds):
    return Cloudflare(
        api_token=clouds.cloudflare_token,
        base_url=clouds.endpoints["cloudflare"],
        max_retries=0,
        _strict_response_validation=True,
    )


def zones(clouds):
    """The list of zones ends, and a zone has all that its model requires."""
    api = client(clouds)
    assert [zone.id for zone in api.zones.list()] == [clouds.zone]
    assert api.zones.get(zone_id=clouds.zone).paused is False
    assert api.user.tokens.verify().status == "active"


def page_rules(clouds):
    """A page rule is switched by its status alone, and one is created and deleted."""
    api = client(clouds)
    rule = api.page_rules.edit(pagerule_id=clouds.rule, zone_id=clouds.zone, status="active")
    assert rule.status == "active"
    pattern = rule.targets[0].constraint.value.replace("/*", "/made/*")
    made = api.page_rules.create(
        zone_id=clouds.zone,
        targets=[{"target": "url", "constraint": {"operator": "matches", "value": pattern}}],
        actions=[{"id": "cache_level", "value": "bypass"}],
    )
    assert made.status == "disabled" and made.modified_on
    api.page_rules.delete(pagerule_id=made.id, zone_id=clouds.zone)
    assert clouds.rule in [rule.id for rule in api.page_rules.list(zone_id=clouds.zone)]


def redirects(clouds):
    """The redirect phase's ruleset is read and one rule of it switched."""
    api = client(clouds)
    ruleset = api.rulesets.phases.get("http_request_dynamic_redirect", zone_id=clouds.zone)
    rule = next(rule for rule in ruleset.rules if not rule.enabled)
    api.rulesets.rules.edit(
        rule_id=rule.id,
        ruleset_id=ruleset.id,
        zone_id=clouds.zone,
        action="redirect",
        action_parameters=rule.action_parameters.model_dump(exclude_none=True),
        expression=rule.expression,
        ref=rule.ref,
        enabled=True,
    )
    # This SDK takes what an edit answers for anything; what is read then is held against its model.
    changed = api.rulesets.phases.get("http_request_dynamic_redirect", zone_id=clouds.zone)
    assert next(one for one in changed.rules if one.ref == rule.ref).enabled


def records(clouds):
    """A record comes back as Cloudflare writes it, and the one that is there already is refused with its sentence."""
    api = client(clouds)
    made = api.dns.records.create(
        zone_id=clouds.zone, name="six.gleich.tech", type="AAAA", content="2001:db8:0:0:0:0:0:7", ttl=1
    )
    assert made.content == "2001:db8::7"
    try:
        api.dns.records.create(
            zone_id=clouds.zone, name="six.gleich.tech", type="AAAA", content="2001:db8::7", ttl=1
        )
    except cloudflare.BadRequestError as refused:
        assert "81058" in str(refused.body) or refused.errors[0].code == 81058
    else:
        raise AssertionError("the same record was taken twice")
    named = [record.id for record in api.dns.records.list(zone_id=clouds.zone, name={"exact": "six.gleich.tech"})]
    assert named == [made.id]
    api.dns.records.delete(dns_record_id=made.id, zone_id=clouds.zone)


def workers(clouds):
    """A route of Workers is given a script and deprived of it; the script and its bindings are read."""
    api = client(clouds)
    route = next(iter(api.workers.routes.list(zone_id=clouds.zone)))
    update = api.workers.routes.update
    led = update(route_id=route.id, zone_id=clouds.zone, pattern=route.pattern, script="failover-standby")
    assert led.script == "failover-standby"
    assert not update(route_id=route.id, zone_id=clouds.zone, pattern=route.pattern).script
    account = api.zones.get(zone_id=clouds.zone).account.id
    assert "failover-served-by" in api.workers.scripts.get("failover-gate", account_id=account)
    settings = api.workers.scripts.script_and_version_settings.get("failover-gate", account_id=account)
    assert {"MODE", "SIGNING_KEY"} <= {binding.name for binding in settings.bindings}


play(zones, page_rules, redirects, records, workers)
