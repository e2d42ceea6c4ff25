"""What is kept from run to run, and numpy, change nothing but the time."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.stories.models import Rule
from newsletter.stories.picking import grouping, picker, shingles, speed
from newsletter.stories.picking.decisions import Rules
from newsletter.stories.picking.picker import Kept
from tests.picker.builders import a_report, a_snapshot, a_week, ruled, told
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
@given(st.lists(st.sampled_from([f"word{n}" for n in range(30)]), min_size=40, max_size=90))
def test_sketches_are_the_same_with_numpy_and_without(stream: list[str]) -> None:
    speed.load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed, "loaded", lambda: None)
        plain = shingles.sketch(stream)
    assert shingles.sketch(stream) == plain
