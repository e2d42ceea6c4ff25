"""Whom a story is about: the company that most of its voices name in their titles. Places and people are none."""

from collections import Counter
from collections.abc import Iterable, Sequence

from newsletter.stories.picking import capitals, languages, nouns, tables, words
from newsletter.stories.picking.capitals import Phrase

_LEAD = 80
_LONGEST = 5

#: the (title, text) of each report of one voice
Reports = Sequence[tuple[str, str]]

#: what a company is called, before its name or after it
_TRADES = frozenset(
    """retailer retailers grocer supermarket supermarkets chain store stores shop shops brand company firm group giant
    carmaker automaker maker bank insurer airline startup rival owner plc inc ltd llc corp ag se gmbh shares stock
    customers shareholders chief subsidiary operator vendor supplier händler einzelhändler handelskette kette konzern
    unternehmen lieferdienst hersteller supermarktkette filialen enseigne distributeur chaîne groupe société magasins
    géant cadena empresa grupo tiendas catena azienda gruppo negozi keten bedrijf winkels""".split()  # noqa: SIM905
)
#: what companies do, and towns hardly
_DEEDS = frozenset(
    """said says opened opens launches launched buys bought acquires acquired sells sold unveils unveiled announced
    announces expects owns runs hires joins partners eröffnet kauft verkauft ouvre rachète vend lance""".split()  # noqa: SIM905
)
_LEGAL = frozenset("inc ltd llc plc corp corporation company co group holding holdings ag se gmbh sa spa nv bv".split())  # noqa: SIM905
_IN = frozenset("in near outside across around throughout à en em i w".split())  # noqa: SIM905
#: "a stake in Weezy" is no place
_HOLDINGS = frozenset("stake stakes share shares invest invests invested investing investment interest anteil".split())  # noqa: SIM905
_LAY_OF_LAND = frozenset(
    """county city province island islands river valley bay beach airport street avenue square lake mountain mountains
    region state district strip peninsula coast""".split()  # noqa: SIM905
)
_TITLES = frozenset(
    """mr mrs ms dr sir lady lord president senator governor mayor judge justice minister chancellor secretary prince
    princess king queen pope sheriff officer captain general professor herr frau monsieur madame señor señora ceo
    executive founder chairman chairwoman spokesman spokeswoman singer actor actress analyst""".split()  # noqa: SIM905
)


def of_story(voices: Sequence[Reports]) -> str:
    """The company that stands in the titles of at least half of *voices*; of several, the most frequent, then the one
    that the texts name first.

    Which phrases are names is learned from the running text, where capitals mean something; a title
    in Title Case only tells which of them matter.
    """
    names = _companies(voices)
    in_titles: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for reports in voices:
        titles = [words.words(title) for title, _ in reports]
        for name in names:
            parts = words.words(name)
            if any(words.holds(title, parts) for title in titles):
                in_titles[name] += 1
            places[name] += min(_place(words.words(words.first(text, _LEAD)), parts) for _, text in reports)
    enough = [name for name in in_titles if in_titles[name] * 2 >= len(voices)]
    return min(enough, key=lambda name: (-in_titles[name], places[name], -len(name), name), default="")


def _companies(voices: Sequence[Reports]) -> list[str]:
    reports = [report for one in voices for report in one]
    seen = _phrases(reports)
    names = _names(reports, seen)
    told: dict[str, list[Phrase]] = {}
    for phrase in seen:
        told.setdefault(phrase.text.casefold(), []).append(phrase)
    people = {name.casefold() for name in names if _is_person(name, told.get(name.casefold(), ()))}
    surnames = {name.split()[-1] for name in people if " " in name}
    return [
        name
        for name in names
        if (key := name.casefold()) not in people and key not in surnames and not _is_place(name, told.get(key, ()))
    ]


def _phrases(reports: Iterable[tuple[str, str]]) -> list[Phrase]:
    found: list[Phrase] = []
    for title, text in reports:
        found.extend(capitals.phrases(words.first(text, _LEAD)))
        if not capitals.is_title_case(title) and not capitals.is_shouted(title):
            found.extend(capitals.of_sentence(title))
    return [phrase for phrase in found if len(phrase.text) > 1 and phrase.text.count(" ") < _LONGEST]


def _names(reports: Sequence[tuple[str, str]], seen: Sequence[Phrase]) -> list[str]:
    """The phrases that are names, each as most of the reports write it."""
    sure = {phrase.text.casefold() for phrase in seen if phrase.is_sure}
    alone = {phrase.text.casefold() for phrase in seen if not phrase.shorter}
    spellings: dict[str, Counter[str]] = {}
    weak: dict[str, Counter[str]] = {}
    for phrase in seen:
        text = _settled(phrase, sure, alone)
        kept = spellings if phrase.is_sure or text.casefold() in sure or " " in text else weak
        kept.setdefault(text.casefold(), Counter())[text] += 1
    written = {word for title, text in reports for word in _plain(title, text)}
    for key, counts in weak.items():
        if counts.total() > 1 and key not in written:
            spellings.setdefault(key, Counter()).update(counts)
    names = sorted(min(counts, key=lambda spelling: (-counts[spelling], spelling)) for counts in spellings.values())
    code = languages.of(words.words(" ".join(words.first(text, _LEAD) or title for title, text in reports[:3])))
    return nouns.without(names, [text for _, text in reports]) if code in languages.NOUNS_IN_CAPITALS else names


def _settled(phrase: Phrase, sure: set[str], alone: set[str]) -> str:
    """ "Best Buy" or "Buy": as it stands in the middle of a sentence; else whole, unless the rest stands alone."""
    if not phrase.shorter or phrase.text.casefold() in sure:
        return phrase.text
    return phrase.shorter if phrase.shorter.casefold() in alone else phrase.text


def _is_place(name: str, told: Sequence[Phrase]) -> bool:
    key = name.casefold()
    if key in tables.members("lands") or key.split()[-1] in _LAY_OF_LAND:
        return True
    inside = sum(
        bool(phrase.before) and phrase.before[-1] in _IN and not _HOLDINGS & {*phrase.before} for phrase in told
    )
    if key in tables.members("towns"):
        # a town of that name may be far away: what is called a shop, or does business, and lies nowhere is a company
        return bool(inside) or not any(_is_trade(phrase) or phrase.after in _DEEDS for phrase in told)
    return inside >= 2 and inside * 2 >= len(told)


def _is_person(name: str, told: Sequence[Phrase]) -> bool:
    parts = name.casefold().split()
    if parts[-1] in _LEGAL or "&" in parts or len(parts) > 4:
        return False
    if any(phrase.before and phrase.before[-1].rstrip(".") in _TITLES for phrase in told) or parts[0] in _TITLES:
        return True
    return len(parts) > 1 and parts[0] in tables.members("first-names") and not any(map(_is_trade, told))


def _is_trade(phrase: Phrase) -> bool:
    return phrase.after in _TRADES or not _TRADES.isdisjoint(phrase.before[-1:])


def _plain(title: str, text: str) -> list[str]:
    """The words of both as they are written, without the marks around them."""
    return [word.strip(".,;:!?…()“”‘’\"'") for word in f"{title} {text}".split()]


def _place(text: Sequence[str], parts: Sequence[str]) -> int:
    """How early *parts* stand in *text*; as if after its end where they do not."""
    return next((at for at in range(len(text)) if list(text[at : at + len(parts)]) == list(parts)), _LEAD)
