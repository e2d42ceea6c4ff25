"""`newsletter calendar` and `newsletter timetable`: another day at the command line, and the reason told."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.cli.root import program
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.editions import days
from newsletter.errors import BadInput, NotFound


@pytest.fixture
def home(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COLUMNS", "300")
    lines = ("title = 'The Friday Five'", "from_address = 'f@example.com'", "postal_address = '1 Street'")
    (settings.home / "newsletter.toml").write_text("\n".join(("[newsletters.friday]", *lines)))
    return settings.home


def run(home: Path, *words: str) -> str:
    result = CliRunner().invoke(program, ["--home", str(home), *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def next_but_one(settings: Settings) -> list[str]:
    """A Friday well ahead, and the Wednesday before it."""
    weeks = days.weeks(settings.newsletters["friday"], datetime.now(UTC).date())
    friday = [day for day, _ in zip(weeks, range(3), strict=False)][-1]
    return [f"{friday}", f"{friday - timedelta(days=2)}"]


def test_an_edition_is_moved_and_the_timetable_says_why(home: Path, settings: Settings) -> None:
    friday, wednesday = next_but_one(settings)
    moved = json.loads(run(home, "calendar", "move", friday, wednesday, "--why", "a fair", "--json"))
    told = [one for one in json.loads(run(home, "timetable", "--json")) if one["week"] == friday]
    assert (moved["date"], {one["edition"] for one in told}) == (wednesday, {wednesday})
    assert all("a fair (" in one["moved"] for one in told)
    assert "in place of" in run(home, "timetable")


def test_a_week_left_out_is_told_and_comes_back(home: Path, settings: Settings) -> None:
    friday, _ = next_but_one(settings)
    run(home, "calendar", "skip", friday, "--why", "nobody is here")
    without = "no edition in the week of" in run(home, "timetable")
    back = run(home, "calendar", "back", friday)
    assert (without, "no edition in the week of" in run(home, "timetable")) == (True, False)
    assert "goes out on" in back


def test_a_day_that_can_not_be_is_refused(home: Path, settings: Settings) -> None:
    friday, wednesday = next_but_one(settings)
    with pytest.raises(BadInput, match="is past"):
        run(home, "calendar", "move", friday, "2021-01-01")
    with pytest.raises(NotFound, match="has no edition on"):
        run(home, "calendar", "move", wednesday, friday)
