"""Ways to choose a week's five: this picker's, and plainer ones to measure it by."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks import weeks
from benchmarks._judging import SLOTS, Outcome
from benchmarks.weeks import Week
from newsletter.stories.picking import copies, frequencies, picker, readings, scoring
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.snapshot import Item, Snapshot
from newsletter.stories.picking.telling import Story


@dataclass(frozen=True)
class Sight:
    """A week as the methods see it: grouped once, with the words of earlier weeks counted."""

    week: Week
    snapshot: Snapshot
    grouped: picker.Grouped

    @property
    def items(self) -> list[Item]:
        return [one.item for one in self.week.articles]


def see(week: Week, known: Frequencies) -> Sight:
    """*week* through the eyes of a picker that knows the words of earlier weeks."""
    snapshot = Snapshot(tuple(one.item for one in week.articles), week.closes_at, frequencies=known)
    return Sight(week, snapshot, picker.group(snapshot))


def earlier() -> Frequencies:
    """What eight simulated weeks before the first would have counted."""
    known = Frequencies()
    for number in range(8):
        items = [one.item for one in weeks.week(900 + number).articles]
        read = readings.read_all(items)
        origins = copies.origins(items, read)
        known += frequencies.count(read[item.id].long[0] for item in items if origins[item.id] == item.id)
    return known


def this_picker(sight: Sight) -> Outcome:
    stories = [story.articles for story in sight.grouped.stories]
    return Outcome(stories, [one.story.articles for one in picker.pick(sight.snapshot).chosen])


def in_first_week(sight: Sight) -> Outcome:
    return this_picker(see(sight.week, Frequencies()))


def _titles(sight: Sight) -> Outcome:
    """As if its feeds brought nothing but headlines."""
    bare = [replace(one, item=replace(one.item, text="")) for one in sight.week.articles]
    return this_picker(see(Week(tuple(bare), sight.week.closes_at), Frequencies()))


def _by(key: Callable[[Story], int]) -> Callable[[Sight], Outcome]:
    """This picker's stories, ranked by *key* alone."""

    def method(sight: Sight) -> Outcome:
        stories = sorted(sight.grouped.stories, key=lambda story: (-key(story), story.id))
        return Outcome([story.articles for story in stories], [story.articles for story in stories[:SLOTS]])

    return method


def _articles(story: Story) -> int:
    return len(story.articles)


def _hosts(story: Story) -> int:
    return len({item.source for item in (*story.reports, *story.reprints)})


def _voices(story: Story) -> int:
    return len(story.voices)


def _unclustered(sight: Sight) -> Outcome:
    """This picker's score, with every article a story of its own."""
    scored = []
    for item in sight.items:
        # without earlier words, which a score does not need, and which take long to add
        alone = replace(sight.snapshot, items=(item,), frequencies=Frequencies())
        story = picker.group(alone).stories[0]
        scored.append((-scoring.recompute(scoring.weigh(story, alone).stored()), item.id))
    return Outcome([(item.id,) for item in sight.items], [(name,) for _, name in sorted(scored)[:SLOTS]])


def _newest(sight: Sight) -> Outcome:
    every = sorted(sight.items, key=lambda item: (item.published_at, item.id), reverse=True)
    return Outcome([(item.id,) for item in every], [(item.id,) for item in every[:SLOTS]])


OURS = "this picker"
METHODS: dict[str, Callable[[Sight], Outcome]] = {
    OURS: this_picker,
    "this picker, in its first week": in_first_week,
    "this picker, with headlines alone": _titles,
    "its stories by voices": _by(_voices),
    "its stories by hosts": _by(_hosts),
    "its stories by articles": _by(_articles),
    "no clustering": _unclustered,
    "newest five": _newest,
}
