"""The watchdog under a clock that tests set: each matter rings once, says what to do, and says when it is over."""

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Watchdog
from newsletter.delivery.models import Batch, BatchState, Progress, Sending, SendingState, Status
from newsletter.editions import timekeeping, watch
from newsletter.editions.models import Alarm, Edition, Job, Slot, SlotState, State
from newsletter.errors import BadInput
from newsletter.jobs import watching
from newsletter.stories.models import Health, Source
from newsletter.tracking import posting, watchdog
from newsletter.tracking.models import Event
from tests.factories import FRIDAY, a_source, a_subscriber, an_article, an_edition
from tests.scheduler.world import utc

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NINE = utc("2021-11-26 09:00")
NAME = f"friday/{FRIDAY}"


@pytest.fixture
def rung(app: App) -> "Rung":
    return Rung(app)


class Rung:
    """What has rung; looking again tells only what is new."""

    def __init__(self, app: App) -> None:
        self.app, self.seen = app, 0

    def at(self, moment: str) -> list[str]:
        """What rings when the watchdog looks at *moment*."""
        now = utc(moment)
        with self.app.database.write() as session:
            watchdog.look(session, self.app.settings, now=now)
        with self.app.database.read() as session:
            new = session.scalars(select(Alarm).where(Alarm.id > self.seen).order_by(Alarm.id)).all()
            self.seen = max([self.seen, *(alarm.id for alarm in new)])
            return [alarm.text for alarm in new]


def slot(app: App, job: Job, due: str, state: SlotState = SlotState.PLANNED, **more: str) -> None:
    with app.database.write() as session:
        session.add(Slot(newsletter="friday", date=FRIDAY, job=job, due_at=utc(due), state=state, **more))


def edition(app: App, stands: State, **sending: object) -> int:
    with app.database.write() as session:
        made = an_edition(session, "Walmart goes live", state=stands)
        if sending:
            session.add(Sending(edition_id=made.id, planned=1000, started_at=NINE, **sending))
        return made.id


def change(app: App, model: type[Edition] | type[Sending] | type[Slot] | type[Source], **values: object) -> None:
    with app.database.write() as session:
        for row in session.scalars(select(model)):
            for name, value in values.items():
                setattr(row, name, value)


def test_a_week_in_order_rings_nothing(app: App, rung: Rung) -> None:
    slot(app, Job.ASSEMBLE, "2021-11-25 16:00", SlotState.DONE)
    slot(app, Job.LOCK, "2021-11-26 08:00", SlotState.DONE)
    slot(app, Job.SEND, "2021-11-26 09:00")
    edition(app, State.APPROVED)
    assert rung.at("2021-11-26 09:05") == []


def test_a_draft_that_is_not_made_rings_once_and_again_when_it_is(app: App, rung: Rung) -> None:
    slot(app, Job.ASSEMBLE, "2021-11-25 16:00", result="the database was away")
    before, late, later = (rung.at(f"2021-11-25 16:{minute}") for minute in ("09", "11", "12"))
    edition(app, State.IN_REVIEW)
    change(app, Slot, state=SlotState.DONE)
    over, after = rung.at("2021-11-25 16:20"), rung.at("2021-11-25 16:21")
    text = (
        f"{NAME} was to be drafted at 16:00, and is not there. It says: the database was away."
        " newsletter assemble makes it now."
    )
    assert (before, late, later, over, after) == ([], [text], [], [f"Over since 16:20 UTC: {text}"], [])


def test_a_draft_that_is_given_up_is_not_called_over(app: App, rung: Rung) -> None:
    slot(app, Job.ASSEMBLE, "2021-11-25 16:00")
    rung.at("2021-11-25 16:11")
    change(app, Slot, state=SlotState.MISSED)
    assert rung.at("2021-11-26 16:00") == []


def test_an_approved_edition_that_does_not_begin_rings_and_is_over_when_it_goes(app: App, rung: Rung) -> None:
    slot(app, Job.SEND, "2021-11-26 09:00")
    edition(app, State.APPROVED)
    first = rung.at("2021-11-26 09:11")
    change(app, Edition, state=State.SENDING)
    change(app, Slot, state=SlotState.DONE)
    text = f"{NAME} is approved and was to go out at 09:00; it has not begun. newsletter send {NAME} sends it."
    assert (first, rung.at("2021-11-26 09:15")) == ([text], [f"Over since 09:15 UTC: {text}"])


def test_one_that_nobody_approved_is_over_once_somebody_does(app: App, rung: Rung) -> None:
    slot(app, Job.LOCK, "2021-11-26 08:00", SlotState.DONE)
    edition(app, State.IN_REVIEW)
    waiting = rung.at("2021-11-26 08:01")  # the lock itself has rung for it
    change(app, Edition, state=State.HELD)
    held = rung.at("2021-11-26 09:01")
    change(app, Edition, state=State.APPROVED)
    assert (waiting, held, rung.at("2021-11-26 09:30")) == ([], [], [f"Over since 09:30 UTC: {NAME} is not approved"])


