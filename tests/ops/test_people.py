"""Who is never mailed and why, and one reader: with evidence, a way back, and no address in any log."""

from datetime import datetime

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.delivery.models import BatchState
from newsletter.jobs import people
from newsletter.staff import acts
from newsletter.staff.models import Act, Role
from newsletter.tracking import evidence, heard
from subscribers import roll, strangers
from subscribers.errors import BadDetail
from subscribers.models import Barred, Consent, Subscriber, Suppression, SuppressionReason
from tests.desk.aftermath import went_out
from tests.factories import LONG_AGO, a_list
from tests.ops.conftest import queries
from tests.staff.conftest import BOSS, Browser, a_colleague

ADA, EVE = "ada@readers.example", "eve@elsewhere.example"


@pytest.fixture
def ada(app: App) -> int:
    """On the list by a yes of her own."""
    with app.database.write() as session:
        a_list(session)
        return roll.add(
            session, ADA, name="Ada Quux", lists=["weekly"], consent=Consent.CONFIRMED, source="a form", now=LONG_AGO
        ).id


@pytest.fixture
def operator(app: App, browser: Browser, now: datetime) -> Browser:
    browser.sign_in(a_colleague(app, role=Role.OPERATOR, now=now))
    return browser


@pytest.fixture
def complained(app: App, ada: int, now: datetime) -> int:
    """SendGrid told that she pressed "spam"; the edition it was about."""
    with app.database.write() as session:
        edition_id = went_out(app, session, [ada], states=[BatchState.ACCEPTED]).id
        said = heard.Heard(
            "sendgrid", "e-1", "spamreport", now, edition_id=edition_id, subscriber_id=ada,
            lesson=heard.Lesson.COMPLAINT, reason="pressed spam",
        )  # fmt: skip
        evidence.record(session, [said], now=now)
    return edition_id


def stands(app: App) -> dict[str, SuppressionReason]:
    with app.database.read() as session:
        return dict(session.execute(select(Suppression.email_key, Suppression.reason)).all())


def logged(app: App) -> list[str]:
    """What the audit log says, newest first."""
    with app.database.read() as session:
        return [f"{act.did}: {act.what}" for act in acts.lately(session, limit=20)]


def test_an_address_is_found_by_a_form_and_shown_under_a_number(operator: Browser, ada: int) -> None:
    operator.open("/ops/readers")
    answer = operator.send("/ops/readers", who="ADA@readers.example", do="find")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/ops/readers/{ada}")


def test_a_reader_is_shown_with_history_and_copies(operator: Browser, ada: int, complained: int) -> None:
    page = operator.open(f"/ops/readers/{ada}").text
    shown = (ADA, "Ada Quux", "Said yes to weekly, by a form.", "pressed spam", "friday/2021-11-26")
    assert [said for said in shown if said not in page] == []


def test_the_list_says_what_each_suppression_rests_on(operator: Browser, ada: int, complained: int) -> None:
    page = operator.open("/ops/suppressions?reason=complaint").text
    assert (ADA in page, "“spamreport”, told by SendGrid, 25 Nov 2021" in page, "pressed spam" in page) == (
        True, True, True,
    )  # fmt: skip


def test_a_complaint_is_not_lifted_without_saying_that_it_is_one(
    app: App, operator: Browser, ada: int, complained: int
) -> None:
    operator.open(f"/ops/readers/{ada}")
    refused = operator.send(f"/ops/readers/{ada}", do="lift", why="she wrote to us")
    before = stands(app)
    operator.send(f"/ops/readers/{ada}", do="lift", why="she wrote to us", despite="yes")
    assert ("in spite of their complaint" in refused.text, before, stands(app)) == (
        True, {ADA: SuppressionReason.COMPLAINT}, {},
    )  # fmt: skip


def test_nothing_is_lifted_without_a_reason(app: App, ada: int, now: datetime) -> None:
    people.suppress(app, ADA, reason=SuppressionReason.MANUAL, by=BOSS, now=now)
    with pytest.raises(BadDetail, match="say why"):
        people.lift(app, ADA, why=" ", by=BOSS, now=now)


def test_a_complaint_of_somebody_who_is_not_here_is_not_lifted_in_silence(app: App, now: datetime) -> None:
    people.suppress(app, EVE, reason=SuppressionReason.COMPLAINT, by=BOSS, now=now)
    with pytest.raises(BadDetail, match="in spite"):
        people.lift(app, EVE, why="she asked", by=BOSS, now=now)
    assert people.lift(app, EVE, why="she asked", despite_complaint=True, by=BOSS, now=now)


def test_an_address_of_nobody_here_is_kept_as_a_hash_and_found_by_asking(app: App, operator: Browser, ada: int) -> None:
    operator.open("/ops/suppressions")
    operator.send("/ops/suppressions", do="add", address=EVE, note="a competitor")
    listed = operator.open("/ops/suppressions").text
    asked = operator.send("/ops/readers", do="find", who=EVE).text
    with app.database.read() as session:
        barred = strangers.barred(session, [EVE])
    assert (barred, EVE in listed, "no file brings it in: somebody decided so" in asked) == (
        {EVE: Barred.MANUAL}, False, True,
    )  # fmt: skip


