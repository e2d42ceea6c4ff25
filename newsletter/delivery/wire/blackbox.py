"""The black box: what this process has said to the wire and heard from it, in a file that outlives the process.

A memory-mapped file, never synced: its pages survive the death of a process (kill -9, the kernel's
out-of-memory killer), and not that of the machine. So what it says is believed only while the machine has not
been started again, and only when the process is certainly dead: as long as it lives it holds a lock on the
file. What is made of it is decided in `takeover`.

    header                     magic, boot id, whether a page was missing once, owner
    one page for each batch    attempt, copies, bytes of words │ ids │ a mark for each copy │ words, one after the other
"""

import fcntl
import mmap
import os
import secrets
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.delivery.ledger.rules import Mark
from newsletter.delivery.wire.blame import Lesson
from newsletter.delivery.wire.parcel import Report, Words
from newsletter.errors import Delivery, Refused, Unknown

_MAGIC = b"newsletter box 1"
#: magic, boot id, a page was missing, pages, copies in a page, owner
_HEADER = struct.Struct("<16s40s?II80s")
_OWNER_AT = _HEADER.size - 80
_MISSING_AT = 16 + 40
#: attempt, copies, bytes of words
_PAGE = struct.Struct("<32sII")
_USED_AT = 36
#: whose words, code, lesson, length
_WORDS = struct.Struct("<HHBH")
_LESSONS = [None, *Lesson]
#: whose words, where they are nobody's own: the reply to all, and the provider's id
_REPLY, _PROVIDER_ID = 0xFFFF, 0xFFFE
_LONGEST = 400
#: bytes for the words about one page's copies, at most: a few of them at full length
_MOST_ROOM = 16_384
_CODES = list(Mark)
_CODE = {mark: code for code, mark in enumerate(_CODES)}
_ACCEPTED = Mark.ACCEPTED
_BEGUN, _TAKEN = _CODE[Mark.BEGUN], _CODE[Mark.ACCEPTED]
#: seconds after which a file of another boot is of no use to anybody
_STALE = 86_400


class Page:
    """One batch's page. Written without a lock: each copy's mark is one byte, and it is written after its words."""

    __slots__ = ("_box", "_count", "_ids", "_marks", "_replied", "_room", "_start", "_words")

    def __init__(self, box: "bytearray | mmap.mmap", start: int, ids: Sequence[int], copies: int) -> None:
        self._box, self._start, self._ids, self._count = box, start, ids, len(ids)
        self._marks = start + _PAGE.size + 8 * copies
        self._words, self._room = self._marks + copies, _room(copies)
        self._replied = False

    def begun(self, index: int) -> None:
        """The content of the copy at *index* goes to the wire next."""
        self._box[self._marks + index] = _BEGUN

    def not_begun(self, index: int) -> None:
        """It was answered, and will be begun again."""
        self._box[self._marks + index] = 0

    def all_begun(self) -> None:
        """That of every copy does."""
        self._box[self._marks : self._marks + self._count] = bytes([_BEGUN]) * self._count

    def answered(self, index: int, mark: Mark, words: Words | bytes) -> None:
        """The fate of the copy at *index* is known; of those that were accepted one answer is kept for all."""
        if mark is _ACCEPTED and self._replied:  # most copies, and all of them wait for it
            self._box[self._marks + index] = _TAKEN
            return
        self._replied = self._replied or mark is _ACCEPTED
        said = words if isinstance(words, Words) else Words(words.decode("utf-8", "replace"))
        self._write(_REPLY if mark is _ACCEPTED else index, said)
        self._box[self._marks + index] = _CODE[mark]

    def told(self, report: Report) -> None:
        """The fate of every copy is known."""
        told = {**_marked(report.again, Mark.AGAIN), **_marked(report.unknown, Mark.UNKNOWN)}
        told |= _marked(report.refused, Mark.REFUSED)
        marks = bytearray([_CODE[Mark.ACCEPTED]]) * self._count
        for index, one in enumerate(self._ids) if told else ():
            if one in told:
                mark, words = told[one]
                marks[index] = _CODE[mark]
                self._write(index, words)
        self._write(_REPLY, Words(report.reply))
        self._write(_PROVIDER_ID, Words(report.provider_id))
        self._mark_all(marks)

    def failed(self, failure: Delivery) -> None:
        """All copies share one fate, and it is not the good one."""
        mark = Mark.UNKNOWN if isinstance(failure, Unknown) else Mark.AGAIN
        mark = Mark.REFUSED if isinstance(failure, Refused) else mark
        self._write(_REPLY, Words(failure.reply or str(failure), failure.code))
        self._mark_all(bytes([_CODE[mark]]) * self._count)

    def _mark_all(self, marks: bytes | bytearray) -> None:
        self._box[self._marks : self._marks + self._count] = marks

    def _write(self, whose: int, words: Words) -> None:
        """Keep *words*, while there is room for them."""
        text = words.text.encode("utf-8", "replace")[:_LONGEST]
        (used,) = struct.unpack_from("<I", self._box, self._start + _USED_AT)
        if used + _WORDS.size + len(text) <= self._room:
            entry = _WORDS.pack(whose, words.code or 0, _LESSONS.index(words.lesson), len(text)) + text
            self._box[self._words + used : self._words + used + len(entry)] = entry
            struct.pack_into("<I", self._box, self._start + _USED_AT, used + len(entry))


