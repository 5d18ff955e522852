"""Runs Terraform itself on the examples of a mirror, with stand-ins for the providers.

What is checked, for each cloud: the example applies in one go, with and without
a public address; a plan right after proposes nothing; neither does one that is
made once the address has moved to the other machine, and a counter-check takes
the `ignore_changes` out and sees the plan fight the mirror; what the example
says of itself is what was made. And the role of the Azure module: its own
tests, its files in the shape that the command line takes, and what it is
granted on.

See schema_provider.py for what a stand-in can't know.
"""

import json
import re
import sys

from schema_provider import SUBSCRIPTION
from workspace import CHANGES, NO_CHANGES, ROOT, Failure, Workspace, run, title

# The shape of `az role definition create --role-definition` (Microsoft Learn,
# "Azure custom roles", the JSON format of its command line).
ROLE_KEYS = {"Name", "IsCustom", "Description", "Actions", "NotActions", "DataActions", "NotDataActions", "AssignableScopes"}
ROLE_FILES = ("role.json", "operations-role.json")
EVERY_SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"


class Module(Workspace):
    folder = "modules/azure-virtual-ip"


class Mirror(Workspace):
    """An example of two machines, one of which has the address."""

    # What carries the private address, what a public one is, what keeps a plan
    # from moving it back, and how much the example makes.
    carrier = ""
    public = ""
    ignored = ""
    made = 0

    def first_and_second(self):
        """What carries the address when it is made, and what will."""
        first, second = sorted(self.every(self.carrier), key=lambda value: value["name"])[:2]
        return first, second


class GoogleMirror(Mirror):
    folder = "examples/mirror"
    arguments = ("-var=project=acme-prod", "-var=journal_bucket=acme-failover", "-var=external=true")
    carrier = "google_compute_instance"
    public = "google_compute_address"
    ignored = "ignore_changes = [network_interface[0].alias_ip_range, network_interface[0].access_config]"
    made = 16

    def first_and_second(self):
        machines = {value["name"]: value for value in self.every(self.carrier)}
        return machines["db-a"], machines["db-b"]

    def move(self):
        first, second = (machine["network_interface"][0] for machine in self.first_and_second())
        for address in ("alias_ip_range", "access_config"):
            first[address], second[address] = second[address], first[address]

    def has_it(self, machine):
        return bool(machine["network_interface"][0]["alias_ip_range"])


class AzureMirror(Mirror):
    folder = "examples/azure-mirror"
    arguments = (
        f"-var=subscription_id={SUBSCRIPTION}",
        "-var=ssh_key=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIbEvRDN3jxrEdmP1Zq8LnXq1yWyX0Vv5kKUTkWbQ8xJ dba",
        "-var=external=true",
        "-var=function_account=101234567890123456789",
    )
    carrier = "azurerm_network_interface"
    public = "azurerm_public_ip"
    ignored = "ignore_changes = [ip_configuration]"
    made = 25

    def move(self):
        first, second = (interface["ip_configuration"] for interface in self.first_and_second())
        second.append(first.pop())

    def has_it(self, interface):
        return any(configuration["name"] == "vip" for configuration in interface["ip_configuration"])


# --- of each cloud -----------------------------------------------------------


def applies_in_one_go(mirror):
    answer = json.loads(mirror.terraform("validate", "-json", expect=(0, 1)).stdout)
    if not answer["valid"] or answer["diagnostics"]:
        raise Failure(json.dumps(answer["diagnostics"], indent=2))
    output = mirror.apply()
    made = re.search(r"Apply complete! Resources: (\d+) added, 0 changed, 0 destroyed", output)
    if not made or int(made.group(1)) != mirror.made or "Warning" in output:
        raise Failure(output)
    first, second = mirror.first_and_second()
    if not mirror.has_it(first) or mirror.has_it(second):
        raise Failure("the first machine has the address to begin with, and the other hasn't")
    mirror.plan(NO_CHANGES)
    return f"{mirror.made} resources"


def has_no_public_address_unless_asked_for(mirror):
    mirror.arguments = tuple(argument for argument in mirror.arguments if argument != "-var=external=true")
    mirror.apply()
    mirror.plan(NO_CHANGES)
    if any(address["name"] == "db-public" for address in mirror.existing(mirror.public)):
        raise Failure("a public address was made")


