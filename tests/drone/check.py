"""What a CI server would only say at the first push, and what it would never say.

Reads `.drone.yml`, the pipeline in `docs/standby-pipeline.md` and the other servers' in `examples/pipelines`, and plays their cloud commands against a stand-in
for gcloud. Every check is proven by a defect planted on purpose, which it has to find.

    python tests/drone/check.py        # wants check-jsonschema and PyYAML
"""

import copy
import importlib.resources
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(
    importlib.resources.files("check_jsonschema").joinpath("builtin_schemas/vendor/drone-ci.json").read_text()
)
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

# Commands that change what runs in production.
DEPLOYS = re.compile(r"gcloud run (deploy|services (update|replace))|terraform (-\S+ )*(apply|destroy)")
# Commands that write, or may write, who may invoke a service: the failover function's to decide, nobody else's.
WRITES_POLICY = re.compile(r"gcloud run deploy|allow-unauthenticated|-invoker-iam-check|set-iam-policy|iam-policy-binding")
UPDATE = re.compile(r"gcloud run services update (\S+) (.*)")


def reads(service, file):
    """What tells who may invoke a service: its policy, and whether anybody is checked at all."""
    return [
        f"gcloud run services get-iam-policy {service} --format=json > {file}",
        f'gcloud run services describe {service} --format="$GATE" >> {file}',
    ]


def leaves(error):
    return [leaf for branch in error.context for leaf in leaves(branch)] if error.context else [error]


def schema_problems(document):
    for error in VALIDATOR.iter_errors(document):
        # Each alternative of a oneOf fails for a reason of its own; the deepest one is about what was written.
        deepest = max(leaves(error), key=lambda leaf: len(leaf.absolute_path))
        where = ".".join(str(step) for step in deepest.absolute_path) or "the document"
        yield f"schema: {where}: {deepest.message}"


