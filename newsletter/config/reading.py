"""Where settings come from: newsletter.toml, then NEWSLETTER_*; what is wrong in them, by its name."""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import (
    SecretStr,
    ValidationError,
)

from newsletter.config.sections import Section
from newsletter.config.whole import Settings
from newsletter.errors import ConfigError

FILE_NAME = "newsletter.toml"
_PREFIX = "NEWSLETTER_"


def load(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the folder *home* (default: NEWSLETTER_HOME, else here).

    Raises ConfigError, which names every unknown, missing or wrong key and where it was expected.
    """
    environ = os.environ if environ is None else environ
    home = (home or Path(environ.get("NEWSLETTER_HOME", "."))).absolute()
    values: dict[str, Any] = _read_file(home / FILE_NAME)
    variables = _read_environment(environ)
    for name, (path, value) in variables.items():
        _put(values, path, value, name)
    values["home"] = home
    try:
        settings = Settings(**values)
    except ValidationError as error:
        origins = {path: name for name, (path, _) in variables.items()}
        raise ConfigError(_explain(error, home / FILE_NAME, origins)) from None  # its text would show secrets
    _check_templates(settings, next((name for name, (path, _) in variables.items() if path == ("templates",)), ""))
    settings._traced_by_environment = _wants_traces(environ)
    settings._fixed = frozenset(".".join(path) for path, _ in variables.values())
    return settings.model_copy(update={"database_url": _absolute(settings.database_url, home)})


def origins(home: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Key ("smtp.host") → where its value comes from: newsletter.toml or a variable; the rest are defaults."""
    found = dict.fromkeys(_paths(_read_file(home / FILE_NAME)), FILE_NAME)
    for name, (path, _) in _read_environment(os.environ if environ is None else environ).items():
        found[".".join(path)] = name
    return found


def require(settings: Settings, *keys: str) -> None:
    """Raise ConfigError unless each of *keys* ("smtp.host") has a value."""
    missing = [key for key in keys if not _value(settings, key)]
    if missing:
        raise ConfigError("\n".join(_where(key, "is missing") for key in missing))


def _value(settings: Settings, key: str) -> object:
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _where(key: str, problem: str) -> str:
    *section, name = key.split(".")
    table = f" under [{'.'.join(section)}]" if section else ""
    variable = f"{_PREFIX}{key.replace('.', '_').upper()}"
    return f"{key} {problem}: set {name}{table} in {FILE_NAME}" + (
        f", or {variable}" if variable in known_keys() else ""
    )


def _paths(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"


def _check_templates(settings: Settings, variable: str) -> None:
    """Raise ConfigError where `templates` is no folder: the shipped ones would go out in place of somebody's own."""
    folder = settings.templates and settings.path(settings.templates)
    if folder and not folder.is_dir():
        origin = variable or str(settings.home / FILE_NAME)
        raise ConfigError(f"{origin}: templates: {folder} is no folder; make it, or take the setting out")


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error


def _read_environment(environ: Mapping[str, str]) -> dict[str, tuple[tuple[str, ...], str]]:
    """What NEWSLETTER_* says: variable → (path of the key, value)."""
    keys = known_keys()
    found = {}
    for name, value in environ.items():
        if not name.startswith(_PREFIX) or name == "NEWSLETTER_HOME":
            continue
        if name in keys:
            found[name] = (keys[name], value)
        elif name.endswith("_FILE") and name.removesuffix("_FILE") in keys:
            found[name] = (keys[name.removesuffix("_FILE")], _read_secret(name, value))
        else:
            near = difflib.get_close_matches(name, keys, n=1)
            raise ConfigError(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    return found


def _wants_traces(environ: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own variables name a place for traces; what else they say is for its library to read."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return any(environ.get(f"OTEL_EXPORTER_OTLP_{kind}ENDPOINT") for kind in ("", "TRACES_"))


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: {path} can't be read: {error}") from error


def known_keys() -> dict[str, tuple[str, ...]]:
    """Variable of the environment → path of the key that it sets."""
    keys: dict[str, tuple[str, ...]] = {}
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            for key in section.model_fields:
                keys[f"{_PREFIX}{name}_{key}".upper()] = (name, key)
        elif name not in {"home", "newsletters"}:
            keys[f"{_PREFIX}{name}".upper()] = (name,)
    return keys


def _put(values: dict[str, Any], path: tuple[str, ...], value: str, name: str) -> None:
    for part in path[:-1]:
        values = values.setdefault(part, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{name}: {part!r} is not a table in {FILE_NAME}")
    values[path[-1]] = value


def _absolute(url: str, home: Path) -> str:
    """A relative SQLite path starts from *home*, not from wherever the command was typed."""
    prefix, slashes, path = url.partition(":///")
    if prefix.startswith("sqlite") and slashes and path and not path.startswith(("/", ":")):
        return f"{prefix}:///{home / path}"
    return url


def _explain(error: ValidationError, file: Path, origins: Mapping[tuple[str, ...], str]) -> str:
    """One line for each problem: where the value came from, which key, and what is wrong with it."""
    lines = []
    for problem in error.errors(include_input=False):
        path = tuple(str(part) for part in problem["loc"])
        key = ".".join(path)
        if problem["type"] == "extra_forbidden":
            lines.append(f"{file}: {key} is not a setting")
        elif problem["type"] == "missing":
            lines.append(_where(key, "is missing"))
        else:
            says = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{origins[path]}: {says}" if path in origins else f"{file}: {key}: {says}")
    return "\n".join(lines)
