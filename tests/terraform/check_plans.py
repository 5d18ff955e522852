"""Runs Terraform itself on the whole configuration, with stand-ins for the providers.

What is checked: the configuration validates; the tests under terraform/tests
pass; the example applies in one go from nothing; no secret reaches the state
or a plan; a plan right after proposes nothing; and neither does one that is
made while the function has moved every switch and the sites' pipelines have
refreshed their standbys. For that last one a counter-check takes each
`ignore_changes` out of a copy and sees the plan fight the function.

See schema_provider.py for what a stand-in can't know.
"""

import json
import re
import sys
import tomllib

from workspace import CHANGES, NO_CHANGES, Failure, Workspace, run, title

EXAMPLE = "examples/two-sites/two-sites.tfvars"

SECRETS = {
    "TF_VAR_cloudflare_token": "the-token-that-moves-traffic",
    "TF_VAR_cloudflare_read_token": "the-token-that-only-reads",
    "TF_VAR_page_key": "the-key-of-the-status-page",
    "TF_VAR_webhook_urls": '{"on-call": "https://hooks.example.com/the-webhook"}',
}
SECRET_WORDS = ["the-token-that-moves-traffic", "the-token-that-only-reads", "the-key-of-the-status-page", "the-webhook"]


class Sites(Workspace):
    """The configuration of guarded sites, as the example has it."""

    arguments = (f"-var-file={EXAMPLE}",)
    variables = SECRETS

    # The switches, as the function moves them.

    def open_by_iam_check(self):
        for service in self.every("google_cloud_run_v2_service"):
            if "Standby" in service["description"]:
                service["invoker_iam_disabled"] = True

    def activate_page_rules(self):
        for rule in self.every("cloudflare_page_rule"):
            rule["status"] = "active"

    def enable_redirect_rules(self):
        for ruleset in self.every("cloudflare_ruleset"):
            for rule in ruleset["rules"]:
                rule["enabled"] = True

    def deploy_images(self):
        for service in self.every("google_cloud_run_v2_service"):
            template = service["template"][0]
            template["containers"][0]["image"] = "registry.example.com/site@sha256:" + "0" * 64
            template["labels"] = {"client.knative.dev/nonce": "abcdefghij"}
            service["client"], service["client_version"] = "gcloud", "528.0.0"


def validates(workspace):
    answer = json.loads(workspace.terraform("validate", "-json", expect=(0, 1)).stdout)
    if not answer["valid"] or answer["diagnostics"]:
        raise Failure(json.dumps(answer["diagnostics"], indent=2))


def a_wrong_type_is_refused(workspace):
    """Counter-check: the stand-in is really asked."""
    file = workspace.path / "modules/trigger/main.tf"
    file.write_text(file.read_text(encoding="utf-8").replace("ack_deadline_seconds = 600", 'ack_deadline_seconds = "soon"'), encoding="utf-8")
    answer = json.loads(workspace.terraform("validate", "-json", expect=(1,)).stdout)
    if not any("number" in d.get("detail", "") for d in answer["diagnostics"]):
        raise Failure(f"a deadline of \"soon\" passed: {answer}")


def module_tests_pass(workspace):
    return f"{workspace.tests_pass()} runs"


def the_example_applies_in_one_go(workspace):
    output = workspace.apply()
    made = re.search(r"Apply complete! Resources: (\d+) added, 0 changed, 0 destroyed", output)
    if not made or int(made.group(1)) < 50:
        raise Failure(output)
    if "Warning" in output:
        raise Failure(output)
    return f"{made.group(1)} resources"


def no_secret_is_kept(workspace):
    workspace.terraform("plan", "-no-color", f"-var-file={EXAMPLE}", "-var=webhooks={on-call={kind=\"slack\"}}", "-out=saved.tfplan")
    plan = workspace.terraform("show", "-json", "saved.tfplan").stdout
    workspace.terraform("apply", "-no-color", "saved.tfplan")
    state = (workspace.path / "terraform.tfstate").read_text(encoding="utf-8")
    for word in SECRET_WORDS:
        if word in plan or word in state or word.encode() in (workspace.path / "saved.tfplan").read_bytes():
            raise Failure(f"{word} is kept")
    if "google_secret_manager_secret_version" not in state or '"webhook"' not in state:
        raise Failure("no secret's version was made, so nothing was shown")


def a_second_plan_is_empty(workspace):
    workspace.apply()
    workspace.plan(NO_CHANGES)


def a_plan_after_a_failover_is_empty(workspace):
    workspace.apply()
    workspace.open_by_iam_check()
    workspace.activate_page_rules()
    workspace.enable_redirect_rules()
    workspace.deploy_images()
    workspace.plan(NO_CHANGES)


