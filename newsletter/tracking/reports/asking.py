"""Somebody asks: why has this person, or has this person not, that edition? One copy's story is told here too."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from newsletter.config import Settings
from newsletter.editions import shelf
from newsletter.errors import BadInput, NotFound
from newsletter.tracking.reports import gathering, timeline, why
from newsletter.tracking.reports.answers import Answer
from newsletter.tracking.reports.facts import Facts
from newsletter.tracking.reports.timeline import Moment
from subscribers import roll, standing

#: of those whose addresses begin so
MOST_READERS = 50
#: letters of an address
LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer about one edition, and what happened to the copy, oldest first."""

    #: "friday/2021-11-26"; empty where there is no edition to speak of
    edition: str
    edition_id: int | None
    #: the newsletter's own clock, in which sentences tell the time
    zone: ZoneInfo
    answer: Answer
    #: the person that was found
    subscriber_id: int | None
    moments: tuple[Moment, ...]


def ask(session: Session, settings: Settings, whom: str, edition: str | None = None, *, now: datetime) -> list[Reply]:
    """The answers about *whom*, an address or a number of the send log: for *edition*, or the newest they could have.

    Raises NotFound where *edition* names none. Addresses that may have been meant are told, so this is for operators.
    """
    whom = bare(whom)
    number = int(whom) if is_number(whom) else None
    found = standing.of_address(session, whom, guess=True) if number is None else standing.of_number(session, number)
    if edition is None:
        editions, missed = gathering.newest(session, settings, found, now=now)
    else:
        try:
            editions, missed = [shelf.find(session, edition)], []
        except NotFound:
            slot = gathering.hour_of(session, edition)
            if slot is None:
                raise
            editions, missed = [], [slot]
    if edition is None and found.person is None:
        editions, missed = [], []  # what they are answered is the same for each
    together = gathering.facts(session, settings, found, editions, missed, number=number, now=now)
    return [_reply(one) for one in together]


def whose(session: Session, who: str) -> list[int]:
    """The numbers of the readers that *who* is about: a number, an address of today or before, or how some begin."""
    who = bare(who)
    if len(who) > LONGEST_ADDRESS:
        raise BadInput("No address is as long as that.")
    if is_number(who):
        return [int(who)]
    person = standing.of_address(session, who).person if "@" in who else None
    if person is not None:
        return [person.id]
    return [one.id for one in roll.beginning(session, who, limit=MOST_READERS)]


def bare(whom: str) -> str:
    """The address in what people copy from a mail: "Ada Lovelace <ada@example.com>"."""
    whom = whom.strip()
    return whom[:-1].rpartition("<")[2].strip() if "<" in whom and whom.endswith(">") else whom


def is_number(whom: str) -> bool:
    """Whether *whom* is a number of the send log."""
    return whom.isascii() and whom.isdigit() and len(whom) < 19


def _reply(facts: Facts) -> Reply:
    issue, person = facts.issue, facts.found.person
    return Reply(
        edition=issue.name if issue else "",
        edition_id=issue.edition_id if issue else None,
        zone=issue.zone if issue else ZoneInfo("UTC"),
        answer=why.decide(facts),
        subscriber_id=person.id if person else facts.number,
        moments=tuple(timeline.moments(facts)),
    )
