"""A sender in a process of its own, made to be killed."""

import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from newsletter import db
from newsletter.config import SendGrid, Smtp
from newsletter.delivery.ledger import owners
from newsletter.delivery.models import SendingState
from newsletter.delivery.senders.sendgrid.sender import SendGridSender
from newsletter.delivery.senders.smtp.consignment import Copy
from newsletter.delivery.senders.smtp.sender import SmtpSender
from newsletter.delivery.wire import dispatch
from newsletter.delivery.wire.blackbox import Boxes
from newsletter.delivery.wire.parcel import Sender
from newsletter.delivery.wire.patience import Patience
from newsletter.testing.sendgrid import KEY
from tests.delivery.world import route


def sender(kind: str, where: str) -> Sender:
    """A sender to a sink on loopback: *where* is a port or a URL."""
    if kind == "smtp":
        return SmtpSender(
            Smtp.model_validate(
                {"host": "127.0.0.1", "port": int(where), "security": "none", "timeout": 5, "dot_timeout": 5}
            )
        )
    return SendGridSender(SendGrid.model_validate({"api_key": KEY, "host": where, "timeout": 5, "batch_size": 50}))


def main(url: str, edition_id: str, kind: str, where: str, ahead: str, home: str, boot: str, mistake: str = "") -> int:
    """Send until everything is accounted for; a line on stdout for each group of answers that was written down.

    *where* is a port or a URL; *ahead* are seconds by which this process's clock is fast; *home* is where the black
    boxes are, and *boot* what this start of the machine is called. With the *mistake* "late" nothing is written into
    the box before the wire.
    """
    if mistake == "late":
        setattr(Copy, "begun", lambda copy: None)  # noqa: B010 (a mistake is no method of the type's)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database, way = db.connect(url), sender(kind, where)
    box = Boxes(Path(home), boot).open(pages=2 * way.window, copies=way.batch_size)
    ended = dispatch.run(
        database,
        way,
        route(int(edition_id), sender=kind),
        owner=owners.name(),
        clock=lambda: datetime.now(UTC) + timedelta(seconds=float(ahead)),
        stop=stop,
        on_progress=lambda recipients: print(recipients, flush=True),  # noqa: T201
        patience=Patience(idle=20, database=60),
        box=box,
    )
    way.close()
    if box is not None:
        box.close()
    print(ended.state, ended.reason, ended.balance, flush=True)  # noqa: T201
    return 0 if ended.state is SendingState.COMPLETE else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
