"""Google's discovery documents, as google-api-python-client brings them: every answer is held against its schema."""

import json

import googleapiclient.discovery_cache as bundled
from googleapiclient.discovery import build_from_document
from google.oauth2.credentials import Credentials

from clouds import play

TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "object": dict, "array": list}


class Checked:
    """An interface whose answers may carry nothing that its document doesn't name, and no null."""

    def __init__(self, clouds, name, version, endpoint):
        self.document = json.loads(bundled.get_static_doc(name, version))
        self.document["rootUrl"] = clouds.endpoints[endpoint] + "/"
        self.api = build_from_document(json.dumps(self.document), credentials=Credentials(clouds.token()))

    def ask(self, request, schema):
        answer = request.execute()
        self.check(answer, {"$ref": schema}, schema)
        return answer

    def check(self, value, schema, place):
        assert value is not None, f"{place} is null"
        schema = self.document["schemas"][schema["$ref"]] if "$ref" in schema else schema
        kind = schema.get("type", "any")
        assert kind == "any" or isinstance(value, TYPES[kind]), f"{place} is no {kind}: {value!r}"
        if "enum" in schema:
            assert value in schema["enum"], f"{place}: {value!r} is none of its names"
        if kind == "array":
            for index, item in enumerate(value):
                self.check(item, schema["items"], f"{place}[{index}]")
        elif kind == "object" and "properties" in schema:
            for name, item in value.items():
                assert name in schema["properties"], f"{place} has no field {name}"
                self.check(item, schema["properties"][name], f"{place}.{name}")


def run(clouds):
    """Cloud Run, v2."""
    run = Checked(clouds, "run", "v2", "run")
    services = run.api.projects().locations().services()
    prefix = "GoogleCloudRunV2"
    run.ask(services.get(name=clouds.service), prefix + "Service")
    run.ask(services.list(parent=clouds.service.split("/services/")[0], pageSize=1), prefix + "ListServicesResponse")
    run.ask(services.revisions().list(parent=clouds.service), prefix + "ListRevisionsResponse")
    policy = run.ask(
        services.getIamPolicy(resource=clouds.service, options_requestedPolicyVersion=3), "GoogleIamV1Policy"
    )
    policy["bindings"].append({"role": "roles/run.viewer", "members": ["user:bob@gleich.tech"]})
    run.ask(services.setIamPolicy(resource=clouds.service, body={"policy": policy}), "GoogleIamV1Policy")
    change = services.patch(name=clouds.service, updateMask="invokerIamDisabled", body={"invokerIamDisabled": True})
    begun = run.ask(change, "GoogleLongrunningOperation")
    operations = run.api.projects().locations().operations()
    assert run.ask(operations.wait(name=begun["name"], body={}), "GoogleLongrunningOperation")["done"]


def monitoring(clouds):
    """Cloud Monitoring, v3."""
    monitoring = Checked(clouds, "monitoring", "v3", "monitoring")
    project = "/".join(clouds.check.split("/")[:2])
    checks = monitoring.api.projects().uptimeCheckConfigs()
    monitoring.ask(checks.get(name=clouds.check), "UptimeCheckConfig")
    monitoring.ask(checks.list(parent=project), "ListUptimeCheckConfigsResponse")
    paused = checks.patch(name=clouds.check, updateMask="disabled", body={"disabled": True})
    assert monitoring.ask(paused, "UptimeCheckConfig")["disabled"]
    monitoring.ask(monitoring.api.projects().alertPolicies().list(name=project), "ListAlertPoliciesResponse")
    monitoring.ask(monitoring.api.projects().alerts().list(parent=project), "ListAlertsResponse")


def storage(clouds):
    """Cloud Storage, v1."""
    from googleapiclient.http import MediaInMemoryUpload

    storage = Checked(clouds, "storage", "v1", "storage")
    objects = storage.api.objects()
    for name, resumable in [("clients/one", False), ("clients/more", True)]:
        media = MediaInMemoryUpload(b"some text", mimetype="text/plain", resumable=resumable)
        upload = objects.insert(bucket=clouds.bucket, name=name, media_body=media, ifGenerationMatch="0")
        storage.ask(upload, "Object")
    storage.ask(objects.list(bucket=clouds.bucket, prefix="clients/"), "Objects")
    storage.ask(storage.api.buckets().get(bucket=clouds.bucket), "Bucket")
    assert objects.get_media(bucket=clouds.bucket, object="clients/one").execute() == b"some text"


def pubsub(clouds):
    """Pub/Sub, v1."""
    pubsub = Checked(clouds, "pubsub", "v1", "pubsub")
    projects = pubsub.api.projects()
    project = clouds.config["push"]["alerts"][0].split("/subscriptions/")[0]
    pubsub.ask(projects.subscriptions().list(project=project), "ListSubscriptionsResponse")
    topics = pubsub.ask(projects.topics().list(project=project), "ListTopicsResponse")["topics"]
    message = {"messages": [{"data": "e30="}]}
    pubsub.ask(projects.topics().publish(topic=topics[0]["name"], body=message), "PublishResponse")


play(run, monitoring, storage, pubsub)
