"""A setting as a field of a form: how it is shown, and what somebody's typing comes to. The models judge it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args, get_origin

from pydantic_core import PydanticUndefined

from newsletter import handbook
from newsletter.changes import laying
from newsletter.changes import open as opened
from newsletter.changes.laying import Wrong
from newsletter.config import Section, WeekTime
from newsletter.web.readers.forms import Filled

Kind = Literal["line", "text", "yes", "choice", "number", "lines", "pairs", "week time"]

DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
#: of one line each, but of several where they are words for readers
_WORDY = frozenset({"description", "consent", "welcome", "postal_address"})
#: what stands in the form for a box that was shown and not ticked
_SHOWN = ".shown"
#: what a setting is called where its key alone says too little
_NAMES = {
    "from_name": "Sender’s name",
    "from_address": "Sender’s address",
    "reply_to": "Answers go to",
    "stories": "Number of stories",
    "assemble": "Draft is made",
    "lock": "Locked",
    "send": "Goes out",
    "holidays": "Public holidays of",
    "blackout": "Days without an edition",
    "on_days_off": "What becomes of an edition then",
    "working_days": "May be moved to",
    "catch_up_hours": "Sent late by at most (hours)",
    "thin_week": "In a thin week",
    "when_not_approved": "When nobody approved it",
    "local_morning": "In each reader’s own morning",
    "interests": "Interests",
    "pixel": "Count opens",
    "decoy": "Link for machines",
    "links_days": "Links lead on for (days)",
    "tracking": "Counting of links",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One setting on a page."""

    key: str
    name: str
    says: str
    kind: Kind
    #: as it is typed; of a week time "fri 09:00", of a box "yes" or ""
    value: str
    choices: tuple[str, ...] = ()
    #: newsletter.toml, a variable, or who set it at the desk and when; empty is the default
    origin: str = ""
    #: what newsletter.toml or the default says, where something else counts
    file: str = ""
    #: may be changed here
    is_open: bool = False
    #: may be changed here, by an admin
    is_admins: bool = False
    #: the model's sentence about what was typed
    wrong: str = field(default="")

    @property
    def id(self) -> str:
        """As links and labels name it."""
        return self.key.replace(".", "-")

    @property
    def day(self) -> str:
        return self.value.partition(" ")[0][:3].lower()

    @property
    def hour(self) -> str:
        return self.value.partition(" ")[2]

    def with_typed(self, form: Filled, wrong: Mapping[str, str]) -> "Field":
        """The same, as somebody typed it, with what is wrong about that."""
        typed = text_of(self, form)
        return replace(self, value=self.value if typed is None else typed, wrong=wrong.get(self.key, ""))


def of(section: type[Section], name: str, key: str, value: object, *, origin: str, file: object, fixed: bool) -> Field:
    """The field of the setting *name* of *section*, whose whole key is *key*."""
    described = section.model_fields[name]
    kind = _kind(described.annotation, name)
    on_file = "" if laying.same(value, file) else typed(kind, file) or "nothing"
    limits = handbook.limits_of(described) if kind == "number" else ""
    return Field(
        key,
        _NAMES.get(name, name.replace("_", " ").capitalize()),
        ". ".join(filter(None, (handbook.meaning(section, name).rstrip("."), limits.rstrip(".")))),
        kind,
        typed(kind, value),
        tuple(str(choice) for choice in get_args(described.annotation)) if kind == "choice" else (),
        origin,
        on_file,
        opened.is_open(key) and not fixed,
    )


def typed(kind: Kind, value: object) -> str:
    """*value* as somebody would type it."""
    plain = laying.plain(value)
    match kind:
        case "yes":
            return "yes" if plain else ""
        case "lines":
            return "\n".join(map(str, plain))
        case "pairs":
            return "\n".join(f"{name} = {_pair(one)}" for name, one in plain.items())
        case "number":
            return f"{plain:g}" if isinstance(plain, float) else str(plain)
        case _:
            return "" if plain is None else str(plain)


def text_of(one: Field, form: Filled) -> str | None:
    """What was typed into *one*; None where the form does not have it."""
    if one.kind == "week time":
        if f"{one.key}.day" not in form:
            return None
        return f"{form.get(f'{one.key}.day')} {form.get(f'{one.key}.hour')}"
    if one.kind == "yes":
        return ("yes" if form.get(one.key) else "") if f"{one.key}{_SHOWN}" in form else None
    # a browser sends every line's end as two signs
    return form.get(one.key).replace("\r\n", "\n") if one.key in form else None


def value_of(one: Field, text: str) -> Any:
    """What *text*, typed into *one*, is as a setting; the models have not seen it yet. Raises Wrong."""
    match one.kind:
        case "yes":
            return bool(text)
        case "lines":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "pairs":
            return _pairs(one, text)
        case "number":
            return text.strip().replace(",", ".")
        case _:
            return text.strip()


def _pairs(one: Field, text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    # the name of a topic has no sign of equality in it, and neither has a number
    cut = str.partition if one.key.endswith(".topics") else str.rpartition
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        name, sign, value = (part.strip() for part in cut(line, "="))
        if not sign or not name or not value:
            raise Wrong({one.key: f"line {number} is not a name, = and a value: {line.strip()[:80]}"})
        if name in found:
            raise Wrong({one.key: f"line {number} names {name} a second time"})
        found[name] = _limits(one, number, value) if one.key.endswith(".limits.domains") else value
    return found


def _limits(one: Field, number: int, value: str) -> dict[str, str]:
    """What a domain is spared: a number is messages in a second, else "per_second: 20, connections: 2"."""
    if ":" not in value:
        return {"per_second": value}
    parts = [part.partition(":") for part in value.split(",")]
    if any(not sign or not given.strip() for _, sign, given in parts):
        raise Wrong({one.key: f"line {number} is not a number, or per_second: 20, connections: 2"})
    return {name.strip(): given.strip() for name, _, given in parts}


def _pair(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {one}" for name, one in value.items()) or "per_second: 0"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _kind(annotation: Any, name: str) -> Kind:
    origin = get_origin(annotation)
    if annotation is WeekTime:
        return "week time"
    if annotation is bool:
        return "yes"
    if origin is Literal:
        return "choice"
    if annotation in {int, float}:
        return "number"
    if origin is tuple:
        return "lines"
    if origin is dict:
        return "pairs"
    return "text" if name in _WORDY else "line"


def default(section: type[Section], name: str) -> object:
    """What counts where nobody says anything; None where something has to be said."""
    value = section.model_fields[name].get_default(call_default_factory=True)
    return None if value is PydanticUndefined else value
