"""The doctor asked by a page: one look at a time of all processes together, and the newest findings kept for all.

It talks to mail servers, name servers and brokers, so it looks in a thread of its own while pages go on. Whose turn
it is and what came of it stands in the heartbeat "doctor", its findings as JSON: every process shows the same.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Lock, Thread

from sqlalchemy import update
from sqlalchemy.orm import Session

from newsletter import logs
from newsletter.app import App
from newsletter.doctor.examining import Finding, Level, look
from newsletter.editions import watch
from newsletter.editions.models import Heartbeat
from newsletter.staff import acts
from newsletter.staff.acts import Doer

log = logs.get_logger(__name__)

#: a look that has not ended for so long was cut off with its process; every question it asks has a shorter end
PATIENCE = timedelta(minutes=3)
#: what was found so lately is not asked of the world again
FRESH = timedelta(seconds=10)
_NAME = "doctor"


@dataclass(frozen=True, slots=True)
class Visit:
    """The newest look: begun when, and what it found."""

    began_at: datetime
    #: None while it looks, or where it was cut off
    ended_at: datetime | None
    findings: Sequence[Finding]
    is_looking: bool
    #: it came to no end by a mistake of ours
    failed: bool = False

    def of(self, level: Level) -> list[Finding]:
        """Those that matter so much."""
        return [finding for finding in self.findings if finding.level is level]


class Practice:
    """Where one process has the doctor look."""

    def __init__(self) -> None:
        self._place = Lock()

    def ask(self, app: App, *, by: Doer, clock: Callable[[], datetime]) -> bool:
        """Begin a look for *by*; False where this process or another one is at it, or was a moment ago."""
        if not self._place.acquire(blocking=False):
            return False
        began, mine = clock(), False
        try:
            with app.database.write() as session:
                if mine := _take_turn(session, began):
                    acts.note(session, by, "asked the doctor", now=began)
        finally:
            if not mine:
                self._place.release()
        if mine:
            Thread(target=self._look, args=(app, began, clock), name="doctor", daemon=True).start()
        return mine

    def _look(self, app: App, began: datetime, clock: Callable[[], datetime]) -> None:
        try:
            try:
                result, fine = json.dumps([asdict(finding) for finding in look(app, now=began)]), True
            except Exception:
                log.exception("doctor.failed")
                result, fine = "", False
            with app.database.write() as session:
                _keep(session, began, clock(), result=result, fine=fine)
        except Exception:
            log.exception("doctor.not_kept")
        finally:
            self._place.release()


def newest(session: Session, *, now: datetime) -> Visit | None:
    """The newest look, whichever process it was; None before the first."""
    row = session.get(Heartbeat, _NAME, populate_existing=True)
    if row is None:
        return None
    is_looking = row.finished_at is None and now - row.started_at < PATIENCE
    return Visit(row.started_at, row.finished_at, _findings(row.result), is_looking, not row.ok)


def _take_turn(session: Session, now: datetime) -> bool:
    row = session.get(Heartbeat, _NAME, populate_existing=True)
    looks = row is not None and row.finished_at is None
    return watch.take_turn(session, _NAME, PATIENCE if looks else FRESH, now)


def _keep(session: Session, began: datetime, now: datetime, *, result: str, fine: bool) -> None:
    """Unless another look was begun meanwhile, because this one took too long."""
    mine = (Heartbeat.name == _NAME, Heartbeat.started_at == began)
    values = {"finished_at": now, "ok": fine, "result": result}
    watch.rows_touched(session, update(Heartbeat).where(*mine).values(**values))


def _findings(result: str) -> list[Finding]:
    said = json.loads(result) if result else []
    return [Finding(one["name"], Level(one["level"]), one["text"]) for one in said]
