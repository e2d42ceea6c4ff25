"""Letters that nobody understood, judged at a page: what a verdict would do is said first, and it can be taken back."""

import re
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.delivery.models import BatchState, Progress, Status
from newsletter.errors import WrongState
from newsletter.jobs import judging
from newsletter.staff import acts
from newsletter.staff.models import Role
from newsletter.tracking import evidence, heard
from newsletter.tracking.mailbox import rulings
from newsletter.tracking.models import Returned
from subscribers import roll
from subscribers.models import Consent, Suppression, SuppressionReason
from tests import factories
from tests.desk.aftermath import went_out
from tests.mailbox.conftest import Reader
from tests.mailbox.letters import note
from tests.ops.conftest import queries
from tests.ops.test_importing import somebody_waits, until
from tests.staff.conftest import BOSS, Browser, a_colleague

ADA = "ada@readers.example"


def put(reader: Reader, *letters: bytes) -> None:
    """They come to the mailbox, and are taken in."""
    folder = reader.app.settings.mailbox.maildir
    assert folder is not None
    for number, raw in enumerate(letters):
        (folder / "new" / f"{len(raw)}.{number}.host").write_bytes(raw)
    reader.collect()


@pytest.fixture
def letter(of_files: Reader) -> Reader:
    """Ada is on the list, and a note of hers came that nobody understood."""
    with of_files.app.database.write() as session:
        factories.a_list(session)
        roll.add(session, ADA, lists=["weekly"], consent=Consent.CONFIRMED, source="a form", now=factories.LONG_AGO)
    put(of_files, note(1, words="Ada <b>is not</b> here any more. \x1b[2J"))
    return of_files


@pytest.fixture
def operator(app: App, browser: Browser, now: datetime) -> Browser:
    browser.sign_in(a_colleague(app, role=Role.OPERATOR, now=now))
    return browser


def suppressed(app: App) -> dict[str, SuppressionReason]:
    """Who is not mailed any more, and why."""
    with app.database.read() as session:
        return dict(session.execute(select(Suppression.email_key, Suppression.reason)).all())


def would(page: str) -> dict[str, str]:
    """Word → what its button says would follow."""
    return dict(re.findall(r'id="then-([a-z-]+)">([^<]*)<', page))


def test_what_nobody_understood_is_listed_as_text(letter: Reader, operator: Browser) -> None:
    page = operator.open("/ops/bounces").text
    assert ("A note 1" in page, "Ada &lt;b&gt;is not&lt;/b&gt; here any more. �[2J" in page, "\x1b" in page) == (
        True, True, False,
    )  # fmt: skip


def test_a_page_says_what_each_verdict_would_do_and_does_nothing(app: App, letter: Reader, operator: Browser) -> None:
    before = would(operator.open("/ops/bounces/1").text)
    after = would(operator.send("/ops/bounces/1", do="look", address=ADA).text)
    assert (before.get("dead"), after["dead"], after["unsubscribe"], suppressed(app)) == (
        None,
        "Reader 1 has an address that does not exist, and is not mailed again.",
        "Reader 1 leaves weekly.",
        {},
    )


def test_a_verdict_does_what_was_said_and_stands_in_the_audit_log(app: App, letter: Reader, operator: Browser) -> None:
    operator.open("/ops/bounces/1")
    operator.send("/ops/bounces/1", do="look", address=ADA)
    operator.send("/ops/bounces/1", do="dead")
    with app.database.read() as session:
        act = acts.lately(session, limit=1)[0]
    assert (suppressed(app), act.did, act.what, act.details["word"], ADA in str(act.details)) == (
        {ADA: SuppressionReason.HARD_BOUNCE}, "judged a letter", "letter 1", "dead", False,
    )  # fmt: skip


def test_a_verdict_taken_back_leaves_nothing_but_its_record(app: App, letter: Reader, operator: Browser) -> None:
    operator.open("/ops/bounces/1")
    operator.send("/ops/bounces/1", do="look", address=ADA)
    operator.send("/ops/bounces/1", do="dead")
    said = would(operator.open("/ops/bounces/1").text)["back"]
    operator.send("/ops/bounces/1", do="back")
    page = operator.open("/ops/bounces").text
    with app.database.read() as session:
        row = session.scalars(select(Returned)).one()
    assert (said, suppressed(app), row.is_odd, row.action, row.subscriber_id, "Taken back" in page) == (
        "Reader 1 may be mailed again, unless something else on record says otherwise.",
        {}, True, "unrecognised", None, True,
    )  # fmt: skip


def test_who_left_by_a_verdict_stands_as_before_once_it_is_taken_back(
    app: App, letter: Reader, operator: Browser
) -> None:
    operator.open("/ops/bounces/1")
    operator.send("/ops/bounces/1", do="look", address=ADA)
    operator.send("/ops/bounces/1", do="unsubscribe")
    with app.database.read() as session:
        left = roll.subscriptions(session, 1)
    operator.open("/ops/bounces/1")
    operator.send("/ops/bounces/1", do="back")
    with app.database.read() as session:
        assert (left, roll.subscriptions(session, 1)) == (
            {"weekly": Consent.UNSUBSCRIBED}, {"weekly": Consent.CONFIRMED},
        )  # fmt: skip


