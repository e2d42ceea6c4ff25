"""The sender that needs nothing installed: a real Maildir, one file for each copy, LF lines as the format has them.

A copy's file is named after its Message-ID, so that handing the same copy over again changes nothing.
"""

import hashlib
import os
import time
from collections.abc import Set
from pathlib import Path

from newsletter.delivery.wire.parcel import Parcel, Report, Words
from newsletter.errors import Unavailable
from newsletter.rendering.mould import Mould, Reader


class MaildirSender:
    """Writes copies into the Maildir *folder*, which it makes on the first parcel."""

    name = "maildir"
    batch_size = 100
    window = 1
    deadline = 60.0

    def __init__(self, folder: Path) -> None:
        self._tmp, self._new, self._cur = folder / "tmp", folder / "new", folder / "cur"

    def send(self, parcel: Parcel) -> Report:
        """Write *parcel*'s copies to disk; raises Unavailable when the folder can't be used at all."""
        stop_at = time.monotonic() + self.deadline - 10
        again: dict[int, Words] = {}
        try:
            seen = self._prepare()
            for reader in parcel.readers:
                if time.monotonic() > stop_at:
                    again[reader.subscriber_id] = Words("the disk was too slow")
                elif trouble := self._file(parcel.mould, reader, seen):
                    again[reader.subscriber_id] = Words(trouble)
            _sync(self._new)
        except OSError as error:
            raise Unavailable(f"the Maildir {self._new.parent} can't be written: {error.strerror}") from error
        return Report(reply=f"written to {self._new}", again=again)

    def close(self) -> None:
        """Nothing is held open."""

    def _prepare(self) -> Set[str]:
        """Make the folders; returns the names that a mail reader has moved to cur."""
        for folder in (self._tmp, self._new, self._cur):
            folder.mkdir(parents=True, exist_ok=True)
        return {entry.name.partition(":")[0] for entry in os.scandir(self._cur)}

    def _file(self, mould: Mould, reader: Reader, seen: Set[str]) -> str:
        """Write one copy; returns what went wrong, or nothing."""
        name = _name(mould.message_id(reader))
        if name in seen:
            return ""
        draft = self._tmp / name
        try:
            with draft.open("wb") as file:
                file.write(mould.message(reader).replace(b"\r\n", b"\n"))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._new / name)
        except OSError as error:
            draft.unlink(missing_ok=True)
            return f"could not be written: {error.strerror}"
        return ""


def _name(message_id: str) -> str:
    """The format wants time.unique.host; what is unique here is the copy, not the moment."""
    return f"0.{hashlib.sha256(message_id.encode()).hexdigest()[:40]}.newsletter"


def _sync(folder: Path) -> None:
    """Make the names in *folder* as lasting as the files."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
