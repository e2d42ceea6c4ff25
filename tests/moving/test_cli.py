"""`newsletter subscribers import` and `export`, as typed."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.db import Database
from tests.factories import a_list, a_subscriber
from tests.moving.samples import SAMPLES

Run = Callable[..., "subprocess.CompletedProcess[str]"]
_STATES = "email,status\nada@example.com,active\nbob@example.com,unsubscribed\n"


@pytest.fixture
def run(tmp_path: Path, database_url: str, database: Database) -> Run:
    with database.write() as session:
        a_list(session)

    def run(*words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "newsletter", "subscribers", *words]
        environment = {"NEWSLETTER_DATABASE_URL": database_url, "NEWSLETTER_HOME": str(tmp_path), "COLUMNS": "120"}
        return subprocess.run(
            command, env=environment, input=typed, capture_output=True, text=True, encoding="utf-8", check=False
        )

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text(_STATES, "utf-8")
    return file


def test_a_dry_run_says_what_the_file_is_and_how_each_stands_and_does_nothing(run: Run, file: Path) -> None:
    done = run("import", str(file), "--list", "weekly", "--dry-run", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["file"], told["system"], told["kind"], told["columns"], told["addresses"]) == (
        0,
        "people.csv",
        None,
        "table",
        [{"heading": "email", "read_as": "email"}, {"heading": "status", "read_as": "state"}],
        {"ada@example.com": "ok", "bob@example.com": "unsub"},
    )
    assert "ada@example.com" not in run("export").stdout


@pytest.mark.parametrize(
    ("kinds", "asks"),
    [
        (("subscribed", "unsubscribed", "cleaned"), False),
        (("subscribed", "unsubscribed"), True),
        (("subscribed",), True),
    ],
)
def test_who_left_is_asked_for_only_where_the_zip_does_not_name_them(
    run: Run, tmp_path: Path, kinds: tuple[str, ...], asks: bool
) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as export:
        for sample in SAMPLES:
            if sample.title in {f"Mailchimp, {kind}" for kind in kinds}:
                export.writestr(sample.file, sample.content)
    said = run("import", str(tmp_path / "export.zip"), "--list", "weekly", "--dry-run").stdout
    assert ("import those files too" in said) == asks


def test_an_import_says_first_what_it_will_do_and_then_what_it_did(run: Run, file: Path) -> None:
    said = run("import", str(file)).stdout
    assert said.splitlines() == [
        "people.csv: a table of no system that we know by its columns",
        "  read: email (email), status (state)",
        *said.splitlines()[2:6],
        "2 added, 0 updated, 0 unchanged, 0 left out",
    ]
    assert ("may be mailed" in said, "left" in said) == (True, True)


def test_a_question_ends_a_dry_run_with_its_sentence_and_exit_code_2(run: Run, file: Path) -> None:
    file.write_text("email,status\nada@example.com,platinum\n", "utf-8")
    done = run("import", str(file), "--list", "weekly", "--dry-run", "--json")
    assert (done.returncode, done.stderr.startswith('error: column "status" holds "platinum"')) == (2, True)
    assert json.loads(done.stdout)["questions"] == [done.stderr.removeprefix("error: ").strip()]


def test_a_file_that_tells_of_no_yes_says_so_before_anything_is_done(run: Run, file: Path) -> None:
    says = "the file does not say that they confirmed: run again with --as confirmed if they did"
    file.write_text("email\nada@example.com\n", "utf-8")
    assert says in run("import", str(file), "--dry-run").stdout
    assert says not in run("import", str(file), "--dry-run", "--as", "pending").stdout


def test_nobody_taken_in_is_exit_code_1(run: Run, file: Path) -> None:
    file.write_text("email\nnobody\n", "utf-8")
    assert [run("import", str(file), *words).returncode for words in ((), ("--dry-run",))] == [1, 1]


def test_a_list_is_asked_for_where_there_are_several(run: Run, file: Path, database: Database) -> None:
    with database.write() as session:
        a_list(session, "daily")
    done = run("import", str(file))
    assert (done.returncode, done.stderr) == (
        2,
        "error: say which list they come on with --list: there are daily, weekly\n",
    )


def test_progress_without_a_terminal_is_no_bar(run: Run, file: Path) -> None:
    assert run("import", str(file)).stderr == ""


@pytest.mark.parametrize("what", ["subscribers", "consent", "suppressions"])
def test_each_export_is_written_whole(run: Run, database: Database, tmp_path: Path, what: str) -> None:
    with database.write() as session:
        a_subscriber(session)
    done = run("export", str(tmp_path / "out.csv"), "--what", what, "--json")
    assert (done.returncode, json.loads(done.stdout)["file"], (tmp_path / "out.csv").read_text("utf-8")[:5]) == (
        0,
        str(tmp_path / "out.csv"),
        "email",
    )
