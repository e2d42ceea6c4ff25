"""`newsletter subscribers show | form | segments | letter`, as somebody types them."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.app import App
from newsletter.cli.root import program
from subscribers import roll
from subscribers.errors import BadSegment
from subscribers.models import SuppressionReason
from tests.factories import a_subscriber

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def home(app: App, tmp_path: Path, now: datetime) -> Path:
    """A folder with settings, and Ada, who must not be mailed."""
    with app.database.write() as session:
        a_subscriber(session, "ada@example.com", language="fr")
        a_subscriber(session, "bob@example.com", language="fr")
        roll.suppress(session, "ada@example.com", reason=SuppressionReason.COMPLAINT, note="spam", now=now)
    (tmp_path / "newsletter.toml").write_text(
        'secret = "a secret for tests"\npublic_url = "https://news.example.com"\n'
        '[newsletters.friday]\ntitle = "The Friday Five"\nfrom_address = "f@example.com"\npostal_address = "1 Row"\n',
        "utf-8",
    )
    return tmp_path


def _said(home: Path, *arguments: str) -> str:
    done = CliRunner().invoke(program, ["--home", str(home), "subscribers", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def test_show_tells_one_person(home: Path) -> None:
    told = json.loads(_said(home, "show", "ADA@example.com", "--json"))
    assert (told["address"], told["stands"][-1].partition(";")[0]) == (
        "ada@example.com",
        "no mail goes out: they reported a letter as spam",
    )


def test_show_everything_is_what_they_may_ask_for(home: Path) -> None:
    held = json.loads(_said(home, "show", "ada@example.com", "--everything"))
    assert (held["person"]["language"], held["suppression"]["evidence"], held["what_was_sent"]) == ("fr", "spam", [])


def test_a_segment_is_counted_when_it_is_saved_and_by_its_name(home: Path) -> None:
    saved = json.loads(_said(home, "segments", "save", "french", "language:fr", "--json"))
    counted = json.loads(_said(home, "segments", "count", "french", "--json"))
    assert (saved["people"], saved["mailable"], counted) == (2, 1, {"people": 2, "mailable": 1})


def test_a_segment_that_is_wrong_is_refused_in_a_sentence(home: Path) -> None:
    with pytest.raises(BadSegment, match="did you mean language"):
        _said(home, "segments", "count", "languag:fr")


def test_the_form_is_plain_html_that_posts_to_us(home: Path) -> None:
    form = _said(home, "form", "--label", "footer", "--language", "de")
    assert ['action="https://news.example.com/join/friday"' in form, "<script" in form, ">Anmelden<" in form] == [
        True,
        False,
        True,
    ]
