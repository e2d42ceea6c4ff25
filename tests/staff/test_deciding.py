"""Editions at the desk: decided by who may, written, taken back; nothing is overwritten silently."""

import html
import re
from dataclasses import dataclass

import httpx
import pytest

from newsletter.app import App
from newsletter.delivery.models import Sending, SendingState
from newsletter.editions import plain_text, shelf
from newsletter.editions.models import Edition, State
from newsletter.rendering import proofs
from newsletter.staff import acts
from newsletter.staff.models import Role
from tests.factories import an_edition
from tests.staff.conftest import Browser, Clock, a_colleague
from tests.tracking.ledger import a_sending


@dataclass(frozen=True)
class Draft:
    """An edition in review, and the way to its pages."""

    app: App
    edition_id: int

    @property
    def path(self) -> str:
        return f"/editions/{self.edition_id}"

    def now(self) -> Edition:
        with self.app.database.read() as session:
            return shelf.get(session, self.edition_id)

    def text(self) -> str:
        with self.app.database.read() as session:
            return plain_text.write(shelf.get(session, self.edition_id))


@pytest.fixture
def draft(app: App) -> Draft:
    with app.database.write() as session:
        return Draft(app, an_edition(session, "Walmart goes live", "Getir buys Weezy", state=State.IN_REVIEW).id)


def _as(app: App, browser: Browser, role: Role, clock: Clock) -> Browser:
    browser.sign_in(a_colleague(app, f"{role.value}@example.com", role, now=clock()))
    return browser


def _buttons(browser: Browser, draft: Draft) -> list[str]:
    return re.findall(r'formaction="/editions/\d+/([a-z-]+)"', browser.open(draft.path).text)


@pytest.mark.parametrize(
    ("role", "buttons"),
    [
        (Role.EDITOR, []),
        (Role.APPROVER, ["approve", "hold", "skip"]),
        (Role.OPERATOR, []),
        (Role.ADMIN, ["approve", "hold", "skip"]),
    ],
)
def test_everybody_is_shown_what_they_may_decide(
    app: App, browser: Browser, draft: Draft, clock: Clock, role: Role, buttons: list[str]
) -> None:
    assert _buttons(_as(app, browser, role, clock), draft) == buttons


def test_an_approver_approves_what_they_looked_at(app: App, browser: Browser, draft: Draft, clock: Clock) -> None:
    _as(app, browser, Role.APPROVER, clock).open(draft.path)
    done = browser.send(f"{draft.path}/approve", reason="fine by me")
    with app.database.read() as session:
        proof = proofs.latest(session, draft.edition_id, draft.now().revision)
        act = acts.lately(session, limit=1)[0]
    assert (done.status_code, draft.now().state, proof is not None) == (303, State.APPROVED, True)
    assert proof is not None
    details = {"revision": 1, "reason": "fine by me", "bytes": proof.digest[:12]}
    assert (act.did, act.who, act.details) == ("approved", "Eva", details)


def test_an_editor_who_sends_the_form_all_the_same_decides_nothing(
    app: App, browser: Browser, draft: Draft, clock: Clock
) -> None:
    _as(app, browser, Role.EDITOR, clock).open(draft.path)
    refused = browser.send(f"{draft.path}/approve", revision="1")
    assert (refused.status_code, "you are an editor" in refused.text, draft.now().state) == (
        403,
        True,
        State.IN_REVIEW,
    )


def test_what_changed_since_the_page_was_opened_is_not_approved(
    app: App, browser: Browser, other_browser: Browser, draft: Draft, clock: Clock
) -> None:
    _as(app, browser, Role.APPROVER, clock).open(draft.path)
    _save(_as(app, other_browser, Role.EDITOR, clock), draft, draft.text().replace("goes live", "goes dark"))
    refused = browser.send(f"{draft.path}/approve", revision="1")
    assert (refused.status_code, draft.now().state) == (409, State.IN_REVIEW)


def test_a_red_finding_is_shown_and_stops_the_approval(app: App, browser: Browser, draft: Draft, clock: Clock) -> None:
    with app.database.write() as session:
        session.get_one(Edition, draft.edition_id).subject = ""
    _as(app, browser, Role.APPROVER, clock)
    shown = browser.open(draft.path).text
    refused = browser.send(f"{draft.path}/approve")
    assert ("must be mended" in shown, refused.status_code, draft.now().state) == (True, 409, State.IN_REVIEW)


@pytest.mark.parametrize(
    ("verbs", "state"),
    [
        (["hold"], State.HELD),
        (["skip"], State.SKIPPED),
        (["skip", "reopen"], State.IN_REVIEW),
        (["approve", "reopen"], State.IN_REVIEW),
        (["hold", "approve"], State.APPROVED),
        (["hold", "hold"], State.HELD),
    ],
    ids=" ".join,
)
def test_decisions_follow_each_other(
    app: App, browser: Browser, draft: Draft, clock: Clock, verbs: list[str], state: State
) -> None:
    _as(app, browser, Role.APPROVER, clock)
    for verb in verbs:
        browser.open(draft.path)
        browser.send(f"{draft.path}/{verb}", revision=str(draft.now().revision))
    assert draft.now().state is state


