"""Files of people taken in at a page: read first, then taken in by whichever process is there, each person once."""

import io
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from newsletter import db
from newsletter.app import App
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.errors import WrongState
from newsletter.jobs import imports
from newsletter.jobs.imports import Said
from newsletter.staff import acts
from newsletter.staff.models import Role
from newsletter.testing.serving import serving
from newsletter.web import incoming
from newsletter.web.app import create
from subscribers import roll
from subscribers.models import Consent
from subscribers.moving import uploads
from subscribers.moving.models import Upload, UploadState
from tests.databases import Databases
from tests.factories import a_list
from tests.staff.conftest import BOSS, Browser, Clock, a_colleague

PEOPLE = b"email,name,status\nada@example.com,Ada,active\nbob@example.com,Bob,unsubscribed\nnot an address,X,active\n"


@pytest.fixture
def operator(app: App, browser: Browser, now: datetime) -> Browser:
    with app.database.write() as session:
        a_list(session)
    browser.sign_in(a_colleague(app, role=Role.OPERATOR, now=now))
    return browser


def bring(browser: Browser, content: bytes = PEOPLE, name: str = "people.csv", **fields: str) -> httpx.Response:
    browser.open("/ops/import")
    found = browser.page.text.partition('name="csrf" value="')[2].partition('"')[0]
    return browser.client.post(
        "/ops/import",
        data={"csrf": found} | fields,
        files={"file": (name, content, "text/csv")},
        headers={"Origin": str(browser.client.base_url)},
    )


def the(app: App) -> Upload:
    """The only one, or the newest."""
    with app.database.read() as session:
        return uploads.lately(session, limit=1)[0]


def until(done: Callable[[], bool], who: Callable[[], object] = lambda: None) -> None:
    """Wait for an event, as long as a slow machine may need."""
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end, who()
        time.sleep(0.05)


def rests(app: App, *states: UploadState) -> None:
    until(lambda: the(app).state in states, lambda: (the(app).state, the(app).problem))


def people(app: App) -> dict[str, dict[str, Consent]]:
    with app.database.read() as session:
        everybody = session.execute(text("SELECT id, email FROM subscriber ORDER BY email")).all()
        return {email: roll.subscriptions(session, number) for number, email in everybody}


# the way through


def test_a_file_says_what_it_is_and_nobody_is_taken_in_before_somebody_says_so(app: App, operator: Browser) -> None:
    answer = bring(operator)
    rests(app, UploadState.WAITING)
    page = operator.open(answer.headers["location"]).text
    shown = ("May be mailed", "Unsubscribed", "1 row is left out", "not an address", "Take in 2 people")
    assert ([said for said in shown if said not in page], people(app)) == ([], {})


def test_what_was_said_is_done_and_the_file_removed(app: App, operator: Browser) -> None:
    where = bring(operator).headers["location"]
    rests(app, UploadState.WAITING)
    operator.open(where)
    operator.send(where, do="take in", list="weekly")
    rests(app, UploadState.DONE)
    until(lambda: not imports.has_file(app, the(app)))
    with app.database.read() as session:
        said = [act.did for act in acts.lately(session, limit=3)]
    assert (people(app), the(app).counts["added"], said) == (
        {"ada@example.com": {"weekly": Consent.CONFIRMED}, "bob@example.com": {"weekly": Consent.UNSUBSCRIBED}},
        2,
        ["an import is done", "began an import", "brought a file of people"],
    )


def test_a_zip_is_read_with_all_its_files(app: App, operator: Browser) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("subscribed.csv", "Email Address,First Name\nada@example.com,Ada\n")
        archive.writestr("unsubscribed.csv", "Email Address,UNSUB_TIME\nbob@example.com,2020-01-01 10:00:00\n")
    bring(operator, packed.getvalue(), "export.zip")
    rests(app, UploadState.WAITING)
    assert [part["name"] for part in the(app).found["parts"]] == ["subscribed.csv", "unsubscribed.csv"]


def test_what_is_not_understood_is_asked_and_answered_on_the_page(app: App, operator: Browser) -> None:
    where = bring(operator, b"email,state\nada@example.com,gold\nbob@example.com,unsubscribed\n").headers["location"]
    rests(app, UploadState.WAITING)
    asked = operator.open(where).text
    operator.send(where, **{"do": "read again", "column state": "state", "words": "gold=confirmed", "list": "weekly"})
    until(lambda: the(app).state is UploadState.WAITING and not the(app).found["questions"])
    answered = operator.open(where).text
    assert ("say below what it says of them" in asked, "--" in asked, "Take in 2 people" in answered) == (
        True, False, True,
    )  # fmt: skip


def test_what_is_no_list_of_people_is_said_so(app: App, operator: Browser) -> None:
    where = bring(operator, b"%PDF-1.7", "list.pdf").headers["location"]
    rests(app, UploadState.FAILED)
    assert "List.pdf is a PDF: export a CSV file instead." in operator.open(where).text


