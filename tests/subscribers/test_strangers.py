"""Strangers: kept out by a salted hash, and let in again only as they should be."""

from datetime import datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from subscribers import roll, strangers, suppressions
from subscribers.models import Barred, Stranger, Suppression, SuppressionReason
from tests.factories import a_list, a_subscriber


def test_a_stranger_is_suppressed_without_the_address_being_kept(session: Session, now: datetime) -> None:
    roll.suppress(session, "Eve@example.com", reason=SuppressionReason.COMPLAINT, now=now)
    kept = session.execute(text("SELECT * FROM stranger")).all()
    assert "eve" not in str(kept).lower()
    assert strangers.barred(session, ["eve@example.com"]) == {"eve@example.com": Barred.COMPLAINT}


def test_who_was_suppressed_as_a_stranger_is_suppressed_when_they_come(session: Session, now: datetime) -> None:
    a_list(session)
    roll.suppress(session, "eve@example.com", reason=SuppressionReason.COMPLAINT, now=now)
    roll.add(session, "EVE@example.com", lists=["weekly"], source="form", now=now)
    found = session.execute(select(Suppression.email_key, Suppression.reason)).all()
    assert ([tuple(row) for row in found], session.scalars(select(Stranger)).all()) == (
        [("eve@example.com", SuppressionReason.COMPLAINT)],
        [],
    )


@pytest.mark.parametrize("reason", [Barred.UNSUBSCRIBED, Barred.ERASED])
def test_who_left_or_was_forgotten_may_sign_up_anew(session: Session, now: datetime, reason: Barred) -> None:
    a_list(session)
    strangers.bar(session, {"eve@example.com": reason}, source="a file", now=now)
    roll.add(session, "eve@example.com", lists=["weekly"], source="form", now=now)
    assert session.scalars(select(Suppression)).all() == []
    assert strangers.barred(session, ["eve@example.com"]) == {}


@pytest.mark.parametrize("order", [1, -1])
def test_the_stricter_reason_is_kept_in_whatever_order(session: Session, now: datetime, order: int) -> None:
    for reason in (Barred.UNSUBSCRIBED, Barred.HARD_BOUNCE)[::order]:
        strangers.bar(session, {"eve@example.com": reason}, source="a file", now=now)
    assert strangers.barred(session, ["eve@example.com"]) == {"eve@example.com": Barred.HARD_BOUNCE}


def test_erasing_leaves_a_hash_that_no_longer_names_anybody(session: Session, now: datetime) -> None:
    ada = a_subscriber(session)
    roll.erase(session, ada.id, now=now)
    assert strangers.barred(session, ["ada@example.com", "bob@example.com"]) == {"ada@example.com": Barred.ERASED}


def test_a_stranger_can_be_let_in_again_on_purpose(session: Session, now: datetime) -> None:
    roll.suppress(session, "eve@example.com", reason=SuppressionReason.MANUAL, now=now)
    assert [suppressions.lift(session, "Eve@example.com", why="it works again", now=now) for _ in range(2)] == [
        True,
        False,
    ]


def test_each_installation_hashes_in_its_own_way(session: Session) -> None:
    first = strangers.hasher(session)("eve@example.com")
    session.rollback()
    assert strangers.hasher(session)("eve@example.com") != first
