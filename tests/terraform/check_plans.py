"""Runs Terraform itself on the whole configuration, with stand-ins for the providers.

What is checked: the configuration validates; the tests under terraform/tests
pass; the example applies in one go from nothing; no secret reaches the state
or a plan; a plan right after proposes nothing; and neither does one that is
made in a new shell, without a secret in the environment; and neither does one
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


def forget_the_secrets(workspace):
    """A new shell, as it is a month later."""
    workspace.environment = {name: value for name, value in workspace.environment.items() if name not in SECRETS}


def a_first_plan_without_secrets_names_each_of_them(workspace):
    forget_the_secrets(workspace)
    told = workspace.terraform("plan", "-no-color", *workspace.arguments, expect=(1,)).stderr
    told = " ".join(re.sub("[│╷╵]", " ", told).split())
    for variable in ("TF_VAR_cloudflare_token", "TF_VAR_cloudflare_read_token", "TF_VAR_page_key"):
        if f"set {variable}" not in told:
            raise Failure(f"{variable} is missing, and nobody says so:\n{told}")


def a_second_plan_without_secrets_in_the_environment_is_empty(workspace):
    webhook = '-var=webhooks={on-call={kind="slack"}}'
    workspace.arguments = (*workspace.arguments, webhook)
    workspace.apply()
    forget_the_secrets(workspace)
    workspace.plan(NO_CHANGES)
    # And it is a plan that can be applied.
    workspace.apply()


def a_secret_is_written_anew_by_a_higher_number_and_its_value(workspace):
    workspace.apply()
    higher = "-var=cloudflare_token_version=2"
    if "1 to add" in workspace.terraform("plan", "-no-color", *workspace.arguments).stdout:
        raise Failure("it is written anew without being asked to")
    workspace.arguments = (*workspace.arguments, higher)
    made = workspace.apply()
    if "google_secret_manager_secret_version.cloudflare_token[0]: Creation complete" not in made:
        raise Failure(made)
    forget_the_secrets(workspace)
    workspace.plan(NO_CHANGES)
    workspace.arguments = (*workspace.arguments, "-var=cloudflare_token_version=3")
    told = workspace.terraform("plan", "-no-color", *workspace.arguments, expect=(1,)).stderr
    if "has none: set TF_VAR_cloudflare_token" not in " ".join(told.replace("│", " ").split()):
        raise Failure(told)


def no_plan_takes_a_secret_from_a_service_that_reads_it(workspace):
    workspace.apply()
    forget_the_secrets(workspace)
    # Every version that services read by the name "latest" is let go of, and not deleted.
    kept = [version for version in workspace.every("google_secret_manager_secret_version") if not version["secret_data"]]
    if len(kept) != 3 or any(version["deletion_policy"] != "ABANDON" for version in kept):
        raise Failure(f"a version would be deleted with its resource: {kept}")
    by_hand = [f"-var={name}_version=0" for name in ("cloudflare_token", "cloudflare_read_token", "page_key")]
    workspace.arguments = (*workspace.arguments, *by_hand)
    changed = workspace.plan(CHANGES)
    for line in re.findall(r"# (\S+) will be (?:updated|replaced|created)", changed):
        raise Failure(f"{line} changes with a secret that is kept by hand")


def a_door_for_monitors_can_report_and_not_command(workspace):
    workspace.arguments = (*workspace.arguments, "-var=page={monitors=true}")
    workspace.environment = {**workspace.environment, "TF_VAR_report_key": "what-monitors-show-at-the-door"}
    workspace.apply()
    page = next(a for a in workspace.every("google_service_account") if a["account_id"] == "failover-page")["member"]
    topics = [g["topic"] for g in workspace.every("google_pubsub_topic_iam_member") if g["member"] == page]
    if topics != ["failover-alerts"]:
        raise Failure(f"the page may publish on {topics}")
    service = next(s for s in workspace.every("google_cloud_run_v2_service") if s["name"] == "failover-page")
    if "FAILOVER_REPORT_KEY" not in [variable["name"] for variable in service["template"][0]["containers"][0]["env"]]:
        raise Failure("the page isn't given the key")
    del workspace.environment["TF_VAR_report_key"]
    forget_the_secrets(workspace)
    workspace.plan(NO_CHANGES)


def what_is_announced_links_to_the_page_where_there_is_one(workspace):
    workspace.apply()
    services = {service["name"]: service for service in workspace.every("google_cloud_run_v2_service")}
    variables = lambda: {variable["name"]: variable.get("value") for variable in services["failover"]["template"][0]["containers"][0]["env"]}
    if variables().get("FAILOVER_PAGE_URL") != services["failover-page"]["uri"]:
        raise Failure(f"the function takes {variables().get('FAILOVER_PAGE_URL')} for the page")
    workspace.plan(NO_CHANGES)


def a_board_is_made_where_it_is_asked_for_and_names_what_there_is(workspace):
    workspace.apply()
    if workspace.existing("google_monitoring_dashboard"):
        raise Failure("a board that nobody asked for")
    workspace.arguments = (*workspace.arguments, "-var=dashboard=true")
    workspace.apply()
    [board] = workspace.every("google_monitoring_dashboard")
    drawn = json.loads(board["dashboard_json"])
    text = json.dumps(drawn)
    metric = workspace.every("google_logging_metric")[0]["name"]
    for name in ("failover: sites", f"user/{metric}", '\\"failover-dead-letters\\"', '\\"failover-page\\"'):
        if name not in text:
            raise Failure(f"{name} isn't on the board")
    tiles = drawn["mosaicLayout"]["tiles"]
    if any(tile.get("xPos", 0) + tile["width"] > drawn["mosaicLayout"]["columns"] for tile in tiles):
        raise Failure("a tile sticks out")
    workspace.plan(NO_CHANGES)
    return f"{len(tiles)} tiles"


def what_anybody_may_see_is_on_the_page_alone(workspace):
    workspace.arguments = (*workspace.arguments, "-var=page={public=true}")
    workspace.apply()
    secrets = {s["secret"]: s["secret_data"] for s in workspace.every("google_secret_manager_secret_version") if s["secret_data"]}
    public = [secret.rsplit("/", 1)[-1] for secret, text in secrets.items() if "public_page = true" in text]
    if public != ["failover-page-configuration"]:
        raise Failure(f"{public} say public_page = true")


def everything_is_taken_down_without_secrets(workspace):
    workspace.apply()
    forget_the_secrets(workspace)
    for command in ("apply", "destroy"):
        workspace.terraform(command, "-no-color", "-auto-approve", "-var=deletion_protection=false", *workspace.arguments)
    if workspace.existing("google_cloud_run_v2_service"):
        raise Failure("a service is left")


def another_registrys_image_is_pulled_through_a_repository(workspace):
    digest = "sha256:" + "a" * 64
    workspace.arguments = (*workspace.arguments, f"-var=image=ghcr.io/owner/failover@{digest}")
    workspace.apply()
    mirror = next(r for r in workspace.every("google_artifact_registry_repository") if r["mode"] == "REMOTE_REPOSITORY")
    uri = mirror["remote_repository_config"][0]["docker_repository"][0]["custom_repository"][0]["uri"]
    image = next(s for s in workspace.every("google_cloud_run_v2_service") if s["name"] == "failover")["template"][0]["containers"][0]["image"]
    if (uri, image) != ("https://ghcr.io", f"us-central1-docker.pkg.dev/gleich-tech/failover-released/owner/failover@{digest}"):
        raise Failure(f"{uri} {image}")


def the_released_image_is_the_default(workspace):
    digest = "sha256:" + "b" * 64
    (workspace.path / "release.json").write_text(json.dumps({"image": f"us-docker.pkg.dev/p/r/failover@{digest}"}), encoding="utf-8")
    workspace.apply()
    images = {s["name"]: s["template"][0]["containers"][0]["image"] for s in workspace.every("google_cloud_run_v2_service")}
    if images["failover"] != images["failover-page"] or not images["failover"].endswith(f"/failover@{digest}"):
        raise Failure(str(images))


def an_operator_may_look_at_what_the_function_looks_at(workspace):
    workspace.apply()
    role = next(r for r in workspace.every("google_project_iam_custom_role") if r["role_id"] == "failover_operator")
    granted = [g["member"] for g in workspace.every("google_project_iam_member") if g["role"] == role["name"]]
    if granted != ["user:alice@gleich.tech"]:
        raise Failure(str(granted))
    if any(permission.rsplit(".", 1)[1] not in ("get", "list", "getIamPolicy") for permission in role["permissions"]):
        raise Failure(f"an operator's role writes: {role['permissions']}")


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
    if len(pushes) != 3:
        raise Failure("alerts, commands and the schedule are pushed, and nothing else")
    named = [configuration["push"][carried] for carried in ("alerts", "commands")]
    first = {subscriptions[0].rsplit("/", 1)[1] for subscriptions in named}
    topics = {configuration["push"]["alerts_topic"], configuration["push"]["commands_topic"]}
    if topics != {t["id"] for t in workspace.every("google_pubsub_topic") if t["name"] in first}:
        raise Failure("the topics named aren't those of the first subscriptions")
    told = {subscription.rsplit("/", 1)[1] for subscriptions in named for subscription in subscriptions}
    if told != {s["name"] for s in workspace.every("google_pubsub_subscription") if s["push_config"]}:
        raise Failure("the function expects other subscriptions than those that push")
    said = {job["pubsub_target"][0]["topic_name"].rsplit("/", 1)[1] for job in workspace.every("google_cloud_scheduler_job")}
    if said != {"failover-schedule"}:
        raise Failure(f"the schedule publishes on {said}")
    account = next(a for a in workspace.every("google_service_account") if a["account_id"].endswith("-push"))
    if configuration["push"]["service_account"] != account["email"]:
        raise Failure("the function expects another account than the one that pushes")
    for grant in workspace.every("google_cloud_run_v2_service_iam_member"):
        if grant["member"] in ("allUsers", "allAuthenticatedUsers") and grant["name"] != "failover-page":
            raise Failure(f"{grant['name']} is made open to all")


class Behind(Sites):
    """A site with a Worker in front, as its example has it."""

    arguments = ("-var-file=examples/worker/worker.tfvars",)

    def move_routes(self, script):
        for route in self.every("cloudflare_workers_route"):
            route["script"] = script


def a_worker_is_deployed_closed_and_without_a_key(workspace):
    workspace.apply()
    scripts = {script["script_name"]: script for script in workspace.every("cloudflare_workers_script")}
    modes = {name: next(b["text"] for b in script["bindings"] if b["name"] == "MODE") for name, script in scripts.items()}
    if modes != {"failover-shop-gate": "gate", "failover-shop-standby": "standby"}:
        raise Failure(str(modes))
    if any("KEY" in binding["name"] for script in scripts.values() for binding in script["bindings"]):
        raise Failure("a key is in the state")
    invokers = {grant["member"] for grant in workspace.every("google_cloud_run_v2_service_iam_member") if grant["name"] == "shop"}
    if len(invokers) != 2 or "allUsers" in invokers:
        raise Failure(f"the standby lets in {invokers}")
    if workspace.existing("cloudflare_page_rule") or workspace.existing("cloudflare_ruleset"):
        raise Failure("there is a redirect beside the Worker")


def a_plan_is_empty_wherever_the_route_is(workspace):
    workspace.apply()
    for script in ("failover-shop-standby", "failover-shop-gate"):
        workspace.move_routes(script)
        workspace.plan(NO_CHANGES)
    path = workspace.path / "modules/edge/main.tf"
    path.write_text(path.read_text(encoding="utf-8").replace("    ignore_changes = [script]\n", ""), encoding="utf-8")
    workspace.move_routes("failover-shop-standby")
    if "failover-shop-gate" not in workspace.plan(CHANGES):
        raise Failure("without its ignore_changes nothing is fought")


WORKER_CHECKS = [a_worker_is_deployed_closed_and_without_a_key, a_plan_is_empty_wherever_the_route_is]

CHECKS = [
    validates,
    a_wrong_type_is_refused,
    module_tests_pass,
    the_example_applies_in_one_go,
    no_secret_is_kept,
    a_second_plan_is_empty,
    a_first_plan_without_secrets_names_each_of_them,
    a_second_plan_without_secrets_in_the_environment_is_empty,
    a_secret_is_written_anew_by_a_higher_number_and_its_value,
    no_plan_takes_a_secret_from_a_service_that_reads_it,
    a_door_for_monitors_can_report_and_not_command,
    what_is_announced_links_to_the_page_where_there_is_one,
    a_board_is_made_where_it_is_asked_for_and_names_what_there_is,
    what_anybody_may_see_is_on_the_page_alone,
    everything_is_taken_down_without_secrets,
    another_registrys_image_is_pulled_through_a_repository,
    the_released_image_is_the_default,
    an_operator_may_look_at_what_the_function_looks_at,
    a_plan_after_a_failover_is_empty,
    what_a_plan_would_undo,
    a_missing_redirect_rule_is_told,
    the_configuration_is_whole,
]


if __name__ == "__main__":
    # Words on the command line choose the checks whose title has them.
    words = " ".join(sys.argv[1:])
    checks = [(check, Sites) for check in CHECKS] + [(check, Behind) for check in WORKER_CHECKS]
    sys.exit(run([(title(check), kind, check) for check, kind in checks if words in title(check)]))