def test_nothing_to_take_back_is_said_so(letter: Reader, operator: Browser) -> None:
    operator.open("/ops/bounces/1")
    answer = operator.send("/ops/bounces/1", do="back")
    assert (answer.status_code, "nothing to take back" in answer.text) == (409, True)


def test_of_two_who_take_a_verdict_back_at_once_one_does(
    app: App, letter: Reader, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging.judge(app, 1, "dead", about=1, by=BOSS, now=now)
    take_back, pool, second = rulings.take_back, ThreadPoolExecutor(1), list[Future[str]]()

    def at_that_moment(*said: Any, **more: Any) -> None:
        if not second:
            second.append(pool.submit(judging.take_back, app, 1, by=BOSS, now=now))
            until(lambda: app.database.is_sqlite or second[0].done() or somebody_waits(app.database))
        take_back(*said, **more)

    monkeypatch.setattr(rulings, "take_back", at_that_moment)
    judging.take_back(app, 1, by=BOSS, now=now)
    with pytest.raises(WrongState, match="nothing to take back"):
        second[0].result()
    pool.shutdown()


def _told(app: App, edition_id: int, action: str, now: datetime) -> None:
    """A real report about reader 1's copy."""
    said = heard.by_mail(
        f"real-{action}", action=action, meaning="dead", lesson="suppress", edition_id=edition_id, subscriber_id=1,
        at=now, words="550 no such user",
    )  # fmt: skip
    with app.database.write() as session:
        evidence.record(session, [said], now=now)


def test_what_other_evidence_says_stands_when_a_verdict_is_taken_back(app: App, letter: Reader, now: datetime) -> None:
    with app.database.write() as session:
        edition_id = went_out(app, session, [1], states=[BatchState.ACCEPTED]).id
        session.scalars(select(Returned)).one().edition_id = edition_id
        session.scalars(select(Returned)).one().subscriber_id = 1
    _told(app, edition_id, "complaint", now)
    with app.database.write() as session:
        plan = rulings.plan(session, app.settings, 1, "dead")
        rulings.rule(session, app.settings, plan, by="grace", now=now)
    worse = suppressed(app)
    with app.database.write() as session:
        rulings.take_back(session, app.settings, rulings.plan_back(session, 1), by="grace", now=now)
    assert (worse, suppressed(app)) == ({ADA: SuppressionReason.HARD_BOUNCE}, {ADA: SuppressionReason.COMPLAINT})


@pytest.mark.parametrize(("real", "stands"), [(None, None), ("delayed", Status.DEFERRED)])
def test_a_copy_stands_as_what_else_is_known_says(
    app: App, letter: Reader, now: datetime, real: str | None, stands: Status | None
) -> None:
    with app.database.write() as session:
        edition_id = went_out(app, session, [1], states=[BatchState.ACCEPTED]).id
        row = session.scalars(select(Returned)).one()
        row.edition_id, row.subscriber_id = edition_id, 1
    if real:
        _told(app, edition_id, real, now)
    with app.database.write() as session:
        rulings.rule(session, app.settings, rulings.plan(session, app.settings, 1, "failed"), by="grace", now=now)
        came_back = session.scalars(select(Progress.status)).one()
    with app.database.write() as session:
        rulings.take_back(session, app.settings, rulings.plan_back(session, 1), by="grace", now=now)
        assert (came_back, session.scalars(select(Progress.status)).one_or_none()) == (Status.BOUNCED, stands)


@pytest.mark.parametrize(
    ("role", "reads", "judges"), [(Role.EDITOR, 403, 403), (Role.APPROVER, 200, 403), (Role.OPERATOR, 200, 303)]
)
def test_who_may_read_and_who_may_judge(
    app: App, letter: Reader, browser: Browser, now: datetime, role: Role, reads: int, judges: int
) -> None:
    browser.sign_in(a_colleague(app, role=role, now=now))
    found = browser.open("/ops/bounces/1").status_code
    browser.open("/desk/account")
    assert (found, browser.send("/ops/bounces/1", do="seen").status_code) == (reads, judges)


def test_the_page_asks_no_more_of_the_database_for_more_letters(app: App, letter: Reader, operator: Browser) -> None:
    few = queries(app, operator, "/ops/bounces")
    put(letter, *(note(number, words=f"Hello {'again ' * number}") for number in range(2, 40)))
    assert (queries(app, operator, "/ops/bounces"), "Older" in operator.page.text) == (few, True)


def test_both_verbs_stand_in_the_audit_log(app: App, letter: Reader, now: datetime) -> None:
    judging.judge(app, 1, "dead", address=ADA, by=BOSS, now=now)
    judging.take_back(app, 1, by=BOSS, now=now)
    with app.database.read() as session:
        assert [act.did for act in acts.lately(session, limit=2)] == ["took back a verdict", "judged a letter"]