def test_lists_have_to_be_chosen_where_there_are_several(app: App, operator: Browser) -> None:
    with app.database.write() as session:
        a_list(session, "retail")
    where = bring(operator).headers["location"]
    rests(app, UploadState.WAITING)
    operator.open(where)
    refused = operator.send(where, do="take in")
    assert ("Choose the lists they come on." in refused.text, people(app)) == (True, {})


def test_rows_that_were_left_out_are_handed_out_and_kept_nowhere(app: App, operator: Browser) -> None:
    where = bring(operator).headers["location"]
    rests(app, UploadState.WAITING)
    answer = operator.open(f"{where}/rejects.csv")
    assert (answer.text.splitlines()[1].partition(",")[0], "not an address" in answer.text,
            answer.headers["cache-control"]) == ("4", True, "no-store")  # fmt: skip


# what lies about


def test_a_file_is_readable_by_nobody_else(app: App, operator: Browser) -> None:
    bring(operator)
    place = imports.folder(app) / the(app).key
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (imports.folder(app), place, place / uploads.PEOPLE)]
    assert modes == [0o700, 0o700, 0o600]


def test_after_a_day_nothing_is_left_of_it(app: App, operator: Browser, clock: Clock) -> None:
    bring(operator)
    rests(app, UploadState.WAITING)
    clock.turn(hours=25)
    imports.sweep(app, now=clock())
    upload = the(app)
    assert (upload.found, list(imports.folder(app).iterdir()), "forgotten" in upload.problem) == ({}, [], True)


def test_what_was_cut_off_on_its_way_goes_after_a_while(app: App, now: datetime) -> None:
    stray = imports.folder(app) / "stray"
    stray.mkdir()
    os.utime(stray, (0, 0))
    imports.sweep(app, now=now)
    assert not stray.exists()


def test_who_may_not_bring_one_leaves_nothing_here(app: App, browser: Browser, now: datetime) -> None:
    browser.sign_in(a_colleague(app, role=Role.EDITOR, now=now))
    answer = bring(browser)
    assert (answer.status_code, list(app.settings.path(uploads.FOLDER).glob("*"))) == (403, [])


def test_a_form_of_another_session_leaves_nothing_here(app: App, operator: Browser) -> None:
    answer = bring(operator, csrf="another")
    assert (answer.status_code, list(imports.folder(app).iterdir())) == (403, [])


@pytest.mark.parametrize("content", [b"", None])
def test_no_file_is_said_so(app: App, operator: Browser, content: bytes | None) -> None:
    answer = bring(operator, b"") if content is not None else operator.send("/ops/import", x="y")
    assert (answer.status_code, list(imports.folder(app).iterdir())) == (400, [])


def test_a_file_that_is_too_long_is_refused(app: App, operator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "MOST_BYTES", 10)
    answer = bring(operator, b"x" * 100_000)
    assert (answer.status_code, list(imports.folder(app).iterdir())) == (413, [])


# stopped, killed, asked elsewhere


def _count(app: App) -> int:
    with app.database.read() as session:
        return session.scalar(text("SELECT count(*) FROM subscriber")) or 0


def _long(count: int) -> bytes:
    lines = [f"reader{number}@example.com,Reader {number},active\n" for number in range(count)]
    return b"email,name,status\n" + "".join(lines).encode()


def _placed(app: App, content: bytes, now: datetime) -> int:
    """A file that is here and was read."""
    with app.database.write() as session:
        a_list(session)
    place = imports.folder(app) / "abc"
    place.mkdir()
    (place / uploads.PEOPLE).write_bytes(content)
    number = imports.bring(app, "abc", name="people.csv", by=BOSS, now=now)
    imports.work(app, number, clock=lambda: now)
    return number


def test_one_that_is_stopped_goes_on_where_it_was(app: App, now: datetime) -> None:
    number = _placed(app, _long(12_000), now)
    imports.go(app, number, by=BOSS, now=now)
    hand = imports._Hand(app, number, 0, lambda: now)
    with app.database.write() as session:
        hand.epoch = uploads.claim(session, number, owner="me", now=now) or 0
    said = hand.tell

    def tell_and_stop(what: str, done: int, total: int | None) -> None:
        if what == "taking in":
            imports.stop(app, number, by=BOSS, now=now)
        said(what, done, total)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(imports._Hand, "tell", lambda _self, *told: tell_and_stop(*told))
        imports._work(hand)
    stopped = (the(app).state, 0 < _count(app) < 12_000)
    imports.go(app, number, by=BOSS, now=now)
    imports.work(app, number, clock=lambda: now)
    assert (stopped, the(app).state, _count(app), the(app).counts["added"]) == (
        (UploadState.STOPPED, True), UploadState.DONE, 12_000, 12_000,
    )  # fmt: skip


def test_of_two_who_would_work_at_it_one_does(app: App, now: datetime) -> None:
    number = _placed(app, PEOPLE, now)
    imports.go(app, number, by=BOSS, now=now)
    with app.database.write() as session:
        claims = [uploads.claim(session, number, owner=owner, now=now) is not None for owner in ("one", "other")]
        later = uploads.claim(session, number, owner="other", now=now + timedelta(minutes=1)) is not None
    assert (claims, later) == ([True, False], True)


