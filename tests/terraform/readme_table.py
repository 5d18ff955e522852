"""Keeps the table of variables in terraform/README.md what variables.tf says.

    readme_table.py            says whether it is; exit status 1 if not
    readme_table.py --write    writes it
"""

import re
import sys
from pathlib import Path

import hcl2

from check_schema import bare, body

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
BEGIN, END = "<!-- variables: begin -->\n", "<!-- variables: end -->\n"


def default(variable):
    if "default" not in variable:
        return ""
    value = variable["default"]
    if value is None or value == "null":
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (dict, list)) and not value:
        return "none"
    return f"`{bare(str(value))}`"


def table():
    parsed = hcl2.loads((TERRAFORM / "variables.tf").read_text(encoding="utf-8"))
    rows = ["| variable | what | default |", "|---|---|---|"]
    for entry in parsed["variable"]:
        for name, variable in body(entry).items():
            described = bare(body(variable)["description"]).replace('\\"', '"').replace("|", "\\|")
            rows.append(f"| `{bare(name)}` | {described} | {default(body(variable))} |")
    return "\n".join(rows) + "\n"


def main(arguments):
    readme = TERRAFORM / "README.md"
    text = readme.read_text(encoding="utf-8")
    wanted = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: BEGIN + table() + END, text, flags=re.S)
    if BEGIN not in text:
        print("terraform/README.md has no place for the table of variables")
        return 1
    if arguments == ["--write"]:
        readme.write_text(wanted, encoding="utf-8")
    elif wanted != text:
        print("the table in terraform/README.md isn't variables.tf any more: python tests/terraform/readme_table.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
