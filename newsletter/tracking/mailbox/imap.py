"""A folder on an IMAP server, whatever its own ways are: Dovecot, Cyrus and Courier differ in most of them."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from newsletter import logs, plural
from newsletter.config import Mailbox
from newsletter.errors import MailboxClosed
from newsletter.tracking.mailbox import names, session
from newsletter.tracking.mailbox.places import AT_ONCE, LARGEST, Batch, Letter, Mark, Name

log = logs.get_logger(__name__)

#: a server's answer must fit into a million bytes, or the session is lost
_NUMBERS_AT_ONCE = 80_000
_LAST_UID = 2**32 - 1
#: seconds of one IDLE; Courier tells of new mail only once a minute, so we look by ourselves afterwards
_IDLE = 55.0
#: and how often in between somebody may want us to stop
_GLANCE = 3.0


def key(settings: Mailbox, folder: str) -> str:
    """What progress in *folder* is kept under."""
    return f"imap {settings.username}@{settings.host}:{settings.port} {folder}"[:400]


@dataclass
class Folder:
    """One folder, as a `Place`; *client* is signed in."""

    client: IMAPClient
    settings: Mailbox
    #: as the settings call it
    wanted: str

    @property
    def key(self) -> str:
        """What progress is kept under."""
        return key(self.settings, self.wanted)

    def batches(self, mark: Mark) -> Iterator[Batch]:
        """What lies there beyond *mark*, oldest first; after a new UIDVALIDITY everything does."""
        validity, until, count = self._open()
        last = mark.last if validity == mark.validity else 0
        for numbers in self._beyond(last, until, count):
            for start in range(0, len(numbers), AT_ONCE):
                chosen = numbers[start : start + AT_ONCE]
                yield Batch(tuple(self._read(chosen)), Mark(validity, chosen[-1]))

    def put_away(self, done: Collection[Name], odd: Collection[Name]) -> int:
        """Move or flag what is *done*; what is *odd* gets a star and stays. How many are still there unmarked."""
        if odd:
            self.client.add_flags([int(name) for name in odd], [rb"\Flagged"], silent=True)
        numbers = sorted(int(name) for name in done)
        if self.settings.after == "flag" or (self.settings.after == "move" and not self._can_move()):
            # where nothing else can be done either: a plain EXPUNGE would take away what others have marked
            if numbers:
                self.client.add_flags(numbers, [rb"\Seen"], silent=True)
            return 0
        before = len(numbers) + 1
        while numbers and len(numbers) < before:
            before = len(numbers)
            self._take_out(numbers)
            # a COPY or STORE of what has gone says OK as well: what counts is what still lies there
            numbers = self.client.search(["UID", ",".join(map(str, numbers)), "UNDELETED"])
        return len(numbers)

    def wait(self, goes_on: Callable[[], bool]) -> bool:
        """Wait about a minute for something new; False where the server can't tell, so that we must ask.

        Raises MailboxClosed where the connection is dead, which the library does not notice.
        """
        if not self.client.has_capability("IDLE"):
            return False
        self.client.idle()
        until = time.monotonic() + _IDLE
        while goes_on() and (left := until - time.monotonic()) > 0:
            began, patience = time.monotonic(), min(left, _GLANCE)
            heard = self.client.idle_check(timeout=patience)
            if not heard and time.monotonic() - began < patience / 2:
                raise MailboxClosed(f"{self.settings.host} closed the connection")
            if _tells(heard):
                break
        self.client.idle_done()
        return True

    def _open(self) -> tuple[int, int, int]:
        """UIDVALIDITY, the last UID there can be, and how many messages there are."""
        name = names.find(self.client, self.wanted)
        try:
            # before it is selected, because Dovecot minds; from Courier it is the only way
            status = self.client.folder_status(name, ["UIDNEXT"])
            selected = self.client.select_folder(name)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            text = f"{self.settings.host} does not open the folder {name!r}: {session.words(error)}"
            raise MailboxClosed(text, lasting=True) from error
        until = int(status.get(b"UIDNEXT") or _LAST_UID)
        return int(selected[b"UIDVALIDITY"]), until, int(selected[b"EXISTS"])

    def _beyond(self, last: int, until: int, count: int) -> Iterator[list[int]]:
        """The UIDs beyond *last*, in pieces of which each can be answered in one line."""
        if count == 0:
            return
        if count <= _NUMBERS_AT_ONCE:
            yield self._search(last + 1, _LAST_UID)
            return
        wide = _NUMBERS_AT_ONCE
        while last < until:
            found = self._search(last + 1, min(last + wide, _LAST_UID))
            yield found
            last += wide
            wide = _NUMBERS_AT_ONCE if found else min(wide * 2, _LAST_UID)

    def _search(self, first: int, last: int) -> list[int]:
        found = self.client.search(["UID", f"{first}:{'*' if last == _LAST_UID else last}", "UNDELETED"])
        # beyond the last message "n:*" still finds the last one
        return sorted(number for number in found if number >= first)

    def _read(self, numbers: Sequence[int]) -> Iterator[Letter]:
        found = self._fetch(numbers)
        invented = [number for number, raw in found.items() if _is_invented(raw)]
        if invented:
            self.client.noop()
            found |= dict.fromkeys(invented, b"") | self._fetch(invented)
        for number in numbers:
            if raw := found.get(number):
                yield Letter(number, raw)

    def _fetch(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """UID → the beginning of the message; what went away meanwhile is missing, or NIL."""
        answer: dict[int, dict[bytes, Any]] = self.client.fetch(list(numbers), [f"BODY.PEEK[]<0.{LARGEST}>"])
        return {
            number: bytes(value)
            for number, item in answer.items()
            for key, value in item.items()
            if key.startswith(b"BODY[") and value is not None
        }

    def _take_out(self, numbers: list[int]) -> None:
        try:
            if self.settings.after == "delete":
                self._delete(numbers)
            else:
                self._move(numbers)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            # some have gone meanwhile, or there is no room: what still lies there tells
            log.warning("letters.stay", says=session.words(error))

    def _move(self, numbers: list[int]) -> None:
        into = names.find(self.client, self.settings.done_folder)
        names.make(self.client, into)
        if self.client.has_capability("MOVE"):
            self.client.move(numbers, into)
        else:
            self.client.copy(numbers, into)
            self._delete(numbers)

    def _can_move(self) -> bool:
        return bool(self.client.has_capability("MOVE") or self.client.has_capability("UIDPLUS"))

    def _delete(self, numbers: list[int]) -> None:
        self.client.add_flags(numbers, [rb"\Deleted"], silent=True)
        if self.client.has_capability("UIDPLUS"):
            self.client.uid_expunge(numbers)

    def describe(self) -> str:
        """What lies there, and what the server can do with it; raises MailboxClosed where it is not there."""
        count = self._open()[2]
        known = [name for name in ("IDLE", "MOVE", "UIDPLUS") if self.client.has_capability(name)]
        text = f"{plural.counted(count, 'message')} in {self.wanted}; the server offers {', '.join(known) or 'little'}"
        if "IDLE" not in known:
            text += f"; without IDLE it is asked every {self.settings.every:g} minutes"
        if self.settings.after == "move" and not self._can_move():
            text += "; without MOVE and UIDPLUS letters are flagged where they are"
        return text


def _tells(heard: Sequence[tuple[Any, ...]]) -> bool:
    """Whether it is more than "still here"; a BYE, too, is for the next command to stumble over."""
    return any(not (isinstance(one[0], bytes) and one[0] == b"OK") for one in heard)


def _is_invented(raw: bytes) -> bool:
    """Courier makes up a message in place of one that has gone, until it is asked to look again."""
    if len(raw) > 1000 or b"message unavailable" not in raw:
        return False
    message = message_from_bytes(raw)
    return message["Message-ID"] is None and message["Subject"] == "message unavailable"
