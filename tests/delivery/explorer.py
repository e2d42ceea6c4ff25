"""Every interleaving of a small ledger: two workers, a few batches, crashes, late answers, events, time.

The tables and decisions are the product's own (`newsletter.delivery.ledger.rules`); the database is a tuple. What
is assumed of the world: a provider accepts a hand-over before the lease ends (the sender's deadline sees to
that), and brings events at most a quiet period out of their order, but any time late. A process that has
claimed several batches ahead is several workers here, each with one of them.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from newsletter.delivery.ledger import rules
from newsletter.delivery.ledger.rules import Hearing, Mark, Verdict
from newsletter.delivery.models import BatchState

# plain strings, because an enum's hash is a call, and a million worlds are hashed
QUEUED, CLAIMED, SENDING = BatchState.QUEUED.value, BatchState.CLAIMED.value, BatchState.SENDING.value
ACCEPTED, REFUSED = BatchState.ACCEPTED.value, BatchState.REFUSED.value
UNKNOWN, CANCELLED = BatchState.UNKNOWN.value, BatchState.CANCELLED.value
MAY_FOLLOW = {state.value: {after.value for after in follows} for state, follows in rules.MAY_FOLLOW.items()}
LEASE_OVER = {state.value: after.value for state, after in rules.LEASE_OVER.items()}
PROVABLE = {state.value for state in rules.PROVABLE}
STOPPABLE = {state.value for state in rules.STOPPABLE}
RECORDABLE = {verdict.value: {state.value for state in rules.recordable(verdict)} for verdict in Verdict}
AFTER = {verdict.value: state.value for verdict, state in rules.AFTER.items()}
NOT_BEGUN, BEGUN = Mark.NOT_BEGUN.value, Mark.BEGUN.value
INHERITED = {mark.value: verdict.value for mark, verdict in rules.INHERITED.items()}
_UNTAKEN = {QUEUED, CLAIMED, REFUSED, CANCELLED}

#: in ticks: a lease, the time within which bytes may leave after the fence, the quiet period
LEASE, DEADLINE, QUIET = 2, 1, 1
_DAWN = datetime(2021, 11, 26, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Bugs:
    """Mistakes to plant, each of which the explorer must find."""

    no_fence: bool = False
    no_epoch: bool = False
    wall_clock: bool = False
    requeue_dead: bool = False
    no_deadline: bool = False
    no_last_look: bool = False
    #: the black box is written after the wire
    marked_late: bool = False
    #: a black box is believed though the machine was started again, or though it tells of another attempt
    any_boot: bool = False
    any_attempt: bool = False


@dataclass(frozen=True)
class Size:
    """How much of the world to explore."""

    batches: int = 2
    workers: int = 2
    ticks: int = 6
    crashes: int = 1
    attempts: int = 2
    canaries: int = 1
    reboots: int = 1


class Batch(NamedTuple):
    state: str
    epoch: int = 0
    attempt: int = 0
    lease_until: int = 0


class Phase(NamedTuple):
    """What a worker is doing: "idle", "claimed", "fenced", "wire", or the verdict it is about to write down."""

    doing: str = "idle"
    batch: int = -1
    epoch: int = 0
    attempt: int = 0
    since: int = 0
    #: the reader had left when this one passed the fence
    left: bool = False
    #: what its black box says of the copy
    mark: str = NOT_BEGUN


class Box(NamedTuple):
    """What a dead worker left behind."""

    boot: int
    batch: int
    attempt: int
    mark: str


class World(NamedTuple):
    now: int
    paused: bool
    cancelled: bool
    #: the reader of batch 0 has left
    left: bool
    crashes: int
    canaries: int
    batches: tuple[Batch, ...]
    workers: tuple[Phase, ...]
    #: the ground truth: for each batch, whether the reader had left, for each copy that the provider took
    taken: tuple[tuple[bool, ...], ...]
    #: (time, batch, attempt); batch -1 is a canary message to ourselves
    pending: tuple[tuple[int, int, int], ...]
    watermark: int
    #: how often the machine was started again
    boot: int = 0
    boxes: tuple[Box, ...] = ()


class Violation(NamedTuple):
    invariant: str
    trace: tuple[str, ...]


class Explored(NamedTuple):
    worlds: int
    reached: frozenset[str]
    violation: Violation | None


def explore(size: Size = Size(), bugs: Bugs = Bugs()) -> Explored:
    """Visit every world, nearest first; stop at the first violation, which has therefore the shortest trace."""
    start = World(
        0,
        False,
        False,
        False,
        size.crashes,
        size.canaries,
        (Batch(QUEUED),) * size.batches,
        (Phase(),) * size.workers,
        ((),) * size.batches,
        (),
        -1,
    )
    came_from: dict[World, tuple[World, str] | None] = {start: None}
    reached: set[str] = set()
    queue = deque([start])
    while queue:
        world = queue.popleft()
        reached.update(batch.state for batch in world.batches)
        for label, after in _steps(world, size, bugs):
            if after in came_from:
                continue
            came_from[after] = (world, label)
            if wrong := _wrong(world, after):
                return Explored(len(came_from), frozenset(reached), Violation(wrong, _trace(came_from, after)))
            queue.append(after)
    return Explored(len(came_from), frozenset(reached), None)


def _trace(came_from: dict[World, tuple[World, str] | None], world: World) -> tuple[str, ...]:
    labels = []
    step = came_from[world]
    while step is not None:
        world, label = step
        labels.append(label)
        step = came_from[world]
    return tuple(reversed(labels))


def _wrong(before: World, world: World) -> str:
    """Which invariant does not hold in *world*, or by the way into it; empty where all do."""
    for number, batch in enumerate(world.batches):
        taken, state = world.taken[number], batch.state
        if len(taken) > 1:
            return f"I1: batch {number} was taken twice"
        if state == ACCEPTED and not taken and not (number == 0 and world.left):
            return f"I3: batch {number} is accepted but was never taken"
        if taken and state in _UNTAKEN:
            return f"I3: batch {number} is {state} but was taken"
        if any(taken):
            return f"I9: batch {number} was sent to a reader who had left before the fence"
        was = before.batches[number].state
        if state != was and state not in MAY_FOLLOW[was]:
            return f"I6: batch {number} went from {was} to {state}"
    return ""


@cache
def _silent_since(watermark: int) -> int | None:
    """The product's own answer, in ticks."""
    newest = None if watermark < 0 else _DAWN + timedelta(hours=watermark)
    moment = Hearing(newest, timedelta(hours=QUIET)).silent_since()
    return None if moment is None else round((moment - _DAWN) / timedelta(hours=1))


