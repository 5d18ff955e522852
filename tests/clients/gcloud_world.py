"""What `gcloud` talks to when the script of `failover init --as gcloud` is tried out: the parts of Google's interfaces, and of
Cloudflare's, in which things are made, and a site. It keeps what it is given, answers 404 to what isn't there and 409 to what
is, and refuses a grant to an account, a role or a thing that nobody made.

Cloud Run's addresses have the region before the host, which no loopback name resolves to; so it is gcloud's proxy as well.
"""

import base64
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PROJECT, NUMBER = "home-lab", "415104041262"
ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
TOKEN = "the-function's-token"
READ_TOKEN = "the-page's-token"
SITE = b"<html><title>My \"home\" lab</title></html>"
# Made by Google when they are first asked for.
AGENTS = {"gcp-sa-pubsub": "services/pubsub", "gcp-sa-monitoring-notification": "channels"}
# By which query parameter or key of the body a new thing is named, in each collection.
NAMED_BY = {
    "serviceAccounts": "accountId",
    "roles": "roleId",
    "b": "name",
    "repositories": "repositoryId",
    "secrets": "secretId",
    "jobs": "name",
    "metrics": "name",
}
# Those that the service names itself.
NUMBERED = {"uptimeCheckConfigs", "notificationChannels", "alertPolicies"}


class Refused(Exception):
    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


