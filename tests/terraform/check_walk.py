"""Types docs/deploy.md from its beginning to its end, as a newcomer would.

Terraform is the real one, with stand-ins for the providers; gcloud, docker, curl and the editor are programs that note
what was asked and give a plausible answer. The shell stops at the first command that fails and at the first variable
that nobody set. The count of what was typed is printed, so that it can't grow unseen.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from workspace import Failure, Workspace, run, title

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/deploy.md"

NOTING = """#!/bin/sh
echo "{name} $*" >> "$WORLD/calls"
case "$*" in
*"image_summary.digest"*) echo sha256:{digest} ;;
*"--version"*|*"-version"*) echo "{name} 1" ;;
esac
"""
NOTED = ["gcloud", "docker", "curl", "nano", "failover"]


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


def commands(script):
    """What is typed, one command a line: no comments, no here-documents."""
    script = re.sub(r"<<EOF\n.*?^EOF$", "", script, flags=re.M | re.S).replace("\\\n", " ")
    script = re.sub(r"--json '\{.*?\}'", "--json …", script, flags=re.S)
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in script.splitlines()]
    return [command for line in lines if line for command in line.split(" && ")]


def is_short(block):
    """Whether it stands for steps that are typed one by one as well."""
    return "failover init" in block


class Walk(Workspace):
    """A clone of the repository, and a home of one's own."""

    def __init__(self, directory):
        super().__init__(directory)
        self.root = Path(directory)
        tools = self.root / "tools"
        tools.mkdir()
        for name in NOTED:
            tool = tools / name
            tool.write_text(NOTING.format(name=name, digest="0" * 64), encoding="utf-8")
            tool.chmod(0o755)
        real = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/failover"
        self.environment |= {
            "HOME": directory,
            "WORLD": directory,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "FAILOVER": str(real) if real.exists() else "",
        }

    def type(self, text):
        """Runs everything that `text` shows, in its order; what was asked of the programs that only note."""
        variables, further = blocks(text, "hcl")[:2]
        (self.root / "terraform/terraform.tfvars").write_text(variables, encoding="utf-8")
        script = []
        for block in blocks(text, "sh"):
            # The clone is what this is in; and what nobody types twice isn't either.
            block = re.sub(r"^git clone .*$", "", block, flags=re.M)
            if is_short(block) or "hold" in block:
                continue
            if "TF_VAR_webhook_urls" in block:
                block = f"cat >> terraform/terraform.tfvars <<'HCL'\n{further}HCL\n{block}"
            # An apply asks; a newcomer says yes.
            block = re.sub(r"(terraform -chdir=terraform (?:apply|destroy))", r"\1 -auto-approve -no-color", block)
            script.append(block)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(script)],
            cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise Failure(f"it ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return (self.root / "calls").read_text(encoding="utf-8")


def the_guide_can_be_typed_from_beginning_to_end(walk):
    text = GUIDE.read_text(encoding="utf-8")
    calls = walk.type(text)
    for asked in ("gcloud projects create gleich-tech", "gcloud run services update failover-page", "failover send rehearse --wait"):
        if asked not in calls:
            raise Failure(f"nobody asked {asked}:\n{calls}")
    mode = (walk.root / ".config/failover/env").stat().st_mode & 0o777
    if mode != 0o600:
        raise Failure(f"the file of secrets is readable to others: {mode:o}")
    if walk.existing("google_cloud_run_v2_service"):
        raise Failure("Undo leaves a service")
    every = blocks(text.split("## What it costs")[0], "sh")
    short = commands(next(block for block in every if is_short(block)))
    if len(short) != 1:
        raise Failure(f"the short way is one command, and these are {short}")
    typed = commands("\n".join(block for block in every if not is_short(block)))
    return f"{len(short)} command by the short way, {len(typed)} step by step"


def what_is_shown_as_variables_is_valid(walk):
    if not walk.environment["FAILOVER"]:
        return "no binary is built here"
    for example in blocks(GUIDE.read_text(encoding="utf-8"), "hcl")[:1]:
        file = walk.root / "terraform.tfvars"
        file.write_text(example, encoding="utf-8")
        done = subprocess.run([walk.environment["FAILOVER"], "validate", str(file)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure(done.stdout + done.stderr)


def a_folder_that_was_left_is_missed(walk):
    """Counter-check: as it once was."""
    text = GUIDE.read_text(encoding="utf-8").replace("terraform -chdir=terraform init\n", "cd terraform\nterraform init\n", 1)
    try:
        walk.type(text)
    except Failure:
        return
    raise Failure("a folder is entered and never left, and all goes on")


CHECKS = [the_guide_can_be_typed_from_beginning_to_end, what_is_shown_as_variables_is_valid, a_folder_that_was_left_is_missed]


if __name__ == "__main__":
    sys.exit(run([(title(check), Walk, check) for check in CHECKS]))
