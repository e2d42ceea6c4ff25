"""How far our reading of feeds agrees with what feedparser and gofeed expect of their own fixtures.

`python -m benchmarks.agreement FOLDER… [--quick] [--json] [--list]`, each FOLDER a checkout of kurtmckee/feedparser or
mmcdole/gofeed. The fixtures are theirs and not part of this project. Compared is what we keep of an entry; what is
marked up there is compared as plain text. With --list each disagreement is told.
"""

import argparse
import ast
import calendar
import html
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import _tables
from benchmarks._tables import Row
from newsletter.stories.reading import dates, encodings, jsonfeeds, people, plain, xmlfeeds
from newsletter.stories.reading.entries import Raw
from newsletter.stories.reading.plain import Form, Written

_URL = "http://127.0.0.1:8097/feed.xml"
_QUICK = 300
#: what feedparser calls them
_NAMES = {
    "title": "title",
    "link": "link",
    "id": "id",
    "guid": "id",
    "author": "author",
    "summary": "summary",
    "description": "summary",
    "published_parsed": "date",
    "updated_parsed": "date",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a fixture says of one field of one entry."""

    fixture: Path
    at: int
    field: str
    value: Any


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.agreement", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    for flag in ("--quick", "--json", "--markdown", "--list"):
        parser.add_argument(flag, action="store_true")
    chosen = parser.parse_args(arguments)
    if not chosen.folders:
        print("agreement: name a checkout of kurtmckee/feedparser or mmcdole/gofeed to compare with its fixtures")
        return
    rows = [row for folder in chosen.folders for row in _rows(folder, quick=chosen.quick, tell=chosen.list)]
    _tables.show("agreement with the fixtures of other readers", rows, form=_tables.form_of(arguments))


def _rows(folder: Path, *, quick: bool, tell: bool) -> Iterator[Row]:
    compared: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    files = sorted((*folder.rglob("*.xml"), *folder.rglob("*.json")))
    for expected in (one for file in files[: _QUICK if quick else None] for one in _expectations(file)):
        ours = _ours(expected)
        compared[expected.field] += 1
        agreed[expected.field] += _same(expected, ours)
        if tell and not _same(expected, ours):
            name = expected.fixture.relative_to(folder)
            print(f"{name}: {expected.field} is {ours!r} here, {expected.value!r} there", file=sys.stderr)
    for field in sorted(compared):
        share = agreed[field] / compared[field]
        yield Row(field, folder.name, 100 * share, "%", note=f"{agreed[field]} of {compared[field]}")


def _expectations(file: Path) -> Iterator[Expected]:
    answer = file.with_suffix(".json")
    if file.suffix == ".xml" and answer.exists():
        yield from _of_gofeed(file, answer)
    elif file.suffix == ".xml" and (said := re.search(rb"Expect:\s+(.*)", file.read_bytes())):
        yield from _of_feedparser(file, said[1].decode("utf-8", "replace"))


def _of_feedparser(file: Path, said: str) -> Iterator[Expected]:
    """The comparisons in an expression such as "not bozo and entries[0]['title'] == 'x'"."""
    try:
        tree = ast.parse(said.strip(), mode="eval")
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
            asked = re.fullmatch(r"entries\[(\d+)\]\['(\w+)'\](?:\[0\]\['value'\])?", ast.unparse(node.left))
            if asked and (asked[2] in _NAMES or asked[2] == "content"):
                yield from _literal(file, int(asked[1]), _NAMES.get(asked[2], "content"), node.comparators[0])


def _literal(file: Path, at: int, field: str, node: ast.expr) -> Iterator[Expected]:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return
    if field == "date":
        value = datetime.fromtimestamp(calendar.timegm(value), UTC)
    yield Expected(file, at, field, value)


def _of_gofeed(file: Path, answer: Path) -> Iterator[Expected]:
    said = json.loads(answer.read_text("utf-8"))
    for at, entry in enumerate(said.get("items") or said.get("entries") or ()):
        for field, value in _fields(entry):
            if value:
                yield Expected(file, at, field, value)


def _fields(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "title", entry.get("title")
    yield "link", entry.get("link")
    identity = entry.get("guid") or entry.get("id")
    yield "id", identity.get("value") if isinstance(identity, dict) else identity
    moment = entry.get("publishedParsed") or entry.get("pubDateParsed") or entry.get("updatedParsed")
    yield "date", moment and dates.read(moment)
    yield "author", ", ".join(one["name"] for one in entry.get("authors") or () if one.get("name"))
    yield "summary", entry.get("description") or entry.get("summary")
    content = entry.get("content")
    yield "content", content.get("value") if isinstance(content, dict) else content


def _ours(expected: Expected) -> Any:
    body = expected.fixture.read_bytes()
    header = re.search(rb"Header:\s+Content-type:\s*(.*)", body, re.IGNORECASE)
    text = encodings.text(body, header[1].decode("latin-1") if header else "")
    read = jsonfeeds.read if text.lstrip().startswith("{") else xmlfeeds.read
    raws = read(text, url=_URL, most=1_000).raws
    return _of_raw(raws[expected.at], expected.field) if expected.at < len(raws) else None


def _of_raw(raw: Raw, field: str) -> Any:
    content = raw.content or raw.summary
    summary = raw.summary or raw.content
    return {
        "title": _plain(raw.title),
        "link": raw.links[0] if raw.links else "",
        "id": raw.id,
        "date": raw.published,
        "author": raw.author,
        "summary": _plain(summary),
        "content": _plain(content),
    }[field]


def _same(expected: Expected, ours: Any) -> bool:
    value = expected.value
    if expected.field in {"title", "summary", "content"}:
        # what they call markup may be words to us, and the other way round
        return ours in {
            _plain(Written(said, form)) for said in (str(value), html.unescape(str(value))) for form in Form
        }
    if expected.field == "author":
        return bool(people.name(str(value)) == ours)
    if expected.field == "date" and ours is not None:
        return bool(value is not None and abs((value - ours).total_seconds()) < 1)
    return bool(value == ours)


def _plain(written: Written) -> str:
    return " ".join(plain.paragraphs(written, 20_000).split())


if __name__ == "__main__":
    main(sys.argv[1:])
