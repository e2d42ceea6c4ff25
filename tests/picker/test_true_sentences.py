"""No sentence names a cause that did not decide: each is tried by taking the cause away."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.stories.models import Rule
from newsletter.stories.picking import picker, ranking, reasons, scoring
from newsletter.stories.picking.placing import Cause, Placing
from newsletter.stories.picking.ranking import Candidate, Choice
from newsletter.stories.picking.reasons import Standing
from tests.picker.builders import a_snapshot, a_week, ruled
from tests.picker.test_properties import WISHES, candidates
from tests.picker.test_ranking import story

few = settings(max_examples=25, deadline=None)
many = settings(max_examples=300, deadline=None)


def without(candidate: Candidate, causes: Sequence[Cause]) -> Candidate:
    """*candidate* as it would be without *causes*: of no company, topic or source, like nobody."""
    for cause in causes:
        blank: dict[str, Any] = {"centroid": {}} if cause is Cause.LIKENESS else {cause.value: ""}
        candidate = replace(candidate, **blank)
    return candidate


def causes_of(placing: Placing) -> list[Cause]:
    return [part.cause for part in placing.parts] or [placing.cause]


def again(given_: list[Candidate], name: int, causes: Sequence[Cause], limit: int) -> Choice:
    return ranking.pick([without(one, causes) if one.id == name else one for one in given_], limit=limit)


@many
@given(candidates(), st.integers(1, 6))
def test_without_the_cause_that_is_named_a_story_is_chosen(given_: list[Candidate], limit: int) -> None:
    choice = ranking.pick(given_, limit=limit)
    named = {name: choice.placings[name] for name, _ in choice.others if name in choice.placings}
    missed = {name for name, why in named.items() if name not in again(given_, name, causes_of(why), limit).chosen}
    assert missed == set()


@many
@given(candidates(), st.integers(1, 6))
def test_where_points_decided_nothing_else_did(given_: list[Candidate], limit: int) -> None:
    choice = ranking.pick(given_, limit=limit)
    every = [cause for cause in Cause if cause is not Cause.SEVERAL]
    by_points = [name for name, said in choice.others if not said]
    assert [name for name in by_points if name in again(given_, name, every, limit).chosen] == []


@many
@given(candidates(), st.integers(1, 6))
def test_a_chosen_story_below_one_of_fewer_points_says_why(given_: list[Candidate], limit: int) -> None:
    choice = ranking.pick(given_, limit=limit)
    by_id = {one.id: one for one in given_}
    unpinned = [by_id[name] for name in choice.chosen if by_id[name].pin is None]
    below = {one.id for at, one in enumerate(unpinned) if any(above.score < one.score for above in unpinned[:at])}
    assert below == {name for name in choice.chosen if name in choice.placings}


@few
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_the_distance_that_is_told_is_that_of_the_stored_numbers(seed: int, limit: int) -> None:
    ranked = picker.pick(a_snapshot(*a_week(seed), interests=WISHES, limit=limit)).ranked
    last = min((one.score for one in ranked if one.chosen), default=0)
    told = {one.story.id: one.lacking.split(" points behind")[0] for one in ranked if " points behind" in one.lacking}
    stored = {one.story.id: (last - scoring.recompute(one.stored())) / 1000 for one in ranked if one.story.id in told}
    assert told == {name: f"{behind:.1f}" for name, behind in stored.items()}


@few
@given(st.integers(0, 10_000), st.integers(1, 5), st.sampled_from([-20, 20]))
def test_what_is_named_first_would_have_brought_most(seed: int, limit: int, points: int) -> None:
    items = a_week(seed)
    rules = ruled((Rule.BOOST, [items[0].id]), points=points)
    ranked = picker.pick(a_snapshot(*items, interests=WISHES, rules=rules, limit=limit)).ranked
    last = min((one for one in ranked if one.chosen), key=lambda one: (one.score, one.story.id), default=None)
    for one in (one for one in ranked if last and "mostly for older news" in one.lacking):
        assert last is not None
        gains = {
            name: scoring.recompute({**one.stored(), name: last.stored()[name]}) - one.score
            for name in (*scoring.WEIGHTS, "advertising", "thin", "follow_up", "boost")
        }
        assert max(gains, key=lambda name: gains[name]) == "timeliness"


def standing(voices: int = 3, **more: Any) -> Standing:
    numbers = scoring.Breakdown(coverage=800, relevance=600, timeliness=700, authority=500, audience=500, weight=300)
    return Standing(replace(numbers, **more).stored(), voices)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        ({"timeliness": 300}, "4.0 points behind the last one chosen, mostly for older news"),
        ({"relevance": 500}, "2.5 points behind the last one chosen, mostly for fewer of the readers' interests"),
        (
            {"advertising": 50, "timeliness": 900},
            "33.8 points behind the last one chosen, mostly for being told by press releases and vendors only",
        ),
        ({"follow_up": 60}, "27.8 points behind the last one chosen, mostly for being a follow-up"),
        ({"boost": -10}, "10.0 points behind the last one chosen, mostly for 10 points that an editor took off"),
        (
            {"audience": 499},
            "less than a tenth of a point behind the last one chosen, mostly for fewer clicks",
        ),
        ({"weight": 200}, "level on points with the last one chosen, which has weightier sources"),
    ],
)
def test_behind_names_what_decided(one: dict[str, int], said: str) -> None:
    assert reasons.behind(standing(**one), standing()).startswith(said)


def test_unrelated_news_costs_nothing() -> None:
    alike = {"a": 0.2, "b": 0.98}
    assert ranking.likeness(story(1, 50, centroid={"a": 1.0}), story(2, 50, centroid=alike)) == 0


def test_a_story_with_more_points_than_one_let_in_is_told_of_likeness() -> None:
    stories = [story(1, 60, centroid={"a": 1.0}), story(2, 55, centroid={"a": 1.0}), story(3, 40)]
    assert ranking.pick(stories, limit=2).others == ((2, "left out for likeness to no. 1"),)


def test_a_limit_that_did_not_decide_is_not_named() -> None:
    stories = [story(1, 60, company="Tesco"), story(2, 50), story(3, 40, company="Tesco")]
    assert ranking.pick(stories, limit=2).others == ((3, ""),)


def test_two_causes_are_named_where_it_takes_both() -> None:
    near = {"a": 1.0}
    stories = [story(1, 60, centroid=near, company="Tesco"), story(2, 55, centroid=near, company="Tesco"), story(3, 52)]
    said = dict(ranking.pick(stories, limit=2).others)[2]
    assert said == "same company as no. 1 and likeness to no. 1"


def test_a_place_taken_by_a_pin_is_no_measure() -> None:
    stories = [story(1, 10, pin=0), story(2, 50)]
    assert ranking.pick(stories, limit=1).others == ((2, "every place was pinned"),)
