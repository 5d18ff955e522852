"""The script that `failover init --as gcloud` writes, run by the real gcloud: everything is made as Terraform would make it, a
second run changes nothing, and no secret is ever on a command line."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gcloud_world import NUMBER, PROJECT, READ_TOKEN, TOKEN, ZONE, start

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ["serviceusage", "cloudresourcemanager", "cloudbilling", "iam", "storage", "artifactregistry", "pubsub", "run", "monitoring", "secretmanager", "cloudscheduler", "logging"]
# Notes what is on the command line, as anybody on the machine may read it, and goes on to the real one.
NOTING = """#!/bin/sh
printf '%s\\n' "$*" >> "{folder}/typed"
exec {real} "$@"
"""


class Setting:
    """A home, with gcloud and curl in it that note what they are asked."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.world, self.base = start()
        tools = self.folder / "tools"
        tools.mkdir()
        for name in ("gcloud", "curl"):
            tool = tools / name
            tool.write_text(NOTING.format(folder=folder, real=shutil.which(name)), encoding="utf-8")
            tool.chmod(0o755)
        (self.folder / "access").write_text("ya29.a-token", encoding="utf-8")
        port = self.base.rsplit(":", 1)[1]
        self.environment = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": folder,
            "TERM": "dumb",
            "CLOUDSDK_CONFIG": f"{folder}/gcloud",
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": f"{folder}/access",
            "GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.a-token",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
            "CLOUDSDK_PROXY_TYPE": "http",
            "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1",
            "CLOUDSDK_PROXY_PORT": port,
            "CLOUDFLARE_BASE_URL": f"{self.base}/cloudflare",
            "CLOUDFLARE_API_TOKEN": TOKEN,
            "TF_VAR_cloudflare_read_token": READ_TOKEN,
        }
        for service in SERVICES:
            path = "storage/storage/v1" if service == "storage" else service
            self.environment[f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service.upper()}"] = f"{self.base}/{path}/"

    def run(self, *words, **more):
        done = subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, **more)
        assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}\n" + "\n".join(self.world.calls[-5:])
        return done.stdout

    def guard(self):
        return self.run("bash", "-c", ". .config/failover/env && bash failover-gcloud.sh")


def grants(world):
    """Who has which role, by what it is granted on."""
    found = set()
    for thing, policy in world.policies.items():
        for binding in policy["bindings"]:
            found |= {(thing.rsplit("/", 1)[-1], binding["role"].rsplit("/", 1)[-1], member.split("@")[0].split(":")[-1]) for member in binding["members"]}
    return found


def roles_of_terraform():
    """The permissions of each role that the script makes, as Terraform has them."""
    text = (ROOT / "terraform/modules/settings/roles.tf").read_text(encoding="utf-8")
    return {title: set(re.findall(r'"([^"]+)"', permissions)) for title, permissions in re.findall(r'title += "([^"]+)".*?permissions = \[(.*?)\]', text, flags=re.S)}


def guided(site):
    """What docs/deploy.md types, of this site, up to the script."""
    guide = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    [line] = re.findall(r"^failover (init .*--as gcloud.*) --apply$", guide, flags=re.M)
    return line.replace("https://www.example.com/", site).split()


def written(setting):
    """As the guide types it, by options; and a shell's own critic has nothing to say."""
    answers = ["--project", PROJECT, "--expect", 'My "home" lab', "--primary-url", "none", "--email", "me@example.com"]
    setting.run(os.environ["FAILOVER"], *guided(f"{setting.base}/site"), *answers)
    critic = Path(sys.executable).with_name("shellcheck")
    setting.run(str(critic), "failover-gcloud.sh")


