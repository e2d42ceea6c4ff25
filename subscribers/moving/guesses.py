"""Languages and time zones as people and systems write them, mapped to tags and names where that can be done."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from zoneinfo import available_timezones

from subscribers import details
from subscribers.errors import BadDetail

from .headings import squash

#: in whose words languages are known: "German", "Deutsch", "allemand", "alemán" …
_SPEAKERS = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "ru", "ja", "zh")

#: zones as Rails names them, and systems built on it, where no city says it
_RAILS: Mapping[str, str] = {
    "easterntime": "America/New_York", "centraltime": "America/Chicago", "mountaintime": "America/Denver",
    "pacifictime": "America/Los_Angeles", "atlantictime": "America/Halifax", "indiana": "America/Indiana/Indianapolis",
    "internationaldatelinewest": "Etc/GMT+12", "midwayisland": "Pacific/Midway", "centralamerica": "America/Guatemala",
    "midatlantic": "Atlantic/South_Georgia", "capeverdeis": "Atlantic/Cape_Verde",
    "westcentralafrica": "Africa/Algiers",
    "newdelhi": "Asia/Kolkata", "mumbai": "Asia/Kolkata", "chennai": "Asia/Kolkata", "beijing": "Asia/Shanghai",
    "edinburgh": "Europe/London", "bern": "Europe/Zurich", "kyiv": "Europe/Kyiv", "osaka": "Asia/Tokyo",
    "sapporo": "Asia/Tokyo", "hanoi": "Asia/Bangkok", "wellington": "Pacific/Auckland", "canberra": "Australia/Sydney",
    "abudhabi": "Asia/Dubai", "stpetersburg": "Europe/Moscow", "pretoria": "Africa/Johannesburg",
    "islamabad": "Asia/Karachi", "saskatchewan": "America/Regina", "brasilia": "America/Sao_Paulo",
    "centraleuropeantime": "Europe/Berlin", "easterneuropeantime": "Europe/Athens",
    "westerneuropeantime": "Europe/Lisbon", "greenwichmeantime": "Etc/GMT", "britishsummertime": "Europe/London",
    "japantime": "Asia/Tokyo", "indiatime": "Asia/Kolkata", "chinatime": "Asia/Shanghai",
    "est": "America/New_York", "edt": "America/New_York", "cst": "America/Chicago", "cdt": "America/Chicago",
    "mst": "America/Denver", "mdt": "America/Denver", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
    "bst": "Europe/London", "cest": "Europe/Berlin", "eest": "Europe/Athens", "west": "Europe/Lisbon",
    "aest": "Australia/Sydney", "jst": "Asia/Tokyo", "ist": "Asia/Kolkata",
}  # fmt: skip
_OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+-]?)(\d{1,2})(?::?([0-5]\d))?(?::00)?", re.IGNORECASE)


@lru_cache(maxsize=4096)
def language(text: str) -> str | None:
    """The tag of the language *text*, "" for an empty one; None where nobody could say which it is."""
    word = text.strip().partition(".")[0]  # "en_US.UTF-8"
    if not word:
        return ""
    if len(squash(word)) > 3 and re.fullmatch(r"[^\W\d_]+( ?\([^)]*\))?", word) and "-" not in word:
        return _named_languages().get(squash(word.partition("(")[0]))
    try:
        tag = details.language(word)
    except BadDetail:
        return _named_languages().get(squash(word))
    primary, *rest = tag.split("-")
    if len(primary) == 3 and primary.lower() not in _codes():
        return _named_languages().get(squash(word))
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


@lru_cache(maxsize=4096)
def time_zone(text: str) -> str | None:
    """The name of the time zone *text*, "" for an empty one; None where nobody could say which it is."""
    word = text.strip()
    if not word:
        return ""
    try:
        return details.time_zone(word)
    except BadDetail:
        pass
    if match := _OFFSET.fullmatch(word):
        return _fixed(match)
    # "(UTC-05:00) Eastern Time (US & Canada)"
    plain = re.sub(r"^\([^)]*\)\s*", "", word)
    plain = squash(re.sub(r"\s*\([^)]*\)\s*$", "", plain))
    return _windows().get(plain) or _RAILS.get(plain) or _cities().get(plain) or _first_city(word)


def _fixed(match: re.Match[str]) -> str | None:
    """A fixed offset by its name, whose sign is the other way round (POSIX); half hours have none."""
    hours = int(match[2])
    if (match[3] and int(match[3])) or hours > 14 or not (match[1] or hours == 0):
        return None
    if hours == 0:
        return "Etc/UTC"
    name = f"Etc/GMT{'-' if match[1] == '+' else '+'}{hours}"
    return name if name in available_timezones() else None


def _first_city(word: str) -> str | None:
    for city in re.split(r"[,/()]", re.sub(r"^\([^)]*\)", "", word)):
        if zone := _cities().get(squash(city)) or _RAILS.get(squash(city)):
            return zone
    return None


@cache
def _cities() -> dict[str, str]:
    """City → zone, where one zone alone is called so."""
    found: dict[str, set[str]] = {}
    for zone in available_timezones():
        area, _, city = zone.rpartition("/")
        if area and area not in {"Etc", "SystemV", "US", "Canada", "Brazil", "Mexico", "Chile"}:
            found.setdefault(squash(city), set()).add(zone)
    return {city: min(zones) for city, zones in found.items() if len(zones) == 1}


@cache
def _windows() -> dict[str, str]:
    """Windows' name of a zone → the zone, by CLDR."""
    from babel.core import get_global  # slow to load, and few files need it

    return {squash(name): zone for name, zone in get_global("windows_zone_mapping").items() if zone}


@cache
def _named_languages() -> dict[str, str]:
    """A language's name → its tag, in the words of `_SPEAKERS` and in its own."""
    from babel import Locale  # slow to load, and few files need it
    from babel.core import UnknownLocaleError

    names: dict[str, str] = {}
    for speaker in _SPEAKERS:
        for code, name in Locale.parse(speaker).languages.items():
            if len(code) <= 3:
                names.setdefault(squash(name), code)
    for code in dict.fromkeys(names.values()):
        try:
            names.setdefault(squash(Locale.parse(code).get_language_name(code) or code), code)
        except (UnknownLocaleError, ValueError):
            continue
    return names


@cache
def _codes() -> frozenset[str]:
    from babel import Locale

    return frozenset(Locale.parse("en").languages)
