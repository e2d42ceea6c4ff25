"""Sending and its log: `newsletter send`, `status`, `log`, `audit`; what stops and mends them is in `deliveries`."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from threading import Event, Thread
from types import FrameType
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import Progress
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import plural, traces
from newsletter.app import App
from newsletter.cli import root, screen
from newsletter.delivery.ledger import owners
from newsletter.delivery.models import Sending, SendingState, Status
from newsletter.delivery.operations import audit as auditing
from newsletter.delivery.operations import balance as balances
from newsletter.delivery.operations import crew, sendlog, unknowns, waits
from newsletter.delivery.operations.waits import Wait
from newsletter.editions import shelf
from newsletter.editions.models import Edition
from newsletter.tracking.models import Event as Heard
from subscribers import audience, roll

#: seconds between two looks at why nothing moves
_GLANCE = 1.0
#: what providers tell of a copy after they took it
_TOLD = (Status.DELIVERED, Status.DEFERRED, Status.BOUNCED, Status.DROPPED, Status.COMPLAINED)

Which = Annotated[str, typer.Argument(metavar="EDITION", help="Its date, newsletter/date, or number.")]


@root.program.command()
def send(
    context: typer.Context,
    edition: Which,
    test: Annotated[
        list[str] | None,
        typer.Option(help="Send one copy to this address instead, beside the ledger; repeatable."),
    ] = None,
    test_segment: Annotated[
        str, typer.Option(help="Send a copy to each reader of this segment instead, beside the ledger.")
    ] = "",
    json: screen.Json = False,
) -> None:
    """Send an approved EDITION to its readers, or go on with it. Ctrl-C finishes what is on the wire, then stops.

    Exit code 0: all are accounted for. 1: something is left to do. 3: done, but of some copies nobody can say yet
    whether they were taken.
    """
    from newsletter import jobs  # loads most of the product, which `status` and `log` need not wait for

    app = root.open_app(context)
    with app.database.read() as session:
        found = shelf.find(session, edition)
    if test or test_segment:
        _try(app, found, test or [], test_segment, json=json)
        return
    traces.start(app.settings, "send")
    context.call_on_close(traces.stop)
    with _drain_on_signal() as stop, screen.progress() as bar, _telling_why(app, found.id, bar):
        task = bar.add_task("sending", total=None)

        def on_progress(recipients: int) -> None:
            if bar.tasks[task].total is None:
                stands = _balance(app, found.id)
                bar.update(task, total=stands.planned, completed=stands.done)
            else:
                bar.update(task, advance=recipients)

        ended = jobs.send(
            app,
            found.id,
            by="command line",
            owner=owners.name(),
            clock=root.now,
            stop=stop,
            on_progress=on_progress,
        )
    settled_by = unknowns.lost(app.settings, shelf.name(found)) if ended.balance.unknown else ""
    if json:
        screen.data(
            {
                "state": ended.state,
                "reason": ended.reason,
                "waits": asdict(waiting) if (waiting := _waits(app, found.id)) else None,
                "balance": asdict(ended.balance),
                "unknown_settled_by": settled_by,
            }
        )
    else:
        screen.say(str(ended.balance))
        screen.say_where_mail_goes(app.settings)
        if ended.state is not SendingState.COMPLETE:
            waiting = _waits(app, found.id)
            screen.say(f"[yellow]{ended.state}[/]: {escape(_spoken(waiting) if waiting else ended.reason)}")
        if settled_by:
            screen.say(f"[yellow]{ended.balance.unknown} unknown[/]: {escape(settled_by)}")
    if ended.state is not SendingState.COMPLETE:
        raise typer.Exit(1)
    if settled_by:
        raise typer.Exit(3)


@root.program.command()
def status(context: typer.Context, edition: Which, json: screen.Json = False) -> None:
    """Where the sending of EDITION stands: the balance, and what the provider has told since."""
    app = root.open_app(context)
    with app.database.read() as session:
        found = shelf.find(session, edition)
        stands, told = balances.balance(session, found.id), balances.progress(session, found.id)
        sending = session.get_one(Sending, found.id)
        waiting = waits.find(session, sending, app.newsletter(found.newsletter).limits, now=root.now())
        workers = crew.at_work(session, crew.WORKER, now=root.now(), newsletter=found.newsletter)
        at_work = list(_at_work(app, session, sending, found.newsletter))
        hints = crew.counts(session, app.settings, now=root.now())
    heard = {str(one): told.get(one, 0) for one in _TOLD}
    if json:
        screen.data(
            {
                "edition": found.id,
                "date": found.date,
                "state": sending.state,
                "reason": sending.reason,
                "waits": asdict(waiting) if waiting else None,
                "workers": [{"name": one.name, "doing": one.doing, "seen_at": one.seen_at} for one in workers],
                "hints": hints or None,
                "sender": sending.sender,
                "balance": asdict(stands) | {"holds": stands.holds},
                "heard": heard,
                "started_at": sending.started_at,
                "complete_at": sending.complete_at,
            }
        )
        return
    because = f" ({escape(sending.reason)})" if sending.reason and waiting is None else ""
    screen.say(f"{shelf.name(found)}: [bold]{sending.state}[/]{because}")
    if waiting is not None:
        screen.say(f"[yellow]nothing moves[/]: {escape(_spoken(waiting))}")
    screen.say(str(stands))
    for line in at_work:
        screen.say(line)
    if stands.unknown:
        screen.say(f"[yellow]{stands.unknown} unknown[/]: {escape(unknowns.lost(app.settings, shelf.name(found)))}")
    screen.say("since told: " + ", ".join(f"{name} {count}" for name, count in heard.items()))


@root.program.command()
def log(
    context: typer.Context,
    edition: Annotated[str | None, typer.Option(help="Only this edition.")] = None,
    address: Annotated[str | None, typer.Option(help="Only this reader.")] = None,
    status: Annotated[list[Status] | None, typer.Option(help="Only copies with this status; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many lines at most.")] = 200,
    json: screen.Json = False,
) -> None:
    """The send log: what became of each copy, in the other side's own words."""
    app = root.open_app(context)
    with app.database.read() as session:
        lines = list(
            sendlog.lines(
                session,
                edition_id=shelf.find(session, edition).id if edition else None,
                subscriber_ids=[roll.get(session, address).id] if address else None,
                statuses=status or (),
                limit=limit,
            )
        )
        people = audience.people(session, [line.subscriber_id for line in lines])
        dates = _dates(session, {line.edition_id for line in lines})
    known = {person.id: person.email for person in people}
    rows = [
        asdict(line) | {"date": dates[line.edition_id], "address": known.get(line.subscriber_id, "")} for line in lines
    ]
    if json:
        screen.data(rows)
        return
    columns = {"address": "address", "status": "status", "reason": "in their words", "at": "at"}
    if edition is None:
        columns = {"date": "edition", **columns}
    shown = [row | {"address": row["address"] or "(erased)", "at": _minute(row["at"])} for row in rows]
    if edition is not None and (waiting := _waits(app, _id(app, edition))):
        screen.say(f"[yellow]nothing moves[/]: {escape(_spoken(waiting))}")
    screen.table(
        "Send log", list(columns.values()), ([row[key] for key in columns] for row in shown), wrap=("in their words",)
    )
    if len(lines) == limit:
        screen.say(f"the first {limit}; ask for more with --limit")


