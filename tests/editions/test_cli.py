"""`newsletter editions …`, `assemble` and `timetable`, as a person types them."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from newsletter.app import App
from newsletter.cli.root import program
from newsletter.db import Database
from newsletter.editions import shelf
from newsletter.editions.models import State
from newsletter.errors import BadInput, NewsletterError, WrongState
from tests.factories import an_edition

BY_HAND = """Date: 2021-11-26

# The Friday Five

Good – morning.

## 1. Café “Walmart”

$20.

## 2. Getir

Weezy.
"""
SETTINGS = """\
database_url = "{url}"
secret = "a secret for tests"

[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
time_zone = "America/New_York"
"""


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Path:
    (tmp_path / "newsletter.toml").write_text(SETTINGS.format(url=database_url))
    (tmp_path / "edition.md").write_text(BY_HAND)
    return tmp_path


def newsletter(home: Path, *words: str) -> str:
    """What the command prints; its error is raised."""
    result: Result = CliRunner().invoke(program, ["--home", str(home), *words])
    if isinstance(result.exception, NewsletterError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_an_edition_is_written_by_hand_and_exported_the_same(home: Path) -> None:
    said = newsletter(home, "editions", "import", str(home / "edition.md"))
    assert said == "friday/2021-11-26: a new draft of 2 stories\n"
    exported = newsletter(home, "editions", "export", "2021-11-26")
    assert exported == f"Subject: The Friday Five\n{BY_HAND}"


def test_importing_an_export_changes_nothing(home: Path) -> None:
    newsletter(home, "editions", "import", str(home / "edition.md"))
    newsletter(home, "editions", "export", "2021-11-26", "--out", str(home / "again.md"))
    said = newsletter(home, "editions", "import", str(home / "again.md"))
    assert said == "friday/2021-11-26: it says that already; nothing was changed\n"


def test_an_edition_by_hand_for_a_day_that_is_over_says_how_to_name_another(app: App, home: Path) -> None:
    (home / "edition.md").write_text("A week\n\nHello.\n\n1. One\nWords.\n")
    name = newsletter(home, "editions", "import", str(home / "edition.md")).partition(":")[0]
    with app.database.write() as session:
        shelf.find(session, name).state = State.SENT
    (home / "edition.md").write_text("Another week\n\nHello.\n\n1. One\nWords.\n")
    with pytest.raises(WrongState, match=r"is sent and can't be edited: .*; --date takes it for another day$"):
        newsletter(home, "editions", "import", str(home / "edition.md"))
    with pytest.raises(WrongState, match=r"says what was wrong$"):
        newsletter(home, "editions", "import", str(home / "edition.md"), "--date", name.partition("/")[2])


def test_what_cannot_be_understood_is_named_with_its_line(home: Path) -> None:
    (home / "edition.md").write_text("Title\n\n1. One\n\n3. Three\n")
    with pytest.raises(BadInput, match="line 5: story 2 should come here, not 3"):
        newsletter(home, "editions", "import", str(home / "edition.md"))


def test_a_file_that_is_not_utf_8_is_named_with_its_line(home: Path) -> None:
    (home / "edition.md").write_bytes("Title\n\n1. Café\n".encode("latin-1"))
    with pytest.raises(BadInput, match="line 3 is not UTF-8 text"):
        newsletter(home, "editions", "import", str(home / "edition.md"))


def test_a_file_that_is_not_there_is_named(home: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere.md can't be read: No such file"):
        newsletter(home, "editions", "import", str(home / "nowhere.md"))


@pytest.mark.parametrize(
    ("verb", "state"), [("approve", "approved"), ("hold", "held"), ("skip", "skipped"), ("cancel", "cancelled")]
)
def test_an_editor_decides(app: App, home: Path, verb: str, state: str) -> None:
    with app.database.write() as session:
        an_edition(session, state=State.IN_REVIEW)
    said = newsletter(home, "editions", verb, "2021-11-26", "--by", "ed", "--reason", "why not")
    assert said.startswith(f"friday/2021-11-26 is {state}")
    shown = json.loads(newsletter(home, "editions", "show", "2021-11-26", "--json"))
    assert (shown["state"], shown["events"][0]["by"], shown["events"][0]["reason"]) == (state, "ed", "why not")


def test_an_approval_is_taken_back(app: App, home: Path) -> None:
    with app.database.write() as session:
        an_edition(session, state=State.APPROVED)
    assert newsletter(home, "editions", "reopen", "2021-11-26") == "friday/2021-11-26 is in review\n"


def test_the_list_shows_where_editions_stand(app: App, home: Path) -> None:
    with app.database.write() as session:
        name = shelf.name(an_edition(session, state=State.HELD))
    rows = json.loads(newsletter(home, "editions", "list", "--json"))
    assert [(row["name"], row["state"], row["stories"]) for row in rows] == [(name, "held", 2)]


def test_assembling_without_articles_says_what_to_do(home: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no story for friday/2021-11-26.*add sources and collect"):
        newsletter(home, "assemble", "--date", "2021-11-26")


def test_the_timetable_is_in_local_time_and_in_utc(home: Path) -> None:
    rows = json.loads(newsletter(home, "timetable", "--weeks", "60", "--json"))
    sends = [row for row in rows if row["job"] == "send"]
    assert {row["local"][11:16] for row in sends} == {"09:00"}
    assert {row["utc"][11:16] for row in sends} == {"13:00", "14:00"}
    assert datetime.fromisoformat(sends[0]["utc"]) > datetime.now(UTC)


def _editor(home: Path, change: str) -> str:
    """An editor that puts *change* (an expression of the text `t`) in place of the file's words."""
    script = home / "editor.py"
    script.write_text(
        "import sys, pathlib\nfile = pathlib.Path(sys.argv[1])\nt = file.read_text('utf-8')\n"
        f"file.write_text({change}, 'utf-8')\n",
        "utf-8",
    )
    return f"{sys.executable} {script}"


def _edit(home: Path, editor: str) -> str:
    newsletter(home, "editions", "import", str(home / "edition.md"))
    return newsletter(home, "editions", "edit", "2021-11-26", "--editor", editor)


def test_an_edition_is_changed_in_an_editor(home: Path) -> None:
    assert "changed, now revision 2" in _edit(home, _editor(home, "t.replace('$20', '€30')"))
    assert "€30" in newsletter(home, "editions", "export", "2021-11-26")


def test_an_editor_that_changes_nothing_changes_nothing(home: Path) -> None:
    assert "nothing was changed" in _edit(home, _editor(home, "t"))


def test_a_mistake_in_an_editor_costs_no_words(home: Path) -> None:
    with pytest.raises(BadInput, match=r"^line \d+: .* is kept in ") as refused:
        _edit(home, _editor(home, "t.replace('## 2.', '## 7.')"))
    kept = Path(str(refused.value).rpartition(" ")[2])
    assert "## 7. Getir" in kept.read_text("utf-8")
    kept.unlink()


def test_an_edition_that_changed_behind_the_editor_is_not_overwritten(home: Path, database: Database) -> None:
    editor = _editor(home, "t.replace('$20', '€30')")
    newsletter(home, "editions", "import", str(home / "edition.md"))
    (home / "other.md").write_text(BY_HAND.replace("Weezy", "Gorillas"), "utf-8")
    behind = home / "behind.py"
    imports = [sys.executable, "-m", "newsletter", "--home", str(home), "editions", "import", str(home / "other.md")]
    behind.write_text(
        f"import subprocess, sys\nsubprocess.run({imports!r}, check=True)\n"
        f"subprocess.run([*{editor.split()!r}, sys.argv[1]], check=True)\n",
        "utf-8",
    )
    with pytest.raises(BadInput, match="changed by somebody else") as refused:
        newsletter(home, "editions", "edit", "2021-11-26", "--editor", f"{sys.executable} {behind}")
    Path(str(refused.value).rpartition(" ")[2]).unlink()
    with database.read() as session:
        assert shelf.find(session, "2021-11-26").stories[1].summary == "Gorillas."


@pytest.mark.parametrize("editor", ["no-such-editor-anywhere", "false"])
def test_an_editor_that_fails_is_one_sentence(home: Path, editor: str) -> None:
    with pytest.raises(BadInput, match="the editor"):
        _edit(home, editor)


def test_a_sent_edition_is_said_not_to_be_reopened(home: Path, app: App) -> None:
    with app.database.write() as session:
        an_edition(session, state=State.SENT)
    with pytest.raises(NewsletterError, match="is sent and can't be reopened"):
        newsletter(home, "editions", "reopen", "2021-11-26")
