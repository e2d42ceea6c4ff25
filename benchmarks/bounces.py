"""How fast bounces are read and judged: `python -m benchmarks.bounces [--quick] [--json]`.

The forms of real servers that the tests have, in turn, on one processor; then each with a returned edition of 60 KB
and of 300 KB, which servers send back whole. The baseline is Python's own parser, which judges nothing.
"""

import email
import email.policy
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import _tables
from benchmarks._tables import Row
from newsletter.tracking.bounces.understanding import understand

_FORMS = Path(__file__).parents[1] / "tests" / "tracking" / "bounces"
_RETURNED = b"\n<p>Walmart goes live with five stories of the week.</p>"


def main(arguments: Sequence[str]) -> None:
    rounds = 1 if "--quick" in arguments else 20
    forms = [file.read_bytes() for file in sorted(_FORMS.glob("*/*.eml"))]
    rows = [
        row for size in (0, 60_000, 300_000) for row in measure(_padded(forms, size), size, rounds if not size else 1)
    ]
    _tables.show("bounces read and judged", rows, form=_tables.form_of(arguments))


def measure(raws: Sequence[bytes], size: int, rounds: int) -> list[Row]:
    """Two rows: Python's parser, and ours with its judgement."""
    setting = f"{len(raws)} forms" + (f", {size // 1000} KB returned" if size else "")
    parsed, judged = _rate(_parse, raws, rounds), _rate(understand, raws, rounds)
    return [
        Row("email.message_from_bytes, nothing judged", setting, parsed, "messages/s", 1.0),
        Row("read and judged", setting, judged, "messages/s", judged / parsed, "to reach: 500/s"),
    ]


def _padded(raws: Sequence[bytes], size: int) -> list[bytes]:
    """*raws* with so much more of what they return: at their end, but for the last boundary."""
    more = _RETURNED * (size // len(_RETURNED))
    cuts = [raw.rstrip().rfind(b"\n--") if raw.rstrip().endswith(b"--") else len(raw) for raw in raws]
    return [raw[:cut] + more + raw[cut:] for raw, cut in zip(raws, cuts, strict=True)]


def _parse(raw: bytes) -> object:
    return [part.get_content_type() for part in email.message_from_bytes(raw, policy=email.policy.compat32).walk()]


def _rate(read: Callable[[bytes], object], raws: Sequence[bytes], rounds: int) -> float:
    for raw in raws:
        read(raw)
    began = time.process_time()
    for _ in range(rounds):
        for raw in raws:
            read(raw)
    return rounds * len(raws) / (time.process_time() - began)


if __name__ == "__main__":
    main(sys.argv[1:])
