"""How fast editions go out: this sender beside others on the same wire, planning, SendGrid, workers, memory.

`python -m benchmarks.sending [--quick] [--json] [--only wire,planning,…]`. Everything stays on loopback.
Rows whose tools are not on this machine say so.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import _ground, _peers, _tables, _trials
from benchmarks._peers import Missing
from benchmarks._tables import Row, middle, ratio
from newsletter import db

SIZES = {"15 KB": 15_000, "45 KB": 45_000}
BACKENDS = ("sqlite", "postgresql")
SMTP_BATCH, SENDGRID_BATCH = 25, 1000


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much of each is measured."""

    rounds: int
    #: messages of the fast senders, and of the slow ones
    messages: int
    slow: int
    audience: int
    sendgrid: int
    #: the two audiences whose cost for a message is compared
    few: int
    many: int


QUICK = Amounts(rounds=1, messages=2_000, slow=100, audience=100_000, sendgrid=20_000, few=2_000, many=10_000)
FULL = Amounts(rounds=3, messages=20_000, slow=500, audience=1_000_000, sendgrid=200_000, few=10_000, many=1_000_000)


def wire(amounts: Amounts) -> Iterator[Row]:
    """Messages a second into postfix's smtp-sink, all in turn in each round."""
    for name, size in SIZES.items():
        with _peers.sink() as port, _loaded(amounts.messages) as urls:
            rates = _rounds(amounts, size, port, urls)
        limit, usual = middle(rates.get("smtp-source", [])), middle(rates.get("EmailMessage + smtplib", []))
        yield _rate(name, "smtp-source, 10 connections", limit, limit, "the limit of the wire")
        for backend in urls:
            ours = middle(rates[backend])
            times = f"{middle(rates[f'{backend} cost']) or 0:.0f} µs of processor a message"
            times += f", {ratio(ours, usual) or 0:.0f} times EmailMessage + smtplib" if usual else ""
            yield _rate(f"{name}, {backend}", "newsletter, ledger on", ours, limit, times)
        yield _rate(name, "newsletter, without the ledger", middle(rates["bare"]), limit)
        for peer in PEERS:
            found = rates.get(peer)
            yield _rate(name, peer, middle(found or []), limit, "" if found else _missing[peer])


PEERS: dict[str, Callable[[int, int, int], float]] = {
    "EmailMessage + smtplib": _peers.with_smtplib,
    "EmailMessage + aiosmtplib, 10 connections": _peers.with_aiosmtplib,
    "nodemailer pool, 10 connections": _peers.with_nodemailer,
}
_missing: dict[str, str] = {}


def _rounds(amounts: Amounts, size: int, port: int, urls: dict[str, str]) -> dict[str, list[float]]:
    """Each contestant in turn, so that what else the machine does falls on all of them."""
    rates: dict[str, list[float]] = {}
    for day in range(amounts.rounds):
        rates.setdefault("smtp-source", []).append(_peers.smtp_source(port, amounts.messages, size))
        for backend, url in urls.items():
            edition_id = _planned(url, day + size, sender="smtp", batch_size=SMTP_BATCH)
            sent = _trials.run("send_smtp", url=url, edition_id=edition_id, port=port, size=size)
            rates.setdefault(backend, []).append(sent["rate"])
            rates.setdefault(f"{backend} cost", []).append(sent["cost"])
        bare = _trials.run("bare_wire", port=port, count=amounts.messages, size=size)
        rates.setdefault("bare", []).append(bare["rate"])
        for peer, measure in PEERS.items():
            try:
                rates.setdefault(peer, []).append(measure(port, amounts.slow, size))
            except Missing as reason:
                _missing[peer] = str(reason)
    return rates


def planning(amounts: Amounts) -> Iterator[Row]:
    """Freezing an audience, and how soon after that the first batch is through."""
    for backend, goal in (("sqlite", 5), ("postgresql", 15)):
        with _loaded(amounts.audience, backend) as urls, _peers.sink() as port:
            began = time.perf_counter()
            edition_id = _planned(urls[backend], 1, sender="smtp", batch_size=SMTP_BATCH)
            seconds = time.perf_counter() - began
            first = _trials.run("first_batch", url=urls[backend], edition_id=edition_id, port=port, size=15_000)
        what = f"planning {amounts.audience:,} recipients"
        yield Row(what, backend, seconds, "s", note=f"to reach at 1,000,000: under {goal} s")
        yield Row(
            "start of sending", backend, first["first"], "s", note="to the first batch recorded; to reach: under 1 s"
        )


def sendgrid(amounts: Amounts) -> Iterator[Row]:
    """Recipients a second into the SendGrid look-alike, which is a process of its own."""
    for backend in BACKENDS:
        with _loaded(amounts.sendgrid, backend) as urls, _peers.lookalike() as host:
            edition_id = _planned(urls[backend], 1, sender="sendgrid", batch_size=SENDGRID_BATCH)
            sent = _trials.run("send_sendgrid", url=urls[backend], edition_id=edition_id, host=host, size=15_000)
        setting = f"15 KB, {backend}"
        yield Row("SendGrid look-alike", setting, sent["rate"], "recipients/s", note="to reach: 20,000")


