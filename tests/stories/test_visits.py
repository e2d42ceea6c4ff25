"""What a visit means for the next one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.stories.models import Health
from newsletter.stories.reading import visits
from newsletter.stories.reading.fetching import Answer, Outcome
from newsletter.stories.reading.visits import Standing

NOW = datetime(2021, 11, 25, 16, 0, tzinfo=UTC)
URL = "http://feed.example/feed"
NEW = Standing(URL, Health.NEW, "", 0, "", "", "", 0, None)
FRESH = Answer(Outcome.FRESH, URL, 200, b"<rss/>", etag='"2"', last_modified="today")
TROUBLE = Answer(Outcome.FAILED, URL, 500, problem="has trouble of its own (500)")


def test_a_source_that_was_read_is_well_and_its_validators_are_kept() -> None:
    due = NOW + timedelta(minutes=55)
    expected = Standing(URL, Health.OK, "", 0, '"2"', "today", "", 0, due)
    assert visits.after(replace(NEW, failures=3, problem="was ill"), FRESH, "", now=NOW) == expected


def test_a_source_without_validators_is_visited_less_often() -> None:
    answer = replace(FRESH, etag="", last_modified="")
    assert visits.after(NEW, answer, "", now=NOW).next_fetch_at == NOW + timedelta(hours=3)


def test_an_unchanged_source_keeps_its_validators() -> None:
    known = replace(NEW, etag='"1"')
    assert visits.after(known, Answer(Outcome.UNCHANGED, URL, 304), "", now=NOW).etag == '"1"'


def test_a_longer_time_to_live_is_honoured() -> None:
    answer = replace(FRESH, cache_control="public, max-age=14400")
    assert visits.after(NEW, answer, "", now=NOW).next_fetch_at == NOW + timedelta(hours=4)


def test_a_time_to_live_of_a_year_is_a_day() -> None:
    answer = replace(FRESH, cache_control="max-age=31536000")
    assert visits.after(NEW, answer, "", now=NOW).next_fetch_at == NOW + timedelta(hours=24)


@pytest.mark.parametrize(("failures", "hours"), [(0, 1), (1, 2), (2, 4), (4, 16), (5, 24), (5000, 24)])
def test_a_source_that_fails_is_left_alone_longer_each_time(failures: int, hours: int) -> None:
    after = visits.after(replace(NEW, failures=failures), TROUBLE, "", now=NOW)
    assert (after.failures, after.next_fetch_at) == (failures + 1, NOW + timedelta(hours=hours))


def test_a_feed_that_breaks_off_is_read_again_whole() -> None:
    after = visits.after(replace(NEW, etag='"1"'), FRESH, "breaks off", now=NOW)
    assert (after.health, after.problem, after.etag, after.last_modified) == (Health.FAILING, "breaks off", "", "")


def test_trouble_on_the_way_keeps_the_validators() -> None:
    assert visits.after(replace(NEW, etag='"1"'), TROUBLE, "", now=NOW).etag == '"1"'


GONE = Answer(Outcome.GONE, URL, 410, problem="is gone for good (410)")


def test_a_source_that_says_three_times_that_it_is_gone_is_not_visited_again() -> None:
    after = visits.after(replace(NEW, gone_seen=2), GONE, "", now=NOW)
    assert (after.health, after.next_fetch_at) == (Health.GONE, None)


def test_a_source_that_says_once_that_it_is_gone_is_asked_again() -> None:
    after = visits.after(NEW, GONE, "", now=NOW)
    assert (after.health, after.gone_seen, after.next_fetch_at) == (Health.FAILING, 1, NOW + timedelta(hours=1))


@pytest.mark.parametrize("answer", [FRESH, TROUBLE])
def test_a_source_that_comes_back_was_not_gone(answer: Answer) -> None:
    assert visits.after(replace(NEW, gone_seen=2), answer, "", now=NOW).gone_seen == 0


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7200", timedelta(hours=2)),
        ("Thu, 25 Nov 2021 19:00:00 GMT", timedelta(hours=3)),
        ("Thu, 25 Nov 2021 10:00:00 GMT", timedelta()),
        ("99999999", timedelta(days=7)),
        ("soon", timedelta()),
        ("-5", timedelta()),
        ("", timedelta()),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, wait: timedelta) -> None:
    assert visits.retry_after(header, NOW) == wait


def test_who_asks_us_to_stay_away_longer_is_obeyed() -> None:
    busy = Answer(Outcome.FAILED, URL, 429, retry_after="36000", problem="asks to be visited less often (429)")
    assert visits.after(NEW, busy, "", now=NOW).next_fetch_at == NOW + timedelta(hours=10)


def test_a_permanent_move_is_not_believed_at_once() -> None:
    after = visits.after(NEW, replace(FRESH, moved_to="http://new.example/"), "", now=NOW)
    assert (after.url, after.moved_to, after.moved_seen) == (URL, "http://new.example/", 1)


def test_a_permanent_move_that_is_said_three_times_in_a_row_is_believed() -> None:
    twice = replace(NEW, moved_to="http://new.example/", moved_seen=2)
    after = visits.after(twice, replace(FRESH, moved_to="http://new.example/"), "", now=NOW)
    assert (after.url, after.moved_to, after.moved_seen) == ("http://new.example/", "", 0)


def test_a_move_that_is_not_repeated_is_forgotten() -> None:
    twice = replace(NEW, moved_to="http://new.example/", moved_seen=2)
    assert visits.after(twice, FRESH, "", now=NOW).moved_seen == 0
