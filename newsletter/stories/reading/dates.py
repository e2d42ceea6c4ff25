"""Dates as feeds write them; one without a zone is taken for UTC."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

_WRITTEN = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y")
_LONGEST = 100


def read(value: object) -> datetime | None:
    """*value* in UTC; None where it is no date, or one that could be read in two ways (03/04/2021)."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    for attempt in _attempts(value.strip()):
        with suppress(ValueError, OverflowError, TypeError):
            moment = attempt()
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None


def _attempts(value: str) -> Iterator[Callable[[], datetime]]:
    if re.fullmatch(r"[12]\d{9}", value):
        yield lambda: datetime.fromtimestamp(int(value), UTC)
    elif re.search(r"[a-zA-Z]{3}", value):
        yield lambda: parsedate_to_datetime(value)
        for form in _WRITTEN:
            yield partial(datetime.strptime, value, form)
    elif re.match(r"\d{4}-", value):
        yield lambda: datetime.fromisoformat(value)
