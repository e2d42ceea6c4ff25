"""The program: its commands are found on demand, and what goes wrong is one sentence."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from newsletter.cli.root import COMMANDS, program


def _run(home: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "newsletter", *words]
    environment = {"NEWSLETTER_HOME": str(home), "COLUMNS": "80", **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


def _loaded(name: str) -> Any:
    group = get_command(program)
    assert isinstance(group, typer.core.TyperGroup)
    _, found, _ = group.resolve_command(typer.Context(group), [name])
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_where_the_table_says(name: str) -> None:
    found = _loaded(name)
    assert (found.name, found.callback is None and not hasattr(found, "commands")) == (name, False)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_of_each_command_what_it_says_of_itself(name: str) -> None:
    assert (_loaded(name).help or "").partition("\n")[0] == COMMANDS[name].help


def test_the_table_names_every_command() -> None:
    for name in COMMANDS:
        _loaded(name)
    group = get_command(program)
    assert isinstance(group, typer.core.TyperGroup)
    assert sorted(group.commands) == sorted(COMMANDS)


def test_help_needs_neither_the_database_nor_the_settings(tmp_path: Path) -> None:
    code = "import sys; from newsletter.cli import main; sys.argv = ['newsletter', '--help']\ntry: main()\nfinally: "
    heavy = "print(sorted({'sqlalchemy', 'pydantic', 'jinja2', 'newsletter.app'} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code + heavy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("module", ["cli.delivery", "cli.controls", "cli.editions", "jobs.sending"])
def test_what_sends_or_decides_starts_without_the_web_the_templates_and_the_picker(module: str) -> None:
    heavy = (
        "{'jinja2', 'mjml', 'httpx', 'feedparser', 'alembic', 'email_validator', 'structlog',"
        " 'newsletter.stories.picking.picker'}"
    )
    code = f"import sys, newsletter.{module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n")


def test_a_slip_of_the_pen_is_answered_with_what_was_meant(tmp_path: Path) -> None:
    done = _run(tmp_path, "statsu")
    assert (done.returncode, "Did you mean 'status'" in done.stderr) == (2, True)


@pytest.mark.parametrize("words", [("sources", "list"), ("status", "2021-11-26"), ("subscribers", "lists"), ("serve",)])
def test_where_there_is_no_newsletter_one_sentence_says_what_to_do(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = _run(tmp_path, *words)
    sentence = f"there is no {tmp_path / 'newsletter.db'}: newsletter init makes one, and --home names another folder"
    assert (done.returncode, done.stderr, list(tmp_path.iterdir())) == (2, f"error: {sentence}\n", [])


def test_a_database_without_tables_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "newsletter.db").touch()
    done = _run(tmp_path, "sources", "list")
    assert (done.returncode, done.stderr.count("\n"), "newsletter db upgrade" in done.stderr) == (2, 1, True)


def test_a_database_server_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    done = _run(tmp_path, "sources", "list", NEWSLETTER_DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert (done.returncode, done.stderr.count("\n"), "newsletter doctor" in done.stderr) == (2, 1, True)


def test_the_doctor_makes_no_database(tmp_path: Path) -> None:
    done = _run(tmp_path, "doctor")
    assert (done.returncode, "newsletter init" in done.stdout, list(tmp_path.iterdir())) == (1, True, [])


def test_paragraphs_of_help_break_only_where_the_terminal_does(tmp_path: Path) -> None:
    shown = _run(tmp_path, "subscribers", "invite", "--help", COLUMNS="200").stdout
    assert "within a week. Who has left or is suppressed is never mailed." in shown


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert (_run(tmp_path / "typo", "sources", "list").returncode, (tmp_path / "typo").exists()) == (2, False)
