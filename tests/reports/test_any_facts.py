"""Whatever stands on record, there is one answer, in whole sentences, and it names nobody else."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.models import BatchState, SendingState, Status
from newsletter.delivery.operations.waits import Wait
from newsletter.editions.models import SlotState, State
from newsletter.tracking.reports import timeline, why
from newsletter.tracking.reports.facts import (
    Condition,
    Copy,
    Facts,
    Heard,
    Hour,
    Issue,
    Moved,
    Run,
    Settling,
    Told,
)
from subscribers import audience
from subscribers.history import Step
from subscribers.models import Barred, Consent, Rhythm, SuppressionReason
from subscribers.standing import Bar, Change, Found, Over, Place, Request, Standing, Stop

_MONDAY = datetime(2021, 11, 29, 10, tzinfo=UTC)
_moments = st.integers(-400, 400).map(lambda hours: _MONDAY + timedelta(hours=hours))
_maybe = _moments | st.none()
_words = st.sampled_from(
    [
        "",
        "550 5.1.1 no such user",
        "451 4.7.1 later",
        "no answer: the process ended",
        "Bounced Address",
        "{braces} 100%",
    ]
)
_zone = ZoneInfo("Europe/London")

_steps = st.builds(
    Step, _moments, st.sampled_from(["weekly", "events"]), st.sampled_from(Consent), st.just("one-click"),
    st.just(""), st.just(""), st.just(""), _maybe, st.just(""),
)  # fmt: skip
_stops = st.builds(Stop, st.sampled_from(SuppressionReason), _words, _moments)
_people = st.builds(
    Standing,
    id=st.just(7),
    email=st.just("ada@example.com"),
    since=_moments,
    rhythm=st.sampled_from(Rhythm),
    paused_until=st.dates(date(2021, 11, 1), date(2022, 1, 1)) | st.none(),
    topics=st.frozensets(st.sampled_from(["payments", "logistics"])),
    on=st.dictionaries(
        st.sampled_from(["weekly", "events"]), st.builds(Place, st.sampled_from(Consent), _moments, _maybe)
    ),
    steps=st.lists(_steps, max_size=4).map(lambda steps: tuple(sorted(steps, key=lambda step: step.at))),
    suppression=_stops | st.none(),
    over=st.lists(st.builds(Over, _stops, st.just("emptied"), _moments), max_size=1).map(tuple),
    changes=st.lists(
        st.builds(Change, st.just("ada@old.example"), st.just("ada@example.com"), _moments), max_size=1
    ).map(tuple),
)
_found = st.builds(
    Found,
    asked=st.sampled_from(["ada@example.com", "ada@old.example", "not an address", "eva@example.com"]),
    person=_people | st.none(),
    bar=st.builds(Bar, st.sampled_from(Barred), st.sampled_from(["", "erased", "csv import"]), _moments) | st.none(),
    requests=st.lists(st.builds(Request, st.just("friday"), _moments, _maybe, _maybe), max_size=2).map(tuple),
    near=st.sampled_from([(), ("ada@example.com",), ("ada@example.com", "ida@example.com")]),
)
_runs = st.builds(
    Run,
    sender=st.sampled_from(["sendgrid", "smtp", "maildir"]),
    state=st.sampled_from(SendingState),
    frozen_at=_maybe,
    wait=st.builds(Wait, st.just("the server is away"), _maybe, _maybe) | st.none(),
    by=st.sampled_from(["", "grace"]),
    reason=_words,
    at=_maybe,
    canary_passed=st.booleans(),
)
_told = st.builds(
    Told,
    st.sampled_from([Status.DEFERRED, Status.DROPPED, Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED]),
    _words,
    _moments,
)
_left_out = st.builds(
    Told,
    st.sampled_from([Status.SKIPPED, Status.REFUSED]),
    _words | st.sampled_from([audience.ERASED, audience.PAUSED, audience.UNSUBSCRIBED, *audience.SUPPRESSED.values()]),
    _moments,
)
_copies = st.builds(
    Copy,
    batch=st.sampled_from(BatchState),
    outcome=_left_out | st.none(),
    progress=_told | st.none(),
    not_before=_maybe,
    attempts=st.integers(0, 4),
    fenced_at=_maybe,
    settled_at=_maybe,
    reply=_words | st.just("restored backup"),
    canary=st.booleans(),
    lane=st.sampled_from(["", "gmail.com"]),
)
_issues = st.builds(
    Issue,
    newsletter=st.just("friday"),
    title=st.just("The Friday Five"),
    day=st.just(date(2021, 11, 26)),
    zone=st.just(_zone),
    lists=st.sampled_from([(), ("weekly",), ("weekly", "events")]),
    edition_id=st.just(1),
    state=st.sampled_from(State) | st.none(),
    moved=st.builds(Moved, st.just("clock"), _words, _moments) | st.none(),
    hour=st.builds(Hour, _moments, st.sampled_from(SlotState), _words) | st.none(),
    segment=st.sampled_from(["", "french"]),
    conditions=st.lists(
        st.builds(Condition, st.sampled_from(["language:fr", "topic:payments"]), st.booleans()), max_size=2
    ).map(tuple),
    first_of_month=st.just(date(2021, 11, 5)) | st.none(),
    run=_runs | st.none(),
)
_facts = st.builds(
    Facts,
    now=st.just(_MONDAY),
    found=_found,
    issue=_issues | st.none(),
    copy=_copies | st.none(),
    heard=st.lists(
        st.builds(
            Heard, _moments, st.just("mailbox"), st.sampled_from(["open", "click", "failed", "new word"]),
            _words, st.just(""), st.sampled_from(["", "dead", "unheard of"]), st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    settling=st.just(Settling("Somebody decides.", hears=True)),
    number=st.none() | st.just(7),
)  # fmt: skip


@given(_facts)
def test_there_is_always_one_answer_in_whole_sentences(facts: Facts) -> None:
    answer = why.decide(facts)
    assert (answer.sentence[-1], "None" in answer.sentence, "  " in answer.sentence, answer.sentence.count("..")) == (
        ".",
        False,
        False,
        0,
    )


@given(_facts)
def test_nobody_is_told_of_anybody_else_but_where_they_may_have_been_meant(facts: Facts) -> None:
    answer = why.decide(facts)
    theirs = {"ada@example.com", "ada@old.example", facts.found.asked}
    said = {word.strip("“”.,:;'") for word in answer.sentence.split() if "@" in word[1:]}
    assert said <= theirs


@given(_facts)
def test_a_story_goes_forward_in_time(facts: Facts) -> None:
    moments = [moment.at for moment in timeline.moments(facts)]
    assert moments == sorted(moments)