def what_a_plan_would_undo(workspace):
    """Counter-check: without its ignore_changes each of them is fought."""
    moves = [
        ("modules/standby/main.tf", "      invoker_iam_disabled,\n", workspace.open_by_iam_check, "invoker_iam_disabled"),
        ("modules/standby/main.tf", "      template[0].containers[0].image,\n", workspace.deploy_images, "image"),
        ("modules/route/main.tf", "    ignore_changes = [status]\n", workspace.activate_page_rules, "status"),
        ("modules/route/main.tf", "    ignore_changes = [rules]\n", workspace.enable_redirect_rules, "enabled"),
    ]
    workspace.apply()
    for file, ignored, move, shown in moves:
        path = workspace.path / file
        kept = path.read_text(encoding="utf-8")
        if ignored not in kept:
            raise Failure(f"{file} no longer has {ignored!r}")
        path.write_text(kept.replace(ignored, ""), encoding="utf-8")
        move()
        if shown not in workspace.plan(CHANGES):
            raise Failure(f"the plan changes something, but not {shown}")
        path.write_text(kept, encoding="utf-8")
    return f"{len(moves)} found"


def a_missing_redirect_rule_is_told(workspace):
    workspace.apply()
    example = workspace.path / EXAMPLE
    text = example.read_text(encoding="utf-8")
    later = '''sites = {
  about = {
    public_url = "https://about.gleich.tech/"
    zone_id    = "023e105f4ecef8ad9ca31a8372d0c353"
    redirect   = { kind = "redirect_rule" }
    expect     = { contains = "About" }
  }
'''
    example.write_text(text.replace("sites = {\n", later, 1), encoding="utf-8")
    workspace.enable_redirect_rules()
    output = workspace.plan(CHANGES)
    if "lacks the redirect rule of a site" not in output:
        raise Failure("a site joined the zone's list and nobody was told:\n" + output)
    if re.search(r"cloudflare_ruleset.*(updated|replaced|destroyed)", output):
        raise Failure("the list that carries a failover is rewritten:\n" + output)


def the_configuration_is_whole(workspace):
    workspace.apply()
    configuration = tomllib.loads(workspace.terraform("output", "-raw", "configuration").stdout)
    sites = {site["name"]: {switch["kind"]: switch for switch in site["switches"]} for site in configuration["sites"]}
    rule = workspace.every("cloudflare_page_rule")[0]["id"]
    if sites["resume"]["cloudflare_page_rule"]["rule"] != rule:
        raise Failure("the page rule's id isn't the one that was made")
    refs = [rule["ref"] for ruleset in workspace.every("cloudflare_ruleset") for rule in ruleset["rules"]]
    if refs != [sites["blog"]["cloudflare_redirect_rule"]["ref"]]:
        raise Failure("the redirect rule's ref isn't the one that was made")
    checks = {check["name"] for check in workspace.every("google_monitoring_uptime_check_config")}
    if {switches["uptime_check"]["check"] for switches in sites.values()} != checks:
        raise Failure("the uptime checks aren't those that were made")
    pushes = [s["id"] for s in workspace.every("google_pubsub_subscription") if s["push_config"]]
    if len(pushes) != 2:
        raise Failure("alerts and commands are pushed, and nothing else")
    told = {configuration["push"]["alerts"][0].rsplit("/", 1)[1], configuration["push"]["commands"][0].rsplit("/", 1)[1]}
    if told != {s["name"] for s in workspace.every("google_pubsub_subscription") if s["push_config"]}:
        raise Failure("the function expects other subscriptions than those that push")
    account = next(a for a in workspace.every("google_service_account") if a["account_id"].endswith("-push"))
    if configuration["push"]["service_account"] != account["email"]:
        raise Failure("the function expects another account than the one that pushes")
    for grant in workspace.every("google_cloud_run_v2_service_iam_member"):
        if grant["member"] in ("allUsers", "allAuthenticatedUsers") and grant["name"] != "failover-page":
            raise Failure(f"{grant['name']} is made open to all")


CHECKS = [
    validates,
    a_wrong_type_is_refused,
    module_tests_pass,
    the_example_applies_in_one_go,
    no_secret_is_kept,
    a_second_plan_is_empty,
    a_plan_after_a_failover_is_empty,
    what_a_plan_would_undo,
    a_missing_redirect_rule_is_told,
    the_configuration_is_whole,
]


if __name__ == "__main__":
    sys.exit(run([(title(check), Sites, check) for check in CHECKS]))
