"""Stories: the week's as they are ranked, with every number and why; and an edition's own."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from newsletter.editions import shelf, stages
from newsletter.jobs import board
from newsletter.jobs.board import Candidate
from newsletter.stories.models import RankedStory, Ranking, Verdict
from newsletter.stories.picking import choosing, naming
from newsletter.web.api.callers import Looks
from newsletter.web.api.door import Door
from newsletter.web.api.fields import Day, Number, Slug

router = APIRouter(route_class=Door, tags=["Stories"])


class RankedShown(BaseModel):
    """A story as it was ranked."""

    name: str = Field(description="What it is called, whatever place the next ranking gives it.", examples=["s17"])
    position: int
    chosen: bool
    score: int = Field(description="Thousandths of a point.")
    headline: str
    summary: str
    url: str
    attribution: str
    company: str
    voices: int = Field(description="Independent reports.")
    reprints: int
    article_ids: list[int]
    why: str = Field(description="Why it is in, or is not, in one sentence.")
    warning: str
    breakdown: dict[str, Any] = Field(description="Every number behind the score.")


class CandidateShown(RankedShown):
    """The same, with what editors said of it."""

    said: list[str] = Field(examples=[["pinned by Ada", "+10 points by Bob"]])


class Slot(BaseModel):
    """A place in the edition."""

    number: int
    headline: str
    url: str
    story: str | None = Field(description="The ranked story that it tells, by name.")
    edited: bool = Field(description="Whether somebody has written it otherwise than it was drafted.")


class WeekOfStories(BaseModel):
    """The week of one edition: its places, and the stories as they are ranked."""

    newsletter: str
    date: date
    edition_id: int | None
    ranked_at: datetime | None
    verdict: Verdict | None
    notes: list[str] = Field(description="What the ranking had to say: a limit was relaxed, a thin week.")
    articles: int = Field(description="Articles of the week.")
    since: int = Field(description="Of these, how many came after the ranking.")
    slots: list[Slot]
    stories: list[CandidateShown]


class StoryOfEdition(BaseModel):
    """One story of an edition, and why it was chosen."""

    position: int
    key: str
    headline: str
    url: str
    attribution: str
    why: str
    ranked: RankedShown | None = Field(description="As it was ranked; null where an editor wrote it.")


class StoriesOfEdition(BaseModel):
    """The stories of an edition."""

    stories: list[StoryOfEdition]
    notes: list[str] = Field(description="What the ranking had to say.")


@router.get("/newsletters/{name}/week", summary="The week's stories")
def show_week(
    name: Slug,
    caller: Looks,
    day: Annotated[Day | None, Query(alias="date", description="Of the edition; the next one's if left out.")] = None,
) -> WeekOfStories:
    """Ranked, with the reasons: those that have a place, then the others."""
    newsletter = caller.app.newsletter(name)
    with caller.app.database.read() as session:
        day = day or stages.upcoming(session, newsletter, caller.now)
        found = board.look(session, newsletter, day, now=caller.now)
    return WeekOfStories(
        newsletter=newsletter.slug,
        date=found.day,
        edition_id=found.edition.id if found.edition else None,
        ranked_at=found.ranking.at if found.ranking else None,
        verdict=found.ranking.verdict if found.ranking else None,
        notes=list(found.ranking.notes) if found.ranking else [],
        articles=found.articles,
        since=found.since,
        slots=[_slot(one) for one in found.slots],
        stories=[_candidate(one) for one in found.every()],
    )


@router.get("/editions/{edition_id}/stories", summary="An edition's stories")
def show_stories(edition_id: Number, caller: Looks) -> StoriesOfEdition:
    """In their places, each with why it was chosen."""
    with caller.app.database.read() as session:
        edition = shelf.get(session, edition_id)
        ranking = session.get(Ranking, edition.ranking_id) if edition.ranking_id else None
        ranked = choosing.stories(session, ranking) if ranking else []
        links = board.links_of(session, ranked)
        stories = [
            StoryOfEdition(
                position=one.position,
                key=one.key,
                headline=one.headline,
                url=one.url,
                attribution=one.attribution,
                why=one.why,
                ranked=RankedShown(**_values(ranked[links[one.url]])) if one.url in links else None,
            )
            for one in edition.stories
        ]
    return StoriesOfEdition(stories=stories, notes=list(ranking.notes) if ranking else [])


def _slot(slot: board.Slot) -> Slot:
    story = slot.of.name if slot.of else None
    return Slot(number=slot.number, headline=slot.headline, url=slot.url, story=story, edited=slot.edited)


def _candidate(one: Candidate) -> CandidateShown:
    return CandidateShown(**_values(one.story), said=list(one.said))


def _values(story: RankedStory) -> dict[str, Any]:
    same = ("position", "chosen", "score", "headline", "summary", "url", "attribution", "company", "voices", "reprints")
    values = {name: getattr(story, name) for name in (*same, "article_ids", "why", "warning", "breakdown")}
    return values | {"name": naming.name(story)}
