"""What real mail servers make of an edition: `python -m tests.servers.table [--readers N] [NAME …]`; make servers."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import partial

from rich.console import Console
from rich.table import Table

from tests.servers import debian, haraka, kinds, mailboxes, trial
from tests.servers.debian import Missing
from tests.servers.trial import Result

NAMES = (*kinds.NAMED, haraka.NAME)
#: a server that lets each error wait for eight seconds is measured with fewer readers by smtplib, and counted up
_PLAIN_FEWER = {"courier": 10}


def main(arguments: Sequence[str] | None = None) -> int:
    """Try each server and print the table; 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.table", description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--readers", type=int, default=2000)
    parser.add_argument("--fetch", action="store_true", help="only get the servers, into the cache")
    asked = parser.parse_args(arguments)
    if asked.fetch:
        return _fetch(asked.names)
    table, good = _table(asked.readers), True
    for name in asked.names:
        try:
            row, fine = _try(name, asked.readers)
        except Missing as reason:
            row, fine = [name, f"skipped: {reason}"], True
        table.add_row(*row, style=None if fine else "red")
        good = good and fine
        sys.stderr.write(" · ".join(row) + "\n")
    Console(width=150).print(table)
    return 0 if good else 1


def _fetch(names: Sequence[str]) -> int:
    """Get the servers into the cache, those with mailboxes too."""
    pins = {name: kinds.NAMED[name].pins for name in names if name != haraka.NAME}
    pins |= {name: kind.pins for name, kind in mailboxes.NAMED.items()}
    ways = {name: partial(debian.unpacked, pinned) for name, pinned in pins.items()}
    for name, unpacked in (ways | ({haraka.NAME: haraka.unpacked} if haraka.NAME in names else {})).items():
        try:
            sys.stderr.write(f"{name}: {unpacked()}\n")
        except Missing as reason:
            sys.stderr.write(f"{name}: {reason}\n")
    return 0


def _table(readers: int) -> Table:
    title = f"{readers:,} readers, one in {trial.ONE_IN} unknown, 4 connections"
    table = Table("server", "planned", "accepted", "stored", "refused", "unknown", "doubled", title=title)
    for column in ("seconds", "smtplib, 1 connection"):
        table.add_column(column, justify="right")
    table.add_column("learned")
    table.add_column("what is wrong")
    return table


def _try(name: str, readers: int) -> tuple[list[str], bool]:
    with trial.running(name, readers) as server:
        result = trial.send(server, readers)
    fewer = readers // _PLAIN_FEWER.get(name, 1)
    with trial.running(name, readers) as server:
        plain = trial.plain(server, fewer) * readers / fewer
    wrong = list(_wrong(result, readers, plain))
    stands = result.balance
    figures = (stands.planned, stands.accepted, result.stored.total(), stands.refused, stands.unknown, result.doubled)
    return [
        f"{name} {version(name)}",
        *(f"{figure:,}" for figure in figures),
        f"{result.seconds:.1f}",
        f"{plain:.1f}" if fewer == readers else f"≈ {plain:.0f}",
        _learned(result),
        "; ".join(wrong),
    ], not wrong


def version(name: str) -> str:
    """The upstream version that is tried."""
    return haraka.VERSION if name == haraka.NAME else kinds.version(kinds.NAMED[name])


def _wrong(result: Result, readers: int, plain: float) -> Iterator[str]:
    valid, unknown = trial.valid(readers), trial.unknown(readers)
    if result.ended.reason:
        yield result.ended.reason
    if sorted(result.stored) != sorted(valid) or result.doubled:
        yield f"{len(set(valid) - set(result.stored))} got nothing, {result.doubled} got two"
    if sorted(result.refused) != sorted(unknown):
        yield f"{len(set(result.refused) - set(unknown))} refused who are known"
    if any(words[:1] != "5" for words in result.refused.values()):
        yield "refused without the server's words"
    if result.balance.accepted != len(valid) or result.balance.unknown:
        yield str(result.balance)
    if result.seconds > plain:
        yield "slower than smtplib"


def _learned(result: Result) -> str:
    manners = result.manners
    told = {None: "", True: "groups with the dot", False: "nothing with the dot"}[manners.groups]
    most = f"{manners.most} messages a connection" if manners.most else ""
    return ", ".join(filter(None, [told, most, "counts errors" if manners.counts_errors else ""]))


if __name__ == "__main__":
    sys.exit(main())
