"""Kinds of values that requests bring, with the limits that all of them share."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

#: what a row can be known by
HIGHEST = 2**63 - 1
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")


def _written(said: Any) -> Any:
    """Only what is written as a day: pydantic would take figures for seconds since 1970."""
    if not isinstance(said, str) or not _DAY.fullmatch(said):
        raise ValueError("write a day as 2026-11-27")
    return said


def _text(said: Any) -> Any:
    if not isinstance(said, str) or not _MOMENT.match(said):
        raise ValueError("write a moment as 2026-11-27T09:00:00Z")
    return said


def _in_utc(said: datetime) -> datetime:
    """As databases keep it; the first and the last hours of all can't be told in every zone."""
    try:
        return said.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("that is before the year 1 or after 9999") from error


def _yes_or_no(said: Any) -> Any:
    """What stands in an address is text; pydantic would take "on" and 1 as well."""
    found = {"true": True, "false": False}.get(said, said) if isinstance(said, str) else said
    if not isinstance(found, bool):
        raise ValueError("say true or false")  # noqa: TRY004  # pydantic tells of no other
    return found


#: a day, as ISO 8601 writes it
Day = Annotated[date, BeforeValidator(_written)]
#: what a row is known by, in the address
Number = Annotated[int, Path(ge=1, le=HIGHEST, description="Its number.")]
#: the same in a filter or a body
ANumber = Annotated[int, Field(ge=1, le=HIGHEST)]
#: the name of a newsletter
Slug = Annotated[str, StringConstraints(min_length=1, max_length=64)]
#: true or false, and nothing that is like it
Flag = Annotated[bool, BeforeValidator(_yes_or_no)]
#: a moment, with its zone
AMoment = Annotated[AwareDatetime, BeforeValidator(_text), AfterValidator(_in_utc)]
#: somebody's, as it is typed
Address = Annotated[str, StringConstraints(min_length=1, max_length=320)]
#: a line that people read
Line = Annotated[str, StringConstraints(max_length=1_000)]
Link = Annotated[str, StringConstraints(max_length=2_000)]
#: paragraphs, parted by an empty line
Text = Annotated[str, StringConstraints(max_length=20_000)]
#: why, in one's own words
Reason = Annotated[str, StringConstraints(max_length=500)]
