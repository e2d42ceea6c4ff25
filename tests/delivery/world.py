"""A small world for the ledger's tests: a sending, its workers, and a sender that writes down what it was given."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import insert
from sqlalchemy.orm import Session

from newsletter.config import Lessons, Limits, Newsletter
from newsletter.delivery.ledger import claiming, planning
from newsletter.delivery.ledger.claiming import Fenced
from newsletter.delivery.models import Batch, Sending
from newsletter.delivery.pace.throttle import Throttle
from newsletter.delivery.wire.handover import Route
from newsletter.delivery.wire.parcel import Parcel, Report
from newsletter.delivery.wire.teaching import Refusal
from newsletter.rendering.mould import Mould, Reader
from newsletter.tracking import refusals as learned
from subscribers.audience import Person
from subscribers.models import Consent, Subscriber, Subscription
from tests import factories

NINE = datetime(2021, 11, 26, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
LISTS = ("weekly",)
RNG = random.Random(1)  # noqa: S311

FRIDAY = Newsletter.model_validate(
    {
        "slug": "friday",
        "title": "The Friday Five",
        "from_address": "friday@news.example.com",
        "postal_address": "1 Market Row, London",
        "time_zone": "Europe/London",
        "limits": {"canary_share": 0},
    }
)


PAPER = Mould(
    edition_id=1,
    subject="The Friday Five",
    html="<p>Hello</p>",
    text="Hello",
    sender=("Retail Technology Weekly", "friday@news.example.com"),
    reply_to="editors@news.example.com",
    list_name=("The Friday Five", "friday"),
    public_url="https://news.example.com",
    secret="a secret for tests",
    date=NINE,
)


def reader(person: Person) -> Reader:
    """A person as the mould wants them."""
    return Reader(person.id, person.email, person.name, f"token-{person.id}")


def route(edition_id: int, limits: Limits | None = None, *, sender: str = "notebook") -> Route:
    """The way of one edition, to the list "weekly"."""
    throttle = Throttle(sender, limits or FRIDAY.limits)
    return Route(edition_id, lists=LISTS, mould=PAPER, reader=reader, throttle=throttle, learn=learn)


def learn(session: Session, refusals: Sequence[Refusal], *, now: datetime) -> None:
    """What refusals teach, by the settings as they come."""
    learned.learn(session, refusals, settings=Lessons(), now=now)


@dataclass
class Notebook:
    """A sender that takes everything and writes down who got what; `answer` may say otherwise."""

    name: str = "notebook"
    batch_size: int = 10
    window: int = 2
    deadline: float = 5.0
    #: called with each parcel: returns its report, or raises
    answer: Callable[[Parcel], Report] = lambda parcel: Report()
    sent: Counter[int] = field(default_factory=Counter)
    most_at_once: int = 0
    _at_once: int = 0
    _lock: Lock = field(default_factory=Lock)

    def send(self, parcel: Parcel) -> Report:
        with self._lock:
            self._at_once += len(parcel.readers)
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            report = self.answer(parcel)
            with self._lock:
                not_taken = {*report.refused, *report.again}
                self.sent.update(r.subscriber_id for r in parcel.readers if r.subscriber_id not in not_taken)
            return report
        finally:
            with self._lock:
                self._at_once -= len(parcel.readers)

    def close(self) -> None:
        """Nothing to give back."""


def people(session: Session, count: int, *, domain: str = "example.com", time_zone: str = "") -> list[int]:
    """*count* confirmed readers of the list "weekly"; returns their ids."""
    weekly = factories.a_list(session)
    ids = list(
        session.scalars(
            insert(Subscriber).returning(Subscriber.id),
            [
                {
                    "email": f"reader{number}@{domain}",
                    "email_key": f"reader{number}@{domain}",
                    "name": f"Reader {number}",
                    "time_zone": time_zone,
                    "created_at": factories.LONG_AGO,
                }
                for number in range(count)
            ],
        )
    )
    session.execute(
        insert(Subscription),
        [
            {
                "subscriber_id": one,
                "list_id": weekly.id,
                "consent": Consent.CONFIRMED,
                "changed_at": factories.LONG_AGO,
            }
            for one in ids
        ],
    )
    return sorted(ids)


def planned(session: Session, *, size: int = 10, newsletter: Newsletter = FRIDAY, now: datetime = NINE) -> Sending:
    """An edition whose audience is frozen."""
    edition = factories.an_edition(session)
    return planning.plan(session, edition.id, newsletter, sender="notebook", batch_size=size, now=now)


def taken(
    session: Session,
    edition_id: int,
    *,
    owner: str = "ada",
    limit: int = 1,
    now: datetime = NINE,
    lease: timedelta = LEASE,
) -> list[Fenced]:
    """Batches claimed and fenced."""
    claims = claiming.claim(session, edition_id, owner=owner, lease=lease, limit=limit, now=now)
    return claiming.fence(session, claims, lists=LISTS, lease=lease, now=now)


def batches(session: Session, edition_id: int) -> list[tuple[int, str, int]]:
    """Number, state and size of each batch."""
    session.expire_all()
    rows = session.query(Batch).filter_by(edition_id=edition_id).order_by(Batch.number)
    return [(row.number, str(row.state), row.size) for row in rows]
