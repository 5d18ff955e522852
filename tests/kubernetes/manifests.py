"""Reads manifests and says what is wrong with them, without a cluster.

Kubernetes' own kinds are checked against its published schemas (the package
kubernetes-validate has them, offline) of the oldest and the newest version
that we speak of; unknown fields count. Kinds of Longhorn and of the snapshot
controller, which no such schema knows, are checked against ours in
kubernetes/schemas; a kind that has neither is a mistake.
"""

import json
import subprocess
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

ROOT = Path(__file__).resolve().parents[2] / "kubernetes"
VERSIONS = ["1.31", "1.37"]
UNKNOWN = "neither Kubernetes nor kubernetes/schemas knows this kind"
OWN = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted((ROOT / "schemas").glob("*.json"))}


def render(directory):
    """What `kubectl apply -k` would send."""
    done = subprocess.run(["kubectl", "kustomize", str(directory)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"kubectl kustomize {directory}: {done.stderr}")
    return done.stdout


def documents(text):
    """The objects in a file."""
    return [document for document in yaml.safe_load_all(text) if document]


def problem(document):
    """What is wrong with an object, or None."""
    missing = {"apiVersion", "kind", "metadata"} - document.keys()
    if missing:
        return f"no {', '.join(sorted(missing))}"
    if document["kind"] in OWN:
        return own_problem(document)
    for version in VERSIONS:
        found = kubernetes_problem(document, version)
        if found:
            return found
    return None


def own_problem(document):
    """What our schema says. `kubernetes-validate` only warns where it has none, and this is what it may warn about."""
    kind = document["kind"]
    if any(kubernetes_problem(document, version) != UNKNOWN for version in VERSIONS):
        return f"{kind}: Kubernetes has a schema of its own for it, so ours has to go"
    return first(jsonschema.Draft202012Validator(OWN[kind]).iter_errors(document))


def kubernetes_problem(document, version):
    """What Kubernetes' schema of this version says, unknown fields included."""
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return UNKNOWN
    except kubernetes_validate.ValidationError as error:
        return f"{error.message} (Kubernetes {version})"
    return None


def first(errors):
    """The first complaint as a sentence, or None."""
    for error in errors:
        return f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
    return None
