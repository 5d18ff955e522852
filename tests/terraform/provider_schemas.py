"""The providers' own schemas, read from their CDKTF packages.

Terraform learns what a resource accepts from the provider's program, which it
downloads. The npm packages of CDKTF were generated from those same schemas, so
they tell the same without a download from a Terraform registry: the TypeScript
source inside each module's source map names every argument with its
`computed`, `optional` and `required`, its type, and what it nests.

Used by check_schema.py and schema_provider.py. Reads files, writes none.
"""

import base64
import json
import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

# Pinned: the checks below read the layout of exactly these. google 6.50.0 is
# the lower bound of what versions.tf allows; cloudflare 5.14.0 and azurerm
# 4.55.0 lie inside.
PACKAGES = {
    "google": ("@cdktf/provider-google", "16.12.1"),
    "cloudflare": ("@cdktf/provider-cloudflare", "13.9.1"),
    "azurerm": ("@cdktf/provider-azurerm", "14.23.1"),
    "time": ("@cdktf/provider-time", "11.0.1"),
}

# The google and azurerm providers' nested structures are HCL blocks. The
# cloudflare provider's (since 5.0) are attributes that hold an object.
NESTS_IN_BLOCKS = {"google": True, "cloudflare": False, "azurerm": True, "time": True}

# Arguments that a provider marks write-only: they are sent and never stored.
# The packages don't carry the mark; the suffix is both providers' convention.
WRITE_ONLY_SUFFIX = "_wo"


class SchemaError(Exception):
    """A resource that the provider doesn't have, or a package that is missing."""


@dataclass
class Argument:
    name: str
    computed: bool
    optional: bool
    required: bool
    # "string", "number", "bool", "any", ["list", T], ["set", T], ["map", T];
    # for a nested structure the shape is in `nested` and `nesting`.
    type: object = None
    nested: "Structure | None" = None
    # "single", "list", "set" or "map": how often the nested structure occurs.
    nesting: str = ""
    is_block: bool = False

    @property
    def settable(self):
        return self.optional or self.required

    @property
    def write_only(self):
        return self.name.endswith(WRITE_ONLY_SUFFIX)


@dataclass
class Structure:
    arguments: dict = field(default_factory=dict)


def cache_directory():
    """Where the packages are unpacked; never inside the repository."""
    given = os.environ.get("CLOUD_FAILOVER_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cloud-failover"


def package_directory(provider):
    _, version = PACKAGES[provider]
    return cache_directory() / f"cdktf-{provider}-{version}" / "package"


_CLASS = re.compile(
    r"^export class (\w+) extends cdktf\.(\w+) \{$(.*?)^\}$", re.M | re.S
)
_ARGUMENT = re.compile(
    r"^  // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$"
    r"(.*?)(?=^  // \w+ - computed: |^  // =========$|\Z)",
    re.M | re.S,
)
_NESTED = re.compile(r"= new ([\w.]+)\(this, \"\w+\"(?:, (true|false))?\)")
_GETTER = re.compile(r"return (cdktf\.Fn\.tolist\(|cdktf\.Token\.asNumberList\(cdktf\.Fn\.tolist\()?this\.(\w+)\('")

_PRIMITIVES = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getNumberMapAttribute": ["map", "number"],
    "getBooleanMapAttribute": ["map", "bool"],
    "getAnyMapAttribute": ["map", "string"],
    "interpolationForAttribute": "any",
}
_MAPS = {
    "cdktf.StringMap": ["map", "string"],
    "cdktf.NumberMap": ["map", "number"],
    "cdktf.BooleanMap": ["map", "bool"],
    "cdktf.AnyMap": ["map", "string"],
    "cdktf.StringMapList": ["list", ["map", "string"]],
}


def _source(path):
    text = path.read_text(encoding="utf-8")
    mapping = re.search(r"sourceMappingURL=data:application/json;base64,(\S+)", text)
    if not mapping:
        raise SchemaError(f"{path.name} carries no source map: another version of the package?")
    return json.loads(base64.b64decode(mapping.group(1)))["sourcesContent"][0]


