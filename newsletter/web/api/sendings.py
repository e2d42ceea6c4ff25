"""The sending of an edition: how it goes, what an act would mean in readers, and the acts."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from newsletter.delivery.models import Sending, SendingState, Status
from newsletter.delivery.operations import balance, waits
from newsletter.delivery.operations.controls import How, Verb
from newsletter.editions import shelf
from newsletter.jobs import steering
from newsletter.web.api import problems
from newsletter.web.api.callers import Caller, Looks, Sends, Stops
from newsletter.web.api.door import Door
from newsletter.web.api.fields import Number, Reason

router = APIRouter(route_class=Door, tags=["Sendings"])

_CODE = r"^[45](?:xx|[0-9]{2})$"
_SEEN = r"^[a-z-]{1,20}\.[0-9]{1,18}(?:\.[0-9a-f]{16})?$"


class BalanceShown(BaseModel):
    """Where the copies stand: planned = accepted + skipped + refused + unknown + to_do, always."""

    planned: int
    accepted: int
    skipped: int
    refused: int
    unknown: int
    to_do: int
    in_flight: int = Field(description="Of those to do, how many may be on the wire now.")


class Waiting(BaseModel):
    """Why nothing moves."""

    why: str
    since: datetime | None
    until: datetime | None


class SendingShown(BaseModel):
    """The sending of one edition."""

    edition_id: int
    state: SendingState
    sender: str
    reason: str = Field(description="Why it is paused or cancelled.")
    balance: BalanceShown
    told: dict[Status, int] = Field(description="How many copies the provider has told what of since.")
    waits: Waiting | None = Field(description="Why nothing moves; null while it does, or has nothing left to do.")
    started_at: datetime
    audience_complete_at: datetime | None
    complete_at: datetime | None


class Part(BaseModel):
    """Some of the readers, and what becomes of them."""

    readers: int
    says: str


class Prospect(BaseModel):
    """What an act would come to."""

    verb: Verb
    readers: int = Field(description="Whom it would touch.")
    seen: str = Field(description="These numbers, to be sent along with the act, which is refused over others.")
    parts: list[Part]


class Why(BaseModel):
    """Why something is done."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the link of story 2"}]})

    reason: Reason = ""


class Retry(Why):
    """Which refusals are tried again."""

    code: Annotated[str, StringConstraints(pattern=_CODE)] = Field(examples=["550", "4xx"])
    seen: Annotated[str, StringConstraints(pattern=_SEEN)] = Field(description="As `prospect` has it.")


class Resolve(Why):
    """What is decided about copies whose fate nobody can prove."""

    how: How
    seen: Annotated[str, StringConstraints(pattern=_SEEN)] = Field(description="As `prospect` has it.")


class Done(BaseModel):
    """What an act came to."""

    readers: int = Field(description="Whom it touched.")
    balance: BalanceShown
    trouble: dict[str, str] = Field(description="What SendGrid would not stop or let go of, by its batch.")


@router.get("/editions/{edition_id}/sending", summary="How its sending goes")
def show_sending(edition_id: Number, caller: Looks) -> SendingShown:
    """The balance, what was told since, and why nothing moves where nothing does; 404 before anything is planned."""
    with caller.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        stands = balance.balance(session, edition_id)
        sending = session.get_one(Sending, edition_id)
        newsletter = caller.app.settings.newsletters.get(edition.newsletter)
        wait = waits.find(session, sending, newsletter.limits, now=caller.now) if newsletter else None
        told = balance.progress(session, edition_id)
    return SendingShown(
        edition_id=edition_id,
        state=sending.state,
        sender=sending.sender,
        reason=sending.reason,
        balance=_balance(stands),
        told=dict(told),
        waits=Waiting(why=wait.why, since=wait.since, until=wait.until) if wait else None,
        started_at=sending.started_at,
        audience_complete_at=sending.audience_complete_at,
        complete_at=sending.complete_at,
    )


@router.get("/editions/{edition_id}/sending/prospect", summary="What an act would mean", responses=problems.may_be(409))
def show_prospect(
    edition_id: Number,
    caller: Looks,
    verb: Verb,
    code: Annotated[str, Query(pattern=rf"{_CODE}|^$", description="For `retry`: which refusals.")] = "",
) -> Prospect:
    """In readers, before it is done; 409 where it can't be done as the sending stands."""
    found = steering.prospect(caller.app, edition_id, verb, code=code, now=caller.now)
    parts = [Part(readers=one.readers, says=one.says) for one in found.parts]
    return Prospect(verb=found.verb, readers=found.readers, seen=found.seen, parts=parts)


@router.post("/editions/{edition_id}/sending/stop", summary="Stop it")
def stop_sending(edition_id: Number, why: Why, caller: Stops) -> Done:
    """What is on the wire is finished; nothing more leaves until somebody lets it go on."""
    return _do(caller, edition_id, Verb.PAUSE, why)


@router.post("/editions/{edition_id}/sending/go-on", summary="Let it go on")
def go_on_sending(edition_id: Number, why: Why, caller: Sends) -> Done:
    """With who has nothing yet."""
    return _do(caller, edition_id, Verb.RESUME, why)


@router.post("/editions/{edition_id}/sending/retry", summary="Try refused copies again")
def retry_refused(edition_id: Number, why: Retry, caller: Sends) -> Done:
    """Who was refused with that code gets another try; nobody who has a copy gets two."""
    return _do(caller, edition_id, Verb.RETRY, why, code=why.code, seen=why.seen)


@router.post("/editions/{edition_id}/sending/resolve", summary="Decide about unknown copies")
def resolve_unknown(edition_id: Number, why: Resolve, caller: Sends) -> Done:
    """Count them as accepted, or send them again, which may give readers a second copy."""
    return _do(caller, edition_id, Verb(why.how.value), why, seen=why.seen)


def _do(caller: Caller, edition_id: int, verb: Verb, why: Why, *, code: str = "", seen: str | None = None) -> Done:
    reason = " ".join(why.reason.split())
    if verb is Verb.PAUSE:
        reason = reason or "stopped by the API"
    done = steering.do(
        caller.app, edition_id, verb, by=caller.doer, reason=reason, code=code, seen=seen, now=caller.now
    )
    return Done(readers=done.readers, balance=_balance(done.balance), trouble=dict(done.trouble))


def _balance(stands: balance.Balance) -> BalanceShown:
    return BalanceShown(
        planned=stands.planned,
        accepted=stands.accepted,
        skipped=stands.skipped,
        refused=stands.refused,
        unknown=stands.unknown,
        to_do=stands.to_do,
        in_flight=stands.in_flight,
    )
