"""What every start costs: processor's time of each command, and what a sending takes beside its messages.

`python -m benchmarks.starting [--quick] [--json] [--against REVISION]`. With a revision, that build and this one
take turns, and each figure of this one has its ratio to the other's. Everything goes through the command line.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import _builds, _tables
from benchmarks._builds import Build
from benchmarks._tables import Row, middle, ratio
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment

COMMANDS = (
    *("--help", "send --help", "pause --help", "editions --help", "serve --help", "worker --help", "scheduler --help"),
    *("status 1", "log --limit 1", "audit 1", "deliveries list", "editions list", "editions show 1"),
    *("subscribers list", "sources list", "timetable", "doctor"),
)
#: the goal for each of them, in seconds of processor's time
GOAL = 0.5

_SETTINGS = """\
secret = "a secret for benchmarks, long enough"
public_url = "https://news.example.com"
sender = "smtp"

[smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[newsletters.friday]
title = "The Friday Five"
from_name = "The Friday Five"
from_address = "friday@news.example.com"
reply_to = "editors@news.example.com"
postal_address = "1 Market Row, London"
time_zone = "Europe/London"
lists = ["weekly"]

[newsletters.friday.limits]
canary_share = 0
"""
_EDITION = """\
# Five stories

The introduction.

## 1. A headline

What it is about.

https://news.example.com/story
"""
_FIRST = date(2031, 11, 28)


class _Stopwatch:
    """A script of the sink's that notes when messages came."""

    def __init__(self) -> None:
        self.first = self.last = 0.0

    def __call__(self, moment: Moment) -> Fault | None:
        if moment.step == "message":
            self.last = time.perf_counter()
            self.first = self.first or self.last
        return None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = _builds.asked("starting", __doc__, arguments)
    rounds, readers = (1, 200) if asked.quick else (5, 2_000)
    with _builds.builds(asked.against) as builds:
        _tables.show("Starting", list(rows(builds, rounds=rounds, readers=readers)), form=asked.form)


def rows(builds: Sequence[Build], *, rounds: int, readers: int) -> Iterator[Row]:
    """Each figure of each build, the median of *rounds* in which they took turns."""
    with TemporaryDirectory(prefix="bench") as folder, _Trial(Path(folder), builds, readers) as trial:
        sendings = [{build.name: trial.send(build, day) for build in builds} for day in range(rounds)]
        for what in ("until the first message", "after the last message", "both together", "processor, all in all"):
            found = {build.name: [each[build.name][what] for each in sendings] for build in builds}
            yield from _compared(f"newsletter send: {what}", f"{readers:,} readers", found)
        for command in COMMANDS:
            costs: dict[str, list[float]] = {build.name: [] for build in builds}
            for _ in range(rounds):
                for build in builds:
                    costs[build.name].append(build.cost(*command.split(), home=trial.homes[build.name]))
            yield from _compared(f"newsletter {command}", "processor", costs, f"to reach: under {GOAL} s")


def _compared(what: str, setting: str, found: dict[str, list[float]], note: str = "") -> Iterator[Row]:
    first = middle(next(iter(found.values())))
    for name, figures in found.items():
        figure = middle(figures)
        yield Row(what, f"{setting}, {name}", figure, "s", ratio(figure, first) if len(found) > 1 else None, note)


class _Trial:
    """A home for each build, with readers, and a mail server that looks at the clock."""

    def __init__(self, folder: Path, builds: Sequence[Build], readers: int) -> None:
        self._watch = _Stopwatch()
        self._sink = SmtpSink(lambda moment: self._watch(moment), keep=False)
        self._readers = readers
        self.homes = {build.name: folder / f"home-{number}" for number, build in enumerate(builds)}
        self._builds = builds

    def __enter__(self) -> "_Trial":
        self._sink.__enter__()
        for build in self._builds:
            self._prepare(build, self.homes[build.name])
        return self

    def __exit__(self, *_: object) -> None:
        self._sink.__exit__(None, None, None)

    def _prepare(self, build: Build, home: Path) -> None:
        home.mkdir()
        build.run("init", home=home)
        (home / "newsletter.toml").write_text(_SETTINGS.format(port=self._sink.port), "utf-8")
        people = "".join(f"reader{number}@example.com,Reader {number}\n" for number in range(self._readers))
        (home / "people.csv").write_text(f"email,name\n{people}", "utf-8")
        build.run("subscribers", "import", "people.csv", "--list", "weekly", "--confirmed-by", "a benchmark", home=home)
        (home / "edition.md").write_text(_EDITION, "utf-8")

    def send(self, build: Build, day: int) -> dict[str, float]:
        """A whole sending of an edition of its own: seconds before its first and after its last message."""
        home, on = self.homes[build.name], str(_FIRST + timedelta(weeks=day))
        build.run("editions", "import", "edition.md", "--date", on, home=home)
        build.run("editions", "approve", on, home=home)
        self._watch = _Stopwatch()
        before = len(self._sink.taken)
        began = time.perf_counter()
        processor = build.cost("send", on, home=home)
        ended = time.perf_counter()
        assert len(self._sink.taken) - before == self._readers, "not everybody was sent to"
        first, last = self._watch.first - began, ended - self._watch.last
        return {
            "until the first message": first,
            "after the last message": last,
            "both together": first + last,
            "processor, all in all": processor,
        }


if __name__ == "__main__":
    main()
