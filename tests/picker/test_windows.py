"""Which week an edition tells of."""

from datetime import UTC, date, datetime, time

from newsletter.config import Newsletter, WeekTime
from newsletter.stories.picking import choosing


def newsletter(**more: object) -> Newsletter:
    given = {"title": "The Friday Five", "from_address": "f@example.com", "postal_address": "1 Market Row"}
    return Newsletter.model_validate({**given, "slug": "friday", "time_zone": "Europe/London", **more})


def test_a_window_lies_between_two_assemblings() -> None:
    assert choosing.window(newsletter(), date(2021, 11, 26)) == (
        datetime(2021, 11, 18, 16, tzinfo=UTC),
        datetime(2021, 11, 25, 16, tzinfo=UTC),
    )


def test_windows_touch_across_a_change_of_the_clocks() -> None:
    assert choosing.window(newsletter(), date(2021, 11, 5)) == (
        datetime(2021, 10, 28, 15, tzinfo=UTC),
        datetime(2021, 11, 4, 16, tzinfo=UTC),
    )


def test_what_is_assembled_and_sent_on_one_day_ends_on_that_day() -> None:
    morning = newsletter(assemble=WeekTime(weekday=4, at=time(7)))
    assert choosing.window(morning, date(2021, 11, 26))[1] == datetime(2021, 11, 26, 7, tzinfo=UTC)


def test_what_is_assembled_after_the_hour_of_sending_was_assembled_a_week_before() -> None:
    evening = newsletter(assemble=WeekTime(weekday=4, at=time(18)))
    assert choosing.window(evening, date(2021, 11, 26))[1] == datetime(2021, 11, 19, 18, tzinfo=UTC)
