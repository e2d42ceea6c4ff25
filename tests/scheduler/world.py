"""A small world for the jobs: a week of articles, readers, and a clock that tests set."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count

from sqlalchemy import select

from newsletter import jobs
from newsletter.app import App
from newsletter.editions.models import Alarm, Edition, Job, Slot, SlotState
from tests import factories

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

#: headline → how the five sources tell it
TELLINGS = {
    "Walmart sells live on Twitter": "Walmart streams a shopping show on Twitter with the singer Jason Derulo as host",
    "Carrefour opens a cashierless shop": "Carrefour opens Flash, a shop without tills with AiFi cameras, in Paris",
    "Getir buys its rival Weezy": "Getir takes over Weezy, a young grocery courier from London, for an unnamed sum",
    "Richemont moves to the cloud": "Richemont brings its SAP systems and thousands of servers to Amazon Web Services",
    "Boots keeps away from Bitcoin": "Boots denies taking part in the cryptocurrency cashback that Mode has announced",
}
SOURCES = ("Retail Dive", "Essential Retail", "Grocery Gazette", "LSA", "Chain Store Age")


def utc(text: str) -> datetime:
    """ "2021-11-26 09:00" as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_week(app: App, *, readers: int = 3, at: str = "2021-11-23 09:00") -> None:
    """Five stories told by five sources each, from *at* on, and some confirmed readers."""
    news(app, utc(at))
    with app.database.write() as session:
        for number in range(readers):
            factories.a_subscriber(session, f"reader{number}@example.com")


def news(app: App, at: datetime) -> None:
    """Five stories told by five sources each, from *at* on."""
    with app.database.write() as session:
        for first, name in enumerate(SOURCES):
            source = factories.a_source(session, name)
            # nothing listens there: these sources are not due
            source.next_fetch_at = at + 1000 * DAY
            for number, (headline, text) in enumerate(TELLINGS.items()):
                told_at = at + (number - first) % len(SOURCES) * HOUR  # each source is first with one story
                factories.an_article(session, source, headline, _in_own_words(text, name), published_at=told_at)


def _in_own_words(text: str, source: str) -> str:
    """The same words in another order: the same story, and no copy."""
    words = text.split() * 3
    return " ".join(random.Random(source).sample(words, len(words)))  # noqa: S311


@dataclass
class Process:
    """One scheduler as the database sees it; a test moves its clock and lets it tick."""

    app: App
    owner: str = "one"
    now: datetime = datetime(2021, 11, 25, 15, tzinfo=UTC)

    def tick(self, at: str | None = None) -> list[str]:
        """Tick, do all the work at once, and say what it was."""
        self.now = utc(at) if at else self.now + 15 * timedelta(seconds=1)
        found = jobs.tick(self.app, now=self.now, owner=self.owner)
        for work in found:
            follows = jobs.run(self.app, work, owner=self.owner, clock=lambda: self.now)
            if follows is not None:
                jobs.run(self.app, follows, owner=self.owner, clock=lambda: self.now)
        return [work.name for work in found if work.name not in {"collect", "letters", "figures"}]

    def tick_until(self, end: str, every: timedelta = HOUR) -> list[str]:
        """Tick from now until *end*; all that was done."""
        found: list[str] = []
        for step in count():
            moment = self.now + every
            if moment > utc(end) or step > 2000:
                return found
            found += self.tick(f"{moment:%Y-%m-%d %H:%M}")
        return found


def edition(app: App) -> Edition:
    """The only edition there is."""
    with app.database.read() as session:
        return session.scalars(select(Edition)).one()


def slots(app: App) -> dict[Job, SlotState]:
    """The slots of the only date there is."""
    with app.database.read() as session:
        return {slot.job: slot.state for slot in session.scalars(select(Slot).order_by(Slot.due_at))}


def alarms(app: App) -> list[str]:
    """What a person was told, oldest first."""
    with app.database.read() as session:
        return list(session.scalars(select(Alarm.text).order_by(Alarm.id)))


def outbox(app: App, *addresses: str) -> list[EmailMessage]:
    """The messages in the Maildir, to *addresses* only where some are named, by subject."""
    folder = app.settings.path(app.settings.maildir.path) / "new"
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in folder.glob("*")]
    return sorted(
        (one for one in found if not addresses or any(address in one["To"] for address in addresses)),
        key=lambda one: (one["Subject"], one["To"]),
    )
