"""What holds for every week, whatever is in it."""

import random
from collections import Counter
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from newsletter.stories.models import Kind, Rule
from newsletter.stories.picking import picker, ranking, scoring
from newsletter.stories.picking.ranking import Candidate
from newsletter.stories.picking.snapshot import Item, Memory, Snapshot
from tests.picker.builders import a_copy, a_report, a_snapshot, a_story, a_week, ruled, told, told_but_reprints

few = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10_000)
WISHES = {"e0bap": 2.0, "e1cap": 1.0, "e2dap": -1.0, "acme": 1.5, "bolt": -2.0}
phrases = st.sampled_from(["cloud", "livestream", "bitcoin", "checkout", "robots", "a plain word"])


@st.composite
def reports(draw: st.DrawFn, number: int, owner: str) -> Item:
    """A report of any kind and age, on anything."""
    body = " ".join(draw(st.lists(phrases, max_size=40)))
    report = a_report(number, draw(phrases), body, owner=owner, hours=draw(st.floats(0, 160)))
    return replace(report, kind=draw(st.sampled_from(Kind)), authority=draw(st.sampled_from([25, 50, 75, 100, 125])))


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    """Up to fifteen stories of few companies, sources and topics."""
    few_names = st.sampled_from(["", "a", "b", "c"])
    return [
        Candidate(
            id=number,
            score=draw(st.integers(0, 130_000)),
            company=draw(few_names),
            source=draw(few_names),
            topic=draw(few_names),
            centroid={draw(st.sampled_from("xyz")): 1.0},
            pin=draw(st.none() | st.integers(0, 20)) if draw(st.integers(0, 5)) == 0 else None,
        )
        for number in range(draw(st.integers(0, 15)))
    ]


@few
@given(seeds, st.randoms(use_true_random=False))
def test_shuffled_articles_give_the_same_edition(seed: int, dice: random.Random) -> None:
    items = list(a_week(seed))
    before = picker.pick(a_snapshot(*items, interests=WISHES))
    dice.shuffle(items)
    assert told(picker.pick(a_snapshot(*items, interests=WISHES))) == told(before)


@few
@given(seeds)
def test_the_digest_of_a_shuffled_snapshot_is_the_same(seed: int) -> None:
    items = a_week(seed)
    assert a_snapshot(*reversed(items)).digest() == a_snapshot(*items).digest()


@few
@given(seeds, seeds, st.integers(0, 100), st.booleans())
def test_a_reprint_changes_nothing_but_the_number_of_reprints(seed: int, copy: int, at: int, first: bool) -> None:
    items = a_week(seed)
    reprint = a_copy(items[at % len(items)], 1 if first else 9999, copy)
    before = picker.pick(a_snapshot(*items, interests=WISHES))
    after = picker.pick(a_snapshot(*items, reprint, interests=WISHES))
    assert told_but_reprints(after) == told_but_reprints(before)


@few
@given(seeds, seeds, st.integers(0, 100))
def test_a_reprint_is_counted(seed: int, copy: int, at: int) -> None:
    items = a_week(seed)
    reprint = a_copy(items[at % len(items)], 9999, copy)
    stories = picker.group(a_snapshot(*items, reprint)).stories
    assert [story.reprints for story in stories if reprint.id in story.articles] == [(reprint,)]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 4), st.booleans())
def test_an_independent_voice_never_lowers_its_story(data: st.DataObject, voices: int, follow_up: bool) -> None:
    told_by = [data.draw(reports(number, f"Paper {number}")) for number in range(1, voices + 1)]
    another = data.draw(reports(voices + 1, "Somebody else"))
    interests = data.draw(st.dictionaries(phrases, st.floats(-3, 3, allow_nan=False)))
    lifts = data.draw(st.dictionaries(phrases, st.floats(0.1, 4)))
    memory = Memory(lifts=lifts, taste={"^cloud": 1.0, "robots": -0.5}, taste_share=30)
    snapshot = a_snapshot(interests=interests, memory=memory)
    before = scoring.weigh(a_story(*told_by), snapshot, is_follow_up=follow_up)
    after = scoring.weigh(a_story(*told_by, another), snapshot, is_follow_up=follow_up)
    assert scoring.recompute(after.stored()) >= scoring.recompute(before.stored())


@few
@given(seeds, st.integers(0, 6))
def test_a_new_owner_s_report_never_lowers_its_story_in_a_whole_week(seed: int, event: int) -> None:
    items = a_week(seed)
    words = " ".join(item.text for item in items if f"e{event}ba" in item.text).split()
    assume(words)
    random.Random(seed).shuffle(words)  # noqa: S311
    another = a_report(9999, "A word of our own", " ".join(words[:90]), owner="Somebody else", hours=5)
    mine = {item.id for item in items if item.text.startswith(f"e{event}")}
    assert _best(a_snapshot(*items, another), mine) >= _best(a_snapshot(*items), mine)


@few
@given(seeds, st.integers(0, 100))
def test_an_excluded_story_is_never_chosen(seed: int, at: int) -> None:
    items = a_week(seed)
    out = items[at % len(items)].id
    chosen = picker.pick(a_snapshot(*items, rules=ruled((Rule.EXCLUDE, [out])))).chosen
    assert [one for one in chosen if out in one.story.articles] == []


@few
@given(seeds, st.integers(0, 100))
def test_a_pinned_story_always_leads(seed: int, at: int) -> None:
    items = a_week(seed)
    pinned = items[at % len(items)].id
    first = picker.pick(a_snapshot(*items, rules=ruled((Rule.PIN, [pinned])))).chosen[0]
    assert pinned in first.story.articles


@few
@given(seeds, st.sampled_from([-20, -10, 0, 10, 20]))
def test_a_score_is_recomputed_exactly_from_what_is_stored(seed: int, points: int) -> None:
    items = a_week(seed)
    rules = ruled((Rule.BOOST, [items[0].id]), points=points)
    ranked = picker.pick(a_snapshot(*items, interests=WISHES, rules=rules)).ranked
    assert [scoring.recompute(one.stored()) for one in ranked] == [one.score for one in ranked]


@settings(max_examples=150, deadline=None)
@given(candidates(), st.integers(1, 6), st.sampled_from(["company", "topic", "source"]))
def test_no_limit_is_broken_that_was_not_noted(given_: list[Candidate], limit: int, kind: str) -> None:
    choice = ranking.pick(given_, limit=limit)
    names = Counter(getattr(one, kind) for one in given_ if one.id in choice.chosen and getattr(one, kind))
    allowed = getattr(ranking.Limits(), kind)
    over = {name for name, count in names.items() if count > allowed}
    assert {name for name in over if not any(kind in note and f"“{name}”" in note for note in choice.notes)} == set()


@settings(max_examples=100, deadline=None)
@given(candidates(), st.integers(1, 6))
def test_nothing_below_the_floor_is_chosen_unless_it_is_pinned(given_: list[Candidate], limit: int) -> None:
    choice = ranking.pick(given_, limit=limit)
    low = [one for one in given_ if one.id in choice.chosen and one.score < ranking.FLOOR and one.pin is None]
    assert low == []


@settings(max_examples=100, deadline=None)
@given(candidates(), st.randoms(use_true_random=False))
def test_shuffled_candidates_give_the_same_choice(given_: list[Candidate], dice: random.Random) -> None:
    before = ranking.pick(given_)
    dice.shuffle(given_)
    assert ranking.pick(given_) == before


def _best(snapshot: Snapshot, members: set[int]) -> int:
    """The score of the best story that holds any of *members*."""
    return max((one.score for one in picker.pick(snapshot).ranked if members & set(one.story.articles)), default=0)
