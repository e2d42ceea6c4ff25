"""What went out wrong, put right at the desk: on its page, behind its links, and by a mail that is approved."""

import re
from datetime import datetime, timedelta

import httpx
import pytest

from newsletter.app import App
from newsletter.delivery.models import BatchState
from newsletter.editions import corrections, past, shelf
from newsletter.editions.models import State
from newsletter.rendering import links, proofs
from newsletter.staff import acts
from newsletter.staff.models import Role
from newsletter.tracking.links import register
from tests.desk.aftermath import NINE, left, readers, went_out
from tests.staff.conftest import Browser, Clock, a_colleague
from tests.web.conftest import SECRET

NOTE = "It was Carrefour, and not Walmart."
HEADLINE, ADDRESS = "Carrefour goes live", "https://retaildive.example/the-right-one"


@pytest.fixture
def now() -> datetime:
    """Three hours after it went out."""
    return NINE + timedelta(hours=3)


@pytest.fixture
def sent(app: App) -> int:
    """An edition to 60 readers, of ten of whom nobody knows; one has left."""
    with app.database.write() as session:
        people = readers(session, 60)
        edition = went_out(app, session, people, states=(BatchState.ACCEPTED, BatchState.UNKNOWN))
        left(session, people[3])
        return edition.id


@pytest.fixture
def approver(app: App, browser: Browser, clock: Clock) -> Browser:
    browser.sign_in(a_colleague(app, "eva@example.com", Role.APPROVER, now=clock()))
    return browser


def _correct(browser: Browser, edition_id: int, **fields: str) -> httpx.Response:
    browser.open(f"/editions/{edition_id}/correct")
    given = {"note": NOTE, "stories-0-headline": HEADLINE, "stories-0-url": ADDRESS}
    return browser.send(f"/editions/{edition_id}/correct", **given | fields)


def _page(app: App, site: httpx.Client, edition_id: int, reader: int = 1, more: str = "") -> str:
    return site.get(f"/e/{links.token(SECRET, edition_id, reader)}{more}").text


def test_the_page_in_the_browser_says_what_is_right_and_that_it_was_wrong(
    app: App, approver: Browser, site: httpx.Client, sent: int
) -> None:
    _correct(approver, sent)
    page = _page(app, site, sent)
    assert (HEADLINE in page, NOTE in page, "Correction of 26 November 2021" in page, "Walmart goes live<" in page) == (
        True, True, True, False,
    )  # fmt: skip


def test_the_links_in_readers_copies_lead_to_the_right_page_at_once(
    app: App, approver: Browser, site: httpx.Client, sent: int
) -> None:
    _correct(approver, sent)
    with app.database.read() as session:
        numbers = [link.number for link in register.of(session, sent) if link.url == ADDRESS]
    copy = links.click_token(SECRET, sent, 1)
    followed = [site.get(f"/l/{copy}{links.tag(SECRET, sent, number)}").headers["location"] for number in numbers]
    assert followed == [ADDRESS] * 3


def test_what_was_sent_and_the_editions_own_words_stay(app: App, approver: Browser, sent: int) -> None:
    with app.database.read() as session:
        before = shelf.get(session, sent)
        digest = proofs.frozen(session, before).digest  # type: ignore[union-attr]
    _correct(approver, sent)
    with app.database.read() as session:
        after = shelf.get(session, sent)
        kept = proofs.frozen(session, after)
    assert kept is not None
    assert (after.revision, after.stories[0].headline, kept.digest) == (before.revision, "Walmart goes live", digest)


def test_a_second_correction_stands_below_the_first(app: App, approver: Browser, site: httpx.Client, sent: int) -> None:
    _correct(approver, sent)
    _correct(approver, sent, note="And it was on <i>Thursday</i>.")
    page = _page(app, site, sent)
    assert (page.index(NOTE) < page.index("&lt;i&gt;Thursday&lt;/i&gt;"), page.count("Correction of")) == (True, 2)


def test_without_a_note_nothing_is_corrected_and_nothing_that_was_typed_is_lost(
    app: App, approver: Browser, sent: int
) -> None:
    answer = _correct(approver, sent, note=" ")
    with app.database.read() as session:
        history = corrections.history(session, sent)
    assert (answer.status_code, "say what was wrong" in answer.text, HEADLINE in answer.text, history) == (
        409, True, True, [],
    )  # fmt: skip


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://a.example/", "https://"])
def test_no_link_is_led_to_what_is_no_page(app: App, approver: Browser, sent: int, url: str) -> None:
    answer = _correct(approver, sent, **{"stories-0-url": url})
    with app.database.read() as session:
        moved = register.history(session, sent)
    assert (answer.status_code, moved) == (409, [])


