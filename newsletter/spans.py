"""Spans of days as people write them: one day, from one to another, or the same in each year."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_DAY = r"(?:\d{4}-)?\d{2}-\d{2}"
_WRITTEN = re.compile(rf"\s*({_DAY})(?:\s*/\s*({_DAY}))?(?:\s+(\S[^\r\n]{{0,199}}))?\s*")
#: has a 29 February
_LEAP = 2000


@dataclass(frozen=True, slots=True)
class Span:
    """Days from *first* to *last*, both of them in it."""

    first: date
    last: date
    #: in each year; the years of *first* and *last* mean nothing then, and *last* may be the earlier
    yearly: bool = False
    #: why, in a few words; often empty
    why: str = ""

    def __contains__(self, day: date) -> bool:
        if not self.yearly:
            return self.first <= day <= self.last
        first, last, this = ((one.month, one.day) for one in (self.first, self.last, day))
        return first <= this <= last if first <= last else this >= first or this <= last

    @property
    def written(self) -> str:
        """As `read` takes it, without the reason."""
        first, last = (f"{day:%m-%d}" if self.yearly else f"{day}" for day in (self.first, self.last))
        return first if first == last else f"{first}/{last}"


@lru_cache(maxsize=1024)
def read(text: str) -> Span:
    """ "2026-12-24", "2026-12-24/2027-01-03", each year "12-24" or "12-24/01-02"; then a reason, if any.

    Raises ValueError, which says what is wrong with it.
    """
    match = _WRITTEN.fullmatch(text)
    if not match:
        raise ValueError(
            f"{text[:60]!r} is no span of days, such as 2026-12-24, 2026-12-24/2027-01-03, or 12-24/01-02 for each year"
        )
    first, last, why = match[1], match[2] or match[1], match[3] or ""
    yearly = len(first) == len("12-24")
    if yearly is not (len(last) == len("12-24")):
        raise ValueError(f"{text[:60]!r} has a year at one end and none at the other")
    span = Span(_day(first), _day(last), yearly, " ".join(why.split()))
    if not yearly and span.last < span.first:
        raise ValueError(f"{text[:60]!r} ends before it begins")
    return span


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text if len(text) > len("12-24") else f"{_LEAP}-{text}")
    except ValueError as error:
        raise ValueError(f"there is no day {text}") from error
