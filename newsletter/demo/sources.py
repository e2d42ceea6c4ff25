"""The eight sources of the demo week, as an editor would have set them up."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.stories.models import Kind
from newsletter.stories.reading import sources


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of the demo: where it is served, and what is known of its publisher."""

    path: str
    name: str
    owner: str
    kind: Kind
    #: in hundredths, as in `Source.authority`
    authority: int


FEEDS = (
    # two titles of one house: whatever both of them report is one voice
    Feed("/feeds/shelf-and-signal.xml", "Shelf & Signal", "Harbour Trade Media", Kind.TRADE, 125),
    Feed("/feeds/checkout-weekly.xml", "Checkout Weekly", "Harbour Trade Media", Kind.TRADE, 100),
    Feed("/feeds/the-aisle-report.xml", "The Aisle Report", "The Aisle Report", Kind.TRADE, 100),
    Feed("/feeds/northern-courier-business.xml", "Northern Courier", "Northern Courier Group", Kind.NATIONAL, 100),
    Feed("/feeds/grocers-ledger.xml", "Grocer’s Ledger", "Ledger Press", Kind.TRADE, 100),
    Feed("/feeds/basket-wire.xml", "Basket Wire", "Basket Wire", Kind.PR_WIRE, 25),
    Feed("/feeds/tillpoint-blog.xml", "The Tillpoint Blog", "Tillpoint", Kind.VENDOR, 50),
    # several posts a day, most of them trifles
    Feed("/feeds/retail-tech-minute.xml", "Retail Tech Minute", "Minute Media", Kind.AGGREGATOR, 75),
)


def add_all(session: Session, base: str, *, now: datetime) -> int:
    """Set up all of them as served at *base* ("http://127.0.0.1:1234"); how many there are."""
    for feed in FEEDS:
        sources.add(
            session, base + feed.path, name=feed.name, owner=feed.owner, kind=feed.kind, authority=feed.authority,
            now=now,
        )  # fmt: skip
    return len(FEEDS)
