"""What mail programs know of HTML and CSS: caniemail.com's tests, in a pinned copy.

The data is Rémi Parmentier's and caniemail's contributors', under the MIT licence beside it. `python -m` this module
with the file `dist/data/caniemail.json` of the npm package `caniemail`, and its version, makes the copy anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data.json"
#: the programs that most readers have
MAJOR = ("gmail", "outlook", "apple-mail", "yahoo")


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that HTML or CSS can do."""

    #: as caniemail calls it: "css-display-flex"
    slug: str
    title: str
    url: str
    #: when it was last tested, "2021-03-09"
    tested: str
    #: program → platform → "y" known, "a" in part, "n" not known, "u" nobody has looked; of its newest version
    support: Mapping[str, Mapping[str, str]]

    def lacking(self, *, in_any_of: tuple[str, ...] = MAJOR) -> list[str]:
        """The programs that don't know it, as people call them: "Outlook (Windows)"."""
        names = _data().names
        found = []
        for family in in_any_of:
            platforms = self.support.get(family, {})
            lack = [platform for platform, known in platforms.items() if known == "n"]
            if lack and len(lack) == len(platforms):
                found.append(names[family])
            elif lack:
                found.append(f"{names[family]} ({', '.join(names[each] for each in lack)})")
        return found


@dataclass(frozen=True, slots=True)
class _Data:
    version: str
    updated: str
    names: Mapping[str, str]
    features: Mapping[str, Feature]


def feature(slug: str) -> Feature | None:
    """What caniemail calls *slug*; None where it has tested no such thing."""
    return _data().features.get(slug)


def called() -> str:
    """Which copy this is: "caniemail 2.0.2 of 13 May 2026"."""
    return f"caniemail {_data().version}, as of {_data().updated[:10]}"


@cache
def _data() -> _Data:
    plain = json.loads(DATA.read_text("utf-8"))
    features = {slug: Feature(slug, *row) for slug, row in plain["features"].items()}
    return _Data(plain["version"], plain["updated"], plain["names"], features)
