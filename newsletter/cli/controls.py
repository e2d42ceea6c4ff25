"""What operations may do to a sending: pause, resume, cancel it, and settle what nobody can prove."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy import select

from newsletter import plural
from newsletter.cli import root, screen
from newsletter.cli.delivery import Which
from newsletter.delivery.models import Act, Batch, BatchState, Sending
from newsletter.delivery.operations.balance import balance
from newsletter.delivery.operations.controls import Verb
from newsletter.editions import shelf
from newsletter.errors import BadInput

if TYPE_CHECKING:
    from newsletter.jobs.steering import Done

deliveries = typer.Typer(help="The sendings, and what nobody can prove or the provider refused.", no_args_is_help=True)
root.program.add_typer(deliveries, name="deliveries")

Reason = Annotated[str, typer.Option(help="Why; kept beside your name.")]
By = Annotated[str, typer.Option(envvar="USER", help="Who does it.")]


@root.program.command()
def pause(
    context: typer.Context, edition: Which, reason: Reason = "by hand", by: By = "operator", json: screen.Json = False
) -> None:
    """Stop the sending of EDITION; what is on the wire is finished, and resuming sends only what is left."""
    done = _do(context, edition, Verb.PAUSE, by=by, reason=reason)
    _tell(
        f"{shelf.name(done.edition)} is paused; {_left(done)} left",
        {"state": "paused", "balance": asdict(done.balance)},
        json=json,
    )


@root.program.command()
def resume(
    context: typer.Context, edition: Which, reason: Reason = "", by: By = "operator", json: screen.Json = False
) -> None:
    """Let the sending of EDITION go on with what is left; `newsletter send` or the scheduler does the sending."""
    done = _do(context, edition, Verb.RESUME, by=by, reason=reason)
    _tell(
        f"{shelf.name(done.edition)} goes on; {_left(done)} left",
        {"state": "running", "balance": asdict(done.balance)},
        json=json,
    )


@root.program.command("cancel-sending")
def cancel_sending(
    context: typer.Context, edition: Which, reason: Reason = "by hand", by: By = "operator", json: screen.Json = False
) -> None:
    """Stop the sending of EDITION for good; who has their copy keeps it."""
    done = _do(context, edition, Verb.CANCEL, by=by, reason=reason)
    _tell(
        f"{shelf.name(done.edition)} is cancelled; {plural.counted(done.readers, 'reader')} will not get it",
        {"state": "cancelled", "recipients": done.readers},
        json=json,
    )


@deliveries.command("list")
def list_(
    context: typer.Context,
    edition: Annotated[str | None, typer.Argument(help="Its batches and acts.")] = None,
    json: screen.Json = False,
) -> None:
    """The sendings, newest first; with EDITION, who did what to it and the batches that are not settled."""
    app = root.open_app(context)
    with app.database.read() as session:
        if edition is None:
            sendings = session.scalars(select(Sending).order_by(Sending.edition_id.desc()).limit(50)).all()
            rows = [
                (shelf.name(shelf.get(session, one.edition_id)), one.state, str(balance(session, one.edition_id)))
                for one in sendings
            ]
            _show("Sendings", ("edition", "state", "balance"), rows, json=json)
            return
        found = shelf.find(session, edition)
        acts = session.scalars(select(Act).where(Act.edition_id == found.id).order_by(Act.id)).all()
        unsettled = session.scalars(
            select(Batch)
            .where(Batch.edition_id == found.id, Batch.state != BatchState.ACCEPTED)
            .order_by(Batch.number)
            .limit(200)
        ).all()
    done = [(f"{one.at:%Y-%m-%d %H:%M:%S}", one.verb, one.by, one.recipients, one.reason) for one in acts]
    left = [(one.number, one.state, one.size - one.skipped - one.refused, one.attempts, one.reply) for one in unsettled]
    if json:
        screen.data({"acts": [list(row) for row in done], "batches": [list(row) for row in left]})
        return
    _show("What was done", ("at", "what", "by", "readers", "reason"), done, json=False)
    _show("Batches not accepted", ("number", "state", "readers", "attempts", "words"), left, json=False)


@deliveries.command()
def retry(
    context: typer.Context,
    edition: Which,
    refused_with: Annotated[str, typer.Option(help='A reply code, such as "550" or "4xx".')],
    reason: Reason = "",
    by: By = "operator",
    json: screen.Json = False,
) -> None:
    """Queue again the readers of EDITION that were refused with a code."""
    done = _do(context, edition, Verb.RETRY, by=by, reason=reason, code=refused_with)
    _tell(
        f"{plural.counted(done.readers, 'reader')} of {shelf.name(done.edition)} queued again",
        {"recipients": done.readers},
        json=json,
    )


@deliveries.command()
def resolve(
    context: typer.Context,
    edition: Which,
    assume_accepted: Annotated[bool, typer.Option("--assume-accepted", help="Count them as accepted.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="Send again; some may get two copies.")] = False,
    reason: Reason = "",
    by: By = "operator",
    json: screen.Json = False,
) -> None:
    """Your word on the copies of EDITION whose fate nobody can prove."""
    if assume_accepted == resend:
        raise BadInput("say one of --assume-accepted and --resend")
    verb = Verb.RESEND if resend else Verb.ASSUME_ACCEPTED
    done = _do(context, edition, verb, by=by, reason=reason)
    _tell(
        f"{plural.counted(done.readers, 'reader')} of {shelf.name(done.edition)}: {verb}",
        {"recipients": done.readers, "how": verb},
        json=json,
    )


def _do(context: typer.Context, edition: str, verb: Verb, *, by: str, reason: str, code: str = "") -> "Done":
    from newsletter.jobs import steering  # loads most of the product, which --help need not wait for
    from newsletter.staff.acts import Doer

    app = root.open_app(context)
    with app.database.read() as session:
        found = shelf.find(session, edition)
    doer = Doer(by, "command line")
    done = steering.do(app, found.id, verb, by=doer, reason=reason, code=code, now=root.now())
    _warn(done.trouble)
    return done


def _left(done: "Done") -> str:
    return plural.counted(done.readers, "reader is", "readers are")


def _warn(trouble: Mapping[str, str]) -> None:
    """Say what SendGrid would not stop or let go of what it holds back."""
    for batch_id, words in trouble.items():
        Console(stderr=True, highlight=False).print(
            f"SendGrid, batch {escape(batch_id)}: {escape(words)}", style="yellow"
        )


def _tell(sentence: str, values: dict[str, object], *, json: bool) -> None:
    if json:
        screen.data(values)
    else:
        screen.say(escape(sentence))


def _show(title: str, columns: tuple[str, ...], rows: Sequence[Sequence[object]], *, json: bool) -> None:
    if json:
        screen.data([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        words = [column for column in columns if column in {"balance", "reason", "words"}]
        screen.table(title, columns, rows, right=("readers", "number", "attempts"), wrap=words)
