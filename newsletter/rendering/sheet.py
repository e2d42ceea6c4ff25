"""One edition set in its template: subject, HTML and text, with slot markers where readers differ."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from newsletter.config import Newsletter, Settings
from newsletter.editions.models import Edition
from newsletter.errors import BadTemplate
from newsletter.rendering import languages, slots, templates, views
from newsletter.rendering.slots import Place, one_line
from newsletter.rendering.templates import Template

#: the template of corrections, whatever the newsletter's own is
CORRECTION = "correction"
SUBJECT, BODY, TEXT = "subject.txt", "body.mjml", "body.txt"

_BROKEN = "a filter has changed a slot of reader or links: they hold the reader's words only when it is sent"
_BLANK_LINES = re.compile(r"\n{3,}")
_LINE_ENDS = re.compile(r"[ \t]+$", re.MULTILINE)
#: attributes that hold an address
_ADDRESSES = frozenset({"href", "src", "action", "background", "srcset"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """What readers will see, before it is theirs."""

    subject: str
    html: str
    text: str


def lay_out(edition: Edition, newsletter: Newsletter, settings: Settings, template: Template | None = None) -> Sheet:
    """Set *edition* in *newsletter*'s template, or in *template*; raises BadTemplate, which names file and line."""
    template = template or templates.of(settings, CORRECTION if edition.corrects else newsletter.template)
    return Sheet(
        subject=_subject(template, edition, newsletter, settings),
        html=_html(template, edition, newsletter, settings),
        text=_text(template, edition, newsletter, settings),
    )


def _subject(template: Template, edition: Edition, newsletter: Newsletter, settings: Settings) -> str:
    subject = template.text(SUBJECT, **_values(edition, newsletter, settings, Place.TEXT))
    if slots.count(subject):
        raise BadTemplate("the subject is the same for all readers", file=f"{template.name}/{SUBJECT}")
    return one_line(subject)


def _html(template: Template, edition: Edition, newsletter: Newsletter, settings: Settings) -> str:
    html = template.html(BODY, **_values(edition, newsletter, settings, Place.HTML))
    problem = misplaced(html)
    if problem:
        raise BadTemplate(problem, file=f"{template.name}/{BODY}")
    return html


def _text(template: Template, edition: Edition, newsletter: Newsletter, settings: Settings) -> str:
    text = template.text(TEXT, **_values(edition, newsletter, settings, Place.TEXT)).replace("\r\n", "\n")
    if slots.broken(text):
        raise BadTemplate(_BROKEN, file=f"{template.name}/{TEXT}")
    return _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("", text)).strip() + "\n"


def _values(edition: Edition, newsletter: Newsletter, settings: Settings, place: Place) -> dict[str, object]:
    of = views.of_newsletter(newsletter, settings.public_url)
    words = languages.choose(newsletter.language)
    correction = {"corrected": words.date(edition.date)} if edition.corrects else {}
    return correction | {
        "_": words.html if place is Place.HTML else words.text,
        "language": of.language,
        "direction": of.direction,
        "edition": views.of_edition(edition),
        "newsletter": of,
        "reader": views.of_reader(place),
        "links": views.of_links(settings.public_url, place),
    }


def misplaced(html: str) -> str | None:
    """What is wrong with where the slots stand in *html*: each must be in text or in a quoted attribute."""
    if slots.broken(html):
        return _BROKEN
    seen = _Slots()
    seen.feed(html)
    seen.close()
    if seen.wrong:
        return seen.wrong[0]
    hidden = slots.count(html) - seen.found
    if hidden:
        return f"{_shown(next(iter(hidden)))} stands in a comment, a style or a tag's name, where it can't be filled"
    return None


class _Slots(HTMLParser):
    """Counts the slots in text and attributes, also in what only Outlook reads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = slots.count("")
        self.wrong: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag in {"style", "script"}
        for name, value in attrs:
            here = slots.count(value or "")
            self.found += here
            if name == "style" or name.startswith("on"):
                self.wrong += [f"{_shown(mark)} can't stand in {name}" for mark in here]
            elif name in _ADDRESSES:
                self.wrong += [
                    f"{_shown(mark)} can't stand in {name}: it is words, not part of an address"
                    for mark in here
                    if slots.parse(mark)[1] not in slots.IN_ADDRESSES
                ]

    def handle_endtag(self, _tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.found += slots.count(data)

    def handle_comment(self, data: str) -> None:
        conditional = re.fullmatch(r"\[if [^\]]*\]>(.*)<!\[endif\]", data, re.DOTALL)
        if conditional:
            inner = _Slots()
            inner.feed(conditional[1])
            inner.close()
            self.found += inner.found
            self.wrong += inner.wrong


def _shown(mark: str) -> str:
    return "{{ reader." + slots.parse(mark)[1] + " }}"
