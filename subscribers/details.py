"""What is known of a person beside the address: name, language, time zone; made fit to be kept."""

import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

from .errors import BadDetail

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def name(text: str) -> str:
    """*text* on one line without control characters, for it goes into mail headers."""
    plain = "".join(" " if unicodedata.category(letter) in {"Cc", "Cs"} else letter for letter in text)
    plain = " ".join(plain.split())
    if len(plain) > 200:
        raise BadDetail(f"a name of {len(plain)} letters is too long: 200 fit")
    return plain


def language(text: str) -> str:
    """*text* as a language tag (BCP 47): "en", "de-CH"; empty stays empty."""
    tag = text.strip().replace("_", "-")
    if tag and (len(tag) > 35 or not _LANGUAGE.fullmatch(tag)):
        raise BadDetail(f"{text!r} is not a language: write en, de or pt-BR")
    return tag


def time_zone(text: str) -> str:
    """*text* as the name of a time zone (IANA): "Europe/London"; empty stays empty."""
    zone = text.strip()
    if not zone:
        return ""
    try:
        return _zones()[zone.casefold()]
    except KeyError:
        raise BadDetail(f"{text!r} is not a time zone: write one such as Europe/London") from None


def slug(text: str) -> str:
    """*text* as the name of a list in files and addresses: "retail-tech"."""
    if not _SLUG.fullmatch(text):
        raise BadDetail(f"{text!r} can't name a list: use small letters, figures and hyphens, such as retail-tech")
    return text


def source(text: str) -> str:
    """*text* as the way by which consent changed: "one-click", "paper form of 12 May 2021"."""
    if len(text) > 64:
        raise BadDetail(f"{text!r} is too long to be kept with a consent: 64 letters fit")
    return text.replace("\0", "")


@cache
def _zones() -> dict[str, str]:
    return {zone.casefold(): zone for zone in available_timezones()}
