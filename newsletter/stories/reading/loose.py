"""Dates in every other form: other languages, other orders, twelve hours, names of zones, the 24th hour.

A date is taken apart from the clock outwards: the time is found by its colon, what follows it is the zone,
and what is left must hold a day, a month and a year.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from newsletter.stories.reading import months, zones


@dataclass(frozen=True, slots=True)
class Habit:
    """What is known of how a feed writes dates."""

    #: "fr", "en-GB", or ""
    language: str = ""
    #: two capitals, or ""
    country: str = ""
    #: 03/04/2021 is the 3rd of April; None where nothing tells
    day_first: bool | None = None


NONE = Habit()

_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?[./-]\s?(\d{4}|\d{2})(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{1,2})(?!\d)")
_YEAR_AND_MONTH = re.compile(r"(\d{4})-(\d\d)|(\d{4})")
_DAY_WORD_YEAR = re.compile(r"(?<!\d)(\d{1,2})(?!\d)([^\d+]{2,40}?)'?(\d{4}|\d{2})(?!\d)")
_WORD_DAY_YEAR = re.compile(r"([^\d+]{3,40})(?<!\d)(\d{1,2})(?!\d)([^\d+]{1,40}?)(?:[+-]\d{4}\s+)?(\d{4})(?!\d)")
_YEAR_WORD_DAY = re.compile(r"(?<!\d)(\d{4})(?!\d)([^\d+]{3,40}?)(\d{1,2})(?!\d)")
_VIETNAMESE = re.compile(r"(\d{1,2})\s+th(?:á|á)ng\s+(\d{1,2})\D{1,8}(\d{4})", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][^\s\d,/:()-]*")

_CLOCK = re.compile(r"(?<![\d:])(?<![\dT][+-])(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:[.,]\d{1,9}|:\d{3})?(?![\d:])")
_LOCAL_CLOCK = re.compile(r"(?<!\d)(\d{1,2})(?:\s?h\s?|\.(?=\d\d))(\d{2})?(?!\d)(?:\s?m(?:in)?\b)?", re.IGNORECASE)
_BARE_HOUR = re.compile(r"(?<!\d)(\d{1,2})(?=\s?[ap]\.?\s?m\b)", re.IGNORECASE)
_AFTERNOON = re.compile(r"^\s*p\.?\s?m\b\.?|下午|晚上|午後|오후|μ\.?\s?μ|\böS\b|^\s*CH\b|^\s*م(?:\s|$)", re.IGNORECASE)
_MORNING = re.compile(
    r"^\s*a\.?\s?m\b\.?|上午|凌晨|早上|午前|오전|π\.?\s?μ|\böö\b|^\s*SA\b|^\s*ص(?:\s|$)", re.IGNORECASE
)
_OFFSET = re.compile(r"\s*(?:GMT|UTC|UT|Z)?\s*([+-])\s?(\d{1,2})(?::?(\d{2}))?(?!\d)", re.IGNORECASE)
_PLACE = re.compile(r"\s*\[?\(?([A-Za-z]+(?:/[A-Za-z_+-]+){1,2})")
_NAME = re.compile(r"\s*\(?([A-Za-z]{1,5})(?![\w/])\)?")

_EASTERN = (
    (re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일号號]?"), r" \1-\2-\3 "),
    (re.compile(r"(\d{1,2})\s*[時时点點시]\s*(\d{1,2})\s*[分분](?:\s*(\d{1,2})\s*[秒초])?"), r" \1:\2 "),
    (re.compile(r"(\d{1,2})\s*[時时点點시]"), r" \1:00 "),
)
_COMPACT = re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)(?:[T ]?(\d\d)(\d\d)(\d\d)?)?(?=[Z+. -]|\.\d|$)")
_COMPACT_CLOCK = re.compile(r"(?<=\dT)(\d\d)(\d\d)(\d\d)?(?!\d|:)")
_EPOCH = re.compile(r"([12]\d{9})(\d{3})?(?:\.\d+)?")

_TOP = re.compile(r"https?://[^/?#]*?\.([a-z]{2})(?:[:/?#]|$)")
#: domains of countries that others use for their meaning
_NO_COUNTRY = {"ai", "app", "cc", "co", "eu", "fm", "gg", "io", "ly", "me", "sh", "to", "tv", "ws"}
_MONTH_FIRST = {"US", "PH", "PR", "FM", "MH", "PW"}
#: where both orders, or the year first, are usual
_EITHER_ORDER = {"CA", "ZA", "KE", "CN", "TW", "HK", "JP", "KR", "HU", "LT", "MN", "IR"}
_YEAR_FIRST_LANGUAGES = {"zh", "ja", "ko", "hu", "lt", "mn", "fa", "eu"}


def habit(written: Iterable[str], *, language: str, url: str) -> Habit:
    """How a feed writes dates: as its own unambiguous ones show, or as is usual where it is from."""
    code, _, region = language.replace("_", "-").partition("-")
    found = _TOP.match(url.lower())
    top = found[1] if found else ""
    own = {"uk": "GB"}.get(top, top.upper()) if top not in _NO_COUNTRY else ""
    country = region.upper() if len(region) == 2 else own
    return Habit(language, country, _order(written, code.lower(), country))


def _order(written: Iterable[str], language: str, country: str) -> bool | None:
    shown = {day_first for one in written if (found := _NUMBERS.search(one[:100])) for day_first in _can_only_be(found)}
    if len(shown) == 1:
        return shown.pop()
    if country:
        return None if country in _EITHER_ORDER else country not in _MONTH_FIRST
    return None if language in {"", "en"} | _YEAR_FIRST_LANGUAGES else True


def _can_only_be(found: re.Match[str]) -> Iterator[bool]:
    if found[2] != "." and int(found[1]) > 12:
        yield True
    if int(found[3]) > 12:
        yield False


def read(value: str, habit: Habit) -> datetime | None:
    """*value* in UTC, or None; raises ValueError or OverflowError for a day that does not exist."""
    if epoch := _EPOCH.fullmatch(value):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    text = _in_ascii(value)
    before, clock, after = _parted(text)
    day = _day(f"{before} {after}", habit)
    if day is None:
        return None
    if clock is None:
        clock = _clock_in_words(before, day)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + (_since_midnight(clock, before, after) or timedelta())
    east = _east(after, moment, habit) if clock else timedelta()
    return moment - east if east is not None else None


def _in_ascii(value: str) -> str:
    """Digits of all scripts as 0 to 9, and what stands together parted."""
    text = unicodedata.normalize("NFKC", value).replace("\u2212", "-")
    text = "".join(str(unicodedata.decimal(one)) if one.isdecimal() and not one.isascii() else one for one in text)
    for pattern, plain in _EASTERN:
        text = pattern.sub(plain, text)
    return _COMPACT_CLOCK.sub(_with_colons, _COMPACT.sub(_with_dashes, text))


def _with_dashes(found: re.Match[str]) -> str:
    day = f"{found[1]}-{found[2]}-{found[3]}"
    return f"{day}T{found[4]}:{found[5]}:{found[6] or '00'}" if found[4] else day


def _with_colons(found: re.Match[str]) -> str:
    return f"{found[1]}:{found[2]}:{found[3] or '00'}"


def _parted(text: str) -> tuple[str, tuple[int, int, int] | None, str]:
    """What stands before the time, the time, and what stands after it."""
    found = _CLOCK.search(text)
    if found:
        return text[: found.start()], (int(found[1]), int(found[2]), int(found[3] or 0)), text[found.end() :]
    if hour := _BARE_HOUR.search(text):
        return text[: hour.start()], (int(hour[1]), 0, 0), text[hour.end() :]
    return text, None, ""


def _clock_in_words(text: str, day: date) -> tuple[int, int, int] | None:
    """The time in "9h30" or "kl. 09.00", once a day was found before it."""
    year = text.rfind(str(day.year))
    found = _LOCAL_CLOCK.search(text, year + 4) if year >= 0 else None
    return (int(found[1]), int(found[2] or 0), 0) if found else None


def _since_midnight(clock: tuple[int, int, int] | None, before: str, after: str) -> timedelta | None:
    if clock is None:
        return None
    hour, minute, second = clock
    is_afternoon = bool(_AFTERNOON.search(after) or _AFTERNOON.search(before))
    if is_afternoon and hour < 12:
        hour += 12
    elif hour == 12 and not is_afternoon and (_MORNING.search(after) or _MORNING.search(before)):
        hour = 0
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and minute + second):
        raise ValueError(f"no clock shows {clock}")
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _east(after: str, moment: datetime, habit: Habit) -> timedelta | None:
    """How far east of UTC the clock was; None where the zone's name could mean several."""
    after = _AFTERNOON.sub("", _MORNING.sub("", after))
    if found := _OFFSET.match(after):
        hours, minutes = int(found[2]), int(found[3] or 0)
        if hours > 15 or minutes > 59:
            raise ValueError(f"no zone is {found[0]} from UTC")
        return (1 if found[1] == "+" else -1) * timedelta(hours=hours, minutes=minutes)
    if (place := _PLACE.match(after)) and (offset := zones.offset(place[1], moment.replace(tzinfo=None))) is not None:
        return offset
    name = _NAME.match(after)
    if not name or not zones.is_known(name[1]):
        return timedelta()
    if (offset := zones.offset(name[1], moment.replace(tzinfo=None))) is not None:
        return offset
    language = habit.language.replace("_", "-").partition("-")[0].lower()
    minutes_east = zones.minutes(name[1], country=habit.country, language=language)
    return None if minutes_east is None else timedelta(minutes=minutes_east)


