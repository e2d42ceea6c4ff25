"""Files of people brought to a page: read, shown, taken in, by whichever process has the file; noted in the audit log.

A file lies in `imports/` of the home folder; where it stands is a row. Who works at it says so every few seconds, and
whoever looks after a process died goes on: an import knows by itself how far it had come.
"""

import csv
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from newsletter import logs
from newsletter.app import App
from newsletter.errors import BadInput, NewsletterError, NotFound, WrongState
from newsletter.staff import acts
from newsletter.staff.acts import Doer
from subscribers import intake, roll
from subscribers.errors import BadFile, SubscribersError
from subscribers.moving import importing, telling, uploads
from subscribers.moving.importing import Survey
from subscribers.moving.models import Upload, UploadState
from subscribers.moving.recognising import Options
from subscribers.moving.sheets import Problem
from subscribers.moving.states import SAID
from subscribers.moving.uploads import FOLDER, PEOPLE, REJECTS

log = logs.get_logger(__name__)

#: seconds between two words on how far it is
_TOLD_EVERY = 0.5
_BY_ITSELF = "import"

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of a file; everything may be left open."""

    #: how they stand of whom it says nothing: a key of `states.SAID`, or empty
    as_: str = ""
    state_columns: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    #: word of the file → a key of `states.SAID`
    words: tuple[tuple[str, str], ...] = ()
    lists: tuple[str, ...] = ()
    #: where their yes is on record
    source: str = ""

    def as_data(self) -> dict[str, Any]:
        return {
            "as": self.as_,
            "state_columns": list(self.state_columns),
            "ignored": list(self.ignored),
            "words": dict(self.words),
            "lists": list(self.lists),
            "source": self.source,
        }


def folder(app: App) -> Path:
    """Where files lie that were brought; nobody else can look into it."""
    place = app.settings.path(FOLDER)
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def has_file(app: App, upload: Upload) -> bool:
    """Whether the file lies here: not on another machine, not forgotten, not taken in."""
    return (app.settings.path(FOLDER) / upload.key / PEOPLE).is_file()


def rejects(app: App, upload: Upload) -> Path | None:
    """The rows that were left out, as CSV, where they lie here and are not forgotten."""
    place = app.settings.path(FOLDER) / upload.key / REJECTS
    return place if place.is_file() else None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was left out, and where it ends in the table of these, in bytes."""

    line: int
    reason: str
    row: str
    end: int


def left_out(app: App, upload: Upload, *, after: int, limit: int) -> list[Row]:
    """Rows that were left out, of those that stand behind *after* bytes of their table. Raises NotFound."""
    file = rejects(app, upload)
    if file is None:
        raise NotFound("the rows that were left out are not kept, or lie on another machine")
    found = list[Row]()
    with file.open("rb") as stream:
        stream.seek(after)
        # a row may have several lines, of which the reader takes no more than it needs
        for cells in csv.reader(line.decode() for line in iter(stream.readline, b"")):
            if len(found) == limit:
                break
            if after or cells[0] != "line":
                found.append(Row(int(cells[0]), cells[1], cells[2], stream.tell()))
    return found


def is_cared_for(app: App, upload: Upload, *, clock: Clock) -> bool:
    """Where nobody is at *upload* who should be, this process goes on; False where its file does not lie here."""
    if not uploads.waits_for_a_hand(upload, clock()):
        return True
    if not has_file(app, upload):
        return False
    set_to_work(app, upload.id, clock=clock)
    return True


def bring(
    app: App,
    key: str,
    *,
    name: str,
    by: Doer,
    now: datetime,
    answered: Callable[[Session, Upload], None] | None = None,
) -> int:
    """The file in the folder *key* is complete: read it next. The number of the import.

    *answered* is told of it in the transaction of the deed.
    """
    size = (folder(app) / key / PEOPLE).stat().st_size
    with app.database.write() as session:
        known = sorted(roll.slugs(session))
        said = Said(lists=tuple(known) if len(known) == 1 else ())
        upload = uploads.add(
            session, key, name=name, size=size, machine=socket.gethostname(), by=by.who, said=said.as_data(), now=now
        )
        acts.note(session, by, "brought a file of people", f"import {upload.id}", now=now, bytes=size)
        if answered:
            answered(session, upload)
        return upload.id


