"""The confirmation letter: what it says, who gets it, and what becomes of one that can't be handed over."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from newsletter.app import App
from newsletter.config import Settings, Smtp
from newsletter.delivery.ledger import planning
from newsletter.delivery.operations.balance import balance
from newsletter.editions.models import State
from newsletter.errors import ConfigError
from newsletter.jobs import inviting
from newsletter.jobs.inviting import Asked
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment, answer, cut
from subscribers import roll, waiting
from subscribers.models import Consent, SuppressionReason
from tests.factories import LONG_AGO, a_subscriber, an_edition
from tests.scheduler.world import outbox
from tests.web.site import served


@pytest.fixture
def site(app: App, now: datetime) -> Iterator[httpx.Client]:
    """The pages, at the time *now*."""
    with served(app, lambda: now) as client:
        yield client


@pytest.fixture
def bob(app: App) -> int:
    """Bob asked for the weekly and has not confirmed."""
    with app.database.write() as session:
        return a_subscriber(session, "bob@example.com", consent=Consent.PENDING).id


def _due(app: App, now: datetime) -> list[int]:
    with app.database.read() as session:
        return waiting.due(session, now=now)


def _invite(app: App, *people: int, now: datetime, again: bool = False) -> list[Asked]:
    return list(inviting.invite(app, people, again=again, clock=lambda: now))


def _link(app: App) -> str:
    """Where the only letter in the outbox leads, as its text part says it."""
    (letter,) = outbox(app)
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"^https://news\.example\.com(/c/\S+)$", body.get_content(), re.MULTILINE)
    assert found is not None
    return found[1]


def test_from_asked_to_planned(app: App, bob: int, site: httpx.Client, now: datetime) -> None:
    _invite(app, bob, now=now)
    asked = site.get(_link(app)).text
    with app.database.read() as session:
        still = roll.subscriptions(session, bob)
    site.post(_link(app))
    with app.database.write() as session:
        edition = an_edition(session, state=State.APPROVED)
        planning.plan(session, edition.id, app.newsletter(), sender="maildir", batch_size=10, now=now)
        planned = balance(session, edition.id).planned
    assert ("Yes, subscribe me" in asked, still, planned) == (True, {"weekly": Consent.PENDING}, 1)


def test_nobody_is_planned_who_was_only_invited(app: App, bob: int, now: datetime) -> None:
    _invite(app, bob, now=now)
    with app.database.write() as session:
        edition = an_edition(session, state=State.APPROVED)
        planning.plan(session, edition.id, app.newsletter(), sender="maildir", batch_size=10, now=now)
        assert balance(session, edition.id).planned == 0


def test_the_letter_says_from_whom_why_and_that_ignoring_it_is_enough(app: App, bob: int, now: datetime) -> None:
    _invite(app, bob, now=now)
    (letter,) = outbox(app)
    assert (letter["From"], letter["To"], letter["Reply-To"], letter["Subject"]) == (
        "Retail Technology Weekly <friday@news.example.com>",
        "bob@example.com",
        "editors@news.example.com",
        "Please confirm: The Friday Five",
    )
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        words = " ".join(body.get_content().split())
        assert "ignore this letter" in words
        assert "You get this letter because bob@example.com" in words
        assert "1 Market Row, London SW9 8LB" in words


def test_a_second_round_within_the_week_mails_nobody(app: App, bob: int, now: datetime) -> None:
    _invite(app, bob, now=now)
    later = _invite(app, *_due(app, now + timedelta(days=6)), now=now + timedelta(days=6))
    assert (later, len(outbox(app))) == ([], 1)


def test_a_second_letter_is_another_letter(app: App, bob: int, now: datetime) -> None:
    _invite(app, bob, now=now)
    _invite(app, bob, now=now + timedelta(days=8))
    assert len({letter["Message-ID"] for letter in outbox(app)}) == 2


def test_the_suppressed_and_those_who_left_get_nothing(app: App, bob: int, now: datetime) -> None:
    with app.database.write() as session:
        gone = a_subscriber(session, "gone@example.com", consent=Consent.UNSUBSCRIBED).id
        roll.suppress(session, "bob@example.com", reason=SuppressionReason.HARD_BOUNCE, now=now)
    asked = _invite(app, bob, gone, now=now, again=True)
    assert ([one.reason.split(":")[0].split(";")[0] for one in asked], outbox(app)) == (["suppressed", "has left"], [])


def test_who_was_erased_in_the_meantime_is_no_trouble(app: App, bob: int, now: datetime) -> None:
    with app.database.write() as session:
        roll.erase(session, bob, now=LONG_AGO)
    assert _invite(app, bob, now=now) == [Asked("", "erased")]


def test_one_refused_letter_does_not_stop_the_others(app: App, settings: Settings, bob: int, now: datetime) -> None:
    with app.database.write() as session:
        eve = a_subscriber(session, "eve@example.com", consent=Consent.PENDING).id
    with SmtpSink(_no_bob) as server:
        asked = _invite(_by_smtp(app, settings, server), bob, eve, now=now)
    assert asked == [Asked("bob@example.com", "550 5.1.1 no such user"), Asked("eve@example.com")]


def test_who_was_refused_is_due_again_at_once(app: App, settings: Settings, bob: int, now: datetime) -> None:
    with SmtpSink(_no_bob) as server:
        _invite(_by_smtp(app, settings, server), bob, now=now)
    assert _due(app, now) == [bob]


def test_a_full_disk_is_a_reason_and_costs_nobody_their_turn(
    app: App, settings: Settings, bob: int, now: datetime, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("not a folder")
    blocked = settings.maildir.model_copy(update={"path": tmp_path / "taken"})
    asked = _invite(App(settings.model_copy(update={"maildir": blocked}), app.database), bob, now=now)
    assert (asked[0].reason != "", _due(app, now)) == (True, [bob])


def test_a_list_that_no_newsletter_goes_to_is_a_reason(app: App, now: datetime) -> None:
    with app.database.write() as session:
        eve = a_subscriber(session, "eve@example.com", "events", consent=Consent.PENDING).id
    assert _invite(app, eve, now=now)[0].reason.startswith("no newsletter goes to events")


def test_an_own_template_is_used(app: App, settings: Settings, bob: int, now: datetime, tmp_path: Path) -> None:
    (tmp_path / "own" / "invitation").mkdir(parents=True)
    (tmp_path / "own" / "invitation" / "subject.txt").write_text("Ja? {{ newsletter.title }}")
    own = App(settings.model_copy(update={"templates": tmp_path / "own"}), app.database)
    _invite(own, bob, now=now)
    assert [letter["Subject"] for letter in outbox(own)] == ["Ja? The Friday Five"]


def test_a_lost_answer_is_told_and_nobody_is_asked_twice(app: App, settings: Settings, bob: int, now: datetime) -> None:
    with SmtpSink(lambda moment: cut() if moment.step == "message" else None) as server:
        asked = _invite(_by_smtp(app, settings, server), bob, now=now)
    assert (asked[0].reason.startswith("it may have arrived"), _due(app, now)) == (True, [])


def test_nobody_is_asked_by_a_link_that_leads_nowhere(app: App, settings: Settings, bob: int, now: datetime) -> None:
    at_home = settings.model_copy(update={"public_url": "http://127.0.0.1:8025"})
    with SmtpSink() as server, pytest.raises(ConfigError, match="which no reader can open"):
        _invite(_by_smtp(app, at_home, server), bob, now=now)
    assert _due(app, now) == [bob]


def _no_bob(moment: Moment) -> Fault | None:
    refused = moment.step == "rcpt" and moment.recipient == "bob@example.com"
    return answer(550, "5.1.1 no such user") if refused else None


def _by_smtp(app: App, settings: Settings, server: SmtpSink) -> App:
    account = Smtp(host="127.0.0.1", port=server.port, security="none")
    return App(settings.model_copy(update={"sender": "smtp", "smtp": account}), app.database)
