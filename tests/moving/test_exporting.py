"""Exports: they say how each stands, run no formula, and come back by an import as they were."""

import csv
import io
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from newsletter.db import Database
from subscribers import roll, suppressions
from subscribers.models import Consent, SuppressionReason
from subscribers.moving import exporting, sheets
from tests.factories import LONG_AGO, a_list, a_subscriber
from tests.moving.test_importing import house, people, suppressed, taken_in

__all__ = ["house"]


def _export(session: Session, slug: str | None = None) -> str:
    stream = io.StringIO()
    exporting.subscribers(session, stream, slug=slug)
    return stream.getvalue()


def test_an_export_says_how_each_stands(session: Session, now: datetime) -> None:
    ada = a_subscriber(session, "ada@example.com", "weekly", "retail-tech", name="Ada", language="en")
    roll.unsubscribe(session, ada.id, ["retail-tech"], source="one-click", now=now)
    roll.suppress(session, ada.email, reason=SuppressionReason.COMPLAINT, now=now)
    assert _export(session).splitlines() == [
        "email,name,language,time zone,lists,pending,unsubscribed,suppressed",
        "ada@example.com,Ada,en,,weekly,,retail-tech,complaint",
    ]


def test_an_export_of_one_list_holds_only_its_people_and_only_itself(session: Session) -> None:
    a_subscriber(session, "ada@example.com", "weekly", "retail-tech")
    a_subscriber(session, "ben@example.com", "retail-tech", name="Ben")
    assert _export(session, "weekly").splitlines()[1:] == ["ada@example.com,Ada,,,weekly,,,"]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'=x", "''+x"])
def test_no_cell_of_an_export_is_a_formula(session: Session, name: str) -> None:
    a_subscriber(session, name=name)
    assert f",'{name}," in _export(session)


@given(st.text(max_size=30))
def test_a_safe_cell_is_bared_to_what_it_was(cell: str) -> None:
    assert sheets.bare(sheets.safe(cell)) == cell


def test_the_history_of_consent_is_exported_as_it_was(session: Session, now: datetime) -> None:
    a_list(session)
    person = roll.add(session, "ada@example.com", lists=["weekly"], source="form", now=LONG_AGO)
    roll.confirm(session, person.id, source="=confirmation link", now=now)
    stream = io.StringIO()
    assert exporting.consent(session, stream, slug="weekly") == 2
    assert list(csv.reader(io.StringIO(stream.getvalue())))[1:] == [
        ["ada@example.com", "weekly", "pending", "form", LONG_AGO.isoformat(), "", ""],
        ["ada@example.com", "weekly", "confirmed", "'=confirmation link", now.isoformat(), "", ""],
    ]


def test_suppressions_are_exported_and_strangers_only_as_hashes(house: Database, now: datetime) -> None:
    with house.write() as session:
        a_subscriber(session)
        roll.suppress(session, "ada@example.com", reason=SuppressionReason.COMPLAINT, note="spam", now=now)
        roll.suppress(session, "eve@example.com", reason=SuppressionReason.HARD_BOUNCE, now=now)
    stream = io.StringIO()
    with house.read() as session:
        exporting.suppressions(session, stream)
    rows = list(csv.reader(io.StringIO(stream.getvalue())))
    assert [row[:2] for row in rows[1:]] == [["ada@example.com", "complaint"], ["", "hard_bounce"]]
    assert ("eve" in stream.getvalue(), len(rows[2][4])) == (False, 40)
    before = (people(house), suppressed(house))
    outcome = taken_in(house, stream.getvalue(), "suppressions.csv")
    assert (people(house), suppressed(house), outcome.added) == (*before, 0)


_NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(lambda name: " ".join(name.split()))
_CONSENTS = st.dictionaries(st.sampled_from(["weekly", "daily"]), st.sampled_from(Consent))
_READERS = st.lists(st.tuples(_NAMES, _CONSENTS, st.booleans()), max_size=8)


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(readers=_READERS)
def test_an_export_comes_back_by_an_import_as_it_was(
    house: Database, readers: list[tuple[str, dict[str, Consent], bool]]
) -> None:
    with house.write() as session:
        for number, (name, consents, suppressed) in enumerate(readers):
            person = roll.add(session, f"Reader{number}@example.com", name=name, source="test", now=LONG_AGO)
            for slug, consent in consents.items():
                roll.add(session, person.email, lists=[slug], consent=consent, source="test", now=LONG_AGO)
            if suppressed:
                roll.suppress(session, person.email, reason=SuppressionReason.MANUAL, now=LONG_AGO)
        exported = _export(session)
    outcome = taken_in(house, exported, lists=()) if readers else None
    with house.write() as session:
        again = _export(session)
        for number in range(len(readers)):
            address = f"reader{number}@example.com"
            roll.erase(session, roll.get(session, address).id, now=LONG_AGO)
            suppressions.lift(session, address, why="a test", now=LONG_AGO)
    if outcome is not None:
        taken_in(house, exported, lists=())
    with house.write() as session:
        moved = _export(session)
        for number in range(len(readers)):
            address = f"reader{number}@example.com"
            roll.erase(session, roll.get(session, address).id, now=LONG_AGO)
            suppressions.lift(session, address, why="a test", now=LONG_AGO)
    assert (again, moved) == (exported, exported)
    assert outcome is None or (outcome.added, outcome.updated) == (0, 0)
