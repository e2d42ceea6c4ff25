"""How often “Mixed?” is said, and how often it is right."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks._methods import Sight
from newsletter.stories.picking import mixing, telling, vectors
from newsletter.stories.picking.snapshot import Item
from newsletter.stories.picking.telling import Story


@dataclass(frozen=True, slots=True)
class Warned:
    """Of stories of several reports: how many looked mixed and were, looked mixed and were not, were and did not."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Warned") -> "Warned":
        return Warned(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    def __str__(self) -> str:
        told = self.stored()
        return f"{self.right + self.wrong} warnings, precision {told['precision']:.2f}, recall {told['recall']:.2f}"

    def stored(self) -> dict[str, float]:
        warned, mixed = self.right + self.wrong, self.right + self.missed
        precision, recall = self.right / warned if warned else 1.0, self.right / mixed if mixed else 1.0
        return {"warned": warned, "mixed": mixed, "precision": round(precision, 3), "recall": round(recall, 3)}


def warnings_of(sight: Sight) -> Warned:
    """Of each story of *sight*, whether it is of several events, and whether the picker says so."""
    event = {one.item.id: one.event for one in sight.week.articles}
    found = Warned()
    for story in sight.grouped.stories:
        if len(story.reports) > 1:
            found += _warned(story, is_mixed=len({event[report.id] for report in story.reports}) > 1)
    return found


def warnings_of_merged(sight: Sight) -> Warned:
    """The same of the true stories, and of each look-alike merged with its story, as an editor might by mistake."""
    told: dict[str, list[Item]] = {}
    for one in sight.week.articles:
        if not one.copied_from:
            told.setdefault(one.event, []).append(one.item)
    found = Warned()
    for event, items in told.items():
        if len(items) > 1:
            found += _warned(_story(items, sight), is_mixed=False)
        original = told.get(event.partition(" like ")[2])
        if original is not None and len(items) + len(original) > 2:
            found += _warned(_story([*items, *original], sight), is_mixed=True)
    return found


def _warned(story: Story, *, is_mixed: bool) -> Warned:
    is_warned = bool(mixing.warning(story))
    return Warned(is_mixed and is_warned, is_warned and not is_mixed, is_mixed and not is_warned)


def _story(items: Sequence[Item], sight: Sight) -> Story:
    read, counted = sight.grouped.read, sight.grouped.frequencies
    placed = {item.id: vectors.of_reading(read[item.id], counted) for item in items}
    return Story(telling.oldest_first(items), (), placed)
