"""Names of time zones as feeds write them, and how far from UTC they are; ambiguous ones by where the feed is from."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

#: minutes east of UTC
_MINUTES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "uct": 0, "zulu": 0,
    "est": -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    "akst": -540, "akdt": -480, "hst": -600, "hdt": -540, "adt": -180, "nst": -210, "ndt": -150,
    "brt": -180, "brst": -120, "art": -180, "clt": -240, "clst": -180, "cot": -300, "pet": -300,
    "west": 60, "cet": 60, "met": 60, "mez": 60, "cest": 120, "mest": 120, "mesz": 120, "wat": 60,
    "eet": 120, "eest": 180, "cat": 120, "sast": 120, "msk": 180, "msd": 240, "eat": 180, "trt": 180,
    "idt": 180, "pkt": 300, "npt": 345, "wib": 420, "wita": 480, "wit": 540, "ict": 420,
    "hkt": 480, "sgt": 480, "myt": 480, "pht": 480, "awst": 480, "jst": 540, "kst": 540,
    "acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
}  # fmt: skip
#: the country (or else the language) of the feed → minutes; under "" what is meant where nothing else is known
_AMBIGUOUS: dict[str, dict[str, int]] = {
    "ist": {"IN": 330, "IE": 60, "IL": 120, "hi": 330, "ga": 60, "he": 120, "iw": 120, "ta": 330, "te": 330, "bn": 330},
    "bst": {"": 60, "BD": 360, "bn": 360},
    "cst": {"": -360, "CN": 480, "TW": 480, "zh": 480, "CU": -300},
    "ast": {"": -240, "SA": 180, "AE": 180, "KW": 180, "ar": 180},
    "est": {"": -300, "AU": 600},
    "edt": {"": -240, "AU": 660},
    "gst": {"AE": 240, "ar": 240},
    "sst": {"SG": 480, "AS": -660},
    "wst": {"AU": 480, "WS": 780},
}
#: names that mean whichever of summer and winter it is
_GENERIC = {"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles"}


def minutes(name: str, *, country: str = "", language: str = "") -> int | None:
    """Minutes east of UTC of the zone *name* (CET, JST); None where it is unknown, or might be any of several."""
    name = name.lower()
    if name in _AMBIGUOUS:
        ways = _AMBIGUOUS[name]
        return ways.get(country, ways.get(language, ways.get("")))
    return _MINUTES.get(name)


def is_known(name: str) -> bool:
    """True if *name* is a zone's, even where nobody can say which one is meant."""
    return any(name.lower() in names for names in (_MINUTES, _AMBIGUOUS, _GENERIC))


def offset(name: str, local: datetime) -> timedelta | None:
    """How far the zone *name* (Europe/Paris, ET) was from UTC at *local*; None if there is none."""
    zone = _zone(_GENERIC.get(name.lower(), name)) if "/" in name or name.lower() in _GENERIC else None
    return zone.utcoffset(local.replace(tzinfo=zone)) if zone else None


@lru_cache(maxsize=500)
def _zone(name: str) -> ZoneInfo | None:
    area, _, place = name.partition("/")
    proper = f"{area.title()}/{'_'.join(part.title() for part in place.split('_'))}"
    for spelling in (name, proper):
        try:
            return ZoneInfo(spelling)
        except (ValueError, OSError, LookupError):
            continue
    return None
