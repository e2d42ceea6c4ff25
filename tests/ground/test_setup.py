"""Setting up from nothing, as a person types it."""

import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest


def _type(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "newsletter", "--home", str(home), *words]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ, timeout=60)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that `newsletter init` was typed in."""
    assert _type(tmp_path, "init").returncode == 0
    return tmp_path


def test_init_makes_settings_that_only_their_owner_can_read(home: Path) -> None:
    assert stat.S_IMODE((home / "newsletter.toml").stat().st_mode) == 0o600


def test_init_twice_changes_nothing(home: Path) -> None:
    before = (home / "newsletter.toml").read_text("utf-8")
    steps = json.loads(_type(home, "init", "--json").stdout)["steps"]
    assert ([step["made"] for step in steps], (home / "newsletter.toml").read_text("utf-8")) == ([False] * 3, before)


def test_init_completes_what_is_missing(tmp_path: Path) -> None:
    own = 'sender = "smtp"\n\n[smtp]\nhost = "mail.example.com"  # ours\n'
    (tmp_path / "newsletter.toml").write_text(own, "utf-8")
    assert _type(tmp_path, "init").returncode == 0
    text = (tmp_path / "newsletter.toml").read_text("utf-8")
    settings = tomllib.loads(text)
    assert own.strip() in text
    assert (len(settings["secret"]) >= 40, list(settings["newsletters"])) == (True, ["friday"])
    assert _type(tmp_path, "subscribers", "lists", "--json").returncode == 0


def test_init_keeps_a_secret_and_a_newsletter_that_are_there(tmp_path: Path) -> None:
    own = (
        f'secret = "{"s" * 40}"\n[newsletters.monday]\ntitle = "M"\nfrom_address = "m@example.com"\n'
        'postal_address = "A street"\nlists = ["a", "b"]\n'
    )
    (tmp_path / "newsletter.toml").write_text(own, "utf-8")
    _type(tmp_path, "init")
    lists = json.loads(_type(tmp_path, "subscribers", "lists", "--json").stdout)
    assert (tmp_path / "newsletter.toml").read_text("utf-8") == own
    assert [one["slug"] for one in lists] == ["a", "b"]


def test_init_makes_a_database_that_only_its_owner_can_read(home: Path) -> None:
    assert stat.S_IMODE((home / "newsletter.db").stat().st_mode) == 0o600


def test_after_init_only_the_public_url_is_bad(home: Path) -> None:
    findings = json.loads(_type(home, "doctor", "--json").stdout)
    assert [finding["name"] for finding in findings if finding["level"] == "bad"] == ["public_url"]


def test_the_version_is_told(tmp_path: Path) -> None:
    assert re.fullmatch(r"newsletter \d+\.\d+\S*\n", _type(tmp_path, "--version").stdout)


def test_the_doctor_sends_a_newcomer_to_init(tmp_path: Path) -> None:
    answer = _type(tmp_path, "doctor")
    assert answer.returncode == 1
    assert "newsletter init" in answer.stdout


def test_upgrading_the_database_twice_is_harmless(home: Path) -> None:
    assert [_type(home, "db", "upgrade").returncode for _ in range(2)] == [0, 0]


def test_a_mistake_is_one_sentence_and_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("colour = 1", "utf-8")
    answer = _type(tmp_path, "doctor")
    assert (answer.returncode, answer.stderr) == (
        2,
        f"error: {tmp_path}/newsletter.toml: colour is not a setting\n",
    )
