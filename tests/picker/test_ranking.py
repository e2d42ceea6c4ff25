"""Which stories make the edition."""

from newsletter.stories.picking import ranking
from newsletter.stories.picking.ranking import Candidate, Choice


def story(number: int, score: int, **more: object) -> Candidate:
    return Candidate(id=number, score=score * 1000, **more)  # type: ignore[arg-type]


def test_the_highest_scores_are_chosen_in_order() -> None:
    choice = ranking.pick([story(1, 40), story(2, 60), story(3, 50)], limit=2)
    assert choice == Choice((2, 3), ((1, ""),), ())


def test_a_story_like_a_chosen_one_waits() -> None:
    twins = [story(1, 60, centroid={"a": 1.0}), story(2, 58, centroid={"a": 1.0}), story(3, 50, centroid={"b": 1.0})]
    choice = ranking.pick(twins, limit=2)
    assert (choice.chosen, choice.others) == ((1, 3), ((2, "left out for likeness to no. 1"),))


def test_one_story_of_a_company_while_there_are_others() -> None:
    choice = ranking.pick([story(1, 60, company="Walmart"), story(2, 58, company="walmart"), story(3, 40)], limit=2)
    assert (choice.chosen, choice.others) == ((1, 3), ((2, "same company as no. 1"),))


def test_limits_are_relaxed_in_order_and_noted() -> None:
    few = [story(1, 60, company="Walmart", topic="live"), story(2, 58, company="Walmart", topic="live")]
    topical = [story(number, 60 - number, topic="live") for number in (3, 4)]
    choice = ranking.pick([*few, *topical], limit=4)
    assert choice.notes == (
        "2 stories of one company were allowed, “Walmart”, to fill up",
        "3 stories of one topic were allowed, “live”, to fill up",
        "a thin week: 3 of 4 stories; nothing else may be chosen",
    )


def test_a_thin_week_is_never_padded_below_the_floor() -> None:
    choice = ranking.pick([story(1, 60), story(2, 24)], limit=2)
    assert (choice.chosen, choice.others) == ((1,), ((2, "below the floor of 25 points"),))


def test_a_thin_week_is_told() -> None:
    assert "a thin week: 1 of 2 stories" in ranking.pick([story(1, 60)], limit=2).notes[0]


def test_pins_lead_in_the_order_in_which_they_were_set() -> None:
    assert ranking.pick([story(1, 60), story(2, 1, pin=1), story(3, 2, pin=0)], limit=3).chosen == (3, 2, 1)


def test_a_pin_that_breaks_a_limit_is_noted() -> None:
    pinned = [story(1, 60, company="Walmart", pin=0), story(2, 50, company="Walmart", pin=1)]
    assert ranking.pick(pinned, limit=2).notes == ("pinned although it is one more story of one company, “Walmart”",)


def test_what_is_barred_is_never_chosen_and_says_why() -> None:
    choice = ranking.pick([story(1, 90, barred="off topic"), story(2, 30)], limit=2)
    assert (choice.chosen, choice.others) == ((2,), ((1, "off topic"),))


def test_ties_go_to_weight_then_voices_then_age_then_link() -> None:
    tied = [
        story(1, 50, weight=100, voices=1, since=2.0, url="b"),
        story(2, 50, weight=100, voices=1, since=2.0, url="a"),
        story(3, 50, weight=100, voices=1, since=1.0),
        story(4, 50, weight=100, voices=2, since=3.0),
        story(5, 50, weight=200, voices=1, since=9.0),
    ]
    assert ranking.pick(tied).chosen == (5, 4, 3, 2, 1)


def test_a_pin_that_asks_for_a_place_has_it_and_the_others_stand_around() -> None:
    few = [story(1, 60), story(2, 50), story(3, 40), story(4, 30, pin=0, place=3), story(5, 28, pin=1)]
    assert ranking.pick(few, limit=4).chosen == (5, 1, 4, 2)


def test_of_two_pins_for_one_place_the_later_has_it() -> None:
    few = [story(1, 60), story(2, 50, pin=0, place=2), story(3, 40, pin=1, place=2)]
    assert ranking.pick(few, limit=3).chosen == (2, 3, 1)


def test_a_place_beyond_the_edition_is_its_last() -> None:
    few = [story(1, 60), story(2, 50), story(3, 40, pin=0, place=5)]
    assert ranking.pick(few, limit=5).chosen == (1, 2, 3)


def test_sentences_name_the_slot_that_a_story_has_after_places_were_given() -> None:
    few = [
        story(1, 60, company="Walmart"),
        story(2, 50, company="Walmart"),
        story(3, 40),
        story(4, 30, pin=0, place=1),
    ]
    choice = ranking.pick(few, limit=3)
    assert (choice.chosen, choice.others) == ((4, 1, 3), ((2, "same company as no. 2"),))