def test_who_was_overtaken_lets_go(app: App, now: datetime) -> None:
    number = _placed(app, PEOPLE, now)
    imports.go(app, number, by=BOSS, now=now)
    with app.database.write() as session:
        first = uploads.claim(session, number, owner="one", now=now) or 0
        uploads.claim(session, number, owner="other", now=now + timedelta(minutes=1))
    imports._work(imports._Hand(app, number, first, lambda: now))
    assert (the(app).owner, people(app)) == ("other", {})


_WORKER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from newsletter import app
from newsletter.jobs import imports
imports.work(app.start(Path(sys.argv[1])), int(sys.argv[2]), clock=lambda: datetime.now(UTC))
"""


@pytest.fixture
def home(app: App, tmp_path: Path) -> Path:
    url = app.database.url.render_as_string(hide_password=False)
    (tmp_path / "newsletter.toml").write_text(f'database_url = "{url}"\nsecret = "a secret for tests"\n')
    return tmp_path


def _worker(home: Path, number: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", _WORKER, str(home), str(number)])


def test_after_kill_9_another_process_goes_on_as_soon_as_the_page_is_asked(
    app: App, home: Path, operator: Browser, now: datetime, clock: Clock
) -> None:
    count = 30_000
    number = _placed(app, _long(count), now)
    imports.go(app, number, Said(lists=("weekly",)), by=BOSS, now=now)
    process = _worker(home, number)
    until(lambda: (the(app).what, the(app).done > 0) == ("taking in", True) or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    broken_off = the(app).state, _count(app) < count
    # the lease of who died runs by the real clock
    clock.at = (the(app).seen_at or now) + uploads.LEASE + timedelta(seconds=1)
    operator.sign_in("eva@example.com")
    assert operator.open(f"/ops/import/{number}/progress").status_code == 200
    rests(app, UploadState.DONE)
    with app.database.read() as session:
        history = session.scalar(text("SELECT count(*) FROM consent_event"))
    counts, place = the(app).counts, imports.folder(app) / the(app).key
    until(lambda: [file.name for file in place.iterdir()] == [uploads.REJECTS], lambda: list(place.iterdir()))
    assert (broken_off, _count(app), history, counts["added"]) == (
        (UploadState.TAKING, True), count, count, count,
    )  # fmt: skip


def test_one_process_takes_in_and_another_says_how_far_it_is(app: App, operator: Browser, other: Browser) -> None:
    where = bring(operator, _long(2000)).headers["location"]
    rests(app, UploadState.WAITING)
    operator.open(where)
    operator.send(where, do="take in", list="weekly")
    other.client.cookies.update(operator.client.cookies)
    until(lambda: "Added" in other.open(where).text)
    assert other.open(f"{where}/progress").headers["hx-refresh"] == "true"


@pytest.fixture
def other(app: App, clock: Clock) -> Iterator[Browser]:
    """At another web process of the same house, with connections of its own."""
    database = db.connect(app.database.url)
    with serving(create(App(app.settings, database), clock=clock)) as url:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            yield Browser(client)
    database.close()


def test_the_clock_forgets_too(app: App, now: datetime) -> None:
    number = _placed(app, PEOPLE, now)
    with app.database.write() as session:
        forgotten = uploads.forget_old(session, app.settings.path(uploads.FOLDER), now=now + timedelta(hours=25))
        upload = session.scalars(select(Upload).where(Upload.id == number)).one()
        assert (forgotten, upload.found, upload.forgotten_at) == (1, {}, now + timedelta(hours=25))


# two who press at once


def test_of_two_who_press_at_once_one_begins_it(
    postgresql_databases: Databases, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgresql_databases.take()
    database = db.connect(url)
    app = App(
        Settings.model_validate({"home": tmp_path, "database_url": url.render_as_string(hide_password=False)}), database
    )
    place = imports.folder(app) / "a"
    place.mkdir()
    (place / uploads.PEOPLE).write_bytes(PEOPLE)
    with database.write() as session:
        a_list(session)
    number = imports.bring(app, "a", name="people.csv", by=BOSS, now=now)
    imports.work(app, number, clock=lambda: now)
    ask, pool, second = uploads.ask, ThreadPoolExecutor(1), list[Future[None]]()

    def at_that_moment(*said: Any, **more: Any) -> None:
        if not second:
            second.append(pool.submit(imports.go, app, number, by=BOSS, now=now))
            until(lambda: second[0].done() or somebody_waits(database))
        ask(*said, **more)

    monkeypatch.setattr(uploads, "ask", at_that_moment)
    imports.go(app, number, by=BOSS, now=now)
    with pytest.raises(WrongState, match="it is being taken in already"):
        second[0].result()
    pool.shutdown()
    database.close()
    postgresql_databases.give_back(url)


def somebody_waits(database: Database) -> bool:
    with database.read() as session:
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity"
        return bool(session.scalar(text(f"{waits} WHERE datname = current_database())")))
