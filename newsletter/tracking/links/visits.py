"""Notes become rows: with the person where each is counted, else as figures in which nobody can be found.

What a copy did within seconds belongs together: a program that follows every link shows by the second or third of
them. So a row that was written for the first is amended by those that come after it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.orm import Session

from newsletter.delivery.models import Batch, Delivery, Progress, Status
from newsletter.rendering.counted import DECOY, PIXEL
from newsletter.tracking.links import judging
from newsletter.tracking.links.judging import TOGETHER, UNKNOWN_DELAY, Facts
from newsletter.tracking.links.models import Tracked, Visit
from subscribers.models import Subscriber
from subscribers.rows import upsert

_AT_ONCE = 500
#: copies whose last seconds are remembered, and links that a copy was seen to follow before
_MOST_COPIES, _MOST_FIRSTS = 100_000, 200_000
#: notes of one copy in one stay that are counted; whoever follows more is no reader, and must not fill the database
_MOST_OF_ONE = 200
_NOBODY = Visit.subscriber_id.is_(None)
_OF_NOBODY = (
    "edition_id", "number", "at", "head", "delay", "touched", "decoy", "agent", "network", "flagged", "provider",
)  # fmt: skip


class Note(NamedTuple):
    """One link followed, or the pixel fetched. Nothing of it is stored but by the rules below."""

    edition_id: int
    subscriber_id: int
    number: int
    at: datetime
    head: bool
    #: as `agents` and `networks` name them
    agent: str
    network: str
    #: "anonymous" or "individual"
    mode: str
    #: where a provider tells of it: whether it says that a machine did it, and its name
    flagged: bool = False
    provider: str = ""


class Deed(NamedTuple):
    """One note of a stay: what will be, or was, a row's."""

    number: int
    at: datetime
    head: bool
    delay: int
    agent: str
    network: str
    flagged: bool
    provider: str
    first: bool


@dataclass(slots=True)
class Stay:
    """What one copy did within seconds, and how it was written down."""

    deeds: list[Deed] = field(default_factory=list)
    #: deeds that were written, with what was known of the stay then
    written: int = 0
    touched: int = 0
    decoy: bool = False


def busiest(deeds: Iterable[tuple[datetime, int]]) -> int:
    """The most links that were followed within `TOGETHER` seconds, each counted once."""
    ordered = sorted((at, number) for at, number in deeds if number not in (PIXEL, DECOY))
    most, start = 0, 0
    for end, (at, _) in enumerate(ordered, 1):
        while at - ordered[start][0] > timedelta(seconds=TOGETHER):
            start += 1
        most = max(most, len({number for _, number in ordered[start:end]}) if end - start > most else 0)
    return most


class Memory:
    """What is remembered between two writings, for as long as the process lives, and never stored."""

    def __init__(self) -> None:
        self.stays: dict[tuple[int, int], Stay] = {}
        self.firsts: dict[tuple[int, int, int, str, bool], None] = {}
        self._touched: dict[tuple[int, int], Stay | None] = {}

    def stay(self, note: Note) -> Stay:
        """The stay that *note* belongs to: its copy's last one, unless that is over."""
        copy = (note.edition_id, note.subscriber_id)
        stay = self.stays.pop(copy, None)
        self._touched.setdefault(copy, _copied(stay))
        if stay is None or abs(note.at - stay.deeds[-1].at) > timedelta(seconds=TOGETHER):
            stay = Stay()
        self.stays[copy] = stay
        return stay

    def is_first(self, note: Note) -> bool:
        """Whether its copy is not remembered to have done it before."""
        # by another agent is another first: what a machine did before its reader is not the reader's
        key = (note.edition_id, note.subscriber_id, note.number, note.agent, note.flagged)
        if key in self.firsts:
            return False
        self.firsts[key] = None
        return True

    @contextmanager
    def careful(self) -> Iterator[None]:
        """Remember nothing of what was not written, and not more than there is room for."""
        self._touched = {}
        before = len(self.firsts)
        try:
            yield
        except BaseException:
            for copy, stay in self._touched.items():
                self.stays.pop(copy, None)
                if stay is not None:
                    self.stays[copy] = stay
            for key in list(self.firsts)[before:]:
                del self.firsts[key]
            raise
        _trim(self.stays, _MOST_COPIES)
        _trim(self.firsts, _MOST_FIRSTS)


