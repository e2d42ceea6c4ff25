"""An edition on its way, its links, and the doors they lead to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import httpx
import pytest
from sqlalchemy import select, update

from newsletter.app import App
from newsletter.config import Settings
from newsletter.delivery.models import Batch, BatchState
from newsletter.delivery.senders.maildir import MaildirSender
from newsletter.editions.models import State
from newsletter.jobs import sending
from newsletter.rendering import links, proofs
from newsletter.testing.serving import serving
from newsletter.tracking.links import counts
from newsletter.tracking.links.counts import Counts
from newsletter.tracking.links.models import Visit
from newsletter.tracking.links.recording import Recorder
from newsletter.web.app import create
from subscribers.audience import Person
from subscribers.models import Subscriber
from tests.factories import a_subscriber, an_edition

SECRET = "a secret for tests"
NINE = datetime.fromisoformat("2021-11-26T09:00:00+00:00")
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)
_ADDRESS = re.compile(r"https://news\.example\.com/[lo]/[0-9a-f]{54}(?:\.gif)?")


@dataclass
class House:
    """An edition whose copies were handed over at nine to Ada and Ben, and the pages in front of it."""

    app: App
    edition_id: int
    ada: int
    ben: int
    site: httpx.Client
    recorder: Recorder
    now: datetime = NINE
    message: dict[int, str] = field(default_factory=dict)

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def text_of(self, reader: int) -> str:
        """The copy of *reader*, as it went out, decoded."""
        return self.message[reader]

    def addresses(self, reader: int) -> list[str]:
        """Each counted address in the copy of *reader*, less the host, in its order; text part first."""
        return [each.removeprefix("https://news.example.com") for each in _ADDRESS.findall(self.message[reader])]

    def link(self, number: int, reader: int | None = None) -> str:
        """The address of the link *number* in the copy of *reader* (default: Ada)."""
        reader = self.ada if reader is None else reader
        return f"/l/{links.click_token(SECRET, self.edition_id, reader)}{links.tag(SECRET, self.edition_id, number)}"

    def follow(self, number: int, reader: int | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.site.get(self.link(number, reader), headers={"User-Agent": CHROME, **(headers or {})})

    def visits(self) -> list[Visit]:
        """Every row there is, after what was noted was written."""
        self.recorder.flush()
        with self.app.database.read() as session:
            return list(session.scalars(select(Visit).order_by(Visit.number, Visit.at, Visit.id)))

    def counts(self) -> Counts:
        self.recorder.flush()
        with self.app.database.read() as session:
            return counts.counts(session, self.edition_id)


@pytest.fixture
def tracking() -> dict[str, object]:
    """What the newsletter's settings say of counting."""
    return {}


@pytest.fixture
def house(app: App, settings: Settings, tracking: dict[str, object], now: datetime) -> Iterator[House]:
    newsletter = settings.newsletters["friday"].model_copy(update=tracking)
    app = App(settings.model_copy(update={"newsletters": {"friday": newsletter}}), app.database)
    with app.database.write() as session:
        ada, ben = a_subscriber(session, "ada@example.com"), a_subscriber(session, "ben@example.com", name="Ben")
        edition = an_edition(session, state=State.APPROVED)
        edition.introduction = "See [the figures](https://figures.example/?a=1&b=2) of the week."
        proofs.make(session, edition, newsletter, settings, now=now)
        sending.begin(session, app, edition, MaildirSender(settings.home / "outbox"), by="editor", now=NINE)
        session.execute(update(Batch).values(state=BatchState.ACCEPTED, fenced_at=NINE, settled_at=NINE))
        edition_id = edition.id
    there: list[House] = []
    web = create(app, clock=lambda: there[0].now)
    with serving(web) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        house = House(app, edition_id, ada.id, ben.id, client, web.state.ground.clicks)
        there.append(house)
        house.message = {person.id: _copy(app, edition_id, person) for person in (ada, ben)}
        house.wait(hours=1)
        yield house
        house.recorder.close()


def _copy(app: App, edition_id: int, person: Subscriber) -> str:
    with app.database.read() as session:
        route = sending.route(session, app, edition_id, now=NINE)
    reader = route.reader(Person(person.id, person.email, person.name, "", ""))
    message = message_from_bytes(route.mould.message(reader), policy=policy.default)
    return "\n".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
