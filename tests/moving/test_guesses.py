"""Languages, time zones and dates as people and systems write them."""

from datetime import UTC, datetime

import pytest

from subscribers.moving import dates, guesses


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("English", "en"), ("english (US)", "en"), ("Deutsch", "de"), ("German", "de"), ("français", "fr"),
        ("Español", "es"), ("allemand", "de"), ("日本語", "ja"), ("de_AT", "de-AT"), ("en-US", "en-US"),
        ("EN", "en"), ("pt_br", "pt-BR"),
        ("en_US.UTF-8", "en-US"), ("", ""), ("Martian", None), ("-", None),
    ],
)  # fmt: skip
def test_a_language_is_known_by_its_name(written: str, tag: str | None) -> None:
    assert guesses.language(written) == tag


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("Europe/London", "Europe/London"), ("europe/london", "Europe/London"), ("GMT+1", "Etc/GMT-1"),
        ("-5", "Etc/GMT+5"), ("UTC+02:00", "Etc/GMT-2"), ("UTC", "UTC"), ("CET", "CET"),
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"), ("W. Europe Standard Time", "Europe/Berlin"),
        ("(GMT+01:00) Amsterdam", "Europe/Amsterdam"), ("Pacific Standard Time", "America/Los_Angeles"),
        ("Central European Time", "Europe/Berlin"), ("Berlin", "Europe/Berlin"), ("US/Pacific", "US/Pacific"),
        ("Amsterdam, Berlin, Bern, Rome", "Europe/Amsterdam"), ("Mumbai", "Asia/Kolkata"), ("", ""),
        ("+05:30", None), ("Olympus Mons", None), ("7", None),
    ],
)  # fmt: skip
def test_a_zone_is_known_by_its_name_or_by_a_city(written: str, zone: str | None) -> None:
    assert guesses.time_zone(written) == zone


_MARCH = datetime(2024, 3, 11, 9, 12, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-03-11 09:12:45", _MARCH), ("2024-03-11T09:12:45.000Z", _MARCH), ("2024-03-11 09:12:45 UTC", _MARCH),
        ("2024-03-11 10:12:45 +0100", _MARCH), ("2024-03-11 11:12:45 +0200 CEST", _MARCH), ("1710148365", _MARCH),
        ("1710148365.0", _MARCH), ("Mon, 11 Mar 2024 09:12:45 UTC", _MARCH), ("20240311T091245", _MARCH),
        ("11-03-2024", datetime(2024, 3, 11, tzinfo=UTC)), ("2024/03/11", datetime(2024, 3, 11, tzinfo=UTC)),
        ("11.03.2024", datetime(2024, 3, 11, tzinfo=UTC)), ("03/04/2024", None), ("", None), ("yes", None),
        ("3", None),
        ("0000-00-00 00:00:00", None), ("9999999999", None),
    ],
)  # fmt: skip
def test_dates_are_read_as_systems_write_them(written: str, moment: datetime | None) -> None:
    assert dates.read(written) == moment


def test_fractions_of_seconds_are_kept() -> None:
    assert dates.read("2024-03-11 09:12:45.123456 +0000 UTC") == _MARCH.replace(microsecond=123456)