def test_a_pause_is_over_when_somebody_lets_it_go(app: App, rung: Rung) -> None:
    edition(app, State.SENDING, sender="smtp", state=SendingState.PAUSED, reason="535 wrong password")
    paused = rung.at("2021-11-26 09:10")
    change(app, Sending, state=SendingState.RUNNING)
    text = f"Over since 09:20 UTC: the sending of {NAME} is paused: 535 wrong password"
    assert (paused, rung.at("2021-11-26 09:20")) == ([], [text])


def test_what_comes_back_soon_is_one_matter(app: App, rung: Rung) -> None:
    slot(app, Job.SEND, "2021-11-26 09:00")
    edition(app, State.APPROVED)
    rung.at("2021-11-26 09:11")
    change(app, Edition, state=State.SENDING)
    rung.at("2021-11-26 09:15")
    change(app, Edition, state=State.APPROVED)
    assert rung.at("2021-11-26 09:40") == []


def _handed_over(app: App) -> int:
    edition_id = edition(app, State.SENDING, sender="sendgrid", state=SendingState.RUNNING)
    with app.database.write() as session:
        accepted = Batch(
            edition_id=edition_id, number=1, state=BatchState.ACCEPTED, size=1000, not_before=NINE, fenced_at=NINE
        )
        session.add(accepted)
    return edition_id


def _event(app: App, at: str) -> None:
    with app.database.write() as session:
        told = Event(
            provider="sendgrid", provider_event_id=at, kind="delivered", payload={}, at=utc(at), received_at=utc(at)
        )
        session.add(told)


def test_silence_of_sendgrid_while_an_edition_goes_out_rings(app: App, rung: Rung) -> None:
    _handed_over(app)
    patient, never = rung.at("2021-11-26 09:59"), rung.at("2021-11-26 10:01")
    _event(app, "2021-11-26 10:02")
    over = rung.at("2021-11-26 10:03")
    text = (
        f"{NAME} goes out, and SendGrid has told nothing of it at all. Is the event webhook on, and does its address"
        " lead to /hooks/sendgrid here? newsletter doctor looks."
    )
    assert (patient, never, over) == ([], [text], [f"Over since 10:03 UTC: {text}"])


def test_an_hour_without_an_event_is_not_said_of_another_sender(app: App, rung: Rung) -> None:
    edition_id = _handed_over(app)
    change(app, Sending, sender="smtp")
    assert (edition_id, rung.at("2021-11-26 12:00")) == (edition_id, [])


@pytest.mark.parametrize(("complaints", "rings"), [(1, False), (2, False), (3, True)])
def test_complaints_ring_above_one_in_a_thousand(app: App, rung: Rung, complaints: int, rings: bool) -> None:
    edition_id = edition(app, State.SENT, sender="smtp", state=SendingState.COMPLETE)
    with app.database.write() as session:
        for number in range(complaints):
            person = a_subscriber(session, f"reader{number}@example.com")
            told = Progress(edition_id=edition_id, subscriber_id=person.id, status=Status.COMPLAINED, at=NINE)
            session.add(told)
    text = (
        f"3 of 1000 readers of {NAME} pressed “spam”, 0.30%; large houses begin to turn mail away at 0.10%. They are"
        " suppressed. Look at how people joined, and whether they find the way out:"
        f" newsletter report {NAME}."
    )
    assert (rung.at("2021-11-26 12:00"), rung.at("2021-11-26 12:01")) == ([text] if rings else [], [])
    assert rung.at("2021-12-24 12:00") == []  # a rate is never over


def _articles(app: App, *days: str, name: str = "Retail Dive") -> None:
    with app.database.write() as session:
        source = a_source(session, name)
        source.health = Health.OK
        for day in days:
            an_article(session, source, f"News of {day}", published_at=utc(f"{day} 09:00"))


def test_a_source_that_breaks_its_habit_rings(app: App, rung: Rung) -> None:
    _articles(app, "2021-10-20", "2021-10-27", "2021-11-03")
    quiet, silent = rung.at("2021-11-17 08:00"), rung.at("2021-11-17 10:00")
    with app.database.write() as session:
        an_article(session, session.scalars(select(Source)).one(), "At last", published_at=utc("2021-11-17 10:30"))
    too_soon, over = rung.at("2021-11-17 10:40"), rung.at("2021-11-17 11:30")
    text = (
        "Retail Dive is read without an error, and has brought nothing new since 3 November; in the 60 days before it"
        " brought 3. Has its feed moved? newsletter sources add SITE finds it."
    )
    assert (quiet, silent, too_soon, over) == ([], [text], [], [f"Over since 11:30 UTC: {text}"])


def test_a_source_without_a_habit_may_be_silent(app: App, rung: Rung) -> None:
    _articles(app, "2021-09-20", "2021-10-27")
    assert rung.at("2021-11-30 10:00") == []


