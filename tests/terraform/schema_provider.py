"""Stands in for the google, cloudflare, azurerm and time providers, offline.

Terraform asks a provider's program for its schemas and lets it carry changes
out. This answers with the schemas of provider_schemas.py, and keeps what is
"made" in memory. So `terraform validate`, `plan` and `apply` run for real on
the whole configuration: types, references, cycles, for_each over what isn't
known yet, and what a plan proposes after the function has moved something.

What it can't know, because the schemas don't tell: a provider's own checks of
values, and which changes replace a resource.
"""

import hashlib
import json
import os
import re
import sys
from concurrent import futures
from pathlib import Path

import grpc
import msgpack

import provider_schemas

# The .proto is compiled in memory; grpc looks for it on the import path.
sys.path.insert(0, str(Path(__file__).parent))
messages, services = grpc.protos_and_services("plugin.proto")

NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}

# cty's encoding of a value that isn't known yet.
UNKNOWN = msgpack.ExtType(0, b"\x00")


def decode(value):
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def encode(value):
    return messages.DynamicValue(msgpack=msgpack.packb(value, use_bin_type=True))


def is_unknown(value):
    return isinstance(value, msgpack.ExtType)


# --- schemas, as the protocol wants them ------------------------------------


def cty_type(argument):
    if argument.nested is None:
        return "string" if argument.type == "any" else argument.type
    element = ["object", {name: cty_type(a) for name, a in argument.nested.arguments.items()}]
    return element if argument.nesting == "single" else [argument.nesting, element]


def attribute_message(argument):
    message = messages.Schema.Attribute(
        name=argument.name,
        required=argument.required,
        optional=argument.optional,
        # Inside a computed structure the packages call required ones computed too.
        computed=argument.computed and not argument.required,
        write_only=argument.write_only and "version" not in argument.name,
    )
    if argument.nested is not None and argument.settable:
        message.nested_type.nesting = NESTING[argument.nesting]
        message.nested_type.attributes.extend(attribute_message(a) for a in argument.nested.arguments.values())
    else:
        message.type = json.dumps(cty_type(argument)).encode()
    return message


def block_message(structure):
    block = messages.Schema.Block()
    for argument in structure.arguments.values():
        if not argument.is_block:
            block.attributes.append(attribute_message(argument))
            continue
        nested = messages.Schema.NestedBlock(type_name=argument.name, block=block_message(argument.nested))
        if argument.name == "timeouts":
            nested.nesting = NESTING["single"]
        elif argument.nesting == "single":
            nested.nesting = NESTING["list"]
            nested.max_items = 1
        else:
            nested.nesting = NESTING[argument.nesting]
        if argument.required and nested.nesting != NESTING["single"]:
            nested.min_items = 1
        block.block_types.append(nested)
    return block


def provider_message(provider):
    block = messages.Schema.Block()
    for name, type_ in provider_schemas.provider_configuration(provider).items():
        if type_ is None:
            # What they hold isn't looked into: azurerm's `features {}` has to
            # stand there, and stands there empty.
            block.block_types.append(
                messages.Schema.NestedBlock(type_name=name, block=messages.Schema.Block(), nesting=NESTING["list"])
            )
        elif name != "alias":
            block.attributes.append(
                messages.Schema.Attribute(name=name, type=json.dumps(type_).encode(), optional=True)
            )
    return messages.Schema(block=block)


# --- values ------------------------------------------------------------------


def each_nested(argument, value):
    """The nested objects inside a value of `argument`, whatever its nesting."""
    if value is None or is_unknown(value):
        return []
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    if argument.nesting == "map":
        return [item for item in value.values() if isinstance(item, dict)]
    return [value]


def mark_unknown(structure, planned):
    """What the provider will choose is unknown until it has chosen."""
    for argument in structure.arguments.values():
        value = planned.get(argument.name)
        if argument.write_only and "version" not in argument.name:
            planned[argument.name] = None
        elif argument.computed and value is None:
            planned[argument.name] = UNKNOWN
        elif argument.nested is not None:
            for nested in each_nested(argument, value):
                mark_unknown(argument.nested, nested)


def made_up(type_, seed):
    if type_ in ("string", "any"):
        return seed
    if type_ == "number":
        return 1
    if type_ == "bool":
        return False
    if type_[0] in ("list", "set"):
        return []
    if type_[0] == "map":
        return {}
    return {name: made_up(t, f"{seed}-{name}") for name, t in type_[1].items()}


