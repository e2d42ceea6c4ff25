"""What is shown of an edition that went out, in real Chromium as axe-core sees it: phone and desk, light and dark."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page

from newsletter.app import App
from newsletter.delivery.models import Status
from newsletter.jobs import counting
from tests.browsing import press
from tests.desk.aftermath import NINE, followed, left, readers, told, went_out
from tests.factories import FRIDAY
from tests.readers import test_looks as looks
from tests.staff.test_looks import page

__all__ = ["page"]

pytestmark = looks.pytestmark


@pytest.fixture
def now() -> datetime:
    """The Monday after."""
    return NINE + timedelta(days=3)


@pytest.fixture
def sent(app: App, now: datetime) -> int:
    with app.database.write() as session:
        people = readers(session, 120)
        before = went_out(app, session, people[:100], day=FRIDAY - timedelta(days=7))
        edition = went_out(app, session, people)
        told(session, edition, people[:90], Status.DELIVERED)
        told(session, edition, people[90:93], Status.BOUNCED)
        followed(session, edition, 1, 12)
        left(session, people[5])
    counting.keep(app, before.id, now=now)
    return edition.id


def test_correcting_looks_right_from_the_note_to_the_approval(page: Page, app: App, sent: int) -> None:
    page.goto(f"/editions/{sent}/correct")
    wrong = looks.look(page)
    page.get_by_label("What was wrong").fill("It was Carrefour.")
    page.get_by_label("Headline").first.fill("Carrefour goes live")
    press(page, page.get_by_role("button", name="Correct it"))
    wrong += looks.look(page)
    press(page, page.get_by_role("button", name="Write a short mail about it"))
    assert (wrong + looks.look(page), page.get_by_role("heading", name="Goes to 116 readers").count()) == ([], 1)


def test_the_results_look_right_with_their_tables_open(page: Page, sent: int) -> None:
    page.goto(f"/editions/{sent}/results")
    page.get_by_text("As a table").first.click()
    assert (looks.look(page), page.get_by_text("90 delivered").first.is_visible()) == ([], True)
