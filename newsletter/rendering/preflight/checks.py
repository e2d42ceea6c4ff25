"""The checks themselves: each looks at one thing and says green, amber or red."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from newsletter import plural
from newsletter.config import Newsletter, Settings
from newsletter.rendering import links, slots
from newsletter.rendering.models import Proof
from newsletter.rendering.preflight import page
from newsletter.rendering.preflight.findings import Finding, Level
from newsletter.rendering.slots import Place, Reader

#: bytes of HTML; Gmail cuts off what is over about 102,000, and with it the unsubscribe link
AMBER_SIZE, RED_SIZE = 80_000, 100_000
#: characters; phones show about 40 of a subject, desks about 78
LONG_SUBJECT = 120
#: the longest values that slots can take, for the size
_LONGEST = Reader(2**40 - 1, f"{'a' * 64}@{'b' * 60}.example", "&" * slots.LONGEST_NAME, "f" * 42)
_LEFT_OVER = re.compile(r"\{\{|\{%|\}\}|%\}|[\ue000\ue001]")


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the checks look at."""

    proof: Proof
    html: str
    text: str
    page: page.Page
    newsletter: Newsletter
    settings: Settings


def check(proof: Proof, newsletter: Newsletter, settings: Settings) -> list[Finding]:
    """What every check says about *proof*, in the order of this page."""
    html, text = proof.html.decode(), proof.text.decode()
    subject = _Subject(proof, html, text, page.read(html), newsletter, settings)
    return [finding(subject) for finding in _CHECKS]


def size(html: str) -> Finding:
    """Whether *html*, with the longest values in its slots, is small enough to be shown whole."""
    length = len(slots.fill(html, _LONGEST).encode())
    said = f"The HTML is {length / 1000:.1f} kB"
    if length > RED_SIZE:
        return Finding("size", Level.RED, f"{said}: Gmail would cut off its end. Shorten it below 100 kB.")
    if length > AMBER_SIZE:
        return Finding("size", Level.AMBER, f"{said}; over 100 kB Gmail cuts off the end.")
    return Finding("size", Level.GREEN, f"{said}.")


def _size(subject: _Subject) -> Finding:
    return size(subject.html)


def _subject_line(subject: _Subject) -> Finding:
    line = subject.proof.subject.strip()
    if not line:
        return Finding("subject", Level.RED, "The subject is empty: write one.")
    if len(line) > LONG_SUBJECT:
        return Finding(
            "subject", Level.AMBER, f"The subject has {len(line)} characters; inboxes show the first 40 to 78."
        )
    return Finding("subject", Level.GREEN, f"The subject has {len(line)} characters.")


def _text_part(subject: _Subject) -> Finding:
    if not subject.text.strip():
        return Finding("text", Level.RED, "The plain-text part is empty.")
    return Finding("text", Level.GREEN, f"The plain-text part has {len(subject.text.split()):,} words.")


def _unsubscribe(subject: _Subject) -> Finding:
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


def _postal_address(subject: _Subject) -> Finding:
    address = _squeezed(subject.newsletter.postal_address)
    if not address:
        return Finding("postal address", Level.RED, "The newsletter has no postal address, which the law asks for.")
    if address not in _squeezed(subject.page.words) or address not in _squeezed(subject.text):
        text = "The postal address must stand in both parts: the template lacks it, or it was changed after approval."
        return Finding("postal address", Level.RED, text)
    return Finding("postal address", Level.GREEN, "Both parts hold the postal address.")


def _images(subject: _Subject) -> Finding:
    images = subject.page.images
    missing = [address for address, alt in images if alt is None]
    if missing:
        return Finding("images", Level.RED, f"{missing[0]} has no alternative text at all.")
    if subject.page.mute:
        said = f"The link to {subject.page.mute[0]} says nothing to who can't see its picture: describe it."
        return Finding("images", Level.AMBER, said)
    unsafe = [address for address, _ in images if urlsplit(address).scheme != "https" and not _on_loopback(address)]
    if unsafe:
        return Finding("images", Level.AMBER, f"{unsafe[0]} is not https: some programs won't show it.")
    return Finding("images", Level.GREEN, f"{len(images)} images; every link says something without them.")


def _links(subject: _Subject) -> Finding:
    wrong = [address for address in subject.page.links if not _is_link(address)]
    if wrong:
        return Finding("links", Level.RED, f"{wrong[0] or 'An empty link'} leads nowhere a reader can go.")
    return Finding("links", Level.GREEN, f"{plural.counted(len(subject.page.links), 'link')}.")


def _slots(subject: _Subject) -> Finding:
    filled = slots.fill(subject.html, _LONGEST) + slots.fill(subject.text, _LONGEST) + subject.proof.subject
    found = _LEFT_OVER.search(filled)
    if found or slots.count(subject.proof.subject):
        shown = found[0] if found else "a slot in the subject"
        return Finding("slots", Level.RED, f"Something was left unfilled: {shown}")
    return Finding("slots", Level.GREEN, "Nothing is left unfilled.")


def _public_address(subject: _Subject) -> Finding:
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


_CHECKS: tuple[Callable[[_Subject], Finding], ...] = (
    _subject_line,
    _size,
    _text_part,
    _unsubscribe,
    _postal_address,
    _images,
    _links,
    _slots,
    _public_address,
)


def _is_link(address: str) -> bool:
    parts = urlsplit(address)
    return (parts.scheme in {"http", "https"} and bool(parts.hostname)) or (
        parts.scheme == "mailto" and bool(parts.path)
    )


def _on_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _squeezed(text: str) -> str:
    return "".join(text.split())
