"""Which field of the editor a finding is about; the names are those of `editions.words`."""

from collections.abc import Callable, Iterator
from dataclasses import fields

from newsletter.editions.words import StoryWords, Words
from newsletter.rendering import prose

#: fields that hold an address and nothing else
_LINKS, _PICTURES = {"url", "sponsor_url"}, {"image_url"}


def each(words: Words) -> Iterator[tuple[str, str]]:
    """Every field of *words*, as its name in the editor's form and what it says."""
    for field in fields(Words):
        if field.name != "stories":
            yield field.name, getattr(words, field.name)
    for number, story in enumerate(words.stories):
        for field in fields(StoryWords):
            if field.compare:  # a story's key is no word of it
                yield f"stories-{number}-{field.name}", getattr(story, field.name)


def of_link(words: Words | None, address: str) -> str:
    """The field by which the mail links to *address*."""
    return _first(words, lambda name, said: _is_address(name, _LINKS) and prose.link(said) == address) or _first(
        words, lambda name, said: not _is_address(name, _LINKS | _PICTURES) and _mentions(said, address)
    )


def of_picture(words: Words | None, address: str) -> str:
    """The field that names the picture at *address*."""
    return _first(words, lambda name, said: _is_address(name, _PICTURES) and prose.link(said) == address)


def of_words(words: Words | None, fragment: str) -> str:
    """The first field that says *fragment*."""
    return _first(words, lambda _name, said: fragment in said)


def _first(words: Words | None, fits: Callable[[str, str], bool]) -> str:
    return next((name for name, said in each(words) if said and fits(name, said)), "") if words else ""


def _is_address(name: str, wanted: set[str]) -> bool:
    return name.rpartition("-")[2] in wanted


def _mentions(said: str, address: str) -> bool:
    # Markdown may have escaped or decoded a sign of it; what stands before the query is enough to find it by
    return address in said or address.partition("?")[0].rstrip("/") in said
