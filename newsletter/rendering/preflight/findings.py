"""What a check has found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Level(StrEnum):
    """How bad it is; the worst comes last."""

    #: as it should be
    GREEN = "green"
    #: it was not asked, or could not be: nobody can say, and nobody is stopped
    UNKNOWN = "unknown"
    #: an editor should look at it
    AMBER = "amber"
    #: must not go out like this
    RED = "red"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's word on one proof: where, what, and what to do about it."""

    #: "size", "images", "unsubscribe"
    check: str
    level: Level
    text: str
    #: the editor's field where it is mended ("subject", "stories-0-url"); empty where it is mended elsewhere
    field: str = ""

    @property
    def key(self) -> str:
        """What it is known by when somebody sets it aside: another sentence is another finding."""
        return sha256("\n".join((self.check, self.field, self.text)).encode()).hexdigest()[:16]


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among *findings*."""
    return max((finding.level for finding in findings), key=list(Level).index, default=Level.GREEN)


def sort(findings: Iterable[Finding]) -> list[Finding]:
    """*findings*, the worst first, else in their order."""
    return sorted(findings, key=lambda finding: -list(Level).index(finding.level))


def or_green(check: str, text: str, found: Sequence[Finding], *, most: int = 20) -> Sequence[Finding]:
    """*found*, or that all is well; of a flood the worst *most*, and how many more there are."""
    if not found:
        return [Finding(check, Level.GREEN, text)]
    if len(found) <= most:
        return found
    kept, left = sort(found)[:most], sort(found)[most:]
    return [*kept, Finding(check, left[0].level, f"There are {len(left)} more findings like these.")]