def look(app: App, number: int, said: Said, *, by: Doer, now: datetime) -> None:
    """Read it again, by what was *said* of it; nothing is changed by that. Raises WrongState while it is taken in."""
    with app.database.write() as session:
        upload = _there(app, uploads.get(session, number, lock=True))
        if upload.state in (UploadState.TAKING, UploadState.DONE):
            raise WrongState("it is being taken in, or has been: nothing else can be said of it now")
        uploads.ask(session, upload, UploadState.READING, _checked(said).as_data(), now=now)


def go(app: App, number: int, said: Said | None = None, *, by: Doer, now: datetime) -> None:
    """Take it in, by what was *said* of it (None: as before); one that was stopped goes on where it was.

    Raises WrongState where that is under way or done; BadInput where something has to be said first.
    """
    with app.database.write() as session:
        upload = _there(app, uploads.get(session, number, lock=True))
        if upload.state in (UploadState.TAKING, UploadState.DONE):
            raise WrongState("it is being taken in already, or has been")
        if not upload.found:
            raise WrongState("it has to be read first")
        told = _checked(said).as_data() if said else upload.said
        if upload.found.get("needs_list") and not told["lists"]:
            raise BadInput("choose the lists they come on")
        intake.list_ids(session, told["lists"])
        uploads.ask(session, upload, UploadState.TAKING, told, now=now)
        acts.note(session, by, "began an import", f"import {number}", now=now, lists=", ".join(told["lists"]))


def stop(app: App, number: int, *, by: Doer, now: datetime) -> None:
    """Let it end where it is; what was taken in stays. Raises WrongState where nothing is under way."""
    with app.database.write() as session:
        if not uploads.stop(session, uploads.get(session, number, lock=True)):
            raise WrongState("nothing of it is under way")
        acts.note(session, by, "stopped an import", f"import {number}", now=now)


def forget(app: App, number: int, *, by: Doer, now: datetime) -> None:
    """Remove the file now, and whatever was read in it. Raises WrongState while somebody works at it."""
    with app.database.write() as session:
        upload = uploads.get(session, number, lock=True)
        if upload.state in uploads.WORKING:
            raise WrongState("stop it first")
        upload.forgotten_at, upload.found = now, {}
        shutil.rmtree(app.settings.path(FOLDER) / upload.key, ignore_errors=True)
        acts.note(session, by, "threw a file of people away", f"import {number}", now=now)


def sweep(app: App, *, now: datetime) -> None:
    """Forget what is older than a day: files, findings, and what was cut off on its way here."""
    place = app.settings.path(FOLDER)
    with app.database.write() as session:
        uploads.forget_old(session, place, now=now)
    uploads.forget_strays(place, before=time.time() - 2 * uploads.KEPT.total_seconds())


def set_to_work(app: App, number: int, *, clock: Clock) -> None:
    """Work at it beside what this process does; nothing happens where somebody else does already."""
    Thread(target=work, args=(app, number), kwargs={"clock": clock}, name=f"import {number}", daemon=True).start()


def work(app: App, number: int, *, clock: Clock) -> None:
    """Read it or take it in, as is asked for, unless another process does; never raises."""
    owner = f"{socket.gethostname()[:40]} {os.getpid()} {secrets.token_hex(4)}"
    try:
        with app.database.write() as session:
            epoch = uploads.claim(session, number, owner=owner, now=clock())
        if epoch is not None:
            _work(_Hand(app, number, epoch, clock))
    except SQLAlchemyError as error:
        # the row says that it is under way: who looks next goes on
        log.error("import.let_go", number=number, why=type(error).__name__)  # noqa: TRY400


class _LetGo(Exception):
    """It was stopped, or is somebody else's now."""


