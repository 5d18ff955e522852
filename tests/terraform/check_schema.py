"""Checks every .tf file against the providers' own schemas, without a registry.

    check_schema.py [terraform directory]   prints what is wrong; exit status 1 if anything is
    check_schema.py --self-test             plants mistakes in a copy and sees each of them found

What is checked: resource and data source types, argument names, required
arguments, block or attribute form, blocks that may stand only once, paths in
ignore_changes, arguments of providers and of module calls, references to
variables, locals, modules' outputs and resources' attributes, that everything
declared is described and used, that the two declarations of `sites` have one
shape, and that nothing authoritative holds a policy that the function changes.
"""

import os
import re
import shutil
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

import hcl2

import provider_schemas
from provider_schemas import SchemaError

ROOT = Path(__file__).resolve().parents[2] / "terraform"

META_ARGUMENTS = {"for_each", "count", "depends_on", "provider", "lifecycle", "provisioner", "connection"}

# Each holds a whole policy, or all members of a role, and would take back what
# switch `cloud_run_invoker` has added. See the module standby.
AUTHORITATIVE = re.compile(r"_iam_(binding|policy)$")


def is_block(value):
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and "__is_block__" in v for v in value)


def body(block):
    """A block's own arguments, without the parser's notes."""
    return {key: value for key, value in block.items() if not key.startswith("__")}


def bare(text):
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


def object_of_for(text):
    """The object that `[for … : { … }]` makes, parsed; None for anything else."""
    match = re.match(r"^\$\{\[\s*for\s+[\w, ]+\s+in\s+.+?:\s*(\{.*\})[^{}]*\]\}$", text, re.S)
    if not match:
        return None
    try:
        return hcl2.loads(f"value = {match.group(1)}\n")["value"]
    except Exception:  # pylint: disable=broad-except
        # The parser has no one exception for "not this"; the text is left unchecked.
        return None


@lru_cache(maxsize=None)
def parse(text):
    """Parsed once for each text: the self-test's copies differ in one file each."""
    return hcl2.loads(text)


class Module:
    """One directory of .tf files."""

    def __init__(self, path):
        self.path = path
        self.files = {file.name: parse(file.read_text(encoding="utf-8")) for file in sorted(path.glob("*.tf"))}
        self.variables, self.outputs, self.locals = {}, {}, {}
        self.resources, self.data, self.calls, self.providers = {}, {}, {}, {}
        for name, parsed in self.files.items():
            for entry in parsed.get("variable", []):
                self.variables.update({bare(k): (name, body(v)) for k, v in body(entry).items()})
            for entry in parsed.get("output", []):
                self.outputs.update({bare(k): (name, body(v)) for k, v in body(entry).items()})
            for entry in parsed.get("locals", []):
                self.locals.update({bare(k): (name, v) for k, v in body(entry).items()})
            for entry in parsed.get("module", []):
                self.calls.update({bare(k): (name, body(v)) for k, v in body(entry).items()})
            for entry in parsed.get("provider", []):
                self.providers.update({bare(k): (name, body(v)) for k, v in body(entry).items()})
            for kind, table in (("resource", self.resources), ("data", self.data)):
                for entry in parsed.get(kind, []):
                    for type_name, named in body(entry).items():
                        for label, block in body(named).items():
                            table[(bare(type_name), bare(label))] = (name, body(block))


