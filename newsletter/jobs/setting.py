"""Settings changed while the house runs: checked, kept, written into the audit log, taken back. Every door uses this.

An edition that was approved keeps its bytes, and a sending under way goes on by the settings it began with.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter import config, lists
from newsletter.app import App
from newsletter.changes import laying, standing
from newsletter.changes import open as opened
from newsletter.changes.laying import Wrong
from newsletter.changes.models import Change
from newsletter.config import Settings
from newsletter.errors import BadInput, ConfigError, WrongState
from newsletter.rendering import templates
from newsletter.staff import acts
from newsletter.staff.acts import Doer
from newsletter.staff.roles import May

#: letters of a value that the audit log repeats; the change itself is kept whole
_SHOWN = 200
_LONGEST = 20_000
#: of a newsletter: who, or what, says yes to its editions
_SAYS_YES = frozenset({"editors", "when_not_approved"})


def needs(key: str) -> May:
    """What one must be allowed, at the desk, to change the setting *key*.

    Who is mailed the links that approve decides about editions: that is said by who says who works here.
    """
    parts = key.split(".")
    return May.STAFF if parts[0] == "newsletters" and parts[-1] in _SAYS_YES else May.SET


def put(app: App, values: Mapping[str, Any], *, by: Doer, now: datetime, seen: int | None = None) -> App:
    """Give settings the *values* (key → as in newsletter.toml, None: what that file says); the app as it is then.

    All or nothing. *seen* is the newest change that whoever decides knew of: raises WrongState where one of the
    keys was changed since. Raises Wrong, which has a sentence for each value that can't be.
    """
    for key, value in values.items():
        _refuse_closed(app.base, key, value)
    with app.database.write() as session:
        standing.alone(session)
        before = app.going_by(session, standing.newest(session))
        if seen is not None:
            _refuse_changed(session, values, seen)
        after = _laid(session, app, values)
        plain = {key: None if value is None else laying.plain(laying.of(after, key)) for key, value in values.items()}
        back = {key: None for key in plain if laying.same(laying.of(after, key), laying.of(app.base, key))}
        made = standing.put(session, plain | back, by=by, now=now)
        for change in made:
            _note(session, change, before.settings, after, by=by, now=now)
    lists.make(app.database, after, now=now)
    return app.current()


def undo(app: App, number: int, *, by: Doer, now: datetime) -> str:
    """Let the setting of that change be what it was before it; returns its key."""
    with app.database.read() as session:
        key, value = standing.before(session, number)
        seen = standing.newest(session)
    put(app, {key: value}, by=by, now=now, seen=seen)
    return key


def give_back(app: App, key: str, *, by: Doer, now: datetime) -> None:
    """Let what newsletter.toml says of *key* count again, also where what was set is no good any more."""
    with app.database.write() as session:
        standing.alone(session)
        if key not in standing.counting(session):
            raise WrongState(f"{key} was not set at the desk: what counts is {config.FILE_NAME}")
        standing.put(session, {key: standing.FILE}, by=by, now=now)
        acts.note(session, by, "gave a setting back", key, now=now)


def origins(session: Session, app: App) -> dict[str, str]:
    """Key → where it comes from: newsletter.toml, a variable, or who set it at the desk; the rest are defaults."""
    found = config.origins(app.settings.home)
    for key, change in standing.counting(session).items():
        if key not in app.base.fixed and opened.is_open(key):
            found = {path: of for path, of in found.items() if not path.startswith(f"{key}.")}
            found[key] = f"{change.who}, {change.at:%Y-%m-%d %H:%M} UTC"
    return found


def _laid(session: Session, app: App, values: Mapping[str, Any]) -> Settings:
    stands = {key: standing.value(change) for key, change in standing.counting(session).items()}
    known = {key: value for key, value in stands.items() if opened.is_open(key)}
    after = laying.lay(app.base, {**known, **values})
    for key in values:
        if key.startswith("newsletters.") and key.endswith(".template"):
            try:
                templates.of(app.settings, laying.of(after, key))
            except ConfigError as error:
                raise Wrong({key: str(error)}) from error
    return after


def _refuse_closed(base: Settings, key: str, value: object) -> None:
    if not opened.is_open(key):
        is_known = any(key == path for path in _paths())
        why = (
            f"is set in {config.FILE_NAME} or the environment, and needs a restart" if is_known else "is not a setting"
        )
        raise BadInput(f"{key} {why}")
    if key in base.fixed:
        variable = f"NEWSLETTER_{key.replace('.', '_').upper()}"
        raise BadInput(f"{key} is set by {variable} in the environment, which overrides everything else")
    if key.startswith("newsletters.") and key.split(".")[1] not in base.newsletters:
        raise BadInput(f"there is no newsletter {key.split('.')[1]!r}: {', '.join(base.newsletters)}")
    if len(str(value)) > _LONGEST:
        raise Wrong({key: f"has {len(str(value)):,} letters, and may have {_LONGEST:,}"})


def _paths() -> list[str]:
    return [".".join(path) for path in config.known_keys().values()]


def _refuse_changed(session: Session, values: Mapping[str, Any], seen: int) -> None:
    stands = standing.counting(session)
    for key in values:
        latest = standing.latest(session, key)
        if latest is not None and latest.id > seen:
            says = stands[key].value if key in stands else f"what {config.FILE_NAME} says"
            raise WrongState(f"{latest.who} has changed {key} meanwhile, to {says}: look at it, then save yours again.")


def _note(session: Session, change: Change, before: Settings, after: Settings, *, by: Doer, now: datetime) -> None:
    was, becomes = (str(laying.plain(laying.of(one, change.key)))[:_SHOWN] for one in (before, after))
    acts.note(session, by, "changed a setting", change.key, now=now, before=was, after=becomes)