class _Module:
    """One generated module: a resource, its nested structures, and their arguments."""

    def __init__(self, provider, folder):
        path = package_directory(provider) / "lib" / folder / "index.js"
        if not path.exists():
            raise SchemaError(f"no {folder} in {PACKAGES[provider][0]}")
        self.blocks = NESTS_IN_BLOCKS[provider]
        self.classes = {}
        self.root = None
        source = _source(path)
        for name, parent, body in _CLASS.findall(source):
            self.classes[name] = body
            if parent in ("TerraformResource", "TerraformDataSource", "TerraformProvider"):
                self.root = name
        if self.root is None:
            raise SchemaError(f"{folder}: no resource class found")
        if parent_type := re.search(r'tfResourceType = "(\w+)"', source):
            self.type_name = parent_type.group(1)
        else:
            raise SchemaError(f"{folder}: no resource type found")

    @lru_cache(maxsize=None)
    def structure(self, class_name):
        structure = Structure()
        body = self.classes[class_name]
        for name, computed, optional, required, text in _ARGUMENT.findall(body):
            argument = Argument(name, computed == "true", optional == "true", required == "true")
            self._shape(argument, text)
            structure.arguments[name] = argument
        return structure

    def _shape(self, argument, text):
        nested = _NESTED.search(text)
        if nested and nested.group(1) in _MAPS:
            argument.type = _MAPS[nested.group(1)]
            return
        if nested:
            class_name, wraps_set = nested.groups()
            if class_name.endswith("OutputReference"):
                argument.nesting = "single"
            elif class_name.endswith("Map"):
                argument.nesting = "map"
                class_name = class_name[: -len("Map")] + "OutputReference"
            else:
                argument.nesting = "set" if wraps_set == "true" else "list"
                class_name = class_name[: -len("List")] + "OutputReference"
            argument.nested = self.structure(class_name)
            # A computed structure never stands in a configuration as a block.
            argument.is_block = self.blocks and not argument.computed
            return
        getter = _GETTER.search(text)
        if not getter or getter.group(2) not in _PRIMITIVES:
            # The provider's own configuration has plain properties, no getters.
            argument.type = "any"
            return
        argument.type = _PRIMITIVES[getter.group(2)]
        if getter.group(1) and isinstance(argument.type, list):
            argument.type = ["set", argument.type[1]]


def provider_of(type_name):
    provider = type_name.split("_", 1)[0]
    if provider not in PACKAGES:
        raise SchemaError(f"no provider known for {type_name}")
    return provider


@lru_cache(maxsize=None)
def _load(type_name, data):
    provider = provider_of(type_name)
    if not package_directory(provider).exists():
        package, version = PACKAGES[provider]
        raise SchemaError(f"{package}@{version} is not unpacked under {cache_directory()}")
    folder = type_name.split("_", 1)[1].replace("_", "-")
    if data:
        folder = f"data-{provider}-{folder}"
    module = _Module(provider, folder)
    if module.type_name != type_name:
        raise SchemaError(f"{folder} describes {module.type_name}, not {type_name}")
    return module.structure(module.root)


def resource(type_name):
    """What `resource "type_name"` accepts and exports."""
    return _load(type_name, False)


def data_source(type_name):
    """What `data "type_name"` accepts and exports."""
    return _load(type_name, True)


@lru_cache(maxsize=None)
def provider_configuration(provider):
    """The arguments of `provider "…" {}` with their types; None for a block."""
    source = _source(package_directory(provider) / "lib" / "provider" / "index.js")
    body = source.split("synthesizeHclAttributes()", 1)[1]
    types = {
        "string": "string",
        "number": "number",
        "boolean": "bool",
        "stringList": ["list", "string"],
        "stringMap": ["map", "string"],
    }
    entries = re.findall(
        r"^      (\w+): \{\n.*?isBlock: (true|false),.*?storageClassType: \"(\w+)\"", body, re.M | re.S
    )
    if not entries:
        raise SchemaError(f"no provider arguments found for {provider}")
    return {name: None if is_block == "true" else types[kind] for name, is_block, kind in entries}