def _steps(world: World, size: Size, bugs: Bugs) -> Iterator[tuple[str, World]]:
    """Everything that may happen next."""
    if world.now < size.ticks:
        yield "tick", world._replace(now=world.now + 1)
    if not world.left:
        yield "reader of 0 leaves", world._replace(left=True)
    if not world.paused and world.now == 1:
        yield "pause", world._replace(paused=True)
    if not world.cancelled and world.now == 2:
        yield "cancel", _cancel(world)
    if world.paused:
        yield "resume", world._replace(paused=False)
    if world.canaries:
        pending = (*world.pending, (world.now, -1, 0))
        yield "canary", world._replace(canaries=world.canaries - 1, pending=tuple(sorted(pending)))
    yield from _leases(world, bugs)
    yield from _refutations(world, bugs)
    yield from _events(world)
    yield from _takeovers(world, bugs)
    if world.boot < size.reboots and world.crashes:
        yield "the machine starts again", _reboot(world)
    for index, worker in enumerate(world.workers):
        if index and worker == world.workers[index - 1]:
            continue  # two workers doing the same are one case
        yield from _work(world, index, worker, size, bugs)


def _cancel(world: World) -> World:
    batches = (batch._replace(state=CANCELLED) if batch.state in STOPPABLE else batch for batch in world.batches)
    return world._replace(cancelled=True, batches=tuple(batches))


def _leases(world: World, bugs: Bugs) -> Iterator[tuple[str, World]]:
    for number, batch in enumerate(world.batches):
        after = LEASE_OVER.get(batch.state)
        if after is None or world.now < batch.lease_until:
            continue
        if bugs.requeue_dead:
            after = QUEUED
        yield f"lease of {number} ends", _with_batch(world, number, batch._replace(state=after))