@root.program.command()
def audit(context: typer.Context, edition: Which, json: screen.Json = False) -> None:
    """Recount EDITION from its rows and events; exit code 1 where an invariant does not hold."""
    app = root.open_app(context)
    with app.database.read() as session:
        found = shelf.find(session, edition)
        heard = select(Heard.subscriber_id, Heard.attempt).where(
            Heard.edition_id == found.id, Heard.subscriber_id.is_not(None), Heard.attempt != ""
        )
        result = auditing.audit(session, found.id, heard)
    if json:
        screen.data({"balance": asdict(result.balance), "violations": [asdict(one) for one in result.violations]})
    else:
        screen.say(str(result.balance))
        for one in result.violations:
            screen.say(f"[bold red]{one.invariant}[/] {escape(one.text)}")
        if not result.violations:
            screen.say("[green]every invariant holds[/]")
    if result.violations:
        raise typer.Exit(1)


def _at_work(app: App, session: Session, sending: Sending, newsletter: str) -> Iterator[str]:
    """Who sends, and what is wrong with those who should, while there is something to send."""
    if sending.state in {SendingState.RUNNING, SendingState.PAUSED}:
        for word in crew.words(session, app.settings, now=root.now(), newsletter=newsletter):
            yield f"[yellow]{escape(word.text)}[/]" if word.is_trouble else escape(word.text)


