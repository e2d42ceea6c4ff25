"""`newsletter preview`, as typed."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.db import Database
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
