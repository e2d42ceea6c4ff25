"""The mailbox on real servers, each with its own ways: every letter taken in once, moved or flagged, none lost."""

from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import delete

from newsletter.jobs import returning
from newsletter.tracking.mailbox import imap, session
from newsletter.tracking.models import Returned
from tests.mailbox.conftest import Reader, Started
from tests.mailbox.letters import bounce, note, vacation
from tests.servers import mailboxes
from tests.servers.mailboxes import Box

NAMES = tuple(mailboxes.NAMED)
#: the ways of servers have nothing to do with the database
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Of = Callable[[Box], Reader]


@pytest.fixture(params=NAMES)
def box(request: pytest.FixtureRequest, servers: Started) -> Box:
    """An empty mailbox, on each server."""
    return servers(request.param).box()


def test_what_is_understood_is_moved_and_what_nobody_understands_stays_with_a_star(box: Box, of: Of) -> None:
    box.put(bounce(1), vacation(2), note(3))
    collected = of(box).collect()
    done = next(name for name in box.folders() if name.endswith("Taken in"))
    assert (collected.new, box.holds(), sorted(box.holds(done))) == (
        Counter({"failed": 1, "auto-reply": 1, "unrecognised": 1}),
        {"A note 3": (r"\Flagged",)},
        ["Away 2", "Undelivered Mail 1"],
    )


def test_a_letter_is_taken_in_once_however_often_one_looks(box: Box, of: Of) -> None:
    reader = of(box)
    box.put(bounce(1), note(2))
    reader.collect()
    box.put(bounce(3))
    collected = reader.collect()
    assert (collected.new, len(reader.knows())) == (Counter({"failed": 1}), 3)


def test_letters_that_are_to_be_flagged_stay_where_they_are(box: Box, of: Of) -> None:
    reader = of(box)
    reader.set(after="flag")
    box.put(bounce(1), note(2))
    reader.collect()
    assert box.holds() == {"Undelivered Mail 1": (r"\Seen",), "A note 2": (r"\Flagged",)}


def test_letters_are_deleted_where_that_is_asked_for_and_others_marks_are_left_alone(box: Box, of: Of) -> None:
    reader = of(box)
    reader.set(after="delete")
    box.put(bounce(1), bounce(2))
    with box.opened() as client:
        client.select_folder("INBOX")
        client.add_flags([client.search("ALL")[0]], [rb"\Deleted"])
    reader.collect()
    assert box.holds() == {"Undelivered Mail 1": (r"\Deleted",)}


def test_a_mailbox_that_was_made_anew_teaches_nothing_twice(box: Box, of: Of) -> None:
    reader = of(box)
    reader.set(after="flag")
    box.put(bounce(1), bounce(2), folder=_below("Bounces", box))
    reader.set(folders=("Bounces",))
    reader.collect()
    with box.opened() as client:
        client.delete_folder(_below("Bounces", box))
    box.put(bounce(1), bounce(2), bounce(3), folder=_below("Bounces", box))
    collected = reader.collect()
    assert (collected.new, collected.known, len(reader.knows())) == (Counter({"failed": 1}), 2, 3)


def test_one_letter_in_two_folders_is_one(box: Box, of: Of) -> None:
    reader = of(box)
    box.put(bounce(1))
    box.put(b"Delivered-To: somebody@mail.example\r\n" + bounce(1), folder=_below("Junk", box))
    reader.set(folders=("INBOX", "Junk"))
    collected = reader.collect()
    assert (collected.new, collected.known, box.holds(), box.holds(_below("Junk", box))) == (
        Counter({"failed": 1}), 1, {}, {},
    )  # fmt: skip


def test_a_letter_of_thirty_megabytes_costs_no_more_than_its_beginning(box: Box, of: Of) -> None:
    reader = of(box)
    box.put(bounce(1)[:-12] + (b"x" * 70 + b"\r\n") * 420_000)
    collected = reader.collect()
    assert (collected.new, box.holds()) == (Counter({"failed": 1}), {})


def test_more_letters_than_are_read_at_once_are_all_taken_in(box: Box, of: Of) -> None:
    reader = of(box)
    box.put(*(bounce(number) for number in range(230)))
    collected = reader.collect()
    assert (collected.new, box.holds(), len(reader.knows())) == (Counter({"failed": 230}), {}, 230)


def test_what_a_restored_database_does_not_know_is_taken_in_again(box: Box, of: Of) -> None:
    reader = of(box)
    box.put(bounce(1), bounce(2))
    reader.collect()
    with reader.app.database.write() as session:
        session.execute(delete(Returned).where(Returned.id == 2))
    collected = returning.collect_again(reader.app, clock=reader.clock)
    assert (collected.new, collected.known, len(box.holds(_below("Taken in", box)))) == (Counter({"failed": 1}), 1, 2)


def test_an_empty_mailbox_has_nothing_new(box: Box, of: Of) -> None:
    reader = of(box)
    assert (str(reader.collect()), str(reader.collect())) == ("nothing new", "nothing new")


def test_letters_that_went_away_between_two_questions_are_no_letters(box: Box, of: Of) -> None:
    reader = of(box)
    box.put(bounce(1), bounce(2), bounce(3))
    with session.connect(reader.app.settings) as client:
        folder = imap.Folder(client, reader.app.settings.mailbox, "INBOX")
        folder._open()
        numbers = folder._search(1, imap._LAST_UID)
        with box.opened() as other:
            other.select_folder("INBOX")
            other.add_flags(numbers[:2], [rb"\Deleted"])
            other.uid_expunge(numbers[:2])
        found = [letter.raw for letter in folder._read(numbers)]
    # Cyrus still shows what has gone; Courier would show a message of its own instead
    assert found in ([bounce(3)], [bounce(1), bounce(2), bounce(3)])


def _below(name: str, box: Box) -> str:
    """*name* as the server calls it."""
    with box.opened() as client:
        prefix = client.namespace().personal[0][0] if client.has_capability("NAMESPACE") else ""
    return prefix + name
