"""The checks in their order, and those that are a few lines: size, subject, the ways out, who it is from."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from urllib.parse import urlsplit

from newsletter.config import Newsletter, Settings
from newsletter.editions.words import Words
from newsletter.rendering import links, slots
from newsletter.rendering.models import Proof
from newsletter.rendering.preflight import leads, leftovers, legible, outline, page, pictures, preheader, programs
from newsletter.rendering.preflight.findings import Finding, Level
from newsletter.rendering.preflight.leftovers import LONGEST
from newsletter.rendering.preflight.material import Material
from newsletter.rendering.slots import Place

#: bytes of HTML; Gmail cuts off what is over about 102,000, and with it the unsubscribe link
AMBER_SIZE, RED_SIZE = 80_000, 100_000
#: characters; phones show about 40 of a subject, desks about 78
LONG_SUBJECT = 120


def check(
    proof: Proof,
    newsletter: Newsletter,
    settings: Settings,
    *,
    words: Words | None = None,
    used: Mapping[str, date] | None = None,
) -> list[Finding]:
    """What every check that asks nobody says about *proof*, in the order of this page.

    With its *words* each finding names the field it is about; *used* are pages of earlier editions.
    """
    return look(Material(proof, newsletter, settings, words, used))


def look(subject: Material) -> list[Finding]:
    """What every check that asks nobody says about *subject*."""
    return [finding for each in _CHECKS for finding in each(subject)]


def size(html: str) -> Finding:
    """Whether *html*, with the longest values in its slots, is small enough to be shown whole."""
    length = len(slots.fill(html, LONGEST).encode())
    said = f"The HTML is {length / 1000:.1f} kB"
    if length > RED_SIZE:
        return Finding("size", Level.RED, f"{said}: Gmail would cut off its end. Shorten it below 100 kB.")
    if length > AMBER_SIZE:
        return Finding("size", Level.AMBER, f"{said}; over 100 kB Gmail cuts off the end.")
    return Finding("size", Level.GREEN, f"{said}.")


def _size(subject: Material) -> Finding:
    return size(subject.html)


def _subject_line(subject: Material) -> Finding:
    line = subject.proof.subject.strip()
    if not line:
        return Finding("subject", Level.RED, "The subject is empty: write one.")
    if len(line) > LONG_SUBJECT:
        return Finding(
            "subject", Level.AMBER, f"The subject has {len(line)} characters; inboxes show the first 40 to 78."
        )
    return Finding("subject", Level.GREEN, f"The subject has {len(line)} characters.")


def _text_part(subject: Material) -> Finding:
    if not subject.text.strip():
        return Finding("text", Level.RED, "The plain-text part is empty.")
    return Finding("text", Level.GREEN, f"The plain-text part has {len(subject.text.split()):,} words.")


def _unsubscribe(subject: Material) -> Finding:
    public = subject.settings.public_url
    in_html = links.unsubscribe(public, slots.marker(Place.HTML, "token")) in subject.page.links
    in_text = links.unsubscribe(public, slots.marker(Place.TEXT, "token")) in subject.text
    if in_html and in_text:
        return Finding("unsubscribe", Level.GREEN, "Both parts hold the reader's own unsubscribe link.")
    if before := _earlier_address(subject.page.links, public):
        text = f"These bytes were made when public_url was {before}, and lead there; now it is {public}."
        return Finding("unsubscribe", Level.RED, f"{text} Reopen the edition and approve it again.")
    where = "HTML" if in_text else "text" if in_html else "HTML and the text"
    return Finding("unsubscribe", Level.RED, f"The {where} part has no unsubscribe link: put links.unsubscribe there.")


def moved(proof: Proof, settings: Settings) -> str:
    """The public_url that *proof* was made with, where it is another one now; else empty."""
    return _earlier_address(page.read(proof.html.decode()).links, settings.public_url)


def _earlier_address(found: Collection[str], public: str) -> str:
    """The public_url that unsubscribe links among *found* begin with, unless it is *public*."""
    end = links.unsubscribe("", slots.marker(Place.HTML, "token"))
    return next(
        (address.removesuffix(end) for address in found if address.endswith(end) and address != public + end), ""
    )


def _postal_address(subject: Material) -> Finding:
    address = _squeezed(subject.newsletter.postal_address)
    if not address:
        return Finding("postal address", Level.RED, "The newsletter has no postal address, which the law asks for.")
    if address not in _squeezed(subject.page.words) or address not in _squeezed(subject.text):
        text = "The postal address must stand in both parts: the template lacks it, or it was changed after approval."
        return Finding("postal address", Level.RED, text)
    return Finding("postal address", Level.GREEN, "Both parts hold the postal address.")


def _public_address(subject: Material) -> Finding:
    settings = subject.settings
    if not settings.secret.get_secret_value():
        return Finding("addresses", Level.RED, "secret is not set, so anybody could forge the readers' links.")
    if settings.sender != "maildir" and settings.leads_nowhere:
        text = f"public_url is {settings.public_url}: no reader can open a link of this edition, or leave."
        # mail that leaves this machine carries dead links to readers; one that stays is somebody's trial
        return Finding("addresses", Level.RED if settings.hands_over_elsewhere else Level.AMBER, text)
    if settings.sender != "maildir" and urlsplit(settings.public_url).scheme != "https":
        text = f"public_url is {settings.public_url}: one-click unsubscribe needs https (RFC 8058)."
        return Finding("addresses", Level.AMBER, text)
    lead_to = _earlier_address(subject.page.links, settings.public_url) or settings.public_url
    return Finding("addresses", Level.GREEN, f"Readers' links lead to {lead_to}.")


def _one(check: Callable[[Material], Finding]) -> Callable[[Material], Sequence[Finding]]:
    return lambda subject: (check(subject),)


_CHECKS: tuple[Callable[[Material], Sequence[Finding]], ...] = (
    _one(_subject_line),
    preheader.check,
    _one(_size),
    _one(_text_part),
    _one(_unsubscribe),
    _one(_postal_address),
    pictures.check,
    leads.check,
    leftovers.check,
    outline.headings,
    outline.language,
    legible.check,
    programs.check,
    _one(_public_address),
)


def _squeezed(text: str) -> str:
    return "".join(text.split())