def no_page(copies: int) -> Page:
    """A page of no file, for what nobody takes over."""
    return Page(bytearray(_size(copies)), 0, range(copies), copies)


class BlackBox:
    """The file of one run of one process; pages may be taken and written by different threads."""

    def __init__(self, boxes: "Boxes", file: Path, descriptor: int, *, pages: int, copies: int) -> None:
        self.boxes = boxes
        self._file, self._descriptor, self._copies = file, descriptor, copies
        self._map = mmap.mmap(descriptor, 0)
        self._free = [_HEADER.size + number * _size(copies) for number in reversed(range(pages))]
        self._taken: dict[str, int] = {}
        self._lost = False
        self._begun = bytes([_BEGUN])

    def sign(self, owner: str, *, careful: bool) -> None:
        """Batches that *owner* fences are this box's from now on.

        A *careful* sender tells when it begins a copy; of any other, all copies of a batch are begun at once.
        """
        self._begun = bytes([0 if careful else _BEGUN])
        self._map[_OWNER_AT : _HEADER.size] = owner.encode()[:80].ljust(80, b"\0")

    def page(self, attempt: str, ids: Sequence[int]) -> Page:
        """A page for *attempt*; take it before the first of its copies is begun."""
        name = attempt.encode()
        if not self._free or len(ids) > self._copies or len(name) > 32:
            self._map[_MISSING_AT] = 1
            return no_page(len(ids))
        start = self._taken[attempt] = self._free.pop()
        page = Page(self._map, start, ids, self._copies)
        self._map[start : start + 32] = bytes(32)
        struct.pack_into(f"<{len(ids)}q", self._map, start + _PAGE.size, *ids)
        page._mark_all(self._begun * len(ids))
        struct.pack_into("<II", self._map, start + 32, len(ids), 0)
        self._map[start : start + 32] = name.ljust(32, b"\0")
        return page

    def release(self, attempt: str) -> None:
        """What became of *attempt* is in the ledger, committed; its page may be used again."""
        if (start := self._taken.pop(attempt, None)) is not None:
            self._map[start : start + 32] = bytes(32)
            self._free.append(start)

    def abandon(self, attempt: str) -> None:
        """Nobody waits for *attempt* any more, but its sender may still write: the page is not used again."""
        self._lost = self._taken.pop(attempt, None) is not None or self._lost

    def close(self) -> None:
        """The sender is closed, so nothing more is said. The file stays if somebody may have to read it."""
        if not (self._taken or self._lost):
            self._file.unlink(missing_ok=True)
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)  # the map holds the file open after this
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a page says of a batch: of each copy, by subscriber id, its mark and the words about it."""

    attempt: str
    marks: Mapping[int, Mark]
    words: Mapping[int, Words]
    reply: Words
    provider_id: str
    #: of copies that are not named
    unmarked: Mark = Mark.BEGUN


@dataclass(frozen=True, slots=True)
class Found:
    """The black box of a process that is dead."""

    file: Path
    owner: str
    boot: str
    entries: Mapping[str, Entry]
    #: a batch without an entry was not begun
    complete: bool


@dataclass(frozen=True, slots=True)
class Boxes:
    """The black boxes of one home, on the machine whose running since its start is called *boot*."""

    folder: Path
    boot: str

    def open(self, *, pages: int, copies: int) -> BlackBox | None:
        """A box for *pages* batches under way of at most *copies* each; None where there can be none."""
        if not self.boot:
            return None
        draft, file = (self.folder / f"{secrets.token_hex(8)}.{kind}" for kind in ("draft", "box"))
        head = _HEADER.pack(_MAGIC, self.boot.encode(), False, pages, copies, b"")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _fill(descriptor, head + bytes(pages * _size(copies)))
            draft.rename(file)
            return BlackBox(self, file, descriptor, pages=pages, copies=copies)
        except OSError:
            os.close(descriptor)
            draft.unlink(missing_ok=True)
            return None

    def found(self) -> Iterator[Found]:
        """The boxes that dead processes left behind."""
        if not self.boot:
            return
        for file in sorted(self.folder.glob("*.box")):
            if (content := _read(file)) is None:
                continue
            found = _understood(file, content)
            if found is None or (found.boot != self.boot and time.time() - file.stat().st_mtime > _STALE):
                file.unlink(missing_ok=True)
            else:
                yield found

    def forget(self) -> None:
        """Remove what dead processes left: after a restored backup the ledger does not know what came after it."""
        for file in self.folder.glob("*.box"):
            if _read(file) is not None:
                file.unlink(missing_ok=True)


def here(folder: Path) -> Boxes:
    """The black boxes in *folder*, on this machine."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        boot = ""  # a system that does not say: what was unknown there before is unknown still
    return Boxes(folder, boot)