def test_stop_is_one_button_and_operations_let_it_go_on(
    app: App, browser: Browser, other_browser: Browser, clock: Clock
) -> None:
    with app.database.write() as session:
        edition_id, _ = a_sending(session)
        session.get_one(Edition, edition_id).state = State.SENDING
    going = Draft(app, edition_id)
    stops = _buttons(_as(app, browser, Role.APPROVER, clock), going)
    browser.send(f"{going.path}/stop")
    with app.database.read() as session:
        stopped = session.get_one(Sending, edition_id).state
    goes_on = _buttons(_as(app, other_browser, Role.OPERATOR, clock), going)
    other_browser.send(f"{going.path}/go-on")
    with app.database.read() as session:
        running = session.get_one(Sending, edition_id).state
    assert (stops, stopped, goes_on, running) == (
        ["stop"],
        SendingState.PAUSED,
        ["go-on"],
        SendingState.RUNNING,
    )


# writing


def _save(browser: Browser, draft: Draft, text: str, **fields: str) -> httpx.Response:
    browser.open(f"{draft.path}/edit/text")
    return browser.send(f"{draft.path}/edit/text", text=text.replace("\n", "\r\n"), **fields)


def _typed(page: httpx.Response) -> str:
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page.text, re.DOTALL)
    assert found
    return html.unescape(found[1])


def test_the_words_are_shown_as_text_and_saving_them_unchanged_changes_nothing(
    app: App, browser: Browser, draft: Draft, clock: Clock
) -> None:
    _as(app, browser, Role.EDITOR, clock)
    shown = _typed(browser.open(f"{draft.path}/edit/text"))
    saved = _save(browser, draft, shown)
    assert (shown, saved.status_code, draft.now().revision) == (draft.text(), 303, 1)


def test_what_is_saved_is_what_it_says(app: App, browser: Browser, draft: Draft, clock: Clock) -> None:
    _save(_as(app, browser, Role.EDITOR, clock), draft, draft.text().replace("goes live", "<b>goes</b> dark"))
    page = browser.open(draft.path).text
    assert (draft.now().stories[0].headline, draft.now().revision, "<b>goes" in page) == (
        "Walmart <b>goes</b> dark",
        2,
        False,
    )


def test_what_can_not_be_understood_names_its_line_and_loses_nothing(
    app: App, browser: Browser, draft: Draft, clock: Clock
) -> None:
    broken = draft.text() + "\nLink: javascript:alert(1)\n"
    page = _save(_as(app, browser, Role.EDITOR, clock), draft, broken)
    assert (page.status_code, "line " in page.text, _typed(page), draft.now().revision) == (400, True, broken, 1)


def test_two_editors_at_once_overwrite_nothing_silently(
    app: App, browser: Browser, other_browser: Browser, draft: Draft, clock: Clock
) -> None:
    _as(app, browser, Role.EDITOR, clock).open(f"{draft.path}/edit/text")
    _save(_as(app, other_browser, Role.ADMIN, clock), draft, draft.text().replace("goes live", "goes dark"))
    mine = draft.text().replace("goes dark", "goes live").replace("Weezy", "Jiffy")
    conflict = browser.send(f"{draft.path}/edit/text", text=mine)
    said = (conflict.status_code, "while you were writing" in conflict.text, "goes dark" in conflict.text)
    kept = (_typed(conflict), draft.now().stories[1].headline)
    browser.send(f"{draft.path}/edit/text", text=mine)
    assert (said, kept, draft.now().stories[1].headline, draft.now().revision) == (
        (409, True, True),
        (mine, "Getir buys Weezy"),
        "Getir buys Jiffy",
        3,
    )


def test_an_edit_takes_an_approval_back_and_says_so_before(
    app: App, browser: Browser, draft: Draft, clock: Clock
) -> None:
    _as(app, browser, Role.APPROVER, clock).open(draft.path)
    browser.send(f"{draft.path}/approve")
    page = browser.open(f"{draft.path}/edit/text").text
    _save(browser, draft, draft.text().replace("Weezy", "Jiffy"))
    assert ("has to be approved again" in page, draft.now().state) == (True, State.IN_REVIEW)


def test_a_version_can_be_seen_and_said_again(app: App, browser: Browser, draft: Draft, clock: Clock) -> None:
    _save(_as(app, browser, Role.EDITOR, clock), draft, draft.text().replace("Weezy", "Jiffy"))
    page = browser.open(f"{draft.path}/versions").text
    browser.send(f"{draft.path}/versions", restore="1")
    assert ("<del>" in page, draft.now().stories[1].headline, draft.now().revision) == (True, "Getir buys Weezy", 3)


def test_an_edition_that_went_out_is_not_edited(app: App, browser: Browser, clock: Clock) -> None:
    with app.database.write() as session:
        sent = an_edition(session, "Walmart goes live", state=State.SENT).id
    page = _as(app, browser, Role.EDITOR, clock).open(f"/editions/{sent}/edit/text")
    assert (page.status_code, "newsletter correct says what was wrong" in page.text) == (409, True)
