"""A happening as one endpoint gets it: the same bytes at every try, as long as the endpoint wants the same."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition
from newsletter.tracking.models import Event
from newsletter.tracking.webhooks import kinds
from newsletter.tracking.webhooks.models import Endpoint, Happening


def of(session: Session, happening: Happening, endpoint: Endpoint) -> bytes | None:
    """What *endpoint* is posted; None where it wants nothing of it."""
    if happening.type == kinds.DELIVERIES:
        told = [one for one in _copies(session, happening, endpoint) if _is_for(endpoint, one)]
        return packed(happening.type, happening.at, {"events": told}) if told else None
    # what is about no newsletter, such as the clock, is everybody's
    if endpoint.newsletter and happening.newsletter not in {"", endpoint.newsletter}:
        return None
    if not kinds.wants(endpoint.kinds, happening.type):
        return None
    return packed(happening.type, happening.at, happening.data)


def packed(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """The body of a post."""
    return orjson.dumps({"type": kind, "timestamp": moment(at), "data": data})


def moment(at: datetime) -> str:
    """ "2021-11-26T09:00:00.000Z"."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_for(endpoint: Endpoint, one: Mapping[str, Any]) -> bool:
    return endpoint.newsletter in {"", one["newsletter"]} and kinds.wants(endpoint.kinds, one["type"])


def _copies(session: Session, happening: Happening, endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    if not kinds.wants_deliveries(endpoint.kinds):
        return
    if happening.source == "batch":
        yield from _handed_over(happening)
    else:
        yield from _heard(session, happening.data["first"], happening.data["last"])


def _handed_over(happening: Happening) -> Iterator[dict[str, Any]]:
    for group in happening.data["groups"]:
        for reader in group["readers"]:
            yield {
                "id": f"copy-{happening.id}-{reader}",
                "type": group["type"],
                "at": group["at"],
                "newsletter": happening.newsletter,
                "edition": group["edition"],
                "reader": reader,
                **({"code": group["code"]} if group["code"] else {}),
            }


def _heard(session: Session, first: int, last: int) -> Iterator[dict[str, Any]]:
    query = (
        select(
            Event.id, Event.provider, Event.kind, Event.at, Event.edition_id, Event.subscriber_id, Event.lesson,
            Edition.newsletter,
        )
        .outerjoin(Edition, Edition.id == Event.edition_id)
        .where(Event.id.between(first, last), kinds.is_told())
        .order_by(Event.id)
    )  # fmt: skip
    for one in session.execute(query):
        yield {
            "id": f"event-{one.id}",
            "type": kinds.of_event(one.provider, one.kind),
            "at": moment(one.at),
            "newsletter": one.newsletter,
            "edition": one.edition_id,
            "reader": one.subscriber_id,
            **({"lesson": one.lesson} if one.lesson else {}),
        }
