"""What is wrong with words that somebody writes, field by field, so that all the others can be kept."""

from dataclasses import replace
from typing import Any

from newsletter.editions import fields
from newsletter.editions import words as wording
from newsletter.editions.merging import ORDER, Place
from newsletter.editions.words import StoryWords, Words
from newsletter.errors import BadInput

#: characters; all of a mail is cut off after some 100,000
LONGEST_TEXT, LONGEST_LINE = 20_000, 1_000
_TEXTS = frozenset({"introduction", "summary", "sponsor_text"})
#: a field at a time is tried in it
_SOUND = Words("title", "subject", (StoryWords("headline"),))


def find(words: Words) -> dict[Place, str]:
    """Each field of *words* that can't be kept, and why, as a sentence."""
    found = {Place("", name): _own(name, getattr(words, name)) for name in fields.OWN}
    found |= {
        Place(story.key, name): _of_story(number, name, getattr(story, name))
        for number, story in enumerate(words.stories, start=1)
        for name in fields.OF_STORY
    }
    if not words.stories:
        found[Place("", ORDER)] = "an edition needs at least one story"
    return {place: f"{why[:1].upper()}{why[1:]}." for place, why in found.items() if why}


def _own(name: str, text: str) -> str:
    values: dict[str, Any] = {name: text}
    return _length(name, fields.spoken(name), text) or _tried(replace(_SOUND, **values), 1)


def _of_story(number: int, name: str, text: str) -> str:
    spoken = fields.spoken(fields.name(number - 1, name))
    story = replace(_SOUND.stories[0], **{name: text})
    return _length(name, spoken, text) or _tried(replace(_SOUND, stories=(story,)), number)


def _length(name: str, spoken: str, text: str) -> str:
    most = LONGEST_TEXT if name in _TEXTS else LONGEST_LINE
    # a link is judged by its own length
    is_too_long = len(text) > most and not name.endswith("url")
    return f"{spoken} has {len(text):,} characters, and may have {most:,}" if is_too_long else ""


def _tried(words: Words, number: int) -> str:
    try:
        wording.clean(words)
    except BadInput as error:
        return str(error).replace("story 1 ", f"story {number} ", 1)
    return ""
