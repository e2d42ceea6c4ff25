"""A whole Friday at the desk in real Chromium: from the set-up link to the last copy, with two people at work.

Once with a mouse, once with the keyboard alone, once at 390 px; what goes out is the demo's week.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Page, expect

from newsletter.app import App
from newsletter.delivery.operations import balance
from newsletter.delivery.operations.balance import Balance
from newsletter.demo import afternoon, friday, server
from newsletter.demo.afternoon import Watching, WeekClock
from newsletter.editions.models import Edition, State
from newsletter.staff import keys
from tests.friday.hands import PATIENCE, Mouse, Somebody, Thumb, until
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD
from tests.web.site import served

pytestmark = looks.pytestmark[0]
READERS = 176
BOSS, EVA = "boss@example.com", "eva@example.com"


@dataclass
class Newsroom:
    """The demo's week, its desk, and what sends what is approved there."""

    app: App
    url: str
    clock: WeekClock
    #: the sending waits after its first copies until this is set
    go: Event = field(default_factory=Event)
    told: list[str] = field(default_factory=list)

    def stands(self) -> Balance:
        with self.app.database.read() as session:
            return balance.balance(session, 1)

    def edition(self) -> Edition:
        with self.app.database.read() as session:
            return session.get_one(Edition, 1)


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    with server.serve() as base:
        port = int(base.rpartition(":")[2])
        with friday.prepare(tmp_path / "demo", port=port, watched=True) as app:
            friday.draft(app, base, lambda step: None, lambda done, total: None)
            clock, stop = afternoon.begin(app), Event()
            with served(app, clock) as site:
                room = Newsroom(app, str(site.base_url).rstrip("/"), clock)
                watching = Watching(
                    on_step=lambda step: room.told.append(step.name),
                    on_send=lambda done, planned: _hold(room),
                    on_end=lambda stands: room.told.append("end"),
                    on_trouble=room.told.append,
                )
                sending = Thread(
                    target=afternoon.wait_for_editors, args=(app, clock, stop, watching), kwargs={"night": 0}
                )
                sending.start()
                try:
                    yield room
                finally:
                    stop.set()
                    room.go.set()
                    sending.join()


@pytest.fixture
def url(newsroom: Newsroom) -> str:
    return newsroom.url


def _hold(room: Newsroom) -> None:
    room.go.wait(PATIENCE / 1000)


def make_the_first_account(newsroom: Newsroom, boss: Somebody) -> pyotp.TOTP:
    """By the set-up link, with a second factor."""
    with newsroom.app.database.write() as session:
        path = keys.path(keys.make(session, None, now=newsroom.clock()))
    boss.go(path)
    for label, words in (
        ("Your address", BOSS),
        ("Your name, as colleagues see it", "The boss"),
        ("Password", PASSWORD),
        ("The same once more", PASSWORD),
    ):
        boss.write(label, words)
    boss.press("Make the account")
    boss.press("Set it up", "link")
    codes = pyotp.TOTP(boss.page.locator(".secret code").inner_text().replace(" ", ""))
    boss.write("The code it shows now", codes.at(newsroom.clock()))
    boss.press("Turn it on")
    boss.press("I have kept them", "link")
    return codes


def ask_in(boss: Somebody, eva: Somebody) -> None:
    """A colleague by a link that is shown once."""
    boss.press("People", "link")
    boss.write("Address", EVA)
    boss.press("Make an account")
    eva.go(urlsplit(boss.page.locator(".secret code").inner_text()).path)
    eva.write("Your name, as colleagues see it", "Eva")
    eva.write("Password", PASSWORD)
    eva.write("The same once more", PASSWORD)
    eva.press("Keep it, and sign in")


def sign_in(newsroom: Newsroom, boss: Somebody, codes: pyotp.TOTP) -> None:
    boss.go("/desk/sign-in")
    boss.write("Address", BOSS)
    boss.write("Password", PASSWORD)
    boss.press("Sign in")
    # the same code is good once: the next half minute's
    newsroom.clock.put_forward(newsroom.clock() + timedelta(seconds=30))
    boss.write("Code", codes.at(newsroom.clock()))
    boss.press("Sign in")


