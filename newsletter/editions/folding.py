"""Which revisions are versions: what is saved while somebody types is one, until they pause or somebody else looks.

Nothing that anybody else saw is folded away, and nothing that has a name.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from newsletter.editions.models import Wording

#: who saves nothing for so long has paused
PAUSE = timedelta(minutes=3)
#: a version is no longer work than this
LONGEST = timedelta(minutes=15)


def goes_on(last: Wording | None, by: str, at: datetime, *, auto: bool) -> bool:
    """Whether what *by* saves *at* that time belongs to the version that *last* is."""
    if last is None or last.began_at is None:
        return False
    is_typing = auto and last.auto and last.by == by
    is_open = not last.name and not last.seen
    return is_typing and is_open and timedelta() <= at - last.at <= PAUSE and at - last.began_at <= LONGEST


def versions(kept: Sequence[Wording]) -> list[Wording]:
    """Those of *kept*, the newest first, that are not folded into a later one."""
    return [*kept[:1], *(row for newer, row in pairwise(kept) if not _is_folded(row, newer))]


def _is_folded(row: Wording, newer: Wording) -> bool:
    went_on = newer.began_at is not None and newer.began_at == row.began_at and newer.by == row.by
    return went_on and row.auto and newer.auto and not row.name and not row.seen