class Checker:
    def __init__(self, root):
        self.root = Path(root)
        self.findings = []
        self.arguments_checked = 0

    def report(self, module, file, message):
        path = (module.path / file).relative_to(self.root)
        self.findings.append(f"{path}: {message}")

    # --- one structure against its schema ----------------------------------

    def structure(self, module, file, where, given, structure, top=False):
        dynamic = {}
        for entry in given.get("dynamic", []) if is_block_list(given.get("dynamic")) else []:
            for label, block in body(entry).items():
                dynamic.setdefault(bare(label), []).append(block)
        for key, value in given.items():
            name = bare(key)
            if name.startswith("__") or (top and name in META_ARGUMENTS) or (name == "dynamic" and dynamic):
                continue
            self.arguments_checked += 1
            argument = structure.arguments.get(name)
            if argument is None:
                self.report(module, file, f"{where} has no argument {name}")
            elif not argument.settable:
                self.report(module, file, f"{where}.{name} is only exported and can't be set")
            else:
                self.value(module, file, f"{where}.{name}", value, argument)
        for name, blocks in dynamic.items():
            self.arguments_checked += 1
            argument = structure.arguments.get(name)
            if argument is None or not argument.settable:
                self.report(module, file, f"{where} has no block {name}")
            elif not argument.is_block:
                self.report(module, file, f"{where}.{name} is an attribute and can't be dynamic")
            else:
                for block in blocks:
                    for content in block.get("content", []):
                        self.structure(module, file, f"{where}.{name}", body(content), argument.nested)
        for name, argument in structure.arguments.items():
            if argument.required and name not in {bare(key) for key in given} and name not in dynamic:
                self.report(module, file, f"{where} lacks {name}, which is required")

    def value(self, module, file, where, value, argument):
        if argument.is_block:
            if not is_block(value):
                self.report(module, file, f"{where} is a block and not an attribute: no equals sign")
                return
            if argument.nesting == "single" and len(value) > 1:
                self.report(module, file, f"{where} may stand only once")
            for block in value:
                self.structure(module, file, where, body(block), argument.nested)
            return
        if is_block(value):
            self.report(module, file, f"{where} is an attribute and not a block: it wants an equals sign")
            return
        if argument.nested is None:
            if isinstance(value, dict) and argument.type in ("string", "number", "bool"):
                self.report(module, file, f"{where} is a {argument.type} and not an object")
            return
        if isinstance(value, str):
            value = object_of_for(value)
            items = [value] if value is not None else []
        elif isinstance(value, list):
            items = [item for item in value if isinstance(item, dict)]
        elif argument.nesting == "map":
            items = [item for item in value.values() if isinstance(item, dict)]
        else:
            items = [value] if isinstance(value, dict) else []
        for item in items:
            self.structure(module, file, where, item, argument.nested)

    def ignored_path(self, module, file, where, path, structure):
        names = [name for name in re.split(r"\[[^\]]*\]|\.", path) if name]
        for name in names:
            argument = structure.arguments.get(name) if structure else None
            if argument is None:
                self.report(module, file, f"{where} ignores {path}, which has no {name}")
                return
            structure = argument.nested

    # --- references ----------------------------------------------------------

    def references(self, module, modules):
        used_variables, used_locals = set(), set()
        for file, parsed in module.files.items():
            for text in strings(parsed):
                expressions = expressions_in(text)
                for name in re.findall(r"(?<![\w.])var\.(\w+)", expressions):
                    used_variables.add(name)
                    if name not in module.variables:
                        self.report(module, file, f"var.{name} isn't declared")
                for name in re.findall(r"(?<![\w.])local\.(\w+)", expressions):
                    used_locals.add(name)
                    if name not in module.locals:
                        self.report(module, file, f"local.{name} isn't declared")
                for name, output in re.findall(r"(?<![\w.])module\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?", expressions):
                    target = modules.get(module.calls.get(name, (None, {"source": ""}))[1].get("source"))
                    if name not in module.calls:
                        self.report(module, file, f"module.{name} isn't declared")
                    elif output and target and output not in target.outputs:
                        self.report(module, file, f"module.{name} has no output {output}")
                providers = "|".join(provider_schemas.PACKAGES)
                pattern = rf"(?<![\w.\"/-])(data\.)?((?:{providers})_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?"
                for data, type_name, label, attribute in re.findall(pattern, expressions):
                    table = module.data if data else module.resources
                    if (type_name, label) not in table:
                        self.report(module, file, f"{data}{type_name}.{label} isn't declared")
                    elif attribute:
                        schema = provider_schemas.data_source if data else provider_schemas.resource
                        if attribute not in schema(type_name).arguments:
                            self.report(module, file, f"{data}{type_name} has no attribute {attribute}")
        for name in sorted(set(module.variables) - used_variables):
            self.report(module, module.variables[name][0], f"variable {name} is never used")
        for name in sorted(set(module.locals) - used_locals):
            self.report(module, module.locals[name][0], f"local {name} is never used")

    # --- everything ------------------------------------------------------------

    def module(self, module, modules):
        for table, schema in ((module.resources, provider_schemas.resource), (module.data, provider_schemas.data_source)):
            for (type_name, label), (file, block) in table.items():
                where = f"{type_name}.{label}"
                # Terraform's own, which no provider describes.
                if type_name == "terraform_data":
                    continue
                if AUTHORITATIVE.search(type_name):
                    self.report(module, file, f"{where} is authoritative: it would undo what the function does")
                try:
                    structure = schema(type_name)
                except SchemaError as problem:
                    self.report(module, file, f"{where}: {problem}")
                    continue
                self.structure(module, file, where, block, structure, top=True)
                for lifecycle in block.get("lifecycle", []):
                    for path in lifecycle.get("ignore_changes", []):
                        self.ignored_path(module, file, where, re.sub(r"^\$\{|\}$", "", bare(path)), structure)
        for name, (file, block) in module.providers.items():
            accepted = provider_schemas.provider_configuration(name)
            for key in block:
                if key not in accepted:
                    self.report(module, file, f"provider {name} has no argument {key}")
        for name, (file, block) in module.calls.items():
            target = modules.get(block.get("source"))
            if target is None:
                self.report(module, file, f"module {name}: no module at {block.get('source')}")
                continue
            given = set(block) - {"source", "version", "providers", "for_each", "count", "depends_on"}
            for key in sorted(given - set(target.variables)):
                self.report(module, file, f"module {name} has no variable {key}")
            for key, (_, variable) in sorted(target.variables.items()):
                if "default" not in variable and key not in given:
                    self.report(module, file, f"module {name} lacks {key}, which is required")
        for name, (file, block) in module.variables.items():
            for key in ("description", "type"):
                if not block.get(key):
                    self.report(module, file, f"variable {name} has no {key}")
        for name, (file, block) in module.outputs.items():
            if not block.get("description"):
                self.report(module, file, f"output {name} has no description")

    def same_shape(self, root, settings):
        for name in sorted(set(root.variables) & set(settings.variables)):
            here, there = root.variables[name][1].get("type"), settings.variables[name][1].get("type")
            if re.sub(r"\s+", "", str(here)) != re.sub(r"\s+", "", str(there)):
                self.report(root, root.variables[name][0], f"variable {name} has another shape than in modules/settings")

    def run(self):
        folders = [path for place in ("modules", "examples") for path in (self.root / place).iterdir() if path.is_dir()]
        paths = [self.root, *sorted(path for path in folders if any(path.glob("*.tf")))]
        loaded = {}
        for path in paths:
            loaded[path] = Module(path)
        for path, module in loaded.items():
            by_source = {source_of(path, target): other for target, other in loaded.items() if target != path}
            self.module(module, by_source)
            self.references(module, by_source)
        self.same_shape(loaded[self.root], loaded[self.root / "modules" / "settings"])
        return self.findings


