"""The mail's pictures, as far as their tags tell: words for who can't see them, and whether they can be shown."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from newsletter import plural
from newsletter.rendering.preflight import leads, places
from newsletter.rendering.preflight.findings import Finding, Level, or_green
from newsletter.rendering.preflight.material import Material

#: longer ones are cut off or tire who listens
_LONGEST_ALT = 250
_FILE = re.compile(r"[\w%.() -]{1,200}\.(?:jpe?g|png|gif|webp|svg|avif|heic|bmp|tiff?)", re.IGNORECASE)
#: names that cameras, phones and agencies give, with or without their ending
_SHOT = re.compile(r"(?:img|dsc|dscn|dscf|pxl|image|photo|screenshot|untitled|unnamed)[\d _.-]{0,40}", re.IGNORECASE)
#: says that there is a picture, and not what it shows
_SAYS_NOTHING = {"image", "picture", "photo", "photograph", "graphic", "img", "logo image", "bild", "foto", "thumbnail"}


def check(subject: Material) -> Sequence[Finding]:
    """Whether each picture is there for everybody."""
    images = subject.page.images
    each = dict.fromkeys((address, alt) for address, alt in images)
    found = [finding for address, alt in each for finding in _of(subject, address, alt)]
    for address in dict.fromkeys(subject.page.mute):
        text = f"The link to {address} says nothing to who can't see its picture: describe it."
        field = places.of_link(subject.words, address)
        found.append(Finding("images", Level.AMBER, text, field.replace("-url", "-image_alt")))
    said = f"{plural.counted(len(images), 'image')}; every link says something without them."
    return or_green("images", said, found)


def asked(subject: Material) -> list[str]:
    """The pictures that can be fetched, each once, in their order."""
    addresses = dict.fromkeys(address for address, _ in subject.page.images)
    return [address for address in addresses if address.startswith(("http://", "https://"))]


def _of(subject: Material, address: str, alt: str | None) -> Iterator[Finding]:
    field = places.of_picture(subject.words, address)
    words = field.replace("image_url", "image_alt")
    if alt is None:
        yield Finding("images", Level.RED, f"{address} has no alternative text at all.", words)
    elif why := _says_nothing(address, alt):
        yield Finding("images", Level.AMBER, f"The alternative text of {address} {why}", words)
    if not address:
        yield Finding("images", Level.RED, "There is a picture without an address.", field)
    elif urlsplit(address).scheme not in {"http", "https"}:
        text = f"{address[:80]} is no address on the web: Gmail and others don't show such pictures."
        yield Finding("images", Level.AMBER, text, field)
    elif why := leads.not_public(address):
        if not subject.is_a_trial and not _is_ours(subject, address):
            level = Level.RED if subject.settings.hands_over_elsewhere else Level.AMBER
            yield Finding("images", level, f"{address} {why}: no reader sees it. Choose another picture.", field)
    elif urlsplit(address).scheme != "https":
        yield Finding("images", Level.AMBER, f"{address} is not https: some programs won't show it.", field)


def _says_nothing(address: str, alt: str) -> str:
    said = " ".join(alt.split())
    name = unquote(urlsplit(address).path.rpartition("/")[2])
    if not said:
        return ""  # it adorns what stands beside it; whether a link is mute is asked elsewhere
    if _FILE.fullmatch(said) or _SHOT.fullmatch(said) or said.casefold() == name.rpartition(".")[0].casefold():
        return f"is the name of a file (“{said[:60]}”): say what it shows."
    if said.casefold().strip(".") in _SAYS_NOTHING:
        return f"says “{said}”, and not what it shows."
    if len(said) > _LONGEST_ALT:
        return f"has {len(said)} characters: a sentence is enough."
    return ""


def _is_ours(subject: Material, address: str) -> bool:
    return address.startswith(f"{subject.settings.public_url}/")
