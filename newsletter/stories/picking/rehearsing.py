"""Stored weeks through today's picker, against what was sent; nothing is stored and nothing is sent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import Newsletter
from newsletter.stories.models import Published
from newsletter.stories.picking import choosing, picker
from newsletter.stories.picking.decisions import Rules
from newsletter.stories.picking.picker import Ranked
from newsletter.stories.picking.windows import window

#: what a slot is worth: the story that was sent in it, one that was sent in another
_IN_PLACE, _SENT = 3, 2


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One edition as it was sent, and as it would be picked today."""

    day: date
    sent: tuple[str, ...]
    picked: tuple[str, ...]
    ndcg: float
    #: the share of what was sent that would be picked
    overlap: float
    #: how many stories an editor would have to swap
    swaps: int


def rehearse(session: Session, newsletter: Newsletter, weeks: int) -> list[Rehearsal]:
    """Replay the last *weeks* sent editions without their editors' decisions, the oldest first."""
    sent = select(Published.date).where(Published.newsletter == newsletter.slug).distinct()
    days = session.scalars(sent.order_by(Published.date.desc()).limit(weeks)).all()
    return [_replay(session, newsletter, day) for day in reversed(days)]


def _replay(session: Session, newsletter: Newsletter, day: date) -> Rehearsal:
    query = select(Published).where(Published.newsletter == newsletter.slug, Published.date == day)
    sent = session.scalars(query.order_by(Published.position)).all()
    seen = choosing.snapshot(session, newsletter, day, window=window(newsletter, day))
    picked = picker.pick(replace(seen, rules=Rules())).chosen
    return compare(day, sent, picked)


def compare(day: date, sent: Sequence[Published], picked: Sequence[Ranked]) -> Rehearsal:
    """How near *picked* comes to *sent*; they are one story where they share a link."""
    gains: list[int] = []
    found: set[int] = set()
    for slot, one in enumerate(picked, start=1):
        place = next((row.position for row in sent if not set(row.urls).isdisjoint(one.story.urls)), None)
        is_new = place is not None and place not in found
        gains.append((_IN_PLACE if place == slot else _SENT) if is_new else 0)
        found.update([place] if place is not None else [])
    ideal = _dcg([_IN_PLACE] * len(sent))
    return Rehearsal(
        day=day,
        sent=tuple(row.headline for row in sent),
        picked=tuple(one.draft.headline for one in picked),
        ndcg=_dcg(gains) / ideal if ideal else 0.0,
        overlap=len(found) / len(sent) if sent else 0.0,
        swaps=len(sent) - len(found),
    )


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))
