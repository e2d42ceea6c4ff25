"""The pace that SendGrid's answers set."""

import pytest

from newsletter.delivery.senders.sendgrid.pace import DEFAULT_BACK_OFF, LONGEST_BACK_OFF, Pace
from newsletter.errors import Unavailable

MIDNIGHT = 1_637_884_800.0  # Fri, 26 Nov 2021 00:00:00 GMT


def test_nothing_waits_before_the_first_429() -> None:
    pace = Pace()
    assert [pace.turn(MIDNIGHT) for _ in range(3)] == [0, 0, 0]


def test_a_reset_is_counted_by_the_servers_clock() -> None:
    headers = {"X-RateLimit-Reset": "1637884830", "Date": "Fri, 26 Nov 2021 00:00:00 GMT"}
    assert Pace().braked(headers, MIDNIGHT + 7200) == 30


def test_retry_after_is_understood() -> None:
    assert Pace().braked({"Retry-After": "12"}, MIDNIGHT) == 12


def test_a_429_without_a_time_has_a_default() -> None:
    assert Pace().braked({}, MIDNIGHT) == DEFAULT_BACK_OFF


def test_an_absurd_reset_closes_the_gate_no_longer_than_a_quarter_of_an_hour() -> None:
    assert Pace().braked({"X-RateLimit-Reset": "99999999999"}, MIDNIGHT) == LONGEST_BACK_OFF


def test_a_long_wait_goes_back_to_the_ledger() -> None:
    pace = Pace()
    pace.braked({"Retry-After": "12"}, MIDNIGHT)
    with pytest.raises(Unavailable) as caught:
        pace.turn(MIDNIGHT + 2)
    assert caught.value.retry_after == 10


def test_a_short_wait_is_slept_out() -> None:
    pace = Pace()
    pace.braked({"Retry-After": "1"}, MIDNIGHT)
    assert pace.turn(MIDNIGHT) == 1


def test_after_a_429_requests_keep_apart() -> None:
    pace = Pace()
    pace.braked({"Retry-After": "0"}, MIDNIGHT)
    assert [pace.turn(MIDNIGHT) for _ in range(3)] == pytest.approx([0, 0.05, 0.1], abs=1e-6)


def test_success_brings_the_pace_back() -> None:
    pace = Pace()
    pace.braked({"Retry-After": "0"}, MIDNIGHT)
    for _ in range(20):
        pace.eased({}, MIDNIGHT)
    assert [pace.turn(MIDNIGHT) for _ in range(3)] == [0, 0, 0]


def test_the_last_request_of_a_window_closes_the_gate() -> None:
    pace = Pace()
    pace.eased({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(MIDNIGHT) + 30)}, MIDNIGHT)
    with pytest.raises(Unavailable):
        pace.turn(MIDNIGHT)
