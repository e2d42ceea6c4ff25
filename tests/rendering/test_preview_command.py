"""`newsletter preview`, as typed."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter import config
from newsletter.db import Database
from newsletter.editions import shelf
from newsletter.editions.models import State
from newsletter.rendering import proofs
from tests import factories
from tests.rendering import samples

Run = Callable[..., "subprocess.CompletedProcess[str]"]

_SETTINGS = """
secret = "a secret for tests"
public_url = "https://news.example.com"
[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London SW9 8LB, United Kingdom"
"""


@pytest.fixture
def run(tmp_path: Path, database: Database, database_url: str) -> Run:
    """Type `newsletter preview …` in a folder with one edition."""
    (tmp_path / "newsletter.toml").write_text(_SETTINGS, "utf-8")
    with database.write() as session:
        factories.an_edition(session)

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        environment = {"NEWSLETTER_DATABASE_URL": database_url, "NEWSLETTER_HOME": str(tmp_path), "COLUMNS": "120"}
        command = [sys.executable, "-m", "newsletter", "preview", *words]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_a_preview_writes_three_files_and_names_them(run: Run, tmp_path: Path) -> None:
    done = run("2021-11-26", "--out", str(tmp_path / "look"))

    assert done.stdout.splitlines()[:3] == [
        str(tmp_path / "look" / f"edition.{kind}") for kind in ("html", "txt", "eml")
    ]
    assert sorted(path.name for path in (tmp_path / "look").iterdir()) == ["edition.eml", "edition.html", "edition.txt"]


def test_the_preview_is_what_a_reader_gets(run: Run, tmp_path: Path) -> None:
    run("friday/2021-11-26", "--out", str(tmp_path / "look"))
    message = (tmp_path / "look" / "edition.eml").read_bytes()

    assert samples.part(message, "html").rstrip() == (tmp_path / "look" / "edition.html").read_text("utf-8").rstrip()


def test_the_findings_are_data_for_programs(run: Run) -> None:
    found = json.loads(run("2021-11-26", "--json").stdout)["findings"]

    assert {finding["level"] for finding in found} == {"green"}


def test_an_edition_that_is_not_there_is_one_sentence_and_exit_code_2(run: Run) -> None:
    done = run("2021-11-27")

    assert (done.returncode, done.stderr.startswith("error: there is no edition '2021-11-27'")) == (2, True)


def test_a_bad_template_is_one_sentence_with_file_and_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine" / "friday").mkdir(parents=True)
    (tmp_path / "mine" / "friday" / "subject.txt").write_text("\n{{ nobody }}", "utf-8")
    settings = tmp_path / "newsletter.toml"
    settings.write_text(f'templates = "mine"\n{settings.read_text("utf-8")}', "utf-8")
    done = run("2021-11-26")

    assert (done.returncode, done.stderr) == (2, "error: friday/subject.txt:2: 'nobody' is undefined\n")


def test_a_folder_that_can_not_be_written_to_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = run("2021-11-26", "--out", str(tmp_path / "taken"))

    assert (done.returncode, "can't be written to" in done.stderr) == (2, True)


@pytest.fixture
def approved(run: Run, tmp_path: Path, database: Database) -> Run:
    """The edition approved, and its template changed since."""
    settings = config.load(tmp_path, {})
    with database.write() as session:
        edition = shelf.find(session, "2021-11-26")
        proofs.make(session, edition, settings.newsletters["friday"], settings, now=samples.NINE)
        edition.state = State.APPROVED
    (tmp_path / "mine" / "friday").mkdir(parents=True)
    (tmp_path / "mine" / "friday" / "subject.txt").write_text("Changed since")
    (tmp_path / "newsletter.toml").write_text(f'templates = "mine"\n{_SETTINGS}', "utf-8")
    return run


def test_a_frozen_edition_is_said_to_be_frozen(approved: Run) -> None:
    said = " ".join(approved("2021-11-26").stdout.split())

    assert said.endswith(
        "frozen: these are the bytes that were approved, made on 2021-11-26 09:00 UTC; "
        "--template-now shows what today's templates would give"
    )


def test_a_draft_is_not_said_to_be_frozen(run: Run) -> None:
    assert ("frozen" in run("2021-11-26").stdout, json.loads(run("2021-11-26", "--json").stdout)["frozen_at"]) == (
        False,
        None,
    )


@pytest.mark.parametrize(("options", "subject"), [((), "Walmart goes live"), (("--template-now",), "Changed since")])
def test_todays_templates_are_shown_when_asked_for(
    approved: Run, tmp_path: Path, options: tuple[str, ...], subject: str
) -> None:
    approved("2021-11-26", "--out", str(tmp_path / "look"), *options)

    assert samples.parsed((tmp_path / "look" / "edition.eml").read_bytes())["Subject"].startswith(subject)


def test_looking_at_todays_templates_leaves_the_frozen_bytes_alone(approved: Run, database: Database) -> None:
    before = json.loads(approved("2021-11-26", "--json").stdout)["digest"]
    approved("2021-11-26", "--template-now")

    assert json.loads(approved("2021-11-26", "--json").stdout)["digest"] == before
