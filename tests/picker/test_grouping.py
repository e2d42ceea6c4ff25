"""Average-link clustering, under merges and splits."""

import math

from newsletter.stories.picking import grouping
from newsletter.stories.picking.vectors import Vector


def at(degrees: float) -> Vector:
    """A vector of length 1 in that direction."""
    turn = math.radians(degrees)
    return {"east": math.cos(turn), "north": math.sin(turn)}


def test_what_is_alike_is_one_story() -> None:
    assert grouping.group({1: at(0), 2: at(10), 3: at(90)}, cut=0.5) == [(1, 2), (3,)]


def test_nothing_makes_no_story() -> None:
    assert grouping.group({}) == []


def test_reports_without_words_stay_by_themselves() -> None:
    assert grouping.group({1: {}, 2: {}}) == [(1,), (2,)]


def test_a_chain_is_cut_where_the_mean_falls_too_low() -> None:
    """Single linkage would make one story of these: each is near the next."""
    chain = {number: at(30 * number) for number in range(4)}
    assert grouping.group(chain, cut=0.8) == [(0, 1), (2, 3)]


def test_of_equal_likeness_the_smaller_ids_join_first() -> None:
    assert grouping.group({1: at(0), 2: at(40), 3: at(80)}, cut=0.7) == [(1, 2), (3,)]


def test_merged_reports_are_one_story_however_different() -> None:
    assert grouping.group({1: at(0), 2: at(90)}, together=[(1, 2)]) == [(1, 2)]


def test_split_reports_are_two_stories_however_alike() -> None:
    assert grouping.group({1: at(0), 2: at(0)}, apart=[(1, 2)]) == [(1,), (2,)]


def test_a_split_keeps_whole_groups_apart() -> None:
    alike = {1: at(0), 2: at(1), 3: at(2)}
    stories = grouping.group(alike, apart=[(1, 3)])
    assert [story for story in stories if {1, 3} <= set(story)] == []


def test_the_means_are_those_of_every_pair() -> None:
    """The mean of 1-3 and 2-3 decides, not the nearest or the farthest of them."""
    vectors = {1: at(0), 2: at(20), 3: at(70)}
    mean = (math.cos(math.radians(70)) + math.cos(math.radians(50))) / 2
    assert grouping.group(vectors, cut=mean - 0.001) == [(1, 2, 3)]
    assert grouping.group(vectors, cut=mean + 0.001) == [(1, 2), (3,)]


def test_two_close_groups_that_are_only_somewhat_alike_are_two_stories() -> None:
    """Look-alikes: each tells of its own far more closely than of the other."""
    look_alikes = {1: at(0), 2: at(5), 3: at(60), 4: at(65)}
    assert grouping.group(look_alikes, cut=0.2) == [(1, 2), (3, 4)]


def test_groups_join_where_the_looser_is_no_more_alike_in_itself() -> None:
    loose = {1: at(0), 2: at(5), 3: at(30), 4: at(75)}
    assert grouping.group(loose, cut=0.2) == [(1, 2, 3, 4)]


def test_a_single_report_needs_nothing_but_the_cut() -> None:
    assert grouping.group({1: at(0), 2: at(1), 3: at(60)}, cut=0.2) == [(1, 2, 3)]
