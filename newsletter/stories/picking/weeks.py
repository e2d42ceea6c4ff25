"""A week taken apart into stories, and what of it is kept for the next run: nothing kept changes a result."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from newsletter.stories.picking import copies, frequencies, grouping, readings, speed, vectors, voices
from newsletter.stories.picking import telling as tellings
from newsletter.stories.picking.copies import Copies
from newsletter.stories.picking.decisions import Links
from newsletter.stories.picking.frequencies import Frequencies
from newsletter.stories.picking.readings import Reading
from newsletter.stories.picking.snapshot import Item, Snapshot
from newsletter.stories.picking.telling import Story
from newsletter.stories.picking.vectors import Vector

#: readings of articles that were in none of the last runs are dropped when there are more than this
_SPARE = 10_000
_NEVER = (None, None, None)


@dataclass(frozen=True)
class Grouped:
    """A week taken apart: its stories, and what was computed on the way."""

    stories: tuple[Story, ...]
    read: Mapping[int, Reading]
    frequencies: Frequencies


@dataclass
class Kept:
    """What one run leaves to the next: readings, copies, vectors, pairs, stories and what these weigh.

    An editor's act redoes what it touches, and a new article only what it alters. Give each run the same one; it may
    be shared between threads, one of which waits for the other.
    """

    lock: RLock = field(default_factory=RLock)
    #: article id → its title and text, and what was read in them
    read: dict[int, tuple[str, str, Reading]] = field(default_factory=dict)
    #: article id → it, and its hash
    hashes: dict[int, tuple[Item, bytes]] = field(default_factory=dict)
    #: what went in, and what came of it: copies, frequencies, vectors, the whole
    copies: tuple[Any, dict[int, int]] = (None, {})
    quick: Copies | None = None
    week: tuple[Mapping[int, Reading], Frequencies] = ({}, Frequencies())
    counted: tuple[Any, Frequencies] = (None, Frequencies())
    placed: tuple[Frequencies | None, dict[int, tuple[Reading, Vector]]] = (None, {})
    #: the frequencies of the run before, and the terms that tell more or less since; None where all may
    moved: tuple[Frequencies | None, frozenset[str] | None] = (None, None)
    pairs: grouping.Kept = field(default_factory=grouping.Kept)
    stories: dict[Any, Story] = field(default_factory=dict)
    grouped: tuple[Any, Grouped | None] = (None, None)
    #: all of a snapshot that bears on a story's worth but its rules, and what was worked out about each story
    weighed: tuple[Any, dict[int, Any]] = (None, {})
    #: story id → the story, the frequencies it was drafted by, and its draft
    drafts: dict[int, tuple[Story, Frequencies, Any]] = field(default_factory=dict)


def group(snapshot: Snapshot, kept: Kept | None = None, *, plain: bool = False) -> Grouped:
    """The stories of *snapshot*, the smallest article id first. *plain* asks for the reference, without numpy."""
    kept = kept or Kept()
    with kept.lock, speed.without_collecting():
        items = tuple(sorted({item.id: item for item in snapshot.items}.values(), key=lambda item: item.id))
        key = (items, snapshot.rules.links(), snapshot.frequencies, plain)
        if kept.grouped[0] != key or kept.grouped[1] is None:
            kept.grouped = (key, _group(items, snapshot, kept, plain=plain))
        found = kept.grouped[1]
        assert found is not None  # noqa: S101 (for the type checker: it was set above)
        return found


def _group(items: Sequence[Item], snapshot: Snapshot, kept: Kept, *, plain: bool) -> Grouped:
    links = snapshot.rules.links()
    if copies.is_worth_it(items):
        speed.load()
    read = _read(items, kept)
    texts, origins = _origins(items, read, links, kept, plain=plain)
    # by what the texts are: what an editor splits off is no new text
    counted = _counted({name: read[name] for name in texts if texts[name] == name}, snapshot.frequencies, kept)
    reports = {item.id: read[item.id] for item in items if origins[item.id] == item.id}
    placed = _placed(reports, counted, kept)
    lifted = _on_origins(links, origins)
    bounds = grouping.TITLES if readings.are_bare(list(reports.values())) else grouping.TEXTS
    groups = grouping.group(
        placed,
        together=lifted.together,
        apart=lifted.apart,
        cut=bounds.cut,
        branch=bounds.branch,
        kept=kept.pairs,
        plain=plain,
    )
    return Grouped(_stories(groups, items, origins, placed, kept), read, counted)


def _read(items: Sequence[Item], kept: Kept) -> dict[int, Reading]:
    """Each article is read once, and again only where its words have changed."""
    new = [item for item in items if (item.title, item.text) != kept.read.get(item.id, _NEVER)[:2]]
    by_id = {item.id: item for item in new}
    kept.read.update((n, (by_id[n].title, by_id[n].text, read)) for n, read in readings.read_all(new).items())
    found = {item.id: kept.read[item.id][2] for item in items}
    if len(kept.read) > 2 * len(items) + _SPARE:
        kept.read = {name: kept.read[name] for name in found}
    return found


def _origins(
    items: Sequence[Item], read: Mapping[int, Reading], links: Links, kept: Kept, *, plain: bool
) -> tuple[dict[int, int], dict[int, int]]:
    """What copies what by the texts alone, and with what editors have split."""
    sketches = {name: reading.sketch for name, reading in read.items()}
    titles = {name: reading.heading for name, reading in read.items()}
    if not plain and copies.is_worth_it(items):
        if kept.quick is None or not kept.quick.take(items, sketches, titles):
            kept.quick = Copies(items, sketches, titles)
        return kept.quick.origins, kept.quick.parted(links.apart)
    key = [(item.id, item.published_at, id(read[item.id])) for item in items]
    if kept.copies[0] != key:
        kept.copies = (key, voices.origins(items, sketches, titles=titles))
    texts = kept.copies[1]
    # a split matters here only between a copy and its origin
    torn = any(texts.get(a) == b or texts.get(b) == a for a, b in links.apart)
    return texts, voices.origins(items, sketches, links.apart, titles) if torn else texts


def _counted(reports: Mapping[int, Reading], earlier: Frequencies, kept: Kept) -> Frequencies:
    week = _week(reports, kept)
    key = (week, earlier)
    if kept.counted[0] is None or kept.counted[0][0] is not week or kept.counted[0][1] != earlier:
        spoken = Counter(reading.language for reading in reports.values())
        shares = {code: number / len(reports) for code, number in spoken.items()}
        kept.counted = (key, frequencies.with_table(week, earlier, shares))
    return kept.counted[1]


def _week(reports: Mapping[int, Reading], kept: Kept) -> Frequencies:
    """The terms of *reports* alone, counted; of a few that are new, those are added."""
    known, week = kept.week
    new = [reading for name, reading in reports.items() if known.get(name) is not reading]
    if len(known) + len(new) == len(reports) and known:
        added = frequencies.count(reading.long[0] for reading in new)
        kept.week = (reports, week + added) if new else kept.week
    else:
        kept.week = (reports, frequencies.count(reading.long[0] for reading in reports.values()))
    return kept.week[1]


def _placed(reports: Mapping[int, Reading], counted: Frequencies, kept: Kept) -> dict[int, Vector]:
    """The vector of each report; one that comes out as before stays the same object, and its pairs stay known."""
    by, before = kept.placed
    moved = frozenset() if by is counted else _moved(by, counted)
    kept.moved = (by, moved)
    fresh = [name for name, reading in reports.items() if not _holds(before.get(name), reading, moved)]
    made = dict(zip(fresh, vectors.of_readings([reports[name] for name in fresh], counted), strict=True))
    found: dict[int, tuple[Reading, Vector]] = {}
    for name, reading in reports.items():
        known, vector = before.get(name), made.get(name)
        if known is not None and (vector is None or vector == known[1]):
            vector = known[1]
        assert vector is not None  # noqa: S101 (for the type checker: what is not known was made)
        found[name] = (reading, vector)
    if moved is not None and len(before) < 2 * len(found):
        # what an editor has merged or split may come back
        away = {name: known for name, known in before.items() if name not in found}
        kept.placed = (counted, {**{n: k for n, k in away.items() if moved.isdisjoint(k[0].long[0])}, **found})
    else:
        kept.placed = (counted, found)
    return {name: vector for name, (_, vector) in found.items()}


def _holds(known: tuple[Reading, Vector] | None, reading: Reading, moved: frozenset[str] | None) -> bool:
    """Whether the vector that is known is that of *reading* still."""
    return known is not None and known[0] is reading and moved is not None and moved.isdisjoint(reading.long[0])


def _moved(before: Frequencies | None, now: Frequencies) -> frozenset[str] | None:
    """The terms that tell more or less than they did; None where nothing is known of before."""
    if before is None:
        return None
    weights = now.weights
    return frozenset(term for term, weight in before.weights.items() if weights[term] != weight)


def _on_origins(links: Links, origins: Mapping[int, int]) -> Links:
    """The editors' constraints on articles, as constraints on the reports they copy."""

    def lift(pairs: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        known = [(origins[a], origins[b]) for a, b in pairs if a in origins and b in origins]
        return frozenset((min(a, b), max(a, b)) for a, b in known if a != b)

    return Links(lift(links.together), lift(links.apart))


def _stories(
    groups: Sequence[tuple[int, ...]],
    items: Sequence[Item],
    origins: Mapping[int, int],
    placed: Mapping[int, Vector],
    kept: Kept,
) -> tuple[Story, ...]:
    by_id = {item.id: item for item in items}
    reprints: dict[int, list[int]] = {}
    for name, origin in origins.items():
        if name != origin:
            reprints.setdefault(origin, []).append(name)
    made: dict[Any, Story] = {}
    for members in groups:
        copied = tuple(copy for name in members for copy in reprints.get(name, ()))
        story = kept.stories.get((members, copied))
        if story is None or not _is_same(story, by_id, placed):
            story = _story(members, copied, by_id, placed)
        made[members, copied] = story
    kept.stories = made
    return tuple(made.values())


def _is_same(story: Story, by_id: Mapping[int, Item], placed: Mapping[int, Vector]) -> bool:
    return all(story.vectors[report.id] is placed[report.id] for report in story.reports) and all(
        item == by_id[item.id] for item in (*story.reports, *story.reprints)
    )


def _story(
    members: Sequence[int], copies: Sequence[int], by_id: Mapping[int, Item], placed: Mapping[int, Vector]
) -> Story:
    return Story(
        tellings.oldest_first([by_id[name] for name in members]),
        tellings.oldest_first([by_id[name] for name in copies]),
        {name: placed[name] for name in members},
    )
