"""The lists that readers are on, with their figures, and the saved segments."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from newsletter.web.api import repeats
from newsletter.web.api.callers import Looks, Sets
from newsletter.web.api.door import Door
from subscribers import roll
from subscribers.segments import shelf

router = APIRouter(route_class=Door, tags=["Lists"])


class ListShown(BaseModel):
    """A list, and how many stand how with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"slug": "weekly", "title": "Weekly", "confirmed": 48210, "pending": 311, "unsubscribed": 5020}
            ]
        }
    )

    slug: str
    title: str
    confirmed: int
    pending: int
    unsubscribed: int


class Lists(BaseModel):
    """Every list."""

    items: list[ListShown]


class NewList(BaseModel):
    """A list to make."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"slug": "retail-tech", "title": "Retail technology"}]}
    )

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    title: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", description="As readers know it; made from its name where it is empty."
    )


class ListMade(BaseModel):
    """A list."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"slug": "retail-tech", "title": "Retail technology", "created_at": "2026-11-27T09:00:00Z"}]
        }
    )

    slug: str
    title: str
    created_at: datetime


class SegmentShown(BaseModel):
    """A saved filter over readers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "french", "query": "list:weekly and language:fr", "changed_at": "2026-11-20T09:00:00Z"}
            ]
        }
    )

    name: str
    query: str = Field(description="As it was written.")
    changed_at: datetime


class Segments(BaseModel):
    """Every saved segment."""

    items: list[SegmentShown]


@router.get("/lists", summary="The lists")
def show_lists(caller: Looks) -> Lists:
    """All of them, by name, with their figures as they are counted now."""
    with caller.app.database.read() as session:
        return Lists(items=[ListShown(**asdict(one)) for one in roll.lists(session)])


@router.post("/lists", status_code=201, summary="Make a list")
def make_list(new: NewList, caller: Sets) -> ListMade:
    """One that is there already stays as it is."""
    with caller.app.database.write() as session:
        is_new = new.slug not in roll.slugs(session)
        made = roll.create_list(session, new.slug, title=new.title, now=caller.now)
        if is_new:
            caller.note(session, "made a list", made.slug)
        shown = ListMade(slug=made.slug, title=made.title, created_at=made.created_at)
        answer = JSONResponse(shown.model_dump(mode="json"), 201)
        return repeats.finish(session, caller, answer)  # type: ignore[return-value]  # said already, as it is kept


@router.get("/segments", summary="The saved segments")
def show_segments(caller: Looks) -> Segments:
    """All of them, by name."""
    with caller.app.database.read() as session:
        rows = shelf.every(session)
        return Segments(items=[SegmentShown(name=one.name, query=one.query, changed_at=one.changed_at) for one in rows])
