"""The languages in which readers are spoken to: English in the source, the others in catalogues beside this file.

A catalogue is a .po file, read as it stands: there is nothing to compile, and translators see what is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path

from markupsafe import Markup

_HERE = Path(__file__).parent
SOURCE = "en"
#: languages whose script runs from right to left
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words; what a catalogue lacks is said in English."""

    #: "en", "de", "fr"
    tag: str
    catalogue: Mapping[str, str] = field(default_factory=dict, repr=False)

    def html(self, message: str, **values: object) -> Markup:
        """*message*, which may hold markup of ours, with *values* escaped into it."""
        return Markup(self._found(message)) % values if values else Markup(self._found(message))  # noqa: S704

    def text(self, message: str, **values: object) -> str:
        """*message* as plain text, with *values* in it."""
        return self._found(message) % values if values else self._found(message)

    def date(self, day: date | datetime) -> str:
        """ "26 November 2021", in this language."""
        from babel.dates import format_date  # a tenth of a second, which commands need not wait for

        return format_date(day, "d MMMM y" if self.tag == SOURCE else "long", locale=self.tag)

    def _found(self, message: str) -> str:
        return self.catalogue.get(message) or message


@cache
def words(tag: str) -> Words:
    """The words of the language nearest to *tag*, which may come from anywhere: "fr-CA" is French."""
    primary = tag.replace("_", "-").split("-")[0].lower()
    return Words(primary, _catalogue(primary)) if primary in available() else Words(SOURCE)


@cache
def available() -> tuple[str, ...]:
    """The tags of the languages there are, English first."""
    return (SOURCE, *sorted(file.stem for file in _HERE.glob("*.po")))


def choose(*tags: str) -> Words:
    """The words of the first of *tags* that there is a language for; English where there is none."""
    for tag in tags:
        found = words(tag)
        if tag and (found.tag != SOURCE or tag.lower().startswith(SOURCE)):
            return found
    return words(SOURCE)


def name(tag: str) -> str:
    """What speakers of *tag* call it: "Deutsch"; the tag itself where nobody knows."""
    from babel import Locale, UnknownLocaleError

    try:
        own = Locale.parse(tag, sep="-").display_name or tag
    except (UnknownLocaleError, ValueError):
        return tag
    return own[:1].upper() + own[1:]


def direction(tag: str) -> str:
    """ "rtl" or "ltr"."""
    return "rtl" if tag.replace("_", "-").split("-")[0].lower() in RIGHT_TO_LEFT else "ltr"


def _catalogue(tag: str) -> Mapping[str, str]:
    if tag == SOURCE:
        return {}
    from babel.messages.pofile import read_po

    with (_HERE / f"{tag}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale=tag) if message.id}
