"""The settings in writing: docs/settings.md and the commented newsletter.toml say what the code says."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter import config, handbook
from newsletter.cli.root import program
from newsletter.config import Settings
from newsletter.errors import ConfigError

ROOT = Path(__file__).parent.parent.parent
#: shown as an example, because there is no default
EXAMPLES = {"templates", "maildir", "ca_file", "host", "username", "address", "webhook_key", "editors", "seeds"}


def _uncommented(text: str, *, without: frozenset[str] | set[str] = frozenset()) -> str:
    """*text* with every setting that stands there as a comment taken in."""
    lines = []
    for line in text.splitlines():
        key = re.match(r"# ([a-z_]+) = ", line)
        lines.append(line.removeprefix("# ") if key and key[1] not in without else line)
    return "\n".join(lines)


def test_the_page_says_what_the_code_says() -> None:
    page = ROOT / "docs" / "settings.md"
    if not page.exists():
        pytest.skip("the docs are not beside the installed package")
    assert page.read_text("utf-8") == handbook.page()


def test_every_setting_says_what_it_means() -> None:
    assert [entry.path for entry in handbook.entries() if not entry.meaning] == []


def test_every_setting_of_the_code_is_in_the_file() -> None:
    sample = tomllib.loads(_uncommented(handbook.sample("s" * 48)))
    newsletter = sample["newsletters"]["friday"]
    wanted = set(config.Newsletter.model_fields) - {"slug"}
    assert wanted == set(newsletter)
    for section in ("maildir", "smtp", "bounces", "sendgrid", "fetch"):
        kind = Settings.model_fields[section].annotation
        assert set(kind.model_fields) == set(sample[section])  # type: ignore[union-attr]


def test_a_fresh_file_is_good_as_it_is(tmp_path: Path) -> None:
    (tmp_path / config.FILE_NAME).write_text(handbook.sample("s" * 48), "utf-8")
    assert config.load(tmp_path, {}).newsletters["friday"].title == "The Friday Five"


def test_taking_all_comment_marks_away_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / config.FILE_NAME).write_text(handbook.sample("s" * 48), "utf-8")
    before = config.load(tmp_path, {})
    text = _uncommented(handbook.sample("s" * 48), without=EXAMPLES)
    (tmp_path / config.FILE_NAME).write_text(text, "utf-8")
    assert config.load(tmp_path, {}) == before


def test_what_is_in_force_is_shown_with_its_origin_and_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / config.FILE_NAME).write_text(handbook.sample("s" * 48), "utf-8")
    monkeypatch.setenv("NEWSLETTER_SMTP_PASSWORD", "hunter2")
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", "postgresql://me:hunter3@db.example/news")
    shown = CliRunner().invoke(program, ["--home", str(tmp_path), "settings", "--json"]).stdout
    rows = {row["key"]: (row["value"], row["from"]) for row in json.loads(shown)}
    assert rows["smtp.password"] == ("(set)", "NEWSLETTER_SMTP_PASSWORD")
    assert rows["database_url"] == ('"postgresql://me:***@db.example/news"', "NEWSLETTER_DATABASE_URL")
    assert rows["newsletters.friday.send"] == ('"fri 09:00"', config.FILE_NAME)
    assert rows["smtp.port"] == ("587", "default")
    assert "hunter" not in shown and "s" * 48 not in shown


def test_templates_that_are_no_folder_are_an_error(tmp_path: Path) -> None:
    (tmp_path / config.FILE_NAME).write_text('templates = "mine"', "utf-8")
    with pytest.raises(ConfigError, match=r"newsletter.toml: templates: .*mine is no folder; make it, or take"):
        config.load(tmp_path, {})
    with pytest.raises(ConfigError, match=r"^NEWSLETTER_TEMPLATES: templates: "):
        config.load(tmp_path, {"NEWSLETTER_TEMPLATES": "else"})
    (tmp_path / "mine").mkdir()
    assert config.load(tmp_path, {}).templates == Path("mine")


@pytest.mark.parametrize(
    ("url", "nowhere"),
    [
        ("http://127.0.0.1:8025", True),
        ("http://localhost", True),
        ("https://news.localhost/x", True),
        ("http://[::1]:8025", True),
        ("http://0.0.0.0:8025", True),
        ("http://127.9.9.9", True),
        ("https://news.example.com", False),
        ("https://127.example.com", False),
        ("https://localhost.example.com", False),
    ],
)
def test_a_public_url_of_this_machine_alone_leads_nowhere(url: str, nowhere: bool) -> None:
    assert Settings.model_validate({"public_url": url}).leads_nowhere is nowhere


@pytest.mark.parametrize(
    ("sender", "nowhere"),
    [
        ({"sender": "maildir"}, False),
        ({"sender": "smtp", "smtp": {"host": "127.0.0.1"}}, False),
        ({"sender": "smtp", "smtp": {"host": "smtp.example.com"}}, True),
        ({"sender": "sendgrid"}, True),
    ],
)
def test_a_feed_of_this_machine_excuses_its_public_url_only_while_no_mail_leaves_it(
    sender: dict[str, object], nowhere: bool
) -> None:
    settings = Settings.model_validate({"fetch": {"allow_loopback": True}} | sender)
    assert (settings.stays_here, settings.leads_nowhere) == (True, nowhere)
