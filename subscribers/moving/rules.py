"""The ways in which a file tells how somebody stands, each read from the cells of one row.

A rule answers with a State, with None where it has nothing to say, or raises Unclear where a cell should tell
and is not understood.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .dates import read as read_date
from .headings import squash
from .states import NEUTRAL, NO, WORDS, YES, State


class Unclear(Exception):
    """The cell *value* of *column* should say how somebody stands, and is not understood."""

    def __init__(self, column: str, value: str) -> None:
        super().__init__(column, value)
        self.column, self.value = column, value


class Rule(Protocol):
    """One way to tell; *columns* are squashed headings, of which those that a file lacks are read as empty."""

    @property
    def columns(self) -> Sequence[str]: ...

    def state(self, *cells: str) -> State | None: ...


@dataclass(frozen=True, slots=True)
class Word:
    """A column of words; those of *words* mean what this system means by them, others what everybody does."""

    column: str
    words: Mapping[str, State | None] = field(default_factory=dict)
    #: a word that nobody knows says nothing, where it stops an import otherwise
    loose: bool = False
    #: what an empty cell says
    empty: State | None = None

    @property
    def columns(self) -> Sequence[str]:
        return (self.column,)

    def state(self, *cells: str) -> State | None:
        word = squash(cells[0])
        if not word:
            return self.empty
        if word in self.words:
            return self.words[word]
        if word in WORDS:
            return WORDS[word]
        if word in NEUTRAL:
            return None
        # several in one cell: the strictest counts
        parts = [part for part in map(squash, re.split(r"[\s,;|\[\]\"'{}]+", cells[0])) if part]
        states = [self.words.get(part, WORDS.get(part)) for part in parts]
        if len(parts) > 1 and all(part in self.words or part in WORDS for part in parts):
            return max((state for state in states if state is not None), default=None)
        if self.loose:
            return None
        raise Unclear(self.column, cells[0])


@dataclass(frozen=True, slots=True)
class Flag:
    """A column of yes and no, of whichever sense; a date or a word that is known counts too."""

    column: str
    yes: State | None = None
    no: State | None = None
    empty: State | None = None

    @property
    def columns(self) -> Sequence[str]:
        return (self.column,)

    def state(self, *cells: str) -> State | None:
        if cells[0].strip().startswith(_TICKS):
            return self.yes
        word = squash(cells[0])
        if not word or _is_nothing(cells[0]):
            return self.empty
        if word in YES:
            return self.yes
        if word in NO:
            return self.no
        if word in WORDS:
            return WORDS[word]
        if read_date(cells[0]) is not None or _DATED.match(cells[0].strip()):
            return self.yes
        raise Unclear(self.column, cells[0])


#: a date, though nobody could say whether the day or the month comes first
_DATED = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")


#: what is seen in a box that is ticked
_TICKS = ("✓", "✔", "✅", "☑", "🗹", "🗸")
#: how databases write that there is no value, and no date
_NOTHING = frozenset({"null", "none", "nil", "na", "nan", "undefined"})
_NEVER = re.compile(r"(0000-00-00|0001-01-01|1970-01-01|00[./]00[./]0000)(?!\d).*")


def _is_nothing(cell: str) -> bool:
    cell = cell.strip()
    return cell == "\\N" or squash(cell) in _NOTHING or bool(_NEVER.fullmatch(cell))


@dataclass(frozen=True, slots=True)
class Set:
    """A column that says so by holding anything, a date mostly."""

    column: str
    state_: State

    @property
    def columns(self) -> Sequence[str]:
        return (self.column,)

    def state(self, *cells: str) -> State | None:
        return None if squash(cells[0]) in NO or _is_nothing(cells[0]) else self.state_


@dataclass(frozen=True, slots=True)
class Emptied:
    """A column that says so by holding nothing, while others of the file hold something."""

    column: str
    state_: State

    @property
    def columns(self) -> Sequence[str]:
        return (self.column,)

    def state(self, *cells: str) -> State | None:
        return None if cells[0].strip() else self.state_


@dataclass(frozen=True, slots=True)
class Bounce:
    """A server's code and words: what they say against the address."""

    code: str
    words: str

    @property
    def columns(self) -> Sequence[str]:
        return (self.code, self.words)

    def state(self, *cells: str) -> State | None:
        return State.SOFT if _is_soft(cells[0].strip(), cells[1]) else State.BOUNCED


@dataclass(frozen=True, slots=True)
class PhpList:
    """phpList's figures: blacklisted for its bounces, or because they left; confirmed or not; on a list or on none."""

    columns: Sequence[str] = ("confirmed", "blacklisted", "bounces", "listmembership")

    def state(self, *cells: str) -> State | None:
        confirmed, blacklisted, bounces, lists = (squash(cell) for cell in cells)
        if blacklisted in YES:
            return State.BOUNCED if bounces.isdigit() and int(bounces) else State.UNSUBSCRIBED
        if blacklisted not in NO:
            raise Unclear("blacklisted", cells[1])
        if lists == "nolists":
            return State.UNSUBSCRIBED
        if confirmed in YES:
            return State.OK
        if confirmed in NO:
            return State.PENDING
        raise Unclear("confirmed", cells[0])


@dataclass(frozen=True, slots=True)
class Postmark:
    """Whose wish a suppression by hand was decides between leaving and being blocked."""

    columns: Sequence[str] = ("suppressionreason", "origin")

    def state(self, *cells: str) -> State | None:
        reason, origin = map(squash, cells)
        if reason in {"manualsuppression", "unsubscribe"}:
            return State.UNSUBSCRIBED if origin == "recipient" else State.BLOCKED
        return Word(self.columns[0]).state(cells[0])


#: full mailboxes, our own faults, policies: nothing of it says that there is no such mailbox
_PASSING = re.compile(
    r"mailbox (is )?full|over ?quota|quota exceeded|exceeded .{0,20}quota|out of storage|storage|try again|temporar|"
    r"greylist|rate limit|too many|timed? ?out|timeout|connection|reputation|spam|policy|block(ed|list)|blacklist|"
    r"dmarc|dkim|spf |sender|authenticat|message size|too large|too big|reverse dns|"
    r"listed (at|in|on) |not accept.{0,20}your",
    re.IGNORECASE,
)
_DEAD = re.compile(
    r"no such (user|mailbox|recipient|address)|user unknown|unknown user|does not exist|doesn't exist|not exist|"
    r"mailbox (not found|unavailable|unknown)|invalid (recipient|mailbox|address)|address rejected|no mailbox|"
    r"recipient (not found|unknown|rejected)|unknown recipient|account .{0,20}(disabled|inactive|closed)|"
    r"previously (bounced|unsubscribed)",
    re.IGNORECASE,
)
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def _is_soft(code: str, words: str) -> bool:
    if _DEAD.search(words):
        return code.startswith("4") and not words.lstrip().startswith("5")
    enhanced = _ENHANCED.search(code) or _ENHANCED.search(words)
    if code.startswith("4") or (enhanced and enhanced[1] == "4"):
        return True
    if enhanced and (enhanced[2], enhanced[3]) in {("2", "2"), ("1", "8"), ("1", "7")}:
        return True
    if enhanced and enhanced[2] in {"3", "4", "6", "7"}:
        return True
    if enhanced and (enhanced[2], enhanced[3]) in {
        ("1", "1"),
        ("1", "2"),
        ("1", "3"),
        ("1", "6"),
        ("1", "10"),
        ("2", "1"),
    }:
        return False
    return bool(_PASSING.search(words))
