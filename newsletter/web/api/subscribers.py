"""Readers: found, looked at, added, changed, taken off lists, forgotten; with no address in a URL."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from newsletter.errors import NotFound
from newsletter.jobs import people
from newsletter.web.api import etags, repeats
from newsletter.web.api.callers import Reads, Suppresses
from newsletter.web.api.door import Door
from newsletter.web.api.etags import IfMatch
from newsletter.web.api.fields import Address, Day, Flag, Number, Slug
from newsletter.web.api.pages import ByNumber, Page
from subscribers import roll, standing
from subscribers.history import Step
from subscribers.models import Barred, Consent, Rhythm, Subscriber, SuppressionReason
from subscribers.standing import Standing

router = APIRouter(route_class=Door, tags=["Subscribers"])

_LINE: dict[str, Any] = {
    "id": 4711,
    "email": "eva@example.com",
    "name": "Eva",
    "language": "fr",
    "time_zone": "Europe/Paris",
    "created_at": "2026-01-08T10:00:00Z",
}
Name = Annotated[str, StringConstraints(max_length=200)]
Language = Annotated[str, StringConstraints(max_length=35)]
Zone = Annotated[str, StringConstraints(max_length=64)]
Lists = Annotated[list[Slug], Field(max_length=50)]


class SubscriberLine(BaseModel):
    """A reader, as lists have them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LINE]})

    id: int
    email: str
    name: str
    language: str = Field(description="BCP 47; empty: the newsletter's own.")
    time_zone: str = Field(description="IANA; empty: the newsletter's own.")
    created_at: datetime


class ListPlace(BaseModel):
    """How they stand with a list that they ever were on."""

    list: str
    consent: Consent
    changed_at: datetime
    invited_at: datetime | None = Field(description="When they were last asked for their yes.")


class ConsentStep(BaseModel):
    """One change of consent, with what is on record about it."""

    at: datetime
    list: str
    consent: Consent
    source: str = Field(description="By which way, or where the yes is on record.")
    form: str
    wording: str = Field(description="The words that were agreed to; empty where none were shown.")
    given_at: datetime | None = Field(description="When they said so, where that was at another moment.")
    given_from: str


class SuppressedFor(BaseModel):
    """Why nothing is mailed to them."""

    reason: SuppressionReason
    note: str
    at: datetime


class SubscriberShown(SubscriberLine):
    """A reader, with how they stand, what they chose, and their consent history."""

    rhythm: Rhythm
    paused_until: date | None
    plain_text: bool
    topics: list[str]
    lists: list[ListPlace]
    suppression: SuppressedFor | None
    history: list[ConsentStep] = Field(description="The oldest first.")


class AddressBar(BaseModel):
    """What is known against an address that is nobody's here."""

    reason: Barred
    at: datetime


class SubscriberSearch(BaseModel):
    """Whom to look for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"email": "eva@example.com"}]})

    email: Address


class SubscriberFound(BaseModel):
    """Who has an address, or had it before; or why nobody may be brought in by it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"subscriber": None, "bar": {"reason": "erased", "at": "2026-10-02T08:00:00Z"}}]
        }
    )

    subscriber: SubscriberShown | None
    bar: AddressBar | None = Field(description="What is known against an address that is nobody's here.")


class NewSubscriber(BaseModel):
    """Somebody to put on lists."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"email": "eva@example.com", "lists": ["weekly"], "confirmed_by": "form at the fair, 3 May 2024"}
            ]
        },
    )

    email: Address
    name: Name = ""
    language: Language = ""
    time_zone: Zone = ""
    lists: Lists = []
    confirmed_by: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="",
        description="They have said yes already, and this is where it is on record. Left empty they wait for a"
        " confirmation, and get nothing before it.",
    )
    again: Flag = Field(default=False, description="They left, and ask to come back: they wait for a new confirmation.")


class ChangedSubscriber(BaseModel):
    """What shall be otherwise; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Eva M.", "paused_until": "2026-12-24"}]}
    )

    name: Name | None = None
    language: Language | None = None
    time_zone: Zone | None = None
    rhythm: Rhythm | None = None
    paused_until: Day | None = Field(default=None, description="Null, or a day that is past: not paused.")
    plain_text: Flag | None = None
    topics: Lists | None = None


