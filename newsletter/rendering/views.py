"""What a template is given: frozen values, ready to be shown. Dicts would hide their keys behind methods."""

import re
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from newsletter.config import Newsletter
from newsletter.editions.models import Edition, EditionStory
from newsletter.rendering import links, prose, slots
from newsletter.rendering.slots import Place, one_line

_AND_MORE = re.compile(r" and \d+ more$")
#: languages whose script runs from right to left
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of Markdown, as plain text and as safe HTML, and where it begins: "ltr" or "rtl"."""

    text: str
    html: Markup
    direction: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture; *alt* is empty where it only adorns its headline, its true size in pixels None where unknown."""

    url: str
    alt: str
    width: int | None
    height: int | None

    def height_at(self, width: int) -> int | None:
        """How high it is where it is shown *width* pixels wide."""
        return max(1, round(self.height * width / self.width)) if self.width and self.height else None


@dataclass(frozen=True, slots=True)
class StoryView:
    """One story; what an editor left out is empty or None."""

    number: int
    headline: str
    direction: str
    paragraphs: tuple[Paragraph, ...]
    url: str
    #: where the link leads, as people say it: "Retail Dive", else "retaildive.com"
    place: str
    #: "Retail Dive and 3 more"
    attribution: str
    image: Image | None


@dataclass(frozen=True, slots=True)
class Sponsor:
    """Who paid, and for which words."""

    name: str
    paragraphs: tuple[Paragraph, ...]
    url: str


@dataclass(frozen=True, slots=True)
class EditionView:
    """One edition."""

    title: str
    subject: str
    preheader: str
    introduction: tuple[Paragraph, ...]
    #: "Friday 26 November 2021"
    date: str
    stories: tuple[StoryView, ...]
    sponsor: Sponsor | None


@dataclass(frozen=True, slots=True)
class NewsletterView:
    """Who publishes it."""

    title: str
    from_name: str
    postal_address: str
    language: str
    direction: str
    site: str


@dataclass(frozen=True, slots=True)
class ReaderView:
    """Slots for what belongs to the reader; see `slots.SLOTS`."""

    name: str
    vocative: str
    address: str
    token: str


@dataclass(frozen=True, slots=True)
class LinksView:
    """Links of the reader's own."""

    unsubscribe: str
    preferences: str
    browser: str
    #: of a correction: the edition that it corrects, as it says now
    corrected: str


def of_edition(edition: Edition) -> EditionView:
    """*edition* as a template sees it."""
    day: date = edition.date
    return EditionView(
        title=one_line(edition.title),
        subject=one_line(edition.subject),
        preheader=one_line(edition.preheader) or _lead(edition),
        introduction=_paragraphs(edition.introduction),
        date=f"{day:%A} {day.day} {day:%B} {day.year}",
        stories=tuple(_of_story(number, story) for number, story in enumerate(edition.stories, start=1)),
        sponsor=_sponsor(edition),
    )


def of_newsletter(newsletter: Newsletter, public_url: str) -> NewsletterView:
    """*newsletter* as a template sees it."""
    language = newsletter.language.replace("_", "-")
    return NewsletterView(
        title=one_line(newsletter.title),
        from_name=one_line(newsletter.from_name or newsletter.title),
        postal_address=one_line(newsletter.postal_address),
        language=language,
        direction="rtl" if language.split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr",
        site=prose.host(public_url),
    )


def of_reader(place: Place) -> ReaderView:
    """The slots as they stand in *place*."""
    return ReaderView(**{slot: slots.marker(place, slot) for slot in slots.SLOTS})


def of_links(public_url: str, place: Place) -> LinksView:
    """The reader's own links as they stand in *place*."""
    token = slots.marker(place, "token")
    return LinksView(
        unsubscribe=links.unsubscribe(public_url, token),
        preferences=links.preferences(public_url, token),
        browser=links.browser(public_url, token),
        corrected=links.corrected(public_url, token),
    )


def _of_story(number: int, story: EditionStory) -> StoryView:
    headline = one_line(story.headline)
    attribution = one_line(story.attribution)
    image = prose.link(story.image_url)
    return StoryView(
        number=number,
        headline=headline,
        direction=prose.direction(headline),
        paragraphs=_paragraphs(story.summary),
        url=prose.link(story.url),
        place=_AND_MORE.sub("", attribution) or prose.host(story.url),
        attribution=attribution,
        image=Image(image, one_line(story.image_alt), *_size(story)) if image else None,
    )


def _size(story: EditionStory) -> tuple[int, int] | tuple[None, None]:
    width, height = story.image_width, story.image_height
    return (width, height) if width and height and width > 0 and height > 0 else (None, None)


def _lead(edition: Edition) -> str:
    """What the mail holds, for an inbox to show where nobody wrote a preheader."""
    first, *others = (one_line(story.headline) for story in edition.stories) if edition.stories else ("",)
    return f"{first} – and {len(others)} more" if others else first


def _sponsor(edition: Edition) -> Sponsor | None:
    name, words = one_line(edition.sponsor_name), _paragraphs(edition.sponsor_text)
    return Sponsor(name, words, prose.link(edition.sponsor_url)) if name or words else None


def _paragraphs(text: str) -> tuple[Paragraph, ...]:
    return tuple(map(_paragraph, prose.paragraphs(text)))


def _paragraph(source: str) -> Paragraph:
    text = prose.to_text(source)
    return Paragraph(text, prose.to_html(source), prose.direction(text))
