"""Checks kubernetes/ as it would reach a cluster, and that the checks would find a mistake.

    python tests/kubernetes/check.py              the manifests
    python tests/kubernetes/check.py --self-test  each field of each kind, misspelt, must be found

Beside the schemas it looks at what the manifests are for: one replica that
waits for its volume, given up quickly on a lost node, never in the way of a
drain, and no secret in the tree.
"""

import copy
import subprocess
import sys
import tempfile
from pathlib import Path

import frozen
from manifests import ROOT, documents, problem, render

OVERLAYS = ["iris", "web"]
# What the operator makes, or the cluster has.
MADE_ELSEWHERE = {("Secret", "iris-password"), ("Secret", "iris-licence")}
# The comments in an overlay that say how to have more, and which overlays have them.
CHOICES = {
    "After a restore": ["iris", "web"],
    "With a load balancer's address": ["iris", "web"],
    "With a licence key": ["iris"],
}
# Maps whose keys are names of our own, which no schema can know.
FREE = {"labels", "annotations", "matchLabels", "data", "selector", "parameters", "limits", "requests"}

passed, failed = 0, 0


def check(what, holds, why=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAIL  {what}{': ' + why if why else ''}")


def everything():
    """All that is applied by hand or by kustomize, by where it comes from."""
    found = {"longhorn": documents(render(ROOT / "longhorn"))}
    for overlay in OVERLAYS:
        found[overlay] = documents(render(ROOT / "overlays" / overlay))
        for choice, overlays in CHOICES.items():
            if overlay in overlays:
                found[f"{overlay}, {choice}"] = chosen(overlay, choice)
    for file in ["snapshot/snapshot.yaml", "components/scale-access/token.yaml"]:
        found[file] = documents((ROOT / file).read_text(encoding="utf-8"))
    found["snapshot/frozen"] = documents(frozen.snapshot())
    return found


def chosen(overlay, choice):
    """The overlay as it is after the line about this choice in it was followed."""
    with tempfile.TemporaryDirectory() as directory:
        copied = Path(directory) / "kubernetes"
        subprocess.run(["cp", "-r", ROOT, copied], check=True)
        file = copied / "overlays" / overlay / "kustomization.yaml"
        before = file.read_text(encoding="utf-8")
        after = before.replace(f"  # {choice}: - ", "  - ")
        check(f"{overlay} says how: {choice}", before != after)
        file.write_text(after, encoding="utf-8")
        return documents(render(file.parent))


def only(objects, kind, name=None):
    chosen = [one for one in objects if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    check(f"there is one {kind} {name or ''}", len(chosen) == 1, f"{len(chosen)}")
    return chosen[0]


def check_primary(overlay, objects):
    deployment = only(objects, "Deployment")["spec"]
    pod = deployment["template"]["spec"]
    container = pod["containers"][0]
    check(f"{overlay}: no replicas, which makes one and leaves a scaled one alone", "replicas" not in deployment)
    check(f"{overlay}: the old pod lets go first", deployment["strategy"] == {"type": "Recreate"})
    check(f"{overlay}: one container", len(pod["containers"]) == 1)
    check(f"{overlay}: somebody reaps", pod.get("shareProcessNamespace") is True)
    given_up = {one["key"]: one["tolerationSeconds"] for one in pod["tolerations"] if one["effect"] == "NoExecute"}
    wanted = {"node.kubernetes.io/unreachable": 30, "node.kubernetes.io/not-ready": 30}
    check(f"{overlay}: a lost node's pod is given up after 30 s", given_up == wanted, str(given_up))
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"]:
        check(f"{overlay}: {probe}", probe in container)
    for one in pod["containers"] + pod["initContainers"]:
        check(f"{overlay}: {one['name']} has a version", ":" in one["image"] and "latest" not in one["image"], one["image"])
        check(f"{overlay}: {one['name']} has a limit", "memory" in one["resources"]["limits"])
        check(f"{overlay}: {one['name']} may nothing", one["securityContext"]["capabilities"] == {"drop": ["ALL"]})
    budget = only(objects, "PodDisruptionBudget")["spec"]
    check(f"{overlay}: drains aren't blocked", budget["maxUnavailable"] == 1 and "minAvailable" not in budget)
    labels = deployment["template"]["metadata"]["labels"]
    for kind, selector in [
        ("Service", only(objects, "Service")["spec"]["selector"]),
        ("PodDisruptionBudget", budget["selector"]["matchLabels"]),
        ("Deployment", deployment["selector"]["matchLabels"]),
    ]:
        check(f"{overlay}: the {kind} selects the pod", selector.items() <= labels.items() and selector, str(selector))
    ports = {port["name"] for port in container["ports"]}
    targets = {port["targetPort"] for port in only(objects, "Service")["spec"]["ports"]}
    check(f"{overlay}: the Service's ports are the container's", ports == targets, f"{ports} {targets}")


def check_network(overlay, objects):
    """Whoever comes in comes by the Service's ports, and where a load balancer has it, not the whole world may."""
    policy = only(objects, "NetworkPolicy")["spec"]
    service = only(objects, "Service")["spec"]
    open_ports = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
    check(f"{overlay}: only the Service's ports are open", open_ports == {port["targetPort"] for port in service["ports"]})
    labels = only(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    check(f"{overlay}: the policy is the pod's", policy["podSelector"]["matchLabels"].items() <= labels.items())
    if service["type"] == "LoadBalancer":
        check(f"{overlay}: who may come in is named", bool(service["loadBalancerSourceRanges"]))


def check_references(overlay, objects):
    """What a pod or a claim refers to is there, in the same namespace."""
    there = {(one["kind"], one["metadata"]["name"]) for one in objects} | MADE_ELSEWHERE
    pod = only(objects, "Deployment")["spec"]["template"]["spec"]
    for volume in pod["volumes"]:
        for key, kind, name in [
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
        ]:
            if key in volume:
                check(f"{overlay}: {kind} {volume[key][name]} is there", (kind, volume[key][name]) in there)
    mounted = {mount["name"] for one in pod["containers"] + pod["initContainers"] for mount in one["volumeMounts"]}
    check(f"{overlay}: every volume is mounted", mounted == {volume["name"] for volume in pod["volumes"]})
    for one in objects:
        spaced = one["metadata"].get("namespace")
        bare = one["kind"] == "Namespace"
        check(f"{overlay}: {one['kind']} is in its namespace", spaced == (None if bare else overlay), str(spaced))
        if one["kind"] == "PersistentVolumeClaim":
            check(f"{overlay}: a class of ours", one["spec"].get("storageClassName") == "longhorn-primary")


def check_access(overlay, objects):
    """Exactly what the switch `kubernetes_scale` asks for: one deployment, read and scaled."""
    rules = only(objects, "Role")["rules"]
    granted = sorted(
        (group, resource, name, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule["resourceNames"]
        for verb in rule["verbs"]
    )
    wanted = [("apps", "deployments", "primary", "get"), ("apps", "deployments/scale", "primary", "patch")]
    check(f"{overlay}: the function may read and scale one deployment", granted == wanted, str(granted))


def check_merge(objects):
    """The init container puts the Secret's line where IRIS looks for it, and refuses a Secret without one."""
    pod = only(objects, "Deployment")["spec"]["template"]["spec"]
    script = pod["initContainers"][0]["command"][-1]
    merge = next(one for one in objects if one["kind"] == "ConfigMap")["data"]["merge.cpf"]
    for line, accepted in [("PasswordHash=of,nobody,10000,SHA512", True), ("", False)]:
        with tempfile.TemporaryDirectory() as directory:
            for name, text in [("configuration/merge.cpf", merge), ("password/startup.cpf", line + "\n")]:
                file = Path(directory) / name
                file.parent.mkdir()
                file.write_text(text, encoding="utf-8")
            (Path(directory) / "merge").mkdir()
            here = script
            for place in ["password", "configuration", "merge"]:
                here = here.replace(f"/{place}/", f"{directory}/{place}/")
            status = subprocess.run(["sh", "-euc", here], check=False).returncode
            merged = (Path(directory) / "merge/merge.cpf").read_text(encoding="utf-8")
        check(f"iris: {line or 'no hash'}", (status == 0) == accepted)
        if accepted:
            check("iris: the hash is in [Startup]", merged.startswith(f"[Startup]\n{line}\n"), merged)
            check("iris: the rest stays", merged.replace(line + "\n", "") == merge, merged)


def check_all():
    found = everything()
    for where, objects in found.items():
        for one in objects:
            wrong = problem(one)
            check(f"{where}: {one['kind']} {one['metadata']['name']}", wrong is None, wrong or "")
            secret = one["kind"] == "Secret" and ({"data", "stringData"} & one.keys())
            check(f"{where}: no secret in the tree", not secret)
    for overlay in OVERLAYS:
        for objects in [one for where, one in found.items() if where.split(",")[0] == overlay]:
            check_network(overlay, objects)
            check_primary(overlay, objects)
            check_references(overlay, objects)
            check_access(overlay, objects)
    check_merge(found["iris"])


def misspellings(node, path=()):
    """Every key whose name a schema decides, as a path to it."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield path + (key,)
            if key not in FREE:
                yield from misspellings(value, path + (key,))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from misspellings(value, path + (index,))


def misspelt(document, path):
    """A copy whose key at `path` has its last letter twice."""
    planted = copy.deepcopy(document)
    node = planted
    for step in path[:-1]:
        node = node[step]
    node[path[-1] + path[-1][-1]] = node.pop(path[-1])
    return planted


def self_test():
    kinds, tried = set(), set()
    for where, objects in everything().items():
        for one in objects:
            kinds.add(one["kind"])
            for path in misspellings(one):
                # A field is tried once, however many pods, ports and overlays have it.
                name = "/".join("*" if isinstance(step, int) else step for step in path)
                if (one["kind"], name) in tried:
                    continue
                tried.add((one["kind"], name))
                check(f"{where}: {one['kind']} {name} misspelt", problem(misspelt(one, path)) is not None, "is overlooked")
    unknown = {"apiVersion": "longhorn.io/v1beta2", "kind": "Engine", "metadata": {"name": "e"}}
    check("a kind that nobody knows", problem(unknown) is not None, "is overlooked")
    print(f"{len(kinds)} kinds: {', '.join(sorted(kinds))}")


if __name__ == "__main__":
    self_test() if "--self-test" in sys.argv[1:] else check_all()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