def black_box(amounts: Amounts) -> Iterator[Row]:
    """Processor's time for a message with the black box and without it, in turn, ledger on."""
    costs: dict[bool, list[float]] = {False: [], True: []}
    with _loaded(amounts.messages, "sqlite") as urls, _peers.sink() as port:
        for day in range(3 * amounts.rounds):
            for boxed in costs:
                edition_id = _planned(urls["sqlite"], 2 * day + boxed, sender="smtp", batch_size=SMTP_BATCH)
                trial = {"url": urls["sqlite"], "edition_id": edition_id, "port": port, "size": 15_000}
                costs[boxed].append(_trials.run("send_smtp", **trial, boxed=boxed)["cost"])
    without, with_it = middle(costs[False]), middle(costs[True])
    yield Row("processor for a message", "15 KB, sqlite, no black box", without, "µs", 1.0)
    yield Row(
        "processor for a message", "15 KB, sqlite, black box", with_it, "µs", ratio(with_it, without), "to reach: 1.03"
    )


def returns(amounts: Amounts) -> Iterator[Row]:
    """One return address for all copies, and one for each, in pairs, ledger on; the ratio is the middle pair's."""
    pairs: list[dict[bool, dict[str, float]]] = []
    with _loaded(amounts.messages, "sqlite") as urls, _peers.sink() as port:
        for day in range(3 * amounts.rounds):
            pairs.append({})
            # each comes first as often as second
            for marked in (day % 2 == 0, day % 2 == 1):
                edition_id = _planned(urls["sqlite"], 2 * day + marked, sender="smtp", batch_size=SMTP_BATCH)
                trial = {"url": urls["sqlite"], "edition_id": edition_id, "port": port, "size": 15_000}
                pairs[-1][marked] = _trials.run("send_smtp", **trial, marked=marked)
    for what, key, unit, goal in (
        ("messages a second", "rate", "msg/s", "to reach: 0.97"),
        ("processor for a message", "cost", "µs", ""),
    ):
        shared, own = (middle([pair[marked][key] for pair in pairs]) for marked in (False, True))
        against = middle([pair[True][key] / pair[False][key] for pair in pairs])
        yield Row(what, "15 KB, sqlite, one return address", shared, unit, 1.0)
        yield Row(what, "15 KB, sqlite, one for each copy", own, unit, against, goal)


def workers(amounts: Amounts) -> Iterator[Row]:
    """Two worker processes on PostgreSQL against one, each pair on one edition."""
    with _loaded(amounts.messages, "postgresql") as urls, _peers.sink() as port:
        one, two = (_together(urls["postgresql"], port, count) for count in (1, 2))
    yield Row("1 worker process", "15 KB, postgresql", one, "msg/s", 1.0)
    yield Row("2 worker processes", "15 KB, postgresql", two, "msg/s", ratio(two, one), "to one worker")


def _together(url: str, port: int, count: int) -> float:
    edition_id = _planned(url, count, sender="smtp", batch_size=SMTP_BATCH)
    waits = [_trials.start("send_smtp", url=url, edition_id=edition_id, port=port, size=15_000) for _ in range(count)]
    figures = [wait() for wait in waits]
    total: float = sum(figure["count"] for figure in figures)
    return total / max(figure["seconds"] for figure in figures)


def memory(amounts: Amounts) -> Iterator[Row]:
    """Peak memory and the processor's time for a message, for few recipients and for many."""
    few: dict[str, float] = {}
    for count in (amounts.few, amounts.many):
        with _loaded(count, "sqlite") as urls, _peers.sink() as port:
            edition_id = _planned(urls["sqlite"], 1, sender="smtp", batch_size=SMTP_BATCH)
            sent = _trials.run("send_smtp", url=urls["sqlite"], edition_id=edition_id, port=port, size=15_000)
        few = few or sent
        for what, key, unit, goal in (
            ("peak memory", "megabytes", "MB", "to reach: under 150 MB"),
            ("processor for a message", "cost", "µs", "to reach: within 0.9 and 1.1"),
        ):
            yield Row(what, f"{count:,} recipients, 15 KB, sqlite", sent[key], unit, ratio(sent[key], few[key]), goal)


PARTS: dict[str, Callable[[Amounts], Iterator[Row]]] = {
    "wire": wire,
    "planning": planning,
    "sendgrid": sendgrid,
    "blackbox": black_box,
    "returns": returns,
    "workers": workers,
    "memory": memory,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sending", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute; figures are rough")
    parser.add_argument("--json", dest="form", action="store_const", const="json", default="table")
    parser.add_argument("--markdown", dest="form", action="store_const", const="markdown", help="for the documents")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    asked = parser.parse_args(arguments)
    rows: list[Row] = []
    for name in asked.only.split(","):
        try:
            rows += PARTS[name](QUICK if asked.quick else FULL)
        except Missing as reason:
            rows.append(Row(name, "", note=str(reason)))
    _tables.show("Sending", rows, form=asked.form)


def _rate(setting: str, what: str, figure: float | None, limit: float | None, note: str = "") -> Row:
    return Row(what, setting, figure, "msg/s", ratio(figure, limit), note)


@contextmanager
def _loaded(count: int, *backends: str) -> Iterator[dict[str, str]]:
    """Databases with *count* readers each; backend → address."""
    remaining = backends or BACKENDS
    with _ground.database_url(remaining[0]) as url:
        database = db.connect(url)
        _ground.fill(database, count)
        database.close()
        if len(remaining) == 1:
            yield {remaining[0]: url}
            return
        with _loaded(count, *remaining[1:]) as others:
            yield {remaining[0]: url, **others}


def _planned(url: str, day: int, *, sender: str, batch_size: int) -> int:
    database = db.connect(url)
    edition_id = _ground.an_edition(database, day)
    _ground.plan(database, edition_id, sender=sender, batch_size=batch_size)
    database.close()
    return edition_id


if __name__ == "__main__":
    main()
