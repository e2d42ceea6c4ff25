"""Names of months in the languages of the world, from the CLDR by way of Babel."""

import unicodedata
from functools import lru_cache

from babel import Locale, UnknownLocaleError

#: languages that are tried where a feed does not say its own, or says the wrong one
_LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "hr", "sl", "sr",
    "bg", "ru", "uk", "be", "el", "tr", "he", "ar", "fa", "hi", "bn", "th", "vi", "id", "ms", "ca", "eu", "gl", "et",
    "lv", "lt", "is", "ga", "sw", "af", "ka", "hy", "az", "kk",
)  # fmt: skip
#: short forms that newspapers use and the CLDR does not list
_ALSO = {
    "de": {"mrz": 3, "jän": 1, "jänner": 1, "feber": 2},
    "fr": {"fevr": 2, "fév": 2, "juil": 7, "aout": 8},
    "es": {"set": 9, "setiembre": 9},
    "ru": {"сен": 9, "ноя": 11, "июнь": 6, "июль": 7, "май": 5},
    "id": {"agustus": 8, "agt": 8, "nopember": 11},
    "ar": {
        "كانون الثاني": 1, "شباط": 2, "آذار": 3, "نيسان": 4, "أيار": 5, "حزيران": 6,
        "تموز": 7, "آب": 8, "أيلول": 9, "تشرين الأول": 10, "تشرين الثاني": 11, "كانون الأول": 12,
    },
}  # fmt: skip
_SHORTEST = 3


def number(word: str, language: str = "") -> int | None:
    """Which month *word* names, 1 to 12, in *language* (a code such as "fr-CA", or "").

    None where it is no month's name, or where different languages mean different months by it: "listopad" is
    November in Polish and Czech, October in Croatian.
    """
    word = _bare(word)
    own = language.replace("_", "-").partition("-")[0].lower()
    if own and (found := _names(own).get(word) or _begun(own, word)):
        return found
    return _anybody(word)


@lru_cache(maxsize=2_000)
def _anybody(word: str) -> int | None:
    found = {month for language in _LANGUAGES if (month := _names(language).get(word))}
    found = found or {month for language in _LANGUAGES if (month := _begun(language, word))}
    return found.pop() if len(found) == 1 else None


def _begun(language: str, word: str) -> int | None:
    """The month whose name begins with *word*, if there is exactly one."""
    if len(word) < _SHORTEST:
        return None
    found = {month for name, month in _names(language).items() if name.startswith(word)}
    return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=200)
def _names(language: str) -> dict[str, int]:
    """Every way to write a month in *language*, without dots, accents and capitals."""
    try:
        months = Locale.parse(language).months
    except (UnknownLocaleError, ValueError):
        return {}
    written = [
        (name, month)
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for month, name in months[context][width].items()
    ]
    written += _ALSO.get(language, {}).items()
    return {bare: month for name, month in written if not (bare := _bare(name))[:1].isdigit()}


def _bare(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    # vowel signs of Indian and Thai words are marks too, and mean something
    return "".join(letter for letter in apart if not "\u0300" <= letter <= "\u036f").strip(" .،,")
