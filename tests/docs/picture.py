"""Draws docs/drill.svg: what the drill prints on a terminal, in its colours. The drill is run for it.

    python tests/docs/picture.py target/debug/failover
"""

import html
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS, LINE, WIDTH = 80, 18, 8.4
# A terminal's eight old colours, as they are legible on a dark ground.
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff"}
GROUND, INK, FAINT = "#0d1117", "#e6edf3", "#8b949e"


def printed(binary):
    """All that a terminal of so many columns is sent."""
    terminal, child = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    subprocess.run(["stty", "cols", str(COLUMNS), "rows", "50"], stdin=child, check=True)
    drill = subprocess.Popen([binary, "drill"], stdin=child, stdout=child, stderr=child, env=environment)
    os.close(child)
    sent = b""
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # so Linux says that nobody writes any more
            break
        if not read:
            break
        sent += read
    if drill.wait():
        raise SystemExit(f"the drill ended with {drill.returncode}")
    return sent.decode()


def lines(text):
    """The lines as they stand in the end: what is drawn again in place counts once."""
    for line in text.replace("\r\n", "\n").split("\n"):
        yield re.split(r"\r|\x1b\[\d?K", line)[-1]


def pieces(line):
    """Runs of equal style."""
    style = set()
    for codes, text in re.findall(r"(\x1b\[[\d;]*m)?([^\x1b]*)", line):
        if codes:
            codes = set(re.findall(r"[1-9]\d*", codes))
            style = style | codes if codes else set()
        if text:
            yield frozenset(style), text


def drawn(line, row):
    spans, column = [], 0
    for style, text in pieces(line):
        fill = next((COLOURS[code] for code in style if code in COLOURS), FAINT if "2" in style else INK)
        bold = ' font-weight="bold"' if "1" in style else ""
        # Wider gaps are columns, and are kept by their place.
        for words in re.finditer(r"\S+(?: \S+)*", text):
            x = 16 + (column + words.start()) * WIDTH
            spans.append(f'<tspan x="{x:.1f}" fill="{fill}"{bold}>{html.escape(words[0], quote=False)}</tspan>')
        column += len(text)
    return f'<text y="{24 + row * LINE}">{"".join(spans)}</text>' if spans else ""


def main():
    story = [line.rstrip() for line in lines(printed(sys.argv[1]))]
    first = next(at for at, line in enumerate(story) if "The power fails" in line)
    # The first chapter: what comes after it is of the same kind, and a picture is small.
    last = next(at for at, line in enumerate(story) if at > first and "The power is back" in line)
    story = "\n".join(story[first:last]).rstrip().split("\n")
    height = 24 + len(story) * LINE
    rows = "\n".join(filter(None, (drawn(line, row) for row, line in enumerate(story))))
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {32 + COLUMNS * WIDTH:.0f} {height}" font-size="14" '
        f'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" role="img">\n'
        f"<title>The drill: the power fails, and the standby serves</title>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>\n{rows}\n</svg>\n'
    )
    (ROOT / "docs/drill.svg").write_text(picture, encoding="utf-8")
    print(f"docs/drill.svg: {len(story)} lines, {len(picture)} bytes")


if __name__ == "__main__":
    main()
