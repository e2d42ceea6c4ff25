"""The commands of operations, from approval to the audit."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from newsletter import jobs
from newsletter.app import App
from newsletter.cli.root import program
from newsletter.db import Database
from tests import factories
from tests.delivery.world import NINE, people

TOML = """
database_url = "{url}"
secret = "a secret for tests"
public_url = "https://news.example.com"

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London SW9 8LB"
"""


@pytest.fixture
def approved(app: App, tmp_path: Path, database_url: str) -> int:
    """An approved edition with 35 readers, in a folder that the command line can open."""
    (tmp_path / "newsletter.toml").write_text(TOML.format(url=database_url), "utf-8")
    with app.database.write() as session:
        people(session, 35)
        edition_id = factories.an_edition(session).id
    jobs.approve(app, edition_id, by="editor@news.example.com", now=NINE)
    return edition_id


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["--home", str(home), *arguments])


def data(home: Path, *arguments: str) -> Any:
    return json.loads(run(home, *arguments, "--json").stdout)


def test_sending_ends_with_a_balance_that_adds_up(approved: int, tmp_path: Path) -> None:
    sent = run(tmp_path, "send", str(approved))

    assert (sent.exit_code, sent.stdout.splitlines()[0]) == (
        0,
        "planned 35 = accepted 35 + skipped 0 + refused 0 + unknown 0 + to do 0",
    )


def test_who_sends_into_a_folder_is_told_that_nobody_was_mailed(approved: int, tmp_path: Path) -> None:
    said = run(tmp_path, "send", str(approved)).stdout.splitlines()[1]
    assert said.startswith("sender is maildir in this shell: nobody is mailed, what was sent is in ")


def test_the_log_names_each_reader_and_what_became_of_the_copy(approved: int, tmp_path: Path) -> None:
    run(tmp_path, "send", str(approved))

    line = data(tmp_path, "log", "--address", "reader7@example.com")[0]

    assert (line["address"], line["status"], line["date"]) == ("reader7@example.com", "accepted", "2021-11-26")


def test_an_audit_of_a_good_sending_finds_nothing(approved: int, tmp_path: Path) -> None:
    run(tmp_path, "send", str(approved))

    audited = run(tmp_path, "audit", str(approved))

    assert (audited.exit_code, audited.stdout.splitlines()[-1]) == (0, "every invariant holds")


def test_an_audit_that_finds_a_lost_row_exits_with_1(approved: int, tmp_path: Path, database: Database) -> None:
    run(tmp_path, "send", str(approved))
    with database.write() as session:
        session.connection().exec_driver_sql(
            "DELETE FROM delivery WHERE subscriber_id = (SELECT min(id) FROM subscriber)"
        )

    audited = run(tmp_path, "audit", str(approved))

    assert (audited.exit_code, "I4 35 were planned but there are 34 rows" in audited.stdout) == (1, True)


def test_a_test_copy_touches_no_readers_row(approved: int, tmp_path: Path) -> None:
    run(tmp_path, "send", str(approved), "--test", "ada@example.com")

    assert (len(list((tmp_path / "outbox" / "new").iterdir())), run(tmp_path, "status", str(approved)).exit_code) == (
        1,
        1,
    )


def test_who_sends_a_test_copy_is_told_what_is_on_the_way(approved: int, tmp_path: Path) -> None:
    one = run(tmp_path, "send", str(approved), "--test", "ada@example.com").stdout.splitlines()[0]
    two = run(tmp_path, "send", str(approved), "--test", "ada@example.com", "--test", "bob@example.com").stdout

    assert (one, two.splitlines()[0]) == (
        "1 test copy of friday/2021-11-26 is on the way",
        "2 test copies of friday/2021-11-26 are on the way",
    )


def test_what_is_complete_can_not_be_paused(approved: int, tmp_path: Path) -> None:
    run(tmp_path, "send", str(approved))

    paused = run(tmp_path, "pause", str(approved))

    assert str(paused.exception) == "the sending of friday/2021-11-26 is complete; only a running sending can be paused"


def test_the_acts_of_a_sending_are_listed(approved: int, tmp_path: Path) -> None:
    run(tmp_path, "send", str(approved))

    listed = data(tmp_path, "deliveries", "list", str(approved))

    assert [act[1] for act in listed["acts"]] == ["plan", "complete"]
