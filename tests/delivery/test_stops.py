"""Pause, cancel and SIGTERM while `newsletter send` talks to a mail server that takes its time."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter import jobs
from newsletter.app import App
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import at, delay
from tests import factories
from tests.delivery.world import NINE, people

#: five seconds of work
READERS = 200
TOML = """
database_url = "{url}"
secret = "a secret for tests"
public_url = "https://news.example.com"
sender = "smtp"

[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
connections = 2
batch_size = 5

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London SW9 8LB"
limits = {{ canary_share = 0 }}
"""
#: seconds in which a pause or a cancel takes effect, as docs/delivery.md promises
PROMISED = 2
#: seconds; generous, for two busy cores
PATIENCE = 60


@dataclass
class Newsroom:
    """An approved edition with its readers, and a mail server that needs 50 ms for each message."""

    home: Path
    sink: SmtpSink
    edition_id: int

    def start(self) -> subprocess.Popen[str]:
        """`newsletter send`, once some readers have their copy."""
        process = self._popen("send", str(self.edition_id), "--json")
        before, until = len(self.sink.taken), time.monotonic() + PATIENCE
        while len(self.sink.taken) < before + 10:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        return process

    def type(self, *words: str) -> dict[str, Any]:
        """Type a command and wait for it; what it says, and its exit code."""
        with self._popen(*words, str(self.edition_id), "--json") as process:
            return self.ended(process)

    def ended(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        said, _ = process.communicate(timeout=PATIENCE)
        return dict(json.loads(said or "{}"), exit=process.returncode)

    def taken_from_now_on(self) -> int:
        """How many messages the server takes later than was promised."""
        time.sleep(PROMISED)
        before = len(self.sink.taken)
        time.sleep(1)
        return len(self.sink.taken) - before

    def _popen(self, *words: str) -> subprocess.Popen[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        command = [sys.executable, "-m", "newsletter", "--home", str(self.home), *words]
        return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.fixture
def newsroom(app: App, tmp_path: Path, database_url: str) -> Iterator[Newsroom]:
    with app.database.write() as session:
        people(session, READERS)
        edition_id = factories.an_edition(session).id
    jobs.approve(app, edition_id, by="ed", now=NINE)
    with SmtpSink(at("message", delay(0.05)), keep=False) as sink:
        (tmp_path / "newsletter.toml").write_text(TOML.format(url=database_url, port=sink.port), "utf-8")
        yield Newsroom(tmp_path, sink, edition_id)


def test_a_pause_takes_effect_within_two_seconds_survives_a_restart_and_resuming_sends_the_rest(
    newsroom: Newsroom,
) -> None:
    process = newsroom.start()
    newsroom.type("pause")
    late, stopped = newsroom.taken_from_now_on(), newsroom.ended(process)
    restarted = newsroom.type("send")
    newsroom.type("resume")
    resumed = newsroom.type("send")

    assert (late, stopped["state"], restarted["state"], restarted["exit"]) == (0, "paused", "paused", 1)
    assert (stopped["balance"]["unknown"], restarted["balance"]) == (0, stopped["balance"])
    assert 0 < stopped["balance"]["to_do"] < READERS
    assert (resumed["balance"]["accepted"], set(Counter(newsroom.sink.recipients()).values())) == (READERS, {1})


def test_a_cancel_takes_effect_within_two_seconds_and_survives_a_restart(newsroom: Newsroom) -> None:
    process = newsroom.start()
    newsroom.type("cancel-sending")
    late, stopped = newsroom.taken_from_now_on(), newsroom.ended(process)
    restarted = newsroom.type("send")

    stands, taken = stopped["balance"], len(newsroom.sink.taken)
    assert (late, stopped["state"], stands["unknown"], stands["to_do"]) == (0, "cancelled", 0, 0)
    assert (stands["accepted"], stands["skipped"], restarted) == (taken, READERS - taken, {"exit": 2})


def test_sigterm_lets_it_finish_what_is_on_the_wire_and_the_next_start_sends_the_rest(newsroom: Newsroom) -> None:
    process = newsroom.start()
    process.send_signal(signal.SIGTERM)
    late, stopped = newsroom.taken_from_now_on(), newsroom.ended(process)
    finished = newsroom.type("send")

    assert (late, stopped["state"], stopped["reason"], stopped["exit"]) == (0, "running", "stopped", 1)
    assert (stopped["balance"]["unknown"], stopped["balance"]["in_flight"]) == (0, 0)
    assert 0 < stopped["balance"]["to_do"] < READERS
    assert (finished["balance"]["accepted"], set(Counter(newsroom.sink.recipients()).values())) == (READERS, {1})
