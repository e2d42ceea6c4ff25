"""Single measurements, each in a process of its own so that its memory is its own.

`python -m benchmarks._trials NAME '{"argument": …}'` prints what the function NAME returns, as JSON.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

from benchmarks import _ground
from newsletter import config, db
from newsletter.delivery.models import SendingState
from newsletter.delivery.senders.smtp.manners import Manners
from newsletter.delivery.senders.smtp.sender import SmtpSender
from newsletter.delivery.wire import blackbox, dispatch
from newsletter.delivery.wire.blackbox import BlackBox
from newsletter.delivery.wire.parcel import Parcel, Sender
from newsletter.delivery.wire.returns import Returns

#: seconds after which a trial is stopped
_PATIENCE = 1800


def run(name: str, **arguments: Any) -> dict[str, float]:
    """Run the trial *name* in a process of its own."""
    return start(name, **arguments)()


def start(name: str, **arguments: Any) -> Callable[[], dict[str, float]]:
    """Start the trial *name*; what is returned waits for its figures when called."""
    command = [sys.executable, "-m", "benchmarks._trials", name, json.dumps(arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def finish() -> dict[str, float]:
        out, _ = process.communicate(timeout=_PATIENCE)
        if process.returncode:
            raise RuntimeError(f"the trial {name} failed")
        found: dict[str, float] = json.loads(out.splitlines()[-1])
        return found

    return finish


def send_smtp(
    url: str,
    edition_id: int,
    port: int,
    size: int,
    boxed: bool = True,
    groups: bool | None = None,
    marked: bool = False,
) -> dict[str, float]:
    """Send a planned edition over SMTP, ledger and all; *boxed*: with the black box, as the product does.

    *groups* is whether the server is known to take envelopes with the final dot; None: it is to be found out.
    *marked*: each copy has a return address of its own.
    """
    sender = _smtp(port, Returns("bounces@news.example.com", "+", _ground.SECRET) if marked else None)
    sender.manners = Manners(groups=groups)
    return _send(url, edition_id, size, sender, boxed=boxed)


def send_sendgrid(url: str, edition_id: int, host: str, size: int) -> dict[str, float]:
    """Send a planned edition to a SendGrid look-alike."""
    from newsletter.delivery.senders.sendgrid.sender import SendGridSender

    settings = config.SendGrid.model_validate({"api_key": "SG.look-alike", "host": host})
    return _send(url, edition_id, size, SendGridSender(settings))


def first_batch(url: str, edition_id: int, port: int, size: int) -> dict[str, float]:
    """Begin a planned edition and stop after the first answers were written down."""
    database, route, sender, stop = db.connect(url), _ground.a_route(edition_id, size, "smtp"), _smtp(port), Event()
    firsts: list[float] = []

    def on_progress(_recipients: int) -> None:
        firsts.append(time.perf_counter() - began)
        stop.set()

    began = time.perf_counter()
    dispatch.run(
        database, sender, route, owner="bench", clock=lambda: datetime.now(UTC), stop=stop, on_progress=on_progress
    )
    sender.close()
    database.close()
    return {"first": firsts[0]}


def bare_wire(port: int, count: int, size: int) -> dict[str, float]:
    """The same messages through the same sender without a ledger."""
    mould, sender = _ground.a_mould(1, size), _smtp(port)
    step = sender.batch_size
    parcels = [
        Parcel(1, first, "a", mould, [_ground.a_reader(1, number) for number in range(first, first + step)])
        for first in range(1, count, step)
    ]
    began, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(sender.window) as threads:
        for report in threads.map(sender.send, parcels):
            assert not (report.again or report.refused or report.unknown), report
    figures = _figures(len(parcels) * step, began, cpu)
    sender.close()
    return figures


def _smtp(port: int, returns: Returns | None = None) -> SmtpSender:
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "connections": 10}
    return SmtpSender(config.Smtp.model_validate(settings | {"messages_per_connection": 1_000_000}), returns=returns)


def _send(url: str, edition_id: int, size: int, sender: Sender, *, boxed: bool = True) -> dict[str, float]:
    with TemporaryDirectory(prefix="bench") as folder:
        boxes = blackbox.here(Path(folder))
        box = boxes.open(pages=2 * sender.window, copies=sender.batch_size) if boxed else None
        figures = _run(url, edition_id, size, sender, box)
        sender.close()
        if box is not None:
            box.close()
    return figures


def _run(url: str, edition_id: int, size: int, sender: Sender, box: BlackBox | None) -> dict[str, float]:
    database, route = db.connect(url), _ground.a_route(edition_id, size, sender.name)
    done, moments = 0, list[float]()

    def on_progress(recipients: int) -> None:
        nonlocal done
        done += recipients
        moments.append(time.perf_counter())

    began, cpu = time.perf_counter(), time.process_time()
    ended = dispatch.run(
        database,
        sender,
        route,
        owner=f"bench-{time.monotonic_ns()}",
        clock=lambda: datetime.now(UTC),
        on_progress=on_progress,
        box=box,
    )
    # until its own last answer: afterwards a worker only waits for the others
    figures = _figures(done, began, cpu, ended=moments[-1] if moments else None)
    assert ended.state is SendingState.COMPLETE, ended
    database.close()
    return figures


def _figures(count: int, began: float, cpu: float, *, ended: float | None = None) -> dict[str, float]:
    seconds = (ended or time.perf_counter()) - began
    return {
        "count": count,
        "seconds": seconds,
        "rate": count / seconds,
        #: microseconds of processor for each recipient
        "cost": (time.process_time() - cpu) / max(count, 1) * 1e6,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](**json.loads(sys.argv[2]))))
