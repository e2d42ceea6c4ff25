"""`kill -9` in the middle of an import: run again, it doubles nobody and misses nobody."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.db import Database
from tests.factories import a_list

#: when it is killed, in thousandths of the whole, drawn once
_MOMENTS = (331, 158, 62, 651, 93, 390, 536, 853, 722, 970)


def _file(folder: Path, count: int) -> Path:
    """A file of *count* people, of whom one in fifty left, one bounced, and one stands there twice."""
    file = folder / "people.csv"
    with file.open("w", encoding="utf-8") as stream:
        stream.write("email,name,status\n")
        for number in range(count):
            status = {1: "unsubscribed", 2: "bounced"}.get(number % 50, "active")
            stream.write(f"reader{number}@example.com,Reader {number},{status}\n")
            if number % 50 == 3:
                stream.write(f"READER{number}@example.com,,unsubscribed\n")
    return file


def _start(home: Path, database_url: str, file: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "newsletter", "subscribers", "import", str(file), "--list", "weekly", "--json"]
    environment = {"NEWSLETTER_DATABASE_URL": database_url, "NEWSLETTER_HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _wait_until(database: Database, process: "subprocess.Popen[bytes]", done: int) -> bool:
    """Whether *process* has taken in *done* people and still runs."""
    while process.poll() is None:
        with database.read() as session:
            if (session.scalar(text("SELECT max(done) FROM import_file")) or 0) >= done:
                return True
    return False


def _killed_and_finished(database: Database, database_url: str, home: Path, *, count: int, kills: int) -> int:
    """Import with *kills* kills at random moments, and then to the end; how many kills met it at work."""
    file, met = _file(home, count), 0
    moments = sorted(count * share // 1000 for share in _MOMENTS[:kills])
    for moment in moments:
        process = _start(home, database_url, file)
        met += _wait_until(database, process, moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    last = _start(home, database_url, file)
    last.communicate()
    assert last.returncode == 0
    return met


def _counts(database: Database) -> dict[str, int]:
    questions = {
        "people": "SELECT count(*) FROM subscriber",
        "confirmed": "SELECT count(*) FROM subscription WHERE consent = 'confirmed'",
        "unsubscribed": "SELECT count(*) FROM subscription WHERE consent = 'unsubscribed'",
        "history": "SELECT count(*) FROM consent_event",
        "strangers": "SELECT count(*) FROM stranger",
    }
    with database.read() as session:
        return {name: int(session.scalar(text(query)) or 0) for name, query in questions.items()}


def _expected(count: int) -> dict[str, int]:
    bounced, left = count // 50, 2 * (count // 50)
    return {
        "people": count - bounced,
        "confirmed": count - bounced - left,
        "unsubscribed": left,
        "history": count - bounced,
        "strangers": bounced,
    }


def test_an_import_that_was_killed_and_run_again_doubles_and_misses_nobody(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    with database.write() as session:
        a_list(session)
    _killed_and_finished(database, database_url, tmp_path, count=6000, kills=2)
    assert _counts(database) == _expected(6000)


@pytest.mark.long
def test_ten_kills_at_random_moments_of_an_import_of_100_000(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    with database.write() as session:
        a_list(session)
    met = _killed_and_finished(database, database_url, tmp_path, count=100_000, kills=10)
    assert (_counts(database), met >= 8) == (_expected(100_000), True)