def _trim(kept: dict[Any, Any], most: int) -> None:
    """Forget the oldest of what is over *most*."""
    for key in list(islice(kept, max(0, len(kept) - most))):
        del kept[key]


def _copied(stay: Stay | None) -> Stay | None:
    return Stay(list(stay.deeds), stay.written, stay.touched, stay.decoy) if stay else None


def write(session: Session, notes: Sequence[Note], memory: Memory) -> None:
    """Write *notes* down, in the order in which they came."""
    editions = {note.edition_id for note in notes}
    seen = dict(session.execute(select(Tracked.edition_id, Tracked.seen).where(Tracked.edition_id.in_(editions))).all())
    delays = _handed_over(session, {(note.edition_id, note.subscriber_id) for note in notes})
    here = _people(session, {note.subscriber_id for note in notes if note.mode == "individual"})
    stays: dict[tuple[int, int], tuple[Stay, bool]] = {}
    finished: list[tuple[tuple[int, int], Stay, bool]] = []
    for note in notes:
        if note.edition_id not in seen and not note.provider:
            continue  # the edition is gone
        copy = (note.edition_id, note.subscriber_id)
        named = note.mode == "individual" and note.subscriber_id in here
        stay = memory.stay(note)
        if copy in stays and stays[copy][0] is not stay:
            finished.append((copy, *stays[copy]))
        stays[copy] = (stay, named)
        if len(stay.deeds) < _MOST_OF_ONE:
            delay = _delay(delays.get(copy, ()), note.at)
            stay.deeds.append(
                Deed(
                    note.number, note.at, note.head, delay, note.agent, note.network, note.flagged, note.provider,
                    memory.is_first(note),
                )
            )  # fmt: skip
    changes = _Changes(seen)
    for (edition_id, subscriber_id), stay, named in [*finished, *((copy, *both) for copy, both in stays.items())]:
        changes.take(edition_id, subscriber_id if named else None, stay)
    changes.store(session)


