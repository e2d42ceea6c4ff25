"""A newsletter's home, made or completed: settings, database, lists. What is there stays as it is."""

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from newsletter import config, db, handbook, lists
from newsletter.app import App
from newsletter.errors import ConfigError

_NAME = "friday"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a home needs."""

    what: str
    #: False where it was there
    made: bool


def settings(home: Path, environ: Mapping[str, str] | None = None) -> list[Step]:
    """Write the settings file of *home*, or what it lacks: a secret to sign with, and a newsletter."""
    environ = os.environ if environ is None else environ
    file = home / config.FILE_NAME
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        _write_secretly(file, handbook.sample(_secret()))
        return [Step(f"{file}, which only the user {_owner(file)} can read", made=True)]
    text = file.read_text("utf-8")
    values = _parsed(file, text)
    completed, steps = text, [Step(str(file), made=False)]
    if not values.get("secret") and not {"NEWSLETTER_SECRET", "NEWSLETTER_SECRET_FILE"} & environ.keys():
        if "secret" in values:
            raise ConfigError(f"{file}: secret is empty: take that line out, and newsletter init makes one")
        completed = f'# signs the links in the mails; keep it\nsecret = "{_secret()}"\n\n{completed}'
        steps.append(Step("a secret to sign links with", made=True))
    if not values.get("newsletters"):
        sample = handbook.sample("", name=_NAME)
        completed = f"{completed.rstrip()}\n\n{sample[sample.index(f'[newsletters.{_NAME}]') :]}"
        steps.append(Step(f"[newsletters.{_NAME}], to be filled in", made=True))
    if completed != text:
        _write_secretly(file, completed)
    return steps


def database(app: App, *, now: datetime) -> list[Step]:
    """Bring the tables of *app* up to this version's, and make the lists that its newsletters go to."""
    before, after = db.upgrade(app.database)
    file = db.file(app.database.url)
    if file is not None and not before:
        file.chmod(0o600)  # it will hold people's addresses; what SQLite puts beside it takes its mode
    steps = [Step(db.spoken(app.database.url), made=before != after)]
    made = lists.make(app.database, app.settings, now=now)
    return steps + [Step(f"the list {slug}", made=slug in made) for slug in lists.wanted(app.settings)]


def _parsed(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {error}") from error


def _secret() -> str:
    return secrets.token_urlsafe(36)


def _owner(file: Path) -> str:
    try:
        return file.owner()
    except KeyError:  # a container may run as a number that has no name
        return str(file.stat().st_uid)


def _write_secretly(file: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    part.touch(mode=0o600)
    part.chmod(0o600)
    part.write_text(text, "utf-8")
    part.replace(file)