def made(setting):
    """All is there, and as Terraform has it."""
    setting.guard()
    world = setting.world
    names = {re.sub(r"^\w+/(?:\w+/)?v\d\w*/", "", name) for name in world.things}
    for kind, count in {"serviceAccounts": 4, "roles": 7, "topics": 5, "subscriptions": 5, "jobs": 3, "alertPolicies": 3, "notificationChannels": 2, "uptimeCheckConfigs": 1, "secrets": 5}.items():
        there = [name for name in names if f"/{kind}/" in name]
        assert len(there) == count, f"{count} {kind} expected, and there are {there}"
    terraform = roles_of_terraform()
    for name, role in world.things.items():
        if "/roles/" in name:
            assert set(role["includedPermissions"]) == terraform[role["title"]], role
    push = world.things[f"pubsub/v1/projects/{PROJECT}/subscriptions/failover-alerts"]
    assert push["pushConfig"]["oidcToken"] == {"serviceAccountEmail": f"failover-push@{PROJECT}.iam.gserviceaccount.com", "audience": "failover"}, push
    assert push["pushConfig"]["pushEndpoint"] == "https://failover-abcdefghij-uc.a.run.app/push", push
    assert (push["ackDeadlineSeconds"], push["deadLetterPolicy"]["maxDeliveryAttempts"], push["expirationPolicy"]) == (600, 100, {}), push
    bucket = world.things[f"storage/storage/v1/b/{PROJECT}-failover"]
    assert bucket["iamConfiguration"]["publicAccessPrevention"] == "enforced" and bucket["versioning"]["enabled"], bucket
    assert world.rules[0]["enabled"] is False and "site127-abcdefghij" in json.dumps(world.rules[0]), world.rules
    services = {name.rsplit("/", 1)[1]: thing for name, thing in world.things.items() if "/services/" in name}
    annotations = services["failover"]["metadata"]["annotations"]
    assert annotations["run.googleapis.com/ingress"] == "internal" and annotations["run.googleapis.com/custom-audiences"] == '["failover"]', annotations
    spec = services["failover"]["spec"]["template"]["spec"]
    assert (spec["timeoutSeconds"], spec["containerConcurrency"], spec["containers"][0]["args"]) == (600, 80, ["serve"]), spec
    pages = [grant for grant in grants(world) if grant[2] == "allUsers"]
    assert pages == [("failover-page", "run.invoker", "allUsers")], f"the page alone is open: {pages}"


def least(setting):
    """Each account has what it needs, and nothing beside it."""
    function = {(thing, role) for thing, role, who in grants(setting.world) if who == "failover-function"}
    assert function == {
        (PROJECT, "failover_monitoring_switch"),
        (f"{PROJECT}-failover", "failover_journal_writer"),
        ("failover-events", "pubsub.publisher"),
        ("site127", "failover_standby_all_users"),
        ("failover", "failover_service_reader"),
        ("failover-alerts", "failover_subscription_reader"),
        ("failover-commands", "failover_subscription_reader"),
        ("failover-schedule", "failover_subscription_reader"),
        ("failover-configuration", "secretmanager.secretAccessor"),
        ("failover-cloudflare-token", "secretmanager.secretAccessor"),
    }, function
    agents = {(thing, role) for thing, role, who in grants(setting.world) if who == f"service-{NUMBER}"}
    assert agents == {("failover-alerts", "pubsub.publisher"), ("failover-dead-letters", "pubsub.publisher"), ("failover-alerts", "pubsub.subscriber"), ("failover-commands", "pubsub.subscriber")}, agents
    push = {(thing, role) for thing, role, who in grants(setting.world) if who == "failover-push"}
    assert push == {("failover", "run.invoker")}, push
    standby = {grant for grant in grants(setting.world) if grant[2] == "failover-site127-site"}
    assert not standby, standby


def secret(setting):
    """Tokens are in Secret Manager, and on no command line."""
    kept = setting.world.secrets
    assert (kept["failover-cloudflare-token"], kept["failover-cloudflare-read-token"]) == ([TOKEN], [READ_TOKEN]), kept
    typed = (setting.folder / "typed").read_text(encoding="utf-8")
    for value in (TOKEN, READ_TOKEN, kept["failover-page-key"][0]):
        assert value not in typed, f"{value} was on a command line"
    assert ZONE in typed, "what was typed was noted"


def configured(setting):
    """What the function reads is valid, and is in the operator's folder."""
    file = (setting.folder / "failover.toml").read_text(encoding="utf-8")
    assert [file.strip()] == [version.strip() for version in setting.world.secrets["failover-configuration"]], file
    setting.run(os.environ["FAILOVER"], "validate", "--config", "failover.toml")


def again(setting):
    """A second run changes nothing."""
    before = setting.world.writes
    setting.guard()
    assert setting.world.writes == before, [call for call in setting.world.calls if not call.startswith("GET")][-40:]


def main():
    if not shutil.which("gcloud"):
        print("gcloud is not installed")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(folder)
        stories = [written, made, least, secret, configured, again]
        passed = 0
        for story in stories:
            try:
                story(setting)
            except AssertionError as failure:
                print(f"FAIL  {story.__name__}: {story.__doc__}\n{failure}")
                break
            passed += 1
        print(f"{passed} passed, {len(stories) - passed} failed")
        return passed != len(stories)


if __name__ == "__main__":
    sys.exit(main())
