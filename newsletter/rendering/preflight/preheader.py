"""What an inbox shows behind the subject: the preheader, and nothing that leaks in after it."""

import re
from collections.abc import Iterator, Sequence

import lxml.html

from newsletter.rendering import slots
from newsletter.rendering.preflight import legible
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.leftovers import LONGEST
from newsletter.rendering.preflight.material import Material

#: signs that inboxes show at most behind a subject, on the widest screens
SHOWN = 140
#: over that it is cut off nearly everywhere
_LONG = 200
#: signs that take up room and show nothing
_FILLER = re.compile(
    "[\u034f\u00ad\u061c\u115f\u17b4\u180e\u200b-\u200f\u2007\u2060-\u2064\u3164\ufeff\u00a0\u2002-\u200a]"
)
_NO_WORDS = {"style", "script", "title", "head"}


def check(subject: Material) -> Sequence[Finding]:
    """Whether inboxes show the preheader, all of it, and only that."""
    return or_green("preheader", "Inboxes show the preheader, and nothing behind it.", list(_findings(subject)))


def _findings(subject: Material) -> Iterator[Finding]:
    pieces = list(_pieces(subject))
    written = _squeezed(subject.words.preheader) if subject.words else ""
    shown = _squeezed(_FILLER.sub(" ", "".join(said for said, _ in pieces)[: SHOWN * 4]))
    if not shown:
        return  # an empty mail is another check's matter
    if written and not shown.startswith(written[:60]):
        text = f"Inboxes show “{shown[:60]}…” and not the preheader: it must be the first thing in the template's body."
        yield Finding("preheader", Level.AMBER, text, "preheader")
        return
    first, is_hidden = next((_squeezed(_FILLER.sub(" ", said)), unseen) for said, unseen in pieces if said.strip())
    if not is_hidden:
        text = f"No preheader is hidden in the mail, so inboxes show its first words, “{shown[:60]}…”."
        yield Finding("preheader", Level.AMBER, f"{text} The template needs an mj-preview.", "preheader")
        return
    if first.casefold() == _squeezed(subject.proof.subject).casefold():
        text = "The preheader says what the subject says already: say what else there is."
        yield Finding("preheader", Level.AMBER, text, "preheader")
    if len(first) > _LONG:
        text = f"The preheader has {len(first)} characters; inboxes show 40 to {SHOWN} of them. Shorten it."
        yield Finding("preheader", Level.AMBER, text, "preheader")
    if leak := _leak(pieces):
        goes_on = f"Behind the preheader inboxes go on with “{leak[:50]}…”"
        text = f"{goes_on}: make it longer, or let the template fill the room."
        yield Finding("preheader", Level.AMBER, text, "preheader")


def _leak(pieces: list[tuple[str, bool]]) -> str:
    """What is shown behind the hidden words at the beginning; empty where they and their filler take up the room."""
    taken = 0
    for at, (said, unseen) in enumerate(pieces):
        if not unseen and said.strip():
            rest = "".join(each for each, _ in pieces[at:])
            return _squeezed(_FILLER.sub(" ", rest))[:80] if taken < SHOWN else ""
        taken += len(said) if unseen else 0
    return ""


def _pieces(subject: Material) -> Iterator[tuple[str, bool]]:
    """The words of the body in their order, and whether each piece is hidden from who opens the mail."""
    tree, computed = subject.tree, subject.styles("light")
    body = tree.find("body")
    if body is None:
        return
    # the end of an element is a step of its own, for what stands behind it is not in it
    pile: list[tuple[lxml.html.HtmlElement, bool, bool]] = [(body, False, False)]
    while pile:
        at, unseen, is_tail = pile.pop()
        if is_tail:
            yield slots.fill(at.tail or "", LONGEST), unseen
            continue
        if at is not body:
            pile.append((at, unseen, True))
        if not isinstance(at.tag, str) or at.tag in _NO_WORDS:
            continue
        inside = unseen or legible.hidden(computed.get(at, {}))
        yield slots.fill(at.text or "", LONGEST), inside
        if at.tag == "img" and at.get("alt"):
            yield f" {at.get('alt')} ", inside
        pile.extend((child, inside, False) for child in reversed(at))


def _squeezed(text: str) -> str:
    return " ".join(text.split())
