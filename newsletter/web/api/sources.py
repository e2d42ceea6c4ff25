"""The sources: listed, looked at and added, changed, paused, removed, brought back."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.errors import BadInput, NotFound
from newsletter.jobs import subscribing
from newsletter.rendering import prose
from newsletter.stories.models import Health, Kind, Source
from newsletter.stories.reading import sources
from newsletter.web.api import etags, repeats
from newsletter.web.api.callers import Looks, Sets
from newsletter.web.api.door import Door
from newsletter.web.api.etags import IfMatch
from newsletter.web.api.fields import Link, Number
from newsletter.web.api.pages import ByNumber, Page

router = APIRouter(route_class=Door, tags=["Sources"])

_EXAMPLE: dict[str, Any] = {
    "id": 3,
    "url": "https://retaildive.example/feed",
    "name": "Retail Dive",
    "owner": "Industry Dive",
    "kind": "trade",
    "authority": 100,
    "health": "ok",
    "problem": "",
    "fetched_at": "2026-11-26T15:30:00Z",
    "created_at": "2026-01-08T10:00:00Z",
    "paused_at": None,
}
Name = Annotated[str, StringConstraints(max_length=200)]
Authority = Annotated[int, Field(ge=0, le=200, strict=True)]


class SourceShown(BaseModel):
    """A feed that is read."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: int
    url: str
    name: str
    owner: str = Field(description="Two sources of one owner are one voice.")
    kind: Kind
    authority: int = Field(description="In hundredths: 100 is usual.")
    health: Health
    problem: str = Field(description="Why the last visit failed.")
    fetched_at: datetime | None
    created_at: datetime
    paused_at: datetime | None


class NewSource(BaseModel):
    """A feed to read from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"address": "retaildive.example"}]})

    address: Annotated[Link, StringConstraints(min_length=1)] = Field(
        description="Of the feed, or of a site that names one."
    )
    name: Name = Field(default="", description="As readers know it; the feed's own title where it is empty.")
    owner: Name = ""
    kind: Kind = Kind.TRADE
    authority: Authority | None = Field(default=None, description="Follows from the kind where it is left out.")


class ChangedSource(BaseModel):
    """What shall be said otherwise of it; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"authority": 125, "paused": False}]})

    name: Annotated[Name, StringConstraints(min_length=1)] | None = None
    owner: Name | None = None
    kind: Kind | None = None
    authority: Authority | None = None
    paused: Annotated[bool, Field(strict=True)] | None = Field(default=None, description="Left alone, or visited.")


@router.get("/sources", summary="Sources")
def list_sources(
    caller: Looks,
    turn: ByNumber,
    health: Annotated[list[Health] | None, Query(description="How the last visit went.", max_length=5)] = None,
) -> Page[SourceShown]:
    """In the order in which they were added."""
    query = select(Source).where(Source.removed_at.is_(None)).order_by(Source.id).limit(turn.fetch)
    if health:
        query = query.where(Source.health.in_(health))
    if turn.after:
        query = query.where(Source.id > turn.after[0])
    with caller.app.database.read() as session:
        rows = session.scalars(query).all()
    return Page[SourceShown].model_validate(turn.page(rows, _shown, lambda row: (row.id,)))


@router.post("/sources", status_code=201, summary="Add a source")
def add_source(new: NewSource, caller: Sets) -> SourceShown:
    """Its address is visited once, and the feed that is there or that the site names is added."""
    seen = subscribing.look(caller.app, new.address, now=caller.now)
    if seen.problem and not seen.is_away:
        raise BadInput(f"{seen.url} {seen.problem}")
    name = new.name or seen.title or prose.host(seen.url)
    with caller.app.database.write() as session:
        source = sources.add(
            session, seen.url, name=name, owner=new.owner, kind=new.kind, authority=new.authority, now=caller.now
        )
        caller.note(session, "added a source", source.name, url=source.url)
        headers = {"ETag": _tag(source), "Location": f"{caller.app.settings.public_url}/api/sources/{source.id}"}
        made = JSONResponse(_shown(source).model_dump(mode="json"), 201, headers)
        return repeats.finish(session, caller, made)  # type: ignore[return-value]  # said already, as it is kept


@router.get("/sources/{source_id}", summary="One source")
def show_source(source_id: Number, caller: Looks, response: Response) -> SourceShown:
    """With the ETag that changing it asks for."""
    with caller.app.database.read() as session:
        source = _found(session, source_id)
    response.headers["ETag"] = _tag(source)
    return _shown(source)


@router.patch("/sources/{source_id}", summary="Change a source")
def change_source(
    source_id: Number, changed: ChangedSource, seen: IfMatch, caller: Sets, response: Response
) -> SourceShown:
    """What is said of it, or whether it is visited."""
    with caller.app.database.write() as session:
        source = _found(session, source_id, lock=True)
        seen.check(_tag(source))
        if changed.model_dump(exclude={"paused"}, exclude_none=True):
            sources.change(
                session,
                source.url,
                name=changed.name or source.name,
                owner=source.owner if changed.owner is None else changed.owner,
                kind=changed.kind or source.kind,
                authority=source.authority if changed.authority is None else changed.authority,
            )
            caller.note(session, "changed a source", source.name, url=source.url)
        if changed.paused is not None and changed.paused != (source.paused_at is not None):
            did = "paused a source" if changed.paused else "visits a source again"
            if changed.paused:
                sources.pause(session, source.url, now=caller.now)
            else:
                sources.resume(session, source.url)
            caller.note(session, did, source.name, url=source.url)
    response.headers["ETag"] = _tag(source)
    return _shown(source)


@router.delete("/sources/{source_id}", status_code=204, summary="Remove a source")
def remove_source(source_id: Number, seen: IfMatch, caller: Sets) -> None:
    """With its articles; for thirty days `restore` brings both back."""
    with caller.app.database.write() as session:
        source = _found(session, source_id, lock=True)
        seen.check(_tag(source))
        sources.remove(session, source.url, now=caller.now)
        caller.note(session, "removed a source", source.name, url=source.url)


@router.post("/sources/{source_id}/restore", summary="Bring a source back")
def restore_source(source_id: Number, caller: Sets, response: Response) -> SourceShown:
    """One that was removed in the last thirty days, with its articles."""
    with caller.app.database.write() as session:
        source = sources.restore(session, source_id)
        caller.note(session, "brought a source back", source.name, url=source.url)
    response.headers["ETag"] = _tag(source)
    return _shown(source)


def _found(session: Session, number: int, *, lock: bool = False) -> Source:
    query = select(Source).where(Source.id == number, Source.removed_at.is_(None))
    source = session.scalar(query.with_for_update() if lock else query)
    if source is None:
        raise NotFound(f"there is no source {number}")
    return source


def _tag(source: Source) -> str:
    """Of what people say of it; how its visits go changes by itself."""
    said = (source.url, source.name, source.owner, source.kind, source.authority)
    return etags.of(source.id, *said, source.paused_at, source.removed_at)


def _shown(source: Source) -> SourceShown:
    return SourceShown(**{name: getattr(source, name) for name in SourceShown.model_fields})
