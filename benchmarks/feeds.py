"""What reading feeds costs: `python -m benchmarks.feeds [--quick] [--json] [--against REVISION]`.

Feeds of 4.6 MB, read by this build and by an older one that take turns, each in a process of its own; and a million
dates in the forms that feeds use, beside dateparser. Figures are processor's time.
"""

import argparse
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import _builds, _tables
from benchmarks._builds import Build
from benchmarks._tables import Row
from newsletter.stories.reading import dates

#: the last build that read feeds with feedparser
BEFORE = "d71cd44"
#: what a feed may take of the time that build took
GOAL = 1.5

_MEGABYTES = 4.6
_ENTRIES = (500, 1_900)
#: run by each build in a process of its own; says seconds of processor's time for each round
_READ = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from newsletter.stories.reading import feeds
body = Path(sys.argv[1]).read_bytes()
now = datetime(2021, 11, 27, tzinfo=UTC)
read = lambda body: feeds.parse(body, url="https://feed.example/feed", content_type="", now=now)
read(b"<rss><channel><item><title>x</title><link>https://feed.example/</link></item></channel></rss>")
began = time.process_time()
assert len(read(body).entries) > 400
print(time.process_time() - began)
"""
_WORDS = "A grocer opened <b>a shop</b> without a till in the old harbour, said Ann &amp;amp; Bob of the Post. "
_DAYS = range(1, 29)
_FORMS = {
    "RFC 5322": [f"Fri, {day:02} Nov 2021 09:00:{s:02} +0100" for day in _DAYS for s in range(60)],
    "RFC 3339": [f"2021-11-{day:02}T09:00:{s:02}Z" for day in _DAYS for s in range(60)],
    "numbers": [f"{day}.11.2021, 09:{m:02}" for day in _DAYS for m in range(60)],
    "other languages": [
        *(f"Fr, {day:02} Dez 2020 09:00:{s:02} +0100" for day in _DAYS for s in range(60)),
        *(f"{day} décembre 2020 à 9h{m}" for day in _DAYS for m in range(10, 60)),
        *(f"{day} ноября 2021 г., 09:{m}" for day in _DAYS for m in range(10, 60)),
    ],
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.feeds", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--against", default=BEFORE, metavar="REVISION")
    chosen = parser.parse_args(arguments)
    rows = [
        *_of_feeds(chosen.against, rounds=1 if chosen.quick else 5),
        *_of_dates(count=5_000 if chosen.quick else 1_000_000, guessed=20 if chosen.quick else 300),
    ]
    _tables.show("reading feeds", rows, form=_tables.form_of(arguments))


def _of_feeds(against: str, *, rounds: int) -> Iterator[Row]:
    with TemporaryDirectory() as folder, _builds.builds(against) as builds:
        for name, body in _feeds():
            file = Path(folder) / "feed"
            file.write_bytes(body)
            taken: dict[str, list[float]] = {build.name: [] for build in builds}
            for _ in range(rounds):
                for build in builds:
                    taken[build.name].append(_seconds(build, file))
            yield from _compared(f"{name}, {len(body) / 1e6:.1f} MB", taken)


def _compared(setting: str, taken: dict[str, list[float]]) -> Iterator[Row]:
    (before, first), *others = ((name, median(seconds)) for name, seconds in taken.items())
    yield Row(before, setting, first * 1000, "ms")
    for name, figure in others:
        yield Row(name, setting, figure * 1000, "ms", figure / first, f"of {before}; the goal is at most {GOAL}")


def _seconds(build: Build, file: Path) -> float:
    said = subprocess.run(
        [sys.executable, "-c", _READ, str(file)], cwd=build.tree, check=True, capture_output=True, text=True
    )
    return float(said.stdout)


def _feeds() -> Iterator[tuple[str, bytes]]:
    for entries in _ENTRIES:
        size = int(_MEGABYTES * 1e6 / entries) - 300
        text = f"<p>{_WORDS}</p>" * (size // (len(_WORDS) + 7))
        yield f"RSS, {entries} entries", _rss(entries, text)
    yield "RSS with one broken entry, 500 entries", _rss(499, text * 3, "<item><title>x<link>/x</item>")
    yield "Atom, 500 entries", _atom(500, text * 3)
    yield "JSON Feed, 500 entries", _json(500, text * 3)


def _rss(entries: int, text: str, more: str = "") -> bytes:
    items = (
        f"<item><title>Story {n}</title><link>https://feed.example/{n}?utm_source=rss</link><guid>{n}</guid>"
        f"<pubDate>Fri, 26 Nov 2021 09:{n % 60:02}:00 +0000</pubDate><dc:creator>Ann</dc:creator>"
        f'<content:encoded><![CDATA[<img src="/{n}.jpg">{text}]]></content:encoded></item>'
        for n in range(entries)
    )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Post</title><link>https://feed.example/</link>'
        f"{''.join(items)}{more}{more and '<item><title>last</title><link>/last</link></item>'}</channel></rss>"
    ).encode()


def _atom(entries: int, text: str) -> bytes:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    items = (
        f'<entry><id>{n}</id><title>Story {n}</title><link href="/{n}"/>'
        f"<updated>2021-11-26T09:{n % 60:02}:00Z</updated>"
        f'<content type="html">{escaped}</content></entry>'
        for n in range(entries)
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Post</title>{"".join(items)}</feed>'.encode()


def _json(entries: int, text: str) -> bytes:
    items = [
        {"id": str(n), "url": f"https://feed.example/{n}", "title": f"Story {n}", "content_html": text,
         "date_published": f"2021-11-26T09:{n % 60:02}:00Z"}
        for n in range(entries)
    ]  # fmt: skip
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()


def _of_dates(*, count: int, guessed: int) -> Iterator[Row]:
    for form, written in _FORMS.items():
        own = _microseconds(dates.read, written, count)
        yield Row("dates", f"{form}, {count:,}", own, "µs each")
        if other := _dateparser():
            taken = _microseconds(other, written[:: len(written) // 40], guessed)
            yield Row("dateparser", f"{form}, {guessed:,}", taken, "µs each", taken / own, "times what ours take")


def _microseconds(read: Callable[[str], object], written: Sequence[str], count: int) -> float:
    for one in written:
        assert read(one) is not None, one
    began = time.process_time()
    for at in range(count):
        read(written[at % len(written)])
    return (time.process_time() - began) / count * 1e6


def _dateparser() -> Callable[[str], object] | None:
    """dateparser's own way, as it comes; None where it is not installed."""
    try:
        import dateparser  # type: ignore[import-untyped]
    except ImportError:
        return None
    warnings.simplefilter("ignore")
    return dateparser.parse  # type: ignore[no-any-return]


if __name__ == "__main__":
    main(sys.argv[1:])