def is_not_fought_once_the_address_has_moved(mirror):
    mirror.apply()
    mirror.move()
    mirror.plan(NO_CHANGES)
    file = mirror.path / "main.tf"
    text = file.read_text(encoding="utf-8")
    if mirror.ignored not in text:
        raise Failure(f"main.tf no longer has {mirror.ignored!r}")
    file.write_text(text.replace(mirror.ignored, ""), encoding="utf-8")
    if mirror.carrier not in mirror.plan(CHANGES):
        raise Failure(f"without its ignore_changes the plan changes something, but no {mirror.carrier}")


def says_what_was_made(mirror):
    mirror.apply()
    switch = json.loads(mirror.terraform("output", "-json", "configuration").stdout)
    names = [value["name"] for value in mirror.first_and_second()]
    if [switch[end].rsplit("/", 1)[1] for end in ("primary", "standby")] != names:
        raise Failure(f"the switch is {switch}, and the machines' are {names}")
    return switch["kind"]


# --- the role on Azure -------------------------------------------------------


def its_own_tests_pass(module):
    return f"{module.tests_pass()} runs"


def its_files_are_what_the_command_line_takes(_module):
    for name in ROLE_FILES:
        role = json.loads((ROOT / Module.folder / name).read_text(encoding="utf-8"))
        if set(role) != ROLE_KEYS or role["IsCustom"] is not True or role["AssignableScopes"] != [EVERY_SUBSCRIPTION]:
            raise Failure(f"{name} isn't in the shape that az takes")
        if role["Actions"] != sorted(set(role["Actions"])) or role["NotActions"] or role["DataActions"] or role["NotDataActions"]:
            raise Failure(f"{name} lists something twice, or besides its actions")
        wrong = [action for action in role["Actions"] if not re.fullmatch(r"Microsoft\.(Network|Authorization)/(\w+/)+(read|write|action)", action)]
        if wrong:
            raise Failure(f"{name} has {wrong}, which reach further than one action")


def its_files_list_what_the_documentation_does(_module):
    table = re.findall(r"^\|((?: `[\w./]+`,?)+) \|", (ROOT.parent / "docs/virtual-ip.md").read_text(encoding="utf-8"), re.M)
    names = {name for row in table for name in re.findall(r"`([\w.]+/[\w/]+)`", row)}
    told = {name if name.startswith("Microsoft.") else f"Microsoft.Network/{name}" for name in names}
    listed = {action for name in ROLE_FILES for action in json.loads((ROOT / Module.folder / name).read_text(encoding="utf-8"))["Actions"]}
    if told != listed:
        raise Failure(f"only the documentation has {told - listed}, only the files have {listed - told}")
    return f"{len(listed)} actions"


def nothing_is_granted_but_what_is_joined(mirror):
    mirror.apply()
    grants = mirror.every("azurerm_role_assignment")
    interfaces = [interface["id"] for interface in mirror.every("azurerm_network_interface")]
    joined = {c[key] for i in mirror.every("azurerm_network_interface") for c in i["ip_configuration"] for key in ("subnet_id", "public_ip_address_id")}
    expected = {*interfaces, *joined, f"/subscriptions/{SUBSCRIPTION}"} - {None}
    if {grant["scope"] for grant in grants} != expected or len(grants) != len(expected):
        raise Failure(f"granted on {[grant['scope'] for grant in grants]}, and not on {expected}")
    whole = [grant for grant in grants if grant["scope"] == f"/subscriptions/{SUBSCRIPTION}"]
    roles = {role["role_definition_resource_id"]: role for role in mirror.every("azurerm_role_definition")}
    if [roles[grant["role_definition_id"]]["permissions"][0]["actions"] for grant in whole] != [["Microsoft.Network/locations/operations/read"]]:
        raise Failure("more than an operation's state may be read in the whole subscription")
    return f"{len(grants)} grants"


OF_EACH = [
    applies_in_one_go,
    has_no_public_address_unless_asked_for,
    is_not_fought_once_the_address_has_moved,
    says_what_was_made,
]
CHECKS = [
    *((f"the mirror on Google {title(check)}", GoogleMirror, check) for check in OF_EACH),
    *((f"the mirror on Azure {title(check)}", AzureMirror, check) for check in OF_EACH),
    ("the mirror on Azure: nothing is granted but what is joined", AzureMirror, nothing_is_granted_but_what_is_joined),
    ("the role on Azure: its own tests pass", Module, its_own_tests_pass),
    ("the role on Azure: its files list what the documentation does", Module, its_files_list_what_the_documentation_does),
    ("the role on Azure: its files are what the command line takes", Module, its_files_are_what_the_command_line_takes),
]

if __name__ == "__main__":
    sys.exit(run(CHECKS))
