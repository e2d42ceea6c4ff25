"""The headline of a story: the best of its titles, whoever wrote it."""

import re
from collections.abc import Iterable, Sequence

from newsletter.stories.picking import capitals, cleaning, marks, readings, vectors, words
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.snapshot import Item
from newsletter.stories.picking.vectors import Vector

#: titles that are looked at
_READ = 40
#: what stands before a headline without being a part of it: "UPDATE 1-", "Exclusive:", "News |"
_LABEL = re.compile(
    r"^(?:(?:update|wrapup|refile|rpt|corrected|exclusive|breaking(?: news)?|news|video|watch|live|opinion"
    r"|analysis|report|press release"
    r"|eilmeldung|exklusiv|kommentar|exclusif|vidéo|en direct|exclusiva)\s*\d*\s*(?:[:|–—]\s*|-\s*(?=\S)|\s-\s))+",
    re.IGNORECASE,
)
_ENDING = re.compile(r"(?<!\s)\s+(?:[|–—-]|::)\s+([^|–—]{2,40})$")
_DATED = re.compile(
    r"\b(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\s+\d{1,2}(?:,?\s+\d{4})"
    r"|\d{1,2}\.?\s+[^\W\d]{3,9}\.?\s+\d{4})\b",
    re.IGNORECASE,
)
_ROUNDUP = re.compile(
    r"\b(?:round-?up|briefing|digest|newsletter|live blog|as it happened|the week in|this week|headlines"
    r"|top stories|podcast"
    r"|\d+ things|what we know|presseschau|wochenrückblick|l'essentiel)\b",
    re.IGNORECASE,
)
_SHORTEST, _LONGEST = 3, 22
#: what each flaw leaves of a title's worth
_FLAW, _GRAVE = 0.6, 0.25
#: how much the lead's own title is preferred
_LEAD = 1.3


def best(reports: Sequence[Item], lead: Item, frequencies: Frequencies) -> str:
    """Of the titles of *reports* the one nearest to what all of them tell, flaws counted; the lead's where all fail."""
    read = [(report, plain(report)) for report in reports[:_READ] if report.title.strip()]
    centre = vectors.centroid(
        [_vector(f"{title} {words.first(r.text, readings.LEAD)}", frequencies) for r, title in read]
    )
    ranked = sorted(
        read, key=lambda pair: (-_worth(pair[0], pair[1], lead, centre, frequencies), pair[0].published_at, pair[0].id)
    )
    return ranked[0][1] if ranked else plain(lead)


def plain(report: Item) -> str:
    """The title of *report*, mended, without labels and the name of the paper."""
    title = " ".join(cleaning.mended(report.title).split())
    bare = _LABEL.sub("", title)
    ending = _ENDING.search(bare)
    if (
        ending
        and (_names_paper(ending[1], report) or "|" in ending[0])
        and len(words.words(bare[: ending.start()])) > 1
    ):
        bare = bare[: ending.start()]
    # what opens in a title and closes in what was cut would stay open
    if not bare.strip() or (marks.are_balanced(title) and not marks.are_balanced(bare)):
        return title
    return bare[0].upper() + bare[1:] if bare != title and bare[:2].islower() else bare


def is_mangled(title: str) -> bool:
    """Whether letters of *title* are lost, or its end is."""
    return (
        "\ufffd" in title or title.rstrip().endswith(("...", "…")) or bool(re.search(r"[ÂÃâ][\u0080-\u00bf€™œ]", title))
    )


def _names_paper(ending: str, report: Item) -> bool:
    paper = set(words.words(f"{report.source} {report.owner}"))
    return bool(paper) and set(words.words(ending)) <= paper | {"the", "com", "news", "online", "www"}


def _worth(report: Item, title: str, lead: Item, centre: Vector, frequencies: Frequencies) -> float:
    near = vectors.cosine(_vector(title, frequencies), centre)
    flaws = sum(_flaws(title))
    grave = sum((is_mangled(title), not marks.are_balanced(title), near <= 0.0))
    return (near + 0.01) * _FLAW**flaws * _GRAVE**grave * (_LEAD if report.id == lead.id else 1.0)


def _flaws(title: str) -> Iterable[bool]:
    count = len(words.words(title))
    yield capitals.is_shouted(title)
    yield bool(_DATED.search(title))
    yield bool(_ROUNDUP.search(title))
    yield title.rstrip().endswith("?")
    yield count > _LONGEST
    yield count < _SHORTEST
    yield count < _SHORTEST and not any(letter.isdigit() for letter in title)


def _vector(text: str, frequencies: Frequencies) -> Vector:
    return vectors.of_words(words.telling(text), frequencies)
