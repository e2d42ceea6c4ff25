"""`newsletter settings`: the same verbs as the desk's, from a terminal; and what a sending under way goes by."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter import db

_FILE = """
# the newsroom's own words
secret = "0123456789012345678901234567890123456789"
public_url = "https://news.example.com"

[newsletters.friday]  # ours
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a newsletter and a database."""
    (tmp_path / "newsletter.toml").write_text(_FILE, "utf-8")
    database = db.connect(f"sqlite:///{tmp_path / 'newsletter.db'}")
    db.upgrade(database)
    database.close()
    return tmp_path


def _run(home: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "newsletter", *words]
    environment = {"NEWSLETTER_HOME": str(home), "COLUMNS": "200", "PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


def _in_force(home: Path, key: str, **environment: str) -> tuple[str, str]:
    rows = json.loads(_run(home, "settings", "--json", **environment).stdout)
    return next((row["value"], row["from"].partition(",")[0]) for row in rows if row["key"] == key)


def test_what_is_set_is_in_force_and_the_file_is_left_alone(home: Path) -> None:
    done = _run(home, "settings", "set", "newsletters.friday.send", "thu 10:00")
    value, by = _in_force(home, "newsletters.friday.send")
    assert (done.returncode, value, by.endswith("at the command line")) == (0, '"thu 10:00"', True)
    assert (home / "newsletter.toml").read_text("utf-8") == _FILE


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("newsletters.friday.stories", "99", "Input should be less than or equal to 20"),
        ("newsletters.friday.stories", "[1, 2", "valid integer"),
        ("newsletters.monday.title", "x", "there is no newsletter 'monday': friday"),
        ("newsletters.friday.horoscope", "x", "newsletters.friday.horoscope is not a setting"),
        ("secret", "x", "secret is set in newsletter.toml or the environment, and needs a restart"),
        ("smtp.host", "x", "smtp.host is set in newsletter.toml or the environment"),
    ],
)
def test_what_can_not_be_set_is_one_sentence(home: Path, key: str, value: str, says: str) -> None:
    done = _run(home, "settings", "set", key, value)
    assert (done.returncode, says in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_a_change_is_listed_and_undone(home: Path) -> None:
    _run(home, "settings", "set", "newsletters.friday.editors", '["a@example.com"]')
    (change,) = json.loads(_run(home, "settings", "changes", "--json").stdout)
    _run(home, "settings", "undo", str(change["number"]))
    assert (change["value"], _in_force(home, "newsletters.friday.editors")) == (["a@example.com"], ("[]", "default"))


def test_the_environment_counts_more(home: Path) -> None:
    _run(home, "settings", "set", "fetch.timeout", "7")
    assert (_in_force(home, "fetch.timeout")[0], _in_force(home, "fetch.timeout", NEWSLETTER_FETCH_TIMEOUT="9")) == (
        "7",
        ("9", "NEWSLETTER_FETCH_TIMEOUT"),
    )


def test_what_was_never_set_is_not_given_back(home: Path) -> None:
    done = _run(home, "settings", "back", "newsletters.friday.title")
    assert (done.returncode, "was not set at the desk" in done.stderr) == (2, True)
