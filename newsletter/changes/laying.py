"""Changes laid over the settings that file and environment gave, and checked by the same models."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from pydantic import SecretStr, ValidationError

from newsletter.changes import open as opened
from newsletter.config import Section, Settings, WeekTime
from newsletter.errors import BadInput, ConfigError


class Wrong(BadInput):
    """Values that the models refuse: key → the model's sentence."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {says}" for key, says in sentences.items()))
        self.sentences = dict(sentences)


def lay(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """*settings* with *values* (key → as in newsletter.toml) in place of its own.

    What the environment sets stays as it is. Raises Wrong, which names each value that can't be.
    """
    counting = {key: value for key, value in values.items() if key not in settings.fixed and value is not None}
    if not counting:
        return settings
    body = settings.model_dump()
    for key, value in counting.items():
        _put(body, key, value)
    try:
        laid = Settings.model_validate(body)
    except ValidationError as error:
        raise Wrong(_sentences(error, counting)) from None
    return laid.remembering(settings)


def stand(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """`lay` for what was kept: raises ConfigError, which says how to get rid of what is no good any more."""
    known = {key: value for key, value in values.items() if opened.is_open(key)}
    strange = sorted(set(values) - set(known))
    if strange:
        raise ConfigError(_rid_of(strange[0], "was set at the desk, and this version has no such setting"))
    gone = [key for key in known if key.startswith("newsletters.") and key.split(".")[1] not in settings.newsletters]
    for key in gone:  # its newsletter was taken out of newsletter.toml
        del known[key]
    try:
        return lay(settings, known)
    except Wrong as error:
        key, says = next(iter(error.sentences.items()))
        raise ConfigError(_rid_of(key, f"was set at the desk, and is wrong: {says}")) from error


def plain(value: object) -> Any:
    """A setting's value as it would stand in newsletter.toml, of types that JSON knows."""
    match value:
        case WeekTime():
            return str(value)
        case Section():
            return value.model_dump(mode="json", exclude_defaults=True)
        case tuple() | list():
            return [plain(one) for one in value]
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case SecretStr():
            raise BadInput("A secret is not kept here.")
        case time():
            return f"{value:%H:%M}"
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def of(settings: Settings, key: str) -> Any:
    """The value of *key* in *settings*; raises BadInput where there is none."""
    found: Any = settings
    for part in key.split("."):
        try:
            found = found[part] if isinstance(found, Mapping) else getattr(found, part)
        except (KeyError, AttributeError) as error:
            raise BadInput(f"{key} is not a setting") from error
    return found


def same(one: object, other: object) -> bool:
    """Whether two values are one setting."""
    return bool(plain(one) == plain(other))


def _put(body: dict[str, Any], key: str, value: Any) -> None:
    *parts, last = key.split(".")
    for part in parts:
        body = body[part]
    body[last] = value


def _sentences(error: ValidationError, values: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for problem in error.errors(include_input=False, include_url=False):
        path = ".".join(map(str, problem["loc"]))
        key = next((key for key in values if path == key or path.startswith(f"{key}.")), path)
        within = path.removeprefix(key).strip(".")
        says = problem["msg"].removeprefix("Value error, ")
        found.setdefault(key, f"{within}: {says}" if within else says)
    return found


def _rid_of(key: str, why: str) -> str:
    return f"{key} {why}. `newsletter settings back {key}` gives it back to newsletter.toml"
