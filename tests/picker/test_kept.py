"""What is kept from run to run, and numpy, change nothing but the time."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.stories.models import Rule
from newsletter.stories.picking import (
    copies,
    frequencies,
    grouping,
    picker,
    readings,
    shingles,
    sparse,
    speed,
    vectors,
    voices,
)
from newsletter.stories.picking.copies import Copies
from newsletter.stories.picking.decisions import Rules
from newsletter.stories.picking.picker import Kept
from tests.picker.builders import a_copy, a_report, a_snapshot, a_week, ruled, told
from tests.picker.test_properties import WISHES

few = settings(max_examples=20, deadline=None)
rules_ = st.lists(
    st.tuples(st.sampled_from(Rule), st.lists(st.integers(1, 30), min_size=2, max_size=3, unique=True)), max_size=3
)
needs_numpy = pytest.mark.skipif(not speed.is_installed(), reason="needs the extra `speed`")


@pytest.fixture
def numpy_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "_WORTH_IT", 0)
    speed.load()


def rules_of(rulings: list[tuple[Rule, list[int]]]) -> Rules:
    return ruled(*((rule, [10 * article for article in articles]) for rule, articles in rulings), points=10)


@few
@given(st.integers(0, 10_000), st.lists(rules_, min_size=1, max_size=4))
def test_an_act_is_ranked_as_if_nothing_had_been_kept(seed: int, acts: list[list[tuple[Rule, list[int]]]]) -> None:
    items, kept = a_week(seed), Kept()
    runs = [a_snapshot(*items, interests=WISHES, rules=rules_of(act)) for act in acts]
    assert [told(picker.pick(run, kept)) for run in runs] == [told(picker.pick(run)) for run in runs]


@few
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_new_articles_are_ranked_as_if_nothing_had_been_kept(seed: int, held_back: int) -> None:
    items, kept = a_week(seed), Kept()
    runs = [a_snapshot(*items[: len(items) - late]) for late in range(held_back, -1, -1)]
    assert [told(picker.pick(run, kept)) for run in runs] == [told(picker.pick(run)) for run in runs]


def test_an_article_that_was_changed_is_read_again() -> None:
    kept, before = Kept(), a_report(1, "Getir buys Weezy")
    picker.pick(a_snapshot(before), kept)
    after = picker.pick(a_snapshot(replace(before, title="Getir sells Weezy")), kept)
    assert after.ranked[0].draft.headline == "Getir sells Weezy"


@needs_numpy
@few
@given(seed=st.integers(0, 10_000), rulings=rules_)
def test_numpy_gives_the_same_stories(seed: int, rulings: list[tuple[Rule, list[int]]]) -> None:
    snapshot = a_snapshot(*a_week(seed, events=12), rules=rules_of(rulings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "_WORTH_IT", 0)
        fast = picker.group(snapshot)
    plain = picker.group(snapshot, plain=True)
    assert [story.articles for story in fast.stories] == [story.articles for story in plain.stories]


@needs_numpy
@pytest.mark.usefixtures("numpy_for_all")
def test_pairs_kept_from_an_earlier_run_are_those_of_a_fresh_one() -> None:
    items, kept = a_week(7, events=12), Kept()
    picker.group(a_snapshot(*items[:-5]), kept)
    again = picker.group(a_snapshot(*items), kept)
    assert again.stories == picker.group(a_snapshot(*items)).stories


@needs_numpy
@given(st.lists(st.lists(st.sampled_from([f"word{n}" for n in range(30)]), max_size=90), max_size=5))
def test_sketches_are_the_same_with_numpy_and_without(streams: list[list[str]]) -> None:
    speed.load()
    assert shingles.sketches(streams) == [shingles.sketch(stream) for stream in streams]


@needs_numpy
@few
@given(
    seed=st.integers(0, 10_000),
    late=st.lists(st.integers(0, 60), max_size=6),
    split=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=3),
)
def test_copies_by_numpy_and_one_by_one_are_those_of_plain_python(
    seed: int, late: list[int], split: list[tuple[int, int]]
) -> None:
    week = a_week(seed)
    items = [*week, *(a_copy(week[n * seed % len(week)], 1000 + n, seed + n) for n in range(12))]
    items += [replace(item, id=2000 + item.id, text="", owner="Short") for item in week[:9]]
    read = readings.read_all(items)
    sketches = {name: reading.sketch for name, reading in read.items()}
    titles = {name: reading.heading for name, reading in read.items()}
    known = Copies([item for at, item in enumerate(items) if at not in late], sketches, titles)
    assert known.take(items, sketches, titles)
    pairs = [(items[a % len(items)].id, items[b % len(items)].id) for a, b in split]
    copied = [(copy, origin) for copy, origin in known.origins.items() if copy != origin][: len(pairs)]
    apart = {(min(pair), max(pair)) for pair in (*pairs, *copied)}
    assert known.origins == voices.origins(items, sketches, titles=titles)
    assert known.parted(apart) == voices.origins(items, sketches, apart, titles)
    with pytest.MonkeyPatch.context() as patch:
        # and where so many are touched that all are placed again, in small blocks
        patch.setattr(copies, "_MANY", 0)
        patch.setattr(copies, "_ROWS", 4)
        patch.setattr(copies, "_SMALL", 2)
        assert known.parted(apart) == voices.origins(items, sketches, apart, titles)
        assert copies.Copies(items, sketches, titles).origins == known.origins


@needs_numpy
@given(st.lists(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9), max_size=4), min_size=2, max_size=9))
def test_pairs_of_rows_that_share_nothing_but_common_words_are_found(weights: list[dict[str, int]]) -> None:
    rows = [vectors.unit(row) for row in weights]
    columns = sparse.Columns()
    packed = sparse.pack(rows, columns)
    pairs = [(a, b) for b in range(len(rows)) for a in range(b) if vectors.cosine(rows[a], rows[b]) >= 0.2 + 1e-9]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparse, "_FEW", 0)
        patch.setattr(sparse, "_COMMON", 0.5)
        found = sparse.alike(rows, range(len(rows)), 0.2, packed, columns)
    assert set(pairs) <= set(found)
    assert [pair for pair in found if vectors.cosine(rows[pair[0]], rows[pair[1]]) < 0.2 - 1e-9] == []


@needs_numpy
@few
@given(st.integers(0, 10_000), st.sampled_from([3, 40, 100]))
def test_vectors_are_the_same_with_numpy_and_without(seed: int, most: int) -> None:
    speed.load()
    week = a_week(seed)
    read = list(
        readings.read_all([*week, replace(week[0], id=1, title="", text=""), replace(week[1], text="")]).values()
    )
    counted = frequencies.count(reading.long[0] for reading in read)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "_TERMS", most)
        patch.setattr(vectors, "_WORTH_IT", 0)
        assert vectors.of_readings(read, counted) == [vectors.of_reading(reading, counted) for reading in read]