def make(structure, value, seed):
    """Chooses what was unknown."""
    for argument in structure.arguments.values():
        current = value.get(argument.name)
        if is_unknown(current):
            value[argument.name] = made_up(cty_type(argument), f"{seed}-{argument.name}")
        elif argument.nested is not None:
            for index, nested in enumerate(each_nested(argument, current)):
                make(argument.nested, nested, f"{seed}-{argument.name}-{index}")


PROJECT_NUMBER = "365415247865"
SUBSCRIPTION = "6f7a1c1e-2d3b-4c5d-8e9f-0a1b2c3d4e5f"

# What Resource Manager calls the types whose names others are built from.
AZURE_TYPES = {
    "azurerm_network_interface": "Microsoft.Network/networkInterfaces",
    "azurerm_public_ip": "Microsoft.Network/publicIPAddresses",
    "azurerm_subnet": "Microsoft.Network/subnets",
    "azurerm_user_assigned_identity": "Microsoft.ManagedIdentity/userAssignedIdentities",
}


def as_the_provider_names_it(type_name, value, seed):
    """Identifiers in the form that the real provider gives them, where a
    configuration is built from them."""
    digest = hashlib.sha256(seed.encode()).hexdigest()
    project = value.get("project") or "gleich-tech"
    if type_name == "google_service_account":
        value["email"] = f"{value['account_id']}@{project}.iam.gserviceaccount.com"
        value["member"] = f"serviceAccount:{value['email']}"
        value["name"] = f"projects/{project}/serviceAccounts/{value['email']}"
    elif type_name == "google_cloud_run_v2_service":
        value["uri"] = f"https://{value['name']}-{digest[:10]}-uc.a.run.app"
    elif type_name == "google_pubsub_topic":
        value["id"] = f"projects/{project}/topics/{value['name']}"
    elif type_name == "google_monitoring_uptime_check_config":
        slug = re.sub(r"[^a-z0-9]+", "-", value["display_name"].lower())
        value["name"] = f"projects/{project}/uptimeCheckConfigs/{slug}-{digest[:6]}"
        value["uptime_check_id"] = value["name"].rsplit("/", 1)[1]
    elif type_name == "google_project_iam_custom_role":
        value["name"] = f"projects/{project}/roles/{value['role_id']}"
    elif type_name == "google_artifact_registry_repository":
        value["name"] = value["repository_id"]
    elif type_name in ("google_monitoring_notification_channel", "google_monitoring_alert_policy"):
        kind = "notificationChannels" if "channel" in type_name else "alertPolicies"
        value["name"] = value["id"] = f"projects/{project}/{kind}/{int(digest[:12], 16)}"
    elif type_name == "google_secret_manager_secret":
        value["id"] = f"projects/{project}/secrets/{value['secret_id']}"
    elif type_name == "google_secret_manager_secret_version":
        value["version"] = "1"
    elif type_name.startswith("cloudflare_"):
        value["id"] = digest[:32]
    elif type_name in AZURE_TYPES:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{value['resource_group_name']}"
        value["id"] = f"{group}/providers/{AZURE_TYPES[type_name]}/{value['name']}"


# What can't be changed in place, where a check depends on it.
MADE_ANEW_FOR = {"google_secret_manager_secret_version": ["secret_data_wo_version"]}


def attribute_path(name):
    return messages.AttributePath(steps=[messages.AttributePath.Step(attribute_name=name)])


class SchemaProvider:
    """One provider, serving on a loopback port until `close`."""

    def __init__(self, provider, resources, data_sources):
        self.provider = provider
        self.resources = {name: provider_schemas.resource(name) for name in resources}
        self.data_sources = {name: provider_schemas.data_source(name) for name in data_sources}
        # What exists, by a marker that each object carries in its `id`. Tests
        # change values in here, as somebody else would change the real thing.
        self.objects = {}
        # What a thing that is made for the first time fails with, by its type and name. It is there all the same, as a service is whose
        # first revision never became ready.
        self.failing = {}
        self._server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=16),
            options=[("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)],
        )
        services.add_ProviderServicer_to_server(_Servicer(self), self._server)
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def close(self):
        self._server.stop(grace=None)

    def reattach(self):
        return {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "tcp", "String": f"127.0.0.1:{self._port}"},
        }

    def of_type(self, type_name):
        return [value for (kind, _), value in self.objects.items() if kind == type_name]


