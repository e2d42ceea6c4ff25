"""What a story is worth, signal by signal."""

import pytest

from newsletter.stories.models import Kind
from newsletter.stories.picking import scoring
from newsletter.stories.picking.scoring import Breakdown
from newsletter.stories.picking.snapshot import Item, Memory
from tests.picker.builders import GETIR, WALMART, a_report, a_snapshot, a_story


def weigh(*reports: Item, **more: object) -> Breakdown:
    return scoring.weigh(a_story(*reports), a_snapshot(**more))


@pytest.mark.parametrize(("voices", "thousandths"), [(0, 0), (1, 356), (3, 712), (6, 1000), (20, 1000)])
def test_coverage_grows_ever_slower_up_to_six_voices(voices: int, thousandths: int) -> None:
    assert scoring.coverage(100 * voices, 600) == thousandths


def test_one_owner_is_one_voice_however_much_it_writes() -> None:
    same = [a_report(number, owner="Chatty") for number in (1, 2, 3)]
    assert weigh(*same).weight == 100


def test_an_owner_counts_with_its_weightiest_paper() -> None:
    same = [a_report(1, owner="House", authority=50), a_report(2, owner="House", authority=125)]
    assert weigh(*same).weight == 125


def test_a_phrase_counts_once_where_it_stands_best() -> None:
    found = weigh(a_report(1, "Walmart goes live", WALMART), interests={"walmart": 1.0, "livestream": 1.0}).hits
    assert found == (("livestream", 2), ("walmart", 3))


def test_phrases_are_found_as_whole_words() -> None:
    assert weigh(a_report(1, "Aislers aisle", ""), interests={"isle": 1.0}).hits == ()


def test_no_interests_make_every_story_half_relevant() -> None:
    assert weigh(a_report(1)).relevance == 500


def test_a_muted_phrase_that_all_reports_have_takes_relevance_away() -> None:
    both = {"walmart": 1.0, "twitter": -1.0}
    assert weigh(a_report(1), interests=both).relevance < weigh(a_report(1), interests={"walmart": 1.0}).relevance


def test_a_muted_phrase_that_one_report_does_without_does_not() -> None:
    found = weigh(a_report(1), a_report(2, "Getir buys Weezy", GETIR), interests={"twitter": -1.0})
    assert found.muted == ()


@pytest.mark.parametrize(("hours", "thousandths"), [(0, 1000), (24, 892), (84, 700), (168, 550)])
def test_timeliness_falls_by_half_in_three_days_and_a_half(hours: int, thousandths: int) -> None:
    assert weigh(a_report(1, hours=hours)).timeliness == thousandths


def test_age_is_counted_from_the_last_new_voice_not_from_an_owners_next_word() -> None:
    found = weigh(a_report(1, owner="A", hours=90), a_report(2, owner="B", hours=50), a_report(3, owner="A", hours=1))
    assert found.age == 50 * 60


def test_press_releases_alone_are_worth_half() -> None:
    assert weigh(a_report(1, kind=Kind.PR_WIRE), a_report(2, kind=Kind.VENDOR)).advertising == 50


def test_one_newsroom_lifts_that() -> None:
    assert weigh(a_report(1, kind=Kind.PR_WIRE), a_report(2)).advertising == 100


def test_hardly_any_text_costs() -> None:
    assert weigh(a_report(1, text="Too little to go by.")).thin == 85


def test_an_unknown_audience_is_neutral() -> None:
    assert weigh(a_report(1)).audience == 500


@pytest.mark.parametrize(("lift", "thousandths"), [(2.0, 1000), (1.0, 500), (0.5, 0), (9.0, 1000)])
def test_clicks_on_a_name_count_within_bounds(lift: float, thousandths: int) -> None:
    assert weigh(a_report(1), memory=Memory(lifts={"Walmart": lift})).audience == thousandths


def test_a_busy_week_moves_what_full_coverage_is() -> None:
    eight = a_story(*[a_report(number) for number in range(8)])
    assert scoring.full_coverage([eight], 600) == 800


def test_a_blob_does_not_move_it_out_of_sight() -> None:
    blob = a_story(*[a_report(number) for number in range(50)])
    assert scoring.full_coverage([blob], 600) == 1200


def test_the_weights_make_a_hundred() -> None:
    assert sum(scoring.WEIGHTS.values()) == 100


def test_penalties_are_taken_one_after_another_and_the_boost_is_added_last() -> None:
    full = Breakdown(1000, 1000, 1000, 1000, 1000, advertising=50, thin=85, follow_up=60, boost=10)
    assert scoring.recompute(full.stored()) == 25_500 + 10_000


def test_a_score_stays_between_nought_and_a_hundred_and_thirty() -> None:
    least, most = Breakdown(0, 0, 0, 0, 0, boost=-20), Breakdown(1000, 1000, 1000, 1000, 1000, boost=99)
    assert [scoring.recompute(one.stored()) for one in (least, most)] == [0, 130_000]