def test_half_of_the_sources_may_fail_more_ring_together(app: App, rung: Rung) -> None:
    for number in range(4):
        _articles(app, name=f"Source {number}")
    with app.database.write() as session:
        for source in session.scalars(select(Source).order_by(Source.id).limit(2)):
            source.health, source.problem = Health.FAILING, "can't be reached"
    half = rung.at("2021-11-26 09:00")
    with app.database.write() as session:
        for source in session.scalars(select(Source).order_by(Source.id).limit(3)):
            source.health, source.problem = Health.FAILING, "can't be reached"
    text = (
        "3 of 4 sources can't be read, Source 0 for one: can't be reached. Is the way out open? newsletter sources list"
        " says why for each."
    )
    assert (half, rung.at("2021-11-26 10:30")) == ([], [text])


def test_a_clock_that_jumped_is_over_when_it_is_believed(app: App, rung: Rung) -> None:
    with app.database.write() as session:
        for moment, counted in ((NINE, 1.0), (NINE + 60 * DAY, 2.0)):
            timekeeping.look(session, timekeeping.Reading(moment, timekeeping.Counter("boot", counted)))
    jumped, over = rung.at("2022-01-25 09:01"), rung.at("2022-01-25 09:30")
    assert ([text[:16] for text in jumped], over) == (
        ["The clock jumped"],  # the clock's own room has rung
        ["Over since 09:30 UTC: the clock has jumped, and is not believed yet"],
    )


def test_what_is_set_to_never_never_rings(app: App, rung: Rung) -> None:
    _handed_over(app)
    _articles(app, "2021-10-20", "2021-10-27", "2021-11-03")
    never = Watchdog(event_minutes=0, complaint_share=0, silent_days=0)
    rung.app = App(app.settings.model_copy(update={"watchdog": never}), app.database)
    assert rung.at("2021-11-26 12:00") == []


# posts and the pulse

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four!").decode()


class Ear:
    """A receiver on loopback that answers as it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                ear.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(ear.status)
                self.end_headers()
                self.wfile.write(b"no room" if ear.status != 200 else b"")

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    Thread(target=ear.server.serve_forever, args=(0.05,), daemon=True).start()
    yield ear
    ear.server.shutdown()
    ear.server.server_close()


def _with(app: App, *, loopback: bool = True, **rules: str) -> App:
    secret = {name: SecretStr(value) for name, value in rules.items()}
    fetch = app.settings.fetch.model_copy(update={"allow_loopback": loopback})
    settings = app.settings.model_copy(update={"watchdog": Watchdog(**secret), "fetch": fetch})  # type: ignore[arg-type]
    return App(settings, app.database)


def _ring(app: App, text: str = "Something is wrong") -> None:
    with app.database.write() as session:
        watch.ring(session, text, text, NINE)


def test_an_alarm_is_posted_once_and_signed(app: App, ear: Ear) -> None:
    app = _with(app, webhook=ear.url, webhook_secret=SECRET)
    _ring(app)
    said = [watching.post(app, now=NINE) for _ in range(2)]
    ((path, headers, body),) = ear.heard
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.digest(b"a secret of twenty-four!", signed, sha256)).decode()
    assert (said, path, json.loads(body), headers["webhook-signature"]) == (
        ["1 alarm posted", "0 alarms posted"],
        "/hook",
        {"type": "alarm", "id": headers["webhook-id"], "at": NINE.isoformat(), "text": "Something is wrong"},
        f"v1,{wanted}",
    )


def test_one_that_is_not_taken_is_tried_again_with_the_same_id(app: App, ear: Ear) -> None:
    app = _with(app, webhook=ear.url)
    _ring(app)
    ear.status = 503
    first = watching.post(app, now=NINE)
    ear.status = 200
    second = watching.post(app, now=NINE + MINUTE)
    assert (first, second, len({headers["webhook-id"] for _, headers, _ in ear.heard})) == (
        "0 alarms posted; the next could not be: it answered 503: no room",
        "1 alarm posted",
        1,
    )


def test_what_could_not_be_posted_for_a_day_is_no_news(app: App, ear: Ear) -> None:
    app = _with(app, webhook=ear.url)
    _ring(app)
    assert (watching.post(app, now=NINE + 2 * DAY), ear.heard) == ("1 alarm posted", [])


def test_a_post_goes_to_no_address_inside(app: App, ear: Ear) -> None:
    app = _with(app, loopback=False, webhook=ear.url)
    _ring(app)
    said = watching.post(app, now=NINE)
    assert (ear.heard, "is not on the public internet" in said) == ([], True)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_short", "not base64 at all!", "whsec_" + "A" * 200])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(BadInput, match="24 to 64 bytes"):
        posting.key(secret)


def test_the_pulse_goes_while_a_friday_could(app: App, ear: Ear) -> None:
    app = _with(app, heartbeat=ear.url)
    with app.database.write() as session:
        due = [watching.beats(session, app, now=NINE + wait) for wait in (0 * MINUTE, MINUTE / 2, MINUTE)]
    celery = App(app.settings.model_copy(update={"workers": "celery"}), app.database)
    with app.database.write() as session:
        without_workers = watching.beats(session, celery, now=NINE + HOUR)
    assert (due, without_workers, watching.pulse(app), len(ear.heard)) == ([True, False, True], False, "heard", 1)


def test_an_address_that_is_none_is_said_at_the_start() -> None:
    with pytest.raises(ValueError, match="must be an address"):
        Watchdog(webhook=SecretStr("ftp://example.com"))