class _Servicer(services.ProviderServicer):
    def __init__(self, owner):
        self._owner = owner

    def GetProviderSchema(self, request, context):
        response = messages.GetProviderSchema.Response(provider=provider_message(self._owner.provider))
        for name, structure in self._owner.resources.items():
            response.resource_schemas[name].block.CopyFrom(block_message(structure))
        for name, structure in self._owner.data_sources.items():
            response.data_source_schemas[name].block.CopyFrom(block_message(structure))
        return response

    def ValidateProviderConfig(self, request, context):
        return messages.Validate.ProviderResponse()

    def ValidateResourceConfig(self, request, context):
        given = decode(request.config)
        if request.type_name == "google_secret_manager_secret_version" and not (given["secret_data"] or given["secret_data_wo"]):
            diagnostic = messages.Diagnostic(severity=1, summary="one of secret_data, secret_data_wo must be specified")
            return messages.Validate.Response(diagnostics=[diagnostic])
        return messages.Validate.Response()

    def ValidateDataResourceConfig(self, request, context):
        return messages.Validate.Response()

    ConfigureProvider = ValidateDataResourceConfig

    def StopProvider(self, request, context):
        return messages.Stopped()

    def UpgradeResourceState(self, request, context):
        value = json.loads(request.raw_state.json)
        return messages.UpgradeResourceState.Response(upgraded_state=encode(value))

    def ReadResource(self, request, context):
        current = decode(request.current_state)
        value = self._owner.objects.get((request.type_name, current["id"])) if current else None
        return messages.ReadResource.Response(new_state=encode(value))

    def PlanResourceChange(self, request, context):
        proposed, prior = decode(request.proposed_new_state), decode(request.prior_state)
        replaced = [name for name in MADE_ANEW_FOR.get(request.type_name, []) if prior and proposed and prior[name] != proposed[name]]
        if proposed is not None:
            mark_unknown(self._owner.resources[request.type_name], proposed)
        return messages.PlanResourceChange.Response(
            planned_state=encode(proposed), requires_replace=[attribute_path(name) for name in replaced]
        )

    def ApplyResourceChange(self, request, context):
        prior, value = decode(request.prior_state), decode(request.planned_state)
        if value is None:
            # A word of the provider's own, which it keeps beside what it made.
            if prior.get("deletion_protection"):
                kept = messages.Diagnostic(severity=1, summary="cannot destroy service without setting deletion_protection=false and running `terraform apply`")
                return messages.ApplyResourceChange.Response(new_state=encode(prior), diagnostics=[kept])
            self._owner.objects.pop((request.type_name, prior["id"]), None)
            return messages.ApplyResourceChange.Response(new_state=encode(None))
        # The same object gets the same identifiers on every run.
        known = {key: item for key, item in value.items() if isinstance(item, (str, int)) or key == "triggers"}
        seed = request.type_name + "-" + hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:12]
        chosen = not prior
        make(self._owner.resources[request.type_name], value, seed)
        if chosen:
            as_the_provider_names_it(request.type_name, value, seed)
        self._owner.objects[(request.type_name, value["id"])] = value
        if chosen and (why := self._owner.failing.pop((request.type_name, value.get("name")), None)):
            return messages.ApplyResourceChange.Response(new_state=encode(value), diagnostics=[messages.Diagnostic(severity=1, summary=why)])
        return messages.ApplyResourceChange.Response(new_state=encode(value))

    def ReadDataSource(self, request, context):
        value = decode(request.config)
        mark_unknown(self._owner.data_sources[request.type_name], value)
        make(self._owner.data_sources[request.type_name], value, request.type_name)
        if request.type_name == "google_project":
            value["number"] = PROJECT_NUMBER
        return messages.ReadDataSource.Response(state=encode(value))


def environment(providers):
    """What makes Terraform use these instead of looking for programs."""
    names = {"google": "hashicorp/google", "cloudflare": "cloudflare/cloudflare", "azurerm": "hashicorp/azurerm", "time": "hashicorp/time"}
    return {
        "TF_REATTACH_PROVIDERS": json.dumps({names[p.provider]: p.reattach() for p in providers}),
        "TF_CLI_CONFIG_FILE": os.devnull,
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
    }
