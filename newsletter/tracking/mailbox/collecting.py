"""From a place to the database and back, in an order that may be cut off anywhere.

A batch is taken in (its digests make it once and for ever), then put away, then noted as behind us. Whatever is cut
off between two of these is read again, known by its digest, and put away.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from newsletter import plural
from newsletter.config import Settings
from newsletter.db import Database
from newsletter.tracking.mailbox import intake, progress
from newsletter.tracking.mailbox.intake import Understand
from newsletter.tracking.mailbox.places import Mark, Place


@dataclass(slots=True)
class Collected:
    """What a look into the mailbox brought."""

    #: action → letters that were new
    new: Counter[str] = field(default_factory=Counter)
    #: letters that were there, and had been taken in before
    known: int = 0
    #: new ones that a person should look at
    unclear: int = 0
    #: letters that were taken in and could not be put away; they are tried again
    left: int = 0

    def __add__(self, other: Self) -> Self:
        return replace(
            self,
            new=self.new + other.new,
            known=self.known + other.known,
            unclear=self.unclear + other.unclear,
            left=self.left + other.left,
        )

    def __str__(self) -> str:
        if not (self.new or self.left):
            return "nothing new"
        parts = [f"{count:,} {action}" for action, count in sorted(self.new.items())]
        text = f"{plural.counted(self.new.total(), 'letter')} taken in"
        text += f" ({', '.join(parts)})" if parts else ""
        if self.unclear:
            text += f"; {self.unclear:,} to look at: newsletter bounces list"
        if self.left:
            text += f"; {plural.counted(self.left, 'letter')} could not be put away, which is tried again"
        return text


def read(
    database: Database,
    settings: Settings,
    place: Place,
    understand: Understand,
    collected: Collected,
    clock: Callable[[], datetime],
    *,
    again: bool = False,
) -> None:
    """Take in what lies in *place* and was not taken in before; raises MailboxClosed.

    *again*: look at everything, also at what was there at an earlier look.
    """
    with database.write() as session:
        place_id, mark = progress.known(session, place.key)
    behind_us = True
    for batch in place.batches(Mark() if again else mark):
        with database.write() as session:
            taken = intake.take_in(session, settings, place_id, batch.letters, understand, clock())
        left = place.put_away(taken.done, taken.odd)
        # a batch that could not be put away is read again next time, and the others with it
        behind_us = behind_us and not left
        if behind_us:
            with database.write() as session:
                progress.advance(session, place_id, batch.mark)
        collected.new += taken.new
        collected.known += taken.known
        collected.unclear += taken.unclear
        collected.left += left
    with database.write() as session:
        progress.finished(session, place_id, now=clock())
