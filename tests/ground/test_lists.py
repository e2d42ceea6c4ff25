"""Lists come from the settings: whatever is configured and missing is made by the next process."""

from pathlib import Path

import pytest

from newsletter import app as composition
from newsletter import lists
from newsletter.app import App
from newsletter.config import Settings
from newsletter.db import Database
from subscribers import roll
from tests.factories import LONG_AGO, a_list


def _titles(database: Database) -> dict[str, str]:
    with database.read() as session:
        return {one.slug: one.title for one in roll.lists(session)}


def _settings(home: Path, database_url: str, *names: str) -> None:
    named = ", ".join(f'"{name}"' for name in names)
    (home / "newsletter.toml").write_text(
        f'database_url = "{database_url}"\nsecret = "a secret for tests"\n[newsletters.friday]\n'
        f'title = "The Friday Five"\nfrom_address = "friday@example.com"\npostal_address = "1 Market Row"\n'
        f"lists = [{named}]\n",
        "utf-8",
    )


def test_a_list_is_made_with_its_newsletters_title(app: App) -> None:
    assert (lists.make(app.database, app.settings, now=LONG_AGO), _titles(app.database)) == (
        ["weekly"],
        {"weekly": "The Friday Five"},
    )


def test_a_list_that_is_there_stays_as_it_is(app: App) -> None:
    with app.database.write() as session:
        a_list(session)
    assert (lists.make(app.database, app.settings, now=LONG_AGO), _titles(app.database)) == ([], {"weekly": "Weekly"})


def test_several_lists_of_one_newsletter_keep_their_own_names(settings: Settings) -> None:
    friday = settings.newsletters["friday"].model_copy(update={"lists": ("weekly", "retail-tech")})
    assert lists.wanted(settings.model_copy(update={"newsletters": {"friday": friday}})) == {
        "weekly": "",
        "retail-tech": "",
    }


def test_a_list_added_to_the_settings_is_there_with_the_next_start(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    _settings(tmp_path, database_url, "weekly", "retail-tech")
    composition.start(tmp_path).close()
    assert _titles(database) == {"weekly": "Weekly", "retail-tech": "Retail tech"}


def test_a_database_without_tables_stops_no_start(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    _settings(tmp_path, f"sqlite:///{tmp_path / 'empty.db'}", "weekly")
    composition.start(tmp_path).close()


@pytest.mark.parametrize("names", [("weekly",), ("weekly", "weekly")])
def test_a_list_of_two_newsletters_is_made_once(app: App, names: tuple[str, ...]) -> None:
    friday = app.settings.newsletters["friday"].model_copy(update={"lists": names})
    settings = app.settings.model_copy(update={"newsletters": {"friday": friday, "monday": friday}})
    assert lists.make(app.database, settings, now=LONG_AGO) == ["weekly"]
