"""Npm's own MJML compiler, and its HTML beside ours as structures: tags, attributes, styles and words."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

HERE = Path(__file__).parent / "npm"
_PART = re.compile(r"<!--\[if ([^\]]*)\]>(.*?)<!\[endif\]-->", re.DOTALL)
#: the seam of two conditional comments, which one compiler closes
_JOINED = re.compile(r"<!\[endif\]-->\s*<!--\[if mso \| IE\]>")
#: what one compiler names anew each time
_RANDOM = re.compile(r"\b[0-9a-f]{16}\b|\b0{7}\d\b")
#: what we take out on purpose, for it is no HTML or says nothing
_MEANT = {("height", "auto"), ("vertical-align", "middle"), ("bgcolor", "transparent")}
#: what one compiler says on the body and the other on the div in it, or on a picture and in the style sheet;
#: and what ours leaves out or adds
_SAID_ELSEWHERE = {"word-spacing:normal", "border:0", "background:transparent", "margin:0 auto"}
#: the hidden preheader's colour, which we change for filters' sake
_HIDDEN = re.compile(r"color:#(?:fff|333){2};display:none")
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link"})


def why_not(package: str = "mjml", program: str = "node") -> str:
    """Why npm's *package* can't be asked by *program*; empty where it can."""
    if not shutil.which(program):
        return f"{program} is not on the PATH"
    if not (modules() / package).is_dir():
        return f"npm's {package} is not installed: npm install --no-package-lock --prefix tests/rendering/npm"
    return ""


def compiled(sources: Sequence[str]) -> list[str | None]:
    """The HTML of each of *sources*; None where the compiler refuses one."""
    done = subprocess.run(
        ["node", str(HERE / "compile.js")],
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NODE_PATH": str(modules())},
    )
    made: list[str | None] = json.loads(done.stdout)
    return made


def modules() -> Path:
    """The folder of npm's packages."""
    return Path(os.environ.get("MJML_NODE_MODULES", HERE / "node_modules")).absolute()


def structure(html: str) -> list[str]:
    """What stands in the body of *html*, a line for each tag and text, also in what only Outlook reads."""
    body = re.sub(r".*?(?=<body)", "", html, count=1, flags=re.DOTALL)
    reader = _Reader()
    for outside, _, inside in zip(*[iter([*_PART.split(_JOINED.sub("", body)), "", ""])] * 3, strict=True):
        reader.feed(f"{outside}<outlook></outlook>{inside}<outlook></outlook>")
    reader.close()
    return reader.lines


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("width", "100%") in attrs:
            # ours says it twice, for litehtml
            attrs = [(name, re.sub(r"\bwidth:100%;?", "", value or "")) for name, value in attrs]
        values = [f'{name}="{given}"' for name, value in sorted(attrs) if (given := _value(name, value or ""))]
        self.lines.append(" ".join([f"<{tag}", *values]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self.lines.append(f"</{tag}")

    def handle_data(self, data: str) -> None:
        words = re.sub(r"\s+", " ", data)
        if words.strip():
            self.lines.append(words.strip())


def _value(name: str, value: str) -> str:
    value = _RANDOM.sub("*", value)
    if name == "class":
        return " ".join(sorted(value.split()))
    if name == "style":
        parts = {" ".join(part.split()).replace(": ", ":", 1) for part in value.split(";") if part.strip()}
        return _HIDDEN.sub("display:none", ";".join(sorted(parts - _SAID_ELSEWHERE)))
    return "" if (name, value) in _MEANT else " ".join(value.split())