@contextmanager
def _drain_on_signal() -> Iterator[Event]:
    """An event that Ctrl-C and SIGTERM set: what is on the wire is finished, nothing more is begun."""
    stop = Event()

    def drain(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, drain) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _try(app: App, edition: Edition, to: Sequence[str], segment: str, *, json: bool) -> None:
    """Send test copies, and say what became of each; exit code 1 where one was not taken."""
    from newsletter.jobs import trying  # loads most of the product, which `status` and `log` need not wait for
    from newsletter.staff.acts import Doer

    by = Doer("command line", "command line")
    if segment:
        done = trying.to_segment(app, edition.id, segment, by=by, now=root.now())
    else:
        done = trying.to_addresses(app, edition.id, to, by=by, now=root.now())
    lost = [one for one in done if not one.taken]
    if json:
        screen.data(
            {
                "sent_to": len(done) if segment else ", ".join(to),
                "segment": segment or None,
                "copies": list(map(asdict, done)),
            }
        )
    else:
        taken = len(done) - len(lost)
        copies = f"{plural.counted(taken, 'test copy', 'test copies')} of {shelf.name(edition)}"
        to_whom = f" to {escape(segment)}" if segment else ""
        screen.say(f"{copies} {'is' if taken == 1 else 'are'} on the way{to_whom}")
        for one in done if not segment else lost:
            said = f": {escape(one.said)}" if one.said else ""
            screen.say(f"{'[green]taken[/]' if one.taken else '[bold red]not taken[/]'} {escape(one.address)}{said}")
        screen.say_where_mail_goes(app.settings)
    if lost:
        raise typer.Exit(1)


def _waits(app: App, edition_id: int) -> Wait | None:
    with app.database.read() as session:
        limits = app.newsletter(shelf.get(session, edition_id).newsletter).limits
        sending = session.get(Sending, edition_id)
        return waits.find(session, sending, limits, now=root.now()) if sending else None


def _id(app: App, edition: str) -> int:
    with app.database.read() as session:
        return shelf.find(session, edition).id


def _spoken(waiting: Wait) -> str:
    since = f" (since {waiting.since:%H:%M:%S} UTC)" if waiting.since else ""
    until = f" (until {waiting.until:%Y-%m-%d %H:%M:%S} UTC)" if waiting.until else ""
    return f"{waiting.why}{since}{until}"


@contextmanager
def _telling_why(app: App, edition_id: int, bar: Progress) -> Iterator[None]:
    """Say, while a sending runs, why nothing moves, whenever that changes: above the bar, or as a line of a log."""
    over = Event()

    def watch() -> None:
        told = ""
        while not over.wait(_GLANCE):
            with app.database.read() as session:
                sending = session.get(Sending, edition_id)
            why = sending.stuck if sending is not None and sending.state is SendingState.RUNNING else ""
            if why and why != told:
                bar.console.print(f"[yellow]nothing moves[/]: {escape(why)}", soft_wrap=True)
            told = why

    watcher = Thread(target=watch, name="why", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _balance(app: App, edition_id: int) -> balances.Balance:
    with app.database.read() as session:
        return balances.balance(session, edition_id)


def _dates(session: Session, edition_ids: set[int]) -> dict[int, Any]:
    rows = session.execute(select(Edition.id, Edition.date).where(Edition.id.in_(edition_ids)))
    return {edition_id: date for edition_id, date in rows}  # noqa: C416 (a Row is not a pair to the type checker)


def _minute(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
