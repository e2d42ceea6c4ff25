"""Who is never mailed: listed with the evidence, added, and allowed again with a reason."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from newsletter.jobs import people
from newsletter.tracking import footings
from newsletter.web.api.callers import Caller, Reads, Suppresses
from newsletter.web.api.door import Door
from newsletter.web.api.fields import Address, Flag
from newsletter.web.api.pages import ByNumber, Page
from subscribers import roll, suppressions
from subscribers.models import SuppressionReason

router = APIRouter(route_class=Door, tags=["Suppressions"])

Words = Annotated[str, StringConstraints(max_length=1_000)]


class SuppressionFooting(BaseModel):
    """What a suppression rests on."""

    provider: str = Field(description="Whose word it is.")
    kind: str = Field(description="Their word for it.")
    at: datetime
    edition_id: int | None
    bounce: int | None = Field(description="Of the letter that said so, where it came by mail.")
    by_hand: bool = Field(description="Somebody here read that letter, and said what it is.")


class SuppressionLine(BaseModel):
    """An address of a reader that is never mailed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 31,
                    "email": "eva@example.com",
                    "subscriber": 4711,
                    "reason": "hard_bounce",
                    "note": "550 5.1.1 no such user",
                    "at": "2026-11-20T09:03:11Z",
                    "footing": None,
                }
            ]
        }
    )

    id: int
    email: str
    subscriber: int | None
    reason: SuppressionReason
    note: str = Field(description="In the other side's words, or somebody's here.")
    at: datetime
    footing: SuppressionFooting | None = Field(
        description="Null where somebody decided it, or the evidence is not held any more."
    )


class ToSuppress(BaseModel):
    """An address that is never to be mailed again, whether or not it is anybody's here."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"email": "eva@example.com", "note": "asked by telephone"}]}
    )

    email: Address
    reason: SuppressionReason = SuppressionReason.MANUAL
    note: Words = ""


class ToLift(BaseModel):
    """An address that may be mailed again, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"email": "eva@example.com", "why": "her new mail server, she says"}]},
    )

    email: Address
    why: Annotated[Words, StringConstraints(min_length=1)] = Field(description="It is kept with the history.")
    despite_complaint: Flag = Field(
        default=False, description="They called our mail spam, and have asked for it themselves since."
    )


class SuppressionAnswer(BaseModel):
    """What came of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"changed": True, "subscriber": 4711}]})

    changed: bool = Field(description="False where that was so before.")
    subscriber: int | None = Field(description="Whose address it is; null where it is nobody's here.")


@router.get("/suppressions", summary="Who is never mailed")
def list_suppressions(
    caller: Reads,
    turn: ByNumber,
    reason: Annotated[SuppressionReason | None, Query(description="For this reason alone.")] = None,
) -> Page[SuppressionLine]:
    """The newest first. Of addresses that are nobody's here only hashes are kept, which are not listed."""
    before = turn.after[0] if turn.after else None
    with caller.app.database.read() as session:
        rows = suppressions.listed(session, reason=reason, before=before, limit=turn.fetch)
        rests = footings.of(session, [row.evidence for row in rows])

    def shown(row: suppressions.Listed) -> SuppressionLine:
        rest = rests.get(row.evidence)
        return SuppressionLine(
            id=row.id, email=row.email, subscriber=row.subscriber_id, reason=row.reason, note=row.note, at=row.at,
            footing=_footing(rest) if rest else None,
        )  # fmt: skip

    return Page[SuppressionLine].model_validate(turn.page(rows, shown, lambda row: (row.id,)))


@router.post("/suppressions", summary="Never mail an address again")
def suppress(wanted: ToSuppress, caller: Suppresses) -> SuppressionAnswer:
    """The first reason is kept where it was so already."""
    changed = people.suppress(
        caller.app, wanted.email, reason=wanted.reason, note=wanted.note, by=caller.doer, now=caller.now
    )
    return _became(caller, wanted.email, changed=changed)


@router.post("/suppressions/lift", summary="Allow mail to an address again")
def lift(wanted: ToLift, caller: Suppresses) -> SuppressionAnswer:
    """What was heard of it until now counts no more; a complaint is lifted only in spite of it."""
    changed = people.lift(
        caller.app, wanted.email, why=wanted.why, despite_complaint=wanted.despite_complaint, by=caller.doer,
        now=caller.now,
    )  # fmt: skip
    return _became(caller, wanted.email, changed=changed)


def _became(caller: Caller, email: str, *, changed: bool) -> SuppressionAnswer:
    with caller.app.database.read() as session:
        person = roll.find(session, email)
    return SuppressionAnswer(changed=changed, subscriber=person.id if person else None)


def _footing(rest: footings.Footing) -> SuppressionFooting:
    return SuppressionFooting(
        provider=rest.provider, kind=rest.kind, at=rest.at, edition_id=rest.edition_id, bounce=rest.letter,
        by_hand=rest.by_hand,
    )  # fmt: skip
