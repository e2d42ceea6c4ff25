"""The settings in writing: a commented newsletter.toml and docs/settings.md, both made from `config` as it is.

python -m newsletter.handbook docs/settings.md            writes it anew
python -m newsletter.handbook --check docs/settings.md    exits with 1 where it is not what the code says
"""

import argparse
import ast
import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from newsletter.config import Limits, Newsletter, Section, Settings, WeekTime, known_keys

#: what stands in a fresh file where there is no default, or none that fits
_EXAMPLES: Mapping[str, object] = {
    "secret": "",
    "templates": "templates",
    "smtp.host": "smtp.example.com",
    "smtp.username": "friday",
    "smtp.ca_file": "/etc/ssl/certs/our-own.pem",
    "bounces.address": "bounces@example.com",
    "sendgrid.webhook_key": "MFkw…",
    "newsletters.NAME.title": "The Friday Five",
    "newsletters.NAME.from_name": "The Friday Five",
    "newsletters.NAME.from_address": "friday@example.com",
    "newsletters.NAME.reply_to": "editors@example.com",
    "newsletters.NAME.postal_address": "Your street, your town, your country",
    "newsletters.NAME.time_zone": "Europe/London",
    "newsletters.NAME.editors": ["you@example.com"],
    "newsletters.NAME.seeds": ["you@example.com"],
}
#: what a fresh file sets; the rest stands there as a comment
_SET = frozenset(
    f"newsletters.NAME.{name}" if name not in {"secret", "public_url", "sender"} else name
    for name in (
        *("secret", "public_url", "sender"),
        *("title", "from_name", "from_address", "reply_to", "postal_address", "time_zone", "lists"),
        *("assemble", "lock", "send"),
    )
)
_INTERESTS = '"self-checkout" = 2\n"livestream shopping" = 2\n'
_NAME = "NAME"


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting."""

    #: "smtp", "newsletters.NAME.limits", or empty at the top
    section: str
    key: str
    #: as TOML; empty where there is none
    default: str
    #: what may be given, in words
    kind: str
    meaning: str
    #: NEWSLETTER_…; empty where it is set in the file alone
    variable: str

    @property
    def path(self) -> str:
        return f"{self.section}.{self.key}" if self.section else self.key


def entries() -> list[Entry]:
    """Every setting, in the order of the file."""
    variables = {".".join(path): name for name, path in known_keys().items()}
    found = [_entry(section, kind, key, variables) for section, kind in sections() for key in keys(kind)]
    return [one for one in found if one is not None]


@dataclass(frozen=True, slots=True)
class InForce:
    """One setting as it holds now."""

    key: str
    #: as TOML; of a secret only whether there is one
    value: str
    #: newsletter.toml, or a variable; empty for a default
    origin: str


def in_force(settings: Settings, origins: Mapping[str, str]) -> list[InForce]:
    """Every setting of *settings*, each newsletter's too, with its origin as `config.origins` tells."""
    found = []
    for section, kind in sections():
        names = list(settings.newsletters) if section.startswith("newsletters.") else [""]
        for name in names:
            where = section.replace(_NAME, name)
            own = _reach(settings, where)
            for key in (*keys(kind), *(["interests"] if kind is Newsletter else [])):
                path = f"{where}.{key}" if where else key
                origin = origins.get(path) or next(
                    (of for one, of in origins.items() if one.startswith(f"{path}.")), ""
                )
                found.append(InForce(path, _shown(getattr(own, key)), origin))
    return found


def sections() -> list[tuple[str, type[Section]]]:
    """Each section's name, "newsletters.NAME" for all of them, and its model."""
    parts: list[tuple[str, type[Section]]] = [
        (name, field.annotation)
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    ]
    own: list[tuple[str, type[Section]]] = [
        (f"newsletters.{_NAME}", Newsletter),
        (f"newsletters.{_NAME}.limits", Limits),
    ]
    return [("", Settings), *parts, *own]


