"""Which week an edition tells of: from the moment the previous one was assembled to the moment this one is."""

from datetime import UTC, date, datetime, timedelta

from newsletter.config import Newsletter


def window(newsletter: Newsletter, day: date) -> tuple[datetime, datetime]:
    """The window of the edition of *day*, in UTC; the end is not part of it."""
    return assembled_at(newsletter, day - timedelta(days=7)), assembled_at(newsletter, day)


def assembled_at(newsletter: Newsletter, day: date) -> datetime:
    """When the edition of *day* is assembled: as long before its sending as the timetable says, on any weekday."""
    back = (newsletter.send.weekday - newsletter.assemble.weekday) % 7
    if back == 0 and newsletter.assemble.at > newsletter.send.at:
        back = 7
    return datetime.combine(day - timedelta(days=back), newsletter.assemble.at, newsletter.zone).astimezone(UTC)
