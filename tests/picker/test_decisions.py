"""What editors decided: stored, replayed, taken back."""

from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from newsletter.errors import BadInput, NotFound
from newsletter.stories.models import Rule
from newsletter.stories.picking import decisions
from newsletter.stories.picking.decisions import Fate, Ruling
from tests.picker.builders import ruled


def test_a_decision_is_stored_and_read_as_a_value(session: Session, friday: date, now: datetime) -> None:
    decisions.decide(session, "friday", friday, Rule.BOOST, [7, 8], by="ada", now=now, points=10, reason="big")
    assert decisions.rules(session, "friday", friday).rulings == (Ruling(Rule.BOOST, (7, 8), 10, "big", "ada"),)


def test_decisions_are_of_one_edition(session: Session, friday: date, now: datetime) -> None:
    decisions.decide(session, "monday", friday, Rule.PIN, [7], by="ada", now=now)
    assert decisions.rules(session, "friday", friday).rulings == ()


def test_a_decision_taken_back_rules_no_more_but_stays(session: Session, friday: date, now: datetime) -> None:
    decision = decisions.decide(session, "friday", friday, Rule.PIN, [7], by="ada", now=now)
    decisions.undo(session, decision.id, now=now)
    assert (decisions.standing(session, "friday", friday), decision.undone_at) == ([], now)


def test_a_decision_is_taken_back_once(session: Session, friday: date, now: datetime) -> None:
    decision = decisions.decide(session, "friday", friday, Rule.PIN, [7], by="ada", now=now)
    decisions.undo(session, decision.id, now=now)
    with pytest.raises(NotFound, match="no decision"):
        decisions.undo(session, decision.id, now=now)


def test_a_boost_is_of_four_sizes(session: Session, friday: date, now: datetime) -> None:
    with pytest.raises(BadInput, match="-20, -10, 10, 20"):
        decisions.decide(session, "friday", friday, Rule.BOOST, [7], by="ada", now=now, points=15)


def test_a_merge_needs_two_articles(session: Session, friday: date, now: datetime) -> None:
    with pytest.raises(BadInput, match="two different articles"):
        decisions.decide(session, "friday", friday, Rule.MERGE, [7, 7], by="ada", now=now)


def test_of_a_pin_and_an_exclusion_the_later_holds() -> None:
    pinned_last = ruled((Rule.EXCLUDE, [1]), (Rule.PIN, [2]))
    excluded_last = ruled((Rule.PIN, [2]), (Rule.EXCLUDE, [1]))
    assert (pinned_last.on([1, 2]), excluded_last.on([1, 2])) == (Fate(pin=1), Fate(excluded=True, by="ada"))


def test_a_story_that_nobody_spoke_of_has_no_fate() -> None:
    assert ruled((Rule.PIN, [1])).on([2, 3]) == Fate()


def test_a_merge_puts_all_together() -> None:
    assert ruled((Rule.MERGE, [3, 1, 2])).links().together == {(1, 3), (2, 3)}


def test_a_split_parts_the_first_from_the_rest() -> None:
    assert ruled((Rule.SPLIT, [3, 1, 2])).links().apart == {(1, 3), (2, 3)}


def test_a_later_split_undoes_an_earlier_merge() -> None:
    links = ruled((Rule.MERGE, [1, 2]), (Rule.SPLIT, [1, 2])).links()
    assert (set(links.together), set(links.apart)) == (set(), {(1, 2)})


def test_a_later_merge_undoes_an_earlier_split() -> None:
    links = ruled((Rule.SPLIT, [1, 2]), (Rule.MERGE, [1, 2])).links()
    assert (set(links.together), set(links.apart)) == ({(1, 2)}, set())


def test_an_earlier_merge_does_not_bridge_a_later_split() -> None:
    links = ruled((Rule.MERGE, [2, 3]), (Rule.MERGE, [1, 2]), (Rule.SPLIT, [1, 3])).links()
    assert (set(links.together), set(links.apart)) == ({(1, 2)}, {(1, 3)})


def test_what_was_decided_in_one_act_is_taken_back_at_once(session: Session, friday: date, now: datetime) -> None:
    first = decisions.decide(session, "friday", friday, Rule.PIN, [7], by="ada", place=1, now=now)
    other = decisions.decide(session, "friday", friday, Rule.PIN, [8], by="ada", place=2, act=first.id, now=now)
    alone = decisions.decide(session, "friday", friday, Rule.EXCLUDE, [9], by="bob", now=now)
    decisions.undo(session, other.id, now=now)
    assert [one.id for one in decisions.standing(session, "friday", friday)] == [alone.id]


def test_the_last_word_of_each_is_known(session: Session, friday: date, now: datetime) -> None:
    mine = decisions.decide(session, "friday", friday, Rule.PIN, [7], by="ada", now=now)
    decisions.decide(session, "friday", friday, Rule.EXCLUDE, [9], by="bob", now=now)
    assert decisions.last(session, "friday", friday, by="ada") == mine
    assert decisions.last(session, "friday", friday, by="eve") is None


def test_a_freed_story_is_neither_pinned_nor_excluded_nor_boosted() -> None:
    rules = ruled((Rule.PIN, [1]), (Rule.BOOST, [1]), (Rule.FREE, [1]))
    assert rules.on([1]) == Fate()
