"""The pages of sendings: what stands on them, what they lead to, and what a look at them costs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from newsletter.app import App
from newsletter.delivery.models import Batch, BatchState, Outcome, Sending, SendingState, Status
from newsletter.editions.models import Job, Slot, State
from newsletter.staff.models import Act, Role
from newsletter.tracking.reports import failures, pacing
from newsletter.web.staff import glances
from newsletter.web.staff.navigation import OPERATIONS, is_at
from tests.desk.aftermath import NINE, went_out
from tests.factories import FRIDAY, an_edition
from tests.ops.going import LATER, a_sending, erase
from tests.staff.conftest import Browser, Clock, a_colleague
from tests.web.site import served

WEEK = timedelta(days=7)


@pytest.fixture
def now() -> datetime:
    return LATER


@pytest.fixture
def going(app: App) -> int:
    return a_sending(app)


@pytest.fixture
def operator(app: App, browser: Browser, now: datetime) -> Browser:
    browser.sign_in(a_colleague(app, "olga@example.com", Role.OPERATOR, now=now))
    return browser


def _text(page: str) -> str:
    """What a person reads of it."""
    body = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", page.partition('<main id="main">')[2], flags=re.DOTALL)
    return " ".join(body.replace("&amp;", "&").split())


def _state(app: App, edition_id: int) -> SendingState:
    with app.database.read() as session:
        return session.get_one(Sending, edition_id).state


# looking


def test_a_house_where_nothing_was_sent_says_what_comes_first(app: App, operator: Browser) -> None:
    nothing = _text(operator.open("/ops").text)
    with app.database.write() as session:
        an_edition(session, state=State.IN_REVIEW)
    drafted = _text(operator.open("/ops").text)
    assert ("There is no edition yet" in nothing, "once somebody has approved it" in drafted) == (True, True)


def test_the_first_page_shows_what_goes_and_what_went(app: App, operator: Browser, going: int) -> None:
    with app.database.write() as session:
        went_out(app, session, range(1, 61), day=FRIDAY - WEEK, states=(BatchState.ACCEPTED, BatchState.UNKNOWN))
        slot = {"newsletter": "friday", "week": FRIDAY + WEEK, "date": FRIDAY + WEEK, "job": Job.SEND}
        session.add(Slot(**slot, due_at=NINE + WEEK))
    page = operator.open("/ops").text
    said = _text(page)
    assert f'href="/ops/sends/{going}">' in page
    assert "70 % dealt with" in said
    assert "Friday 3 December, 09:00 GMT : The Friday Five, not drafted yet" in said
    assert re.search(r"Fri 19 Nov 2021 .* complete 60 50 0 0 10 1 hour", said)


def test_a_sending_shows_its_balance_pace_and_what_is_left(operator: Browser, going: int) -> None:
    said = _text(operator.open(f"/ops/sends/{going}").text)
    assert "70 % dealt with · 30 readers a minute · about 5 minutes left, until 09:15 · 50 on the wire now ." in said


def test_the_bar_says_the_balance_to_who_does_not_see_it(operator: Browser, going: int) -> None:
    page = operator.open(f"/ops/sends/{going}").text
    bars = re.findall(r'<rect class="(\w+)" x="([\d.]+)" width="([\d.]+)"', page)
    said = "70 % dealt with: planned 500 = accepted 243 + skipped 3 + refused 54 + unknown 50 + to do 150"
    assert (bars, f'aria-label="{said}"' in page) == (
        [
            ("accepted", "0.0", "486.0"),
            ("skipped", "486.0", "6.0"),
            ("refused", "492.0", "108.0"),
            ("unknown", "600.0", "100.0"),
            ("flies", "700.0", "100.0"),
        ],
        True,
    )


def test_failures_are_told_by_reason_and_by_domain_and_lead_to_the_log(operator: Browser, going: int) -> None:
    page = operator.open(f"/ops/sends/{going}").text
    part = page.partition('id="failures"')[2].partition("</section>")[0]
    links = re.findall(r'<a href="([^"]+)"><b>([\d,]+)</b> ([^<]+)</a>', part)
    log = f"/ops/log?edition={going}"
    badly = "".join(f"&amp;status={status}" for status in ("refused", "unknown", "deferred", "bounced"))
    assert links == [
        (f"{log}&amp;status=refused&amp;reason=554%205.7.1", "50", "about us: address, login, reputation"),
        (f"{log}&amp;status=unknown&amp;reason=connection%20lost%20after%20the%20final%20dot", "50",
         "connection lost after the final dot"),
        (f"{log}&amp;status=bounced&amp;reason=552%205.2.2", "5", "mailbox full"),
        (f"{log}&amp;status=refused&amp;reason=550%205.1.1", "4", "no such mailbox"),
        (f"{log}&amp;status=skipped&amp;reason=unsubscribed%20after%20planning", "3", "unsubscribed after planning"),
        (f"{log}&amp;status=deferred&amp;reason=450%204.2.0", "2", "greylisted: asked to come back"),
        (f"{log}{badly}&amp;domain=shop.example", "74", "shop.example"),
        (f"{log}{badly.replace('&amp;status=deferred', '')}&amp;domain=corner.example", "37", "corner.example"),
    ]  # fmt: skip


def test_no_link_holds_a_reader_s_address(operator: Browser, going: int) -> None:
    page = operator.open(f"/ops/sends/{going}").text
    assert [link for link in re.findall(r'href="([^"]+)"', page) if "@" in link or "%40" in link] == []


def test_a_copy_goes_wrong_in_one_way_whatever_was_written_of_it(app: App, going: int) -> None:
    with app.database.write() as session:
        # told bounced after it had been refused: what was told last counts
        session.add(
            Outcome(edition_id=going, subscriber_id=_reader(app, 110), status=Status.REFUSED, reason="x", at=NINE)
        )
    with app.database.read() as session:
        found = failures.of(session, going)
    assert sum(ground.copies for ground in found.reasons) == 50 + 50 + 5 + 4 + 3 + 2


def test_who_was_erased_has_no_domain_and_is_counted(app: App, operator: Browser, going: int) -> None:
    erase(app, 0)
    said = _text(operator.open(f"/ops/sends/{going}").text)
    assert "1 reader who was erased 1 refused" in said


def _reader(app: App, number: int) -> int:
    with app.database.read() as session:
        return session.scalars(select(Outcome.subscriber_id).order_by(Outcome.subscriber_id)).first() + number  # type: ignore[operator]


def test_the_hour_is_drawn_by_the_minute(app: App, going: int) -> None:
    with app.database.read() as session:
        pace = pacing.of(session, session.get_one(Sending, going), now=LATER)
    course = pace.course
    taken = {f"{course.at(step):%H:%M}": count for step, count in enumerate(course.counts["copies"]) if count}
    assert taken == {"09:01": 43, "09:02": 50, "09:03": 50, "09:04": 50, "09:05": 50}


def test_who_waits_for_an_hour_of_their_own_is_no_work_left_over(app: App, operator: Browser, going: int) -> None:
    with app.database.write() as session:
        morning = NINE + timedelta(hours=9)
        session.execute(update(Batch).where(Batch.number == 10).values(not_before=morning))
    said = _text(operator.open(f"/ops/sends/{going}").text)
    assert "about 3 minutes left" in said
    assert "50 readers wait for a later hour of their own, the last for Friday, 18:00." in said


def test_without_a_pace_no_time_is_promised(app: App, operator: Browser, going: int) -> None:
    with app.database.write() as session:
        session.execute(update(Batch).values(settled_at=NINE))
    said = _text(operator.open(f"/ops/sends/{going}").text)
    assert ("0 readers a minute" in said, "left, until" in said) == (True, False)


def test_after_a_pause_the_pace_begins_anew(app: App, operator: Browser, going: int, clock: Clock) -> None:
    for verb in ("pause", "resume"):
        operator.open(f"/ops/sends/{going}/{verb}")
        operator.send(f"/ops/sends/{going}/{verb}")
    with app.database.read() as session:
        at_once = pacing.of(session, session.get_one(Sending, going), now=clock()).rate
        later = pacing.of(session, session.get_one(Sending, going), now=clock() + timedelta(minutes=1)).rate
    assert (at_once, later) == (None, 0.0)


def test_why_nothing_moves_stands_on_both_pages(app: App, operator: Browser, going: int) -> None:
    with app.database.write() as session:
        values = {"stuck": "mail.example.com:25 refuses the login", "stuck_at": NINE}
        session.execute(update(Sending).values(values))
    pages = [_text(operator.open(path).text) for path in ("/ops", f"/ops/sends/{going}")]
    assert all("Nothing moves: mail.example.com:25 refuses the login (since 26 November, 09:00:00)" in p for p in pages)


def test_batches_are_paged_and_chosen(operator: Browser, app: App, going: int) -> None:
    def numbers(query: str) -> list[int]:
        page = operator.open(f"/ops/sends/{going}{query}").text
        return [int(found) for found in re.findall(r'data-label="Batch"><a [^>]+>(\d+)', page)]

    with app.database.write() as session:
        rows = session.scalars(select(Batch)).all()
        session.add_all(
            Batch(
                edition_id=going, number=number, state=BatchState.QUEUED, size=0, not_before=NINE, attempts=0
            )
            for number in range(len(rows) + 1, 31)
        )  # fmt: skip
    shown = [numbers(query) for query in ("", "?batches=unknown", "?batches=all", "?batches=all&after=20")]
    assert shown == [[6, 7, 8], [6], list(range(1, 21)), list(range(21, 31))]


def test_an_edition_that_is_not_sent_says_what_has_to_come_first(app: App, operator: Browser) -> None:
    with app.database.write() as session:
        edition_id = an_edition(session, state=State.APPROVED).id
    said = _text(operator.open(f"/ops/sends/{edition_id}").text)
    assert "it is approved, and newsletter send friday/2021-11-26 sends it" in said


def test_a_newsletter_that_left_the_settings_has_its_sendings_still(app: App, operator: Browser, going: int) -> None:
    with app.database.write() as session:
        edition = went_out(app, session, range(1, 11), day=FRIDAY - WEEK)
        edition.newsletter = "gone"
    statuses = [operator.open(path).status_code for path in ("/ops", f"/ops/sends/{edition.id}")]
    assert (statuses, "gone" in operator.open("/ops").text) == ([200, 200], True)


# what moves


def test_a_page_asks_again_only_while_something_may_happen(app: App, operator: Browser, going: int) -> None:
    live = operator.open(f"/ops/sends/{going}").text
    with app.database.write() as session:
        session.execute(update(Batch).values(state=BatchState.ACCEPTED, settled_at=NINE))
        session.execute(update(Sending).values(state=SendingState.COMPLETE, complete_at=NINE + timedelta(minutes=7)))
    over = operator.open(f"/ops/sends/{going}").text
    asks = [re.findall(r'hx-trigger="([^"]+)"|(htmx-[\d.]+)', page) for page in (live, over)]
    assert ([len(found) for found in asks], f'hx-get="/ops/sends/{going}/now?was=running"' in live) == ([2, 0], True)


def test_a_part_that_finds_another_state_has_the_whole_page_come(app: App, operator: Browser, going: int) -> None:
    def refreshes(path: str) -> bool:
        return "hx-refresh" in operator.client.get(path).headers

    one, all_of_them = f"/ops/sends/{going}/now?was=running", f"/ops/now?was={going}-running"
    before = refreshes(one), refreshes(all_of_them)
    operator.open(f"/ops/sends/{going}/pause")
    operator.send(f"/ops/sends/{going}/pause")
    assert (before, (refreshes(one), refreshes(all_of_them))) == ((False, False), (True, True))


def test_shortly_before_the_hour_the_page_looks_by_itself(app: App, operator: Browser, clock: Clock) -> None:
    with app.database.write() as session:
        slot = {"newsletter": "friday", "week": FRIDAY + WEEK, "date": FRIDAY + WEEK, "job": Job.SEND}
        session.add(Slot(**slot, due_at=clock() + timedelta(minutes=40)))
    far = "hx-get" in operator.open("/ops").text
    clock.turn(minutes=30)
    assert (far, 'hx-trigger="every 20s"' in operator.open("/ops").text) == (False, True)


# acts


def test_an_operator_pauses_and_lets_it_go_on_with_a_reason(app: App, operator: Browser, going: int) -> None:
    asked = _text(operator.open(f"/ops/sends/{going}/pause").text)
    paused = operator.send(f"/ops/sends/{going}/pause", reason="a wrong price")
    state = _state(app, going)
    shown = _text(operator.open(f"/ops/sends/{going}").text)
    operator.open(f"/ops/sends/{going}/resume")
    operator.send(f"/ops/sends/{going}/resume")
    with app.database.read() as session:
        did = [(act.who, act.did, act.details) for act in session.scalars(select(Act).order_by(Act.id))][-2:]
    assert "100 readers wait until somebody lets it go on" in asked.replace(" ,", "").replace(", until", " until")
    assert (paused.status_code, paused.headers["location"], state) == (303, f"/ops/sends/{going}", SendingState.PAUSED)
    assert "Nothing moves: paused by Eva: a wrong price" in shown
    assert (did, _state(app, going)) == (
        [
            ("Eva", "paused the sending", {"readers": 150, "reason": "a wrong price"}),
            ("Eva", "let the sending go on", {"readers": 150}),
        ],
        SendingState.RUNNING,
    )


def test_what_is_unknown_is_resolved_from_the_page(app: App, operator: Browser, going: int) -> None:
    page = operator.open(f"/ops/sends/{going}").text
    asked = _text(operator.open(f"/ops/sends/{going}/resend").text)
    answer = operator.send(f"/ops/sends/{going}/resend", reason="they called")
    with app.database.read() as session:
        state = session.get_one(Batch, (going, 6)).state
    assert [verb for verb in ("assume-accepted", "resend") if f"/ops/sends/{going}/{verb}" in page] == [
        "assume-accepted",
        "resend",
    ]
    assert "50 readers are sent it again" in asked
    assert "50 copies: connection lost after the final dot." in asked
    assert (answer.status_code, state) == (303, BatchState.QUEUED)


def test_refused_readers_are_tried_again_by_the_code_one_chooses(app: App, operator: Browser, going: int) -> None:
    codes = re.findall(r'retry\?code=(\w+)"', operator.open(f"/ops/sends/{going}/retry").text)
    asked = _text(operator.open(f"/ops/sends/{going}/retry?code=550").text)
    answer = operator.send(f"/ops/sends/{going}/retry")
    with app.database.read() as session:
        left = session.scalars(select(Outcome).where(Outcome.status == Status.REFUSED)).all()
    assert (codes, "4 readers are queued again, all that were refused with 550" in asked) == (
        ["554", "550", "5xx"],
        True,
    )
    assert (answer.status_code, left) == (303, [])


def test_numbers_that_changed_are_shown_anew_and_nothing_is_done(app: App, operator: Browser, going: int) -> None:
    operator.open(f"/ops/sends/{going}/assume-accepted")
    with app.database.write() as session:
        session.execute(update(Batch).where(Batch.number == 8).values(state=BatchState.UNKNOWN))
    answer = operator.send(f"/ops/sends/{going}/assume-accepted", reason="<b>sure</b>")
    said = _text(answer.text)
    with app.database.read() as session:
        unknown = session.scalars(select(Batch.number).where(Batch.state == BatchState.UNKNOWN)).all()
    assert (answer.status_code, sorted(unknown)) == (409, [6, 8])
    assert "The numbers have changed since you looked, and nothing was done" in said
    assert "100 copies count as accepted" in said
    assert 'value="&lt;b&gt;sure&lt;/b&gt;"' in answer.text
    again = operator.send(f"/ops/sends/{going}/assume-accepted")
    assert again.status_code == 303


def test_what_cannot_be_done_any_more_says_why_on_the_page_of_the_sending(operator: Browser, going: int) -> None:
    answer = operator.open(f"/ops/sends/{going}/resume")
    assert (answer.status_code, "only a paused sending can be resumed" in answer.text) == (409, True)


def test_a_code_that_is_none_is_told(operator: Browser, going: int) -> None:
    answer = operator.open(f"/ops/sends/{going}/retry?code=%3Cb%3E")
    assert (answer.status_code, "is not a reply code" in answer.text, "<b>'" in answer.text) == (400, True, False)


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        (Role.EDITOR, []),
        (Role.APPROVER, ["pause"]),
        (Role.OPERATOR, ["pause", "cancel", "retry", "assume-accepted", "resend"]),
    ],
)
def test_only_what_one_may_do_is_offered(app: App, browser: Browser, going: int, role: Role, verbs: list[str]) -> None:
    browser.sign_in(a_colleague(app, role=role, now=LATER))
    page = browser.open(f"/ops/sends/{going}").text
    offered = [verb for verb in ("pause", "resume", "cancel", "retry", "assume-accepted", "resend")
               if f'href="/ops/sends/{going}/{verb}"' in page]  # fmt: skip
    assert offered == verbs


def test_an_act_by_one_process_is_seen_by_another(app: App, operator: Browser, going: int, clock: Clock) -> None:
    with served(App(app.settings, app.database), clock) as other:
        other.cookies.update(operator.client.cookies)
        before = other.get(f"/ops/sends/{going}").text
        operator.open(f"/ops/sends/{going}/pause")
        operator.send(f"/ops/sends/{going}/pause", reason="a look")
        after = other.get(f"/ops/sends/{going}").text
        seen = re.findall(r'name="(seen|csrf)" value="([^"]+)"', other.get(f"/ops/sends/{going}/resume").text)
        let_on = other.post(f"/ops/sends/{going}/resume", data=dict(seen), headers={"Origin": str(other.base_url)})
    assert ("paused by" in before, "paused by" in after) == (False, True)
    assert (let_on.status_code, _state(app, going)) == (303, SendingState.RUNNING)


# what it costs


@contextmanager
def _asked(app: App) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        # every so often any page looks whether a setting was changed
        if "setting_" not in statement and "template_" not in statement and statement != "BEGIN":
            asked.append(statement)

    event.listen(app.database.reader, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(app.database.reader, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["/ops", "/ops/sends/{}", "/ops/sends/{}/now?was=running"])
def test_looking_costs_the_same_number_of_queries_whatever_went_out(
    app: App, operator: Browser, going: int, path: str
) -> None:
    def queries() -> int:
        app.kept.clear()
        with _asked(app) as asked:
            assert operator.open(path.format(going)).status_code == 200
        return len(asked)

    with app.database.write() as session:
        went_out(app, session, range(1, 21), day=FRIDAY - WEEK)
    few = queries()
    with app.database.write() as session:
        for week in range(2, 9):
            went_out(app, session, range(1, 61), day=FRIDAY - week * WEEK)
        session.execute(update(Batch).where(Batch.edition_id == going, Batch.number > 8).values(attempts=1))
    assert (queries(), few < 40) == (few, True)


def test_what_takes_long_is_counted_once_for_all_who_look(app: App) -> None:
    times = []

    def count() -> int:
        times.append(1)
        deadline = datetime.now().timestamp() + 0.2  # noqa: DTZ005 (it takes long, by whichever clock)
        while datetime.now().timestamp() < deadline:  # noqa: DTZ005
            pass
        return len(times)

    assert [glances.at(app, "slow", count) for _ in range(3)] == [1, 1, 1]


def test_what_need_not_wait_is_counted_anew(app: App) -> None:
    numbers = iter(range(100))
    assert [glances.at(app, "quick", lambda: next(numbers), times=0) for _ in range(3)] == [0, 1, 2]


def test_an_act_has_everything_counted_anew(app: App, operator: Browser, going: int) -> None:
    operator.open(f"/ops/sends/{going}")
    operator.open(f"/ops/sends/{going}/assume-accepted")
    operator.send(f"/ops/sends/{going}/assume-accepted")
    said = [_text(operator.open(path).text) for path in ("/ops", f"/ops/sends/{going}")]
    assert all("accepted 293 skipped 3 refused 54 unknown 0 to do 150" in page for page in said)
    assert "connection lost" not in said[1].partition("What went wrong")[2].partition("What was done")[0]


@pytest.mark.parametrize(
    ("path", "says"),
    [("/ops", ["Sends"]), ("/ops/sends/3/pause", ["Sends"]), ("/ops/alarms", ["Alarms"]), ("/ops/x", [])],
)
def test_a_page_belongs_to_one_way_of_operations(path: str, says: list[str]) -> None:
    assert [entry.says for entry in OPERATIONS if is_at(entry, path)] == says
