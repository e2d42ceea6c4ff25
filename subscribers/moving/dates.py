"""Dates as exports write them, read as moments in UTC."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

#: Go's time.Time.String: "2024-03-11 09:12:45.123456 +0000 UTC"
_GO = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(\.\d+)?\s*(?:(Z|UTC|GMT)|([+-]\d\d):?(\d\d))?(?:\s+[A-Z]{2,5})?")
_FORMS = ("%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d-%m-%Y", "%d-%m-%Y %H:%M:%S", "%d.%m.%Y",
          "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%Y%m%dT%H%M%S", "%Y.%m.%d", "%b %d, %Y", "%B %d, %Y", "%d %b %Y",
          "%d %B %Y")  # fmt: skip
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=65_536)
def read(text: str) -> datetime | None:
    """The moment that *text* names; one without a zone is taken as UTC, and None is what names no moment."""
    text = text.strip()
    if not text or len(text) > 60 or not any(letter.isdigit() for letter in text):
        return None
    try:
        moment = _read(text)
    except (ValueError, OverflowError, OSError):
        return None
    if moment is None:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment if _EARLIEST <= moment < _LATEST else None


def is_unix(text: str) -> bool:
    """Whether *text* looks like seconds since 1970, as of the last decades."""
    return len(text.partition(".")[0]) == 10 and text.replace(".", "", 1).isdigit()


def _read(text: str) -> datetime | None:
    if is_unix(text):
        return datetime.fromtimestamp(float(text), UTC)
    if len(text) == 13 and text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    if text.isdigit():
        return None  # a number, not a date, though "20240311" could be one
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if match := _GO.fullmatch(text):
        fraction = (match[2] or ".0")[:7].ljust(7, "0")
        zone = f"{match[4]}:{match[5]}" if match[4] else "+00:00"
        return datetime.fromisoformat(f"{match[1]}{fraction}{zone}")
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return parsedate_to_datetime(text) if "," in text else None
