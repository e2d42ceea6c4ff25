"""One copy: where it stands, its story, and why somebody has an edition or not."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from newsletter.delivery.models import Status
from newsletter.delivery.operations import sendlog
from newsletter.editions import shelf
from newsletter.tracking.reports import asking
from newsletter.tracking.reports.answers import Case
from newsletter.tracking.reports.asking import Reply
from newsletter.web.api import problems
from newsletter.web.api.callers import Looks
from newsletter.web.api.door import Door
from newsletter.web.api.fields import ANumber, Number

router = APIRouter(route_class=Door, tags=["Deliveries"])


class Evidence(BaseModel):
    """One thing on record that an answer rests on."""

    at: datetime | None
    source: str = Field(description="Whose record it is: roll, ledger, edition, timetable, or the provider's name.")
    words: str


class Moment(BaseModel):
    """One thing that happened to a copy."""

    at: datetime
    source: str
    words: str = Field(description="In the other side's own words.")
    sentence: str = Field(description="In ours.")


class Answer(BaseModel):
    """Why somebody has an edition or not."""

    edition: str
    edition_id: int | None
    reader: int | None
    case: Case
    sentence: str
    remedy: str = Field(description="What can be done about it; empty where nothing can or need be.")
    evidence: list[Evidence]
    timeline: list[Moment] = Field(description="What happened to the copy, the oldest first.")


class Answers(BaseModel):
    """One for each edition that was asked about, or the newest that they could have."""

    answers: list[Answer]


class CopyShown(Answer):
    """One copy of an edition."""

    batch: int | None = Field(description="Null where no copy was planned for them.")
    status: Status | None
    words: str = Field(description="What the other side said last.")
    at: datetime | None


class Asked(BaseModel):
    """About whom, and which edition."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"who": "eva@example.com", "edition_id": 12}]}
    )

    who: Annotated[str, StringConstraints(min_length=1, max_length=400)] = Field(
        description="An address, or a reader's number."
    )
    edition_id: ANumber | None = Field(default=None, description="Left out: the newest that they could have.")


@router.get("/editions/{edition_id}/copies/{reader}", summary="One copy, and its story")
def show_copy(edition_id: Number, reader: Number, caller: Looks) -> CopyShown:
    """Where it stands, why, and what happened to it; of a reader without one, why they have none."""
    with caller.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        (reply,) = asking.ask(session, caller.app.settings, str(reader), str(edition.id), now=caller.now)
        line = next(sendlog.lines(session, edition_id=edition.id, subscriber_ids=[reader], limit=1), None)
    return CopyShown(
        **_answer(reply).model_dump(),
        batch=line.batch if line else None,
        status=line.status if line else None,
        words=line.reason if line else "",
        at=line.at if line else None,
    )


@router.post("/why", summary="Why has somebody an edition, or not?", responses=problems.may_be(404))
def ask_why(asked: Asked, caller: Looks) -> Answers:
    """A POST, since addresses in the address of a request end up in the logs of proxies; it changes nothing."""
    with caller.app.database.read() as session:
        edition = shelf.get(session, asked.edition_id) if asked.edition_id is not None else None
        named = str(edition.id) if edition else None
        replies = asking.ask(session, caller.app.settings, asked.who, named, now=caller.now)
    return Answers(answers=[_answer(one) for one in replies])


def _answer(reply: Reply) -> Answer:
    answer = reply.answer
    return Answer(
        edition=reply.edition,
        edition_id=reply.edition_id,
        reader=reply.subscriber_id,
        case=answer.case,
        sentence=answer.sentence,
        remedy=answer.remedy,
        evidence=[Evidence(at=one.at, source=one.source, words=one.words) for one in answer.evidence],
        timeline=[
            Moment(at=one.at, source=one.source, words=one.words, sentence=one.sentence) for one in reply.moments
        ],
    )
