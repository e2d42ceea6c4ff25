"""Decisions about an edition: approve, hold, skip, take back, cancel; and test copies of it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from newsletter.editions import shelf
from newsletter.errors import AlreadyDone, WrongState
from newsletter.jobs import deciding, trying
from newsletter.web.api import editions
from newsletter.web.api.callers import Approves, Caller, Drafts
from newsletter.web.api.door import Door
from newsletter.web.api.editions import EditionFound
from newsletter.web.api.fields import Number, Reason
from newsletter.web.api.repeats import once

router = APIRouter(route_class=Door, tags=["Editions"])

_CHANGED = "It has changed: it is at revision {}. Look at it as it is now, then decide."


class Decision(BaseModel):
    """About which revision, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"revision": 3, "reason": "the court rules today"}]}
    )

    revision: int = Field(ge=1, le=2**31 - 1, strict=True, description="The one that was looked at.")
    reason: Reason = ""


class Approval(Decision):
    """About which bytes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"revision": 3, "digest": "9f2c…64 hexadecimal digits", "reason": ""}]},
    )

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="Of what would go out, as `check` has it."
    )


class Receivers(BaseModel):
    """Where test copies go."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"to": ["editor@news.example.com"]}]})

    to: list[Annotated[str, StringConstraints(min_length=1, max_length=320)]] = Field(
        min_length=1, max_length=trying.MOST_AT_ONCE
    )


class TestCopy(BaseModel):
    """What became of one test copy."""

    address: str
    taken: bool
    said: str = Field(description="In the other side's own words.")


class TestCopies(BaseModel):
    """What became of each."""

    copies: list[TestCopy]


@router.post("/editions/{edition_id}/approve", summary="Approve")
def approve_edition(edition_id: Number, said: Approval, caller: Approves) -> EditionFound:
    """Say yes to these bytes of this revision. Approved already, it stays so."""
    verb = partial(deciding.approve, digest=said.digest, revision=said.revision)
    return _decide(caller, edition_id, said, "approved", verb, bytes=said.digest[:12])


@router.post("/editions/{edition_id}/hold", summary="Hold")
def hold_edition(edition_id: Number, said: Decision, caller: Approves) -> EditionFound:
    """Not now; it stays until somebody decides again."""
    return _decide(caller, edition_id, said, "held", partial(deciding.hold, revision=said.revision))


@router.post("/editions/{edition_id}/skip", summary="Skip")
def skip_edition(edition_id: Number, said: Decision, caller: Approves) -> EditionFound:
    """No edition this time."""
    return _decide(caller, edition_id, said, "skipped", deciding.skip)


@router.post("/editions/{edition_id}/reopen", summary="Take it back")
def reopen_edition(edition_id: Number, said: Decision, caller: Approves) -> EditionFound:
    """Take an approval, a hold or a skip back: it is in review again."""
    return _decide(caller, edition_id, said, "reopened", deciding.reopen)


@router.post("/editions/{edition_id}/cancel", summary="Cancel for good")
def cancel_edition(edition_id: Number, said: Decision, caller: Approves) -> EditionFound:
    """Stop it for good; while it is being sent, who has a copy keeps it, and nobody else gets one."""
    return _decide(caller, edition_id, said, "cancelled", deciding.cancel)


@router.post("/editions/{edition_id}/test", summary="Send test copies")
@once
def send_test(edition_id: Number, receivers: Receivers, caller: Drafts) -> TestCopies:
    """As it would go out now, marked [Test], to up to ten addresses; readers and figures know nothing of it."""
    done = trying.to_addresses(caller.app, edition_id, receivers.to, by=caller.doer, now=caller.now)
    return TestCopies(copies=[TestCopy(address=one.address, taken=one.taken, said=one.said) for one in done])


def _decide(
    caller: Caller, edition_id: int, said: Decision, did: str, verb: Callable[..., object], **more: Any
) -> EditionFound:
    reason = " ".join(said.reason.split())
    with caller.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        if edition.revision != said.revision:
            raise WrongState(_CHANGED.format(edition.revision))
    try:
        verb(caller.app, edition_id, by=caller.doer.who, reason=reason, now=caller.now)
    except AlreadyDone:
        return editions.refreshed(caller, edition_id)
    with caller.app.database.write() as session:
        details = more | ({"reason": reason} if reason else {})
        caller.note(session, did, shelf.name(edition), revision=edition.revision, **details)
    return editions.refreshed(caller, edition_id)
