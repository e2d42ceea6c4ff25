"""Several workers: how much two do beside one, what a shared limit gives, and what the schedulers cost.

`python -m benchmarks.workers [--quick] [--json | --markdown]`. Processes as operators run them, on a real PostgreSQL
and RabbitMQ, into a mail server that takes 50 ms for each copy, so that it is not what limits.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import _tables
from benchmarks._tables import Row, middle, ratio
from newsletter.delivery.models import Sending, SendingState
from newsletter.delivery.operations import crew
from newsletter.delivery.operations.balance import balance
from newsletter.testing.wire_faults import Fault, Moment, delay
from tests.workers import crowd, drill
from tests.workers.broker import PROGRAM, Broker
from tests.workers.crowd import Run, until

#: copies in a second that one worker's two connections carry: 2 / 0.05
_SLOW = 0.05
#: the limit of the second trial
_LIMIT = 100
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one sending came to."""

    #: when each copy was taken, in seconds since the audience was frozen
    moments: Sequence[float]
    #: of all schedulers, in seconds of processor's time between the freeze and the last copy
    cost: float

    @property
    def rate(self) -> float:
        """Copies in a second, from the first to the last."""
        return (len(self.moments) - 1) / (self.moments[-1] - self.moments[0])

    def most_in(self, seconds: float) -> int:
        """Copies in the fullest span of that length."""
        start = most = 0
        for index, moment in enumerate(self.moments):
            while moment - self.moments[start] > seconds:
                start += 1
            most = max(most, index - start + 1)
        return most


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    quick = "--quick" in given
    rows = [Row("workers", "", note=f"no RabbitMQ on this machine ({PROGRAM})")]
    if PROGRAM.exists():
        with drill.servers() as (server, broker):
            rows = [*_rates(server, broker, quick), *_limits(server, broker, quick), *_alone(server, broker)]
    _tables.show("Several workers", rows, form=_tables.form_of(given))


def _rates(server: Any, broker: Broker, quick: bool) -> Iterator[Row]:
    readers, rounds = (800, 1) if quick else (4000, 3)
    found: dict[int, list[Seen]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, seen in found.items():
            seen.append(_send(server, broker, readers * workers, workers=workers))
    one, two = (middle([each.rate for each in found[workers]]) for workers in (1, 2))
    yield Row("one worker", "SMTP, 2 connections, 50 ms a copy", one, "copies/s")
    yield Row("two workers", "the same, each", two, "copies/s", ratio(two, one), "to one; goal 1.7")
    share = middle([100 * each.cost / each.moments[-1] for each in found[2]])
    yield Row("two schedulers", "meanwhile, beside two workers", share, "% of a core", note="together; goal 2")


def _limits(server: Any, broker: Broker, quick: bool) -> Iterator[Row]:
    more = f"[newsletters.friday.limits]\nper_second = {_LIMIT}\ncanary_share = 0"
    seen = _send(server, broker, 1000 if quick else 6000, workers=2, more=more, slow=0.005)
    yield Row("limit of 100/s", "two workers", seen.rate, "copies/s", seen.rate / _LIMIT, "to the limit; goal 0.95")
    promised = _LIMIT + _LIMIT / 4 + 25
    most = seen.most_in(1.0)
    yield Row("its fullest second", "two workers", most, "copies", most / promised, "to 100 + ¼ s + one batch; goal 1")


def _alone(server: Any, broker: Broker) -> Iterator[Row]:
    """The first copy of an edition that begins while the broker is away; and the longest gap around its return."""
    broker.stop()
    seen = _send(server, broker, 400, workers=2, when_begun=broker.start)
    yield Row("first copy", "edition begun with the broker away", seen.moments[0], "s", note="goal 5")
    gap = max(later - sooner for sooner, later in pairwise(seen.moments))
    yield Row("longest gap", "the broker comes back meanwhile", gap, "s", note="goal 5")


def _send(
    server: Any,
    broker: Broker,
    readers: int,
    *,
    workers: int,
    more: str = "",
    slow: float = _SLOW,
    when_begun: Any = None,
) -> Seen:
    """One edition by so many workers, and two schedulers."""

    def slowly(moment: Moment) -> Fault | None:
        return delay(slow) if moment.step == "message" else None

    with ExitStack() as stack:
        world = stack.enter_context(drill.install(server, broker, quick=True, more=more))
        world.sink.script = slowly
        edition_id = crowd.approved(world.product, readers)
        for _ in range(workers):
            world.worker()
        schedulers = [world.scheduler(), world.scheduler()]
        until(lambda: _there(world) == (workers, 2), 120, what="everybody")
        began, before = time.monotonic(), sum(map(_cost, schedulers))
        crowd.begin(world.product, edition_id)
        if when_begun is not None:
            until(lambda: world.sink.taken, 120, what="the first copy")
            when_begun()
        until(lambda: _is_complete(world, edition_id), 1200, what="the end")
        moments = [moment - began for moment in sorted(world.sink.moments)]
        with world.product.database.read() as session:
            stands = balance(session, edition_id)
        if stands.accepted != readers or len(moments) != readers:
            raise SystemExit(f"not every reader got one copy: {stands}, {len(moments)} copies")
        return Seen(moments, sum(map(_cost, schedulers)) - before)


def _there(world: drill.World) -> tuple[int, int]:
    with world.product.database.read() as session:
        now = world.product.clock()
        return len(crew.at_work(session, crew.WORKER, now=now)), len(crew.at_work(session, crew.SCHEDULER, now=now))


def _is_complete(world: drill.World, edition_id: int) -> bool:
    time.sleep(0.25)  # looking costs those who are measured
    with world.product.database.read() as session:
        return session.get_one(Sending, edition_id).state is SendingState.COMPLETE


def _cost(run: Run) -> float:
    """Seconds of processor's time that it has had."""
    fields = Path(f"/proc/{run.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    main()
