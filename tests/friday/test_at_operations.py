"""The rest of a Friday, at Operations, in real Chromium: watched, paused, let go on; one reader looked up, who leaves
by their own link; a letter judged that nobody understood; an answer that was lost, settled.

Once with a mouse, once with the keyboard alone, once at 390 px; the copies go over real SMTP.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from newsletter import jobs
from newsletter.app import App
from newsletter.config import Settings
from newsletter.delivery.operations import balance
from newsletter.delivery.operations.balance import Balance
from newsletter.demo import afternoon
from newsletter.demo.afternoon import Watching, WeekClock
from newsletter.demo.friday import THURSDAY_AFTERNOON
from newsletter.editions.models import State
from newsletter.jobs import returning
from newsletter.staff.models import Role
from newsletter.testing.serving import serving
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment, cut, held
from newsletter.web.app import create
from subscribers.models import Suppression
from tests import factories
from tests.friday.hands import PATIENCE, Mouse, Somebody, until
from tests.mailbox.letters import note
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD, a_colleague

pytestmark = looks.pytestmark[0]
READERS = 60
#: copies that are out before the sending waits to be paused
FIRST = 20
ADA, UNLUCKY, GONE = "reader3@example.com", "reader5@example.com", "reader7@example.com"


@dataclass
class Friday:
    """An edition that goes out to a mail server, and the pages of those who watch it."""

    app: App
    url: str
    clock: WeekClock
    sink: SmtpSink
    letters: Path
    #: the mail server answers no more after its first copies until this is set
    go: Event = field(default_factory=Event)

    def stands(self) -> Balance:
        with self.app.database.read() as session:
            return balance.balance(session, 1)

    def leaving_link(self, reader: str) -> str:
        """Where the copy that *reader* got says one leaves."""
        (taken,) = (one for one in self.sink.taken if one.recipient == reader)
        message = message_from_bytes(taken.message.replace(b"\n", b"\r\n"), policy=policy.default)
        found = re.search(r"<(https?://[^>]+)>", str(message["List-Unsubscribe"]))
        assert found is not None
        return urlsplit(found[1]).path

    def suppressed(self) -> list[str]:
        with self.app.database.read() as session:
            return [one.email_key for one in session.query(Suppression)]


@pytest.fixture
def friday(settings: Settings, app: App, tmp_path: Path) -> Iterator[Friday]:
    letters, stop, held_back = tmp_path / "Maildir", Event(), Event()
    for part in ("tmp", "new", "cur"):
        (letters / part).mkdir(parents=True)

    def script(moment: Moment) -> Fault | None:
        if moment.step != "message":
            return None
        if moment.recipient == UNLUCKY:
            return cut(taken=True)
        return held(held_back.is_set) if len(sink.taken) >= FIRST else None

    pages: dict[str, Any] = {}

    async def door(scope: Any, receive: Any, send: Any) -> None:
        await pages["app"](scope, receive, send)

    with SmtpSink(script) as sink, serving(door) as url:
        smtp = settings.smtp.model_copy(
            update={"host": "127.0.0.1", "port": sink.port, "security": "none", "batch_size": 5, "connections": 1}
        )
        mailbox = settings.mailbox.model_copy(update={"maildir": letters})
        told = {"public_url": url, "sender": "smtp", "smtp": smtp, "mailbox": mailbox}
        here = App(settings.model_copy(update=told), app.database)
        clock = WeekClock(THURSDAY_AFTERNOON)
        here.kept["clock"] = clock
        pages["app"] = create(here, clock=clock)
        with here.database.write() as session:
            for number in range(READERS):
                factories.a_subscriber(session, f"reader{number}@example.com")
            factories.an_edition(session, "Walmart goes live", "Boots denies it", state=State.IN_REVIEW)
        jobs.approve(here, 1, by="an approver", now=clock())
        room = Friday(here, url, clock, sink, letters, held_back)
        nobody = Watching(*(4 * [lambda *_: None]))
        sending = Thread(target=afternoon.wait_for_editors, args=(here, clock, stop, nobody), kwargs={"night": 0})
        sending.start()
        try:
            yield room
        finally:
            stop.set()
            held_back.set()
            sending.join()


@pytest.fixture
def url(friday: Friday) -> str:
    return friday.url


def test_the_rest_of_a_friday(friday: Friday, opened: Callable[[], Page], hand: Mouse) -> None:
    page = opened()
    operator = Somebody(page, hand)
    a_colleague(friday.app, "ops@example.com", Role.OPERATOR, now=friday.clock())
    operator.go("/desk/sign-in")
    operator.write("Address", "ops@example.com")
    operator.write("Password", PASSWORD)
    operator.press("Sign in")

    # it is watched: the page follows by itself
    until(lambda: len(friday.sink.taken) >= FIRST)
    operator.press("Operations", "link")
    hand.press(page, page.locator("main").get_by_role("link", name=re.compile("Walmart goes live")).first)
    expect(page.get_by_text("running", exact=True).first).to_be_visible(timeout=PATIENCE)

    # paused, with what that means before it is done, and let go on
    operator.press("Pause…", "link")
    expect(page.locator(".answer")).to_contain_text("until somebody lets it go on", timeout=PATIENCE)
    hand.write(page, page.get_by_label("Why, for those who ask later"), "a reader rang")
    operator.press("Pause it")
    expect(page.get_by_text("paused", exact=True).first).to_be_visible(timeout=PATIENCE)
    friday.go.set()
    until(lambda: friday.stands().in_flight == 0)
    stopped = friday.stands()
    assert FIRST <= stopped.accepted + stopped.unknown < READERS
    page.reload()
    expect(page.get_by_text("Nothing moves: paused by Eva: a reader rang")).to_be_visible(timeout=PATIENCE)
    operator.press("Let it go on…", "link")
    operator.press("Let it go on")
    expect(page.locator("main")).to_contain_text("100 % dealt with", timeout=PATIENCE)  # without being asked again
    until(lambda: friday.stands() == Balance(READERS, accepted=READERS - 1, unknown=1))

    # one reader is looked up
    operator.press("Send log", "link")
    hand.write(page, page.get_by_label("Address, its beginning, or a number"), ADA)
    operator.press("Search")
    hand.press(page, page.locator("table.log").get_by_role("link", name=ADA))
    expect(page.locator(".story")).to_contain_text("It was taken.", timeout=PATIENCE)

    # who leaves, by the link in their copy
    reader = opened()
    reader.goto(friday.leaving_link(ADA))
    hand.press(reader, reader.locator("main button").first)
    operator.press("Readers", "link")
    hand.write(page, page.get_by_label(re.compile("^Address")), ADA)
    operator.press("Find")
    expect(page.locator(".said")).to_contain_text(re.compile("left weekly", re.IGNORECASE), timeout=PATIENCE)

    # a letter that nobody understood
    (friday.letters / "new" / "1.host").write_bytes(note(1, words=f"Nobody reads {GONE} any more."))
    returning.collect(friday.app, clock=friday.clock)
    operator.press("Bounces", "link")
    operator.press("A note 1", "link")
    hand.write(page, page.get_by_label(re.compile("^Whom it is about")), GONE)
    operator.press("Say what would follow")
    hand.press(page, page.locator("button[value=dead]"))
    assert friday.suppressed() == [GONE]

    # the answer that was lost
    operator.go("/ops")
    hand.press(page, page.locator("main").get_by_role("link", name=re.compile("Walmart goes live")).first)
    operator.press("Count them as accepted…", "link")
    expect(page.locator(".answer")).to_contain_text("1 copy counts as accepted", timeout=PATIENCE)
    operator.press("Count them as accepted")
    assert friday.stands() == Balance(READERS, accepted=READERS)
    assert sorted(one.recipient for one in friday.sink.taken) == sorted(
        f"reader{number}@example.com" for number in range(READERS)
    )
