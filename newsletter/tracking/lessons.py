"""What evidence teaches about people, decided: pure, it knows no database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.config import Lessons
from newsletter.tracking.heard import Lesson
from subscribers.models import SuppressionReason

#: what ends mail to an address at once, and what that is called
AT_ONCE: Mapping[str, SuppressionReason] = {
    Lesson.HARD_BOUNCE: SuppressionReason.HARD_BOUNCE,
    Lesson.COMPLAINT: SuppressionReason.COMPLAINT,
}
#: what the reader says about being on our lists
CONSENT = frozenset({Lesson.UNSUBSCRIBE, Lesson.RESUBSCRIBE})
#: what operations are told and no reader pays for
ALARMS = frozenset({Lesson.POLICY, Lesson.CONTENT, Lesson.WIRE})

#: after so long no server brings a copy back that it could not deliver (RFC 5321 section 4.5.4.1: four to five days)
SILENCE = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Sign:
    """That copies of one edition came back for a while, or that one arrived."""

    edition_id: int
    at: datetime
    #: nothing was heard of a copy that was handed over then: it arrived, if it was long enough ago
    silent: bool = False


def given_up(soft: Iterable[Sign], alive: Iterable[Sign], rules: Lessons) -> Sign | None:
    """The one of the *soft* bounces by which an address is given up; None while it is not.

    So many editions one after another, over so many days, and none in between that is *alive*: delivered, opened,
    or handed over without a word for long enough. In the order in which it happened, whatever the order it was
    told in; each edition counts once.
    """
    if not rules.soft_editions:
        return None
    firsts: dict[int, Sign] = {}
    for sign in soft:
        known = firsts.get(sign.edition_id)
        if known is None or (sign.at, sign.silent) < (known.at, known.silent):
            firsts[sign.edition_id] = sign
    arrived = [sign for sign in alive if sign.edition_id not in firsts]
    row: list[Sign] = []
    for sign in sorted(firsts.values(), key=lambda each: (each.at, each.edition_id)):
        if row and _arrived_between(row[-1], sign, arrived):
            row = []
        row = [*(each for each in row if each.at >= sign.at - timedelta(weeks=rules.soft_weeks)), sign]
        if len(row) >= rules.soft_editions and sign.at - row[0].at >= timedelta(days=rules.soft_days):
            return sign
    return None


def _arrived_between(one: Sign, other: Sign, arrived: Iterable[Sign]) -> bool:
    return any(one.at <= sign.at <= other.at - (SILENCE if sign.silent else timedelta()) for sign in arrived)