def _day(text: str, habit: Habit) -> date | None:
    text = " ".join(text.split())
    if found := _YEAR_FIRST.search(text):
        return _on(found[1], int(found[2]), found[3])
    if found := _VIETNAMESE.search(text):
        return _on(found[3], int(found[2]), found[1])
    if found := _NUMBERS.search(text):
        return _in_order(found, habit)
    for pattern, (day, words, year) in ((_DAY_WORD_YEAR, (1, 2, 3)), (_YEAR_WORD_DAY, (3, 2, 1))):
        for found in pattern.finditer(text):
            if month := _month(found[words], habit.language):
                return _on(found[year], month, found[day])
    if (found := _WORD_DAY_YEAR.search(text)) and (month := _month(found[1], habit.language)):
        return _on(found[4], month, found[2])
    if found := _YEAR_AND_MONTH.fullmatch(text):
        return _on(found[1] or found[3], int(found[2] or 1), "1")
    return _of_the_calendar(text)


def _in_order(found: re.Match[str], habit: Habit) -> date | None:
    first, second, year = int(found[1]), int(found[3]), found[4]
    if first == second or found[2] == "." or first > 12:
        return _on(year, second, first)
    if second > 12:
        return _on(year, first, second)
    if habit.day_first is None:
        return None
    return _on(year, second, first) if habit.day_first else _on(year, first, second)


def _month(words: str, language: str) -> int | None:
    """The month among *words*: all of them together, or the last one that is a month's name."""
    found = _WORD.findall(words)
    for phrase in (" ".join(found), *reversed(found)):
        if len(phrase) > 2 and (month := months.number(phrase, language)):
            return month
    return None


def _on(year: int | str, month: int, day: int | str) -> date:
    number = int(year)
    if len(str(year)) == 2:
        number += 2000 if number < 70 else 1900
    if number > 2400:
        number -= 543  # the Buddhist calendar, as in Thailand
    return date(number, month, int(day))


def _of_the_calendar(text: str) -> date | None:
    """2021-W47-5 and 2021-330 (ISO 8601)."""
    if re.fullmatch(r"\d{4}-?W\d\d(-?\d)?", text):
        return date.fromisoformat(text)
    if found := re.fullmatch(r"(\d{4})-(\d{3})", text):
        return date(int(found[1]), 1, 1) + timedelta(days=int(found[2]) - 1)
    return None
