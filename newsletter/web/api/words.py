"""The words of an edition: got, and put back by whoever has seen the revision that is there."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from newsletter.editions import merging, problems, shelf
from newsletter.editions import words as wording
from newsletter.editions.merging import Place
from newsletter.editions.models import Edition
from newsletter.editions.words import MOST_STORIES, StoryWords, Words
from newsletter.jobs import drafting
from newsletter.web.api.callers import Drafts, Looks
from newsletter.web.api.door import Door
from newsletter.web.api.etags import IfMatch
from newsletter.web.api.fields import Line, Link, Number, Text
from newsletter.web.api.problems import Kind, Problem

router = APIRouter(route_class=Door, tags=["Editions"])

_EXAMPLE: dict[str, Any] = {
    "title": "The Friday Five",
    "subject": "Five stories from retail technology",
    "preheader": "Self-checkout, again",
    "introduction": "What a week.",
    "sponsor_name": "",
    "sponsor_text": "",
    "sponsor_url": "",
    "stories": [
        {
            "key": "5f3c9a01",
            "headline": "Acme puts tills to the test",
            "summary": "Acme tries self-checkout in forty shops.\n\nStaff stay.",
            "url": "https://news.example.com/acme",
            "image_url": "",
            "image_alt": "",
            "attribution": "Retail Dive and 3 more",
        }
    ],
}


class StoryShown(BaseModel):
    """One story as readers meet it."""

    key: str = Field(description="Which story it is, whatever it says and wherever it stands.")
    headline: str
    summary: str = Field(description="Paragraphs, parted by an empty line.")
    url: str
    image_url: str
    image_alt: str
    attribution: str


class WordsShown(BaseModel):
    """All that editors own of an edition."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    title: str
    subject: str
    preheader: str
    introduction: str
    sponsor_name: str
    sponsor_text: str
    sponsor_url: str
    stories: list[StoryShown]


class StoryWritten(BaseModel):
    """One story as it shall be."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{0,16}$")] = Field(
        default="", description="Which story it is, whatever it says and wherever it stands; leave a new one's out."
    )
    headline: Line
    summary: Text = Field(default="", description="Paragraphs, parted by an empty line.")
    url: Link = ""
    image_url: Link = ""
    image_alt: Line = ""
    attribution: Line = ""


class WordsWritten(BaseModel):
    """All that an edition shall say; what is left out is empty."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    title: Line
    subject: Line
    preheader: Line = ""
    introduction: Text = ""
    sponsor_name: Line = ""
    sponsor_text: Text = ""
    sponsor_url: Link = ""
    stories: list[StoryWritten] = Field(max_length=MOST_STORIES)


@router.get("/editions/{edition_id}/words", summary="Its words")
def show_words(edition_id: Number, caller: Looks, response: Response) -> WordsShown:
    """With the ETag of this revision, which `PUT` asks for."""
    with caller.app.database.read() as session:
        edition = shelf.get(session, edition_id)
    response.headers["ETag"] = _tag(edition)
    return _shown(edition)


@router.put("/editions/{edition_id}/words", summary="Change its words")
def change_words(
    edition_id: Number, words: WordsWritten, seen: IfMatch, caller: Drafts, response: Response
) -> WordsShown:
    """Let it say this, all of it or nothing. An approved edition has to be approved again."""
    with caller.app.database.write() as session:
        edition = shelf.get(session, edition_id, lock=True)
        seen.check(_tag(edition))
        mine = _understood(edition, words)
        before = edition.revision
        drafting.rewrite(session, edition, mine, by=caller.doer.who, now=caller.now)
        if edition.revision != before:
            caller.note(session, "changed the words", shelf.name(edition), revision=edition.revision)
        response.headers["ETag"] = _tag(edition)
        return _shown(edition)


def _understood(edition: Edition, given: WordsWritten) -> Words:
    """What was *given*, each story with its key; raises Problem, which says of each field what is wrong."""
    plain = given.model_dump(exclude={"stories"})
    stories = tuple(StoryWords(**story.model_dump()) for story in given.stories)
    mine = Words(**plain, stories=wording.adopt(stories, wording.of(edition).stories))
    wrong = problems.find(mine)
    if edition.corrects is not None:  # a correction may be a letter alone
        wrong.pop(Place("", merging.ORDER), None)
    if wrong:
        keys = [story.key for story in mine.stories]
        errors = [{"pointer": _pointer(place, keys), "detail": why} for place, why in wrong.items()]
        raise Problem(Kind.INVALID, f"{errors[0]['pointer']}: {errors[0]['detail']}", errors=errors[:20])
    return mine


def _shown(edition: Edition) -> WordsShown:
    return WordsShown.model_validate(asdict(wording.of(edition)))


def _pointer(place: Place, keys: list[str]) -> str:
    return f"#/stories/{keys.index(place.key)}/{place.field}" if place.key else f"#/{place.field}"


def _tag(edition: Edition) -> str:
    return f'"{edition.revision}"'