def _refutations(world: World, bugs: Bugs) -> Iterator[tuple[str, World]]:
    silent_since = world.now - QUIET if bugs.wall_clock else _silent_since(world.watermark)
    for number, batch in enumerate(world.batches):
        if silent_since is not None and batch.state == UNKNOWN and batch.lease_until < silent_since:
            yield f"{number} refuted", _with_batch(world, number, batch._replace(state=QUEUED))


def _events(world: World) -> Iterator[tuple[str, World]]:
    for index, (at, number, attempt) in enumerate(world.pending):
        if at > world.pending[0][0] + QUIET:
            break  # not so far out of order
        after = world._replace(
            pending=world.pending[:index] + world.pending[index + 1 :], watermark=max(world.watermark, at)
        )
        if number >= 0:
            batch = world.batches[number]
            if batch.attempt == attempt and batch.state in PROVABLE:
                after = _with_batch(after, number, batch._replace(state=ACCEPTED))
        yield f"event of {number}", after


def _work(world: World, index: int, worker: Phase, size: Size, bugs: Bugs) -> Iterator[tuple[str, World]]:
    if worker.doing == "idle":
        yield from _claims(world, index)
        return
    if world.crashes:
        crashed = world._replace(crashes=world.crashes - 1, boxes=_left_behind(world, worker))
        yield f"worker {index} is killed", _with_worker(crashed, index, Phase())
    if worker.doing == "claimed":
        if worker.epoch == 1:  # once is enough, and for ever would be too much to explore
            yield _give_back(world, index, worker)
        yield from _fence(world, index, worker, size, bugs)
    elif worker.doing == "fenced":
        yield from _write(world, index, worker, bugs)
    elif worker.doing == "wire":
        yield from _answers(world, index, worker, bugs)
    else:
        yield from _record(world, index, worker, bugs)


def _claims(world: World, index: int) -> Iterator[tuple[str, World]]:
    if world.paused or world.cancelled:
        return
    for number, batch in enumerate(world.batches):
        if batch.state == QUEUED:
            held = batch._replace(state=CLAIMED, epoch=batch.epoch + 1, lease_until=world.now + LEASE)
            after = _with_batch(world, number, held)
            yield (
                f"worker {index} claims {number}",
                _with_worker(after, index, Phase("claimed", number, held.epoch, since=world.now)),
            )


def _give_back(world: World, index: int, worker: Phase) -> tuple[str, World]:
    """What was claimed ahead is not wanted after all; somebody else may hold it by now."""
    number, batch = worker.batch, world.batches[worker.batch]
    after = _with_worker(world, index, Phase())
    if batch.state == CLAIMED and batch.epoch == worker.epoch:
        after = _with_batch(after, number, batch._replace(state=QUEUED))
    return f"worker {index} gives {number} back", after


def _fence(world: World, index: int, worker: Phase, size: Size, bugs: Bugs) -> Iterator[tuple[str, World]]:
    number, batch = worker.batch, world.batches[worker.batch]
    ours = batch.state == CLAIMED and (bugs.no_epoch or batch.epoch == worker.epoch)
    if bugs.no_fence and batch.attempt < size.attempts:
        # sends with nothing but the claim; what is written is the attempt, not the state
        phase = Phase("fenced", number, worker.epoch, batch.attempt + 1, worker.since)
        yield (
            f"worker {index} sends {number} unfenced",
            _with_worker(_with_batch(world, number, batch._replace(attempt=batch.attempt + 1)), index, phase),
        )
        return
    if not ours or world.paused or world.cancelled or world.now >= batch.lease_until:
        yield f"worker {index} does not pass with {number}", _with_worker(world, index, Phase())
        return
    if number == 0 and world.left and not bugs.no_last_look:
        settled = _with_batch(world, number, batch._replace(state=SENDING))
        yield (
            f"worker {index} skips {number}",
            _with_worker(_with_batch(settled, number, batch._replace(state=ACCEPTED)), index, Phase()),
        )
        return
    if batch.attempt >= size.attempts:
        return
    fenced = batch._replace(state=SENDING, attempt=batch.attempt + 1, lease_until=world.now + LEASE)
    phase = Phase("fenced", number, worker.epoch, fenced.attempt, world.now, number == 0 and world.left)
    yield f"worker {index} fences {number}", _with_worker(_with_batch(world, number, fenced), index, phase)


