"""Segments: a small language, its mistakes named with their place, and never SQL of anybody's."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import preferences, roll
from subscribers.errors import BadSegment, NoSuchSegment
from subscribers.models import Consent, Rhythm, Subscriber, SuppressionReason
from subscribers.preferences import Preferences
from subscribers.segments import language, shelf
from tests.factories import LONG_AGO, a_list, a_subscriber


@pytest.fixture
def people(session: Session) -> Session:
    """Six people who differ in everything that a segment can ask for."""
    a_subscriber(session, "ada@example.com", "weekly", language="fr", time_zone="Europe/Paris")
    a_subscriber(session, "bob@shop.example.com", "weekly", language="fr-CA", time_zone="America/Toronto")
    a_subscriber(session, "cyd@other.example", "events", language="de", time_zone="Europe/Berlin")
    a_subscriber(session, "dan@other.example", "weekly", consent=Consent.UNSUBSCRIBED)
    eve = a_subscriber(session, "eve@xexample.com", "weekly", "events", language="en")
    eve.created_at = datetime(2026, 1, 15, 12, tzinfo=UTC)
    fay = a_subscriber(session, "fay_x@other.example", "weekly", language="frr")
    session.flush()
    preferences.save(
        session,
        fay.id,
        Preferences(Rhythm.MONTHLY, plain_text=True, topics=frozenset({"payments"})),
        today=LONG_AGO.date(),
    )
    session.expire_all()
    return session


def _names(session: Session, query: str) -> str:
    emails = session.scalars(select(Subscriber.email).where(shelf.compiled(session, query)).order_by(Subscriber.email))
    return " ".join(email[:3] for email in emails)


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("list:weekly", "ada bob eve fay"),
        ("list:weekly,events", "ada bob cyd eve fay"),
        ("list:weekly and language:fr", "ada bob"),
        ("language:fr-ca", "bob"),
        ("language:FR or language:de", "ada bob cyd"),
        ("language!=fr", "cyd dan eve fay"),
        ("language:none", "dan fay"),
        ("zone:Europe/*", "ada cyd"),
        ("zone:europe/paris", "ada"),
        ("zone:none", "dan eve fay"),
        ("domain:example.com", "ada"),
        ("domain:*.example.com", "bob"),
        ("domain:@EXAMPLE.com", "ada"),
        ("domain:ä..de or domain:ü", ""),
        ("topic:payments", "fay"),
        ("topic:none", "ada bob cyd dan eve"),
        ("rhythm:monthly", "fay"),
        ("plain:yes", "fay"),
        ("plain:no and list:events", "cyd eve"),
        ("joined:2026", "eve"),
        ("joined:2026-01", "eve"),
        ("joined>=2026-01-15", "eve"),
        ("joined>2026-01-15", ""),
        ("joined<=2026-01-15 and joined>2021-01-04", "eve"),
        ("joined<2026", "ada bob cyd dan fay"),
        ("joined!=2026", "ada bob cyd dan fay"),
        ("not list:weekly", "cyd dan"),
        ("not (list:weekly or list:events)", "dan"),
        ("list:weekly and (language:de or language:en)", "eve"),
        ("list:weekly or list:events and language:de", "ada bob cyd eve fay"),
        ("list : weekly AND NOT language : fr", "eve fay"),
        ('domain:"other.example"', "cyd dan fay"),
    ],
)
def test_a_segment_holds_whom_it_says(people: Session, query: str, who: str) -> None:
    assert _names(people, query) == who


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "at least one condition"),
        ("list weekly", "at letter 1"),
        ("list:", "where a value should stand"),
        ("list:weekly and", "it ends"),
        ("(list:weekly", "where ) should stand"),
        ("list:weekly language:fr", "at letter 13"),
        ("languag:fr", "did you mean language?"),
        ("list:daily", "there is no list 'daily', only events, weekly"),
        ("language:f", "is not a language"),
        ("language<fr", "can be compared by : = and !="),
        ("joined<yesterday", "is not a date"),
        ("joined<2026-02-30", "is not a date"),
        ("joined<2026-00", "is not a date"),
        ("joined<0000", "is not a date"),
        ("domain:%", "is not a domain"),
        ("plain:maybe", "yes or no"),
        ("rhythm:daily", "weekly or monthly"),
        ("(" * 40 + "list:weekly" + ")" * 40, "30 are the most"),
        ("not " * 300 + "list:weekly", "times not"),
        ("list:weekly " * 500, "is too long"),
        ("list:weekly; DROP TABLE subscriber", "at letter"),
        ("clicked:yes", "there is no field 'clicked'. There are list, "),
    ],
)
def test_a_mistake_is_named_with_what_may_stand_there(people: Session, query: str, says: str) -> None:
    with pytest.raises(BadSegment, match=r".*") as error:
        shelf.compiled(people, query)
    assert says in str(error.value)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_tree_or_a_sentence(text: str) -> None:
    try:
        language.parse(text)
    except BadSegment as error:
        assert str(error)


@given(st.text(alphabet="abc ():,=<>!\"'%_-;*andortlis", max_size=40))
def test_what_nearly_looks_like_a_segment_is_a_tree_or_a_sentence(text: str) -> None:
    try:
        language.parse(f"list:{text}")
    except BadSegment as error:
        assert str(error)


def test_values_are_bound_and_never_part_of_the_sql(people: Session) -> None:
    compiled = shelf.compiled(people, 'domain:"x\';--" or zone:"O\'Hare"')
    assert "O'Hare" not in str(compiled)


def test_a_saved_segment_is_counted_before_it_is_used(people: Session, now: datetime) -> None:
    roll.suppress(people, "ada@example.com", reason=SuppressionReason.MANUAL, now=now)
    saved = shelf.save(people, "french", "language:fr", now=now)
    count = shelf.count(people, saved.query, lists=["weekly"])
    assert (count.people, count.mailable) == (2, 1)


def test_a_segment_that_is_wrong_is_not_saved(people: Session, now: datetime) -> None:
    with pytest.raises(BadSegment):
        shelf.save(people, "wrong", "language:", now=now)
    assert shelf.every(people) == []


def test_saving_again_replaces_it(people: Session, now: datetime) -> None:
    for query in ("language:fr", "language:de"):
        shelf.save(people, "one", query, now=now)
    assert [segment.query for segment in shelf.every(people)] == ["language:de"]


def test_a_segment_that_is_not_there_names_those_that_are(people: Session, now: datetime) -> None:
    shelf.save(people, "french", "language:fr", now=now)
    with pytest.raises(NoSuchSegment, match="there are french"):
        shelf.get(people, "german")


def test_a_list_named_like_a_word_of_the_language_can_be_quoted(session: Session) -> None:
    a_list(session, "and")
    a_subscriber(session, "ada@example.com", "and")
    assert _names(session, 'list:"and" and not list:"and"') == ""
