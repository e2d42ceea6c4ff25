"""An edition through SendGrid and back: the dispatcher, the look-alike, its signed events, and where things stand."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from newsletter import jobs
from newsletter.app import App
from newsletter.config import SendGrid
from newsletter.delivery.models import Status
from newsletter.delivery.operations.balance import Balance, balance, progress
from newsletter.editions.models import State
from newsletter.jobs import holding
from newsletter.rendering import proofs
from newsletter.testing.sendgrid import Fault, Lookalike, lookalike
from tests.factories import a_subscriber, an_edition
from tests.web.site import served

READERS = ("ada", "bob", "bounce", "blocked", "deferred", "dropped", "late-bounce", "silent", "spam")


@pytest.fixture
def sendgrid() -> Iterator[Lookalike]:
    with lookalike() as running:
        yield running


@pytest.fixture
def hooked(app: App, sendgrid: Lookalike) -> App:
    """The product, sending through the look-alike."""
    account = SendGrid(
        api_key=SecretStr(sendgrid.key), host=sendgrid.url, webhook_key=sendgrid.public_key, batch_size=3, timeout=60
    )
    friday = app.newsletter()
    careless = friday.limits.model_copy(update={"bounce_share": 1, "refused_share": 1, "deferred_share": 1})
    newsletters = {"friday": friday.model_copy(update={"limits": careless})}
    return App(
        app.settings.model_copy(update={"sender": "sendgrid", "sendgrid": account, "newsletters": newsletters}),
        app.database,
    )


@pytest.fixture
def edition_id(hooked: App, now: datetime) -> int:
    """An approved edition, and its readers."""
    with hooked.database.write() as session:
        for reader in READERS:
            a_subscriber(session, f"{reader}@example.com")
        edition = an_edition(session, state=State.APPROVED)
        proofs.make(session, edition, hooked.newsletter(), hooked.settings, now=now)
        return edition.id


def _now() -> datetime:
    return datetime.now(UTC)


def _send(app: App, edition_id: int) -> Balance:
    return jobs.send(app, edition_id, by="editor", owner="test", clock=_now).balance


def test_accepted_becomes_delivered_and_bounced(hooked: App, sendgrid: Lookalike, edition_id: int) -> None:
    sent = _send(hooked, edition_id)
    with served(hooked, _now) as site:
        sendgrid.tell(f"{site.base_url}/hooks/sendgrid", array=7, duplicates=0.5, shuffle=True, seed=4)
    with hooked.database.read() as session:
        told = dict(progress(session, edition_id))
    assert (sent, told) == (
        Balance(planned=9, accepted=9),
        {Status.DELIVERED: 3, Status.BOUNCED: 3, Status.DROPPED: 1, Status.COMPLAINED: 1},
    )


@pytest.mark.parametrize("fault", [Fault.ACCEPT_THEN_DROP, Fault.ACCEPT_THEN_BAD_GATEWAY, Fault.ACCEPT_THEN_GARBLE])
def test_a_lost_answer_is_unknown_until_its_events_come(
    hooked: App, sendgrid: Lookalike, edition_id: int, fault: Fault
) -> None:
    sendgrid.faults.append(fault)
    sent = _send(hooked, edition_id)
    with served(hooked, _now) as site:
        sendgrid.tell(f"{site.base_url}/hooks/sendgrid")
    with hooked.database.read() as session:
        settled = balance(session, edition_id)
    assert ((sent.unknown, sent.accepted), (settled.unknown, settled.accepted)) == ((3, 6), (0, 9))


def test_nobody_gets_two_copies_when_answers_are_lost(hooked: App, sendgrid: Lookalike, edition_id: int) -> None:
    sendgrid.faults.extend([Fault.ACCEPT_THEN_DROP, Fault.ACCEPT_THEN_ERROR])
    _send(hooked, edition_id)
    _send(hooked, edition_id)
    assert sorted(copy.to for copy in sendgrid.copies) == sorted(f"{reader}@example.com" for reader in READERS)


def test_a_wrong_key_pauses_the_edition_and_says_why(hooked: App, sendgrid: Lookalike, edition_id: int) -> None:
    sendgrid.faults.extend([Fault.UNAUTHORIZED] * 5)
    ended = jobs.send(hooked, edition_id, by="editor", owner="test", clock=_now)
    assert (ended.state.value, "401" in ended.reason, sendgrid.copies) == ("paused", True, [])


def test_what_every_reader_gets_is_what_was_approved(hooked: App, sendgrid: Lookalike, edition_id: int) -> None:
    _send(hooked, edition_id)
    pages = set()
    for taken in sendgrid.app.taken:
        for one in taken.body["personalizations"]:
            page = taken.body["content"][1]["value"]
            for marker, value in one["substitutions"].items():
                page = page.replace(marker, value)
            pages.add(page)
    assert (len(pages), any("zqHTML" in page for page in pages)) == (len(READERS), False)


def test_a_pause_and_a_cancel_stop_what_sendgrid_holds_back(app: App, hooked: App, edition_id: int) -> None:
    ahead = [0.0]
    with lookalike(clock=lambda: time.time() + ahead[0]) as sendgrid:
        held = hooked.settings.sendgrid.model_copy(update={"host": sendgrid.url, "hold_seconds": 900})
        careful = App(hooked.settings.model_copy(update={"sendgrid": held}), hooked.database)
        _send(careful, edition_id)
        trouble = [
            holding.hold_back(careful, edition_id, for_good=False),
            holding.hold_back(careful, edition_id, for_good=True),
        ]
        ahead[0] = 1000
        assert (trouble, len(sendgrid.app.taken), sendgrid.copies) == ([{}, {}], 3, [])


def test_a_circuit_breaker_stops_what_sendgrid_holds_back_too(
    hooked: App, sendgrid: Lookalike, edition_id: int
) -> None:
    held = hooked.settings.sendgrid.model_copy(update={"hold_seconds": 900, "connections": 1, "batch_size": 1})
    careful = App(hooked.settings.model_copy(update={"sendgrid": held}), hooked.database)
    sendgrid.faults.extend([None, None, Fault.UNAUTHORIZED])
    ended = jobs.send(careful, edition_id, by="editor", owner="test", clock=_now)
    assert (ended.state.value, [taken.held for taken in sendgrid.app.taken]) == ("paused", ["pause", "pause"])


def test_what_was_paused_goes_out_when_it_is_let_go(hooked: App, edition_id: int) -> None:
    ahead = [0.0]
    with lookalike(clock=lambda: time.time() + ahead[0]) as sendgrid:
        held = hooked.settings.sendgrid.model_copy(update={"host": sendgrid.url, "hold_seconds": 900})
        careful = App(hooked.settings.model_copy(update={"sendgrid": held}), hooked.database)
        _send(careful, edition_id)
        holding.hold_back(careful, edition_id, for_good=False)
        holding.let_go(careful, edition_id)
        ahead[0] = 1000
        assert len(sendgrid.copies) == len(READERS)