def _write(world: World, index: int, worker: Phase, bugs: Bugs) -> Iterator[tuple[str, World]]:
    """The first byte; the monotonic clock is looked at right before it."""
    if world.now - worker.since > DEADLINE and not bugs.no_deadline:
        yield (
            f"worker {index} is too late for {worker.batch}",
            _with_worker(world, index, worker._replace(doing=Verdict.AGAIN.value)),
        )
    else:
        written = worker._replace(doing="wire", mark=NOT_BEGUN if bugs.marked_late else BEGUN)
        yield f"worker {index} writes {worker.batch}", _with_worker(world, index, written)


def _answers(world: World, index: int, worker: Phase, bugs: Bugs) -> Iterator[tuple[str, World]]:
    for verdict in (Verdict.AGAIN.value, Verdict.REFUSED.value, Verdict.UNKNOWN.value):
        yield f"{worker.batch} not taken, {verdict}", _with_worker(world, index, _heard(worker, verdict))
    if world.now - worker.since >= LEASE and not bugs.no_deadline:
        return  # the sender's own deadline is over, its connection closed
    taken = list(world.taken)
    taken[worker.batch] = (*taken[worker.batch], worker.left)
    pending = tuple(sorted((*world.pending, (world.now, worker.batch, worker.attempt))))
    after = world._replace(taken=tuple(taken), pending=pending)
    for verdict in (Verdict.ACCEPTED.value, Verdict.UNKNOWN.value):
        yield f"{worker.batch} taken, {verdict}", _with_worker(after, index, _heard(worker, verdict))


def _heard(worker: Phase, verdict: str) -> Phase:
    """The answer goes into the black box before the ledger; what was not answered stays as it was."""
    return worker._replace(doing=verdict, mark=worker.mark if verdict == UNKNOWN else verdict)


def _left_behind(world: World, worker: Phase, mark: str = "") -> tuple[Box, ...]:
    """The boxes, with that of *worker*, which dies; before its fence there is nothing to tell."""
    if worker.doing in ("idle", "claimed"):
        return world.boxes
    return tuple(sorted((*world.boxes, Box(world.boot, worker.batch, worker.attempt, mark or worker.mark))))


def _reboot(world: World) -> World:
    """All workers die, and of their boxes the disk may have an older state than what they did."""
    boxes = world.boxes
    for worker in world.workers:
        boxes = _left_behind(world._replace(boxes=boxes), worker, NOT_BEGUN)
    idle = (Phase(),) * len(world.workers)
    return world._replace(boot=world.boot + 1, crashes=world.crashes - 1, boxes=boxes, workers=idle)


def _takeovers(world: World, bugs: Bugs) -> Iterator[tuple[str, World]]:
    """Somebody on the machine finds a box and settles what it tells of."""
    for place, box in enumerate(world.boxes):
        batch = world.batches[box.batch]
        boot = box.boot if bugs.any_boot else world.boot
        attempt = box.attempt if bugs.any_attempt else batch.attempt
        after = world._replace(boxes=world.boxes[:place] + world.boxes[place + 1 :])
        if rules.speaks_of((box.boot, box.attempt), (boot, attempt)) and batch.state in RECORDABLE[UNKNOWN]:
            after = _with_batch(after, box.batch, batch._replace(state=AFTER[INHERITED[box.mark]]))
        yield f"the box about {box.batch} is found", after


def _record(world: World, index: int, worker: Phase, bugs: Bugs) -> Iterator[tuple[str, World]]:
    number, batch, verdict = worker.batch, world.batches[worker.batch], worker.doing
    after = _with_worker(world, index, Phase())
    states = RECORDABLE[verdict] | ({CLAIMED} if bugs.no_fence else set())
    if (bugs.no_epoch or batch.attempt == worker.attempt) and batch.state in states:
        after = _with_batch(after, number, batch._replace(state=AFTER[verdict]))
    yield f"worker {index} records {number} {verdict}", after


def _with_batch(world: World, number: int, batch: Batch) -> World:
    batches = list(world.batches)
    batches[number] = batch
    return world._replace(batches=tuple(batches))


def _with_worker(world: World, index: int, worker: Phase) -> World:
    workers = list(world.workers)
    workers[index] = worker
    return world._replace(workers=tuple(sorted(workers)))
