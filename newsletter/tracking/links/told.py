"""What a provider tells of opens and clicks, counted and judged like what we hear ourselves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from json import loads
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.rendering.counted import PIXEL
from newsletter.tracking.heard import Heard
from newsletter.tracking.links import agents, visits
from newsletter.tracking.links.models import Link, Tracked
from newsletter.tracking.links.visits import Memory, Note

OPEN, CLICK = "open", "click"
#: the number of a link of the provider's that is none of the edition's
OTHER = 0xFFFE


def take(session: Session, new: Iterable[Heard]) -> None:
    """Count what is *new* and ours of opens and clicks; who is named in it, as far as the edition's own counting."""
    heard = [
        each
        for each in new
        if each.kind in (OPEN, CLICK)
        and each.is_ours
        and each.edition_id is not None
        and each.subscriber_id is not None
    ]
    if not heard:
        return
    editions = {each.edition_id for each in heard if each.edition_id is not None}
    modes = dict(
        session.execute(select(Tracked.edition_id, Tracked.mode).where(Tracked.edition_id.in_(editions))).all()
    )
    query = select(Link.edition_id, Link.url, Link.number).where(Link.edition_id.in_(editions))
    numbers = {(edition_id, url): number for edition_id, url, number in session.execute(query.order_by(-Link.number))}
    visits.write(session, list(_notes(heard, modes, numbers)), Memory())


def _notes(heard: Sequence[Heard], modes: Mapping[int, str], numbers: Mapping[tuple[int, str], int]) -> Iterator[Note]:
    for each in sorted(heard, key=lambda one: one.at):
        said, edition_id = _said(each.payload), each.edition_id or 0
        number = PIXEL if each.kind == OPEN else numbers.get((edition_id, str(said.get("url", ""))), OTHER)
        yield Note(
            edition_id,
            each.subscriber_id or 0,
            number,
            each.at,
            head=False,
            agent=agents.name(str(said.get("useragent") or "")),
            network=str(said.get("network") or ""),
            mode=modes.get(edition_id, "individual"),
            flagged=said.get("sg_machine_open") is True,
            provider=each.provider,
        )


def _said(payload: Any) -> Mapping[str, Any]:
    said = loads(payload) if isinstance(payload, str | bytes) else payload
    return said if isinstance(said, Mapping) else {}
