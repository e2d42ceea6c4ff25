"""What a visit to a source means for the next one: health, validators, and when to come again."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from newsletter.stories.models import Health
from newsletter.stories.reading.fetching import Answer, Outcome

#: a little under the hour, so that a clock which ticks on the half hour does not slip to ninety minutes
_USUAL = timedelta(minutes=55)
#: without validators each visit moves the whole feed, so they are fewer
_WITHOUT_VALIDATORS = timedelta(hours=3)
_FIRST_BACK_OFF, _LONGEST_BACK_OFF = timedelta(hours=1), timedelta(hours=24)
#: however long a server asks us to stay away
_LONGEST_WAIT = timedelta(days=7)
#: on how many visits in a row a feed must say that it has moved or is gone for good before it is believed
_BELIEVED = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of the visits to a source; the names are those of `models.Source`."""

    url: str
    health: Health
    problem: str
    failures: int
    etag: str
    last_modified: str
    moved_to: str
    moved_seen: int
    next_fetch_at: datetime | None
    gone_seen: int = 0


def after(standing: Standing, answer: Answer, problem: str, *, now: datetime) -> Standing:
    """The standing after *answer*; *problem* is what was wrong with the feed in it, if anything."""
    if answer.outcome is Outcome.GONE:
        return _gone(standing, answer, now)
    standing = replace(standing, gone_seen=0)
    if answer.outcome is Outcome.FAILED or problem:
        return _failed(standing, answer, problem or answer.problem, now)
    standing = _moved(standing, answer)
    if answer.outcome is Outcome.FRESH:
        standing = replace(standing, etag=answer.etag, last_modified=answer.last_modified)
    return replace(standing, health=Health.OK, problem="", failures=0, next_fetch_at=now + _pause(standing, answer))


def retry_after(value: str, now: datetime) -> timedelta:
    """How long Retry-After (RFC 9110 section 10.2.3: seconds or a date) asks to stay away; zero where it is empty."""
    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        return min(timedelta(seconds=int(value)), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return min(max(moment - now, timedelta()), _LONGEST_WAIT)
    except (ValueError, OverflowError):
        return timedelta()


def _gone(standing: Standing, answer: Answer, now: datetime) -> Standing:
    """Believe "gone for good" only when it is said again and again: a site under repair says it too."""
    standing = replace(standing, gone_seen=standing.gone_seen + 1)
    if standing.gone_seen < _BELIEVED:
        return _failed(standing, answer, f"{answer.problem}, it says; it is asked again, to be sure", now)
    return replace(standing, health=Health.GONE, problem=answer.problem, next_fetch_at=None)


def _failed(standing: Standing, answer: Answer, problem: str, now: datetime) -> Standing:
    """Kept away from, longer each time; without validators, so that a feed cut short is read again whole."""
    pause = min(_FIRST_BACK_OFF * 2 ** min(standing.failures, 10), _LONGEST_BACK_OFF)
    return replace(
        standing,
        health=Health.FAILING,
        problem=problem,
        failures=standing.failures + 1,
        etag=standing.etag if answer.outcome is Outcome.FAILED else "",
        last_modified=standing.last_modified if answer.outcome is Outcome.FAILED else "",
        next_fetch_at=now + max(pause, retry_after(answer.retry_after, now)),
    )


def _moved(standing: Standing, answer: Answer) -> Standing:
    """Believe "moved permanently" only when it is said again and again: hotel networks say it too."""
    if not answer.moved_to:
        return replace(standing, moved_to="", moved_seen=0)
    seen = standing.moved_seen + 1 if answer.moved_to == standing.moved_to else 1
    if seen < _BELIEVED:
        return replace(standing, moved_to=answer.moved_to, moved_seen=seen)
    return replace(standing, url=answer.moved_to, moved_to="", moved_seen=0)


def _pause(standing: Standing, answer: Answer) -> timedelta:
    usual = _USUAL if standing.etag or standing.last_modified else _WITHOUT_VALIDATORS
    age = re.search(r"max-age\s*=\s*\"?(\d{1,9})", answer.cache_control, re.IGNORECASE)
    asked = timedelta(seconds=int(age[1])) if age else timedelta()
    return max(usual, min(asked, _LONGEST_BACK_OFF))
