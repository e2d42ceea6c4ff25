"""Setting up from nothing, as a person types it."""

import json
import os
import stat
import subprocess
import sys
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
    again = _type(home, "init")
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    assert (home / "newsletter.toml").read_text("utf-8") == before


def test_the_doctor_finds_nothing_bad_after_init(home: Path) -> None:
    findings = json.loads(_type(home, "doctor", "--json").stdout)
    assert [finding for finding in findings if finding["level"] == "bad"] == []


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
