"""What readers like: names whose stories were clicked more, or less, than their places in the edition explain.

Clicks come from a later room as values; here they become what the *audience* signal asks for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.stories.picking import capitals, words

#: an edition with fewer clicks tells nothing of its places, and fewer editions tell nothing of what is usual
_LEAST_CLICKS, _LEAST_EDITIONS = 50, 3
#: so many clicks as usual are added to every name, so that a few clicks move little
_PRIOR = 25.0
#: what differs less from the usual is noise
_NEARLY = 0.05


@dataclass(frozen=True, slots=True)
class Clicked:
    """A story as it went out, and how often people followed its links."""

    #: from 1
    position: int
    headline: str
    summary: str
    clicks: int
    #: the company that it was about, as the picker saw it; empty where it saw none
    company: str = ""


def lifts(editions: Iterable[Sequence[Clicked]]) -> dict[str, float]:
    """Name → clicks of its stories against what their places would have got; 1 is usual, and left out.

    A place's share is what it got of all clicks, over all *editions*; a name stands in the headline of a story.
    """
    told = [edition for edition in editions if sum(story.clicks for story in edition) >= _LEAST_CLICKS]
    if len(told) < _LEAST_EDITIONS:
        return {}
    shares = _shares(told)
    got: dict[str, float] = {}
    usual: dict[str, float] = {}
    for edition in told:
        clicks = sum(story.clicks for story in edition)
        whole = sum(shares[story.position] for story in edition)
        for story in edition:
            for name in names(story):
                got[name] = got.get(name, 0.0) + story.clicks
                usual[name] = usual.get(name, 0.0) + clicks * shares[story.position] / whole
    found = {name: (got[name] + _PRIOR) / (usual[name] + _PRIOR) for name in got}
    return {name: round(lift, 3) for name, lift in sorted(found.items()) if abs(lift - 1) >= _NEARLY}


def names(story: Clicked) -> set[str]:
    """The names in the headline that the running text bears out: in a headline everything may have capitals."""
    stream = words.words(story.headline)
    borne_out = {name for sentence in words.sentences(story.summary) for name in capitals.names(sentence)}
    found = {name for name in borne_out if words.holds(stream, words.words(name))}
    return found | ({story.company} if story.company and words.holds(stream, words.words(story.company)) else set())


def _shares(editions: Sequence[Sequence[Clicked]]) -> Mapping[int, float]:
    """Position → its mean share of an edition's clicks, never nothing."""
    found: dict[int, list[float]] = {}
    for edition in editions:
        clicks = sum(story.clicks for story in edition)
        for story in edition:
            found.setdefault(story.position, []).append(story.clicks / clicks)
    return {position: max(sum(shares) / len(shares), 1e-3) for position, shares in found.items()}
