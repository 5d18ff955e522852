"""Every link between the documents leads somewhere, its heading included; every page is in the index, and says first whom it
is for.

    python tests/docs/links.py
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def headings(path):
    """A page's anchors, as GitHub makes them."""
    found = set()
    for line in without_code(path.read_text(encoding="utf-8")).splitlines():
        if heading := re.match(r"#+ (.*)", line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).replace("`", "").strip().lower()
            found.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return found


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)


def dead(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            yield f"{page.relative_to(ROOT)}: {link} leads nowhere"
        elif anchor and target.suffix == ".md" and anchor not in headings(target):
            yield f"{page.relative_to(ROOT)}: {link} names no heading"


def main():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True)
    pages = [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]
    problems = [problem for page in pages for problem in dead(page)]
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    problems += [f"docs/README.md doesn't name {page.name}" for page in pages if page.parent.name == "docs" and f"({page.name})" not in index and page.name != "README.md"]
    problems += [f"{page.relative_to(ROOT)} doesn't begin with whom it is for" for page in pages if page.parent.name == "docs" and page.name != "README.md" and not re.match(r"# .*\n\nFor ", page.read_text(encoding="utf-8"))]
    print("\n".join(problems + [f"{len(pages)} pages looked at, {len(problems)} problems"]))
    return 1 if problems or len(pages) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
