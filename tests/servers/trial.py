"""An edition sent to a real mail server by the product, and what became of it: as told, and in the mailboxes."""

import smtplib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from newsletter import db
from newsletter.config import Limits, Smtp
from newsletter.db import Database
from newsletter.delivery.ledger import planning
from newsletter.delivery.models import Outcome
from newsletter.delivery.operations.balance import Balance
from newsletter.delivery.senders.smtp.manners import Manners
from newsletter.delivery.senders.smtp.sender import SmtpSender
from newsletter.delivery.wire import dispatch
from newsletter.delivery.wire.dispatch import Ended
from newsletter.delivery.wire.patience import Patience
from newsletter.delivery.wire.returns import Returns
from newsletter.rendering.mould import Mould, Reader
from subscribers.models import Subscriber
from tests import factories
from tests.delivery import world
from tests.servers import haraka, kinds
from tests.servers.house import Running, free_port
from tests.servers.names import NameServer

#: one in so many readers is not known to the server
ONE_IN = 10
SENDER = "friday@news.example.com"
#: with one in ten refused, a slice of canaries must not stop the sending
_LIMITS = Limits(canary_share=0, refused_share=1)
#: seconds until what was accepted lies in its mailbox
_STORED_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Result:
    """What the product says of an edition, beside what the server did."""

    ended: Ended
    #: subscriber → messages in the mailbox
    stored: Counter[str]
    #: subscriber → the server's words
    refused: Mapping[str, str]
    #: what was learned of the server
    manners: Manners
    seconds: float

    @property
    def balance(self) -> Balance:
        return self.ended.balance

    @property
    def doubled(self) -> int:
        """Readers with more than one copy."""
        return sum(1 for copies in self.stored.values() if copies > 1)


def valid(count: int) -> list[str]:
    """The mailboxes that there are, of *count* readers."""
    return [f"reader{number}" for number in range(count) if number % ONE_IN]


def unknown(count: int) -> list[str]:
    """The readers who have none."""
    return [f"reader{number}" for number in range(0, count, ONE_IN)]


@contextmanager
def running(
    name: str, count: int, *, more: Mapping[str, str] | None = None, resolves: bool = True
) -> Iterator[Running]:
    """The server *name* with mailboxes for nine in ten of *count* readers, and *more* settings; raises Missing.

    Unless it *resolves*, it finds no such domain as the sender's.
    """
    people, port = valid(count), free_port()
    with tempfile.TemporaryDirectory(prefix="newsletter-server-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        folder.chmod(0o755)
        if name == haraka.NAME:
            with haraka.Haraka(folder, port, people=people, tight=more) as server:
                yield server
            return
        ours = [SENDER.partition("@")[2]] if resolves else []
        with NameServer([*ours, kinds.DOMAIN, f"mx.{kinds.DOMAIN}"]) as names:
            with kinds.house(
                kinds.NAMED[name], folder, port=port, people=people, names=names.address, more=more
            ) as server:
                yield server


def send(
    server: Running,
    count: int,
    *,
    connections: int = 4,
    mould: Mould = world.PAPER,
    returns: Returns | None = None,
    **settings: object,
) -> Result:
    """Send one edition to *count* readers by way of *server*, from a database of its own.

    *returns* writes a return address for each copy; without them it is the newsletter's own.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = db.connect(f"sqlite:///{folder}/newsletter.db")
        db.upgrade(database)
        try:
            edition_id = _planned(database, count)
            smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "connections": connections}
            sender = SmtpSender(Smtp.model_validate(smtp | settings), returns=returns)
            began = time.perf_counter()
            ended = _dispatched(database, sender, edition_id, mould)
            seconds = time.perf_counter() - began
            stored = _when_stored(server.mail, ended.balance.accepted)
            return Result(ended, stored, _refused(database), sender.manners, seconds)
        finally:
            database.close()


def plain(server: Running, count: int) -> float:
    """Seconds that smtplib needs for the same on one connection, a new one where the server hangs up."""
    mould, connection = world.PAPER, _connected(server)
    began = time.perf_counter()
    for number in range(count):
        reader = Reader(number, f"reader{number}@{kinds.DOMAIN}", f"Reader {number}", "token")
        message = mould.message(reader)
        for _ in range(5):
            try:
                connection.sendmail(SENDER, [reader.address], message)
                break
            except smtplib.SMTPRecipientsRefused as refused:
                code = next(iter(refused.recipients.values()))[0]
                if code // 100 == 5:
                    break
            except (smtplib.SMTPException, OSError):
                pass
            connection.close()
            connection = _connected(server)
    connection.close()
    return time.perf_counter() - began


def _connected(server: Running) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", server.port, timeout=120)


def _planned(database: Database, count: int) -> int:
    newsletter = world.FRIDAY.model_copy(update={"limits": _LIMITS})
    with database.write() as session:
        world.people(session, count, domain=kinds.DOMAIN)
        edition = factories.an_edition(session)
        planning.plan(session, edition.id, newsletter, sender="smtp", batch_size=25, now=datetime.now(UTC))
        return edition.id


def _dispatched(database: Database, sender: SmtpSender, edition_id: int, mould: Mould) -> Ended:
    try:
        return dispatch.run(
            database,
            sender,
            replace(world.route(edition_id, _LIMITS, sender="smtp"), mould=mould),
            owner="trial",
            clock=lambda: datetime.now(UTC),
            patience=Patience(idle=60),
        )
    finally:
        sender.close()


def _when_stored(mail: Path, accepted: int) -> Counter[str]:
    until = time.monotonic() + _STORED_WITHIN
    while (found := kinds.stored(mail)).total() < accepted and time.monotonic() < until:
        time.sleep(0.2)
    return found


def _refused(database: Database) -> dict[str, str]:
    query = (
        select(Subscriber.email, Outcome.reason)
        .join(Outcome, Outcome.subscriber_id == Subscriber.id)
        .order_by(Subscriber.id)
    )
    with database.read() as session:
        return {email.partition("@")[0]: reason for email, reason in session.execute(query)}
