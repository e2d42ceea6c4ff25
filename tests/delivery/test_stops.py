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
from newsletter.testing.wire_faults import Fault, Moment, held
from tests import factories
from tests.delivery.world import NINE, people

READERS = 200
#: messages that the server takes before it waits for the test
FIRST = 10
#: seconds the server then takes for each message, so that a stop has something to stop
PACE = 0.25
#: of the rest, how many may go out until a stop is felt: two connections and the two seconds that docs/delivery.md
#: promises come to 16; a machine that is five times too busy gets five times as many
LATE = 80
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
#: seconds; for a machine that has other things to do
PATIENCE = 300


class Gate:
    """The mail server's script: so many messages are taken at once, the others when the gate is open."""

    def __init__(self) -> None:
        self.is_open, self.pace, self.messages = False, PACE, 0

    def __call__(self, moment: Moment) -> Fault | None:
        if moment.step != "message":
            return None
        self.messages += 1
        return held(lambda: self.is_open, then_after=self.pace) if self.messages > FIRST else None


@dataclass
class Newsroom:
    """An approved edition with its readers, and a mail server that waits for the test."""

    home: Path
    sink: SmtpSink
    gate: Gate
    edition_id: int

    def start(self) -> subprocess.Popen[str]:
        """`newsletter send`, of which some readers have their copy and the next ones wait."""
        process = self._popen("send", str(self.edition_id), "--json")
        until = time.monotonic() + PATIENCE
        while len(self.sink.taken) < FIRST:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        return process

    def let_go(self) -> None:
        """The server takes its time now, and waits for nothing."""
        self.gate.is_open = True

    def hurry(self) -> None:
        """The server is quick from now on."""
        self.gate.is_open, self.gate.pace = True, 0

    def type(self, *words: str) -> dict[str, Any]:
        """Type a command and wait for it; what it says, and its exit code."""
        with self._popen(*words, str(self.edition_id), "--json") as process:
            return self.ended(process)

    def ended(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        said, _ = process.communicate(timeout=PATIENCE)
        return dict(json.loads(said or "{}"), exit=process.returncode)

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
    gate = Gate()
    with SmtpSink(gate, keep=False) as sink:
        (tmp_path / "newsletter.toml").write_text(TOML.format(url=database_url, port=sink.port), "utf-8")
        yield Newsroom(tmp_path, sink, gate, edition_id)


def test_a_pause_takes_effect_survives_a_restart_and_resuming_sends_the_rest(newsroom: Newsroom) -> None:
    process = newsroom.start()
    newsroom.type("pause")
    newsroom.let_go()
    stopped = newsroom.ended(process)
    restarted = newsroom.type("send")
    newsroom.type("resume")
    newsroom.hurry()
    resumed = newsroom.type("send")

    assert (stopped["state"], restarted["state"], restarted["exit"]) == ("paused", "paused", 1)
    assert (stopped["balance"]["unknown"], restarted["balance"]) == (0, stopped["balance"])
    assert READERS - FIRST - LATE < stopped["balance"]["to_do"] < READERS
    assert (resumed["balance"]["accepted"], set(Counter(newsroom.sink.recipients()).values())) == (READERS, {1})


def test_a_cancel_takes_effect_and_survives_a_restart(newsroom: Newsroom) -> None:
    process = newsroom.start()
    newsroom.type("cancel-sending")
    newsroom.let_go()
    stopped = newsroom.ended(process)
    restarted = newsroom.type("send")

    stands, taken = stopped["balance"], len(newsroom.sink.taken)
    assert (stopped["state"], stands["unknown"], stands["to_do"], taken < FIRST + LATE) == ("cancelled", 0, 0, True)
    assert (stands["accepted"], stands["skipped"], restarted) == (taken, READERS - taken, {"exit": 2})


def test_sigterm_lets_it_finish_what_is_on_the_wire_and_the_next_start_sends_the_rest(newsroom: Newsroom) -> None:
    process = newsroom.start()
    process.send_signal(signal.SIGTERM)
    newsroom.let_go()
    stopped = newsroom.ended(process)
    newsroom.hurry()
    finished = newsroom.type("send")

    assert (stopped["state"], stopped["reason"], stopped["exit"]) == ("running", "stopped", 1)
    assert (stopped["balance"]["unknown"], stopped["balance"]["in_flight"]) == (0, 0)
    assert READERS - FIRST - LATE < stopped["balance"]["to_do"] < READERS
    assert (finished["balance"]["accepted"], set(Counter(newsroom.sink.recipients()).values())) == (READERS, {1})
