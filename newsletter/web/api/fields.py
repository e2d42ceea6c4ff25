"""Kinds of values that requests bring, with the limits that all of them share."""

from typing import Annotated

from fastapi import Path
from pydantic import Field, StringConstraints

_HIGHEST = 2**63 - 1

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
