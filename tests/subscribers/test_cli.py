"""`newsletter subscribers …`, as typed, on a folder of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.db import Database
from subscribers.models import Consent
from tests.factories import a_list, a_subscriber

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path, database_url: str) -> Run:
    def run(*words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "newsletter", "subscribers", *words]
        environment = {"NEWSLETTER_DATABASE_URL": database_url, "NEWSLETTER_HOME": str(tmp_path), "COLUMNS": "120"}
        return subprocess.run(
            command, env=environment, input=typed, capture_output=True, text=True, encoding="utf-8", check=False
        )

    return run


def test_a_file_from_standard_input_is_imported_and_bad_rows_reported(
    run: Run, database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        a_list(session)
    report = tmp_path / "left out.csv"
    done = run(
        "import", "-", "--list", "weekly", "--confirmed-by", "paper forms", "--report", str(report), "--json",
        typed="email,name\nada@example.com,Ada\n=bad,Ben\n",
    )  # fmt: skip
    outcome = json.loads(done.stdout)
    assert (outcome["added"], outcome["bad"], outcome["problems"][0]["line"]) == (1, 1, 3)
    assert report.read_text("utf-8").splitlines()[1].endswith(',"\'=bad, Ben"')


def test_a_mistake_is_one_sentence_and_exit_code_2(run: Run) -> None:
    done = run("unsubscribe", "eve@example.com")
    assert (done.returncode, done.stderr) == (2, "error: nobody here has the address eve@example.com\n")


def test_an_export_to_a_file_is_whole(run: Run, database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        a_subscriber(session)
    run("export", str(tmp_path / "people.csv"))
    assert (tmp_path / "people.csv").read_text("utf-8").splitlines()[1] == "ada@example.com,Ada,,,weekly,,,"


def test_a_person_is_erased(run: Run, database: Database) -> None:
    with database.write() as session:
        a_subscriber(session)
    run("erase", "ADA@example.com", "--yes")
    assert json.loads(run("list", "--json").stdout) == []


def _newsletter(home: Path) -> None:
    (home / "newsletter.toml").write_text(
        'secret = "a secret for tests"\n[newsletters.friday]\ntitle = "The Friday Five"\n'
        'from_address = "friday@example.com"\npostal_address = "1 Market Row"\n',
        "utf-8",
    )


def _letters(home: Path) -> int:
    return len(list((home / "outbox" / "new").glob("*")))


def test_who_waits_is_asked_once_a_week(run: Run, database: Database, tmp_path: Path) -> None:
    _newsletter(tmp_path)
    with database.write() as session:
        a_subscriber(session, consent=Consent.PENDING)
    asked = [json.loads(run("invite", "--all", "--json").stdout) for _ in range(2)]
    assert (asked, _letters(tmp_path)) == (
        [
            {"invited": ["ada@example.com"], "failed": [], "not_again": 0},
            {"invited": [], "failed": [], "not_again": 1},
        ],
        1,
    )


def test_an_address_that_is_not_here_is_named_before_anybody_is_mailed(
    run: Run, database: Database, tmp_path: Path
) -> None:
    _newsletter(tmp_path)
    with database.write() as session:
        a_subscriber(session, consent=Consent.PENDING)
    done = run("invite", "ada@example.com", "eve@example.com")
    assert (done.returncode, done.stderr, _letters(tmp_path)) == (
        2,
        "error: nobody here has the address eve@example.com\n",
        0,
    )


def test_who_is_not_asked_is_shown_with_the_reason_and_exit_code_1(
    run: Run, database: Database, tmp_path: Path
) -> None:
    _newsletter(tmp_path)
    with database.write() as session:
        a_subscriber(session)
    done = run("invite", "ada@example.com")
    assert (done.returncode, "has confirmed already" in done.stdout) == (1, True)


@pytest.mark.parametrize("words", [(), ("--all", "ada@example.com"), ("--all", "--list", "weekly")])
def test_inviting_nobody_or_everybody_and_somebody_is_a_mistake(run: Run, words: tuple[str, ...]) -> None:
    assert run("invite", *words).returncode == 2


def test_adding_can_invite_at_once(run: Run, database: Database, tmp_path: Path) -> None:
    _newsletter(tmp_path)
    with database.write() as session:
        a_list(session)
    done = run("add", "bob@example.com", "--list", "weekly", "--invite")
    said = "\n".join(done.stdout.splitlines()[:2])
    assert (said, _letters(tmp_path)) == ("bob@example.com: weekly (pending)\n1 letter handed over", 1)


def test_adding_without_evidence_says_what_is_missing(run: Run, database: Database) -> None:
    with database.write() as session:
        a_list(session)
    assert "newsletter subscribers invite bob@example.com" in run("add", "bob@example.com", "--list", "weekly").stdout


def test_letters_that_only_reach_a_folder_are_said_to(run: Run, database: Database, tmp_path: Path) -> None:
    _newsletter(tmp_path)
    with database.write() as session:
        a_subscriber(session, consent=Consent.PENDING)
    assert "nobody is mailed, what was sent is in" in run("invite", "--all").stdout
