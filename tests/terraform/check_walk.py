"""Types docs/deploy.md from its beginning to its end, as a newcomer would: by the short way, and step by step.

Terraform is the real one, with stand-ins for the providers; gcloud, docker, curl and the editor are programs that note
what was asked and give a plausible answer. The shell stops at the first command that fails and at the first variable
that nobody set. By the short way `failover` is the real one, too, at a terminal, and the site, Cloudflare and Google are
stand-ins. What was typed is counted, and compared with the guide's own count, so that it can't grow unseen.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

from workspace import Failure, Workspace, run, title

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/deploy.md"
# The guide's site.
EXAMPLE = "https://www.example.com/"

sys.path.insert(0, str(ROOT / "tests/clients"))
import gcloud_world  # noqa: E402

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


class Short(Walk):
    """With the real command, and a site, Cloudflare and Google on loopback."""

    def __init__(self, directory):
        super().__init__(directory)
        _, base = gcloud_world.start()
        self.site = f"{base}/site"
        # What --finish does is played elsewhere, against the sandbox; here it is noted.
        tool = self.root / "tools/failover"
        tool.write_text(f'{NOTING.format(name="failover", digest="")}case "$*" in *--finish*) ;; *) exec "$FAILOVER" "$@" ;; esac\n', encoding="utf-8")
        # Nothing on loopback has a certificate, and Terraform takes no site without one.
        tool = self.root / "tools/terraform"
        tool.write_text(f"#!/bin/sh\nsed -i 's|{self.site}|{EXAMPLE}|' terraform/terraform.tfvars\nexec {shutil.which('terraform')} \"$@\"\n", encoding="utf-8")
        tool.chmod(0o755)
        self.environment |= {
            "TERM": "xterm",
            "NO_COLOR": "1",
            "TF_CLI_ARGS": "-no-color",
            "GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.a-token",
            "CLOUDFLARE_BASE_URL": f"{base}/cloudflare",
        } | {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name.upper()}": f"{base}/{name}/" for name in ("cloudresourcemanager", "cloudbilling", "monitoring", "run")}

    def short_way(self, marker):
        """The guide's block of the short way that says `marker`, with this site in the example's stead."""
        [block] = [block for block in blocks(GUIDE.read_text(encoding="utf-8"), "sh") if is_short(block) and marker in block]
        return block.replace(EXAMPLE, self.site)

    def at_a_terminal(self, script):
        """Types `script` at a terminal, and answers what is asked there; what was told, and what was counted."""
        terminal, end = pty.openpty()
        words = ["setsid", "--ctty", "--wait", "bash", "-euo", "pipefail", "-c", script]
        typed = subprocess.Popen(words, cwd=self.root, env=self.environment, stdin=end, stdout=end, stderr=end)
        os.close(end)
        told, asked, began = "", {"questions": 0, "token links": 0, "yes": 0}, time.monotonic()
        replies = {
            "Paste a Cloudflare token": gcloud_world.TOKEN,
            "Paste the status page's": gcloud_world.READ_TOKEN,
            "In which project": gcloud_world.PROJECT,
            "By which text": 'My "home" lab',
            "Where does it answer": "none",
            "Whom shall": "me@example.com",
        }
        interrupted = False
        while time.monotonic() - began < 300:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                read = os.read(terminal, 65536)
            except OSError:  # so Linux says that nobody writes any more
                break
            told += read.decode(errors="replace").replace("\r", "")
            if told.endswith("\n  > "):
                # Nothing is asked twice, as what was answered wrongly would be.
                question = next((known for known in replies if f"? {known}" in told[told.rindex("\n? ") :]), None)
                if question is None:
                    raise Failure(told[-1000:])
                answer = replies.pop(question)
                asked["token links" if question.startswith("Paste") else "questions"] += 1
            elif told.endswith("Enter a value: "):
                asked["yes"] += 1
                answer = "yes"
            elif not interrupted and re.search(r"isn't ready after|has its certificate", told):
                # Nobody issues one here.
                interrupted, answer = True, "\x03"
            else:
                continue
            os.write(terminal, answer.encode() if interrupted else f"{answer}\n".encode())
        typed.kill()
        typed.wait()
        return told, asked, time.monotonic() - began


def counted_by_the_guide(what):
    """A number of the table under "Counted"."""
    row = re.search(rf"^\| {what} \| (\d+) \|", GUIDE.read_text(encoding="utf-8"), flags=re.M)
    if not row:
        raise Failure(f"the guide doesn't count {what}")
    return int(row[1])


def the_short_way_is_as_short_as_the_guide_says(walk):
    if not walk.environment["FAILOVER"]:
        return "no binary is built here"
    script = walk.short_way("--apply         #")
    told, asked, took = walk.at_a_terminal(script)
    if "Apply complete!" not in told or not walk.existing("google_cloud_run_v2_service"):
        raise Failure(f"nothing was made:\n{told[-3000:]}")
    # Interrupted there, it says how it goes on: while it waits, or, where somebody answers for run.app, while it checks.
    if not (walk.root / "failover.toml").exists() or "--finish" not in told.partition("failover.toml is what Terraform made")[2]:
        raise Failure(f"it doesn't go on to the end:\n{told[-3000:]}")
    planned = re.search(r"Plan: (\d+) to add, 0 to change, 0 to destroy", told)
    asked = {"commands": len(commands(script))} | asked | {"things that Terraform makes": int(planned[1])}
    for what, count in asked.items():
        if count != counted_by_the_guide(what):
            raise Failure(f"{what}: {count}, and the guide says {counted_by_the_guide(what)}")
    return ", ".join(f"{count} {what}" for what, count in asked.items()) + f", {took:.0f} s of this machine's"


def the_short_way_goes_step_by_step_as_well(walk):
    if not walk.environment["FAILOVER"]:
        return "no binary is built here"
    first, then = walk.short_way("--apply         #"), walk.short_way("source ~/.config/failover/env")
    told, *_ = walk.at_a_terminal(first.replace("--apply", ""))
    if "source " not in told or not (walk.root / "terraform/terraform.tfvars").exists():
        raise Failure(told)
    then = re.sub(r"(terraform -chdir=terraform apply)", r"\1 -auto-approve -no-color", then)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", then], cwd=walk.root, env=walk.environment, capture_output=True, text=True, check=False)
    if done.returncode or not walk.existing("google_cloud_run_v2_service"):
        raise Failure(f"it ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    if "failover init --finish" not in (walk.root / "calls").read_text(encoding="utf-8"):
        raise Failure("nobody asked for the end of it")


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
SHORT = [the_short_way_is_as_short_as_the_guide_says, the_short_way_goes_step_by_step_as_well]


if __name__ == "__main__":
    # Words on the command line choose the checks whose title has them.
    words = " ".join(sys.argv[1:])
    checks = [(title(check), Walk, check) for check in CHECKS] + [(title(check), Short, check) for check in SHORT]
    sys.exit(run([each for each in checks if words in each[0]]))
