"""Dates as feeds write them, in UTC; one without a zone is taken for UTC, one that can't be read for none.

The two forms that nearly every feed uses are read first and fast, all others by `loose`.
"""

import re
from datetime import UTC, datetime, timedelta

from newsletter.stories.reading import loose
from newsletter.stories.reading.loose import Habit

__all__ = ["Habit", "read"]

_LONGEST = 100
_MONTHS = {
    name: at
    for at, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1
    )
}
#: RFC 5322
_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2}, ?)?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))?"
    r" (?:GMT|UTC|UT|Z|([+-])(\d\d)(\d\d))"
)
#: RFC 3339
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(?:[Zz]|([+-])(\d\d):?(\d\d))?"
)


def read(value: object, habit: Habit = loose.NONE) -> datetime | None:
    """*value* in UTC; None where it is no date, or one that could be read in two ways (03/04/2021, IST).

    *habit* is what is known of how its feed writes dates.
    """
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    value = value.strip()
    try:
        return _quick(value) or loose.read(value, habit)
    except (ValueError, OverflowError):
        return None


def _quick(value: str) -> datetime | None:
    if found := _ISO.fullmatch(value):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    elif (found := _MAIL.fullmatch(value)) and found[2] in _MONTHS:
        year, month, day = int(found[3]), _MONTHS[found[2]], int(found[1])
    else:
        return None
    *_, sign, hours, minutes = found.groups()
    hour, second = int(found[4]), int(found[6] or 0)
    if hour > 23 or second > 59:
        return None  # the next midnight, or a leap second
    parts = found[7].ljust(6, "0") if found.re is _ISO and found[7] else "0"
    moment = datetime(year, month, day, hour, int(found[5]), second, int(parts), tzinfo=UTC)
    if not sign:
        return moment
    east = timedelta(hours=int(hours), minutes=int(minutes))
    return moment - east if sign == "+" else moment + east
