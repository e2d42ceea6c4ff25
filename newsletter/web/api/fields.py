"""Kinds of values that requests bring, with the limits that all of them share."""

import re
from datetime import date
from typing import Annotated, Any

from fastapi import Path
from pydantic import BeforeValidator, Field, StringConstraints

_HIGHEST = 2**63 - 1
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written(said: Any) -> Any:
    """Only what is written as a day: pydantic would take figures for seconds since 1970."""
    if isinstance(said, str) and not _DAY.fullmatch(said):
        raise ValueError("write a day as 2026-11-27")
    return said


#: a day, as ISO 8601 writes it
Day = Annotated[date, BeforeValidator(_written)]
#: what a row is known by, in the address
Number = Annotated[int, Path(ge=1, le=_HIGHEST, description="Its number.")]
#: the same in a filter or a body
ANumber = Annotated[int, Field(ge=1, le=_HIGHEST)]
#: the name of a newsletter
Slug = Annotated[str, StringConstraints(min_length=1, max_length=64)]
#: a line that people read
Line = Annotated[str, StringConstraints(max_length=1_000)]
Link = Annotated[str, StringConstraints(max_length=2_000)]
#: paragraphs, parted by an empty line
Text = Annotated[str, StringConstraints(max_length=20_000)]
#: why, in one's own words
Reason = Annotated[str, StringConstraints(max_length=500)]
