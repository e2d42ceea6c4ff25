"""How alike the simulated text is, like for like with a labelled corpus of real news (ECB+)."""

from collections.abc import Mapping
from itertools import pairwise

from benchmarks import weeks
from newsletter.stories.picking import frequencies, vectors
from newsletter.stories.picking.vectors import Vector

#: ECB+: 982 articles on 86 events, each of which has one that looks like it. Centres of many reports are more
#: alike than centres of few, so stories are told here as often as there
_STORIES, _REPORTS = 43, 11
#: cosines of centres: 5%, 50%, 95%
MEASURED = {
    "one event, halved": (0.47, 0.66, 0.83),
    "look-alikes": (0.10, 0.27, 0.49),
    "unrelated": (0.01, 0.03, 0.07),
}


def show() -> None:
    """Print the cosines here and as measured."""
    for name, values in cosines(range(900, 903)).items():
        here = " / ".join(f"{values[len(values) * share // 100]:.2f}" for share in (5, 50, 95))
        print(f"{name:<20} here {here}   real news {' / '.join(f'{v:.2f}' for v in MEASURED[name])}")


def cosines(seeds: range) -> dict[str, list[float]]:
    """Sorted, of all events of the weeks of *seeds*."""
    found: dict[str, list[float]] = {name: [] for name in MEASURED}
    for seed in seeds:
        told = _told(weeks.twins(seed, _STORIES, _REPORTS))
        centres = {event: vectors.centroid(reports) for event, reports in told.items()}
        for event, reports in told.items():
            halves = vectors.centroid(reports[::2]), vectors.centroid(reports[1::2])
            found["one event, halved"].append(vectors.cosine(*halves))
            other = event.partition(" like ")[2]
            if other:
                found["look-alikes"].append(vectors.cosine(centres[event], centres[other]))
        firsts = [event for event in centres if " like " not in event]
        found["unrelated"] += [vectors.cosine(centres[a], centres[b]) for a, b in pairwise(firsts)]
    return {name: sorted(values) for name, values in found.items()}


def _told(week: weeks.Week) -> Mapping[str, list[Vector]]:
    known = frequencies.count(vectors.long_read(one.item) for one in week.articles)
    told: dict[str, list[Vector]] = {}
    for one in week.articles:
        told.setdefault(one.event, []).append(vectors.of_report(one.item, known))
    return told
