"""Runs kubernetes/snapshot/frozen with a kubectl that is a script of ours, and looks at what it was asked for.

What matters: the snapshot is cut while the database is frozen, and the
database is thawed whatever goes wrong, before anything is waited for at length.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "kubernetes/snapshot/frozen"
KUBECTL = """#!/bin/sh
case "$*" in
  *ExternalFreeze*) word=freeze ;;
  *ExternalThaw*) word=thaw ;;
  *create*) word=create; cat > "$CREATED" ;;
  *creationTime*) word=cut ;;
  *readyToUse*) word=ready ;;
  *) word=unknown ;;
esac
echo "$word" >> "$ASKED"
case "$word" in
  "$FAILING") exit "$STATUS" ;;
  freeze | thaw) exit 5 ;;
esac
"""

CASES = [
    # What fails and with which status, what is asked for then, whether all is well.
    ("nothing", 0, "freeze create cut thaw ready", True),
    ("freeze", 3, "freeze thaw", False),
    ("freeze", 1, "freeze thaw", False),
    ("create", 1, "freeze create thaw", False),
    ("cut", 1, "freeze create cut thaw", False),
    ("ready", 1, "freeze create cut thaw ready", False),
    ("thaw", 3, "freeze create cut thaw", False),
    # IRIS says 5 for success, so a plain 0 is something else that answered.
    ("thaw", 0, "freeze create cut thaw", False),
]


def run(failing, status):
    """The calls in order, the object that was created, and whether the script was content."""
    with tempfile.TemporaryDirectory() as directory:
        asked, created = Path(directory) / "asked", Path(directory) / "created"
        kubectl = Path(directory) / "kubectl"
        kubectl.write_text(KUBECTL, encoding="utf-8")
        kubectl.chmod(0o755)
        environment = {
            **os.environ,
            "PATH": f"{directory}:{os.environ['PATH']}",
            "ASKED": str(asked),
            "CREATED": str(created),
            "FAILING": failing,
            "STATUS": str(status),
        }
        done = subprocess.run(["bash", SCRIPT], env=environment, capture_output=True, text=True, check=False)
        return asked.read_text().split(), created.read_text() if created.exists() else "", done


def main():
    passed = failed = 0
    for failing, status, wanted, well in CASES:
        asked, _, done = run(failing, status)
        if asked == wanted.split() and (done.returncode == 0) == well and (well or done.stderr or failing in ("create", "cut", "ready")):
            passed += 1
        else:
            failed += 1
            print(f"FAIL  {failing} {status}: {' '.join(asked)}, ended with {done.returncode}: {done.stderr}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def snapshot():
    """The object that the script creates, for the schemas."""
    return run("nothing", 0)[1]


if __name__ == "__main__":
    sys.exit(main())
