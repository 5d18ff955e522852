"""Every piece of configuration that the documents show is valid, within the whole one of docs/configuration.md.

    python tests/docs/configurations.py [BINARY]
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/failover"


def blocks(page):
    return re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def whole(block, full):
    """The block in a configuration that has what it doesn't say."""
    above, site = full[: full.index("[[sites]]")], full[full.index("[[sites]]") :]
    if block.startswith("journal"):
        return block
    if block.startswith("[[sites]]"):
        return above + block
    if block.startswith("[[sites.switches]]"):
        # It routes in the place of the others, or is one more beside them.
        return above + site + block if "kubernetes_scale" in block else above + site[: site.index("[[sites.switches]]")] + block
    return above + block + site


def validate(binary, text):
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([binary, "validate", file.name], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stdout + done.stderr


def main(binary):
    if not binary:
        print("no failover is built here, so no configuration was looked at")
        return 0
    [full] = blocks(ROOT / "docs/configuration.md")
    shown = [(page, block) for page in sorted((ROOT / "docs").glob("*.md")) for block in blocks(page)]
    problems = [f"{page.relative_to(ROOT)}:\n{told}" for page, block in shown if (told := validate(binary, whole(block, full)))]
    # Counter-check: a misspelt key is found.
    if not validate(binary, full.replace("public_url", "pubic_url")):
        problems.append("a misspelt key is valid")
    print("\n".join([*problems, f"{len(shown)} configurations looked at, {len(problems)} that aren't valid"]))
    return 1 if problems or len(shown) < 5 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else str(BUILT) if BUILT.exists() else None))
