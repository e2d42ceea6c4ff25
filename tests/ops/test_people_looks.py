"""The pages about people in real Chromium, as axe-core sees them: letters, suppressions, one reader, an import."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from newsletter.app import App
from newsletter.delivery.models import BatchState
from newsletter.jobs.imports import Said
from newsletter.staff.models import Role
from subscribers import roll
from subscribers.models import Consent, Subscriber, SuppressionReason
from subscribers.moving import uploads
from subscribers.moving.models import UploadState
from tests import factories
from tests.browsing import press
from tests.desk.aftermath import went_out
from tests.mailbox.conftest import Reader
from tests.mailbox.letters import note
from tests.ops.test_bounces import ADA, put
from tests.readers import test_looks as looks
from tests.staff.conftest import PASSWORD, a_colleague

pytestmark = looks.pytestmark

SHOTS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]


@pytest.fixture(params=SHOTS, ids=[f"{width}, {scheme}" for width, scheme in SHOTS])
def page(app: App, chromium: Browser, desk: str, request: pytest.FixtureRequest, now: datetime) -> Iterator[Page]:
    """Somebody from operations, signed in."""
    width, scheme = request.param
    email = a_colleague(app, role=Role.OPERATOR, now=now)
    context = chromium.new_context(
        base_url=desk, viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    context.add_init_script(path=looks.AXE)
    page = context.new_page()
    page.goto("/desk/sign-in")
    page.get_by_label("Address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, page.get_by_role("button", name="Sign in"))
    yield page
    context.close()


def test_a_letter_is_judged_in_a_browser(page: Page, of_files: Reader) -> None:
    with of_files.app.database.write() as session:
        factories.a_list(session)
        roll.add(session, ADA, lists=["weekly"], consent=Consent.CONFIRMED, source="a form", now=factories.LONG_AGO)
    put(of_files, note(1, words="Ada has retired, and nobody reads this any more."), note(2, words="Who is this?"))
    page.goto("/ops/bounces")
    wrong = looks.look(page)
    press(page, page.get_by_role("link", name="A note 1"))
    wrong += looks.look(page)
    page.get_by_label("Whom it is about").fill(ADA)
    press(page, page.get_by_role("button", name="Say what would follow"))
    wrong += looks.look(page)
    press(page, page.get_by_role("button", name="There is no such address"))
    wrong += looks.look(page)
    press(page, page.get_by_role("link", name="Bounces").last)
    wrong += looks.look(page)
    assert (wrong, page.get_by_text("Reader 1 has an address that does not exist").count()) == ([], 1)


def test_suppressions_and_a_reader_look_right(app: App, page: Page, now: datetime) -> None:
    with app.database.write() as session:
        factories.a_list(session)
        ada = roll.add(
            session, ADA, name="Ada", lists=["weekly"], consent=Consent.CONFIRMED, source="a form", now=now
        ).id
        went_out(app, session, [ada], states=[BatchState.ACCEPTED])
        for number, reason in enumerate(SuppressionReason):
            roll.add(session, f"reader{number}@shop.example", source="a form", now=now)
            roll.suppress(session, f"reader{number}@shop.example", reason=reason, note="550 no such user", now=now)
        roll.suppress(session, "eve@elsewhere.example", reason=SuppressionReason.COMPLAINT, now=now)
    page.goto("/ops/suppressions")
    wrong = looks.look(page)
    page.get_by_label("Address, or a reader").fill("eve@elsewhere.example")
    press(page, page.get_by_role("button", name="Find"))
    wrong += looks.look(page)
    page.get_by_label("Address, or a reader").fill(ADA)
    press(page, page.get_by_role("button", name="Find"))
    page.get_by_text("Never mail them again").click()
    wrong += looks.look(page)
    press(page, page.get_by_role("button", name="Never mail them"))
    page.get_by_text("The way back").click()
    page.get_by_text("Unsubscribe", exact=True).click()
    page.get_by_text("Erase", exact=True).click()
    assert (wrong + looks.look(page), page.get_by_text("No mail goes there any more.").count()) == ([], 1)


def _file(folder: Path, count: int) -> Path:
    """An export as people have them: who stays, who left, whose address is dead, and a row that is none."""
    file = folder / "Subscribers of the old system.csv"
    rows = [f"reader{number}@shop.example,Reader {number},active,London" for number in range(count)]
    left = ["bob@shop.example,Bob,unsubscribed,Leeds", "eve@shop.example,Eve,bounced,York", "nobody,X,active,Bath"]
    file.write_text("\n".join(["email,name,status,city", *rows, *left]) + "\n")
    return file


def test_people_are_moved_in_in_a_browser(app: App, page: Page, tmp_path: Path) -> None:
    with app.database.write() as session:
        factories.a_list(session)
    page.goto("/ops/import")
    wrong = looks.look(page)
    page.get_by_label("The file").set_input_files(_file(tmp_path, 400))
    press(page, page.get_by_role("button", name="See what it is"))
    expect(page.get_by_role("heading", name="Take them in")).to_be_visible(timeout=120_000)
    page.get_by_text("1 row is left out").click()
    wrong += looks.look(page)
    press(page, page.get_by_role("button", name="Take in 402 people"))
    # the page asks by itself how far it is, and shows what came of it
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible(timeout=120_000)
    wrong += looks.look(page)
    with app.database.read() as session:
        there = session.scalar(select(func.count()).select_from(Subscriber))
    page.goto("/ops/import")
    assert (wrong + looks.look(page), there, page.get_by_text("401 added").count()) == ([], 401, 1)


def test_an_import_under_way_looks_right(app: App, page: Page, tmp_path: Path, now: datetime) -> None:
    with app.database.write() as session:
        for number, state in enumerate(UploadState):
            upload = uploads.add(
                session, f"key{number}", name="people.csv", size=1, machine="another", by="Eva", said=Said().as_data(),
                now=now,
            )  # fmt: skip
            upload.state, upload.seen_at = state, now
            upload.what, upload.done, upload.total = "taking in", 120_000, 300_000
    wrong = []
    for path in ("/ops/import", "/ops/import/3", "/ops/import/5", "/ops/import/6"):
        page.goto(path)
        wrong += looks.look(page)
    assert wrong == []
