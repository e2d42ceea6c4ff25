"""Test copies: marked, with links that work and change nobody, limited, and with the mail server's own words."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from newsletter.app import App
from newsletter.config import Settings, Smtp
from newsletter.delivery.models import Sending
from newsletter.editions.models import State
from newsletter.errors import BadInput, WrongState
from newsletter.jobs import trying
from newsletter.staff import acts
from newsletter.staff.acts import Doer
from newsletter.staff.models import Role
from newsletter.testing import wire_faults
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment
from subscribers import roll
from subscribers.errors import SubscribersError
from subscribers.models import Consent
from tests.factories import a_subscriber, an_edition
from tests.rendering import samples
from tests.staff.conftest import Browser, Clock, a_colleague

EVA = Doer("Eva", "desk")
TO = "colleague@example.org"


def _picky(moment: Moment) -> Fault | None:
    """Takes nobody called mallory."""
    said = "5.1.1 mallory is not here"
    return wire_faults.answer(550, said) if moment.step == "rcpt" and "mallory" in moment.recipient else None


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink(_picky) as sink:
        yield sink


@pytest.fixture
def settings(settings: Settings, sink: SmtpSink) -> Settings:
    smtp = Smtp(host="127.0.0.1", port=sink.port, security="none", timeout=20)
    return settings.model_copy(update={"sender": "smtp", "smtp": smtp})


@pytest.fixture
def edition_id(app: App) -> int:
    with app.database.write() as session:
        return an_edition(session, "Walmart goes live", state=State.IN_REVIEW).id


def test_a_test_copy_is_marked_and_says_what_would_go_out(
    app: App, sink: SmtpSink, edition_id: int, now: datetime
) -> None:
    done = trying.to_addresses(app, edition_id, [TO], by=EVA, now=now)
    message = samples.parsed(sink.taken[0].message)

    assert [(one.address, one.taken) for one in done] == [(TO, True)]
    assert (message["Subject"], message["To"]) == ("[Test] Walmart goes live, Carrefour goes cashierless", TO)
    assert "Walmart goes live" in samples.part(sink.taken[0].message, "html")


def test_the_links_of_a_test_change_nobody_and_say_so(
    app: App, sink: SmtpSink, browser: Browser, edition_id: int, now: datetime
) -> None:
    with app.database.write() as session:
        person = a_subscriber(session, TO).id
    trying.to_addresses(app, edition_id, [TO], by=EVA, now=now)
    header = str(samples.parsed(sink.taken[0].message)["List-Unsubscribe"])
    path = re.search(r"https://news.example.com(/u/[0-9a-f]+)", header)
    assert path is not None
    browser.client.post(path[1], data={"List-Unsubscribe": "One-Click"})
    page = browser.open(path[1])
    with app.database.read() as session:
        standing = roll.subscriptions(session, person)

    assert ("test copy" in page.text, standing) == (True, {"weekly": Consent.CONFIRMED})


def test_two_tests_are_two_messages_and_neither_is_in_the_ledger(
    app: App, sink: SmtpSink, edition_id: int, now: datetime
) -> None:
    for _ in range(2):
        trying.to_addresses(app, edition_id, [TO], by=EVA, now=now)
    with app.database.read() as session:
        sendings = session.scalar(select(func.count()).select_from(Sending))

    assert (len({one.message_id for one in sink.taken}), sendings) == (2, 0)


def test_each_address_has_an_answer_of_its_own_in_the_servers_words(
    app: App, sink: SmtpSink, edition_id: int, now: datetime
) -> None:
    done = trying.to_addresses(app, edition_id, ["mallory@example.org", TO], by=EVA, now=now)

    assert [(one.taken, "mallory is not here" in one.said) for one in done] == [(False, True), (True, False)]


def test_a_test_is_in_the_log_without_anybodys_address(app: App, edition_id: int, now: datetime) -> None:
    trying.to_addresses(app, edition_id, [TO], by=EVA, now=now)
    with app.database.read() as session:
        act = acts.lately(session, limit=1)[0]

    assert (act.did, act.what, act.details["to"], TO in str(act.details)) == (
        "sent a test",
        "friday/2021-11-26",
        ["example.org"],
        False,
    )


def test_what_was_not_taken_is_in_the_log_too(app: App, edition_id: int, now: datetime) -> None:
    trying.to_addresses(app, edition_id, ["mallory@example.org"], by=EVA, now=now)
    with app.database.read() as session:
        assert [act.did for act in acts.lately(session, limit=5)] == ["had a test not taken", "sent a test"]


@pytest.mark.parametrize("given", [[], [" "], [f"a{number}@example.org" for number in range(11)]])
def test_no_address_or_too_many_send_nothing(
    app: App, sink: SmtpSink, edition_id: int, now: datetime, given: list[str]
) -> None:
    with pytest.raises(BadInput):
        trying.to_addresses(app, edition_id, given, by=EVA, now=now)
    assert sink.taken == []


@pytest.mark.parametrize("given", ["nobody", "a@b@c", "eva@example.org\r\nBcc: x@example.org"])
def test_what_is_no_address_sends_nothing(app: App, sink: SmtpSink, edition_id: int, now: datetime, given: str) -> None:
    with pytest.raises((BadInput, SubscribersError)):
        trying.to_addresses(app, edition_id, [TO, given], by=EVA, now=now)
    assert sink.taken == []


def test_a_test_is_no_way_to_send_an_edition(app: App, edition_id: int, now: datetime) -> None:
    with app.database.write() as session:
        acts.note(session, EVA, trying.DID, "friday/2021-11-26", now=now, copies=trying.MOST_OF_ONE)
    with pytest.raises(WrongState, match="are enough"):
        trying.to_addresses(app, edition_id, [TO], by=EVA, now=now + timedelta(hours=23))
    tomorrow = trying.to_addresses(app, edition_id, [TO], by=EVA, now=now + timedelta(hours=25))

    assert [one.taken for one in tomorrow] == [True]


def test_an_editor_sends_a_test_from_the_page_and_reads_the_answers(
    app: App, sink: SmtpSink, browser: Browser, edition_id: int, clock: Clock
) -> None:
    browser.sign_in(a_colleague(app, "eva@example.com", Role.EDITOR, now=clock()))
    asked = browser.open(f"/editions/{edition_id}/test").text
    page = browser.send(f"/editions/{edition_id}/test", to=f"{TO}, mallory@example.org").text

    assert ('value="eva@example.com"' in asked, "mallory is not here" in page, sink.recipients()) == (True, True, [TO])


def test_who_is_no_editor_sends_no_test(
    app: App, sink: SmtpSink, browser: Browser, edition_id: int, clock: Clock
) -> None:
    browser.sign_in(a_colleague(app, "olga@example.com", Role.OPERATOR, now=clock()))
    browser.open("/")

    assert (browser.send(f"/editions/{edition_id}/test", to=TO).status_code, sink.taken) == (403, [])


def test_a_page_says_what_was_wrong_with_an_address_and_keeps_it(
    app: App, browser: Browser, edition_id: int, clock: Clock
) -> None:
    browser.sign_in(a_colleague(app, "eva@example.com", Role.EDITOR, now=clock()))
    browser.open(f"/editions/{edition_id}/test")
    page = browser.send(f"/editions/{edition_id}/test", to='"><script>alert(1)</script>')

    assert (page.status_code, "<script>alert" in page.text, "&lt;script&gt;alert" in page.text) == (409, False, True)
