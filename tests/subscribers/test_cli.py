"""`newsletter subscribers …`, as typed, on a folder of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.db import Database
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
