"""The answer to "why didn't they get it?": a case, one sentence, what can be done, and the evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class Case(StrEnum):
    """Every answer there is."""

    #: what was asked about is no address at all
    NOT_AN_ADDRESS = "not an address"
    NO_SUCH_PERSON = "no such person"
    #: asked in a form, and has not said yes
    ASKED_TO_JOIN = "asked to join"
    ERASED = "erased"
    #: nobody here, and no file may bring the address in
    BARRED = "barred"
    NOT_ON_LIST = "not on the list"
    UNCONFIRMED = "unconfirmed"
    LEFT = "left"
    SUPPRESSED = "suppressed"
    #: by their own wish
    PAUSED = "paused"
    #: wants the first edition of each month, and this is a later one
    MONTHLY = "monthly"
    JOINED_LATER = "joined later"
    #: a correction of an edition that they do not have
    NOTHING_TO_CORRECT = "nothing to correct"
    OUTSIDE_SEGMENT = "outside the segment"
    #: could have it today, and could not when the audience was fixed
    CHANGED_SINCE = "changed since"
    NO_EDITION = "no edition"
    #: a draft, in review, or approved and waiting for its hour
    NOT_YET_SENT = "not yet sent"
    HELD = "held"
    #: no edition that week
    NO_ISSUE = "no edition that week"
    CANCELLED = "cancelled"
    MISSED = "missed"
    PLANNING = "planning"
    #: the sending is paused
    STOPPED = "stopped"
    #: behind the first slice, a limit, a morning or a back-off, or merely in the queue
    WAITS = "waits"
    ON_THE_WIRE = "on the wire"
    SKIPPED = "skipped"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    DELAYED = "delayed"
    BOUNCED = "bounced"
    DROPPED = "dropped"
    COMPLAINED = "complained"
    DELIVERED = "delivered"
    #: fetched by a machine: whether a person looked nobody can say
    FETCHED = "fetched"
    OPENED = "opened"
    CLICKED = "clicked"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing on record that the answer rests on."""

    at: datetime | None
    #: whose record it is: "list", "ledger", "edition", "timetable", or the provider's name
    source: str
    words: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a colleague would say."""

    case: Case
    sentence: str
    evidence: Sequence[Evidence] = ()
    #: what can be done about it, one sentence; empty where nothing can or need be
    remedy: str = ""


def stamp(moment: datetime, zone: ZoneInfo) -> str:
    """*moment* as a sentence says it: "26 November 2021 at 09:03"."""
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B %Y} at {local:%H:%M}"


def on(moment: datetime, zone: ZoneInfo) -> str:
    """The same with the word before it."""
    return f"on {stamp(moment, zone)}"


def of_day(day: date) -> str:
    """*day* as a sentence says it: "26 November 2021"."""
    return f"{day.day} {day:%B %Y}"


def quoted(words: str, *, limit: int = 300) -> str:
    """Other people's words inside a sentence of ours."""
    return f"“{words if len(words) <= limit else words[: limit - 1] + '…'}”"


def listed(words: Sequence[str], *, last: str = "and") -> str:
    """ "weekly", "weekly and events", "weekly, events and deals"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
