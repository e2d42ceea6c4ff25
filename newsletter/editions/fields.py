"""Each thing an edition says, by a name of its own: "subject", "stories-0-headline". Forms and findings use it."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from newsletter.editions.words import StoryWords, Words

#: all but the stories
OWN = tuple(field.name for field in fields(Words) if field.name != "stories")
#: of one story; its key is no words
OF_STORY = tuple(field.name for field in fields(StoryWords) if field.name != "key")
_NAME = re.compile(rf"stories-([0-9]{{1,2}})-({'|'.join(OF_STORY)})")

#: how sentences call them
_SPOKEN = {
    "title": "the title",
    "subject": "the subject",
    "preheader": "the preheader",
    "introduction": "the introduction",
    "sponsor_name": "the sponsor's name",
    "sponsor_text": "the sponsor's words",
    "sponsor_url": "the sponsor's link",
}
_SPOKEN_OF_STORY = {
    "headline": "headline",
    "summary": "summary",
    "url": "link",
    "image_url": "picture",
    "image_alt": "words for the picture",
    "attribution": "source",
}


def name(number: int, field: str) -> str:
    """What *field* of the story *number* (from 0) is called."""
    return f"stories-{number}-{field}"


def spoken(called: str) -> str:
    """How a sentence says it: "the subject", "the headline of story 1"."""
    match = _NAME.fullmatch(called)
    return f"the {_SPOKEN_OF_STORY[match[2]]} of story {int(match[1]) + 1}" if match else _SPOKEN[called]


def said(words: Words) -> Iterator[tuple[str, str]]:
    """Every name of *words*, and what it says, in the order of the page."""
    for field in OWN:
        yield field, getattr(words, field)
    for number, story in enumerate(words.stories):
        for field in OF_STORY:
            yield name(number, field), getattr(story, field)


def saying(words: Words, called: str, text: str) -> Words:
    """*words*, where what is *called* so says *text*; unaltered where they have no such thing."""
    match = _NAME.fullmatch(called)
    if match is None:
        return _own(words, called, text) if called in OWN else words
    number, stories = int(match[1]), list(words.stories)
    if number < len(stories):
        stories[number] = replace(stories[number], **{match[2]: text})
    return replace(words, stories=tuple(stories))


def _own(words: Words, called: str, text: str) -> Words:
    values: dict[str, Any] = {called: text}
    return replace(words, **values)
