"""What was said, kept with its age; and the round of questions that is under way for an edition."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from newsletter.editions import watch
from newsletter.errors import AlreadyDone
from newsletter.rendering.models import Answer, Asking
from newsletter.rendering.preflight.asked.questions import Question
from subscribers.rows import upsert

#: an answer that is older says nothing any more
FRESH = timedelta(days=1)
#: whoever asks and gives no sign of life for so long is not there any more
SILENT = timedelta(minutes=1)
#: keys in one query
_CHUNK = 400


def kept(session: Session, questions: Sequence[Question]) -> Mapping[Question, Answer]:
    """The last answer to each of *questions* that has one, whatever its age."""
    by_name = {(str(each.kind), each.digest): each for each in questions}
    digests = [each.digest for each in questions]
    found: dict[Question, Answer] = {}
    for start in range(0, len(digests), _CHUNK):
        rows = session.scalars(select(Answer).where(Answer.digest.in_(digests[start : start + _CHUNK])))
        found |= {by_name[row.kind, row.digest]: row for row in rows if (row.kind, row.digest) in by_name}
    return found


def keep(session: Session, question: Question, said: Mapping[str, Any], *, now: datetime) -> None:
    """Keep what was *said* to *question*; only the newest answer counts."""
    values = {"about": question.about, "said": dict(said), "at": now}
    row = upsert(session, Answer).values(kind=str(question.kind), digest=question.digest, **values)
    session.execute(row.on_conflict_do_update(index_elements=["kind", "digest"], set_=values))


def begin(session: Session, edition_id: int, *, by: str, total: int, now: datetime) -> None:
    """Begin a round of *total* questions; raises AlreadyDone while another one is under way."""
    values = {"by": by[:200], "began_at": now, "seen_at": now, "finished_at": None, "done": 0, "total": total}
    if watch.add_once(session, Asking, edition_id=edition_id, **values):
        return
    free = or_(Asking.finished_at.is_not(None), Asking.seen_at < now - SILENT, Asking.seen_at > now + SILENT)
    again = update(Asking).where(Asking.edition_id == edition_id, free).values(values)
    if not watch.rows_touched(session, again):
        raise AlreadyDone("The links and pictures are being asked already: wait a moment.")


def advance(session: Session, edition_id: int, *, began_at: datetime, now: datetime) -> bool:
    """One more question is answered; False where another round has begun since."""
    mine = (Asking.edition_id == edition_id, Asking.began_at == began_at)
    return bool(watch.rows_touched(session, update(Asking).where(*mine).values(done=Asking.done + 1, seen_at=now)))


def finish(session: Session, edition_id: int, *, began_at: datetime, now: datetime) -> None:
    """The round is over."""
    mine = (Asking.edition_id == edition_id, Asking.began_at == began_at)
    watch.rows_touched(session, update(Asking).where(*mine).values(finished_at=now, seen_at=now))


def round_of(session: Session, edition_id: int) -> Asking | None:
    """The last round of that edition."""
    return session.get(Asking, edition_id, populate_existing=True)


def is_under_way(asking: Asking | None, now: datetime) -> bool:
    """Whether somebody is asking."""
    return asking is not None and asking.finished_at is None and abs(now - asking.seen_at) <= SILENT