def _fill(descriptor: int, content: bytes) -> None:
    """Written, not only stretched: a page of the map without its place on the disk would kill the process."""
    while content:
        content = content[os.write(descriptor, content) :]


def _size(copies: int) -> int:
    return _PAGE.size + 9 * copies + _room(copies)


def _room(copies: int) -> int:
    return min(_MOST_ROOM, (copies + 2) * (_WORDS.size + _LONGEST))


def _marked(words: Mapping[int, Words], mark: Mark) -> dict[int, tuple[Mark, Words]]:
    return {one: (mark, said) for one, said in words.items()}


def _read(file: Path) -> bytes | None:
    """The file's bytes; None while the process that writes it lives, or where it is gone."""
    try:
        with file.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return stream.read()
    except OSError:
        return None


def _understood(file: Path, content: bytes) -> Found | None:
    if len(content) < _HEADER.size or content[:16] != _MAGIC:
        return None
    _, boot, missing, pages, copies, owner = _HEADER.unpack_from(content)
    if len(content) != _HEADER.size + pages * _size(copies):
        return None
    starts = (_HEADER.size + number * _size(copies) for number in range(pages))
    entries = [entry for start in starts if (entry := _entry(content, start, copies))]
    by_attempt = {entry.attempt: entry for entry in entries}
    return Found(file, _text(owner), _text(boot), by_attempt, complete=not missing)


def _entry(content: bytes, start: int, copies: int) -> Entry | None:
    attempt, count, used = _PAGE.unpack_from(content, start)
    if not attempt.strip(b"\0") or count > copies or used > _room(copies):
        return None
    ids = struct.unpack_from(f"<{count}q", content, start + _PAGE.size)
    marks = content[start + _PAGE.size + 8 * copies :][:count]
    words = dict(_words(content[start + _PAGE.size + 9 * copies :][:used]))
    return Entry(
        _text(attempt),
        {one: _CODES[code] if code < len(_CODES) else Mark.BEGUN for one, code in zip(ids, marks, strict=True)},
        {ids[index]: said for index, said in words.items() if index < count},
        words.get(_REPLY, Words("")),
        words.get(_PROVIDER_ID, Words("")).text,
    )


def _words(content: bytes) -> Iterator[tuple[int, Words]]:
    at = 0
    while at + _WORDS.size <= len(content):
        whose, code, lesson, length = _WORDS.unpack_from(content, at)
        at += _WORDS.size
        text = content[at : at + length].decode("utf-8", "replace")
        yield whose, Words(text, code or None, _LESSONS[lesson] if lesson < len(_LESSONS) else None)
        at += length


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("utf-8", "replace")