@dataclass(slots=True)
class _Hand:
    """A process at work on one import."""

    app: App
    number: int
    epoch: int
    clock: Clock
    told_at: float = 0.0

    def tell(self, what: str, done: int, total: int | None) -> None:
        """Say how far it is; raises _LetGo where nobody wants that any more."""
        moment = time.monotonic()
        # between two portions each time, so that of two at work one lets go at once
        if moment - self.told_at > _TOLD_EVERY or total is not None:
            self.told_at = moment
            self.say(what=what[:200], done=done, total=total)

    def say(self, **values: Any) -> None:
        with self.app.database.write() as session:
            if not uploads.say(session, self.number, self.epoch, now=self.clock(), **values):
                raise _LetGo

    @contextmanager
    def pulse(self) -> Iterator[None]:
        """Say now and then that somebody is at it: sorting a long file says nothing for a while."""
        over = Event()

        def beat() -> None:
            while not over.wait(uploads.LEASE.total_seconds() / 3):
                with suppress(SQLAlchemyError, _LetGo):
                    self.say()

        thread = Thread(target=beat, name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _work(hand: _Hand) -> None:
    try:
        with hand.pulse():
            _do(hand)
    except _LetGo:
        log.info("import.let_go", number=hand.number)
    except (SubscribersError, NewsletterError) as error:
        _fail(hand, str(error))
    except SQLAlchemyError:
        raise
    except Exception:
        log.exception("import.failed", number=hand.number)
        _fail(hand, "a mistake of ours, which is in the log")


def _fail(hand: _Hand, problem: str) -> None:
    with suppress(_LetGo):
        hand.say(state=UploadState.FAILED, problem=problem, owner="")


def _do(hand: _Hand) -> None:
    app = hand.app
    with app.database.read() as session:
        upload, known = uploads.get(session, hand.number), sorted(roll.slugs(session))
    place = folder(app) / upload.key
    if not (place / PEOPLE).is_file():
        raise BadFile(f"the file lies on the machine {upload.machine}, and not here: bring it again, it goes on then")
    lists = tuple(upload.said["lists"])
    with (
        (place / PEOPLE).open("rb") as rows,
        _left_out(place, hand.epoch) as note,
        importing.survey(
            Path(upload.name), rows, options=options(upload.said), lists=lists, known=known, on_problem=note,
            on_progress=hand.tell,
        ) as found,
    ):  # fmt: skip
        data = telling.survey(found) | {"needs_list": telling.needs_list(found)}
        reads = upload.state is UploadState.READING
        counts = None if reads else telling.outcome(_take_in(hand, upload, found, lists))
    if counts is None:
        hand.say(state=UploadState.WAITING, found=data, owner="")
        return
    with app.database.write() as session:
        if uploads.say(
            session, hand.number, hand.epoch, now=hand.clock(), state=UploadState.DONE, found=data, counts=counts,
            owner="",
        ):  # fmt: skip
            by = Doer(upload.by, _BY_ITSELF)
            acts.note(session, by, "an import is done", f"import {hand.number}", now=hand.clock(), **counts)
    # with what a process left half-written that was killed
    for file in (place / PEOPLE, *place.glob("*.part")):
        file.unlink(missing_ok=True)


def _take_in(hand: _Hand, upload: Upload, found: Survey, lists: tuple[str, ...]) -> importing.Outcome:
    # who died between the last portion and its word on it has done everything
    with hand.app.database.read() as session:
        before = importing.finished(session, found, since=upload.asked_at)
    return before or importing.take_in(
        hand.app.database.writer,
        found,
        lists=lists,
        source=upload.said["source"] or telling.source(found, upload.brought_at.date()),
        now=hand.clock(),
        on_progress=hand.tell,
    )


def options(said: dict[str, Any]) -> Options:
    """What was said of a file, as those who read it want it."""
    # where the yes is on record says that there is one
    as_ = said["as"] or ("confirmed" if said["source"] else "")
    return Options(
        SAID.get(as_),
        tuple(said["state_columns"]),
        tuple(said["ignored"]),
        {word: SAID[meaning] for word, meaning in said["words"].items()},
    )


def _checked(said: Said) -> Said:
    if said.as_ and said.as_ not in SAID:
        raise BadInput(f"people can stand as {', '.join(SAID)}, and not as {said.as_!r}")
    for word, meaning in said.words:
        if meaning not in SAID:
            raise BadInput(f"{word!r} can mean {', '.join(SAID)}, and not {meaning!r}")
    return said


def _there(app: App, upload: Upload) -> Upload:
    if upload.forgotten_at:
        raise WrongState("its file has been forgotten: bring it again, and an import of it goes on where it was")
    if not has_file(app, upload) and upload.machine == socket.gethostname():
        raise WrongState("its file is not there any more: bring it again, and an import of it goes on where it was")
    return upload


@contextmanager
def _left_out(place: Path, epoch: int) -> Iterator[Callable[[Problem], None]]:
    """Something to tell each row to that is left out; the table is there once all was read."""
    part = place / f"{epoch}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield telling.problems(stream)
        part.replace(place / REJECTS)
    finally:
        part.unlink(missing_ok=True)
