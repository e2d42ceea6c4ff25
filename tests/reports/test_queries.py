"""However much is on record, an answer costs the same number of queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import BatchState, SendingState, Status
from subscribers import roll
from subscribers.models import Consent
from tests.factories import FRIDAY, a_list, a_subscriber
from tests.reports.world import ADA, NINE, World


@contextmanager
def _counted(session: Session) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _asked(world: World, whom: str) -> int:
    world.session.flush()
    world.session.expire_all()
    world.session.scalar(select(1))  # a transaction has begun
    with _counted(world.session) as statements:
        world.ask(whom)
    return len(statements)


def test_an_answer_costs_the_same_whatever_there_is_on_record(world: World) -> None:
    few = a_subscriber(world.session, "bea@example.com")
    world.copy(few, world.edition(date=FRIDAY - timedelta(days=7)))
    alone = _asked(world, "bea@example.com")

    many = a_subscriber(world.session, ADA)
    for number in range(20):
        slug = a_list(world.session, f"list-{number}").slug
        roll.add(world.session, ADA, lists=[slug], consent=Consent.CONFIRMED, source="form", now=NINE)
    for week in range(2, 12):
        world.copy(many, world.edition(date=FRIDAY - timedelta(weeks=week)))
    edition = world.edition()
    world.copy(many, edition)
    for number in range(30):
        world.event(edition, many, "open", minutes=10 + number)
    world.told(edition, many, Status.DELIVERED)

    assert (_asked(world, ADA), alone <= 20) == (alone, True)


def test_a_copy_that_waits_costs_the_same_among_many_batches(world: World) -> None:
    edition = world.edition()
    world.copy(a_subscriber(world.session, ADA), edition, state=BatchState.QUEUED, sending=SendingState.RUNNING)
    alone = _asked(world, ADA)
    for number in range(30):
        reader = a_subscriber(world.session, f"reader{number}@example.com")
        world.copy(reader, edition, state=BatchState.QUEUED)
    assert _asked(world, ADA) == alone


def test_an_address_that_nobody_has_costs_the_same_among_many_like_it(world: World) -> None:
    alone = _asked(world, "adaa@example.com")
    for letter in "abcdefghij":
        a_subscriber(world.session, f"ada{letter}@example.org")
    assert _asked(world, "adaa@example.com") == alone
