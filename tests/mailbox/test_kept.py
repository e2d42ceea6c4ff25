"""What is kept of letters: the verdict for ever, without anybody's address; the words until they are forgotten."""

import base64
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from newsletter import schema
from newsletter.jobs import access, returning
from newsletter.tracking.models import Returned
from subscribers import roll
from subscribers.models import Model, ReturnedMail
from tests import factories
from tests.mailbox.conftest import Reader
from tests.mailbox.letters import bounce, note

EVA, OTHER = "eva.mustermann@personal.example", "other@personal.example"
IN_BASE64 = base64.b64encode(f"Please write to {EVA} no more.".encode()).decode()


@pytest.fixture
def reader(of_files: Reader) -> Reader:
    """With Eva and another on the list."""
    with of_files.app.database.write() as session:
        factories.a_subscriber(session, EVA)
        factories.a_subscriber(session, OTHER)
    return of_files


def take(reader: Reader, *letters: bytes) -> None:
    """Lay *letters* into the mailbox and take them in."""
    folder = reader.app.settings.mailbox.maildir
    assert folder is not None
    for number, raw in enumerate(letters):
        (folder / "new" / f"{number}.a.host").write_bytes(raw)
    reader.collect()


def kept(reader: Reader) -> int:
    """How many letters' words are kept."""
    with reader.app.database.read() as session:
        return len(session.scalars(select(ReturnedMail.id)).all())


def test_no_table_but_that_of_people_holds_an_address(reader: Reader) -> None:
    take(reader, bounce(1, address=EVA), note(2, words=f"I am {EVA}"))
    people = {m.class_.__tablename__ for m in Model.registry.mappers if m.class_.__module__ == "subscribers.models"}
    others = sorted(set(schema.metadata.tables) - people)
    with reader.app.database.read() as session:
        found = "".join(str(session.execute(text(f'SELECT * FROM "{table}"')).all()) for table in others)
    assert (kept(reader), EVA in found) == (2, False)


@pytest.mark.parametrize(
    "raw",
    [
        bounce(1, address=EVA),
        note(1, words=f"Please write to {EVA.upper()} no more."),
        note(1, words="x").replace(b"\r\n\r\nx", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + IN_BASE64.encode()),
        note(1, words="x").replace(b"From: Ada <ada@readers.example>", f"From: Eva <{EVA}>".encode()),
        note(1, words="x").replace(b"A note", b"=?utf-8?b?" + base64.b64encode(EVA.encode()) + b"?="),
    ],
    ids=["a bounce", "in a note", "in base64", "from her", "above it"],
)
def test_a_letter_in_which_somebody_stands_goes_with_them(reader: Reader, raw: bytes) -> None:
    take(reader, raw, note(2, words=f"I am {OTHER}"))
    with reader.app.database.write() as session:
        roll.erase(session, roll.get(session, EVA).id, now=reader.now)
    assert (kept(reader), len(reader.knows())) == (1, 2)


def test_a_letter_is_forgotten_when_its_time_is_over_and_its_verdict_stays(reader: Reader) -> None:
    take(reader, bounce(1, address=EVA))
    with reader.app.database.write() as session:
        early = returning.sweep(session, reader.app.settings, now=reader.now + timedelta(days=179))
        late = returning.sweep(session, reader.app.settings, now=reader.now + timedelta(days=181))
    assert (early, late, [letter.code for letter in reader.knows()]) == (0, 1, ["5.1.1"])


def test_all_that_is_held_about_somebody_has_their_letters(reader: Reader) -> None:
    take(reader, bounce(1, address=EVA))
    with reader.app.database.read() as session:
        held = access.everything(session, roll.get(session, EVA))["letters_that_came_back"]
    assert [f"<{EVA}>: User unknown" in letter["beginning"] for letter in held] == [True]


def test_a_verdict_holds_what_was_made_of_the_letter(reader: Reader) -> None:
    take(reader, bounce(1, address=EVA))
    with reader.app.database.read() as session:
        found = session.scalars(select(Returned)).one()
        eva = roll.get(session, EVA).id
    assert (found.action, found.meaning, found.code, found.lesson, found.subscriber_id, EVA in found.words) == (
        "failed", "dead", "5.1.1", "suppress", eva, False,
    )  # fmt: skip
