"""The audience: who may be mailed when it is frozen, and who no more just before the wire."""

from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from newsletter.db import Database
from subscribers import audience, roll
from subscribers.audience import Person
from subscribers.models import Consent, Subscriber, SuppressionReason
from tests.factories import LONG_AGO, a_subscriber


def _ids(session: Session, *lists: str) -> list[int]:
    return sorted(session.scalars(audience.audience(lists)))


def test_a_reader_on_two_lists_is_one_reader(session: Session) -> None:
    ada = a_subscriber(session, "ada@example.com", "weekly", "retail-tech")
    assert _ids(session, "weekly", "retail-tech") == [ada.id]


def test_only_the_confirmed_are_in_it(session: Session) -> None:
    ada = a_subscriber(session)
    a_subscriber(session, "ben@example.com", consent=Consent.PENDING)
    a_subscriber(session, "cy@example.com", consent=Consent.UNSUBSCRIBED)
    assert _ids(session, "weekly") == [ada.id]


def test_only_the_named_lists_count(session: Session) -> None:
    a_subscriber(session)
    ben = a_subscriber(session, "ben@example.com", "retail-tech")
    assert _ids(session, "retail-tech") == [ben.id]


def test_a_list_that_is_not_there_has_nobody(session: Session) -> None:
    a_subscriber(session)
    assert _ids(session, "daily") == []


def test_each_comes_with_the_zone(session: Session) -> None:
    ada = a_subscriber(session, time_zone="Asia/Tokyo")
    assert session.execute(audience.audience_with_zone(["weekly"])).all() == [(ada.id, "Asia/Tokyo")]


def test_it_can_be_frozen_by_one_insert_from_select(database: Database) -> None:
    with database.write() as session:
        ada = a_subscriber(session)
        session.execute(text("CREATE TEMPORARY TABLE frozen (id INTEGER)"))
        frozen = audience.audience(["weekly"])
        compiled = str(frozen.compile(session.connection(), compile_kwargs={"literal_binds": True}))
        session.execute(text(f"INSERT INTO frozen {compiled}"))
        assert session.scalars(text("SELECT id FROM frozen")).all() == [ada.id]


def test_the_barred_are_named_with_their_reasons(session: Session, now: datetime) -> None:
    ada, ben, cy, dee, eve = (
        a_subscriber(session, f"{name}@example.com") for name in ("ada", "ben", "cy", "dee", "eve")
    )
    roll.unsubscribe(session, ben.id, source="one-click", now=now)
    roll.suppress(session, cy.email, reason=SuppressionReason.HARD_BOUNCE, now=now)
    roll.suppress(session, dee.email, reason=SuppressionReason.COMPLAINT, now=now)
    roll.erase(session, eve.id, now=LONG_AGO)
    assert audience.barred(session, [ada.id, ben.id, cy.id, dee.id, eve.id], ["weekly"]) == {
        ben.id: "unsubscribed after planning",
        cy.id: "suppressed: hard bounce",
        dee.id: "suppressed: complaint",
        eve.id: "erased",
    }


def test_who_left_one_of_two_lists_may_be_mailed_for_the_other(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, "ada@example.com", "weekly", "retail-tech")
    roll.unsubscribe(session, ada.id, ["weekly"], source="one-click", now=now)
    assert audience.barred(session, [ada.id], ["weekly", "retail-tech"]) == {}


def test_suppression_weighs_more_than_leaving(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, consent=Consent.UNSUBSCRIBED)
    roll.suppress(session, ada.email, reason=SuppressionReason.MANUAL, now=now)
    assert audience.barred(session, [ada.id], ["weekly"]) == {ada.id: "suppressed: by hand"}


def test_people_come_by_id_whatever_the_order_asked(session: Session) -> None:
    ada = a_subscriber(session, name="Ada", language="en", time_zone="Europe/London")
    ben = a_subscriber(session, "ben@bücher.example", name="Ben")
    assert audience.people(session, [ben.id, 404, ada.id]) == [
        Person(ada.id, "ada@example.com", "Ada", "en", "Europe/London"),
        Person(ben.id, "ben@xn--bcher-kva.example", "Ben", "", ""),
    ]


def test_more_people_may_be_asked_for_than_a_statement_takes(session: Session) -> None:
    a_subscriber(session)
    rows = [
        {"email": f"r{n}@example.com", "email_key": f"r{n}@example.com", "created_at": LONG_AGO} for n in range(20_500)
    ]
    session.connection().execute(insert(Subscriber), rows)
    assert len(audience.people(session, range(100_000))) == 20_501
