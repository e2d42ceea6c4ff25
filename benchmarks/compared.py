"""The fast paths of this build beside those of another one: SendGrid and worker processes, on PostgreSQL.

`python -m benchmarks.compared [--quick] [--json] [--against REVISION]`. The builds take turns, each with its own
database, ledger and trials; a figure's ratio is to the other build's, or where there is none to one process's.
"""

import argparse
from collections.abc import Iterator, Sequence

from benchmarks import _builds, _tables
from benchmarks._builds import Build
from benchmarks._tables import Row, middle, ratio

#: run by each build with its own benchmarks
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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compared", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, few readers; figures are rough")
    parser.add_argument("--json", dest="form", action="store_const", const="json", default="table")
    parser.add_argument("--markdown", dest="form", action="store_const", const="markdown", help="for the documents")
    parser.add_argument("--against", default="", metavar="REVISION", help="a build to compare with, by its commit")
    asked = parser.parse_args(arguments)
    rounds, readers = (1, 20_000) if asked.quick else (3, 100_000)
    with _builds.builds(asked.against) as builds:
        _tables.show("Compared", list(rows(builds, rounds=rounds, readers=readers)), form=asked.form)


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