class _Changes:
    """What a writing adds to the rows, and amends."""

    def __init__(self, seen: Mapping[int, int]) -> None:
        self._seen = seen
        self._rows: list[dict[str, Any]] = []
        #: of nobody: facts → how often, and how often first; less where a stay turned out to be more than it was
        self._figures: dict[tuple[Any, ...], list[int]] = {}
        self._amended: list[tuple[int, int, Stay]] = []

    def take(self, edition_id: int, subscriber_id: int | None, stay: Stay) -> None:
        touched = busiest((deed.at, deed.number) for deed in stay.deeds)
        decoy = any(deed.number == DECOY for deed in stay.deeds)
        changed = stay.written and (touched, decoy) != (stay.touched, stay.decoy)
        if subscriber_id is None:
            if changed:
                for deed in stay.deeds[: stay.written]:
                    self._count(edition_id, deed, stay.touched, stay.decoy, -1)
                    self._count(edition_id, deed, touched, decoy, +1)
            for deed in stay.deeds[stay.written :]:
                self._count(edition_id, deed, touched, decoy, +1)
        else:
            if changed:
                self._amended.append((edition_id, subscriber_id, stay))
            self._rows += [
                {
                    "edition_id": edition_id, "subscriber_id": subscriber_id, "number": deed.number, "at": deed.at,
                    "times": 1, "first": int(deed.first),
                    **self._judged(edition_id, deed, deed.delay, touched, decoy),
                }
                for deed in stay.deeds[stay.written :]
            ]  # fmt: skip
        stay.written, stay.touched, stay.decoy = len(stay.deeds), touched, decoy

    def _count(self, edition_id: int, deed: Deed, touched: int, decoy: bool, by: int) -> None:
        hour = deed.at.replace(minute=0, second=0, microsecond=0)
        delay = judging.round_delay(deed.delay)
        key = (
            edition_id, deed.number, hour, deed.head, delay, touched, decoy, deed.agent, deed.network, deed.flagged,
            deed.provider,
        )  # fmt: skip
        figures = self._figures.setdefault(key, [0, 0])
        figures[0] += by
        figures[1] += by * deed.first

    def _judged(self, edition_id: int, deed: Deed, delay: int, touched: int, decoy: bool) -> dict[str, Any]:
        seen = self._seen.get(edition_id, 0)
        facts = Facts(deed.number, deed.head, delay, touched, seen, decoy, deed.agent, deed.network, deed.flagged)
        judgement = judging.judge(facts)
        return {
            "head": deed.head, "delay": delay, "touched": touched, "decoy": decoy, "agent": deed.agent,
            "network": deed.network, "flagged": deed.flagged, "provider": deed.provider,
            "verdict": judgement.verdict, "reasons": judgement.reasons, "rules": judging.RULES,
        }  # fmt: skip

    def store(self, session: Session) -> None:
        for edition_id, subscriber_id, stay in self._amended:
            self._amend(session, edition_id, subscriber_id, stay)
        if self._rows:
            session.connection().execute(insert(Visit), self._rows)
        self._add_figures(session)

    def _amend(self, session: Session, edition_id: int, subscriber_id: int, stay: Stay) -> None:
        """Judge what was written of a stay anew: more followed within the same seconds."""
        mine = and_(
            Visit.edition_id == edition_id, Visit.subscriber_id == subscriber_id,
            Visit.at >= stay.deeds[0].at, Visit.at <= stay.deeds[-1].at,
        )  # fmt: skip
        for visit in session.scalars(select(Visit).where(mine)):
            deed = Deed(
                visit.number, visit.at, visit.head, visit.delay, visit.agent, visit.network, visit.flagged,
                visit.provider, bool(visit.first),
            )  # fmt: skip
            for name, value in self._judged(edition_id, deed, visit.delay, stay.touched, stay.decoy).items():
                setattr(visit, name, value)
        session.flush()

    def _add_figures(self, session: Session) -> None:
        rows = []
        # always in the same order, so that two processes can't block each other
        for key in sorted(self._figures):
            times, first = self._figures[key]
            edition_id, number, hour, head, delay, touched, decoy, agent, network, flagged, provider = key
            deed = Deed(number, hour, head, delay, agent, network, flagged, provider, bool(first))
            if times or first:
                judged = self._judged(edition_id, deed, delay, touched, decoy)
                rows.append(
                    {"edition_id": edition_id, "number": number, "at": hour, "times": times, "first": first, **judged}
                )
        if not rows:
            return
        statement = upsert(session, Visit)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=_OF_NOBODY,
            index_where=_NOBODY,
            set_={
                "times": Visit.times + new.times,
                "first": Visit.first + new.first,
                **{name: getattr(new, name) for name in ("verdict", "reasons", "rules")},
            },
        )
        session.connection().execute(statement, rows)
        if any(row["times"] < 0 for row in rows):
            editions = sorted({row["edition_id"] for row in rows})
            session.execute(delete(Visit).where(_NOBODY, Visit.edition_id.in_(editions), Visit.times <= 0))


def _delay(moments: Iterable[datetime], at: datetime) -> int:
    """Seconds since the last of *moments* before *at*: handed over, taken, delivered."""
    before = [moment for moment in moments if moment <= at]
    return int((at - max(before)).total_seconds()) if before else UNKNOWN_DELAY