def reorder(somebody: Somebody) -> None:
    """The second story first, back again, and first again."""
    page = somebody.page
    somebody.go("/week")
    rows = page.locator("#board .row[data-story]")
    second = page.locator("#board h3").nth(1).inner_text()
    if isinstance(somebody.hand, Thumb):
        somebody.touch(rows.nth(1).get_by_role("button", name="Place 1"))
        expect(page.locator("#board h3").first).to_have_text(second)
        somebody.touch(page.locator("#said").get_by_role("button", name="Undo"))
        expect(page.locator("#board h3").nth(1)).to_have_text(second)
        somebody.touch(rows.nth(1).get_by_role("button", name="Place 1"))
    else:
        page.keyboard.press("j")
        page.keyboard.press("j")
        if not rows.nth(1).evaluate("one => one === document.activeElement"):
            page.keyboard.press("k")
        page.keyboard.press("1")
        expect(page.locator("#board h3").first).to_have_text(second)
        page.keyboard.press("z")
        expect(page.locator("#board h3").nth(1)).to_have_text(second)
        page.keyboard.press("1")
    expect(page.locator("#board h3").first).to_have_text(second)


def test_a_whole_friday(newsroom: Newsroom, opened: Callable[[], Page], hand: Mouse) -> None:
    boss, eva = Somebody(opened(), hand), Somebody(opened(), hand)
    codes = make_the_first_account(newsroom, boss)
    ask_in(boss, eva)
    boss.press("Sign out")
    sign_in(newsroom, boss, codes)

    # the week, and the words
    reorder(eva)
    eva.go("/editions/1/edit")
    eva.write("Headline", "Boots and Ocado deny it")
    expect(eva.page.frame_locator("iframe").get_by_text("Boots and Ocado deny it").first).to_be_visible(
        timeout=PATIENCE
    )
    eva.saved()

    # two at once: what one writes in a tunnel the other has changed meanwhile
    boss.go("/editions/1/edit")
    eva.page.context.set_offline(True)
    boss.write("Preheader", "What the boss thinks")
    boss.saved()
    eva.write("Preheader", "What Eva thinks")
    expect(eva.page.locator("#saved")).to_have_text(re.compile("^Not saved"), timeout=PATIENCE)
    eva.page.context.set_offline(False)
    eva.touch(eva.page.locator("#save"))
    conflict = eva.page.get_by_text("The boss changed the preheader too: whose words?")
    expect(conflict).to_be_visible(timeout=PATIENCE)
    eva.touch(eva.page.get_by_role("radio", name="Theirs"))
    eva.saved()
    assert newsroom.edition().preheader == "What the boss thinks"

    # taken back
    eva.write("Subject", "A slip")
    eva.saved()
    eva.touch(eva.page.locator("#take-back"))
    expect(eva.page.get_by_label("Subject")).not_to_have_value("A slip")

    # something red, found and mended
    eva.write("Subject", "*|FNAME|*, five stories")
    eva.saved()
    boss.go("/editions/1")
    boss.press("Approve")
    expect(boss.page.get_by_role("alert")).to_be_visible()
    assert newsroom.edition().state is State.IN_REVIEW
    hand.press(boss.page, boss.page.locator(".findings li").filter(has_text="must be mended").get_by_role("link").first)
    assert boss.page.url.endswith("/editions/1/edit#subject")
    boss.write("Subject", "Five stories of the week")
    boss.saved()

    # a test copy, and the word
    boss.go("/editions/1")
    boss.press("Send a test", "link")
    hand.write(boss.page, boss.page.get_by_label("To whom"), BOSS)
    boss.press("Send the test")
    expect(boss.page.get_by_text("taken", exact=True)).to_be_visible()
    boss.press("Back to the edition", "link")
    boss.press("Approve")
    expect(boss.page.get_by_text("approved", exact=True).first).to_be_visible()

    # it goes out, is stopped, and goes on
    until(lambda: newsroom.edition().state is State.SENDING)
    sign_in(newsroom, boss, codes)  # a night later
    boss.go("/editions/1")
    boss.press("Stop")
    expect(boss.page.get_by_role("button", name="Let it go on")).to_be_visible()
    newsroom.go.set()
    until(lambda: "sent" in newsroom.told)
    stopped = newsroom.stands()
    assert 0 < stopped.accepted < stopped.planned == READERS
    boss.go("/editions/1")
    boss.press("Let it go on")
    until(lambda: "end" in newsroom.told)
    boss.go("/archive/friday")
    expect(boss.page.get_by_text("Boots and Ocado deny it").first).to_be_visible()
    assert (newsroom.stands(), newsroom.edition().state) == (Balance(READERS, accepted=READERS), State.SENT)