class ListsLeft(BaseModel):
    """Which lists they leave."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"lists": ["weekly"]}]})

    lists: Lists | None = Field(default=None, description="Left out: all of them.")


@router.get("/subscribers", summary="Readers")
def list_subscribers(
    caller: Reads,
    turn: ByNumber,
    on: Annotated[Slug | None, Query(alias="list", description="On this list.")] = None,
    consent: Annotated[Consent, Query(description="Who stands so with that list.")] = Consent.CONFIRMED,
) -> Page[SubscriberLine]:
    """By number: all of them, or those who stand so with a list."""
    after = turn.after[0] if turn.after else 0
    with caller.app.database.read() as session:
        rows = roll.page(session, on, consent=consent, after=after, limit=turn.fetch)
        return Page[SubscriberLine].model_validate(turn.page(rows, _line, lambda row: (row.id,)))


@router.post("/search/subscribers", summary="Find a reader by address")
def find_subscriber(search: SubscriberSearch, caller: Reads) -> SubscriberFound:
    """Who has exactly that address, in whatever case, or had it before. It changes nothing."""
    with caller.app.database.read() as session:
        found = standing.of_address(session, search.email)
        shown = _shown(session, session.get_one(Subscriber, found.person.id)) if found.person else None
    bar = AddressBar(reason=found.bar.reason, at=found.bar.at) if found.bar else None
    return SubscriberFound(subscriber=shown, bar=bar)


@router.post("/subscribers", status_code=201, summary="Add a reader")
def add_subscriber(new: NewSubscriber, caller: Suppresses) -> SubscriberShown:
    """Put somebody on lists. Who is here already gets what was missing; who left a list stays off it."""
    with caller.app.database.write() as session:
        person = people.add(
            session, new.email, name=new.name, language=new.language, time_zone=new.time_zone, lists=new.lists,
            confirmed_by=new.confirmed_by, again=new.again, by=caller.doer, now=caller.now,
        )  # fmt: skip
        shown = _shown(session, person)
        where = f"{caller.app.settings.public_url}/api/subscribers/{person.id}"
        made = JSONResponse(shown.model_dump(mode="json"), 201, {"ETag": _tag(shown), "Location": where})
        return repeats.finish(session, caller, made)  # type: ignore[return-value]  # said already, as it is kept


@router.get("/subscribers/{number}", summary="One reader")
def show_subscriber(number: Number, caller: Reads, response: Response) -> SubscriberShown:
    """How they stand, what they chose, and every change of their consent."""
    with caller.app.database.read() as session:
        shown = _shown(session, _found(session, number))
    response.headers["ETag"] = _tag(shown)
    return shown


@router.patch("/subscribers/{number}", summary="Change what is known of a reader")
def change_subscriber(
    number: Number, changed: ChangedSubscriber, seen: IfMatch, caller: Suppresses, response: Response
) -> SubscriberShown:
    """Name and choices. An address is changed by its owner alone, who is asked at both."""
    wanted = {name: getattr(changed, name) for name in changed.model_fields_set}
    with caller.app.database.write() as session:
        person = _found(session, number, lock=True)
        seen.check(_tag(_shown(session, person)))
        name = wanted.pop("name", None)
        # null is no choice, but for a pause it is one: none
        chosen = {which: said for which, said in wanted.items() if said is not None or which == "paused_until"}
        if "topics" in chosen:
            chosen["topics"] = frozenset(chosen["topics"])
        people.change(session, caller.app, person, name=name, chosen=chosen, by=caller.doer, now=caller.now)
        shown = _shown(session, person)
    response.headers["ETag"] = _tag(shown)
    return shown


@router.post("/subscribers/{number}/unsubscribe", summary="Take a reader off lists")
def unsubscribe(number: Number, leaving: ListsLeft, caller: Suppresses) -> SubscriberShown:
    """They leave those lists, or all; once they have left, it changes nothing."""
    with caller.app.database.read() as session:
        _found(session, number)
    people.unsubscribe(caller.app, number, leaving.lists, by=caller.doer, now=caller.now)
    with caller.app.database.read() as session:
        return _shown(session, _found(session, number))


@router.delete("/subscribers/{number}", status_code=204, summary="Erase a reader")
def erase_subscriber(number: Number, seen: IfMatch, caller: Suppresses) -> None:
    """Name, address, lists and history are forgotten for good; a salted hash keeps them from coming back by a file."""
    with caller.app.database.read() as session:
        seen.check(_tag(_shown(session, _found(session, number))))
    if not people.erase(caller.app, number, by=caller.doer, now=caller.now):
        raise NotFound(f"there is no reader {number} any more")


def _found(session: Session, number: int, *, lock: bool = False) -> Subscriber:
    person = session.get(Subscriber, number, with_for_update=lock)
    if person is None:
        raise NotFound(f"there is no reader {number}")
    return person


def _line(person: Subscriber) -> SubscriberLine:
    return SubscriberLine(**{name: getattr(person, name) for name in SubscriberLine.model_fields})


def _shown(session: Session, person: Subscriber) -> SubscriberShown:
    stands = standing.of_number(session, person.id).person
    if stands is None:
        raise NotFound(f"there is no reader {person.id} any more")
    session.refresh(person)
    stop = stands.suppression
    return SubscriberShown(
        **_line(person).model_dump(),
        rhythm=stands.rhythm,
        paused_until=stands.paused_until,
        plain_text=person.plain_text,
        topics=sorted(stands.topics),
        lists=_places(stands),
        suppression=SuppressedFor(reason=stop.reason, note=stop.note, at=stop.at) if stop else None,
        history=[_step(step) for step in stands.steps],
    )


def _places(stands: Standing) -> list[ListPlace]:
    return [
        ListPlace(list=slug, consent=place.consent, changed_at=place.changed_at, invited_at=place.invited_at)
        for slug, place in (stands.on or {}).items()
    ]


def _step(step: Step) -> ConsentStep:
    same = {name: getattr(step, name) for name in ConsentStep.model_fields if name != "list"}
    return ConsentStep(list=step.slug, **same)


def _tag(shown: SubscriberShown) -> str:
    return etags.of(shown.model_dump(mode="json"))