def _handed_over(session: Session, copies: set[tuple[int, int]]) -> dict[tuple[int, int], list[datetime]]:
    """Copy → when it was handed over, when it was taken, when it was delivered, as far as each is known."""
    found: dict[tuple[int, int], list[datetime]] = {}
    for edition_id in sorted({edition_id for edition_id, _ in copies}):
        people = sorted(subscriber_id for each, subscriber_id in copies if each == edition_id)
        for start in range(0, len(people), _AT_ONCE):
            query = (
                select(Delivery.subscriber_id, Batch.fenced_at, Batch.settled_at, Progress.at, Progress.status)
                .join(Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch))
                .outerjoin(
                    Progress,
                    and_(Progress.edition_id == Delivery.edition_id, Progress.subscriber_id == Delivery.subscriber_id),
                )
                .where(Delivery.edition_id == edition_id, Delivery.subscriber_id.in_(people[start : start + _AT_ONCE]))
            )
            for subscriber_id, fenced, settled, told, status in session.execute(query):
                delivered = told if status is Status.DELIVERED else None
                found[edition_id, subscriber_id] = [moment for moment in (fenced, settled, delivered) if moment]
    return found


def _people(session: Session, ids: set[int]) -> set[int]:
    """Those of *ids* who are still here: what is heard of who was erased is counted without a name."""
    wanted, found = sorted(ids), set[int]()
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(Subscriber.id).where(Subscriber.id.in_(wanted[start : start + _AT_ONCE]))
        found.update(session.scalars(query.with_for_update(read=True, key_share=True)))
    return found


def judge_again(session: Session, edition_id: int) -> int:
    """Judge every visit of an edition anew from what is kept, by today's rules; returns how many verdicts changed.

    What was counted one by one is put together anew too: how much of it happened within the same seconds, and how
    long after its copy was delivered, which may be known better now.
    """
    seen = session.scalar(select(Tracked.seen).where(Tracked.edition_id == edition_id)) or 0
    mine, changed, last = Visit.edition_id == edition_id, 0, 0
    while True:
        people = select(Visit.subscriber_id).where(mine, Visit.subscriber_id > last).distinct()
        ids = session.scalars(people.order_by(Visit.subscriber_id).limit(_AT_ONCE)).all()
        if not ids:
            break
        last = ids[-1] or 0
        changed += _judge_people(session, edition_id, [each for each in ids if each is not None], seen)
    figures = session.scalars(select(Visit).where(mine, _NOBODY)).all()
    changed += sum(_judge(visit, visit.delay, visit.touched, visit.decoy, seen) for visit in figures)
    session.flush()
    return changed


def _judge_people(session: Session, edition_id: int, people: Sequence[int], seen: int) -> int:
    moments = _handed_over(session, {(edition_id, subscriber_id) for subscriber_id in people})
    mine = select(Visit).where(Visit.edition_id == edition_id, Visit.subscriber_id.in_(people))
    changed, stay = 0, list[Visit]()
    for visit in [*session.scalars(mine.order_by(Visit.subscriber_id, Visit.at, Visit.id)), None]:
        if visit is not None and (not stay or _together(stay[-1], visit)):
            stay.append(visit)
            continue
        touched, decoy = busiest((each.at, each.number) for each in stay), any(each.number == DECOY for each in stay)
        for each in stay:
            delay = _delay(moments.get((edition_id, each.subscriber_id or 0), ()), each.at)
            changed += _judge(each, delay, touched, decoy, seen)
        stay = [visit] if visit is not None else []
    session.flush()
    session.expunge_all()
    return changed


def _together(one: Visit, other: Visit) -> bool:
    return one.subscriber_id == other.subscriber_id and other.at - one.at <= timedelta(seconds=TOGETHER)


def _judge(visit: Visit, delay: int, touched: int, decoy: bool, seen: int) -> int:
    facts = Facts(visit.number, visit.head, delay, touched, seen, decoy, visit.agent, visit.network, visit.flagged)
    judgement = judging.judge(facts)
    was = visit.verdict
    visit.delay, visit.touched, visit.decoy = delay, touched, decoy
    visit.verdict, visit.reasons, visit.rules = judgement.verdict, judgement.reasons, judging.RULES
    return int(judgement.verdict is not was)