def test_two_at_once_overwrite_nothing(app: App, approver: Browser, sent: int) -> None:
    _correct(approver, sent)
    approver.open(f"/editions/{sent}/correct")
    answer = approver.send(f"/editions/{sent}/correct", note="mine", revision="1")
    assert (answer.status_code, "corrected by somebody else meanwhile" in answer.text) == (409, True)


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 30])
def test_a_form_that_is_not_whole_corrects_nothing(app: App, approver: Browser, sent: int, revision: str) -> None:
    assert _correct(approver, sent, revision=revision).status_code == 409


def test_an_editor_may_not_correct_what_went_out(app: App, browser: Browser, sent: int, clock: Clock) -> None:
    browser.sign_in(a_colleague(app, "ida@example.com", Role.EDITOR, now=clock()))
    page = browser.open(f"/editions/{sent}/correct").text
    answer = browser.send(f"/editions/{sent}/correct", note=NOTE, revision="1")
    assert ("for who may approve" in page, answer.status_code) == (True, 403)


def test_who_corrected_what_is_in_the_log_of_acts(app: App, approver: Browser, sent: int) -> None:
    _mailed(approver, sent)
    with app.database.read() as session:
        did = [act.did for act in acts.lately(session, limit=2)]
    assert did == ["wrote a correction to be mailed", "corrected what went out"]


def _mailed(browser: Browser, sent: int) -> str:
    """The path of the correction's own page."""
    _correct(browser, sent)
    browser.open(f"/editions/{sent}/correct")
    return str(browser.send(f"/editions/{sent}/correct/mail").headers["location"])


def test_to_how_many_it_goes_is_said_before_it_is_approved(approver: Browser, sent: int) -> None:
    page = approver.open(_mailed(approver, sent)).text
    said = re.findall(r"<li>([^<]*)</li>", page.partition('class="reach"')[2].partition("</section>")[0])
    assert (re.findall(r"Goes to [^<]*", page), said, "Approve and send" in page) == (
        ["Goes to 49 readers"],
        [
            "50 readers have the edition, as far as the ledger knows",
            "of 10 nobody can say whether they have it, and they are left out",
            "1 of those left since, or may not be mailed any more",
        ],
        True,
    )


def test_those_of_whom_nobody_knows_are_taken_in_by_a_button(approver: Browser, sent: int) -> None:
    path = _mailed(approver, sent)
    approver.open(path)
    approver.send(f"{path}/receivers", unknown_too="yes")
    page = approver.open(path).text
    assert (re.findall(r"Goes to [^<]*", page), "Leave out" in page) == (["Goes to 59 readers"], True)


def test_approved_it_is_due_at_once(app: App, approver: Browser, sent: int) -> None:
    path = _mailed(approver, sent)
    approver.open(path)
    answer = approver.send(f"{path}/approve")
    with app.database.read() as session:
        stands = shelf.get(session, int(path.rpartition("/")[2])).state
    assert (answer.status_code, stands) == (303, State.APPROVED)


def test_its_mail_leads_to_the_whole_edition_as_it_reads_now(
    app: App, approver: Browser, site: httpx.Client, sent: int
) -> None:
    correction = int(_mailed(approver, sent).rpartition("/")[2])
    with app.database.write() as session:
        edition = shelf.get(session, correction)
        proof = proofs.make(session, edition, app.newsletter(), app.settings, now=NINE)
        html = proof.html.decode()
    whole = _page(app, site, correction, more="?corrected")
    letter = _page(app, site, correction)
    assert ("?corrected" in html, NOTE in whole, "Carrefour opens a shop" in whole, "opens a shop" in letter) == (
        True, True, True, False,
    )  # fmt: skip


def test_the_archive_says_what_is_right_and_shows_no_correction_as_an_edition(
    app: App, approver: Browser, site: httpx.Client, sent: int
) -> None:
    before = site.get("/archive/friday/2021-11-26").text
    path = _mailed(approver, sent)
    with app.database.write() as session:
        shelf.get(session, int(path.rpartition("/")[2])).state = State.SENT
        shown = past.of(session, "friday")
    app.kept.pop("archive", None)
    after = site.get("/archive/friday/2021-11-26").text
    assert (HEADLINE in before, HEADLINE in after, NOTE in after, [one.edition.date for one in shown]) == (
        False, True, True, [NINE.date()],
    )  # fmt: skip


def test_what_the_archive_keeps_is_made_anew_after_a_correction(app: App, approver: Browser, sent: int) -> None:
    with app.database.read() as session:
        before = past.stamp(session, "friday")
    _correct(approver, sent)
    with app.database.read() as session:
        assert past.stamp(session, "friday") != before


def test_nobody_gets_at_another_readers_page_by_asking_for_the_corrected_one(
    app: App, approver: Browser, site: httpx.Client, sent: int
) -> None:
    assert _page(app, site, sent, more="?corrected").count("Walmart goes live") > 0
