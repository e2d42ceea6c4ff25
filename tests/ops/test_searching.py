"""The send log searched: whatever is asked for, what is found is what a reading of all lines would find."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery.models import Batch, BatchState, Delivery, Outcome, Progress, Sending, SendingState, Status
from newsletter.delivery.operations import searching, sendlog
from newsletter.delivery.operations.searching import Bounds, Page, Search
from newsletter.delivery.operations.sendlog import Line, Place
from tests.factories import FRIDAY, an_edition
from tests.tracking.ledger import SENT_AT

_WORDS = ("", "550 5.1.1 No such user", "451 greylisted", "100%_sure")
_TOLD = (Status.DELIVERED, Status.DEFERRED, Status.BOUNCED, Status.DROPPED, Status.COMPLAINED)


def a_ledger(session: Session, *, seed: int = 1, editions: int = 4, readers: int = 40) -> list[int]:
    """Editions with batches in every state, copies that differ from them, and what was told of some since."""
    by_chance = random.Random(seed)  # noqa: S311
    ids = []
    for week in range(editions):
        edition = an_edition(session, date=FRIDAY + timedelta(weeks=week))
        at = SENT_AT + timedelta(weeks=week)
        session.add(Sending(edition_id=edition.id, sender="smtp", state=SendingState.RUNNING, started_at=at))
        session.flush()
        states = list(BatchState)
        for number, state in enumerate(states, 1):
            begun = state not in (BatchState.QUEUED, BatchState.CLAIMED)
            words = by_chance.choice(_WORDS)
            session.add(
                Batch(
                    edition_id=edition.id, number=number, state=state, size=readers // len(states) + 1, not_before=at,
                    fenced_at=at if begun else None, settled_at=at + timedelta(minutes=number) if begun else None,
                    reply=words,
                )
            )  # fmt: skip
        session.flush()
        for reader in range(1, readers + 1):
            session.add(Delivery(edition_id=edition.id, batch=reader % len(states) + 1, subscriber_id=reader))
            later = at + timedelta(hours=by_chance.randrange(400))
            if by_chance.random() < 0.3:
                status = by_chance.choice([Status.SKIPPED, Status.REFUSED])
                reason = by_chance.choice(_WORDS)
                session.add(Outcome(edition_id=edition.id, subscriber_id=reader, status=status, reason=reason, at=at))
            if by_chance.random() < 0.5:
                status, reason = by_chance.choice(_TOLD), by_chance.choice(_WORDS)
                session.add(
                    Progress(edition_id=edition.id, subscriber_id=reader, status=status, reason=reason, at=later)
                )
        ids.append(edition.id)
    session.flush()
    return ids


def _by_reading_all(session: Session, search: Search) -> list[Place]:
    return sorted((line.place for line in sendlog.lines(session) if _is_meant(line, search)), reverse=True)


def _is_meant(line: Line, search: Search) -> bool:
    return all(
        (
            search.readers is None or line.subscriber_id in search.readers,
            search.edition_id is None or line.edition_id == search.edition_id,
            search.batch is None or line.batch == search.batch,
            not search.statuses or line.status in search.statuses,
            search.words.lower() in line.reason.lower(),
            search.since is None or (line.at is not None and line.at >= search.since),
            search.until is None or (line.at is not None and line.at < search.until),
        )
    )


def _onward(session: Session, search: Search, limit: int, bounds: Bounds) -> Iterator[Page]:
    place = None
    while True:
        found = searching.page(session, search, after=place, limit=limit, bounds=bounds)
        yield found
        if (place := found.older) is None:
            return


def _backward(session: Session, search: Search, begin: Place, limit: int, bounds: Bounds) -> Iterator[Page]:
    place: Place | None = begin
    while place is not None:
        found = searching.page(session, search, before=place, limit=limit, bounds=bounds)
        yield found
        place = found.newer


def _places(pages: Iterator[Page]) -> list[list[Place]]:
    return [[line.place for line in found.lines] for found in pages]


_SPANS: tuple[tuple[datetime | None, datetime | None], ...] = (
    (None, None),
    (SENT_AT + timedelta(days=7), SENT_AT + timedelta(days=9)),
    (None, SENT_AT + timedelta(days=7, minutes=4)),
    (SENT_AT + timedelta(days=40), None),
)
_STATUSES = (
    frozenset[Status](),
    *(frozenset({status}) for status in Status),
    frozenset({Status.BOUNCED, Status.REFUSED, Status.PLANNED, Status.UNKNOWN}),
)


def _searches(edition_id: int) -> Iterator[Search]:
    for edition, statuses, words, (since, until) in product(
        (None, edition_id), _STATUSES, ("", "no SUCH", "%_"), _SPANS
    ):
        yield Search(edition_id=edition, statuses=statuses, words=words, since=since, until=until)
    yield Search(edition_id=edition_id, batch=3)
    yield Search(readers=[7, 9, 4711])
    yield Search(readers=[7, 9], statuses=frozenset({Status.BOUNCED, Status.REFUSED}), words="5")
    yield Search(readers=[])


_LITTLE, _MUCH = Bounds(), Bounds(few=0, few_copies=0)
_BOUNDS = {
    "little": _LITTLE,
    "much": _MUCH,
    "much, a few rows a page": replace(_MUCH, told=7, copies=7),
    "little, a few rows a page": replace(_LITTLE, told=7, copies=7),
}


def _some(searches: Iterator[Search], seed: str) -> list[Search]:
    """Forty of the six hundred, others for each seed, and those that are not like the rest."""
    every = list(searches)
    return [*random.Random(seed).sample(every, 40), *every[-4:]]  # noqa: S311


@pytest.mark.parametrize("name", _BOUNDS)
def test_what_is_found_is_what_a_reading_of_all_finds(session: Session, name: str) -> None:
    ids = a_ledger(session)
    wrong = [
        search
        for search in _some(_searches(ids[1]), name)
        if [place for page in _places(_onward(session, search, 9, _BOUNDS[name])) for place in page]
        != _by_reading_all(session, search)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", _BOUNDS)
def test_the_way_back_meets_the_same_copies(session: Session, name: str) -> None:
    ids = a_ledger(session)
    wrong = []
    for search in _some(_searches(ids[2]), f"back, {name}"):
        back = _places(_backward(session, search, Place(ids[0], 0), 9, _BOUNDS[name]))
        if [place for page in reversed(back) for place in page] != _by_reading_all(session, search):
            wrong.append(search)
    assert wrong == []


def test_a_page_knows_what_lies_on_both_sides(session: Session) -> None:
    [edition] = a_ledger(session, editions=1)
    search = Search(edition_id=edition)
    first = searching.page(session, search, limit=10)
    second = searching.page(session, search, after=first.older, limit=10)
    again = searching.page(session, search, before=second.newer, limit=10)
    sides = (first.newer, first.older, second.newer, second.older)
    assert (sides, again) == (
        (None, Place(edition, 31), Place(edition, 30), Place(edition, 21)),
        Page(first.lines, None, Place(edition, 31)),
    )


def test_what_was_given_up_says_how_far_it_came(session: Session) -> None:
    ids = a_ledger(session, editions=2)
    search = Search(statuses=frozenset({Status.ACCEPTED}), since=SENT_AT)
    found = searching.page(session, search, limit=100, bounds=Bounds(few=0, few_copies=0, copies=30))
    assert (found.older, found.looked_to) == (Place(ids[1], 11), Place(ids[1], 11))


def test_what_was_not_found_to_the_very_end_was_given_up_nowhere(session: Session) -> None:
    a_ledger(session, editions=2)
    assert searching.page(session, Search(words="zebra"), limit=10) == Page([])
