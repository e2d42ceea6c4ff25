"""The Maildir on disk."""

import mailbox
from pathlib import Path

import pytest

from newsletter.delivery.senders.maildir import MaildirSender
from newsletter.errors import Unavailable
from tests.senders.conftest import a_parcel


def test_each_reader_gets_one_file_in_new(tmp_path: Path) -> None:
    MaildirSender(tmp_path / "outbox").send(a_parcel("ada@example.com", "bob@example.com"))

    assert len(list((tmp_path / "outbox" / "new").iterdir())) == 2


def test_the_standard_library_reads_it_as_a_maildir(tmp_path: Path) -> None:
    MaildirSender(tmp_path / "outbox").send(a_parcel("ada@example.com", "bob@example.com"))

    box = mailbox.Maildir(tmp_path / "outbox", create=False)
    assert sorted(str(message["To"]) for message in box) == ["Ada <ada@example.com>", "Bob <bob@example.com>"]


def test_lines_on_disk_end_with_a_bare_newline(tmp_path: Path) -> None:
    MaildirSender(tmp_path / "outbox").send(a_parcel("ada@example.com"))

    (file,) = (tmp_path / "outbox" / "new").iterdir()
    assert b"\r" not in file.read_bytes()


def test_the_same_parcel_handed_over_again_makes_no_second_copy(tmp_path: Path) -> None:
    MaildirSender(tmp_path / "outbox").send(a_parcel("ada@example.com"))
    MaildirSender(tmp_path / "outbox").send(a_parcel("ada@example.com"))

    assert len(list((tmp_path / "outbox" / "new").iterdir())) == 1


def test_a_copy_that_was_read_already_is_not_written_again(tmp_path: Path) -> None:
    MaildirSender(tmp_path / "outbox").send(a_parcel("ada@example.com"))
    (file,) = (tmp_path / "outbox" / "new").iterdir()
    file.rename(tmp_path / "outbox" / "cur" / f"{file.name}:2,S")

    MaildirSender(tmp_path / "outbox").send(a_parcel("ada@example.com"))

    assert list((tmp_path / "outbox" / "new").iterdir()) == []


def test_nothing_stays_in_tmp(tmp_path: Path) -> None:
    MaildirSender(tmp_path / "outbox").send(a_parcel())

    assert list((tmp_path / "outbox" / "tmp").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file is in the way")

    with pytest.raises(Unavailable, match=r"the Maildir .*outbox can't be written"):
        MaildirSender(tmp_path / "outbox").send(a_parcel())


def test_a_copy_that_cannot_be_written_may_be_tried_again(tmp_path: Path) -> None:
    MaildirSender(tmp_path / "outbox").send(a_parcel("ada@example.com"))
    (file,) = (tmp_path / "outbox" / "new").iterdir()
    file.unlink()
    (tmp_path / "outbox" / "new" / file.name).mkdir()

    report = MaildirSender(tmp_path / "outbox").send(a_parcel("ada@example.com", "bob@example.com"))

    assert list(report.again) == [1]