def test_what_stands_against_nobody_here_is_forgotten_with_a_reason(app: App, operator: Browser, now: datetime) -> None:
    people.suppress(app, EVE, reason=SuppressionReason.MANUAL, by=BOSS, now=now)
    operator.open("/ops/readers")
    operator.send("/ops/readers", do="lift", who=EVE, why="it was a mistake")
    with app.database.read() as session:
        assert strangers.barred(session, [EVE]) == {}


def test_who_left_comes_back_only_by_a_yes_of_their_own(app: App, operator: Browser, ada: int) -> None:
    operator.open(f"/ops/readers/{ada}")
    operator.send(f"/ops/readers/{ada}", do="unsubscribe", list="weekly")
    with app.database.read() as session:
        left = roll.subscriptions(session, ada)
    operator.open(f"/ops/readers/{ada}")
    operator.send(f"/ops/readers/{ada}", do="ask back", list="weekly")
    letters = list((app.settings.path(app.settings.maildir.path) / "new").iterdir())
    with app.database.read() as session:
        assert (left, roll.subscriptions(session, ada), len(letters)) == (
            {"weekly": Consent.UNSUBSCRIBED}, {"weekly": Consent.PENDING}, 1,
        )  # fmt: skip


def test_erasing_wants_to_be_said_twice(app: App, operator: Browser, ada: int) -> None:
    operator.open(f"/ops/readers/{ada}")
    operator.send(f"/ops/readers/{ada}", do="erase")
    with app.database.read() as session:
        still = session.get(Subscriber, ada) is not None
    operator.send(f"/ops/readers/{ada}", do="erase", sure="yes")
    with app.database.read() as session:
        gone = session.get(Subscriber, ada) is None
    assert (still, gone, operator.open(f"/ops/readers/{ada}").status_code) == (True, True, 404)


def test_what_is_held_is_handed_out_once_that_is_written_down(app: App, operator: Browser, ada: int) -> None:
    operator.open(f"/ops/readers/{ada}")
    answer = operator.send(f"/ops/readers/{ada}/everything")
    assert (answer.json()["person"]["email"], answer.headers["cache-control"], logged(app)[0]) == (
        ADA, "no-store", f"handed out what is held of a reader: reader {ada}",
    )  # fmt: skip


def test_the_audit_log_names_readers_by_number_alone(app: App, operator: Browser, ada: int) -> None:
    for fields in (
        {"do": "suppress", "note": f"{ADA} called"}, {"do": "lift", "why": f"{ADA} called again"},
        {"do": "unsubscribe", "list": "weekly"}, {"do": "erase", "sure": "yes"},
    ):  # fmt: skip
        operator.open(f"/ops/readers/{ada}")
        operator.send(f"/ops/readers/{ada}", **fields)
    with app.database.read() as session:
        kept = str([(act.what, act.details) for act in session.scalars(select(Act))])
    assert (logged(app)[:4], ADA in kept) == (
        [
            f"erased a reader: reader {ada}", f"unsubscribed a reader: reader {ada}",
            f"lifted a suppression: reader {ada}", f"suppressed an address: reader {ada}",
        ],
        False,
    )  # fmt: skip


@pytest.mark.parametrize(("role", "looks", "changes"), [(Role.EDITOR, 403, 403), (Role.APPROVER, 200, 403)])
def test_who_may_look_may_not_change(
    app: App, browser: Browser, ada: int, now: datetime, role: Role, looks: int, changes: int
) -> None:
    browser.sign_in(a_colleague(app, role=role, now=now))
    seen = browser.open(f"/ops/readers/{ada}").status_code
    browser.open("/desk/account")
    assert (seen, browser.send(f"/ops/readers/{ada}", do="suppress").status_code, stands(app)) == (looks, changes, {})


def test_no_page_asks_more_of_the_database_for_more_rows(app: App, operator: Browser, ada: int, now: datetime) -> None:
    paths = ("/ops/suppressions", f"/ops/readers/{ada}")
    _more(app, 3, now)
    few = [queries(app, operator, path) for path in paths]
    _more(app, 80, now)
    assert [queries(app, operator, path) for path in paths] == few


def _more(app: App, count: int, now: datetime) -> None:
    """So many who are suppressed on evidence."""
    with app.database.write() as session:
        for number in range(count):
            person = roll.add(session, f"r{count}-{number}@readers.example", source="a form", now=LONG_AGO)
            said = heard.Heard(
                "sendgrid", f"e-{count}-{number}", "bounce", now, subscriber_id=person.id,
                lesson=heard.Lesson.HARD_BOUNCE, reason="550",
            )  # fmt: skip
            evidence.record(session, [said], now=now)
