"""A copy of the Terraform configuration, with stand-ins for the providers, in which checks run."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from provider_schemas import PACKAGES
from schema_provider import SchemaProvider, environment

ROOT = Path(__file__).resolve().parents[2] / "terraform"

NO_CHANGES, CHANGES = 0, 2


class Failure(Exception):
    """A check that didn't hold."""


class Workspace:
    """A copy of one configuration of terraform/ with its own state and its own world."""

    # Where below terraform/ it is, its arguments, and what the environment adds.
    folder = "."
    arguments = ()
    variables = {}

    def __init__(self, directory):
        copy = Path(directory) / "terraform"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
        self.path = copy / self.folder
        text = "\n".join(file.read_text(encoding="utf-8") for file in copy.rglob("*.tf"))
        resources = set(re.findall(r'^resource "(\w+)"', text, re.M))
        data = set(re.findall(r'^data "(\w+)"', text, re.M))
        self.providers = [
            SchemaProvider(
                provider,
                [name for name in resources if name.startswith(provider + "_")],
                [name for name in data if name.startswith(provider + "_")],
            )
            for provider in PACKAGES
        ]
        self.environment = {**os.environ, **environment(self.providers), **self.variables}

    def close(self):
        for provider in self.providers:
            provider.close()

    def terraform(self, *arguments, expect=(0,)):
        done = subprocess.run(
            ["terraform", *arguments], cwd=self.path, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode not in expect:
            raise Failure(f"terraform {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def init(self):
        self.terraform("init", "-no-color")

    def apply(self):
        return self.terraform("apply", "-no-color", "-auto-approve", *self.arguments).stdout

    def plan(self, expect):
        return self.terraform("plan", "-no-color", "-detailed-exitcode", *self.arguments, expect=(expect,)).stdout

    def existing(self, type_name):
        """What exists of a type, if anything does."""
        return [value for provider in self.providers for value in provider.of_type(type_name)]

    def every(self, type_name):
        """What exists of a type, to be changed as somebody else would."""
        found = self.existing(type_name)
        if not found:
            raise Failure(f"nothing of type {type_name} exists")
        return found

    def tests_pass(self):
        """How many of the configuration's own tests ran."""
        output = self.terraform("test", "-no-color", expect=(0, 1)).stdout
        count = re.search(r"(\d+) passed, (\d+) failed", output)
        files = (self.path / "tests").glob("*.tftest.hcl")
        runs = sum(len(re.findall(r'^run "', file.read_text(encoding="utf-8"), re.M)) for file in files)
        # Terraform calls it a success when it finds no test at all.
        if not count or int(count.group(2)) or int(count.group(1)) != runs or not runs:
            raise Failure(output)
        return runs


def run(checks):
    """Runs each check, a kind of workspace and a function, in a workspace of its own; the exit status."""
    failed = 0
    for title, kind, check in checks:
        with tempfile.TemporaryDirectory() as directory:
            workspace = kind(directory)
            try:
                workspace.init()
                detail = check(workspace)
                print(f"ok    {title}{f' ({detail})' if detail else ''}", flush=True)
            except Failure as failure:
                failed += 1
                print(f"FAIL  {title}\n{failure}", flush=True)
            finally:
                workspace.close()
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


def title(check):
    """A check's name as a sentence."""
    return check.__name__.replace("_", " ")
