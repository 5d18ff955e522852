"""Every command that the documents show is there, with each of its options: `failover` as it is built here, the recipes of
`just`, the scripts under .ci, and what cargo is told to test or to run.

    python tests/docs/commands.py [BINARY]
"""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/failover"


def pages():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True)
    # What was once is told in the past tense.
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists() and name != "CHANGELOG.md"]


def shown(text):
    """What stands in code, one command each: no comments, no output of programs."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.S | re.M)
    lines = [line for language, block in fences if language in ("", "sh") for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"(?<!`)`([^`]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M).replace("\n", " "))
    for line in lines:
        for command in re.split(r"\s*(?:&&|\|\||[|;])\s*", re.sub(r"(^|\s)#.*", "", line)):
            # A variable may be set before it.
            words = re.sub(r"^(?:\w+=\S*\s+)+", "", command.strip()).split()
            if len(words) > 1:
                yield words


@functools.cache
def help_of(binary, *words):
    done = subprocess.run([binary, *words, "--help"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def of_failover(binary, words):
    if not re.fullmatch(r"[a-z]+", words[1]):
        return None
    told = help_of(binary, words[1])
    if told is None:
        return f"there is no failover {words[1]}"
    # Its values, quoted or not, are nobody's options.
    options = [re.split(r"[=\]]", word.lstrip("["))[0] for word in words[2:] if re.match(r"\[?--\w", word)]
    lacking = [option for option in options if not re.search(rf"{option}\b", told + help_of(binary))]
    return f"failover {words[1]} has no {', '.join(lacking)}" if lacking else None


def of_just(words):
    recipes = re.findall(r"^([a-z]+)[ \w=\"*]*:", (ROOT / "justfile").read_text(encoding="utf-8"), flags=re.M)
    return None if words[1] in recipes else f"just has no recipe {words[1]}"


def of_cargo(words):
    for option, is_there in {
        "--test": lambda name: any((ROOT / "tests" / place).exists() for place in (name, f"{name}.rs")) or list(ROOT.glob(f"*/core/tests/{name}.rs")),
        "-p": lambda name: f'name = "{name}"' in "".join(file.read_text(encoding="utf-8") for file in ROOT.glob("**/Cargo.toml") if "target" not in file.parts),
    }.items():
        for name in [words[at + 1] for at, word in enumerate(words[:-1]) if word == option]:
            if not is_there(name):
                return f"cargo finds no {name}"
    return None


def problem(binary, words):
    """What is wrong with a command, if anything is."""
    program = words[1] if words[0] in ("bash", "python") else words[0]
    if words[0] == "failover" and binary:
        return of_failover(binary, words)
    if words[0] == "just":
        return of_just(words)
    if words[0] == "cargo":
        return of_cargo(words)
    if re.match(r"(\.ci|tests|release|examples|kubernetes)/[\w/.-]+$", program) and not (ROOT / program).exists():
        return f"{program} isn't there"
    return None


def main(binary):
    looked, problems = 0, []
    for page in pages():
        for words in shown(page.read_text(encoding="utf-8")):
            looked += words[0] in ("failover", "just", "cargo", "bash")
            if told := problem(binary, words):
                problems.append(f"{page.relative_to(ROOT)}: {told}: {' '.join(words)}")
    # Counter-check: what isn't there is found.
    for words in ["just nothing", "cargo test --test nothing", "bash .ci/nothing"] + ["failover nothing", "failover send --nothing"] * bool(binary):
        if not problem(binary, words.split()):
            problems.append(f"{words} is taken for a command")
    told = "" if binary else "; no failover is built here, so its own were left out"
    print("\n".join([*problems, f"{looked} commands looked at, {len(problems)} that aren't there{told}"]))
    return 1 if problems or looked < 50 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else str(BUILT) if BUILT.exists() else None))
