"""Letters that came back: listed, read, judged by hand, and the verdict taken back."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from newsletter.jobs import judging
from newsletter.tracking.mailbox import rulings, shelf
from newsletter.tracking.models import Returned
from newsletter.web.api.callers import Caller, Looks, Reads, Suppresses
from newsletter.web.api.door import Door
from newsletter.web.api.fields import ANumber, Flag, Number
from newsletter.web.api.pages import ByNumber, Page

router = APIRouter(route_class=Door, tags=["Bounces"])


class BounceLine(BaseModel):
    """A letter that came back, and what was made of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 88,
                    "at": "2026-11-27T09:04:00Z",
                    "action": "unrecognised",
                    "meaning": "",
                    "code": "",
                    "edition_id": 12,
                    "subscriber": 4711,
                    "to_judge": True,
                }
            ]
        }
    )

    id: int
    at: datetime = Field(description="When it was written, if that can be believed.")
    action: str = Field(description="What it is.")
    meaning: str = Field(description="What it says of the address; empty where it says nothing.")
    code: str
    edition_id: int | None
    subscriber: int | None
    to_judge: bool = Field(description="A person should look at it, and has not.")


class BounceRuling(BaseModel):
    """What somebody said of it."""

    at: datetime
    by: str
    said: str
    came_of_it: str


class BounceShown(BounceLine):
    """A letter with its words, while they are kept."""

    subject: str
    text: str = Field(description="Its beginning, headers and all; empty where it has been forgotten.")
    rulings: list[BounceRuling]


class BounceVerdict(BaseModel):
    """What a letter is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"word": "dead", "subscriber": 4711}]})

    word: Annotated[str, Field(json_schema_extra={"enum": list(rulings.WORDS)})]
    subscriber: ANumber | None = Field(default=None, description="Whom it is about, where that is not known.")


class BounceJudged(BaseModel):
    """What came of it."""

    came_of_it: str
    bounce: BounceLine


@router.get("/bounces", summary="Letters that came back")
def list_bounces(
    caller: Looks,
    turn: ByNumber,
    everything: Annotated[Flag, Query(description="Also those that nobody need look at.")] = False,
) -> Page[BounceLine]:
    """The newest first; those that somebody should look at, or all."""
    before = turn.after[0] if turn.after else None
    with caller.app.database.read() as session:
        rows = shelf.newest(session, everything=everything, before=before, limit=turn.fetch)
        return Page[BounceLine].model_validate(turn.page(rows, _line, lambda row: (row.id,)))


@router.get("/bounces/{number}", summary="One letter")
def show_bounce(number: Number, caller: Reads) -> BounceShown:
    """With its words, which name people."""
    with caller.app.database.read() as session:
        found = shelf.show(session, number)
        said = [BounceRuling(at=one.at, by=one.by, said=one.said, came_of_it=one.came_of_it) for one in found.rulings]
        return BounceShown(
            **_line(found.letter).model_dump(),
            subject=shelf.subject(found.raw),
            text=shelf.readable(found.raw),
            rulings=said,
        )


@router.post("/bounces/{number}/judge", summary="Say what a letter is")
def judge_bounce(number: Number, verdict: BounceVerdict, caller: Suppresses) -> BounceJudged:
    """What follows from that is done: an address is suppressed, a reader leaves, or nothing."""
    sentence = judging.judge(caller.app, number, verdict.word, about=verdict.subscriber, by=caller.doer, now=caller.now)
    return _judged(caller, number, sentence)


@router.post("/bounces/{number}/take-back", summary="Take a verdict back")
def take_back_verdict(number: Number, caller: Suppresses) -> BounceJudged:
    """What was said last holds no more, and things stand as before."""
    return _judged(caller, number, judging.take_back(caller.app, number, by=caller.doer, now=caller.now))


def _judged(caller: Caller, number: int, sentence: str) -> BounceJudged:
    with caller.app.database.read() as session:
        return BounceJudged(came_of_it=sentence, bounce=_line(shelf.get(session, number)))


def _line(letter: Returned) -> BounceLine:
    return BounceLine(
        id=letter.id, at=letter.at, action=letter.action, meaning=letter.meaning, code=letter.code,
        edition_id=letter.edition_id, subscriber=letter.subscriber_id, to_judge=letter.is_odd,
    )  # fmt: skip
