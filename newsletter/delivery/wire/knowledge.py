"""What is known of mail servers, from one run to the next, with an age."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.delivery.models import MailServer
from newsletter.delivery.senders.smtp.manners import Manners

#: servers are upgraded: what was learned longer ago is tried again
_KEPT = timedelta(days=30)


def recall(session: Session, server: str, *, now: datetime) -> Manners:
    """What is known of *server* ("host:port"); nothing where that is too long ago."""
    row = session.get(MailServer, server)
    if row is None or row.learned_at < now - _KEPT:
        return Manners()
    return Manners(row.groups, row.most, row.counts_errors)


def keep(session: Session, server: str, manners: Manners, *, now: datetime) -> None:
    """Write down what is known of *server* now; of two who learn at once the later counts."""
    session.merge(
        MailServer(
            key=server,
            groups=manners.groups,
            most=manners.most,
            counts_errors=manners.counts_errors,
            learned_at=now,
        )
    )
