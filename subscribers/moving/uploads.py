"""Files that were brought to a page: where each stands, which process works at it, and until when it is kept.

All that several processes have to agree on is a row; the file lies in a folder of its own that only we can read.
"""

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from subscribers.errors import NoSuchUpload
from subscribers.moving.models import Upload, UploadState

#: where they lie, in the home folder
FOLDER = Path("imports")
#: a process that works at one says so more often than that
LEASE = timedelta(seconds=30)
#: nobody's address lies about for longer
KEPT = timedelta(days=1)
#: somebody works at it, or should
WORKING = frozenset({UploadState.READING, UploadState.TAKING})
#: the file, and the rows that were left out of it, in the folder of an upload
PEOPLE, REJECTS = "people", "rejects.csv"


def add(
    session: Session, key: str, *, name: str, size: int, machine: str, by: str, said: Mapping[str, Any], now: datetime
) -> Upload:
    """A file that lies in the folder *key* is there to be read."""
    upload = Upload(
        key=key,
        name=name[:200],
        size=size,
        machine=machine[:64],
        by=by[:320],
        state=UploadState.READING,
        said=dict(said),
        found={},
        counts={},
        brought_at=now,
        asked_at=now,
    )
    session.add(upload)
    session.flush()
    return upload


def get(session: Session, number: int, *, lock: bool = False) -> Upload:
    """The upload with that number, *lock*ed where somebody decides about it; raises NoSuchUpload."""
    found = session.get(Upload, number, with_for_update=lock)
    if found is None:
        raise NoSuchUpload(f"there is no import {number}")
    return found


def lately(session: Session, *, limit: int) -> Sequence[Upload]:
    """The newest."""
    return session.scalars(select(Upload).order_by(Upload.id.desc()).limit(limit)).all()


def ask(session: Session, upload: Upload, state: UploadState, said: Mapping[str, Any], *, now: datetime) -> None:
    """It is to be read, or taken in, by what was *said* of it; whoever works at it has to let go."""
    upload.state, upload.said, upload.asked_at = state, dict(said), now
    upload.owner, upload.seen_at, upload.epoch = "", None, upload.epoch + 1
    upload.what, upload.done, upload.total, upload.problem = "", 0, None, ""


def waits_for_a_hand(upload: Upload, now: datetime) -> bool:
    """Whether nobody works at it who should: nobody has begun, or who had begun is not heard of any more."""
    if upload.state not in WORKING:
        return False
    return upload.seen_at is None or upload.seen_at < now - LEASE


def claim(session: Session, number: int, *, owner: str, now: datetime) -> int | None:
    """Let *owner* work at it; the epoch that goes with that, or None where somebody else does."""
    free = or_(Upload.seen_at.is_(None), Upload.seen_at < now - LEASE)
    statement = (
        update(Upload)
        .where(Upload.id == number, Upload.state.in_(sorted(WORKING)), free)
        .values(owner=owner, seen_at=now, epoch=Upload.epoch + 1)
        .returning(Upload.epoch)
    )
    return session.scalar(statement)


def say(session: Session, number: int, epoch: int, *, now: datetime, **values: Any) -> bool:
    """Write down how far it is, or what came of it; False where it is not this worker's any more."""
    mine = update(Upload).where(Upload.id == number, Upload.epoch == epoch, Upload.state.in_(sorted(WORKING)))
    return session.connection().execute(mine.values(seen_at=now, **values)).rowcount > 0


def stop(session: Session, upload: Upload) -> bool:
    """Somebody wants it to end; what was taken in stays. False where nothing was under way."""
    if upload.state not in WORKING:
        return False
    upload.state, upload.owner, upload.seen_at = UploadState.STOPPED, "", None
    return True


def forget_old(session: Session, folder: Path, *, now: datetime) -> int:
    """Forget what was brought more than a day ago, its file and whatever names people; how many that were."""
    old = select(Upload).where(Upload.forgotten_at.is_(None), Upload.brought_at < now - KEPT)
    gone = [upload for upload in session.scalars(old) if upload.state not in WORKING or waits_for_a_hand(upload, now)]
    for upload in gone:
        if upload.state is not UploadState.DONE:
            upload.state = UploadState.FAILED
            upload.problem = "it was not taken in to its end within a day, and has been forgotten: bring it again"
        upload.forgotten_at, upload.found = now, {}
        shutil.rmtree(folder / upload.key, ignore_errors=True)
    return len(gone)


def forget_strays(folder: Path, *, before: float) -> None:
    """Remove what no row knows: an upload that was cut off, not touched since *before* (seconds since 1970)."""
    for place in folder.iterdir() if folder.is_dir() else ():
        if place.is_dir() and place.stat().st_mtime < before:
            shutil.rmtree(place, ignore_errors=True)