def find(value, key):
    """Every value of `key`, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key:
                yield inner
            yield from find(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from find(inner, key)


def graph_problems(what, nodes, implied=()):
    names = [node.get("name") for node in nodes]
    for name in sorted({name for name in names if names.count(name) > 1}, key=str):
        yield f"{what} {name!r} is there {names.count(name)} times"
    waits = {node.get("name"): [name for name in node.get("depends_on", []) if name not in implied] for node in nodes}
    for name, targets in waits.items():
        for target in targets:
            if target not in waits:
                yield f"{what} {name!r} depends on {target!r}, which isn't there"
    settled = set()
    while ready := [n for n in waits if n not in settled and all(t in settled or t not in waits for t in waits[n])]:
        settled.update(ready)
    if cycle := sorted(set(waits) - settled, key=str):
        yield f"{what}s {', '.join(map(str, cycle))} wait for each other in a cycle"


def step_problems(step):
    name = step.get("name")
    if step.get("privileged"):
        yield f"step {name!r} is privileged"
    if step.get("network_mode") == "host":
        yield f"step {name!r} is on the host's network"
    if "commands" in step and "settings" in step:
        yield f"step {name!r} has commands and settings: the commands would replace the plugin"
    image = step.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    if "@sha256:" not in image and tag in ("", "latest"):
        yield f"step {name!r} has an image without a version: {image}"

    commands = step.get("commands", [])
    for command in commands:
        if WRITES_POLICY.search(command):
            yield f"step {name!r} writes who may invoke a service: {command}"
        update = UPDATE.search(command)
        if not update:
            continue
        service = update[1]
        if not re.search(r'--image="?\S+@', update[2]):
            yield f"step {name!r} deploys by a tag: {command}"
        at = commands.index(command)
        compared = (
            commands[at - 2 : at] == reads(service, "before.json")
            and commands[at + 1 :] == [*reads(service, "after.json"), "cmp before.json after.json"]
        )
        if not compared:
            yield f"step {name!r} updates {service} without comparing its policy before and after"


def problems(documents, documentation, deploys_on):
    """Everything wrong with these documents; `deploys_on` is the one event that may deploy."""
    for document in documents:
        yield from schema_problems(document)
    pipelines = [document for document in documents if document.get("kind") == "pipeline"]
    yield from graph_problems("pipeline", pipelines)
    for pipeline in pipelines:
        steps = pipeline.get("steps", [])
        yield from graph_problems("step", steps + pipeline.get("services", []), implied=("clone",))
        for step in steps + pipeline.get("services", []):
            yield from step_problems(step)
        if any("host" in volume for volume in pipeline.get("volumes", [])):
            yield f"pipeline {pipeline['name']!r} mounts a folder of the runner"

        events = pipeline.get("trigger", {}).get("event", [])
        if any(DEPLOYS.search(command) for step in steps for command in step.get("commands", [])):
            if events != [deploys_on]:
                yield f"pipeline {pipeline['name']!r} deploys on {events}, not on {deploys_on} alone"
            gate = "target" if deploys_on == "promote" else "branch"
            if not pipeline.get("trigger", {}).get(gate):
                yield f"pipeline {pipeline['name']!r} deploys, but names no {gate}"
        if (not events or "pull_request" in events) and list(find(pipeline, "from_secret")):
            yield f"pipeline {pipeline['name']!r} needs a secret in a pull request, where anybody's code runs"
    for secret in sorted(set(find(documents, "from_secret"))):
        if f"| `{secret}` |" not in documentation:
            yield f"secret {secret!r} is documented nowhere"


# --- the checks themselves, checked ---------------------------------------------------------------------------------


def pipeline(documents, name):
    return next(document for document in documents if document["name"] == name)


def step(documents, of, name):
    return next(step for step in pipeline(documents, of)["steps"] if step["name"] == name)


def replaced(documents, of, name, old, new):
    commands = step(documents, of, name)["commands"]
    assert any(old in command for command in commands), f"nothing to replace: {old}"
    commands[:] = [command.replace(old, new) for command in commands]


# Each: what is planted, how, and the words that must come of it.
DEFECTS = [
    ("a misspelt key", lambda d: step(d, "test", "clippy").update(comands=[]), "comands"),
    ("a misspelt kind", lambda d: pipeline(d, "test").update(kind="pipline"), "schema"),
    ("a step without an image", lambda d: step(d, "test", "drill").pop("image"), "image"),
    ("two pipelines of one name", lambda d: pipeline(d, "image").update(name="test"), "pipeline 'test' is there 2 times"),
    ("two steps of one name", lambda d: step(d, "test", "format").update(name="drill"), "step 'drill' is there 2 times"),
    ("a pipeline that isn't there", lambda d: pipeline(d, "image").update(depends_on=["tests"]), "depends on 'tests'"),
    ("a step that isn't there", lambda d: step(d, "test", "test").update(depends_on=["dril"]), "depends on 'dril'"),
    ("pipelines in a cycle", lambda d: pipeline(d, "test").update(depends_on=["image"]), "image, test wait for each other"),
    (
        "steps in a cycle",
        lambda d: (
            step(d, "test", "test").update(depends_on=["drill"]),
            step(d, "test", "drill").update(depends_on=["test"]),
        ),
        "drill, test wait for each other",
    ),
    ("a privileged step", lambda d: step(d, "image", "push").update(privileged=True), "'push' is privileged"),
    ("the host's network", lambda d: step(d, "test", "drill").update(network_mode="host"), "host's network"),
    (
        "a folder of the runner",
        lambda d: pipeline(d, "image").update(volumes=[{"name": "docker", "host": {"path": "/var/run"}}]),
        "mounts a folder of the runner",
    ),
    ("commands in a plugin step", lambda d: step(d, "image", "push").update(commands=["true"]), "commands and settings"),
    ("an image without a version", lambda d: step(d, "test", "drill").update(image="rust"), "without a version"),
    ("an image that moves", lambda d: step(d, "test", "drill").update(image="rust:latest"), "without a version"),
    (
        "a secret nobody knows of",
        lambda d: step(d, "image", "push")["settings"].update(json_key={"from_secret": "gcp_kee"}),
        "secret 'gcp_kee' is documented nowhere",
    ),
    (
        "a secret in a pull request",
        lambda d: pipeline(d, "test").update(environment={"KEY": {"from_secret": "gcp_key"}}),
        "in a pull request",
    ),
    ("a deployment on a push", lambda d: pipeline(d, "deploy")["trigger"].update(event=["push"]), "not on promote alone"),
    (
        "a deployment on a push too",
        lambda d: pipeline(d, "deploy")["trigger"].update(event=["promote", "push"]),
        "not on promote alone",
    ),
    ("a deployment without a trigger", lambda d: pipeline(d, "deploy").pop("trigger"), "not on promote alone"),
    ("a deployment to anywhere", lambda d: pipeline(d, "deploy")["trigger"].pop("target"), "names no target"),
    (
        "terraform apply on a push",
        lambda d: step(d, "test", "terraform")["commands"].append("terraform -chdir=terraform apply -auto-approve"),
        "pipeline 'test' deploys",
    ),
    (
        "gcloud run deploy",
        lambda d: replaced(d, "deploy", "function", "run services update", "run deploy"),
        "writes who may invoke",
    ),
    (
        "a service opened on the way",
        lambda d: replaced(d, "deploy", "function", "--image", "--no-invoker-iam-check --image"),
        "writes who may invoke",
    ),
    ("a deployment by tag", lambda d: replaced(d, "deploy", "function", "@$(cat digest)", ":main"), "deploys by a tag"),
    ("a policy that isn't compared", lambda d: replaced(d, "deploy", "page", "cmp before.json after.json", "true"), "without comparing"),
    (
        "an invoker check that isn't compared",
        lambda d: replaced(d, "deploy", "page", "gcloud run services describe failover-page", "true"),
        "without comparing",
    ),
    ("another service's policy", lambda d: replaced(d, "deploy", "page", "get-iam-policy failover-page", "get-iam-policy failover"), "without comparing"),
]


# --- the commands, played -------------------------------------------------------------------------------------------

GCLOUD = '''#!/bin/sh
# Stands in for gcloud: keeps a policy in a file and says what was asked of it.
echo "gcloud $*" >> "$WORLD/calls"
case "$*" in
"auth activate-service-account --key-file=-") [ "$(cat)" = "$GCP_KEY" ] ;;
"artifacts docker images describe "*) cat "$WORLD/digest" ;;
"run services get-iam-policy "*) cat "$WORLD/policy" ;;
"run services describe "*) cat "$WORLD/gate" ;;
"run services update "*)
    [ ! -e "$WORLD/policy.written" ] || mv "$WORLD/policy.written" "$WORLD/policy"
    [ ! -e "$WORLD/gate.written" ] || mv "$WORLD/gate.written" "$WORLD/gate"
    ;;
"pubsub topics publish "*) ;;
*) echo "gcloud: unknown: $*" >&2; exit 2 ;;
esac
'''
DIGEST = "sha256:" + "0123456789abcdef" * 4
CLOSED = '{"etag": "BwYxClosed=", "version": 1}\n'
OPEN = '{"bindings": [{"members": ["allUsers"], "role": "roles/run.invoker"}], "etag": "BwYxOpen=", "version": 1}\n'


def refresh_by_script(arguments, **world):
    """Runs examples/pipelines/refresh, which GitHub's and GitLab's pipelines share, as `play` does."""
    script = ROOT / "examples/pipelines/refresh"
    return play([{"environment": {}, "commands": [f"{script} {' '.join(arguments)}"]}], **world)


def shared_script(check):
    image = f"us-central1-docker.pkg.dev/p/failover/site@{DIGEST}"
    refresh = ["the-site", "us-central1", image]
    for name, policy in (("closed", CLOSED), ("open", OPEN)):
        good, calls, after = refresh_by_script(refresh, policy=policy)
        updated = f"gcloud run services update the-site --region=us-central1 --image={image}"
        check(f"the shared script refreshes a standby that is {name}, and leaves it so", good and updated in calls and after == policy, calls)
    good, calls, _ = refresh_by_script(refresh, written=OPEN)
    check("the shared script fails where the policy was written meanwhile", not good, calls)
    good, calls, _ = refresh_by_script(refresh, gate_written="true\n")
    check("and where the invoker check was switched off meanwhile", not good, calls)
    good, calls, _ = refresh_by_script(["the-site", "us-central1", "registry/site:main"])
    check("and takes no tag", not good and "update" not in calls, calls)


def other_servers(check, page):
    """GitHub's and GitLab's pipelines: their schemas, and that they deploy by the shared script alone."""
    for file, schema in (("github.yml", "github-workflows"), ("gitlab.yml", "gitlab-ci")):
        text = (ROOT / "examples/pipelines" / file).read_text()
        known = importlib.resources.files("check_jsonschema").joinpath(f"builtin_schemas/vendor/{schema}.json").read_text()
        # YAML 1.1 takes the key `on` for a truth.
        given = {"on" if key is True else key: value for key, value in yaml.safe_load(text).items()}
        errors = list(jsonschema.validators.validator_for(json.loads(known))(json.loads(known)).iter_errors(given))
        check(f"{file} is what its server's schema says", not errors, errors[:1])
        check(f"{file} writes nobody's policy and deploys by the shared script", not DEPLOYS.search(text) and "refresh " in text, "")
        variables = set(re.findall(r"\b(?:GCP|GAR|STANDBY)_[A-Z_]+\b", text))
        missing = [name for name in sorted(variables) if f"`{name}`" not in page]
        check(f"the variables of {file} are documented", variables and not missing, missing)


def play(steps, policy=CLOSED, written=None, gate_written=None, digest=DIGEST):
    """Runs the commands of these steps as Drone's shell does: whether they succeed, the calls, the policy after."""
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder, "world")
        workspace = Path(folder, "workspace")
        world.mkdir()
        workspace.mkdir()
        gcloud = Path(folder, "gcloud")
        gcloud.write_text(GCLOUD)
        gcloud.chmod(0o755)
        (world / "calls").touch()
        (world / "policy").write_text(policy)
        (world / "gate").write_text("\n")
        (world / "digest").write_text(f"{digest}\n" if digest else "")
        if written is not None:
            (world / "policy.written").write_text(written)
        if gate_written is not None:
            (world / "gate.written").write_text(gate_written)
        images = [{"image": "registry/site:tag", "digest": digest}]
        (workspace / "image.json").write_text(json.dumps({"kind": "docker/v1", "data": {"images": images}}, indent="\t"))
        good = True
        for one in steps:
            environment = {name: f"the-{name.lower()}" for name in one["environment"]}
            environment |= {"PATH": f"{folder}:{os.environ['PATH']}", "WORLD": str(world), "DRONE_COMMIT_SHA": "c0ffee"}
            run = subprocess.run(
                ["sh", "-c", "set -e\n" + "\n".join(one["commands"])], cwd=workspace, env=environment, capture_output=True
            )
            if run.returncode != 0:
                good = False
                break
        return good, (world / "calls").read_text(), (world / "policy").read_text()