def keys(kind: type[Section]) -> Iterator[str]:
    """The keys of a section, in the order of the file."""
    for name, field in kind.model_fields.items():
        is_section = isinstance(field.annotation, type) and issubclass(field.annotation, Section)
        is_left_out = name in {"home", "slug", "newsletters", "interests"}
        if not is_left_out and (not is_section or field.annotation is WeekTime):
            yield name


def meaning(kind: type[Section], key: str) -> str:
    """The sentence that `config` has for a key of *kind*."""
    return " ".join(_meanings(kind).get(key, "").split("\n"))


def limits_of(field: FieldInfo) -> str:
    """What may be given, in words; empty where the default shows it."""
    return _kind(field).replace("`", "")


def shown(value: object) -> str:
    """*value* as TOML; of a secret only whether there is one."""
    return _shown(value)


def _reach(settings: Settings, section: str) -> Any:
    value: Any = settings
    for part in section.split(".") if section else ():
        value = value[part] if isinstance(value, Mapping) else getattr(value, part)
    return value


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(not set)"
    if isinstance(value, str) and "://" in value:
        return _toml(_without_password(value))
    return "" if value is None else _toml(value)


def _without_password(url: str) -> str:
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", url)


def sample(secret: str, *, name: str = "friday") -> str:
    """A newsletter.toml with every setting and what it means; those that need not be set stand as comments."""
    parts = [_HEAD]
    for section, rows in _by_section():
        heading = section.replace(_NAME, name)
        parts.append(f"\n[{heading}]\n" if section else "")
        for row in rows:
            value = f'"{secret}"' if row.path == "secret" else _value_of(row)
            choices = [row.kind.replace("`", '"').rstrip(".")] if row.kind.startswith("One of") else []
            comment = "".join(f"# {line}\n" for line in (*row.meaning.split("\n"), *choices))
            mark = "" if row.path in _SET else "# "
            parts.append(f"{comment}{mark}{row.key} = {value}\n\n")
    parts.append("\n# phrases that matter to your readers, with weights; the picker looks for them\n")
    parts.append(f"[newsletters.{name}.interests]\n{_INTERESTS}")
    return "".join(parts).replace("\n\n\n", "\n\n")


def page() -> str:
    """docs/settings.md."""
    parts = [_INTRODUCTION]
    for section, rows in _by_section():
        parts.append(f"\n## {f'`[{section}]`' if section else 'At the top'}\n\n")
        parts.append("| key | default | what it is |\n| --- | --- | --- |\n")
        for row in rows:
            variable = f"<br>`{row.variable}`" if row.variable else ""
            default = f"`{row.default}`" if row.default else "none"
            meaning = " ".join(row.meaning.split("\n"))
            parts.append(f"| `{row.key}`{variable} | {default} | {_cell(f'{meaning}. {row.kind}'.strip())} |\n")
    parts.append("\n" + _INTERESTS_PAGE)
    return "".join(parts)


_HEAD = """\
# Settings of the newsletter, each with what it means. A line that begins with "# key =" is not in force:
# it shows the default, or an example where there is none; take the mark away to set it. NEWSLETTER_… in the
# environment overrides what stands here: host under [smtp] is NEWSLETTER_SMTP_HOST, and every key may be given
# as …_FILE, a file that holds the value.
# `newsletter settings` shows what is in force, `newsletter doctor` what is wrong.

"""

