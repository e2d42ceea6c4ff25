"""What the doctor finds."""

import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from newsletter import doctor
from newsletter.app import App
from newsletter.config import Settings, Smtp
from newsletter.delivery.operations.rehearsal import Seen
from newsletter.doctor import Finding, Level, examine
from newsletter.editions import timekeeping, watch
from newsletter.editions.models import Alarm, Heartbeat
from newsletter.editions.timekeeping import Reading
from newsletter.stories.models import Health
from subscribers.models import Consent
from tests.factories import a_source, a_subscriber


def _about(name: str, app: App, now: datetime) -> list[Finding]:
    return [finding for finding in examine(app, now=now) if finding.name == name]


def test_a_database_that_is_up_to_date_is_good(app: App, now: datetime) -> None:
    assert [finding.level for finding in _about("database", app, now)] == [Level.GOOD]


def test_confirmed_people_are_counted_once_each(app: App, now: datetime) -> None:
    with app.database.write() as session:
        a_subscriber(session, "ada@example.com", "weekly", "daily")
    assert _about("subscribers", app, now) == [Finding("subscribers", Level.GOOD, "1 confirmed")]


def test_a_failing_source_is_named_with_its_reason(app: App, now: datetime) -> None:
    with app.database.write() as session:
        source = a_source(session, "Retail Dive")
        source.health, source.problem = Health.FAILING, "answered 404"
    assert Finding("sources", Level.NOTE, "Retail Dive: answered 404") in _about("sources", app, now)


def test_a_scheduler_that_stopped_ticking_is_bad(app: App, now: datetime) -> None:
    with app.database.write() as session:
        session.add(Heartbeat(name="tick", started_at=now - timedelta(minutes=5)))
    assert [finding.level for finding in _about("scheduler", app, now)] == [Level.BAD]


def test_a_sender_without_its_host_is_named(app: App, settings: Settings, now: datetime) -> None:
    without_host = App(settings.model_copy(update={"sender": "smtp", "smtp": Smtp()}), app.database)
    (finding,) = _about("sender", without_host, now)
    assert finding.level is Level.BAD
    assert "set host under [smtp]" in finding.text


def test_a_mail_server_that_does_not_answer_is_bad(app: App, settings: Settings, now: datetime) -> None:
    nobody = Smtp(host="127.0.0.1", port=1)
    deaf = App(settings.model_copy(update={"sender": "smtp", "smtp": nobody}), app.database)
    assert [finding.level for finding in _about("sender", deaf, now)] == [Level.BAD]


def test_who_waits_to_be_asked_is_counted(app: App, now: datetime) -> None:
    with app.database.write() as session:
        a_subscriber(session, "ada@example.com", consent=Consent.PENDING)
    text = "1 waits to be asked: newsletter subscribers invite --all"
    assert Finding("subscribers", Level.NOTE, text) in _about("subscribers", app, now)


def test_a_sender_that_is_still_the_example_is_noted(app: App, settings: Settings, now: datetime) -> None:
    example = app.newsletter().model_copy(update={"from_address": "friday@example.com"})
    fresh = App(settings.model_copy(update={"newsletters": {"friday": example}}), app.database)
    assert [finding.level for finding in _about("newsletters", fresh, now)] == [Level.GOOD, Level.NOTE]


def test_a_clock_that_is_behind_what_the_scheduler_read_is_noted(app: App, now: datetime) -> None:
    with app.database.write() as session:
        timekeeping.look(session, Reading(now + timedelta(days=60)))
    levels = [finding.level for finding in _about("clock", app, now)]
    assert levels == [Level.NOTE if app.database.is_sqlite else Level.BAD]  # PostgreSQL's own clock is no test's


def test_a_letter_that_an_editor_did_not_get_is_bad(app: App, now: datetime) -> None:
    with app.database.write() as session:
        watch.ring(session, "an alarm", "Something happened", now)
        alarm = session.scalars(select(Alarm)).one()
        watch.told(session, alarm.id, [], "ed@example.com: 550 no such user", now)
    (finding,) = _about("letters", app, now)
    assert (finding.level, "refused: ed@example.com: 550 no such user" in finding.text) == (Level.BAD, True)


def test_a_public_url_that_leads_nowhere_is_bad(app: App, settings: Settings, now: datetime) -> None:
    at_home = App(settings.model_copy(update={"public_url": "http://127.0.0.1:8025"}), app.database)
    assert [finding.level for finding in _about("public_url", at_home, now)] == [Level.BAD]


def test_each_example_that_is_still_there_is_named_by_its_key(app: App, settings: Settings, now: datetime) -> None:
    changed = {"from_address": "friday@example.com", "postal_address": "Your street, your town, your country"}
    example = app.newsletter().model_copy(update=changed)
    fresh = App(settings.model_copy(update={"newsletters": {"friday": example}}), app.database)
    told = [finding.text for finding in _about("newsletters", fresh, now) if finding.level is Level.NOTE]
    assert [re.findall("from_address|postal_address", text) for text in told] == [["from_address"], ["postal_address"]]


def test_a_relay_that_takes_mail_in_the_open_from_elsewhere_is_noted() -> None:
    assert doctor.judged(Seen(True, "takes mail", is_exposed=True)) == Finding("sender", Level.NOTE, "takes mail")


def test_a_database_that_is_away_is_one_plain_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", "--home", str(tmp_path), "doctor"],
        env={"NEWSLETTER_DATABASE_URL": f"postgresql://ada:secret@/news?host={tmp_path}", "COLUMNS": "400"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if line[2:10] in {"database", "clock   "}]
    socket = f'connection to server on socket "{tmp_path}/.s.PGSQL.5432" failed: No such file or directory'
    text = f"postgresql://ada:***@/news?host={tmp_path} can't be reached: {socket}"
    remedy = "is the server running, and is database_url right?"
    assert (done.returncode, "unread" in done.stdout + done.stderr, said) == (
        1,
        False,
        [f"✗ database     {text}; {remedy}"],
    )


def test_a_newsletter_whose_drafts_nobody_gets_is_noted(app: App, settings: Settings, now: datetime) -> None:
    alone = app.newsletter().model_copy(update={"editors": ()})
    unread = App(settings.model_copy(update={"newsletters": {"friday": alone}}), app.database)
    text = "friday: nobody is mailed its drafts and alarms: set editors in newsletter.toml"
    assert _about("newsletters", unread, now)[1:] == [Finding("newsletters", Level.NOTE, text)]