def main():
    counts = {True: 0, False: 0}

    def check(what, good, seen=""):
        counts[bool(good)] += 1
        print(f"ok    {what}" if good else f"FAIL  {what}{': ' if seen else ''}{seen}")

    page = guide = (ROOT / "docs/standby-pipeline.md").read_text()
    drone = list(yaml.safe_load_all((ROOT / ".drone.yml").read_text()))
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    standby = [document for block in blocks for document in yaml.safe_load_all(block)]

    def found(documents, deploys_on="promote", documentation=guide):
        return "; ".join(problems(documents, documentation, deploys_on))

    check(".drone.yml is in order", not found(drone), found(drone))
    check("the documentation has one standby pipeline", len(standby) == 1, len(standby))
    standby_found = found(standby, "push", page)
    check("the standby pipeline is in order", not standby_found, standby_found)

    for what, plant, words in DEFECTS:
        planted = copy.deepcopy(drone)
        plant(planted)
        seen = found(planted)
        check(f"planted and found: {what}", words in seen, seen or "nothing was found")
    planted = copy.deepcopy(standby)
    replaced(planted, "standby", "refresh", "services update", "deploy --no-allow-unauthenticated")
    seen = found(planted, "push", page)
    check("planted and found: a standby pipeline that closes the standby", "writes who may invoke" in seen, seen)
    planted = copy.deepcopy(standby)
    del pipeline(planted, "standby")["trigger"]["branch"]
    seen = found(planted, "push", page)
    check("planted and found: a standby pipeline for any branch", "names no branch" in seen, seen)

    other_servers(check, page)
    shared_script(check)
    refresh = [step(standby, "standby", "refresh")]
    good, calls, policy = play(refresh)
    updated = f'gcloud run services update the-service --image=the-image@{DIGEST}'
    check("the standby is refreshed by digest", good and updated in calls, calls)
    check("and stays closed", policy == CLOSED, policy)
    good, calls, policy = play(refresh, policy=OPEN)
    check("during a failover it is refreshed too", good and updated in calls, calls)
    check("and stays open", policy == OPEN, policy)
    check("an update that closes the standby is noticed", not play(refresh, policy=OPEN, written=CLOSED)[0])
    check("an update that opens it is noticed", not play(refresh, written=OPEN)[0])
    rewritten = CLOSED.replace("BwYxClosed=", "BwYxAgain=")
    check("a policy written with the same members is noticed", not play(refresh, written=rewritten)[0])
    check("an update that switches the invoker check off is noticed", not play(refresh, gate_written="true\n")[0])
    good, calls, _ = play(refresh, digest="")
    check("without a digest nothing is updated", not good and "update" not in calls, calls)

    deploy = pipeline(drone, "deploy")["steps"]
    good, calls, _ = play(deploy)
    check("a promotion deploys the function by digest", f"update failover --image=the-image@{DIGEST}" in calls, calls)
    check("and the page", f"update failover-page --image=the-image@{DIGEST}" in calls, calls)
    check("and has the function check itself", good and "publish failover-commands" in calls.splitlines()[-1], calls)
    check("a promotion that opens the function is noticed", not play(deploy, written=OPEN)[0])
    good, calls, _ = play(deploy, digest="")
    check("a commit without an image deploys nothing", not good and "update" not in calls, calls)

    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(1 if counts[False] else 0)


if __name__ == "__main__":
    main()