_INTRODUCTION = (
    "# Settings\n\n"
    "Made from `newsletter/config/` by `make settings`; `make check` compares. Settings are read from the defaults,"
    " then `newsletter.toml` in the home folder, then what was set at the desk,"
    " then the environment: a key is `NEWSLETTER_KEY`, a section's key"
    " `NEWSLETTER_SECTION_KEY`, and every one of them may be given as `…_FILE`, the path of a file that holds the"
    " value, as secrets should be. A key that is not known is an error that names it. `newsletter init` writes a file"
    " with all of this as comments, and `newsletter settings` shows what is in force and where it comes from.\n\n"
    "What is in `[newsletters.NAME]`, `[fetch]`, `[sign_up]` and `[lessons]` can be changed while everything runs, at"
    " the desk or with `newsletter settings set KEY VALUE` (not `fetch.allow_loopback` and `sign_up.proxies`, which"
    " guard the machine). It is kept in the database over the file, so that every process on every machine goes by it"
    " ([desk.md](desk.md#newsletters-and-settings)); `newsletter settings back KEY` gives a setting back to the file."
    " Everything else is read once, when a process starts.\n\n"
    "The home folder is where the command is run, or `--home`, or `NEWSLETTER_HOME`; relative paths start there."
    " `NAME` stands for the short name of a newsletter, of which there may be several.\n"
)

_INTERESTS_PAGE = (
    "## `[newsletters.NAME.interests]`\n\n"
    'Phrases that matter to your readers, each with a weight: `"self-checkout" = 2`. The picker looks for them in'
    " headlines and text ([picker.md](picker.md)).\n"
)


def _by_section() -> list[tuple[str, list[Entry]]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries():
        found.setdefault(entry.section, []).append(entry)
    return list(found.items())


def _entry(section: str, kind: type[Section], key: str, variables: Mapping[str, str]) -> Entry:
    field = kind.model_fields[key]
    path = f"{section}.{key}" if section else key
    return Entry(
        section=section,
        key=key,
        default=_default(field),
        kind=_kind(field),
        meaning=_meanings(kind).get(key, ""),
        variable=variables.get(path, ""),
    )


def _value_of(entry: Entry) -> str:
    """The value that a fresh file shows: an example where the default says nothing."""
    example = _EXAMPLES.get(entry.path)
    return _toml(example) if example is not None else entry.default or '""'


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None:
        return ""
    return _toml(value)


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Section() if not isinstance(value, WeekTime):
            return _toml(value.model_dump(exclude_defaults=True))
        case SecretStr():
            return _toml(value.get_secret_value())
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case Mapping():
            return (
                "{ " + ", ".join(f"{_toml(name)} = {_toml(one)}" for name, one in value.items()) + " }"
                if value
                else "{}"
            )
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _kind(field: FieldInfo) -> str:
    """What may be given, in words; empty where the default shows it."""
    kind: Any = field.annotation
    if kind is WeekTime:
        return "A time of the week, such as `fri 09:00`."
    if get_origin(kind) is Literal:
        return f"One of {', '.join(f'`{choice}`' for choice in get_args(kind))}."
    if kind is SecretStr:
        return "Secret."
    limits = [
        f"{words} {getattr(one, name):g}" for one in field.metadata for name, words in _LIMITS if hasattr(one, name)
    ]
    return f"{', '.join(limits).capitalize()}." if limits else ""


_LIMITS = (("ge", "at least"), ("gt", "more than"), ("le", "at most"))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


@lru_cache
def _meanings(kind: type[Section]) -> dict[str, str]:
    """Key → its `#:` lines, as they stand above it in the source."""
    source = inspect.getsource(kind)
    lines = source.splitlines()
    return {
        field.target.id: "\n".join(_above(lines, field.lineno - 1))
        for field in ast.walk(ast.parse(source))
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }


def _above(lines: Sequence[str], at: int) -> list[str]:
    first = at
    while lines[first - 1].strip().startswith("#:"):
        first -= 1
    return [line.strip().removeprefix("#:").strip() for line in lines[first:at]]


def main() -> None:
    """Write or check the page."""
    parser = argparse.ArgumentParser(prog="handbook", description="docs/settings.md, made from the code.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--check", action="store_true", help="compare only")
    given = parser.parse_args()
    if not given.check:
        given.file.write_text(page(), "utf-8")
    elif given.file.read_text("utf-8") != page():
        sys.exit(f"{given.file} is not what newsletter/config/ says: make settings writes it anew")


if __name__ == "__main__":
    main()
