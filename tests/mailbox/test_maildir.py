"""A Maildir on this machine, read without any IMAP."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import delete

from newsletter.config import Mailbox
from newsletter.errors import MailboxClosed
from newsletter.jobs import returning
from newsletter.tracking.mailbox.collecting import Collected
from newsletter.tracking.models import Returned
from tests.mailbox.conftest import Reader
from tests.mailbox.letters import bounce, note, vacation


@pytest.fixture
def maildir(of_files: Reader, tmp_path: Path) -> Path:
    """With a bounce that came just now, a vacation that somebody has seen, and a note."""
    folder = tmp_path / "Maildir"
    (folder / "new" / "1.a.host").write_bytes(bounce(1))
    (folder / "cur" / "2.b.host:2,S").write_bytes(vacation(2).replace(b"\r\n", b"\n"))
    (folder / "new" / "3.c.host").write_bytes(note(3))
    (folder / "tmp" / "4.d.host").write_bytes(bounce(4)[:50])
    return folder


def lies(folder: Path) -> list[str]:
    """Every file under *folder*."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_what_is_understood_is_moved_and_what_nobody_understands_stays_with_a_star(
    of_files: Reader, maildir: Path
) -> None:
    collected = of_files.collect()
    assert (collected.new, lies(maildir)) == (
        Counter({"failed": 1, "auto-reply": 1, "unrecognised": 1}),
        [
            ".Taken in/cur/1.a.host:2,S",
            ".Taken in/cur/2.b.host:2,S",
            ".Taken in/maildirfolder",
            "cur/3.c.host:2,F",
            "tmp/4.d.host",
        ],
    )


def test_what_stays_is_not_taken_in_again(of_files: Reader, maildir: Path) -> None:
    of_files.set(after="flag")
    of_files.collect()
    collected = of_files.collect()
    assert (collected.new, collected.known, lies(maildir)) == (
        Counter(), 3, ["cur/1.a.host:2,S", "cur/2.b.host:2,S", "cur/3.c.host:2,F", "tmp/4.d.host"],
    )  # fmt: skip


def test_letters_are_deleted_where_that_is_asked_for(of_files: Reader, maildir: Path) -> None:
    of_files.set(after="delete")
    of_files.collect()
    assert lies(maildir) == ["cur/3.c.host:2,F", "tmp/4.d.host"]


def test_a_letter_that_was_read_over_imap_is_known_as_a_file(of_files: Reader, maildir: Path) -> None:
    of_files.collect()
    (maildir / "new" / "9.z.host").write_bytes(
        b"Return-Path: <>\nReceived: from a\n\tby b\n" + bounce(1).replace(b"\r\n", b"\n")
    )
    collected = of_files.collect()
    assert (collected.new, collected.known) == (Counter(), 2)


def test_where_nothing_was_moved_yet_there_is_nothing_to_look_through_again(of_files: Reader) -> None:
    assert returning.collect_again(of_files.app, clock=of_files.clock) == Collected()


def test_what_a_restored_database_does_not_know_is_taken_in_again(of_files: Reader, maildir: Path) -> None:
    of_files.collect()
    with of_files.app.database.write() as session:
        session.execute(delete(Returned).where(Returned.action == "failed"))
    collected = returning.collect_again(of_files.app, clock=of_files.clock)
    assert (collected.new, lies(maildir)[:2]) == (
        Counter({"failed": 1}), [".Taken in/cur/1.a.host:2,S", ".Taken in/cur/2.b.host:2,S"],
    )  # fmt: skip


def test_before_the_first_letter_there_is_no_maildir_and_it_says_how_one_comes(
    of_files: Reader, tmp_path: Path
) -> None:
    of_files.set(maildir=tmp_path / "Nowhere")
    with pytest.raises(MailboxClosed) as caught:
        of_files.collect()
    text = "a mail server makes it with the first letter, so write it one"
    assert (str(caught.value), caught.value.lasting) == (
        f"there is no Maildir {tmp_path / 'Nowhere'} yet: {text}",
        True,
    )


def test_a_folder_that_is_no_maildir_is_for_a_person_to_mend(of_files: Reader, tmp_path: Path) -> None:
    (tmp_path / "Nowhere").touch()
    of_files.set(maildir=tmp_path / "Nowhere")
    with pytest.raises(MailboxClosed, match=r"Nowhere is not a Maildir that can be read: .*Not a directory") as caught:
        of_files.collect()
    assert caught.value.lasting


def test_the_folder_for_what_was_read_is_not_one_that_is_read() -> None:
    with pytest.raises(ValueError, match="done_folder 'Junk' is one of the folders that are read"):
        Mailbox(host="x", folders=("INBOX", "Junk"), done_folder="Junk")