class World:
    def __init__(self):
        self.lock, self.calls = threading.Lock(), []
        self.things, self.policies, self.secrets, self.sums, self.agents, self.rules = {}, {}, {}, {}, set(), None
        self.writes = 0

    def answer(self, method, service, path, query, body, token):
        with self.lock:
            if service == "cloudflare":
                return self.cloudflare(method, path, body, token)
            answer = getattr(self, f"ask_{service}", self.ask)(method, path, query, body)
            return 200, answer

    # What most interfaces have in common.
    def ask(self, method, path, query, body):
        if (verb := re.search(r":(\w+)$", path)) and hasattr(self, verb[1]):
            return getattr(self, verb[1])(path[: verb.start()], query, body)
        if method == "GET":
            return self.get(path)
        if method == "POST":
            return self.create(path, query, body)
        if method in ("PATCH", "PUT"):
            return self.update(path, query, body, makes=method == "PUT" and not self.things.get(path))
        raise Refused(405, f"{method} {path} is unknown here")

    def get(self, path):
        if path in self.things:
            return self.things[path]
        collection = path.rsplit("/", 1)[-1]
        if collection in NUMBERED or collection in NAMED_BY or collection in ("services", "topics", "subscriptions"):
            key = {"b": "items", "services": "items", "serviceAccounts": "accounts"}.get(collection, collection)
            within = [thing for name, thing in self.things.items() if name.rsplit("/", 1)[0] == path]
            return {key: within} if within else {}
        raise Refused(404, f"{path} was not found")

    def create(self, path, query, body):
        collection = path.rsplit("/", 1)[-1]
        if collection in NUMBERED:
            name = f"{path}/{len(self.things) + 1000}"
        elif collection in NAMED_BY:
            key = NAMED_BY[collection]
            name = (query.get(key) or [body.get(key)])[0].rsplit("/", 1)[-1]
            name = f"{path}/{name}"
        else:
            raise Refused(404, f"nothing is made at {path}")
        if collection == "notificationChannels" and body["type"] == "pubsub":
            self.exists("pubsub/v1/" + body["labels"]["topic"])
            self.agents.add("gcp-sa-monitoring-notification")
        return self.make(name, body.get("role") or body.get("serviceAccount") or body)

    def make(self, name, body):
        if name in self.things:
            raise Refused(409, f"{name} exists already")
        if "/serviceAccounts/" in name:
            email = f"{name.rsplit('/', 1)[1]}@{PROJECT}.iam.gserviceaccount.com"
            name = f"{name.rsplit('/', 1)[0]}/{email}"
            if name in self.things:
                raise Refused(409, f"{name} exists already")
            body = body | {"email": email}
        self.writes += 1
        short = re.sub(r"^\w+/v\d\w*/", "", name)
        # Buckets and metrics are called by their last word alone.
        is_plain = "/b/" in name or "/metrics/" in name
        self.things[name] = body | {"name": name.rsplit("/", 1)[1] if is_plain else short}
        return self.things[name]

    def update(self, path, query, body, makes):
        if makes:
            return self.make(path, body)
        self.exists(path)
        changed = self.things[path] | body
        self.writes += changed != self.things[path]
        self.things[path] = changed
        return changed

    def exists(self, name):
        if name not in self.things:
            raise Refused(404, f"{name} was not found")

    def getIamPolicy(self, path, query, body):
        if path != f"cloudresourcemanager/v1/projects/{PROJECT}":
            # One half of Cloud Run's interface says namespace, the other project and location.
            self.exists(re.sub(r"^run/v1/projects/([^/]+)/locations/[^/]+/", r"run/apis/serving.knative.dev/v1/namespaces/\1/", path))
        return self.policies.get(path, {"etag": "ACAB", "version": 1})

    def setIamPolicy(self, path, query, body):
        policy = body["policy"]
        for binding in policy.get("bindings", []):
            self.grantable(binding)
        before = self.policies.get(path, {"etag": "ACAB", "version": 1})
        if policy.get("etag", before["etag"]) != before["etag"]:
            raise Refused(409, "the policy was changed meanwhile")
        grants = {(each["role"], member) for each in policy.get("bindings", []) for member in each["members"]}
        known = {(each["role"], member) for each in before.get("bindings", []) for member in each["members"]}
        self.writes += grants != known
        self.policies[path] = policy | {"etag": before["etag"] if grants == known else base64.b64encode(str(self.writes).encode()).decode()}
        return self.policies[path]

    def grantable(self, binding):
        role = binding["role"]
        if role.startswith("projects/"):
            self.exists(f"iam/v1/{role}")
        for member in binding["members"]:
            kind, _, email = member.partition(":")
            if member == "allUsers":
                continue
            agent = re.match(rf"service-{NUMBER}@([\w-]+)\.iam", email)
            account = f"iam/v1/projects/{PROJECT}/serviceAccounts/{email}"
            if kind != "serviceAccount" or not (agent and agent[1] in self.agents or account in self.things):
                raise Refused(400, f"{member} does not exist")

    def queryTestablePermissions(self, path, query, body):
        return {"permissions": []}

    # Each interface's own.
    def ask_serviceusage(self, method, path, query, body):
        done = {"name": "operations/done", "done": True, "response": {}}
        if path.endswith(":batchEnable") or path.endswith(":enable"):
            return done
        if path.endswith(":generateServiceIdentity"):
            self.agents.add("gcp-sa-pubsub")
            email = f"service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
            return done | {"response": {"email": email, "uniqueId": "1"}}
        if "operations/" in path:
            return done
        if path.endswith("/services"):
            return {"services": []}
        return {"name": path.split("/", 2)[2], "state": "ENABLED"}

    def ask_cloudresourcemanager(self, method, path, query, body):
        if method == "GET" and path.endswith("v1/projects"):
            return {"projects": [{"projectId": PROJECT}, {"projectId": "office"}]}
        if method == "GET" and path.endswith(f"projects/{PROJECT}"):
            return {"projectId": PROJECT, "projectNumber": NUMBER, "lifecycleState": "ACTIVE"}
        return self.ask(method, path.replace("/v3/", "/v1/"), query, body)

    def ask_cloudbilling(self, method, path, query, body):
        return {"billingEnabled": True}

    def ask_iam(self, method, path, query, body):
        # A project's accounts are found by "-" as well.
        return self.ask(method, path.replace("projects/-/", f"projects/{PROJECT}/"), query, body)

    def ask_storage(self, method, path, query, body):
        if path.endswith("/iam"):
            bucket = path.removesuffix("/iam")
            if method == "GET":
                return self.getIamPolicy(bucket, query, body)
            return self.setIamPolicy(bucket, query, {"policy": body})
        return self.ask(method, path, query, body)

    def ask_artifactregistry(self, method, path, query, body):
        answer = self.ask(method, path, query, body)
        return answer if method == "GET" else {"name": path.split("/", 2)[2].rsplit("/", 1)[0] + "/operations/1", "done": True, "response": answer}

    def ask_secretmanager(self, method, path, query, body):
        if (found := re.search(r"^(.*)/versions(?:/(\w+)(:access)?)?$|^(.*):addVersion$", path)) is None:
            return self.ask(method, path, query, body)
        secret = found[1] or found[4]
        self.exists(secret)
        short = re.sub(r"^\w+/v\d\w*/", "", secret)
        versions = self.secrets.setdefault(secret.rsplit("/", 1)[1], [])
        if found[4]:
            self.writes += 1
            versions.append(base64.b64decode(body["payload"]["data"]).decode())
            self.sums[versions[-1]] = body["payload"]["dataCrc32c"]
            return {"name": f"{short}/versions/{len(versions)}", "state": "ENABLED", "clientSpecifiedPayloadChecksum": True}
        every = [{"name": f"{short}/versions/{at}", "state": "ENABLED"} for at in range(len(versions), 0, -1)]
        if found[2] is None:
            return {"versions": every} if every else {}
        at = len(versions) if found[2] == "latest" else int(found[2])
        if not 0 < at <= len(versions):
            raise Refused(404, f"{path} was not found")
        if found[3]:
            data = base64.b64encode(versions[at - 1].encode()).decode()
            return {"name": f"{short}/versions/{at}", "payload": {"data": data, "dataCrc32c": self.sums[versions[at - 1]]}}
        return every[-at]

    def ask_run(self, method, path, query, body):
        if path.endswith("/locations"):
            return {"locations": [{"locationId": "us-central1", "name": f"projects/{PROJECT}/locations/us-central1"}]}
        if "/revisions" in path or "/configurations" in path or "/routes" in path:
            return {"items": []}
        if method == "POST" and path.endswith("/services"):
            return self.served(self.make(f"{path}/{body['metadata']['name']}", body), path)
        if method == "PUT":
            return self.served(self.update(path, query, body, False), path.rsplit("/", 1)[0])
        return self.ask(method, path, query, body)

    def served(self, service, path):
        """Ready at once; it has its URL, and names nothing that isn't there."""
        meta = service["metadata"]
        spec = service["spec"]["template"]["spec"]
        self.exists(f"iam/v1/projects/{PROJECT}/serviceAccounts/{spec['serviceAccountName']}")
        for name in re.findall(r"failover(?:-page)?-(?:cloudflare-token|cloudflare-read-token|page-key|configuration)", json.dumps(spec)):
            if not self.secrets.get(name):
                raise Refused(400, f"secret {name} has no version")
        meta["generation"] = meta.get("generation", 0) + 1
        meta["selfLink"] = f"/apis/serving.knative.dev/v1/namespaces/{PROJECT}/services/{meta['name']}"
        ready = [{"type": kind, "status": "True"} for kind in ("Ready", "ConfigurationsReady", "RoutesReady")]
        revision = f"{meta['name']}-{meta['generation']:05}"
        service["status"] = {
            "observedGeneration": meta["generation"],
            "conditions": ready,
            "latestReadyRevisionName": revision,
            "latestCreatedRevisionName": revision,
            "url": f"https://{meta['name']}-abcdefghij-uc.a.run.app",
            "traffic": [{"revisionName": revision, "percent": 100, "latestRevision": True}],
        }
        return service

    def cloudflare(self, method, path, body, token):
        good = {"success": True, "errors": [], "messages": []}
        if token not in (f"Bearer {TOKEN}", f"Bearer {READ_TOKEN}") or (method != "GET" and token != f"Bearer {TOKEN}"):
            return 403, {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}
        rulesets = f"cloudflare/zones/{ZONE}/rulesets"
        if method == "GET" and path == "cloudflare/zones":
            return 200, good | {"result": [{"id": ZONE, "name": "example"}]}
        if method == "GET" and path.rsplit("/", 1)[-1] in ("dns_records", "pagerules", "routes"):
            return 200, good | {"result": []}
        if method == "GET" and path == f"{rulesets}/phases/http_request_dynamic_redirect/entrypoint":
            if self.rules is None:
                return 404, {"success": False, "errors": [{"code": 10003, "message": "could not find entrypoint ruleset"}]}
            return 200, good | {"result": {"id": "9a78", "rules": self.rules}}
        if method == "POST" and path == rulesets and self.rules is None:
            self.rules = body["rules"]
        elif method == "POST" and path == f"{rulesets}/9a78/rules" and self.rules is not None:
            self.rules.append(body)
        else:
            return 404, {"success": False, "errors": [{"code": 7003, "message": "No route for that URI"}]}
        self.writes += 1
        return 200, good | {"result": {"id": "9a78", "rules": self.rules}}


class Door(BaseHTTPRequestHandler):
    world = None

    def serve(self):
        url = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = re.sub(r"/+", "/", unquote(url.path)).strip("/")
        if path == "site":
            return self.send(200, SITE, "text/html")
        body = json.loads(raw) if raw.strip().startswith((b"{", b"[")) else {}
        try:
            status, answer = self.world.answer(self.command, path.split("/")[0], path, parse_qs(url.query), body, self.headers.get("Authorization"))
        except Refused as refused:
            name = {404: "NOT_FOUND", 409: "ALREADY_EXISTS"}.get(refused.status, "INVALID_ARGUMENT")
            status, answer = refused.status, {"error": {"code": refused.status, "message": str(refused), "status": name}}
        self.world.calls.append(f"{self.command} {status} {unquote(self.path)}")
        self.send(status, json.dumps(answer).encode(), "application/json")

    def send(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def log_message(self, *_):
        pass


def start():
    """The world, and where it is."""
    Door.world = World()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return Door.world, f"http://127.0.0.1:{server.server_port}"
