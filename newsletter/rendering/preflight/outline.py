"""How the mail is read aloud: its headings in their order, and the language it says it is in."""

from collections.abc import Iterator, Sequence

import lxml.html

from newsletter.rendering.preflight import places
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.material import Material
from newsletter.stories.picking import languages, words

_LEVELS = {f"h{level}": level for level in range(1, 7)}
#: so many words before a guess at their language is worth something
_ENOUGH_WORDS = 60
_KNOWN = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch"} | {
    "pt": "Portuguese",
    "sv": "Swedish",
    "da": "Danish",
    "nb": "Norwegian",
    "fi": "Finnish",
    "pl": "Polish",
}
_ALSO = {"no": "nb", "nn": "nb"}


def headings(subject: Material) -> Sequence[Finding]:
    """Whether somebody who goes from heading to heading finds everything."""
    return or_green("headings", "The headings follow each other in order.", list(_headings(subject)))


def language(subject: Material) -> Sequence[Finding]:
    """Whether the mail is read aloud in its own language."""
    return or_green("language", f"It says that it is in {subject.newsletter.language}.", list(_language(subject)))


def _headings(subject: Material) -> Iterator[Finding]:
    found = [
        (_LEVELS.get(element.tag, 0) or _aria(element), " ".join(element.text_content().split()), element)
        for element in subject.tree.iter(*_LEVELS, "div", "p", "span", "td")
        if element.tag in _LEVELS or element.get("role") == "heading"
    ]
    if not found:
        yield Finding("headings", Level.AMBER, "There is no heading: who listens to the mail finds no story in it.")
        return
    if all(level != 1 for level, _, _ in found):
        yield Finding("headings", Level.AMBER, "There is no h1: the template should say what the mail is called.")
    before, said_before = 0, ""
    for level, said, element in found:
        if not said and not any((image.get("alt") or "").strip() for image in element.iter("img")):
            yield Finding("headings", Level.AMBER, f"There is an h{level} with nothing in it: take it out.")
        elif level > before + 1 and before:
            text = f"“{said[:60]}” is an h{level} behind “{said_before[:60]}”, an h{before}: make it an h{before + 1}."
            yield Finding("headings", Level.AMBER, text, places.of_words(subject.words, said))
        elif level > 1 and not before:
            text = f"The first heading, “{said[:60]}”, is an h{level}: begin with an h1."
            yield Finding("headings", Level.AMBER, text, places.of_words(subject.words, said))
        before, said_before = level, said


def _aria(element: lxml.html.HtmlElement) -> int:
    level = element.get("aria-level", "2")
    return int(level) if level in {"1", "2", "3", "4", "5", "6"} else 2


def _language(subject: Material) -> Iterator[Finding]:
    wanted = subject.newsletter.language.replace("_", "-")
    declared = (subject.tree.get("lang") or "").strip()
    if not declared:
        text = "The HTML does not say which language it is in, so it may be read aloud in another: put lang there."
        yield Finding("language", Level.AMBER, text)
    elif _code(declared) != _code(wanted):
        text = f"The HTML says that it is in {declared}, and the newsletter's language is {wanted}: one is wrong."
        yield Finding("language", Level.AMBER, text)
    guessed = _guess(subject)
    if guessed and _code(wanted) in _KNOWN and guessed != _code(wanted):
        text = (
            f"The words look {_KNOWN[guessed]}, and the newsletter's language is {wanted}: "
            "if that is wrong, mend it in the settings; programs read aloud and translate by it."
        )
        yield Finding("language", Level.AMBER, text)


def _code(tag: str) -> str:
    code = tag.split("-")[0].lower()
    return _ALSO.get(code, code)


def _guess(subject: Material) -> str:
    """The language of what editors wrote; empty where there is too little of it."""
    if subject.words is None:
        return ""
    told = [f"{story.headline} {story.summary}" for story in subject.words.stories]
    stream = words.words(" ".join((subject.words.introduction, *told)))
    return languages.of(stream) if len(stream) >= _ENOUGH_WORDS else ""
