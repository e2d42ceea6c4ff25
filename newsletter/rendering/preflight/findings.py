"""What a check has found."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    #: as it should be
    GREEN = "green"
    #: an editor should look at it
    AMBER = "amber"
    #: must not go out like this
    RED = "red"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's word on one proof."""

    #: "size", "images", "unsubscribe"
    check: str
    level: Level
    text: str


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among *findings*."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.GREEN)
