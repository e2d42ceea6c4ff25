"""The fast paths of this build beside those of another one: SMTP, SendGrid, and worker processes on PostgreSQL.

`python -m benchmarks.compared [--quick] [--json] [--against REVISION]`. The builds take turns, each with its own
database, ledger and trials; a figure's ratio is to the other build's, or where there is none to one process's.
"""

from collections.abc import Iterator, Sequence

from benchmarks import _builds, _tables
from benchmarks._builds import Build
from benchmarks._tables import Row, middle, ratio

#: run by each build with its own benchmarks; *more* is what only this build's trial knows
_SMTP = """
import json
from benchmarks import _peers, _trials, sending
with sending._loaded({count}, "sqlite") as urls, _peers.sink() as port:
    edition = sending._planned(urls["sqlite"], 1, sender="smtp", batch_size=25)
    figures = _trials.run("send_smtp", url=urls["sqlite"], edition_id=edition, port=port, size=15_000{more})
    print(json.dumps(figures))
"""
_SENDGRID = """
import json
from benchmarks import _peers, _trials, sending
with sending._loaded({count}, "postgresql") as urls, _peers.lookalike() as host:
    edition = sending._planned(urls["postgresql"], 1, sender="sendgrid", batch_size=1000)
    figures = _trials.run("send_sendgrid", url=urls["postgresql"], edition_id=edition, host=host, size=15_000)
    print(json.dumps(figures))
"""
_WORKERS = """
import json
from benchmarks import _peers, _trials, sending
def together(url, host, count):
    edition = sending._planned(url, count, sender="sendgrid", batch_size=100)
    trial = dict(url=url, edition_id=edition, host=host, size=15_000)
    started = [_trials.start("send_sendgrid", **trial) for _ in range(count)]
    figures = [finish() for finish in started]
    return sum(each["count"] for each in figures) / max(each["seconds"] for each in figures)
with sending._loaded({count}, "postgresql") as urls, _peers.lookalike() as host:
    print(json.dumps(dict(zip(("one", "two"), (together(urls["postgresql"], host, n) for n in (1, 2))))))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = _builds.asked("compared", __doc__, arguments)
    rounds, readers = (1, 20_000) if asked.quick else (3, 100_000)
    with _builds.builds(asked.against) as builds:
        found = [*smtp(builds, rounds=rounds, readers=20_000), *rows(builds, rounds=rounds, readers=readers)]
        _tables.show("Compared", found, form=asked.form)


def smtp(builds: Sequence[Build], *, rounds: int, readers: int) -> Iterator[Row]:
    """Into postfix's smtp-sink with 10 connections; this build once more with nothing in one write with the dot."""
    ways = [(build.name, build, "") for build in builds]
    ways.append((f"{builds[-1].name}, nothing with the dot", builds[-1], ", groups=False"))
    try:
        taken = [
            {name: build.call(_SMTP.format(count=readers, more=more)) for name, build, more in ways}
            for _ in range(rounds)
        ]
    except RuntimeError as error:
        yield Row("SMTP, 15 KB, SQLite", "", note=str(error).strip().splitlines()[-1])
        return
    for what, key, unit in (("SMTP, 15 KB, SQLite", "rate", "msg/s"), ("processor for a message", "cost", "µs")):
        figures = {name: middle([each[name][key] for each in taken]) for name, _, _ in ways}
        first = figures[ways[0][0]]
        for name, figure in figures.items():
            yield Row(what, name, figure, unit, ratio(figure, first), "")


def rows(builds: Sequence[Build], *, rounds: int, readers: int) -> Iterator[Row]:
    """Each figure of each build, the median of *rounds* in which they took turns."""
    taken = [{build.name: build.call(_SENDGRID.format(count=readers)) for build in builds} for _ in range(rounds)]
    for what, key, unit in (
        ("SendGrid look-alike, 15 KB, PostgreSQL", "rate", "recipients/s"),
        ("processor for a recipient", "cost", "µs"),
    ):
        figures = {build.name: middle([each[build.name][key] for each in taken]) for build in builds}
        first = figures[builds[0].name]
        for name, figure in figures.items():
            yield Row(what, name, figure, unit, ratio(figure, first) if len(builds) > 1 else None)
    for build in builds:
        pairs = [build.call(_WORKERS.format(count=readers // 5)) for _ in range(rounds)]
        for what, key in (("1 process", "one"), ("2 processes", "two")):
            against = middle([pair[key] / pair["one"] for pair in pairs])
            yield Row(
                what, build.name, middle([pair[key] for pair in pairs]), "recipients/s", against, "to one process"
            )


if __name__ == "__main__":
    main()