def source_of(path, target):
    """How a module at `path` names the one at `target`."""
    relative = os.path.relpath(target, path)
    return f'"{relative}"' if relative.startswith("..") else f'"./{relative}"'


def is_block_list(value):
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def strings(value):
    """Every string in a parsed file, keys of objects included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key.startswith("__"):
                continue
            if key.startswith(("$", '"', "(")):
                yield key
            yield from strings(item)


def expressions_in(text):
    """What of a string is evaluated: all of an expression, of a template only
    its interpolations and directives."""
    if not text.startswith(('"', "<<")):
        return strip_literals(text)
    return " ".join(strip_literals(part) for part in interpolations(text))


def interpolations(text):
    index = 0
    while (match := re.search(r"(?<![$%])[$%]\{", text[index:])) is not None:
        start = index + match.end()
        depth, position = 1, start
        while position < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[position], 0)
            position += 1
        yield text[start : position - 1]
        index = position


def strip_literals(expression):
    """An expression without the literal parts of its strings."""
    kept = []
    index = 0
    while index < len(expression):
        if expression[index] != '"':
            kept.append(expression[index])
            index += 1
            continue
        end = index + 1
        depth = 0
        while end < len(expression) and (expression[end] != '"' or depth):
            if expression[end] == "\\":
                end += 1
            elif expression.startswith("${", end) or expression.startswith("%{", end):
                depth += 1
                end += 1
            elif expression[end] == "}" and depth:
                depth -= 1
            end += 1
        # An empty literal stays in its place, so that words don't run together.
        kept.append('""')
        kept.extend(f" {part} " for part in map(strip_literals, interpolations(expression[index + 1 : end])))
        index = end + 1
    return "".join(kept)


# --- self-test -----------------------------------------------------------------

# A mistake each: where, what is replaced by what, and what must be found.
MISTAKES = [
    ("a misspelt argument", "modules/trigger/main.tf", "ack_deadline_seconds = 600", "ack_deadline_second = 600",
     "google_pubsub_subscription.push has no argument ack_deadline_second"),
    ("a misspelt argument in a nested block", "modules/trigger/main.tf", "minimum_backoff", "minimal_backoff",
     "google_pubsub_subscription.push.retry_policy has no argument minimal_backoff"),
    ("a misspelt argument in a dynamic block", "modules/journal/main.tf", "retention_period = retention_policy", "period = retention_policy",
     "google_storage_bucket.main.retention_policy has no argument period"),
    ("a misspelt key of an object", "modules/route/main.tf", "status_code = 302\n    }", "status = 302\n    }",
     "cloudflare_page_rule.main.actions.forwarding_url has no argument status"),
    ("a misspelt key inside a for expression", "modules/route/main.tf", "preserve_query_string = true", "keep_query_string = true",
     "action_parameters.from_value has no argument keep_query_string"),
    ("a missing required argument", "modules/watch/main.tf", '  combiner     = "OR"\n', "",
     "google_monitoring_alert_policy.main lacks combiner, which is required"),
    ("a missing required argument of a nested block", "modules/watch/main.tf", '      comparison      = "COMPARISON_GT"\n', "",
     "condition_threshold lacks comparison, which is required"),
    ("a missing required key of an object", "modules/route/main.tf", "url = each.value.url", "",
     "cloudflare_page_rule.main.actions.forwarding_url lacks url, which is required"),
    ("a block written as an attribute", "modules/trigger/main.tf", "retry_policy {", "retry_policy = {",
     "google_pubsub_subscription.push.retry_policy is a block and not an attribute"),
    ("an attribute written as a block", "modules/route/main.tf", "actions = {", "actions {",
     "cloudflare_page_rule.main.actions is an attribute and not a block"),
    ("a block that stands twice", "modules/trigger/main.tf", "  retry_policy {", '  retry_policy {\n    minimum_backoff = "1s"\n  }\n  retry_policy {',
     "google_pubsub_subscription.push.retry_policy may stand only once"),
    ("an attribute that is only exported", "modules/journal/main.tf", "force_destroy ", "self_link = 1\n  force_destroy ",
     "google_storage_bucket.main.self_link is only exported"),
    ("an unknown type of resource", "modules/journal/main.tf", 'resource "google_storage_bucket" "main"', 'resource "google_storage_buckets" "main"',
     "no storage-buckets in"),
    ("a path in ignore_changes that doesn't exist", "modules/standby/main.tf", "template[0].containers[0].image,", "template[0].container[0].image,",
     "ignores template[0].container[0].image, which has no container"),
    ("a misspelt argument on Azure", "modules/azure-virtual-ip/main.tf", "principal_type     = ", "principle_type     = ",
     "azurerm_role_assignment.move has no argument principle_type"),
    ("a resource that isn't there, on Azure", "modules/azure-virtual-ip/outputs.tf", "azurerm_role_definition.move.", "azurerm_role_definition.main.",
     "azurerm_role_definition.main isn't declared"),
    ("an undeclared variable", "modules/journal/main.tf", "var.location", "var.region", "var.region isn't declared"),
    ("an undeclared variable in a template", "modules/trigger/main.tf", "${var.function_uri}", "${var.function_url}", "var.function_url isn't declared"),
    ("an output that a module doesn't have", "main.tf", "module.route.page_rules", "module.route.rules", "module.route has no output rules"),
    ("an attribute that a resource doesn't have", "modules/function/outputs.tf", "google_cloud_run_v2_service.main.uri", "google_cloud_run_v2_service.main.url",
     "google_cloud_run_v2_service has no attribute url"),
    ("a resource that isn't there", "modules/journal/outputs.tf", "google_storage_bucket.main.name", "google_storage_bucket.journal.name",
     "google_storage_bucket.journal isn't declared"),
    ("a module call with an unknown variable", "main.tf", "retention_days      = var", "retention           = var", "module journal has no variable retention"),
    ("a module call without a required variable", "main.tf", "  location            = var.journal_location\n", "", "module journal lacks location, which is required"),
    ("a provider's unknown argument", "providers.tf", "user_project_override", "user_project", "provider google has no argument user_project"),
    ("an authoritative policy", "modules/standby/main.tf", 'resource "google_cloud_run_v2_service_iam_member" "deployer"', 'resource "google_cloud_run_v2_service_iam_binding" "deployer"',
     "is authoritative: it would undo what the function does"),
    ("two shapes of one variable", "variables.tf", "drain             = optional(string)", "drain             = optional(number)", "variable sites has another shape"),
    ("a variable without a description", "modules/journal/variables.tf", '  description = "The bucket\'s name, unique in all of Cloud Storage."\n', "",
     "variable bucket has no description"),
    ("a variable that nothing uses", "modules/journal/variables.tf", 'variable "bucket" {', 'variable "colour" {\n  description = "None."\n  type        = string\n}\n\nvariable "bucket" {',
     "variable colour is never used"),
]


def self_test():
    failures = 0
    for title, file, old, new, expected in MISTAKES:
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / "terraform"
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".terraform"))
            path = copy / file
            text = path.read_text(encoding="utf-8")
            if old not in text:
                print(f"FAIL  {title}: {file} has no {old!r} to replace")
                failures += 1
                continue
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
            try:
                findings = Checker(copy).run()
            except Exception as problem:  # pylint: disable=broad-except
                findings = [f"the check itself broke: {problem!r}"]
            if any(expected in finding for finding in findings):
                print(f"ok    found {title}")
            else:
                failures += 1
                print(f"FAIL  {title} was not found; instead: {findings or 'nothing'}")
    print(f"{len(MISTAKES) - failures} passed, {failures} failed")
    return failures


def main(arguments):
    if arguments == ["--self-test"]:
        return 1 if self_test() else 0
    checker = Checker(Path(arguments[0]).resolve() if arguments else ROOT)
    findings = checker.run()
    for finding in findings:
        print(finding)
    print(f"{checker.arguments_checked} arguments looked at, {len(findings)} mistakes")
    # Nothing looked at is a broken check and no clean configuration.
    return 1 if findings or not checker.arguments_checked else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SchemaError as problem:
        sys.exit(f"check_schema: {problem}")
